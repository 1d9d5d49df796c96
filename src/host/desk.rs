//! The engine under its lock, with the clock and the wake-ups around it.
//!
//! Sources, the directory and the host's calls come in by [`Desk::with`]; the outlet takes things out by [`Feed`]. The lock is held for
//! computing only, never for I/O and never while a callback runs.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::Feed;
use crate::event::{Event, Kind, LogLine, Reporter};
use crate::store::{Ledger, Store};
use crate::sync::{Answer, Commit, Delivery, Engine, Found};
use crate::time::{Clock, Moment};

/// Slow callbacks are told at most this often.
const SLOW_TOLD_EVERY_MS: u64 = 60_000;

/// Tells the dispatcher that something waits. Cheap, callable from any thread, and harmless when called too often.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Where everything about one instance's users comes together. See the module.
pub struct Desk {
    engine: Mutex<Engine>,
    clock: Clock,
    reporter: Reporter,
    wake: Wake,
    store: Store,
    /// The engine's next deadline may have moved.
    sooner: Notify,
    /// Users to search, or to ask for, may have changed.
    roster: watch::Sender<u64>,
    /// Something is to be published earlier than known before.
    publication: Notify,
    /// When a slow callback was last told; 0 for never.
    slow_told: AtomicU64,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl Desk {
    /// A desk for this engine; `wake` is called when something is due for the host. What is to outlive the process goes to the store.
    pub fn new(mut engine: Engine, clock: Clock, reporter: Reporter, wake: Wake, store: Store) -> Desk {
        if store.has_place() {
            engine.remember();
        }
        Desk {
            engine: Mutex::new(engine),
            clock,
            reporter,
            wake,
            store,
            sooner: Notify::new(),
            roster: watch::Sender::new(0),
            publication: Notify::new(),
            slow_told: AtomicU64::new(0),
        }
    }

    /// The instance's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What outlives the process.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where events and log lines go.
    pub fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// Does something with the engine, then wakes whom it concerns. Short work only.
    pub fn with<R>(&self, work: impl FnOnce(&mut Engine, Moment) -> R) -> R {
        let now = self.clock.now();
        let mut engine = self.lock();
        let before = engine.next_deadline();
        let (owed, publication) = (engine.awaits_answers(), engine.publication_due());
        let result = work(&mut engine, now);
        let after = engine.next_deadline();
        // A stop waits for answers that are owed; the last one wakes it.
        let due = engine.has_delivery() || owed && !engine.awaits_answers();
        let to_publish = engine.publication_due().is_some_and(|at| publication.is_none_or(|old| at < old));
        let notices = engine.take_notices();
        let (write, slow) = (engine.has_commit(now), engine.take_slow());
        drop(engine);
        if write {
            self.store.ring();
        }
        if slow {
            self.store.slow();
        }
        if to_publish {
            self.publication.notify_one();
        }
        let told = !notices.is_empty();
        notices.into_iter().for_each(|event| self.reporter.event(event));
        if due || told {
            (self.wake)();
        }
        self.look_again(before, after);
        result
    }

    /// Whoever follows the deadlines looks again if the next has come nearer.
    fn look_again(&self, before: Option<u64>, after: Option<u64>) {
        if after.is_some_and(|at| before.is_none_or(|old| at < old)) {
            self.sooner.notify_one();
        }
    }

    /// The same for what changes the users: sources and directory look at once.
    pub fn with_roster<R>(&self, work: impl FnOnce(&mut Engine, Moment) -> R) -> R {
        let result = self.with(work);
        self.roster.send_modify(|version| *version += 1);
        result
    }

    /// Sees each call of [`with_roster`](Self::with_roster).
    pub fn roster_changes(&self) -> watch::Receiver<u64> {
        self.roster.subscribe()
    }

    /// Waits until the following is switched off; not at all if it is.
    pub async fn disabled(&self) {
        let mut roster = self.roster_changes();
        while self.with(|engine, _| engine.is_enabled()) {
            if roster.changed().await.is_err() {
                // The desk outlives its watchers.
                return;
            }
        }
    }

    /// Waits until something is to be published earlier than it was. For one task.
    pub async fn publication_changed(&self) {
        self.publication.notified().await;
    }

    /// Follows the engine's deadlines until it is dropped. Wakes only when something is due.
    pub async fn keep_time(&self) {
        loop {
            let deadline = self.with(|engine, now| {
                engine.tick(now);
                engine.next_deadline()
            });
            self.reporter.tick();
            let wait = async {
                match deadline {
                    Some(at) => self.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => {}
                () = self.sooner.notified() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Engine> {
        // A panic under the lock was caught and told (event 999); levels are looked at anew each time, so going on is right.
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger for Desk {
    fn take(&self) -> Option<Commit> {
        // Not past `with`: what is under way has a deadline.
        self.with(|engine, now| engine.take_commit(now))
    }

    fn kept(&self) {
        self.with(|engine, now| engine.kept(now));
    }

    fn lost(&self) {
        self.with(|engine, now| engine.lost(now));
    }

    fn found(&self, found: Found) {
        self.with(|engine, now| engine.found(found, now));
    }
}

impl Feed for Desk {
    fn next_delivery(&self) -> Option<Delivery> {
        let now = self.clock.now();
        let mut engine = self.lock();
        let before = engine.next_deadline();
        let delivery = engine.next_delivery(now);
        let after = engine.next_deadline();
        let notices = engine.take_notices();
        let write = engine.has_commit(now);
        drop(engine);
        if write {
            self.store.ring();
        }
        self.look_again(before, after);
        notices.into_iter().for_each(|event| self.reporter.event(event));
        delivery
    }

    fn answered(&self, change_id: u64, answer: Answer) {
        self.with(|engine, now| engine.answered(change_id, answer, now));
    }

    fn next_event(&self) -> Option<Event> {
        self.reporter.next_event()
    }

    fn next_log(&self) -> Option<LogLine> {
        self.reporter.next_log()
    }

    fn is_idle(&self) -> bool {
        self.reporter.is_empty() && !self.lock().has_delivery()
    }

    fn awaits_answers(&self) -> bool {
        self.lock().awaits_answers()
    }

    fn give_up_answers(&self) {
        self.with(|engine, now| engine.give_up_answers(now));
    }

    fn slow(&self, callback: &'static str, took_ms: u64) {
        let now = self.clock.mono_ms().max(1);
        let last = self.slow_told.load(Relaxed);
        // Callbacks of one instance never overlap, so nobody races for this.
        if last == 0 || now.saturating_sub(last) >= SLOW_TOLD_EVERY_MS {
            self.slow_told.store(now, Relaxed);
            self.reporter.event_now(Event::new(Kind::CallbackSlow).with("callback", callback).with("took_ms", took_ms));
        }
    }

    fn panicked(&self, place: &str, words: &str) {
        self.reporter.event_now(Event::new(Kind::Internal).with("place", place).with("detail", words));
    }
}
