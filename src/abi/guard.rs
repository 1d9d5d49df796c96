//! What every call goes through: no panic leaves, `errno` stays, the caller's text is always terminated.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::fault::Fault;
use super::status::{TPS_E_INTERNAL, TPS_OK, name_of, tps_status};
use crate::host::words_of;
use crate::sys::errno::KeepErrno;

/// The caller's buffer for an explanation.
pub(super) struct ErrBuffer {
    at: *mut c_char,
    len: usize,
}

impl ErrBuffer {
    /// No buffer.
    pub(super) const NONE: ErrBuffer = ErrBuffer { at: std::ptr::null_mut(), len: 0 };

    /// # Safety
    /// `at` is NULL, or `len` bytes may be written there.
    pub(super) unsafe fn new(at: *mut c_char, len: usize) -> ErrBuffer {
        let buffer = ErrBuffer { at, len };
        buffer.write("");
        buffer
    }

    /// Writes as much as fits, whole characters only, and a NUL. A NUL inside the text becomes U+FFFD.
    fn write(&self, text: &str) {
        if self.at.is_null() || self.len == 0 {
            return;
        }
        let text = text.replace('\0', "\u{fffd}");
        let mut fits = text.len().min(self.len - 1);
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        // SAFETY: `new` was promised `len` writable bytes, and `fits` is less than `len`.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr(), self.at.cast(), fits);
            *self.at.add(fits) = 0;
        }
    }
}

/// Runs the body of a call. An error goes into `err`, a panic becomes `TPS_E_INTERNAL`.
pub(super) fn guard(err: ErrBuffer, body: impl FnOnce() -> Result<(), Fault>) -> tps_status {
    let fault = match caught(body) {
        Ok(Ok(())) => return TPS_OK,
        Ok(Err(fault)) | Err(fault) => fault,
    };
    let wrote = caught(|| {
        let name = name_of(fault.status).to_str().unwrap_or_default();
        err.write(if fault.words.is_empty() { name } else { &fault.words });
    });
    if wrote.is_ok() { fault.status } else { TPS_E_INTERNAL }
}

/// The same for a call whose answer is a number: an error is answered as its status.
pub(super) fn guard_number(body: impl FnOnce() -> Result<i32, Fault>) -> i32 {
    match caught(body) {
        Ok(Ok(number)) => number,
        Ok(Err(fault)) | Err(fault) => fault.status,
    }
}

fn caught<R>(body: impl FnOnce() -> R) -> Result<R, Fault> {
    let _errno = KeepErrno::new();
    // What the body shares with later calls is the registry and the instance, whose locks are taken poisoned or not and whose data is
    // whole between any two statements that can panic.
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let words = format!("internal error: {}", words_of(&*payload));
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            // A payload whose drop panics is left where it is.
            std::mem::forget(again);
        }
        Fault::new(TPS_E_INTERNAL, words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::status::TPS_E_STATE;

    fn told(len: usize, body: impl FnOnce() -> Result<(), Fault>) -> (tps_status, String) {
        let mut buffer = vec![0x55u8; len + 1];
        // SAFETY: `len` bytes of the vector may be written.
        let status = guard(unsafe { ErrBuffer::new(buffer.as_mut_ptr().cast(), len) }, body);
        assert_eq!(buffer[len], 0x55, "wrote beyond the buffer");
        let end = buffer.iter().position(|byte| *byte == 0).unwrap_or(0);
        (status, String::from_utf8(buffer[..end].to_vec()).expect("cut at a character"))
    }

    #[test]
    fn errors_are_cut_at_a_character_and_terminated() {
        let fault = || Err(Fault::new(TPS_E_STATE, "aä\u{20ac}\0z"));
        assert_eq!(told(100, fault), (TPS_E_STATE, "aä\u{20ac}\u{fffd}z".to_owned()));
        assert_eq!(told(6, fault).1, "aä");
        assert_eq!(told(3, fault).1, "a");
        assert_eq!(told(1, fault).1, "");
        assert_eq!(told(50, || Ok(())), (TPS_OK, String::new()));
        assert_eq!(guard(ErrBuffer::NONE, fault), TPS_E_STATE);
        // SAFETY: a length of 0 promises nothing.
        assert_eq!(guard(unsafe { ErrBuffer::new(std::ptr::dangling_mut(), 0) }, fault), TPS_E_STATE);
    }

    #[test]
    fn a_panic_becomes_an_answer() {
        let (status, words) = told(100, || panic!("oh {}", 7));
        assert_eq!((status, &*words), (TPS_E_INTERNAL, "internal error: oh 7"));
        assert_eq!(guard_number(|| panic!("oh")), TPS_E_INTERNAL);
        assert_eq!(guard_number(|| Ok(5)), 5);
    }

    #[test]
    fn errno_stays() {
        // SAFETY: errno of this thread.
        unsafe { *libc::__errno_location() = 77 };
        guard(ErrBuffer::NONE, || {
            // SAFETY: closes nothing; fails with EBADF.
            unsafe { libc::close(-1) };
            Ok(())
        });
        // SAFETY: errno of this thread.
        assert_eq!(unsafe { *libc::__errno_location() }, 77);
    }
}
