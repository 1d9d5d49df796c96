//! What follows from a failure: the ledger draws it, a refusal is written down.

use std::sync::Arc;

use super::chance::chance;
use super::core::Core;
use super::outcome::{Failure, OutcomeHead};
use super::refusal;
use super::schedule::Care;
use crate::event::Draft;

impl Core {
    /// Draws the consequences of a failure, writes a refusal down, and tells.
    pub(super) async fn failed(self: &Arc<Self>, failure: Failure, head: &OutcomeHead, credential: ([u8; 32], Care), epoch: u64) {
        let events = self.draw_from(failure, head, credential, epoch).await;
        self.report(events);
    }

    /// The same; the events are the caller's to tell. A refused password is on disk by then, or the disk has been waited for long enough:
    /// whoever ends the process because of the event does not send that password again with the next one.
    pub(super) async fn draw_from(
        self: &Arc<Self>,
        failure: Failure,
        head: &OutcomeHead,
        credential: ([u8; 32], Care),
        epoch: u64,
    ) -> Vec<Draft> {
        let now = self.clock.now();
        if matches!(failure, Failure::Entra(_) | Failure::Told(..)) {
            self.counters.token_refused();
        }
        let (fingerprint, care) = credential;
        let (events, memory) = {
            let mut state = self.lock();
            let mut events = state.ledger.failed(failure, head, credential, now, epoch, chance());
            events.extend(state.ledger.compare_clocks(head.clock_offset_ms));
            events.extend(state.ledger.watch.tick(now.wall_ms));
            (events, state.ledger.memory(&fingerprint, now))
        };
        if let Some(memory) = memory {
            // A task of its own: it goes on where this flight is given up, and a stop waits for it.
            let (core, write) = (self.clone(), self.writing.begin());
            let writing = tokio::spawn(async move {
                let receipt = refusal::remember(&core, fingerprint, memory).await;
                drop(write);
                if let Some(receipt) = receipt {
                    // The store tells by an event where the disk does not take it.
                    let _ = receipt.durable().await;
                }
            });
            if care == Care::Password {
                // A panic of its own is told by the runtime; the event goes out all the same.
                let _ = writing.await;
            }
        }
        events
    }
}
