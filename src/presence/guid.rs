//! Entra object ids.

use std::fmt;
use std::str::FromStr;

/// An object id of Entra in sixteen bytes. Graph writes GUIDs in either case, so they are compared as numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(pub u128);

/// The text is not a GUID of the form `11111111-2222-3333-4444-555555555555`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a GUID of the form 11111111-2222-3333-4444-555555555555")]
pub struct NotAGuid;

impl Guid {
    /// Length of the text form.
    pub const TEXT_LEN: usize = 36;

    /// The text form, lower case, without an allocation.
    pub fn text(self) -> GuidText {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut out = [b'-'; Self::TEXT_LEN];
        for (byte, at) in self.0.to_be_bytes().into_iter().zip(PAIRS) {
            out[at] = HEX[usize::from(byte >> 4)];
            out[at + 1] = HEX[usize::from(byte & 15)];
        }
        GuidText(out)
    }
}

/// Where the two digits of each byte stand in the text; dashes stand between.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The value of a digit, or [`NO_DIGIT`]: 650 ids come with each answer, so they are read by table.
const DIGITS: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        table[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    table
};
const NO_DIGIT: u8 = 0xff;

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Guid, NotAGuid> {
        let text: &[u8; Self::TEXT_LEN] = text.as_bytes().try_into().map_err(|_| NotAGuid)?;
        let (mut bytes, mut seen) = ([0; 16], 0);
        for (byte, at) in bytes.iter_mut().zip(PAIRS) {
            let (high, low) = (DIGITS[usize::from(text[at])], DIGITS[usize::from(text[at + 1])]);
            seen |= high | low;
            *byte = high << 4 | low & 15;
        }
        if seen == NO_DIGIT || [8, 13, 18, 23].iter().any(|at| text[*at] != b'-') {
            return Err(NotAGuid);
        }
        Ok(Guid(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text form of a [`Guid`] on the stack.
#[derive(Clone, Copy)]
pub struct GuidText([u8; Guid::TEXT_LEN]);

impl GuidText {
    /// As a string.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// As ASCII.
    pub fn as_bytes(&self) -> &[u8; Guid::TEXT_LEN] {
        &self.0
    }
}

impl fmt::Debug for GuidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_in_any_case() {
        let text = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
        let guid: Guid = text.to_uppercase().parse().expect("a GUID");
        assert_eq!(guid.to_string(), text);
        assert_eq!(Guid(0).to_string(), "00000000-0000-0000-0000-000000000000");
        for wrong in [
            "",
            "x",
            "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "{f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}",
            "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fg",
        ] {
            assert_eq!(wrong.parse::<Guid>(), Err(NotAGuid), "{wrong}");
        }
    }
}
