//! How the store does, in numbers.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use serde_json::{Value, json};

use super::place::Place;
use crate::event::{Measure, StatField, counter, gauge};

/// The members that [`Store::stats`](super::Store::stats) gives.
pub const STATS_FIELDS: &[StatField] = &[
    StatField {
        path: "state_file.path",
        measure: Measure::Text,
        unit: "",
        meaning: "the file that remembers across restarts; null without `state.dir`",
    },
    StatField {
        path: "state_file.condition",
        measure: Measure::Text,
        unit: "",
        meaning: "`none` (no `state.dir`), `closed` (not started), `good`, `slow` (a write does not come back), `failing`",
    },
    gauge("state_file.bytes", "bytes", "size of the file after the last write; 0 while it is not open"),
    gauge("state_file.notes", "notes", "small notes kept beside the users: sign-in, directory"),
    gauge("state_file.waiting", "records", "changes of users that are not on disk yet"),
    gauge("state_file.unnamed", "users", "users of an earlier run that the host has not handed over yet"),
    gauge("state_file.last_commit_age_ms", "ms", "since the last write that reached the disk; null before the first"),
    gauge("state_file.last_commit_took_ms", "ms", "how long that write took"),
    counter("state_file.commits", "writes", "that reached the disk"),
    counter("state_file.failures", "attempts", "to open or write that failed"),
];

/// What the thread counts, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Figures {
    commits: AtomicU64,
    failures: AtomicU64,
    bytes: AtomicU64,
    took_ms: AtomicU64,
    /// On the monotonic clock; 0 for never.
    last_at: AtomicU64,
    condition: AtomicI64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Closed = 0,
    Good = 1,
    Slow = 2,
    Failing = 3,
}

impl Figures {
    pub(super) fn committed(&self, at: u64, took_ms: u64, bytes: u64) {
        self.commits.fetch_add(1, Relaxed);
        self.last_at.store(at.max(1), Relaxed);
        self.took_ms.store(took_ms, Relaxed);
        self.bytes.store(bytes, Relaxed);
    }

    pub(super) fn sized(&self, bytes: u64) {
        self.bytes.store(bytes, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
        self.bytes.store(0, Relaxed);
    }

    pub(super) fn is(&self, condition: Condition) {
        self.condition.store(condition as i64, Relaxed);
    }

    /// `waiting` and `unnamed` are the engine's to know.
    pub(super) fn json(&self, place: Option<&Place>, notes: usize, waiting: usize, unnamed: usize, now: u64) -> Value {
        let condition = match self.condition.load(Relaxed) {
            _ if place.is_none() => "none",
            1 => "good",
            2 => "slow",
            3 => "failing",
            _ => "closed",
        };
        let last = self.last_at.load(Relaxed);
        json!({ "state_file": {
            "path": place.map(|place| place.file().display().to_string()),
            "condition": condition,
            "bytes": self.bytes.load(Relaxed),
            "notes": notes,
            "waiting": waiting,
            "unnamed": unnamed,
            "last_commit_age_ms": (last > 0).then(|| now.saturating_sub(last)),
            "last_commit_took_ms": self.took_ms.load(Relaxed),
            "commits": self.commits.load(Relaxed),
            "failures": self.failures.load(Relaxed),
        } })
    }
}
