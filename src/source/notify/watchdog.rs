//! Whether the notifications of one subscription can be trusted.
//!
//! Graph does not say when it goes quiet, so everybody is polled now and then all the same. A poll that shows a change of somebody of whom no
//! notification comes within a minute and a bit is a miss: Microsoft promises a minute at the most (change notifications for presence,
//! 2026-08-15). Nobody changing is no fault, however long it lasts.
//!
//! After a miss the subscription is made anew and its people are polled as fast as everybody else, until it has proved itself: by
//! [`PROOF_CHANGES`] changes that were told before a poll saw them or within the minute after, or by [`PROOF_QUIET_MS`] of such polling without
//! another miss. Making it anew is not tried more often than every [`RESUBSCRIBE_MS`], doubling: where it does not help, polling serves.
//!
//! Pure: time is an argument, in milliseconds of the monotonic clock.

use std::collections::HashMap;

use crate::graph::subscriptions::MOST_SUBSCRIBED;
use crate::presence::Guid;

/// How long a notification may take after a poll saw the change: Graph's minute, and time to deliver, decrypt and read.
pub const GRACE_MS: u64 = 75_000;
/// A subscription is not held to account for what happens right after it was made.
const SETTLE_MS: u64 = 10_000;
/// So many changes told in time are proof.
pub const PROOF_CHANGES: u32 = 3;
/// So long without a miss, polled fast, is proof.
pub const PROOF_QUIET_MS: u64 = 10 * 60_000;
/// Misses are told at most so often, and a subscription that missed something is made anew at most so often, that doubling to [`RESUBSCRIBE_MOST_MS`].
pub const RESUBSCRIBE_MS: u64 = 10 * 60_000;
/// See [`RESUBSCRIBE_MS`].
pub const RESUBSCRIBE_MOST_MS: u64 = 2 * 3_600_000;
/// Proved for so long, the next miss counts as the first.
const FORGIVEN_MS: u64 = 6 * 3_600_000;

/// How often the people of a subscription are to be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At the watchdog's interval: notifications are trusted.
    Watch,
    /// At the poll interval, as if there were no notifications.
    Fast,
}

/// What the watchdog found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Changes of so many people were not told.
    Missed {
        /// Of how many.
        people: usize,
        /// The subscription is to be made anew now; otherwise that was done lately.
        resubscribe: bool,
    },
    /// Notifications have proved themselves again.
    Proved,
}

/// The watchdog of one account's subscription.
#[derive(Debug, Default)]
pub struct Watchdog {
    /// Since when there is a subscription; `None`: there is none.
    live_since: Option<u64>,
    /// From this moment on a change must be told: everybody has been polled since the subscription began.
    baseline: Option<u64>,
    /// Until when it lives unless it is renewed.
    ends_at: u64,
    /// Changes that a poll saw first, and when it was asked.
    suspects: HashMap<Guid, u64>,
    /// Since the last miss, until proof.
    doubt: Option<Doubt>,
    /// When it was made anew for a miss, and how many times in a row.
    resubscribed_at: Option<u64>,
    resubscribed: u32,
    /// When a miss was told last.
    told_at: Option<u64>,
    trusted_since: u64,
}

#[derive(Clone, Copy, Debug)]
struct Doubt {
    /// The subscription that is to prove itself lives since, and nothing was missed since.
    clean_since: Option<u64>,
    told_in_time: u32,
}

impl Watchdog {
    /// A subscription began, or took the place of another. It is watched from the next round in which everybody was polled.
    pub fn began(&mut self, ends_at: u64, now: u64) {
        self.live_since = Some(now);
        self.ends_at = ends_at;
        self.baseline = None;
        self.suspects.clear();
        if let Some(doubt) = &mut self.doubt {
            doubt.clean_since = Some(now);
            doubt.told_in_time = 0;
        }
    }

    /// It was renewed.
    pub fn renewed(&mut self, ends_at: u64) {
        self.ends_at = ends_at;
    }

    /// There is none any more.
    pub fn ended(&mut self) {
        self.live_since = None;
        self.baseline = None;
        self.suspects.clear();
        if let Some(doubt) = &mut self.doubt {
            doubt.clean_since = None;
            doubt.told_in_time = 0;
        }
    }

    /// Everybody of the subscription was polled with good answers; the first of the questions was sent at `asked_at`, the last answer came at
    /// `now`.
    pub fn swept(&mut self, asked_at: u64, now: u64) {
        if self.baseline.is_none() && self.live_since.is_some_and(|since| asked_at >= since.saturating_add(SETTLE_MS)) {
            self.baseline = Some(now);
        }
    }

    /// A notification of this subscription came, of whatever kind and worth: also a duplicate, a late one, or one that told nothing new.
    /// `news`: it told an availability or activity that was not known.
    pub fn notified(&mut self, person: Guid, news: bool, now: u64) {
        let suspected = self.suspects.get(&person).copied();
        // What comes too late is still a miss, which the next judgement tells.
        let in_time = suspected.is_some_and(|seen_at| now <= seen_at.saturating_add(GRACE_MS));
        if in_time {
            self.suspects.remove(&person);
        }
        if let Some(doubt) = self.doubt.as_mut().filter(|_| in_time || (news && suspected.is_none())) {
            doubt.told_in_time = doubt.told_in_time.saturating_add(1);
        }
    }

    /// A poll, asked at `asked_at`, showed another availability or activity of a member than was known. Not to be called for fields that
    /// notifications do not carry, nor for answers that did not decide ([`Order`](super::Order)).
    pub fn differed(&mut self, person: Guid, asked_at: u64) {
        let watched = self.baseline.is_some_and(|baseline| asked_at > baseline);
        if watched && (self.suspects.len() < MOST_SUBSCRIBED || self.suspects.contains_key(&person)) {
            self.suspects.entry(person).or_insert(asked_at);
        }
    }

    /// The person is not in the subscription any more.
    pub fn forget(&mut self, person: Guid) {
        self.suspects.remove(&person);
    }

    /// How often the members are to be polled.
    pub fn pace(&self, now: u64) -> Pace {
        let lives = self.live_since.is_some() && now < self.ends_at;
        // A subscription that has not been watched from the start may have missed what happened while it was made.
        if lives && self.doubt.is_none() && self.baseline.is_some() { Pace::Watch } else { Pace::Fast }
    }

    /// Looks at what has become of the suspects. To be called at [`next_at`](Self::next_at), and after each sweep.
    pub fn judge(&mut self, now: u64) -> Option<Finding> {
        let before = self.suspects.len();
        self.suspects.retain(|_, seen_at| now <= seen_at.saturating_add(GRACE_MS));
        let people = before - self.suspects.len();
        if people > 0 {
            return self.missed(people, now);
        }
        let doubt = self.doubt?;
        let quiet = doubt.clean_since.is_some_and(|since| now >= since.saturating_add(PROOF_QUIET_MS));
        if self.live_since.is_none() || (doubt.told_in_time < PROOF_CHANGES && !quiet) {
            return None;
        }
        self.doubt = None;
        self.trusted_since = now;
        Some(Finding::Proved)
    }

    /// When [`judge`](Self::judge) is to be called at the latest; `None`: when something else happens.
    pub fn next_at(&self) -> Option<u64> {
        let suspect = self.suspects.values().min().map(|seen_at| seen_at.saturating_add(GRACE_MS + 1));
        let proof = self.doubt.and_then(|doubt| doubt.clean_since).map(|since| since.saturating_add(PROOF_QUIET_MS));
        suspect.into_iter().chain(proof).min()
    }

    fn missed(&mut self, people: usize, now: u64) -> Option<Finding> {
        if self.doubt.is_none() && now >= self.trusted_since.saturating_add(FORGIVEN_MS) {
            self.resubscribed = 0;
        }
        let pause = (RESUBSCRIBE_MS << self.resubscribed.saturating_sub(1).min(8)).min(RESUBSCRIBE_MOST_MS);
        let resubscribe = self.resubscribed_at.is_none_or(|at| now >= at.saturating_add(pause));
        if resubscribe {
            self.resubscribed_at = Some(now);
            self.resubscribed = self.resubscribed.saturating_add(1);
        }
        let due = self.told_at.is_none_or(|at| now >= at.saturating_add(RESUBSCRIBE_MS));
        let tell = resubscribe || self.doubt.is_none() || due;
        self.doubt = Some(Doubt { clean_since: Some(now), told_in_time: 0 });
        if tell {
            self.told_at = Some(now);
        }
        tell.then_some(Finding::Missed { people, resubscribe })
    }
}

#[cfg(test)]
#[path = "watchdog_tests.rs"]
mod tests;
