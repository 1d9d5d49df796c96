//! One event, on its way to the host.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::entry::{Field, Holds};
use super::text::{LONGEST_MESSAGE, SafeText, without_addresses};
use super::{Kind, Severity};
use crate::presence::cut;

/// How many elements of a list an event carries; the rest is cut.
pub const LONGEST_LIST: usize = 50;

/// How long one text in an event may be, in bytes; the rest is cut.
pub const LONGEST_TEXT: usize = 1024;

/// Something that an administrator or the host's program may want to act on.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Which one.
    pub kind: Kind,
    /// Whom it concerns; `None` for the instance.
    pub user_id: Option<Arc<str>>,
    /// One English sentence on one line, at most [`LONGEST_MESSAGE`] bytes.
    pub message: String,
    /// What to do about it, likewise.
    pub remedy: String,
    /// The same for programs: a JSON object with `code`, `name`, `user_id` where it concerns a user,
    /// `account` where it concerns the sign-in of a further account, and the fields of the catalogue.
    pub json: String,
    /// When: milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
}

impl Event {
    /// Begins an event of this kind. What is missing at [`at`](Draft::at) reads as `?`.
    #[allow(clippy::new_ret_no_self, reason = "an event is complete only once its fields are there")]
    pub fn new(kind: Kind) -> Draft {
        Draft { kind, user_id: None, account: None, fields: Map::new() }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.kind.severity()
    }
}

/// An event whose fields are being filled in.
#[derive(Debug)]
#[must_use = "a draft becomes an event by `at`"]
pub struct Draft {
    kind: Kind,
    user_id: Option<Arc<str>>,
    account: Option<Arc<str>>,
    fields: Map<String, Value>,
}

impl Draft {
    /// Fills a field of the catalogue. Texts and lists are cut to their bounds, addresses taken out of foreign words.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Draft {
        let declared = self.kind.entry().fields.iter().find(|field| field.name == name);
        debug_assert!(declared.is_some(), "{}: field {name} is not in the catalogue", self.kind.name());
        if let Some(field) = declared {
            let value = bounded(value.into(), field.holds);
            debug_assert!(fits(&value, field.holds), "{}: {name} is not {}", self.kind.name(), field.holds.as_str());
            self.fields.insert(name.to_owned(), value);
        }
        self
    }

    /// The same for a field that may be missing.
    pub fn with_some(self, name: &'static str, value: Option<impl Into<Value>>) -> Draft {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Names the user concerned, by the host's id.
    pub fn user(mut self, user_id: impl Into<Arc<str>>) -> Draft {
        self.user_id = Some(user_id.into());
        self
    }

    /// Says that it is about the sign-in of this further account, by the administrator's name for it; `None`: about that of `auth`.
    pub fn account(mut self, name: Option<Arc<str>>) -> Draft {
        self.account = name;
        self
    }

    /// Completes the event.
    pub fn at(self, wall_ms: i64) -> Event {
        let missing = |field: &Field| field.always && !self.fields.contains_key(field.name);
        debug_assert!(!self.kind.entry().fields.iter().any(missing), "{}: a field is missing", self.kind.name());
        let sentence = self.kind.entry().sentence;
        let message = match &self.account {
            Some(account) => self.fill(&format!("Account {account}: {sentence}")),
            None => self.fill(sentence),
        };
        let remedy = self.fill(self.kind.entry().remedy);
        let mut json = Map::new();
        json.insert("code".to_owned(), self.kind.code().into());
        json.insert("name".to_owned(), self.kind.name().into());
        if let Some(user_id) = &self.user_id {
            json.insert("user_id".to_owned(), Value::from(&**user_id));
        }
        if let Some(account) = &self.account {
            json.insert("account".to_owned(), Value::from(&**account));
        }
        json.extend(self.fields);
        Event { kind: self.kind, user_id: self.user_id, message, remedy, json: Value::Object(json).to_string(), at_ms: wall_ms }
    }

    fn fill(&self, template: &str) -> String {
        let mut text = String::with_capacity(template.len() + 32);
        for piece in pieces(template) {
            match piece {
                Piece::Words(words) => text.push_str(words),
                Piece::Field("user_id") => text.push_str(self.user_id.as_deref().unwrap_or("?")),
                Piece::Field(name) => spell(self.fields.get(name).unwrap_or(&Value::String("?".to_owned())), &mut text),
            }
        }
        SafeText::format(LONGEST_MESSAGE, format_args!("{text}"))
    }
}

/// A part of a template.
pub(super) enum Piece<'a> {
    Words(&'a str),
    Field(&'a str),
}

/// The parts of a template: words, and names in braces.
pub(super) fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            rest = after;
            return Some(Piece::Field(name));
        }
        // A brace without its partner is taken as it stands, so each turn takes at least one byte.
        let end = rest.char_indices().skip(1).find(|(_, letter)| *letter == '{').map_or(rest.len(), |(at, _)| at);
        let (words, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Words(words))
    })
}

fn spell(value: &Value, text: &mut String) {
    match value {
        Value::String(word) => text.push_str(word),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                spell(value, text);
            }
        }
        other => text.push_str(&other.to_string()),
    }
}

fn bounded(value: Value, holds: Holds) -> Value {
    match value {
        Value::String(text) if holds == Holds::Foreign => short(&without_addresses(&text)).into(),
        Value::String(text) => short(&text).into(),
        Value::Array(list) => list.into_iter().take(LONGEST_LIST).map(|value| bounded(value, Holds::Text)).collect(),
        other => other,
    }
}

fn short(text: &str) -> &str {
    cut(text, LONGEST_TEXT)
}

fn fits(value: &Value, holds: Holds) -> bool {
    match holds {
        Holds::Text | Holds::Foreign => value.is_string(),
        Holds::Number | Holds::Moment => value.is_i64() || value.is_u64(),
        Holds::Flag => value.is_boolean(),
        Holds::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
    }
}
