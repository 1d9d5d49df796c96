//! The handle: what the instance and the desk hold of the store.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::keeper::{First, Keeper, Phase};
use super::ledger::Ledger;
use super::notes::Notes;
use super::place::Place;
use crate::event::{Event, Kind, Reporter};
use crate::time::Clock;

/// How long a start waits for the disk. Then the instance begins without its memory and takes it up when the disk comes back.
const OPEN_PATIENCE: Duration = Duration::from_secs(3);
/// What a close allows beyond its time to a thread that only has yet to be scheduled.
const GRACE: Duration = Duration::from_millis(250);

/// Why an instance cannot start with this state.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// Somebody else works with it; says who, and what to do.
    #[error("{0}")]
    Locked(String),
    /// The system gives no thread.
    #[error("no thread for the state ({0}); look at ulimit -u")]
    NoThread(io::Error),
}

/// The memory of one instance, for as many starts and stops as it likes. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Keeper>);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("place", &self.0.place).finish_non_exhaustive()
    }
}

impl Store {
    /// A store at this place, shut; without one, notes in memory. Touches no disk.
    pub fn new(place: Option<Place>, clock: Clock, reporter: Reporter) -> Store {
        Store(Arc::new_cyclic(|keeper: &Weak<Keeper>| {
            let keeper = keeper.clone();
            let notes = match place {
                None => Notes::in_memory(),
                Some(_) => Notes::on_disk(Box::new(move || {
                    if let Some(keeper) = keeper.upgrade() {
                        keeper.ring();
                    }
                })),
            };
            Keeper::new(place, clock, reporter, notes)
        }))
    }

    /// Whose users it keeps. Once, before the first [`open`](Self::open).
    pub fn serve(&self, ledger: Weak<dyn Ledger>) {
        // A second one would be a fault of ours; the first stays.
        let _ = self.0.ledger.set(ledger);
    }

    /// There is a state directory.
    pub fn has_place(&self) -> bool {
        self.0.place.is_some()
    }

    /// The instance's notes; the same for its whole life.
    pub fn notes(&self) -> Notes {
        self.0.notes.clone()
    }

    /// Takes the lock, opens the file and hands what it holds to the ledger. A disk that fails or hangs is told by an event and tried again;
    /// the instance starts all the same. Waits 3 s at most.
    ///
    /// # Errors
    /// Somebody else has the lock; or there is no thread. The store is shut then.
    pub fn open(&self) -> Result<(), NotOpened> {
        let Some(place) = &self.0.place else { return Ok(()) };
        let deadline = Instant::now() + OPEN_PATIENCE;
        let mut control = self.0.lock();
        if control.phase == Phase::Open {
            return Ok(());
        }
        control.reopen = control.phase == Phase::Closing;
        control.phase = Phase::Open;
        control.first = None;
        control.waived = false;
        control.rung = true;
        if let Err(error) = self.0.wake(&mut control) {
            control.phase = Phase::Shut;
            return Err(NotOpened::NoThread(error));
        }
        while control.first.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                control.waived = true;
                drop(control);
                self.0.is_slow(&format!("the disk has not answered for {} s", OPEN_PATIENCE.as_secs()));
                return Ok(());
            }
            control = self.0.moved.wait_timeout(control, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(First::Locked(who)) = &control.first {
            return Err(NotOpened::Locked(format!("{}: {who}", place.file().display())));
        }
        drop(control);
        if let Some(problem) = place.too_open() {
            let event = Event::new(Kind::ConfigWarning).with("path", "state.dir").with("problem", problem);
            self.0.reporter.event_now(event);
        }
        Ok(())
    }

    /// There is something to write. Cheap, from any thread, as often as one likes.
    pub fn ring(&self) {
        self.0.ring();
    }

    /// The ledger has waited long enough for a write and goes on without.
    pub fn slow(&self) {
        self.0.is_slow("a write has not come back for 2 s");
    }

    /// Writes what is left, closes the file and gives the lock back. False if that is not done by `deadline`; to be called again then.
    pub fn close(&self, deadline: Instant) -> bool {
        if self.0.place.is_none() {
            return true;
        }
        let deadline = deadline.max(Instant::now() + GRACE);
        let mut control = self.0.lock();
        loop {
            match control.phase {
                Phase::Shut if !control.runs => {
                    let thread = control.thread.take();
                    drop(control);
                    // It has nothing left to do; a fault of it was caught where it happened.
                    thread.map(JoinHandle::join);
                    return true;
                }
                Phase::Shut => {}
                Phase::Open | Phase::Closing => {
                    control.phase = Phase::Closing;
                    // Where there is no thread to be had, it is asked for again until the time is over.
                    let _ = self.0.wake(&mut control);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let left = left.min(Duration::from_millis(100));
            control = self.0.moved.wait_timeout(control, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Figures, see [`STATS_FIELDS`](super::STATS_FIELDS). `waiting` and `unnamed` are the engine's to know.
    pub fn stats(&self, waiting: usize, unnamed: usize) -> Value {
        self.0.figures.json(self.0.place.as_ref(), self.0.notes.count(), waiting, unnamed, self.0.clock.mono_ms())
    }

    #[cfg(test)]
    pub(super) fn runs(&self) -> bool {
        self.0.lock().runs
    }

    /// What a test makes of the disk.
    #[cfg(any(test, feature = "test-hooks"))]
    pub fn weather(&self) -> Arc<super::Weather> {
        self.0.weather.clone()
    }
}
