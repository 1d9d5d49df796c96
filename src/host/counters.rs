//! What was handed out, and how long the host took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use once_cell::sync::Lazy;

/// The figures of one outlet. Counts never reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutletStats {
    /// Calls of `on_dnd`.
    pub dnd_changes: u64,
    /// Calls of `on_queue_dnd`.
    pub queue_changes: u64,
    /// Calls of `on_chat_state`.
    pub chat_changes: u64,
    /// Calls of `on_presence`.
    pub presences: u64,
    /// Calls of `on_event`.
    pub events: u64,
    /// Calls of `on_log`.
    pub log_lines: u64,
    /// Panics of our own code, caught on the way to the host.
    pub panics: u64,
    /// The longest callback that has ended, in microseconds.
    pub slowest_callback_us: u64,
    /// How long the callback that is running has run, in microseconds; 0 when none runs.
    pub current_callback_us: u64,
}

/// A count that threads add to.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) dnd_changes: Count,
    pub(super) queue_changes: Count,
    pub(super) chat_changes: Count,
    pub(super) presences: Count,
    pub(super) events: Count,
    pub(super) log_lines: Count,
    pub(super) panics: Count,
    slowest_us: AtomicU64,
    /// When the running callback began, in microseconds since [`BEGIN`], plus one; 0 when none runs.
    since_us: AtomicU64,
    #[cfg(feature = "test-hooks")]
    panics_asked: AtomicU64,
}

static BEGIN: Lazy<Instant> = Lazy::new(Instant::now);

fn now_us() -> u64 {
    BEGIN.elapsed().as_micros() as u64 + 1
}

impl Counters {
    /// Measures a callback until dropped.
    pub(super) fn measure(&self) -> Measured<'_> {
        let began_us = now_us();
        self.since_us.store(began_us, Ordering::Relaxed);
        Measured { counters: self, began_us }
    }

    pub(super) fn read(&self) -> OutletStats {
        OutletStats {
            dnd_changes: self.dnd_changes.read(),
            queue_changes: self.queue_changes.read(),
            chat_changes: self.chat_changes.read(),
            presences: self.presences.read(),
            events: self.events.read(),
            log_lines: self.log_lines.read(),
            panics: self.panics.read(),
            slowest_callback_us: self.slowest_us.load(Ordering::Relaxed),
            current_callback_us: match self.since_us.load(Ordering::Relaxed) {
                0 => 0,
                since => now_us().saturating_sub(since),
            },
        }
    }

    #[cfg(feature = "test-hooks")]
    pub(super) fn ask_for_panic(&self) {
        self.panics_asked.fetch_add(1, Ordering::Relaxed);
    }

    #[cfg(feature = "test-hooks")]
    pub(super) fn panic_if_asked(&self) {
        let asked = self.panics_asked.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        assert!(asked.is_err(), "a panic asked for by a test");
    }
}

pub(super) struct Measured<'a> {
    counters: &'a Counters,
    began_us: u64,
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        self.counters.since_us.store(0, Ordering::Relaxed);
        self.counters.slowest_us.fetch_max(now_us() - self.began_us, Ordering::Relaxed);
    }
}
