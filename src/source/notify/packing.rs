//! Which account's subscription holds whom.
//!
//! What a subscription is about cannot be changed: another set of people means that it is ended and made anew, and for a moment nobody in
//! it is told of changes. So sets change seldom, and whoever is in none is polled meanwhile:
//!
//! - Somebody who comes joins an account that has no subscription yet, or one that is to change anyhow. Otherwise he waits until it is worth
//!   a change: a tenth of the set (at least 10 people) waits and nobody has come for 10 s, or somebody has waited for 15 minutes. Then
//!   everybody who waits goes where most room is, so that the fewest subscriptions change.
//! - Somebody who goes stays in the set, where he harms nobody, and who comes back meanwhile has lost nothing. After 10 minutes at the latest
//!   he is taken out.
//! - No set changes twice within 5 minutes, unless a person must go at once: Microsoft sends nobody his own presence, so people whose own
//!   accounts subscribe are in no set.
//! - An account that has been out for 10 minutes gives its people to the others.
//!
//! Pure: time is an argument, in milliseconds of the monotonic clock.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::graph::subscriptions::MOST_SUBSCRIBED;
use crate::presence::Guid;

/// A set without a subscription waits so long for more people, from the last who came and from the first.
const FIRST_QUIET_MS: u64 = 5_000;
const FIRST_MOST_MS: u64 = 30_000;
/// So many must wait, or this part of a set.
const WORTH_PEOPLE: usize = 10;
const WORTH_PART: usize = 10;
const WORTH_QUIET_MS: u64 = 10_000;
/// Nobody waits longer, if there is room.
pub const LONGEST_WAIT_MS: u64 = 15 * 60_000;
/// Nobody who went stays longer.
pub const LONGEST_STAY_MS: u64 = 10 * 60_000;
/// No set changes more often.
pub const BETWEEN_CHANGES_MS: u64 = 5 * 60_000;
/// An account that is out for longer gives its people away.
pub const OUT_MS: u64 = 10 * 60_000;

/// Why somebody is in no set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsubscribed {
    /// His own account subscribes.
    ServiceAccount,
    /// All sets are full.
    NoRoom,
    /// He has come lately; it is not worth a change yet.
    Waiting,
}

/// A set that is to be subscribed from now on, in place of the one before. An empty one: end the subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The number of the account.
    pub account: usize,
    /// Its set, in order.
    pub members: Arc<[Guid]>,
}

/// The sets of all accounts.
#[derive(Debug)]
pub struct Packing {
    sets: Vec<Set>,
    /// Who is to be subscribed.
    wanted: HashSet<Guid>,
    /// Of those, who is in no set, and since when. Service accounts are not among them.
    waiting: BTreeMap<Guid, u64>,
    last_join: u64,
}

#[derive(Debug, Default)]
struct Set {
    members: Arc<[Guid]>,
    /// Members who are not wanted any more, and since when.
    gone: BTreeMap<Guid, u64>,
    /// The person whose account it is.
    own: Option<Guid>,
    /// The account cannot subscribe, since when; `None`: it can.
    out_since: Option<u64>,
    changed_at: Option<u64>,
}

impl Set {
    fn room(&self) -> usize {
        MOST_SUBSCRIBED.saturating_sub(self.members.len() - self.gone.len())
    }

    fn may_change(&self, now: u64) -> bool {
        self.members.is_empty() || self.changed_at.is_none_or(|at| now >= at.saturating_add(BETWEEN_CHANGES_MS))
    }

    /// When the first of those who went must be out.
    fn stays_until(&self) -> Option<u64> {
        let first = self.gone.values().min()?.saturating_add(LONGEST_STAY_MS);
        Some(first.max(self.changed_at.map_or(0, |at| at.saturating_add(BETWEEN_CHANGES_MS))))
    }
}

impl Packing {
    /// For so many accounts, all of them able to subscribe.
    pub fn new(accounts: usize) -> Packing {
        let sets = (0..accounts).map(|_| Set::default()).collect();
        Packing { sets, wanted: HashSet::new(), waiting: BTreeMap::new(), last_join: 0 }
    }

    /// What the account had subscribed before a restart: to be called before the first [`want`](Self::want), so that a subscription that
    /// still lives can be taken over as it is.
    pub fn remember(&mut self, account: usize, members: &[Guid]) {
        let held: HashSet<Guid> = self.sets.iter().flat_map(|set| set.members.iter().copied()).collect();
        let Some(set) = self.sets.get_mut(account) else { return };
        let kept: BTreeSet<Guid> = members.iter().copied().filter(|member| !held.contains(member)).collect();
        if kept.len() <= MOST_SUBSCRIBED {
            set.members = kept.into_iter().collect();
        }
    }

    /// Who is to be subscribed from now on: everybody whose presence is followed, at `now`.
    pub fn want(&mut self, people: impl IntoIterator<Item = Guid>, now: u64) {
        self.wanted = people.into_iter().collect();
        self.sort(now);
    }

    /// Whose account it is, once the sign-in tells.
    pub fn owned_by(&mut self, account: usize, person: Option<Guid>, now: u64) {
        if let Some(set) = self.sets.get_mut(account).filter(|set| set.own != person) {
            set.own = person;
            self.sort(now);
        }
    }

    /// Whether the account can subscribe: signed in, and not refused for good.
    pub fn usable(&mut self, account: usize, usable: bool, now: u64) {
        if let Some(set) = self.sets.get_mut(account) {
            set.out_since = if usable { None } else { set.out_since.or(Some(now)) };
        }
    }

    /// The set of an account, in order; with those who went and are not out yet.
    pub fn members(&self, account: usize) -> Arc<[Guid]> {
        self.sets.get(account).map(|set| set.members.clone()).unwrap_or_default()
    }

    /// Everybody wanted who is in no set, in order, and why.
    pub fn unsubscribed(&self) -> Vec<(Guid, Unsubscribed)> {
        let own: BTreeSet<Guid> = self.own().filter(|person| self.wanted.contains(person)).collect();
        let mut out: Vec<_> = own.into_iter().map(|person| (person, Unsubscribed::ServiceAccount)).collect();
        let room: usize = self.sets.iter().filter(|set| set.out_since.is_none()).map(Set::room).sum();
        let why = |at: usize| if at < room { Unsubscribed::Waiting } else { Unsubscribed::NoRoom };
        out.extend(self.queue().into_iter().enumerate().map(|(at, person)| (person, why(at))));
        out.sort_unstable();
        out
    }

    /// What is to change now.
    pub fn plan(&mut self, now: u64) -> Vec<Change> {
        let mut changes = self.give_away(now);
        let mut targets: Vec<usize> = Vec::new();
        let usable = |set: &Set| set.out_since.is_none();
        let must =
            |set: &Set| set.own.is_some_and(|own| set.gone.contains_key(&own)) || set.stays_until().is_some_and(|at| now >= at);
        targets.extend((0..self.sets.len()).filter(|at| usable(&self.sets[*at]) && must(&self.sets[*at])));
        let mut room: usize = targets.iter().map(|at| self.sets[*at].room()).sum();
        if self.first_due(now) {
            let fresh = (0..self.sets.len()).filter(|at| usable(&self.sets[*at]) && self.sets[*at].members.is_empty());
            for at in fresh.collect::<Vec<_>>() {
                if room >= self.waiting.len() {
                    break;
                }
                room += self.sets[at].room();
                targets.push(at);
            }
        }
        while room < self.waiting.len() {
            let open = |at: &usize| usable(&self.sets[*at]) && self.sets[*at].may_change(now) && !targets.contains(at);
            let most = (0..self.sets.len()).filter(open).max_by_key(|at| (self.sets[*at].room(), usize::MAX - at));
            let Some(at) = most.filter(|at| self.is_worth(*at, self.waiting.len() - room, now)) else { break };
            room += self.sets[at].room();
            targets.push(at);
        }
        let mut queue = self.queue().into_iter();
        for at in targets {
            let set = &mut self.sets[at];
            let mut members: BTreeSet<Guid> =
                set.members.iter().copied().filter(|member| !set.gone.contains_key(member)).collect();
            for person in queue.by_ref().take(set.room()) {
                members.insert(person);
                self.waiting.remove(&person);
            }
            if members.len() == set.members.len() && set.gone.is_empty() {
                continue;
            }
            set.gone.clear();
            set.members = members.into_iter().collect();
            set.changed_at = Some(now);
            changes.push(Change { account: at, members: set.members.clone() });
        }
        changes
    }

    /// When [`plan`](Self::plan) is to be asked again at the latest, if nothing else happens before.
    pub fn next_at(&self, now: u64) -> Option<u64> {
        let mut times: Vec<u64> = Vec::new();
        if let Some(first) = self.waiting.values().min() {
            times.extend([first + FIRST_MOST_MS, self.last_join + FIRST_QUIET_MS, self.last_join + WORTH_QUIET_MS]);
            times.push(first + LONGEST_WAIT_MS);
            times.extend(self.sets.iter().filter_map(|set| Some(set.changed_at? + BETWEEN_CHANGES_MS)));
        }
        times.extend(self.sets.iter().filter_map(Set::stays_until));
        let out = self.sets.iter().filter(|set| !set.members.is_empty()).filter_map(|set| set.out_since);
        times.extend(out.map(|since| since + OUT_MS));
        times.into_iter().filter(|at| *at > now).min()
    }

    fn own(&self) -> impl Iterator<Item = Guid> {
        self.sets.iter().filter_map(|set| set.own)
    }

    /// Those who wait, the longest first.
    fn queue(&self) -> Vec<Guid> {
        let mut queue: Vec<(u64, Guid)> = self.waiting.iter().map(|(person, since)| (*since, *person)).collect();
        queue.sort_unstable();
        queue.into_iter().map(|(_, person)| person).collect()
    }

    /// Puts everybody where he belongs: member, gone, or waiting.
    fn sort(&mut self, now: u64) {
        let own: HashSet<Guid> = self.own().collect();
        let mut held = HashSet::new();
        for set in &mut self.sets {
            for member in set.members.iter() {
                held.insert(*member);
                if self.wanted.contains(member) && !own.contains(member) {
                    set.gone.remove(member);
                } else {
                    set.gone.entry(*member).or_insert(now);
                }
            }
        }
        let waits = |person: &Guid| !held.contains(person) && !own.contains(person);
        self.waiting.retain(|person, _| self.wanted.contains(person) && waits(person));
        for person in self.wanted.iter().filter(|person| waits(person)) {
            self.waiting.entry(*person).or_insert_with(|| {
                self.last_join = now;
                now
            });
        }
    }

    /// Empties the sets of accounts that have been out for long.
    fn give_away(&mut self, now: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        for (account, set) in self.sets.iter_mut().enumerate() {
            if set.out_since.is_some_and(|since| now >= since.saturating_add(OUT_MS)) && !set.members.is_empty() {
                set.members = Arc::from([]);
                set.gone.clear();
                set.changed_at = Some(now);
                changes.push(Change { account, members: set.members.clone() });
            }
        }
        if !changes.is_empty() {
            self.sort(now);
        }
        changes
    }

    /// Those who wait may make a set that there is none of yet.
    fn first_due(&self, now: u64) -> bool {
        let Some(first) = self.waiting.values().min() else { return false };
        now >= self.last_join.saturating_add(FIRST_QUIET_MS) || now >= first.saturating_add(FIRST_MOST_MS)
    }

    /// Whether it is worth to change this set for so many who wait.
    fn is_worth(&self, account: usize, waiting: usize, now: u64) -> bool {
        let set = &self.sets[account];
        let joins = waiting.min(set.room());
        let overdue = self.waiting.values().min().is_some_and(|first| now >= first.saturating_add(LONGEST_WAIT_MS));
        let many = joins >= WORTH_PEOPLE.max(set.members.len() / WORTH_PART);
        joins > 0 && (overdue || (many && now >= self.last_join.saturating_add(WORTH_QUIET_MS)))
    }
}

#[cfg(test)]
#[path = "packing_tests.rs"]
mod tests;
