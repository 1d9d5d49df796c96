//! Refusals on their way into the notes, for a stop that lets them arrive.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts those under way.
#[derive(Default)]
pub(super) struct Writing {
    count: Mutex<usize>,
    moved: Condvar,
}

/// One under way, until it is dropped.
pub(super) struct Write(Arc<Writing>);

impl Writing {
    pub(super) fn begin(self: &Arc<Self>) -> Write {
        *self.lock() += 1;
        Write(self.clone())
    }

    /// Waits until none is under way, for at most this long.
    pub(super) fn wait(&self, most: Duration) {
        drop(self.moved.wait_timeout_while(self.lock(), most, |count| *count > 0).unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.moved.notify_all();
    }
}
