//! A presence as JSON, written straight into the answer: no tree in between.

use std::io::Write as _;

use super::store::Seen;
use crate::guid;
use crate::oddity::{Casing, Nulls, Oddities, Profile};

/// Whose presence it is decides which fields are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// The signed-in user's own: the status message whole.
    Own,
    /// Somebody else's: without the status message's dates.
    Other,
}

/// Appends one presence object.
pub(crate) fn write_entry(out: &mut Vec<u8>, id: u128, seen: Seen<'_>, view: View, odd: &Oddities) {
    out.extend_from_slice(b"{\"id\":\"");
    guid::write(out, id, odd.wrong_case_ids);
    out.push(b'"');
    let (mut availability, mut activity) = (seen.availability, seen.activity);
    if odd.swapped_fields {
        std::mem::swap(&mut availability, &mut activity);
    }
    if odd.nulls == Nulls::All {
        (availability, activity) = (None, None);
    }
    out.extend_from_slice(b",\"availability\":");
    word(out, availability, odd.casing);
    out.extend_from_slice(b",\"activity\":");
    word(out, activity, odd.casing);
    let nulls = odd.nulls != Nulls::None;
    if odd.profile == Profile::Classic {
        out.push(b'}');
        return;
    }
    out.extend_from_slice(b",\"statusMessage\":");
    match seen.extra.and_then(|e| e.status_message.as_ref()).filter(|_| !nulls) {
        None => out.extend_from_slice(b"null"),
        Some(message) => {
            let mut message = message.clone();
            if let (View::Other, Some(fields)) = (view, message.as_object_mut()) {
                fields.remove("expiryDateTime");
                fields.remove("publishedDateTime");
            }
            // Writing into a Vec cannot fail, nor can a Value's serialisation.
            let _ = serde_json::to_writer(&mut *out, &message);
        }
    }
    if odd.profile != Profile::UsGov {
        out.extend_from_slice(b",\"workLocation\":");
        match seen.extra.and_then(|e| e.work_location.as_deref()).filter(|_| !nulls) {
            None => out.extend_from_slice(b"null"),
            Some(kind) => {
                out.extend_from_slice(b"{\"placeId\":null,\"source\":\"manual\",\"workLocationType\":");
                text(out, kind);
                out.push(b'}');
            }
        }
    }
    if odd.profile == Profile::Global {
        out.extend_from_slice(b",\"outOfOfficeSettings\":");
        if nulls {
            out.extend_from_slice(b"null");
        } else {
            out.extend_from_slice(b"{\"message\":");
            match seen.extra.and_then(|e| e.out_of_office_message.as_deref()) {
                None => out.extend_from_slice(b"null"),
                Some(message) => text(out, message),
            }
            out.extend_from_slice(b",\"isOutOfOffice\":");
            out.extend_from_slice(if seen.extra.is_some_and(|e| e.out_of_office) { b"true}" } else { b"false}" });
        }
    }
    if odd.profile == Profile::Global && odd.poll_sequence {
        out.extend_from_slice(b",\"sequenceNumber\":");
        if nulls {
            out.extend_from_slice(b"null");
        } else {
            let _ = write!(out, "\"A{:010}\"", seen.sequence);
        }
    }
    out.push(b'}');
}

fn word(out: &mut Vec<u8>, word: Option<&str>, casing: Casing) {
    match word {
        None => out.extend_from_slice(b"null"),
        Some(w) => {
            let at = out.len() + 1;
            text(out, w);
            if casing == Casing::Camel
                && let Some(first) = out.get_mut(at)
            {
                first.make_ascii_lowercase();
            }
        }
    }
}

/// A JSON string. Plain text is copied, everything else goes through serde_json.
fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        let _ = serde_json::to_writer(out, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presence::{PresenceSpec, PresenceStore};

    fn entry(odd: &Oddities) -> serde_json::Value {
        let mut store = PresenceStore::default();
        let mut spec = PresenceSpec::new("Busy", "InACall");
        spec.status_message = Some("a \"quoted\" \u{1}\nlunch".into());
        spec.out_of_office = Some(true);
        store.set(0, &spec);
        let mut out = Vec::new();
        write_entry(&mut out, 0xab << 120, store.seen(0, 0), View::Other, odd);
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn every_profile_is_json_with_its_fields() {
        let mut odd = Oddities::default();
        let full = entry(&odd);
        assert_eq!(full["id"], "ab000000-0000-0000-0000-000000000000");
        assert_eq!(full["statusMessage"]["message"]["content"], "a \"quoted\" \u{1}\nlunch");
        assert_eq!(full["outOfOfficeSettings"]["isOutOfOffice"], true);
        assert_eq!(full["sequenceNumber"], "A0000000001");
        for (profile, fields) in [(Profile::Classic, 3), (Profile::UsGov, 4), (Profile::Bleu, 5), (Profile::Global, 7)] {
            odd.profile = profile;
            assert_eq!(entry(&odd).as_object().map(serde_json::Map::len), Some(fields), "{profile:?}");
        }
    }

    #[test]
    fn oddities_change_what_is_written() {
        let odd = Oddities { casing: Casing::Camel, swapped_fields: true, wrong_case_ids: true, ..Oddities::default() };
        let camel = entry(&odd);
        assert_eq!((&camel["availability"], &camel["activity"]), (&"inACall".into(), &"busy".into()));
        assert_eq!(camel["id"], "AB000000-0000-0000-0000-000000000000");
        let nulls = entry(&Oddities { nulls: Nulls::All, ..Oddities::default() });
        for field in ["availability", "activity", "statusMessage", "workLocation", "outOfOfficeSettings", "sequenceNumber"] {
            assert!(nulls[field].is_null() && nulls.get(field).is_some(), "{field}");
        }
    }
}
