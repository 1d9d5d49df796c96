//! What is known of the host's calls: who is in one, and since when Teams shows one.

use std::collections::{HashMap, HashSet};

use super::roster::Slot;
use crate::presence::{Activity, Availability, Presence};

/// How long before its report, and after its end, a call may come back from Teams.
pub(super) const AROUND_MS: u64 = 5 * 60_000;
/// A report without end is forgotten after this long.
const FORGET_MS: u64 = 4 * 3_600_000;

/// What is known of the host's calls.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) lines: HashMap<Slot, Line>,
    /// Who is, or lately was, in a call of the host's, himself or as another user of the same person: his presences are looked at more closely.
    pub(super) marked: HashSet<Slot>,
    /// The users whose newest presence is one of a call.
    pub(super) runs: HashMap<Slot, Run>,
}

/// A call of one user, in progress or ended lately.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) began: u64,
    /// Last reported.
    pub(super) reported: u64,
    pub(super) ended: Option<u64>,
    /// A presence of a call was seen since it began.
    pub(super) echoed: bool,
    /// This library published it, or may have: it will come back.
    pub(super) published: bool,
    /// It is over, and a crashed process may have left its session in Teams (`leftover.rs`).
    pub(super) leftover: bool,
}

impl Calls {
    /// Asked for each presence of a sweep, so mostly of an empty table.
    pub(super) fn marks(&self, slot: Slot) -> bool {
        !self.marked.is_empty() && self.marked.contains(&slot)
    }
}

impl Line {
    /// It begins.
    pub(super) fn new(at: u64) -> Line {
        Line { began: at, reported: at, ended: None, echoed: false, published: false, leftover: false }
    }

    pub(super) fn end(&self) -> u64 {
        self.ended.unwrap_or(self.reported.saturating_add(FORGET_MS))
    }

    pub(super) fn is_open(&self, now: u64) -> bool {
        now < self.end()
    }

    pub(super) fn until(&self) -> u64 {
        self.end().saturating_add(AROUND_MS)
    }

    /// Another presence than a call's was seen. After the end of the call that shows that the call has passed in Teams too; of a call
    /// that was published it does so only once the call has been seen, because what is written there shows late.
    pub(super) fn is_over_by(&self, now: u64) -> bool {
        !self.is_open(now) && (self.echoed || !self.published)
    }
}

/// Presences of calls without another one between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The newest presence that decided before; `None` where nothing was known.
    pub(super) before: Option<Presence>,
    /// When that one was last confirmed.
    pub(super) confirmed: u64,
    /// Since when it has been calls.
    pub(super) since: u64,
    /// Since when the run itself decides.
    pub(super) decides_since: u64,
    /// It decides nothing at present.
    pub(super) held: bool,
}

impl Run {
    /// Which presence decides while the run does not: the one before it. But DoNotDisturb outranks Busy in what Teams shows (Microsoft Graph,
    /// presence sessions), so that where a call is to be seen it is over, by proof. After the five minutes that a call may come back late, the
    /// person counts as what is shown without the call's activity.
    pub(super) fn decides(&self, shown: Presence, now: u64) -> Option<Presence> {
        if self.is_outranked(now) { Some(Presence { activity: Activity::Unknown, ..shown }) } else { self.before }
    }

    /// The presence before it is over by proof.
    pub(super) fn is_outranked(&self, now: u64) -> bool {
        self.outranked_at().is_some_and(|at| at <= now)
    }

    /// When that counts.
    pub(super) fn outranked_at(&self) -> Option<u64> {
        self.before
            .filter(|before| before.availability == Availability::DoNotDisturb)
            .map(|_| self.since.saturating_add(AROUND_MS))
    }
}
