//! Keeps a task alive.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::event::{Counters, Event, Kind};
use crate::host::Desk;
use crate::time::Clock;

/// First and longest pause before a task that panicked is begun again.
const RESTART_FIRST_MS: u64 = 1_000;
const RESTART_LONGEST_MS: u64 = 60_000;

/// Begins a task again when it panicked, and tells.
#[derive(Clone)]
pub(super) struct Keeper {
    pub(super) clock: Clock,
    pub(super) desk: Arc<Desk>,
    pub(super) counters: Arc<Counters>,
    pub(super) cancel: CancellationToken,
}

impl Keeper {
    pub(super) async fn keep<F>(self, name: &'static str, mut begin: impl FnMut(&Keeper) -> F + Send)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut pause = RESTART_FIRST_MS;
        while !self.cancel.is_cancelled() {
            let panic = match catch_unwind(AssertUnwindSafe(|| begin(&self))) {
                Ok(task) => {
                    let mut task = tokio::spawn(task);
                    tokio::select! {
                        () = self.cancel.cancelled() => {
                            task.abort();
                            return;
                        }
                        end = &mut task => match end {
                            Ok(()) => return,
                            Err(end) if end.is_panic() => end.into_panic(),
                            Err(_) => return,
                        },
                    }
                }
                Err(panic) => panic,
            };
            self.counters.panic_caught();
            let words = crate::host::words_of(&*panic);
            self.desk.reporter().event_now(Event::new(Kind::Internal).with("place", name).with("detail", words));
            tokio::select! {
                () = self.cancel.cancelled() => return,
                () = self.clock.sleep(pause) => pause = (pause * 2).min(RESTART_LONGEST_MS),
            }
        }
    }
}
