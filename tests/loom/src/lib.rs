//! `src/host/gate.rs`, `src/host/bell.rs` and `src/sync/offer.rs`, word for word, over loom's locks and atomics. Loom runs each model in `tests/` through every
//! order in which its threads can meet, so a test that passes has seen them all (up to the number of preemptions named there).
//!
//! Time does not exist here: a wait with a deadline may end at once, or never by itself.

/// What `src/sys/primitives.rs` and `src/sys/eventfd.rs` are there.
pub mod sys {
    /// Loom's locks under the names the library uses.
    pub mod primitives {
        pub use loom::sync::atomic::{AtomicBool, Ordering};
        pub use loom::sync::{Condvar, Mutex, MutexGuard};
        use std::time::Instant;

        /// Locks.
        pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
            mutex.lock().unwrap()
        }

        /// Waits without end; with a deadline the time is already over.
        pub fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>, deadline: Option<Instant>) -> (MutexGuard<'a, T>, bool) {
            match deadline {
                None => (condvar.wait(guard).unwrap(), true),
                Some(_) => (guard, false),
            }
        }
    }

    /// The kernel's counter as an atomic.
    pub mod eventfd {
        use loom::sync::atomic::{AtomicU64, Ordering};

        /// Readable while not zero.
        #[derive(Debug, Default)]
        pub struct EventFd(AtomicU64);

        impl EventFd {
            /// Makes it readable.
            pub fn signal(&self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }

            /// Makes it unreadable.
            pub fn clear(&self) {
                self.0.swap(0, Ordering::SeqCst);
            }

            /// What poll(2) would say.
            pub fn is_readable(&self) -> bool {
                self.0.load(Ordering::SeqCst) > 0
            }
        }
    }
}

#[path = "../../../src/host/bell.rs"]
pub mod bell;
#[path = "../../../src/host/gate.rs"]
pub mod gate;
pub mod receipt;
