//! Where every part of an instance leaves its events and log lines.

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lane::{EventLane, LogLane, LogLine};
use super::text::{LONGEST_MESSAGE, SafeText};
use super::{Event, Kind, Level};
use crate::time::Clock;

/// How long the level `trace` lasts before it falls back by itself: 30 minutes of the instance's clock.
pub const TRACE_LASTS_MS: u64 = 30 * 60 * 1000;

/// How much waits for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Depths {
    /// Events.
    pub events: usize,
    /// Log lines.
    pub logs: usize,
}

/// Takes events and log lines from any thread and keeps them until the host's dispatcher fetches them. A clone is the same reporter.
#[derive(Clone)]
pub struct Reporter(Arc<Inner>);

struct Inner {
    level: AtomicU8,
    /// When trace ends, on the monotonic clock. Means something only while the level is trace.
    trace_ends: AtomicU64,
    /// The level to fall back to. Its lock also orders changes of the level.
    fallback: Mutex<Level>,
    clock: Clock,
    wake: Arc<dyn Fn() + Send + Sync>,
    events: Mutex<EventLane>,
    logs: Mutex<LogLane>,
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").field("level", &self.0.level.load(Relaxed)).field("depths", &self.depths()).finish()
    }
}

impl Reporter {
    /// `wake` is called, under no lock and on the reporting thread, whenever a lane stops being empty. It must not block. A consumer
    /// that takes only some must look at [`is_empty`](Self::is_empty) before it sleeps.
    ///
    /// A reporter that starts with `trace` falls back to `error`.
    pub fn new(level: Level, clock: Clock, wake: Arc<dyn Fn() + Send + Sync>) -> Reporter {
        let ends = clock.mono_ms().saturating_add(TRACE_LASTS_MS);
        Reporter(Arc::new(Inner {
            level: AtomicU8::new(level as u8),
            trace_ends: AtomicU64::new(ends),
            fallback: Mutex::new(if level == Level::Trace { Level::Error } else { level }),
            clock,
            wake,
            events: Mutex::default(),
            logs: Mutex::default(),
        }))
    }

    /// Leaves an event for the host.
    pub fn event(&self, event: Event) {
        let was_empty = {
            let mut lane = lock(&self.0.events);
            let was_empty = lane.len() == 0;
            lane.push(event);
            was_empty
        };
        if was_empty {
            (self.0.wake)();
        }
    }

    /// Leaves an event that happens now.
    pub fn event_now(&self, draft: super::Draft) {
        self.event(draft.at(self.0.clock.now().wall_ms));
    }

    /// Whether a line of this level would be kept. One relaxed load unless tracing.
    #[inline]
    pub fn enabled(&self, level: Level) -> bool {
        let current = self.0.level.load(Relaxed);
        if current == Level::Trace as u8 {
            return self.level() >= level;
        }
        level as u8 <= current
    }

    /// Leaves a line for the host's log, if its level is on. Nothing is formatted otherwise; [`log!`](crate::event::log) does not even
    /// evaluate what would be formatted.
    #[inline]
    pub fn log(&self, level: Level, target: &'static str, arguments: fmt::Arguments<'_>) {
        if self.enabled(level) {
            self.keep(level, target, arguments);
        }
    }

    #[cold]
    fn keep(&self, level: Level, target: &'static str, arguments: fmt::Arguments<'_>) {
        // The check comes before the formatting, so that a flood costs little once the lane is full.
        if !lock(&self.0.logs).admits() {
            return;
        }
        // Formatted outside the lock: what is formatted may be slow, and may come from a panic.
        let message = SafeText::format(LONGEST_MESSAGE, arguments);
        let was_empty = {
            let mut lane = lock(&self.0.logs);
            let was_empty = lane.len() == 0;
            lane.push(LogLine { level, target, message });
            was_empty
        };
        if was_empty {
            (self.0.wake)();
        }
    }

    /// The level in force. Ends an over-long trace.
    pub fn level(&self) -> Level {
        self.tick();
        Level::from_number(self.0.level.load(Relaxed).into()).unwrap_or_default()
    }

    /// Sets the level. `trace` begins its 30 minutes anew and remembers the level before it.
    pub fn set_level(&self, level: Level) {
        let mut fallback = lock(&self.0.fallback);
        if level == Level::Trace {
            self.0.trace_ends.store(self.0.clock.mono_ms().saturating_add(TRACE_LASTS_MS), Relaxed);
        } else {
            *fallback = level;
        }
        self.0.level.store(level as u8, Relaxed);
    }

    /// Ends a trace whose time is over, with one event. Logging does this too; call it now and then for the case that nobody logs.
    pub fn tick(&self) {
        if self.0.level.load(Relaxed) != Level::Trace as u8 || self.0.clock.mono_ms() < self.0.trace_ends.load(Relaxed) {
            return;
        }
        let ended = {
            let fallback = lock(&self.0.fallback);
            // Looked at again under the lock: another thread may have ended it, or begun it anew.
            let over =
                self.0.level.load(Relaxed) == Level::Trace as u8 && self.0.clock.mono_ms() >= self.0.trace_ends.load(Relaxed);
            if over {
                self.0.level.store(*fallback as u8, Relaxed);
            }
            over.then_some(*fallback)
        };
        if let Some(level) = ended {
            self.event_now(Event::new(Kind::TraceEnded).with("level", level.as_str()));
        }
    }

    /// The oldest event that waits. Where some were dropped, an event that says how many comes first.
    pub fn next_event(&self) -> Option<Event> {
        let mut lane = lock(&self.0.events);
        match lane.take_lost() {
            0 => lane.pop(),
            lost => Some(Event::new(Kind::EventsLost).with("lost", lost).at(self.0.clock.now().wall_ms)),
        }
    }

    /// The oldest log line that waits. Where some were dropped, a line in their place says how many.
    pub fn next_log(&self) -> Option<LogLine> {
        let mut lane = lock(&self.0.logs);
        match lane.take_dropped() {
            0 => lane.pop(),
            lost => Some(LogLine {
                level: Level::Error,
                target: "event",
                message: format!("{lost} log lines were dropped: too many at once"),
            }),
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.depths() == Depths::default()
    }

    /// How much waits.
    pub fn depths(&self) -> Depths {
        Depths { events: lock(&self.0.events).len(), logs: lock(&self.0.logs).len() }
    }
}

/// `log!(reporter, Debug, "auth", "token for {tenant}")`: a line for the host's log. With the level off it costs one relaxed load, and
/// the arguments are not evaluated.
#[macro_export]
#[doc(hidden)]
macro_rules! tps_log {
    ($reporter:expr, $level:ident, $target:literal, $($message:tt)+) => {
        if $reporter.enabled($crate::event::Level::$level) {
            $reporter.log($crate::event::Level::$level, $target, ::std::format_args!($($message)+));
        }
    };
}

/// The lanes hold plain data that is whole between any two statements, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
