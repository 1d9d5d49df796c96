//! What follows from a failure: the ledger draws it, a refusal is written down.

use std::sync::Arc;

use super::chance::chance;
use super::core::Core;
use super::outcome::{Failure, OutcomeHead};
use super::refusal;
use super::rotation::Which;
use super::schedule::Care;
use crate::event::Draft;

impl Core {
    /// Draws the consequences of a failure, writes a refusal down, and tells.
    pub(super) async fn failed(self: &Arc<Self>, failure: Failure, head: &OutcomeHead, credential: ([u8; 32], Care), epoch: u64) {
        let events = self.draw_from(failure, head, credential, Which::Present, epoch);
        self.report(events);
    }

    /// The same; the events are the caller's to tell.
    pub(super) fn draw_from(
        self: &Arc<Self>,
        failure: Failure,
        head: &OutcomeHead,
        credential: ([u8; 32], Care),
        which: Which,
        epoch: u64,
    ) -> Vec<Draft> {
        let now = self.clock.now();
        if matches!(failure, Failure::Entra(_) | Failure::Told(..)) {
            self.counters.token_refused();
        }
        let (events, memory) = {
            let mut state = self.lock();
            let mut events = state.ledger.failed(failure, head, credential, now, epoch, chance());
            events.extend(state.ledger.compare_clocks(head.clock_offset_ms));
            events.extend(state.ledger.watch.tick(now.wall_ms));
            (events, state.ledger.memory(&credential.0, now))
        };
        if let Some(memory) = memory {
            // Beside the flight: whoever waits for it learns of the refusal at once.
            tokio::spawn(refusal::remember(self.clone(), which, credential.0, memory));
        }
        events
    }
}
