//! The only object that reaches the host's callbacks.
//!
//! Contract:
//!
//! - Everything that goes to the host is taken from the feed *inside* a pass of the gate, so nothing is taken and then not delivered.
//! - Deliveries, events and log lines take turns, so that none of the three starves another.
//! - A panic of our own code ends here: it is counted and told to the feed, and a change whose callback was not reached is answered RETRY.
//! - No lock of ours is held while the host runs. The thread is marked ([`reentrancy`](super::reentrancy)) for exactly that time.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use super::counters::{Count, Counters, OutletStats};
use super::gate::{Gate, NoPass};
use super::reentrancy::Inside;
use super::{Feed, HostCallbacks};
use crate::event::{Event, LogLine};
use crate::sync::{Answer, Delivery};

/// A callback that takes longer delays everybody, and is told.
const SLOW: Duration = Duration::from_secs(1);

/// A callback that has run so long when a stop's time is over is what the stop is told to blame.
pub(super) const HANGS: Duration = Duration::from_millis(100);

/// What became of one [`Outlet::pump`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pumped {
    /// One thing was handed out.
    One,
    /// Nothing waits.
    Nothing,
    /// A callback is running on another thread.
    Taken,
    /// The gate is closed.
    Closed,
    /// Code of ours panicked. Try again, but not at once for ever.
    Trouble,
}

/// Which kinds of things may be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// All, in turns.
    All,
    /// Only presences and changes.
    Deliveries,
}

/// Takes from the feed, gives to the callbacks.
pub struct Outlet {
    gate: Gate,
    feed: Arc<dyn Feed>,
    callbacks: Box<dyn HostCallbacks>,
    turn: AtomicU8,
    counters: Counters,
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("gate", &self.gate).field("counters", &self.counters).finish_non_exhaustive()
    }
}

enum Thing {
    Delivery(Delivery),
    Event(Event),
    Log(LogLine),
}

impl Outlet {
    /// An outlet whose gate is closed. Dropping it drops the callbacks.
    pub fn new(feed: Arc<dyn Feed>, callbacks: Box<dyn HostCallbacks>) -> Outlet {
        Outlet { gate: Gate::new(), feed, callbacks, turn: AtomicU8::new(0), counters: Counters::default() }
    }

    /// The gate. Closing it is what makes a stop certain.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Where things come from.
    pub fn feed(&self) -> &dyn Feed {
        &*self.feed
    }

    /// Figures for `tps_stats`. From any thread, at any time.
    pub fn stats(&self) -> OutletStats {
        self.counters.read()
    }

    /// Hands out one thing on the calling thread.
    pub fn pump(&self, what: What) -> Pumped {
        let _pass = match self.gate.enter() {
            Ok(pass) => pass,
            Err(NoPass::Closed) => return Pumped::Closed,
            Err(NoPass::Taken) => return Pumped::Taken,
        };
        let Some(thing) = self.guarded("looking for what to hand out", || self.next(what)) else { return Pumped::Trouble };
        let Some(thing) = thing else { return Pumped::Nothing };
        if self.hand_out(&thing) { Pumped::One } else { Pumped::Trouble }
    }

    /// Runs `on_thread_start` on the calling thread.
    pub fn thread_started(&self, name: &str) {
        if let Ok(_pass) = self.gate.enter() {
            self.guarded("on_thread_start", || self.outside(|| self.callbacks.thread_started(name)));
        }
    }

    /// Ends the handing out: nothing follows. Runs `on_thread_stop` as the last callback if the thread has a name to say goodbye with.
    pub fn end(&self, name: Option<&str>) -> Result<(), NoPass> {
        let pass = self.gate.enter()?;
        pass.close_behind();
        if let Some(name) = name {
            self.guarded("on_thread_stop", || self.outside(|| self.callbacks.thread_stopped(name)));
        }
        Ok(())
    }

    /// Tells the feed that nobody waits for acknowledgements any more.
    pub fn give_up_answers(&self) {
        self.guarded("giving up answers", || self.feed.give_up_answers());
    }

    /// The callback that runs just now has run so long that nobody waits for it beyond his time.
    pub fn hangs(&self) -> bool {
        Duration::from_micros(self.counters.read().current_callback_us) >= HANGS
    }

    fn next(&self, what: What) -> Option<Thing> {
        let first = match what {
            What::All => self.turn.load(Ordering::Relaxed),
            What::Deliveries => return self.feed.next_delivery().map(Thing::Delivery),
        };
        (first..first + 3).find_map(|lane| {
            let thing = match lane % 3 {
                0 => self.feed.next_delivery().map(Thing::Delivery),
                1 => self.feed.next_event().map(Thing::Event),
                _ => self.feed.next_log().map(Thing::Log),
            }?;
            self.turn.store((lane + 1) % 3, Ordering::Relaxed);
            Some(thing)
        })
    }

    /// False if code of ours panicked on the way.
    fn hand_out(&self, thing: &Thing) -> bool {
        let count = &self.counters;
        match thing {
            Thing::Delivery(Delivery::Presence(view)) => self
                .guarded("on_presence", || self.host("on_presence", &count.presences, || self.callbacks.presence(view)))
                .is_some(),
            Thing::Delivery(Delivery::Dnd(change)) => {
                self.change("on_dnd", change.change_id, || self.host("on_dnd", &count.dnd_changes, || self.callbacks.dnd(change)))
            }
            Thing::Delivery(Delivery::Queue(change)) => self.change("on_queue_dnd", change.change_id, || {
                self.host("on_queue_dnd", &count.queue_changes, || self.callbacks.queue_dnd(change))
            }),
            Thing::Delivery(Delivery::Chat(change)) => self.change("on_chat_state", change.change_id, || {
                self.host("on_chat_state", &count.chat_changes, || self.callbacks.chat(change))
            }),
            Thing::Event(event) => {
                self.guarded("on_event", || self.host("on_event", &count.events, || self.callbacks.event(event))).is_some()
            }
            Thing::Log(line) => {
                self.guarded("on_log", || self.host("on_log", &count.log_lines, || self.callbacks.log(line))).is_some()
            }
        }
    }

    fn change(&self, name: &'static str, change_id: u64, ask: impl FnOnce() -> Answer) -> bool {
        let answer = self.guarded(name, ask);
        let told = self.guarded("taking an answer", || self.feed.answered(change_id, answer.unwrap_or(Answer::Retry)));
        answer.is_some() && told.is_some()
    }

    /// Calls the host for a thing taken from the feed.
    fn host<R>(&self, name: &'static str, count: &Count, call: impl FnOnce() -> R) -> R {
        #[cfg(feature = "test-hooks")]
        self.counters.panic_if_asked();
        count.add();
        let began = Instant::now();
        let answer = self.outside(call);
        let took = began.elapsed();
        if took > SLOW {
            self.feed.slow(name, took.as_millis() as u64);
        }
        answer
    }

    /// Marks and measures.
    fn outside<R>(&self, call: impl FnOnce() -> R) -> R {
        let _inside = Inside::mark();
        let _measured = self.counters.measure();
        call()
    }

    fn guarded<R>(&self, where_: &'static str, work: impl FnOnce() -> R) -> Option<R> {
        // What the closures share with the rest are atomics, the feed and the callbacks, which promise to be whole after a panic.
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(done) => Some(done),
            Err(panic) => {
                self.counters.panics.add();
                // A feed that panics in its report has nobody left to tell; the count above remains.
                let told = catch_unwind(AssertUnwindSafe(|| self.feed.panicked(where_, words_of(&*panic))));
                drop_quietly(panic);
                if let Err(second) = told {
                    drop_quietly(second);
                }
                None
            }
        }
    }

    /// The next callback for a thing of the feed panics before it reaches the host.
    #[cfg(feature = "test-hooks")]
    pub fn inject_panic(&self) {
        self.counters.ask_for_panic();
    }
}

/// A panic's payload may panic again when dropped.
fn drop_quietly(payload: Box<dyn std::any::Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

/// What a panic said.
pub fn words_of(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}
