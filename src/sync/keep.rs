//! What of the users outlives the process, and when it must be on disk.
//!
//! The engine says what is to be kept ([`Engine::take_commit`]), the store says what was ([`Engine::kept`]) and what it found
//! ([`Engine::found`]). Three facts of each DND of a user are kept: it is ours, an ON was *intended*, a person overrode ours. An intent is on
//! disk before the ON of a user not owned is handed out, so that a crash in between leaves no DND behind that nobody knows of. Nobody
//! else waits for it, and he no longer than [`PATIENCE_MS`]. See docs/decisions/0011 and 0012.

use std::collections::HashMap;
use std::sync::Arc;

use super::dnd::DndLane;
use super::engine::{Engine, Phase};
use super::intent::Intent;
use super::keeps::Keeps;
use super::memory::{Flight, Keep, Memory};
use super::roster::Slot;
use super::stamp::Stamp;
use super::terms::Lane;
use super::user::User;
use crate::config::OnStop;
use crate::presence::Dnd;
use crate::time::Moment;

/// How long a change waits for the disk before it is handed out all the same.
pub const PATIENCE_MS: u64 = 2_000;
/// Stored users that the host has not named count as removed so long after it began to name users one by one.
pub(super) const UNNAMED_MS: u64 = 60_000;
/// The time of the last good answer is written at most this often, unless something else is written anyway.
const AGE_EVERY_MS: u64 = 60_000;

/// What is to be written in one go, the whole of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Users with what is to be kept of them, in this order; [`Keeps::NOTHING`] strikes the record out.
    pub users: Vec<(Arc<str>, Keeps)>,
    /// When the source last gave a good answer, in milliseconds since 1970.
    pub last_good_ms: Option<i64>,
}

/// What a file held when it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Users with a record.
    pub users: Vec<(Arc<str>, Keeps)>,
    /// When the source last gave a good answer.
    pub last_good_ms: Option<i64>,
    /// Nobody but this instance has written the file since it was last opened here: memory knows better where the two differ.
    pub own: bool,
}

impl Engine {
    // ---- the store's side ----

    /// There is a state directory. Until the first [`found`](Self::found) nothing waits for it.
    pub fn remember(&mut self) {
        if self.keep.memory == Memory::Off {
            self.keep.memory = Memory::Failing;
        }
    }

    /// A file was opened: what an earlier run left is taken up, and what it should say but does not is written.
    pub fn found(&mut self, found: Found, now: Moment) {
        self.forget_pending();
        self.keep.memory = Memory::Good;
        let Found { users, last_good_ms, own } = found;
        let mut file: HashMap<Arc<str>, Keeps> = users.into_iter().collect();
        if !own {
            self.keep.aged = last_good_ms.map(|wall| now.mono_ms.saturating_sub(now.wall_ms.saturating_sub(wall).max(0) as u64));
        }
        // Another process may have gone on where this one stopped: its file is newer than our memory, but not than what the host said since.
        let forget = !own && self.keep.ran && self.phase == Phase::Stopped;
        for slot in self.roster.slots() {
            let Some(user) = self.roster.get_mut(slot) else { continue };
            user.kept = file.remove(&user.id).unwrap_or_default();
            let stopped_at = self.keep.stopped_at;
            user.lanes_mut().filter(|lane| forget && lane.acknowledged_at() <= stopped_at).for_each(DndLane::forget_claims);
            if !own {
                let kept = user.kept;
                self.restore(slot, kept);
            }
        }
        if own {
            for (id, keeps) in &self.keep.unnamed {
                if file.remove(id) != Some(*keeps) {
                    self.keep.others.push((id.clone(), *keeps));
                }
            }
            self.keep.others.extend(file.into_keys().map(|id| (id, Keeps::NOTHING)));
        } else {
            self.keep.unnamed.extend(file);
        }
        for slot in self.roster.slots() {
            self.after(slot, now);
        }
        if !self.keep.others.is_empty() {
            self.keep.dirty_since.get_or_insert(now.mono_ms);
        }
        self.await_names(now);
    }

    /// The disk cannot be used. What waited for it goes out; everything goes on without.
    pub fn lost(&mut self, now: Moment) {
        if self.keep.memory == Memory::Off {
            return;
        }
        self.keep.memory = Memory::Failing;
        let waiting: Vec<Slot> = self.intending();
        self.forget_pending();
        waiting.into_iter().for_each(|slot| self.after(slot, now));
    }

    /// There is something to write, and nothing is being written.
    pub fn has_commit(&self, now: Moment) -> bool {
        let usable = matches!(self.keep.memory, Memory::Good | Memory::Slow);
        usable && self.keep.flight.is_none() && (self.keep.dirty_since.is_some() || self.age_is_due(now))
    }

    /// What is to be written now. The next is given only after [`kept`](Self::kept) or [`found`](Self::found).
    pub fn take_commit(&mut self, now: Moment) -> Option<Commit> {
        if !self.has_commit(now) {
            return None;
        }
        let since = self.keep.dirty_since.take().unwrap_or(now.mono_ms);
        let mut users = std::mem::take(&mut self.keep.others);
        let mut intents = Vec::new();
        let told_of_queue = self.settings.outputs.queue;
        for slot in std::mem::take(&mut self.keep.dirty) {
            let Some(user) = self.roster.get_mut(slot) else { continue };
            // A place that was given to somebody else meanwhile.
            if !std::mem::take(&mut user.dirty) {
                continue;
            }
            let keeps = user.keeps(told_of_queue);
            user.kept = keeps;
            users.push((user.id.clone(), keeps));
            let mut intended = false;
            for lane in user.lanes_mut().filter(|lane| lane.intent() == Intent::Asked) {
                lane.set_intent(Intent::Flying);
                intended = true;
            }
            if intended {
                intents.push(slot);
            }
        }
        let good_at = self.keep.good_at;
        let last_good_ms = (good_at > self.keep.good_kept).then(|| now.wall_at(good_at));
        self.keep.flight = Some(Flight { intents, since, good_at });
        Some(Commit { users, last_good_ms })
    }

    /// The commit that was taken last is on disk.
    pub fn kept(&mut self, now: Moment) {
        let Some(flight) = self.keep.flight.take() else { return };
        self.keep.good_kept = flight.good_at;
        if self.keep.memory == Memory::Slow {
            self.keep.memory = Memory::Good;
        }
        for slot in flight.intents {
            let Some(user) = self.roster.get_mut(slot) else { continue };
            user.lanes_mut().filter(|lane| lane.intent() == Intent::Flying).for_each(|lane| lane.set_intent(Intent::Kept));
            self.after(slot, now);
        }
    }

    /// A write has become too slow to be waited for. Answers true once for each time.
    pub fn take_slow(&mut self) -> bool {
        std::mem::take(&mut self.keep.slow_news)
    }

    /// Changes that are not on disk yet.
    pub fn unkept(&self) -> usize {
        let flying = usize::from(self.keep.flight.is_some());
        self.keep.dirty.len() + self.keep.others.len() + flying
    }

    /// Users of an earlier run that the host has not named.
    pub fn unnamed(&self) -> usize {
        self.keep.unnamed.len()
    }

    /// An earlier run left something of ours at users whom the host has not named yet.
    pub(super) fn has_unnamed_claims(&self) -> bool {
        self.keep.unnamed.values().any(|keeps| self.is_claimed(*keeps))
    }

    /// What a host was told of the queue that can no longer be told of it cannot be given back.
    fn is_claimed(&self, keeps: Keeps) -> bool {
        keeps.direct().claims() || self.settings.outputs.queue && keeps.queue().claims()
    }

    // ---- the engine's side ----

    /// What is held must be remembered: without a disk that works, or one that is not there, it would be taken for a person's.
    pub(super) fn releases_on_stop(&self) -> bool {
        match self.settings.on_stop {
            OnStop::Release => true,
            OnStop::Hold => false,
            OnStop::Auto => self.keep.memory != Memory::Good,
        }
    }

    /// What is wanted of a user has been looked at: asks for the intent, drops one that is not wanted any more, and notes what is to be written.
    pub(super) fn mind(&mut self, slot: Slot, now: Moment) {
        if self.keep.memory == Memory::Off {
            return;
        }
        let running = self.phase == Phase::Running;
        let (force, told_of_queue) = (self.settings.policy.force, self.settings.outputs.queue);
        // In a dry run nothing is switched on, so nothing is intended.
        let running = running && !self.settings.dry_run;
        let Some(user) = self.roster.get_mut(slot) else { return };
        let may = running && !user.gone;
        let mut asked = false;
        for lane in user.lanes_mut() {
            let on = may && lane.needs_intent() && matches!(lane.wanted(force), Some((Dnd::On, _)));
            match lane.intent() {
                Intent::None if on && lane.offer().may(Dnd::On, now.mono_ms) => lane.set_intent(Intent::Asked),
                Intent::Asked | Intent::Flying | Intent::Kept if !on && !lane.offer().is_out() => lane.set_intent(Intent::None),
                _ => {}
            }
            asked |= lane.intent() == Intent::Asked;
        }
        if self.keep.memory == Memory::Failing || user.dirty {
            return;
        }
        if user.keeps(told_of_queue) != user.kept || asked {
            user.dirty = true;
            self.keep.dirty.push(slot);
            self.keep.dirty_since.get_or_insert(now.mono_ms);
        }
    }

    /// An ON of this DND waits for the disk.
    pub(super) fn waits_for_disk(&self, lane: &DndLane) -> bool {
        self.keep.memory == Memory::Good && lane.needs_intent() && lane.intent() != Intent::Kept
    }

    /// A user goes; his record goes too. What of an earlier run an unnamed one left is not his business.
    pub(super) fn strike_out(&mut self, slot: Slot, now: u64) {
        self.keep.aged_users.remove(&slot);
        if let Some(user) = self.roster.get(slot)
            && user.kept != Keeps::NOTHING
            && self.keep.memory != Memory::Off
        {
            self.keep.others.push((user.id.clone(), Keeps::NOTHING));
            self.keep.dirty_since.get_or_insert(now);
        }
    }

    /// A user has come; what an earlier run knew of him is taken up.
    pub(super) fn recall(&mut self, slot: Slot) {
        let Some(user) = self.roster.get_mut(slot) else { return };
        if let Some(keeps) = self.keep.unnamed.remove(&user.id) {
            user.kept = keeps;
            self.restore(slot, keeps);
        }
    }

    fn restore(&mut self, slot: Slot, keeps: Keeps) {
        let aged = self.keep.aged;
        let queue = self.restore_queue(slot, keeps);
        let Some(user) = self.roster.get_mut(slot) else { return };
        let direct = keeps.direct() != Keeps::NOTHING && user.dnd.restore(keeps.direct());
        for which in [Lane::Direct, Lane::Queue] {
            if user.lane(which).is_some_and(DndLane::overrides) {
                // It began in an earlier run.
                self.aside.overridden_since(slot, which, 0);
            }
        }
        if !direct && !queue {
            return;
        }
        if let Some(aged) = aged {
            user.seen_at = user.seen_at.min(aged);
            self.keep.aged_users.insert(slot);
        }
        self.stale_scan_at =
            self.stale_scan_at.min(user.seen_at.saturating_add(self.settings.stale_after_ms).max(self.scan_from()));
    }

    /// The engine starts: the unnamed begin to wait.
    pub(super) fn begin_keeping(&mut self, now: Moment) {
        self.keep.ran = true;
        self.keep.good_at = 0;
        self.keep.good_kept = 0;
        self.await_names(now);
    }

    pub(super) fn end_keeping(&mut self, now: Moment) {
        self.keep.stopped_at = now.mono_ms;
        self.keep.expel_at = None;
    }

    /// From when a user counts of whom this process has seen nothing: from what an earlier one left of him, or from the start. How long
    /// ago he was handed over says nothing: nobody asked Graph before the start.
    pub(super) fn age_of_the_unseen(&self, slot: Slot, started: u64) -> u64 {
        self.keep.aged.filter(|_| self.keep.aged_users.contains(&slot)).map_or(started, |aged| aged.min(started))
    }

    /// The host has handed over all users, or one.
    pub(super) fn named(&mut self, all: bool, now: Moment) {
        self.keep.named_all |= all;
        self.keep.puts = true;
        self.await_names(now);
    }

    fn await_names(&mut self, now: Moment) {
        if self.keep.unnamed.is_empty() {
            self.keep.expel_at = None;
        } else if self.keep.named_all {
            self.expel_unnamed(now);
        } else if self.phase == Phase::Running && self.keep.puts && self.keep.expel_at.is_none() {
            self.keep.expel_at = Some(now.mono_ms + UNNAMED_MS);
        }
    }

    /// Who was not named counts as removed: what is ours is given back. He exists by his id only, without an address.
    fn expel_unnamed(&mut self, now: Moment) {
        self.keep.expel_at = None;
        for (id, keeps) in std::mem::take(&mut self.keep.unnamed) {
            self.expel(id, keeps, now);
        }
    }

    /// The host removes a user of an earlier run whom it has not named before. False if there is none.
    pub(super) fn expel_one(&mut self, id: &str, now: Moment) -> bool {
        match self.keep.unnamed.remove_entry(id) {
            Some((id, keeps)) => {
                self.expel(id, keeps, now);
                true
            }
            None => false,
        }
    }

    fn expel(&mut self, id: Arc<str>, keeps: Keeps, now: Moment) {
        if !self.is_claimed(keeps) {
            self.keep.others.push((id, Keeps::NOTHING));
            self.keep.dirty_since.get_or_insert(now.mono_ms);
            return;
        }
        let order = self.take_order();
        let mut user = User::new(id, order, now.mono_ms);
        user.dnd.start();
        user.kept = keeps;
        user.dnd.restore(keeps.direct());
        user.leaving = Some(Stamp::at(now.mono_ms));
        let slot = self.roster.insert(user);
        self.restore_queue(slot, keeps);
        self.evaluate(slot, now.mono_ms, now);
    }

    /// A good answer came.
    pub(super) fn note_good(&mut self, now: Moment) {
        self.keep.good_at = now.mono_ms;
    }

    fn age_is_due(&self, now: Moment) -> bool {
        let Keep { good_at, good_kept, .. } = self.keep;
        let since = now.mono_ms.saturating_sub(good_kept);
        good_at > good_kept && (since >= AGE_EVERY_MS || self.phase == Phase::Stopped)
    }

    /// When the disk has been waited for long enough, or the unnamed count as removed.
    pub(super) fn keeping_deadline(&self) -> Option<u64> {
        let waited = self.waited_since().map(|since| since + PATIENCE_MS);
        [waited, self.keep.expel_at].into_iter().flatten().min()
    }

    fn waited_since(&self) -> Option<u64> {
        let since = self.keep.flight.as_ref().map(|flight| flight.since).or(self.keep.dirty_since);
        since.filter(|_| self.keep.memory == Memory::Good)
    }

    pub(super) fn tick_keeping(&mut self, now: Moment) {
        if self.waited_since().is_some_and(|since| since + PATIENCE_MS <= now.mono_ms) {
            self.keep.memory = Memory::Slow;
            self.keep.slow_news = true;
            self.intending().into_iter().for_each(|slot| self.after(slot, now));
        }
        if self.keep.expel_at.is_some_and(|at| at <= now.mono_ms) {
            self.expel_unnamed(now);
        }
    }

    /// Users whose ON waits for the disk.
    fn intending(&self) -> Vec<Slot> {
        let waits = |user: &User| user.lanes().any(|lane| matches!(lane.intent(), Intent::Asked | Intent::Flying));
        self.roster.iter().filter(|(_, user)| waits(user)).map(|(slot, _)| slot).collect()
    }

    /// What was to be written, or is being written, is void: the file is looked at anew.
    fn forget_pending(&mut self) {
        let Engine { keep, roster, .. } = self;
        keep.flight = None;
        keep.dirty_since = None;
        keep.others.clear();
        for slot in keep.dirty.drain(..) {
            if let Some(user) = roster.get_mut(slot) {
                user.dirty = false;
            }
        }
        for slot in roster.slots() {
            let Some(user) = roster.get_mut(slot) else { continue };
            user.lanes_mut().filter(|lane| lane.intent() == Intent::Flying).for_each(|lane| lane.set_intent(Intent::Asked));
        }
    }
}
