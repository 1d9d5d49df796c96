//! A state file that comes late, or into the place of another one, may hold a sign-in that makes a code needless.

use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::core::Core;
use super::ledger::Ledger;
use super::person::Person;
use super::{flight, refresh};

/// Looks with each file that is read, until the keeper goes.
pub(super) async fn watch(core: Weak<Core>, mut files: watch::Receiver<u64>) {
    while files.changed().await.is_ok() {
        let Some(core) = core.upgrade() else { return };
        take_up(&core);
    }
}

fn take_up(core: &Arc<Core>) {
    let mut state = core.lock();
    // Looked at under the lock: whoever shows a code looks again under it.
    if refresh::stored(&core.notes, &state.ledger.settings).is_none() || !state.ledger.stored_came() {
        return;
    }
    if !state.ledger.is_asking()
        && let Some(dialog) = state.dialog.take()
    {
        dialog.abort();
    }
    if state.flight.is_none() {
        flight::take_off(core, &mut state);
    }
}

impl Ledger {
    /// A sign-in turned out to be stored after all. Answers whether that changes anything: a code that nobody asked for is withdrawn; one that
    /// somebody wished for stays, and the stored sign-in serves meanwhile. Whoever signed out stays so.
    fn stored_came(&mut self) -> bool {
        match self.person {
            Person::Waiting { wished: true, .. } if !self.fallback => self.fallback = true,
            Person::Waiting { wished: false, .. } | Person::Ended { signed_out: false, .. } if !self.fallback => {
                self.person = Person::Unasked;
            }
            _ => return false,
        }
        true
    }
}
