//! State that belongs to one process and must not be used, locked or dropped in a forked child.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// One value per process.
///
/// A forked child has only the forking thread: a lock that another thread held stays locked for ever, and a runtime has no workers.
/// So the process id is compared before anything of the value is touched; the child gets a value of its own and the inherited one is
/// leaked.
pub struct PerProcess<T: Send + Sync + 'static> {
    entry: AtomicPtr<Entry<T>>,
}

struct Entry<T> {
    pid: u32,
    value: T,
}

impl<T: Send + Sync + 'static> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerProcess")
    }
}

impl<T: Send + Sync + 'static> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess::new()
    }
}

impl<T: Send + Sync + 'static> PerProcess<T> {
    /// An empty cell, for a `static`.
    pub const fn new() -> PerProcess<T> {
        PerProcess { entry: AtomicPtr::new(ptr::null_mut()) }
    }

    /// This process's value, made by `make` at the first call in this process. Lives until the process ends.
    ///
    /// Two threads that come first together may both call `make`; one result is dropped unused.
    pub fn get_or_make(&'static self, make: impl FnOnce() -> T) -> &'static T {
        let pid = std::process::id();
        let seen = self.entry.load(Ordering::Acquire);
        if let Some(value) = Self::of(seen, pid) {
            return value;
        }
        let fresh = Box::into_raw(Box::new(Entry { pid, value: make() }));
        match self.entry.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                // SAFETY: `fresh` came from Box::into_raw just now and is never freed once it is published.
                unsafe { &(*fresh).value }
            }
            Err(winner) => {
                // SAFETY: `fresh` was not published; this is its only owner. `winner` was published by another thread of this process (a
                // fork cannot happen inside this call for this thread), so it is valid and never freed.
                unsafe {
                    drop(Box::from_raw(fresh));
                    &(*winner).value
                }
            }
        }
    }

    fn of(entry: *mut Entry<T>, pid: u32) -> Option<&'static T> {
        // SAFETY: a non-null pointer in the cell was published after its entry was written, and entries are never freed.
        let entry: &'static Entry<T> = unsafe { entry.as_ref() }?;
        (entry.pid == pid).then_some(&entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn one_value_however_many_threads_ask() {
        static CELL: PerProcess<usize> = PerProcess::new();
        static MADE: AtomicUsize = AtomicUsize::new(1);
        let threads: Vec<_> =
            (0..8).map(|_| std::thread::spawn(|| *CELL.get_or_make(|| MADE.fetch_add(1, Ordering::Relaxed)))).collect();
        let values: Vec<usize> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    }

    #[test]
    fn an_entry_of_another_process_is_not_seen() {
        static CELL: PerProcess<&str> = PerProcess::new();
        let other = Box::into_raw(Box::new(Entry { pid: std::process::id() ^ 1, value: "the parent's" }));
        CELL.entry.store(other, Ordering::Release);
        assert_eq!(*CELL.get_or_make(|| "ours"), "ours");
        assert_eq!(*CELL.get_or_make(|| "never"), "ours");
    }
}
