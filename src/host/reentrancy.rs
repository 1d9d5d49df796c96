//! Whether this thread is inside a callback of the host.
//!
//! Calls that wait for callbacks to end are refused there instead of deadlocking. The mark counts for every instance: a callback of one
//! instance that stopped another could wait for itself through the shared thread.
//!
//! The cell is initialised by a constant and has no destructor, so it stays valid while a thread ends and registers nothing with the C
//! library.

use std::cell::Cell;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// True on a thread that is inside a callback.
pub fn in_callback() -> bool {
    INSIDE.get()
}

/// Marks the calling thread as inside a callback until dropped. Marks nest.
#[derive(Debug)]
pub struct Inside {
    before: bool,
    /// A mark belongs to the thread that made it.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl Inside {
    /// From now on [`in_callback`] is true here.
    pub fn mark() -> Inside {
        Inside { before: INSIDE.replace(true), _not_send: std::marker::PhantomData }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_nest_and_stay_on_their_thread() {
        assert!(!in_callback());
        let outer = Inside::mark();
        {
            let _inner = Inside::mark();
            assert!(in_callback());
        }
        assert!(in_callback());
        assert!(!std::thread::spawn(in_callback).join().expect("no panic"));
        drop(outer);
        assert!(!in_callback());
    }
}
