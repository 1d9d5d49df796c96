//! The wake-up from whoever has news for the host to whoever hands them out.
//!
//! Contract, which the model in `tests/loom` checks: put the thing where it is looked for, then [`ring`](Bell::ring). Whoever serves takes
//! things until none is left, then [`quieten`](Bell::quieten)s the bell and looks once more. Nothing is forgotten that way, however the
//! two interleave, and a bell that rings already costs one atomic operation.

use std::fmt;
use std::time::Instant;

use crate::sys::eventfd::EventFd;
use crate::sys::primitives::{AtomicBool, Condvar, Mutex, Ordering, lock, wait};

/// Rings until somebody has looked.
pub struct Bell {
    rung: AtomicBool,
    door: Mutex<()>,
    heard: Condvar,
    /// Readable while the bell rings. It may be readable once more than needed, never once less.
    fd: Option<EventFd>,
    /// Called by the ring that found the bell silent.
    also: Option<Box<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").field("rung", &self.rung.load(Ordering::Relaxed)).field("fd", &self.fd).finish_non_exhaustive()
    }
}

impl Bell {
    /// A silent bell for threads that [`wait`](Self::wait).
    pub fn new() -> Bell {
        Bell { rung: AtomicBool::new(false), door: Mutex::new(()), heard: Condvar::new(), fd: None, also: None }
    }

    /// The same with a descriptor for the host's own loop.
    pub fn with_fd(fd: EventFd) -> Bell {
        Bell { fd: Some(fd), ..Bell::new() }
    }

    /// A bell that calls when it begins to ring.
    pub fn calling(also: Box<dyn Fn() + Send + Sync>) -> Bell {
        Bell { also: Some(also), ..Bell::new() }
    }

    /// The descriptor, if it has one.
    pub fn fd(&self) -> Option<&EventFd> {
        self.fd.as_ref()
    }

    /// There are news. Never waits for a callback.
    pub fn ring(&self) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(fd) = &self.fd {
            fd.signal();
        }
        if let Some(also) = &self.also {
            also();
        }
        // Taking the lock puts this after the look of a waiter that has not gone to sleep yet.
        drop(lock(&self.door));
        self.heard.notify_all();
    }

    /// Silences the bell. To be followed by a look at what it rings for.
    pub fn quieten(&self) {
        // In this order: were the descriptor cleared after the flag, it could swallow the signal of a ring between the two.
        if let Some(fd) = &self.fd {
            fd.clear();
        }
        self.rung.swap(false, Ordering::AcqRel);
    }

    /// Makes everybody who waits ask again whether to go on waiting.
    pub fn rouse(&self) {
        drop(lock(&self.door));
        self.heard.notify_all();
    }

    /// Waits until the bell rings, without end or until `deadline`, while `go_on` says so. True if it rings.
    pub fn wait(&self, deadline: Option<Instant>, go_on: impl Fn() -> bool) -> bool {
        let mut door = lock(&self.door);
        let mut in_time = true;
        while !self.rung.load(Ordering::Acquire) && in_time && go_on() {
            (door, in_time) = wait(&self.heard, door, deadline);
        }
        self.rung.load(Ordering::Acquire)
    }
}

impl Default for Bell {
    fn default() -> Self {
        Bell::new()
    }
}
