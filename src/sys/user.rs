//! Whose process this is.

/// The effective user id: whose the files are that this process makes.
pub fn effective() -> u32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() }
}
