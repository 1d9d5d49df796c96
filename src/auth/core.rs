//! What the keeper and its tasks have in common: the ways out, the state behind one lock, the request under way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::exchange::Exchange;
use super::ledger::Ledger;
use super::settings::Method;
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
}

/// What changes.
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) flight: Option<Flight>,
    /// Waits for a person.
    pub(super) dialog: Option<AbortHandle>,
    /// Whether the refusal of before the start is still to be looked for.
    pub(super) recall: [bool; 2],
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
            self.reporter.event_now(event);
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
