//! Changes to bytes that were right.

use arbitrary::Arbitrary;

/// One change, at a place that is taken modulo the length.
#[derive(Arbitrary, Clone, Debug)]
pub enum Edit {
    /// Other bits at one place.
    Flip(u32, u8),
    /// One byte more.
    Insert(u32, u8),
    /// Some bytes less.
    Remove(u32, u8),
    /// An end.
    Cut(u32),
    /// Bytes behind it.
    Append(Vec<u8>),
    /// One stretch over another.
    Copy(u32, u32, u16),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let at = |place: u32| place as usize % length.max(1);
        match self {
            Edit::Append(more) => bytes.extend(more),
            _ if length == 0 => {}
            Edit::Flip(place, bits) => bytes[at(*place)] ^= bits,
            Edit::Insert(place, byte) => bytes.insert(at(*place), *byte),
            Edit::Remove(place, count) => {
                let from = at(*place);
                bytes.drain(from..(from + usize::from(*count)).min(length));
            }
            Edit::Cut(place) => bytes.truncate(at(*place)),
            Edit::Copy(from, to, count) => {
                let (from, to) = (at(*from), at(*to));
                let count = usize::from(*count).min(length - from).min(length - to);
                bytes.copy_within(from..from + count, to);
            }
        }
    }
}

/// The same with all changes, one after another.
pub fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    edits.iter().take(8).for_each(|edit| edit.apply(&mut out));
    out
}

/// The same for a text; what is no letter any more becomes a replacement character.
pub fn edited_text(text: &str, edits: &[Edit]) -> String {
    String::from_utf8_lossy(&edited(text.as_bytes(), edits)).into_owned()
}
