//! The JSON document as a tree that keeps what serde_json's own tree forgets: doubled keys, and their order.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// One value. Texts may be secrets, so they are wiped when dropped.
pub(super) enum Json {
    Null,
    Flag(bool),
    Whole(u64),
    /// A number that is negative, broken, or beyond 2^64.
    Other(f64),
    Text(Zeroizing<String>),
    List(Vec<Json>),
    Object(Members),
}

/// The members of an object, as they stand; a key may come twice.
pub(super) type Members = Vec<(String, Json)>;

impl Json {
    /// Reads a document. The error is serde_json's: it tells line and column, and nesting beyond 128 is one.
    pub(super) fn parse(text: &str) -> Result<Json, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The value for a message; `quoting` is false where it may be a secret.
    pub(super) fn show(&self, quoting: bool) -> String {
        match self {
            Json::Null => "null".to_owned(),
            Json::Flag(flag) if quoting => flag.to_string(),
            Json::Flag(_) => "true or false".to_owned(),
            Json::Whole(number) if quoting => number.to_string(),
            Json::Other(number) if quoting => number.to_string(),
            Json::Whole(_) | Json::Other(_) => "a number".to_owned(),
            Json::Text(text) if quoting => quote(text),
            Json::Text(_) => "a string".to_owned(),
            Json::List(_) => "a list".to_owned(),
            Json::Object(_) => "an object".to_owned(),
        }
    }
}

/// Text in quotes, short, on one line.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut letters = text.chars();
    let mut out = String::from("\"");
    for letter in letters.by_ref().take(LONGEST) {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            _ if letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                out.extend(letter.escape_default());
            }
            _ => out.push(letter),
        }
    }
    out.push_str(if letters.next().is_some() { "…\"" } else { "\"" });
    out
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(u64::try_from(number).map_or(Json::Other(number as f64), Json::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        // JSON makes no difference between 5000 and 5000.0, nor does JSON Schema. 2^53 is where a double stops being exact.
        let whole = number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number);
        Ok(if whole { Json::Whole(number as u64) } else { Json::Other(number) })
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut out = Vec::new();
        while let Some(value) = list.next_element()? {
            out.push(value);
        }
        Ok(Json::List(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut out = Members::new();
        while let Some(member) = map.next_entry()? {
            out.push(member);
        }
        Ok(Json::Object(out))
    }
}
