//! New → Running → Stopping → Stopped → Running …, and the waiting between.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::error::{Error, ErrorKind};

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    New,
    /// A thread is inside `start`, `reload`, or the end of `stop`: disk may be touched.
    Busy,
    Running,
    /// A thread is inside the beginning of `stop`. To the host it is Stopping; whoever moves the state waits, as while Busy.
    Ending,
    Stopping,
    Stopped,
    Destroyed,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            State::New => "new",
            State::Busy => "busy",
            State::Running => "running",
            State::Ending | State::Stopping => "stopping",
            State::Stopped => "stopped",
            State::Destroyed => "destroyed",
        }
    }
}

/// A step of an instance's life that a test makes panic.
#[cfg(feature = "test-hooks")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A start, when callbacks may come already.
    Start,
    /// A reload, before anything has changed.
    Reload,
}

struct Then<'a>(&'a Life, State);

impl Drop for Then<'_> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

struct ThenFrom<'a>(&'a Life, &'a std::cell::Cell<State>);

impl Drop for ThenFrom<'_> {
    fn drop(&mut self) {
        self.0.set(self.1.get());
    }
}

#[derive(Debug)]
pub(super) struct Life {
    state: Mutex<State>,
    moved: Condvar,
    #[cfg(feature = "test-hooks")]
    panic_at: Mutex<Option<Step>>,
}

impl Life {
    pub(super) fn new() -> Life {
        Life {
            state: Mutex::new(State::New),
            moved: Condvar::new(),
            #[cfg(feature = "test-hooks")]
            panic_at: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> State {
        *self.lock()
    }

    /// Goes from a state that `next` maps to another one to that one; waits while another thread is busy, up to `deadline`.
    /// Answers the state that was left.
    pub(super) fn turn(&self, deadline: Option<Instant>, next: impl Fn(State) -> Result<State, Error>) -> Result<State, Error> {
        let mut state = self.lock();
        while matches!(*state, State::Busy | State::Ending) {
            state = match deadline {
                None => self.moved.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Error::new(
                            ErrorKind::Timeout,
                            "another thread's tps_start, tps_reload or tps_stop waits for a disk; call again",
                        ));
                    }
                    self.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        let before = *state;
        *state = next(before)?;
        self.moved.notify_all();
        Ok(before)
    }

    pub(super) fn set(&self, state: State) {
        *self.lock() = state;
        self.moved.notify_all();
    }

    /// Goes to this state at the end of the scope, also if that is a panic.
    pub(super) fn then(&self, state: State) -> impl Drop + use<'_> {
        Then(self, state)
    }

    /// The same, to the state that the cell holds then.
    pub(super) fn then_from<'a>(&'a self, state: &'a std::cell::Cell<State>) -> impl Drop + use<'a> {
        ThenFrom(self, state)
    }

    /// This step panics the next time.
    #[cfg(feature = "test-hooks")]
    pub(super) fn panic_at(&self, step: Step) {
        *self.panic_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
    }

    #[cfg(feature = "test-hooks")]
    pub(super) fn panic_if_asked(&self, step: Step) {
        let asked = self.panic_at.lock().unwrap_or_else(PoisonError::into_inner).take_if(|asked| *asked == step);
        assert!(asked.is_none(), "a panic asked for by a test");
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
