//! A descriptor that is readable while something waits.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// An event counter of the kernel (eventfd(2)): non-blocking, closed on exec. Elsewhere a pipe would do; only Linux is there today.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// Makes one, not readable.
    #[cfg(target_os = "linux")]
    pub fn new() -> io::Result<EventFd> {
        // SAFETY: takes no pointers.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was opened just now and nobody else owns it.
        Ok(EventFd(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Makes one, not readable.
    #[cfg(not(target_os = "linux"))]
    pub fn new() -> io::Result<EventFd> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "dispatch.mode poll needs eventfd, which only Linux has"))
    }

    /// Makes it readable.
    pub fn signal(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the buffer has the eight bytes that eventfd wants. A full counter (EAGAIN) is readable already.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Makes it unreadable.
    pub fn clear(&self) {
        let mut count = [0u8; 8];
        // SAFETY: the buffer has the eight bytes that eventfd fills. Nothing to read (EAGAIN) is what is wanted.
        unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Whether a host's loop would wake up for this descriptor.
#[cfg(test)]
pub(crate) fn readable(fd: RawFd) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd, no waiting.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn readable_between_signal_and_clear() {
        let fd = EventFd::new().expect("an eventfd");
        assert!(!readable(fd.as_raw_fd()));
        fd.signal();
        fd.signal();
        assert!(readable(fd.as_raw_fd()));
        fd.clear();
        assert!(!readable(fd.as_raw_fd()));
        // SAFETY: reads the flags of an open descriptor.
        let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    }
}
