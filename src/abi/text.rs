//! Texts from C and to C.

use std::ffi::c_char;

use super::fault::Fault;
use crate::config::Config;

/// How long a text of the host may be, in bytes without the NUL.
pub(super) const LONGEST_TEXT: usize = 65_535;
/// A length beyond this is no configuration's but a slip in the call: nothing is read by it. Below it the configuration says itself that it
/// is too long.
const WILD_CONFIG: usize = 16 * Config::LONGEST;

/// A text that must be there and not be empty.
///
/// # Safety
/// `at` is NULL or points to a text ended by a NUL byte, unchanged while the result lives.
pub(super) unsafe fn required<'a>(at: *const c_char, what: impl Fn() -> String) -> Result<&'a str, Fault> {
    // SAFETY: passed on.
    match unsafe { optional(at, &what)? } {
        Some(text) => Ok(text),
        None if at.is_null() => Err(Fault::null(&what())),
        None => Err(Fault::argument(&what(), "empty")),
    }
}

/// A text that may be NULL or empty; both are `None`.
///
/// # Safety
/// As [`required`].
pub(super) unsafe fn optional<'a>(at: *const c_char, what: impl Fn() -> String) -> Result<Option<&'a str>, Fault> {
    if at.is_null() {
        return Ok(None);
    }
    // SAFETY: the text ends at a NUL, and strnlen looks no further than that.
    let len = unsafe { libc::strnlen(at, LONGEST_TEXT + 1) };
    if len > LONGEST_TEXT {
        return Err(Fault::argument(&what(), "longer than 65,535 bytes"));
    }
    // SAFETY: `len` bytes were read just now.
    let bytes = unsafe { std::slice::from_raw_parts(at.cast::<u8>(), len) };
    match std::str::from_utf8(bytes) {
        Ok("") => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Fault::argument(&what(), "not UTF-8")),
    }
}

/// The configuration: bytes with a length.
///
/// # Safety
/// `at` is NULL or points to `len` bytes, unchanged while the result lives.
pub(super) unsafe fn configuration<'a>(at: *const c_char, len: usize) -> Result<&'a [u8], Fault> {
    if at.is_null() {
        return Err(Fault::null("config_json"));
    }
    if len > WILD_CONFIG {
        return Err(Fault::argument("config_len", &format!("{len} bytes; at most {} are allowed", Config::LONGEST)));
    }
    // SAFETY: promised by the caller; `len` is far below isize::MAX.
    let bytes = unsafe { std::slice::from_raw_parts(at.cast::<u8>(), len) };
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Fault::argument("config_json", &format!("not UTF-8 at byte {}", error.valid_up_to()))),
    }
}

/// Texts on their way to the host: kept in one piece of memory, each ended by a NUL.
#[derive(Default)]
pub(super) struct Texts(Vec<u8>);

/// Where a text begins; turned into a pointer once all are there.
#[derive(Clone, Copy)]
pub(super) struct At(usize);

impl Texts {
    pub(super) fn with_capacity(bytes: usize) -> Texts {
        Texts(Vec::with_capacity(bytes))
    }

    /// Appends a text. A NUL inside, which C would take for the end, becomes U+FFFD.
    pub(super) fn push(&mut self, text: &str) -> At {
        let at = At(self.0.len());
        for (index, part) in text.split('\0').enumerate() {
            if index > 0 {
                self.0.extend("\u{fffd}".as_bytes());
            }
            self.0.extend(part.as_bytes());
        }
        self.0.push(0);
        at
    }

    pub(super) fn push_some(&mut self, text: Option<&str>) -> Option<At> {
        text.map(|text| self.push(text))
    }

    /// Valid until the next `push`.
    pub(super) fn pointer(&self, at: At) -> *const c_char {
        self.0[at.0..].as_ptr().cast()
    }

    pub(super) fn pointer_or_null(&self, at: Option<At>) -> *const c_char {
        at.map_or(std::ptr::null(), |at| self.pointer(at))
    }

    /// Bytes of the text without its NUL.
    pub(super) fn len(&self, at: At) -> usize {
        self.0[at.0..].iter().position(|byte| *byte == 0).unwrap_or(0)
    }
}

/// Copies an answer with its NUL into the caller's buffer. `*len` is the room there; afterwards the bytes of the whole answer.
///
/// # Safety
/// `len` is NULL or may be read and written; `buf` is NULL or `*len` bytes may be written there.
pub(super) unsafe fn answer(text: &str, buf: *mut c_char, len: *mut usize) -> Result<(), Fault> {
    if len.is_null() {
        return Err(Fault::null("len"));
    }
    // SAFETY: promised by the caller.
    let room = unsafe { len.read_unaligned() };
    if buf.is_null() && room != 0 {
        return Err(Fault::argument("buf", "NULL, but *len is not 0"));
    }
    let mut texts = Texts::with_capacity(text.len() + 1);
    texts.push(text);
    // SAFETY: promised by the caller.
    unsafe { len.write_unaligned(texts.0.len()) };
    if texts.0.len() > room {
        return Err(Fault::new(super::status::TPS_E_TOO_SMALL, format!("*len: {} bytes are needed", texts.0.len())));
    }
    // SAFETY: `room` bytes may be written, and the text is not longer.
    unsafe { std::ptr::copy_nonoverlapping(texts.0.as_ptr(), buf.cast(), texts.0.len()) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::status::{TPS_E_INVALID_ARG, TPS_E_TOO_SMALL};

    fn name() -> String {
        "users[17].email".to_owned()
    }

    #[test]
    fn texts_in() {
        // SAFETY: all literals end with a NUL.
        unsafe {
            assert_eq!(required(c"anna".as_ptr(), name), Ok("anna"));
            assert_eq!(optional(c"".as_ptr(), name), Ok(None));
            assert_eq!(optional(std::ptr::null(), name), Ok(None));
            assert_eq!(required(std::ptr::null(), name).map_err(|fault| fault.words), Err("users[17].email: NULL".to_owned()));
            assert_eq!(required(c"".as_ptr(), name).map_err(|fault| fault.words), Err("users[17].email: empty".to_owned()));
            let wrong = optional(c"a\xff".as_ptr(), name).expect_err("not UTF-8");
            assert_eq!((wrong.status, &*wrong.words), (TPS_E_INVALID_ARG, "users[17].email: not UTF-8"));
            let mut long = vec![b'a'; LONGEST_TEXT + 2];
            long[LONGEST_TEXT + 1] = 0;
            assert!(optional(long.as_ptr().cast(), name).is_err());
            long[LONGEST_TEXT] = 0;
            assert_eq!(optional(long.as_ptr().cast(), name).map(|text| text.map(str::len)), Ok(Some(LONGEST_TEXT)));
            assert!(configuration(c"\xff".as_ptr(), 1).is_err());
            assert!(configuration(std::ptr::null(), 0).is_err());
            assert_eq!(configuration(c"{}".as_ptr(), 2), Ok(&b"{}"[..]));
        }
    }

    #[test]
    fn texts_out() {
        let mut texts = Texts::default();
        let first = texts.push("a\0b");
        let second = texts.push("c");
        assert_eq!(texts.0, "a\u{fffd}b\0c\0".as_bytes());
        assert_eq!((texts.len(first), texts.len(second)), (5, 1));
    }

    #[test]
    fn answers_tell_their_size() {
        let mut len = 0;
        // SAFETY: no buffer, and one of the size told.
        unsafe {
            let asked = answer("hello", std::ptr::null_mut(), &mut len);
            assert_eq!((asked.map_err(|fault| fault.status), len), (Err(TPS_E_TOO_SMALL), 6));
            let mut buffer = [1u8; 7];
            len = 5;
            assert!(answer("hello", buffer.as_mut_ptr().cast(), &mut len).is_err());
            assert_eq!((buffer, len), ([1u8; 7], 6));
            assert_eq!(answer("hello", buffer.as_mut_ptr().cast(), &mut len), Ok(()));
            assert_eq!((&buffer, len), (b"hello\0\x01", 6));
            assert!(answer("hello", std::ptr::null_mut(), &mut len).is_err());
            assert!(answer("hello", buffer.as_mut_ptr().cast(), std::ptr::null_mut()).is_err());
        }
    }
}
