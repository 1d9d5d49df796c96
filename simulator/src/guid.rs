//! Object ids: parsed strictly, kept as 128 bits, printed as Graph prints them.

use std::hash::{BuildHasherDefault, Hasher};

use crate::Error;

/// Parses the one form that Graph accepts: 8-4-4-4-12 hexadecimal digits, either case.
pub(crate) fn parse(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut value = 0u128;
    for (i, &b) in bytes.iter().enumerate() {
        if matches!(i, 8 | 13 | 18 | 23) {
            if b != b'-' {
                return None;
            }
            continue;
        }
        value = value << 4 | u128::from(char::from(b).to_digit(16)?);
    }
    Some(value)
}

/// The same for what a caller of the library or of the control interface named.
pub(crate) fn parse_named(what: &str, text: &str) -> Result<u128, Error> {
    parse(text).ok_or_else(|| Error::Argument(format!("{what}: {text:?} is not a GUID")))
}

/// Appends the id, in lower or upper case.
pub(crate) fn write(out: &mut Vec<u8>, id: u128, upper: bool) {
    const LOWER: &[u8; 16] = b"0123456789abcdef";
    const UPPER: &[u8; 16] = b"0123456789ABCDEF";
    let digits = if upper { UPPER } else { LOWER };
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (n, byte) in id.to_be_bytes().into_iter().enumerate() {
        if matches!(n, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = digits[usize::from(byte >> 4)];
        text[at + 1] = digits[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// The id as text, in lower case.
pub(crate) fn text(id: u128) -> String {
    uuid::Uuid::from_u128(id).hyphenated().to_string()
}

/// A fresh random id.
pub(crate) fn fresh() -> u128 {
    uuid::Uuid::new_v4().as_u128()
}

/// A GUID that depends only on `seed`, so that scripted tenants have the same ids in every run.
pub(crate) fn derived(seed: &str) -> u128 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, seed.as_bytes());
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().as_u128()
}

/// Ids are random already: folding them is hash enough.
#[derive(Debug, Default, Clone)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64((value >> 64) as u64);
        self.write_u64(value as u64);
    }
}

/// A map keyed by object id.
pub(crate) type IdMap<V> = std::collections::HashMap<u128, V, BuildHasherDefault<IdHasher>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        let id = parse("6e0FD7f1-1111-4222-8333-0123456789aB").expect("a GUID");
        assert_eq!(text(id), "6e0fd7f1-1111-4222-8333-0123456789ab");
        let mut out = Vec::new();
        write(&mut out, id, true);
        assert_eq!(out, b"6E0FD7F1-1111-4222-8333-0123456789AB");
        out.clear();
        write(&mut out, id, false);
        assert_eq!(out, text(id).as_bytes());
        for bad in [
            "",
            "6e0fd7f111114222833301234567 89ab",
            "6e0fd7f1-1111-4222-8333-0123456789a",
            "{6e0fd7f1-1111-4222-8333-0123456789ab}",
            "6e0fd7f1-1111-4222-8333-0123456789ag",
            "+e0fd7f1-1111-4222-8333-0123456789ab",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn derived_ids_are_stable_and_differ() {
        assert_eq!(derived("a"), derived("a"));
        assert_ne!(derived("a"), derived("b"));
    }
}
