//! Reading single JSON values without giving up on the rest.
//!
//! One field of an unexpected type must not cost the other 649 people of an answer, so fields are taken raw and looked at one by one.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The text, if the value is a string that can be read. Borrowed unless it has escapes.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str::<String>(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// The truth value, if the value is one.
pub(super) fn boolean(raw: &RawValue) -> Option<bool> {
    match raw.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The text, if there is one that is not empty.
pub(super) fn filled(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    raw.and_then(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn only_strings_are_text() {
        assert!(matches!(text(raw(r#""Busy""#)), Some(Cow::Borrowed("Busy"))));
        assert_eq!(text(raw(r#" "B\u0075sy\n" "#)).as_deref(), Some("Busy\n"));
        for no in ["7", "null", "true", "[\"Busy\"]", "{\"a\":\"b\"}", r#""\ud800""#] {
            assert_eq!(text(raw(no)), None, "{no}");
        }
        assert_eq!(filled(Some(raw("\"\""))), None);
        assert_eq!(filled(None), None);
    }

    #[test]
    fn only_truth_values_are_boolean() {
        assert_eq!(boolean(raw("true")), Some(true));
        assert_eq!(boolean(raw(" false ")), Some(false));
        for no in ["0", "\"true\"", "null", "[]"] {
            assert_eq!(boolean(raw(no)), None, "{no}");
        }
    }
}
