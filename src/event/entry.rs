//! What the catalogue says of one kind of event.

use super::Severity;

/// One kind of event: its fields, what it means and what to do.
#[derive(Debug)]
pub struct Entry {
    /// How bad it is.
    pub severity: Severity,
    /// What the JSON carries beside `code` and `name`.
    pub fields: &'static [Field],
    /// One English sentence; `{field}` stands for a field, `{user_id}` for the user.
    pub sentence: &'static str,
    /// What to do and where, with the same placeholders. Never empty.
    pub remedy: &'static str,
    /// When it is raised, how often, and what follows: for the page of events.
    pub meaning: &'static str,
}

/// One member of an event's JSON.
#[derive(Debug)]
pub struct Field {
    /// The member's name.
    pub name: &'static str,
    /// Its type.
    pub holds: Holds,
    /// Whether it is always there. Only such fields may stand in a sentence.
    pub always: bool,
    /// What it tells.
    pub meaning: &'static str,
}

/// The type of an event's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Text of our own or of the host's.
    Text,
    /// Words of a server's or of the system's: e-mail addresses are taken out.
    Foreign,
    /// A whole number.
    Number,
    /// A point in time: milliseconds since 1970-01-01 UTC, 0 = never.
    Moment,
    /// true or false.
    Flag,
    /// A list of texts, at most [`LONGEST_LIST`](super::LONGEST_LIST).
    Texts,
}

impl Holds {
    /// The word used in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Holds::Text | Holds::Foreign => "string",
            Holds::Number => "integer",
            Holds::Moment => "integer (ms since 1970, UTC)",
            Holds::Flag => "boolean",
            Holds::Texts => "list of strings",
        }
    }
}

/// A field that is always there.
pub(super) const fn always(name: &'static str, holds: Holds, meaning: &'static str) -> Field {
    Field { name, holds, always: true, meaning }
}

/// A field that may be missing.
pub(super) const fn maybe(name: &'static str, holds: Holds, meaning: &'static str) -> Field {
    Field { name, holds, always: false, meaning }
}
