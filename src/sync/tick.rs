//! What time brings: holds that end, refused changes whose turn has come, answers that stay out, presences that grow old.

use std::cmp::Reverse;

use super::deliver::Output;
use super::engine::{Engine, Phase};
use super::roster::Slot;
use super::user::Standing;
use crate::event::{Event, Kind};
use crate::time::Moment;

/// Without a good answer for this long, one event is raised.
const QUIET_MS: u64 = 60_000;

/// After a start, old presences are not called stale before a first answer could come.
const START_GRACE_MS: u64 = 30_000;

impl Engine {
    /// Before this, after a start, nobody is called stale.
    pub(super) fn scan_from(&self) -> u64 {
        self.started_at + START_GRACE_MS.min(self.settings.stale_after_ms)
    }

    /// When time will next change something; `None`: only an outside event can.
    pub fn next_deadline(&self) -> Option<u64> {
        if self.phase == Phase::Stopped {
            return None;
        }
        let timer = self.timers.peek().map(|Reverse((at, _))| *at);
        let scan = Some(self.stale_scan_at).filter(|at| *at != u64::MAX && self.phase == Phase::Running);
        [timer, scan, self.quiet_at(), self.keeping_deadline(), self.rehearsal_deadline()].into_iter().flatten().min()
    }

    /// Asks for another look at a user. Only his earliest timer stands in the heap.
    pub(super) fn arm(&mut self, slot: Slot, at: u64) {
        if let Some(user) = self.roster.get_mut(slot)
            && at < user.timer_at
        {
            user.timer_at = at;
            self.timers.push(Reverse((at, slot)));
            self.tidy_timers();
        }
    }

    /// A timer that an earlier one replaced stays in the heap until its time; now and then these are cleared away, so that the heap is no
    /// longer than twice the users.
    fn tidy_timers(&mut self) {
        if self.timers.len() <= 2 * self.roster.len() + 64 {
            return;
        }
        let mut timers = std::mem::take(&mut self.timers).into_vec();
        timers.retain(|Reverse((at, slot))| self.roster.get(*slot).is_some_and(|user| user.timer_at == *at));
        timers.sort_unstable();
        timers.dedup();
        self.timers = timers.into();
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Moment) {
        while let Some(Reverse((at, slot))) = self.timers.peek().copied()
            && at <= now.mono_ms
            && self.phase != Phase::Stopped
        {
            self.timers.pop();
            self.wake(slot, at, now);
        }
        if self.phase != Phase::Stopped {
            self.tick_keeping(now);
        }
        if self.phase == Phase::Running {
            if self.quiet_at().is_some_and(|at| at <= now.mono_ms) {
                self.tell_quiet(now);
            }
            if self.stale_scan_at <= now.mono_ms {
                self.scan_ages(now);
            }
            self.tick_rehearsal(now);
        }
    }

    fn wake(&mut self, slot: Slot, at: u64, now: Moment) {
        let jitter = self.jitter();
        let Some(user) = self.roster.get_mut(slot) else { return };
        if user.timer_at != at {
            // An older timer of the slot, maybe of an earlier user in it.
            return;
        }
        user.timer_at = u64::MAX;
        let seen_at = user.seen_at;
        for output in user.time_out(now.mono_ms, jitter).into_iter().flatten() {
            self.pending -= 1;
            self.tell_time_out(slot, output, now);
        }
        if self
            .roster
            .get(slot)
            .and_then(|user| user.leaving)
            .is_some_and(|since| now.mono_ms >= since.ms() + super::engine::LEAVING_MS)
        {
            self.give_up(slot, now);
        } else {
            self.evaluate(slot, seen_at, now);
        }
    }

    fn tell_time_out(&mut self, slot: Slot, output: Output, now: Moment) {
        let Some(user) = self.roster.get(slot) else { return };
        let (_, failures) = user.standing_of(output);
        let output = output.as_str();
        let id = user.id.clone();
        if failures == 1 {
            let timeout = self.settings.policy.ack_timeout_ms;
            self.notice(Event::new(Kind::AcknowledgeTimedOut).with("output", output).with("timeout_ms", timeout).user(id), now);
        } else {
            self.tell_failures(slot, output, failures, "timeout", now);
        }
    }

    /// A removed user whose release nobody took: named, then forgotten. One who waits for an echo only is forgotten.
    fn give_up(&mut self, slot: Slot, now: Moment) {
        if let Some(user) = self.roster.get(slot).filter(|user| user.owes()) {
            let event = Event::new(Kind::ReleaseUndelivered).with("cause", "removed").with("count", 1u64);
            let event = event.with("users", vec![user.id.to_string()]);
            self.notice(event, now);
        }
        self.drop_user(slot, now);
    }

    /// When the source counts as quiet. A long poll interval is no silence.
    fn quiet_at(&self) -> Option<u64> {
        let asked = self.enabled && !self.quiet && self.phase == Phase::Running && self.roster.len() > 0;
        let interval = if self.settings.poll_interval_ms > QUIET_MS / 2 { self.settings.poll_interval_ms } else { 0 };
        asked.then(|| self.last_good + QUIET_MS + interval)
    }

    fn tell_quiet(&mut self, now: Moment) {
        if self.polled().ids.is_empty() && !self.has_pending() {
            // Nobody to ask for: silence is right. Looked at again as long after.
            self.last_good = now.mono_ms;
            return;
        }
        self.quiet = true;
        let silent = now.mono_ms.saturating_sub(self.last_good);
        let last = if self.last_good > self.started_at { now.wall_at(self.last_good) } else { 0 };
        let event = Event::new(Kind::SourceQuiet).with("quiet_ms", silent).with("last_good_at_ms", last);
        self.notice(event.with("stale_after_ms", self.settings.stale_after_ms), now);
    }

    /// Looks who has grown too old. Runs when the oldest could be, not with every answer.
    fn scan_ages(&mut self, now: Moment) {
        let after = self.settings.stale_after_ms;
        let mut next = u64::MAX;
        let mut aged = Vec::new();
        let mut oldest = u64::MAX;
        for (slot, user) in self.roster.iter() {
            if user.stale || !matches!(self.standing(user), Standing::Served | Standing::Waiting) {
                continue;
            }
            let at = user.seen_at.saturating_add(after);
            if at <= now.mono_ms {
                aged.push(slot);
                if user.presence.is_some() || user.owes() {
                    oldest = oldest.min(user.seen_at);
                }
            } else {
                next = next.min(at);
            }
        }
        // Users that come later are at least this far from their age.
        self.stale_scan_at = if self.roster.len() == 0 { u64::MAX } else { next.min(now.mono_ms.saturating_add(after)) };
        let mut seen = 0u64;
        for slot in aged {
            let Some(user) = self.roster.get_mut(slot) else { continue };
            user.stale = true;
            seen += u64::from(user.presence.is_some() || user.owes());
            let seen_at = user.seen_at;
            self.evaluate(slot, seen_at, now);
        }
        if seen > 0 && !self.stale_told {
            self.stale_told = self.quiet;
            let policy = if self.settings.stale_release { "release" } else { "hold" };
            let event = Event::new(Kind::Stale).with("users", seen).with("policy", policy);
            self.notice(event.with("oldest_at_ms", now.wall_at(oldest)), now);
        }
    }
}
