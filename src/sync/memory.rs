//! What the disk has of the users, what is on its way there, and what an earlier run left.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::keeps::Keeps;
use super::roster::Slot;

/// Whether there is a disk, and how it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Memory {
    /// No state directory.
    #[default]
    Off,
    /// There is one, and it cannot be used: nothing waits for it.
    Failing,
    /// A write has not come back for [`PATIENCE_MS`](super::PATIENCE_MS): nothing waits for it.
    Slow,
    /// What is to be kept is.
    Good,
}

/// What is under way to the disk.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Flight {
    /// Users whose intent it carries.
    pub(super) intents: Vec<Slot>,
    /// When the oldest of it came to be.
    pub(super) since: u64,
    /// The age that it carries, on the monotonic clock.
    pub(super) good_at: u64,
}

/// The engine's part of the bargain.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Keep {
    pub(super) memory: Memory,
    /// Users whose record is not what it should be; each once, by his own mark.
    pub(super) dirty: Vec<Slot>,
    /// Records to write of users who have no place here.
    pub(super) others: Vec<(Arc<str>, Keeps)>,
    pub(super) dirty_since: Option<u64>,
    pub(super) flight: Option<Flight>,
    /// A write did not come back in time; to be told by whoever knows its name.
    pub(super) slow_news: bool,
    /// Records of an earlier run whose users the host has not named yet.
    pub(super) unnamed: HashMap<Arc<str>, Keeps>,
    /// The host has handed over a whole list; who was not in it is removed.
    pub(super) named_all: bool,
    /// The host has put a user.
    pub(super) puts: bool,
    /// When the unnamed count as removed.
    pub(super) expel_at: Option<u64>,
    /// The last good answer of an earlier run, on today's monotonic clock.
    pub(super) aged: Option<u64>,
    /// Users of whom that run left something: it is their age too, until they are seen.
    pub(super) aged_users: HashSet<Slot>,
    /// The last good answer of this run; 0 before it.
    pub(super) good_at: u64,
    /// The one that was written last.
    pub(super) good_kept: u64,
    pub(super) ran: bool,
    pub(super) stopped_at: u64,
}
