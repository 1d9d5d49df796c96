//! Locks on whole files (flock(2)), as embedded databases take them.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Whether another open file holds this file's lock. Looked at by taking a shared lock for a moment.
pub fn is_held(file: &File) -> bool {
    // SAFETY: the descriptor is open while `file` lives.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_SH | libc::LOCK_NB) } == 0 {
        // SAFETY: as above.
        unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) };
        return false;
    }
    io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock
}

/// Takes the lock for as long as the file is open.
///
/// # Errors
/// Somebody else holds it, or the file system has no locks.
pub fn hold(file: &File) -> io::Result<()> {
    // SAFETY: as above.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
