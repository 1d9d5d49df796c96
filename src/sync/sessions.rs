//! What stands in Teams of the host's calls, as far as known, and when the next request about it is due.

use std::collections::{BTreeSet, HashMap};

use super::publication::Act;
use crate::presence::Guid;

/// What Graph has of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Nothing,
    /// Taken, and when it ends by itself.
    Session {
        refresh_at: u64,
        until: u64,
    },
    /// Asked for, and no answer: at the latest it ends then.
    Perhaps {
        until: u64,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    pub(super) stands: Stands,
    /// The request under way, by its number.
    pub(super) out: Option<(u64, Act)>,
    pub(super) not_before: u64,
    pub(super) failures: u32,
    /// Its place in the row of what is due.
    pub(super) at: Option<u64>,
}

/// The sessions of one instance.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug, Default)]
pub(super) struct Sessions {
    pub(super) sessions: HashMap<Guid, Session>,
    pub(super) due: BTreeSet<(u64, Guid)>,
    /// Nothing goes before this.
    pub(super) not_before: u64,
    /// Failures in a row that concern everybody.
    pub(super) failures: u32,
    pub(super) serial: u64,
}

impl Stands {
    pub(super) fn until(self) -> u64 {
        match self {
            Stands::Nothing => 0,
            Stands::Session { until, .. } | Stands::Perhaps { until } => until,
        }
    }
}

impl Sessions {
    pub(super) fn place(&mut self, object: Guid, at: Option<u64>) {
        let Some(session) = self.sessions.get_mut(&object) else { return };
        if let Some(old) = std::mem::replace(&mut session.at, at) {
            self.due.remove(&(old, object));
        }
        if let Some(at) = at {
            self.due.insert((at, object));
        }
    }

    pub(super) fn remove(&mut self, object: Guid) {
        self.place(object, None);
        self.sessions.remove(&object);
    }
}
