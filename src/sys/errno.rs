//! The host's `errno`.

/// Puts `errno` back to what it was when this was made. A C program may look at it after calling us.
#[derive(Debug)]
pub struct KeepErrno(i32);

impl KeepErrno {
    /// Remembers the calling thread's `errno`.
    #[allow(clippy::new_without_default, reason = "it reads the outside world")]
    pub fn new() -> KeepErrno {
        // SAFETY: the location is valid for the calling thread's life.
        KeepErrno(unsafe { *location() })
    }
}

impl Drop for KeepErrno {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { *location() = self.0 };
    }
}

fn location() -> *mut libc::c_int {
    // SAFETY: these functions only return a pointer.
    #[cfg(any(target_os = "linux", target_os = "emscripten"))]
    return unsafe { libc::__errno_location() };
    #[cfg(any(target_os = "macos", target_os = "freebsd"))]
    return unsafe { libc::__error() };
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    return unsafe { libc::__errno() };
}
