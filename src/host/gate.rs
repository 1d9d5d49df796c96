//! The gate through which every callback goes.
//!
//! Contract, which the model in `tests/loom` checks:
//!
//! - At most one [`Pass`] exists at any time, so callbacks never overlap.
//! - After [`Gate::close`] no pass is given until [`Gate::open`].
//! - When [`Gate::wait_quiet`] has returned true, the gate is closed and no pass exists: no callback runs, none will.
//!
//! No lock is held while a pass exists: a pass is a flag, so a callback may do what it likes for as long as it likes.

use std::time::Instant;

use crate::sys::primitives::{Condvar, Mutex, lock, wait};

/// Lets one callback through at a time, while it is open.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    open: bool,
    taken: bool,
}

/// The right to run one callback. Given back by dropping it.
#[derive(Debug)]
pub struct Pass<'a> {
    gate: &'a Gate,
}

/// Why no pass was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPass {
    /// The gate is closed.
    Closed,
    /// Somebody else has it.
    Taken,
}

impl Default for Gate {
    fn default() -> Self {
        Gate::new()
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Gate {
        Gate { state: Mutex::new(State { open: false, taken: false }), changed: Condvar::new() }
    }

    /// Lets callbacks through from now on.
    pub fn open(&self) {
        lock(&self.state).open = true;
    }

    /// Takes the pass if that can be done at once.
    pub fn enter(&self) -> Result<Pass<'_>, NoPass> {
        let mut state = lock(&self.state);
        if !state.open {
            return Err(NoPass::Closed);
        }
        if state.taken {
            return Err(NoPass::Taken);
        }
        state.taken = true;
        Ok(Pass { gate: self })
    }

    /// Gives out no further pass. The one that is out stays valid.
    pub fn close(&self) {
        lock(&self.state).open = false;
        self.changed.notify_all();
    }

    /// Waits until the pass is back, without end or until `deadline`. True if the gate is closed and no pass is out.
    pub fn wait_quiet(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        let mut in_time = true;
        while state.taken && in_time {
            (state, in_time) = wait(&self.changed, state, deadline);
        }
        !state.taken && !state.open
    }

    /// Waits until [`enter`](Self::enter) would not answer [`NoPass::Taken`], or until `deadline`. False if the pass is still out.
    pub fn wait_free(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        let mut in_time = true;
        while state.taken && state.open && in_time {
            (state, in_time) = wait(&self.changed, state, deadline);
        }
        !(state.taken && state.open)
    }

    /// A callback is running just now.
    pub fn is_taken(&self) -> bool {
        lock(&self.state).taken
    }
}

impl Pass<'_> {
    /// Closes the gate behind this pass: what runs under it is the last.
    pub fn close_behind(&self) {
        self.gate.close();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        lock(&self.gate.state).taken = false;
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Option<Instant> {
        Some(Instant::now() + Duration::from_millis(30))
    }

    #[test]
    fn one_at_a_time_and_none_after_close() {
        let gate = Gate::new();
        assert_eq!(gate.enter().err(), Some(NoPass::Closed));
        gate.open();
        let pass = gate.enter().expect("open");
        assert_eq!(gate.enter().err(), Some(NoPass::Taken));
        assert!(!gate.wait_free(soon()));
        gate.close();
        assert!(!gate.wait_quiet(soon()), "the pass is still out");
        assert_eq!(gate.enter().err(), Some(NoPass::Closed));
        drop(pass);
        assert!(gate.wait_quiet(None));
        gate.open();
        assert!(gate.enter().is_ok());
        assert!(!gate.wait_quiet(None), "open again, so not quiet");
    }

    #[test]
    fn the_last_pass_closes_behind_itself() {
        let gate = Gate::new();
        gate.open();
        let pass = gate.enter().expect("open");
        pass.close_behind();
        assert_eq!(gate.enter().err(), Some(NoPass::Closed));
        assert!(gate.is_taken());
        drop(pass);
        assert!(gate.wait_quiet(None));
    }
}
