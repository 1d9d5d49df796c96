//! How the tables of keys are written. Each object of the configuration has one table; reading, checking, the JSON Schema and the
//! documentation all go by it.

use super::words::Word;

/// One object.
pub(super) struct Table {
    /// Where it stands, or for one of several forms the word that tells it.
    pub(super) name: &'static str,
    /// What it is for: a sentence or two.
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
}

/// One key of an object.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) absent: Absent,
    pub(super) reload: Reload,
    pub(super) meaning: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Flag,
    /// A whole number from `min` to `max`, counted in `unit` (empty: nothing to name).
    Whole {
        min: u64,
        max: u64,
        unit: &'static str,
    },
    /// One of these words, exactly so.
    Word(fn() -> Vec<&'static str>),
    /// One of these words of Graph's, in any casing.
    GraphWord(fn() -> Vec<&'static str>),
    /// Text that looks like this ("a GUID").
    Text(&'static str),
    /// The name of a file or directory.
    Path,
    /// A string, `{"file": …}` or `{"env": …}`.
    Secret,
    Object(&'static Table),
    /// One of several forms of an object; the key named tells which.
    OneOf(&'static str, &'static [&'static Table]),
    List(&'static Shape),
    /// An object whose keys are names of the administrator's choice.
    Named(&'static Shape),
}

/// What holds where a key is left out.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    /// It must not be.
    Refused,
    /// This, in words.
    Means(&'static str),
    Flag(bool),
    Whole(u64),
    Word(&'static str),
}

/// Whether a running instance takes a change over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    /// `tps_reload` takes it over.
    Yes,
    /// Stop, destroy, create.
    Restart,
    /// Told by the keys of the object.
    Inside,
}

impl Shape {
    /// The words of a [`Word`] type.
    pub(super) const fn word<T: Word>() -> Shape {
        Shape::Word(|| T::ALL.iter().map(|word| word.as_str()).collect())
    }

    /// A time in milliseconds.
    pub(super) const fn ms(min: u64, max: u64) -> Shape {
        Shape::Whole { min, max, unit: "milliseconds" }
    }

    /// What is allowed, to follow "is not".
    pub(super) fn allowed(&self) -> String {
        match self {
            Shape::Flag => "true or false".to_owned(),
            Shape::Whole { min, max, unit } => {
                let of = if unit.is_empty() { "" } else { " of " };
                format!("a whole number{of}{unit} ({min} to {max})")
            }
            Shape::Word(words) | Shape::GraphWord(words) => {
                let words = words();
                let one_of = if words.len() == 1 { "" } else { "one of " };
                format!("{one_of}{}", words.join(", "))
            }
            Shape::Text(form) => (*form).to_owned(),
            Shape::Path => "the name of a file or directory".to_owned(),
            Shape::Secret => "a string, {\"file\": \"path\"} or {\"env\": \"NAME\"}".to_owned(),
            Shape::Object(_) | Shape::OneOf(..) => "an object".to_owned(),
            Shape::List(_) => "a list".to_owned(),
            Shape::Named(_) => "an object with a name for each member".to_owned(),
        }
    }

    /// Whether a wrong value may be repeated in a message.
    pub(super) fn quotable(&self) -> bool {
        matches!(self, Shape::Flag | Shape::Whole { .. } | Shape::Word(_) | Shape::GraphWord(_))
    }
}
