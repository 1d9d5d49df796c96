//! The way to a running poll loop, from any thread.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::lane::Wanted;
use crate::presence::Guid;
use crate::time::Clock;

/// Single questions remembered while they cannot be sent.
const MOST_WANTED: usize = 200_000;
/// Users remembered who were asked about before they were found.
const MOST_AWAITED: usize = 1_000;

/// What a reload may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    /// `source.poll_interval_ms`.
    pub interval_ms: u64,
    /// `source.adaptive`.
    pub adaptive: bool,
    /// `source.watchdog_interval_ms`: for those whose changes are sent.
    pub watchdog_ms: u64,
}

impl From<&crate::config::Source> for Polling {
    fn from(source: &crate::config::Source) -> Polling {
        Polling { interval_ms: source.poll_interval_ms, adaptive: source.adaptive, watchdog_ms: source.watchdog_interval_ms }
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) interval_ms: AtomicU64,
    pub(super) adaptive: AtomicBool,
    pub(super) watchdog_ms: AtomicU64,
    pub(super) everybody: AtomicBool,
    pub(super) wanted: Mutex<Wanted>,
    /// Those of them whom the host named: the only ones who are asked for while the instance is disabled.
    pub(super) by_hand: Mutex<BTreeSet<Guid>>,
    /// Users who were not found yet when they were asked about, and when that was.
    pub(super) awaited: Mutex<BTreeMap<Box<str>, u64>>,
    pub(super) wake: Notify,
}

/// Asks a running [`Poll`] for things. May be called from any thread.
#[derive(Clone, Debug)]
pub struct PollHandle(pub(super) Arc<Shared>);

impl PollHandle {
    /// Asks for these people at once, within the budget; also while the instance is disabled. Calls close together become one request, and
    /// who is being asked for is not asked for again.
    pub fn refresh(&self, ids: impl IntoIterator<Item = Guid>) {
        let now = self.0.clock.mono_ms();
        self.0.want_by_hand(ids, now);
        self.0.wake.notify_one();
    }

    /// Asks for this user as soon as the directory has found him, if that is within a minute.
    pub fn refresh_when_found(&self, user_id: &str) {
        let mut awaited = lock(&self.0.awaited);
        if awaited.len() < MOST_AWAITED || awaited.contains_key(user_id) {
            awaited.insert(user_id.into(), self.0.clock.mono_ms());
        }
        drop(awaited);
        // He may have been found meanwhile.
        self.0.wake.notify_one();
    }

    /// Asks for everybody at once and as fast as the budget allows. While the instance is disabled nobody is polled; name the people to
    /// [`refresh`](Self::refresh) then.
    pub fn sweep_now(&self) {
        self.0.everybody.store(true, Ordering::Release);
        self.0.wake.notify_one();
    }

    /// Polls so from now on.
    pub fn set(&self, polling: Polling) {
        self.0.interval_ms.store(polling.interval_ms.max(1), Ordering::Relaxed);
        self.0.adaptive.store(polling.adaptive, Ordering::Relaxed);
        self.0.watchdog_ms.store(polling.watchdog_ms.max(1), Ordering::Relaxed);
        self.0.wake.notify_one();
    }
}

impl Shared {
    pub(super) fn new(clock: Clock, polling: Polling) -> Shared {
        Shared {
            clock,
            interval_ms: AtomicU64::new(polling.interval_ms.max(1)),
            adaptive: AtomicBool::new(polling.adaptive),
            watchdog_ms: AtomicU64::new(polling.watchdog_ms.max(1)),
            everybody: AtomicBool::new(false),
            wanted: Mutex::default(),
            by_hand: Mutex::default(),
            awaited: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// The host wants to know of these.
    pub(super) fn want_by_hand(&self, ids: impl IntoIterator<Item = Guid>, now: u64) {
        let (mut wanted, mut by_hand) = (lock(&self.wanted), lock(&self.by_hand));
        for id in ids {
            if wanted.len() < MOST_WANTED || wanted.contains_key(&id) {
                wanted.insert(id, now);
                by_hand.insert(id);
            }
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
