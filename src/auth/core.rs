//! What the keeper and its tasks have in common: the ways out, the state behind one lock, the request under way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::exchange::Exchange;
use super::ledger::Ledger;
use super::recall::Recall;
use super::settings::Method;
use super::writing::Writing;
use crate::event::{Counters, Draft, Reporter};
use crate::http::HttpClient;
use crate::store::Notes;
use crate::time::Clock;

/// What the keeper and its tasks share.
pub(super) struct Core {
    pub(super) http: HttpClient,
    /// Not through a proxy.
    pub(super) direct: HttpClient,
    pub(super) notes: Notes,
    pub(super) clock: Clock,
    pub(super) counters: Arc<Counters>,
    pub(super) reporter: Reporter,
    pub(super) state: Mutex<State>,
    /// A person may be asked to sign in. Not by a check, which nobody may be looking at.
    pub(super) asks: bool,
    /// A credential file that hangs (a dead network file system) holds one thread, not one more each time.
    pub(super) reading: Arc<std::sync::atomic::AtomicBool>,
    /// Refusals on their way into the notes.
    pub(super) writing: Arc<Writing>,
    /// Of the further account, for its events.
    pub(super) name: Option<Arc<str>>,
    /// Counts what [`Core::changed`] tells.
    pub(super) changes: watch::Sender<u64>,
    /// When this began, on the monotonic clock.
    pub(super) began_at: u64,
}

/// How long after the beginning a state file that is late is waited for, where to act without it could do harm: a code shown though somebody
/// is signed in, a password sent that was refused before. A start has waited 3 s already.
const LATE_MS: u64 = 10_000;

/// What changes.
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) flight: Option<Flight>,
    /// Waits for a person.
    pub(super) dialog: Option<AbortHandle>,
    /// Looks for the file that remembers, where that is late.
    pub(super) lookout: Option<AbortHandle>,
    /// What was done with the refusals of before the start.
    pub(super) recall: Recall,
}

/// The request under way.
pub(super) struct Flight {
    pub(super) landed: watch::Receiver<()>,
    pub(super) task: AbortHandle,
}

impl Core {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn report(&self, events: impl IntoIterator<Item = Draft>) {
        for event in events {
            self.reporter.event_now(event.account(self.name.clone()));
        }
    }

    /// A token came, or what was held is given up.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Waits until it is known what an earlier run left, but not for ever: a disk that stays away must not keep anybody from signing in.
    pub(super) async fn memory_is_read(&self) {
        if self.notes.are_read() {
            return;
        }
        tokio::select! {
            () = self.notes.until_read() => {}
            () = self.clock.sleep_until(self.began_at.saturating_add(LATE_MS)) => {}
        }
    }

    /// The way to the servers, with the client that fits the method.
    pub(super) fn exchange(&self) -> Exchange {
        let direct = matches!(self.lock().ledger.settings.method, Method::ManagedIdentity { .. });
        let http = if direct { &self.direct } else { &self.http };
        Exchange { http: http.clone(), clock: self.clock.clone(), counters: self.counters.clone() }
    }
}

/// Ends a flight, also one that panics.
pub(super) struct Landing {
    pub(super) core: Arc<Core>,
    _land: watch::Sender<()>,
    pub(super) orderly: bool,
}

impl Landing {
    pub(super) fn new(core: Arc<Core>, land: watch::Sender<()>) -> Landing {
        Landing { core, _land: land, orderly: false }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut state = self.core.lock();
        state.flight = None;
        // Given up with its owner is no error; a panic is one, of ours.
        if !self.orderly && std::thread::panicking() {
            self.core.counters.panic_caught();
            state.ledger.broken(self.core.clock.now());
        }
        // `_land` goes after this: whoever waits sees the state of now.
    }
}
