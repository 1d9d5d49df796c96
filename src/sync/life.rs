//! The life of an engine: start, stop, the switch, and another configuration. Each looks at everybody anew.

use super::Reason;
use super::dnd::DndLane;
use super::engine::{Engine, Phase};
use super::roster::Slot;
use super::settings::Settings;
use super::stamp::Stamp;
use super::user::User;
use crate::time::Moment;

impl Engine {
    /// From now on things go out to the host. The first decision of each user is delivered even if nothing changed.
    pub fn start(&mut self, now: Moment) {
        self.phase = Phase::Running;
        self.started_at = now.mono_ms;
        self.last_good = now.mono_ms;
        self.quiet = false;
        self.stale_told = false;
        self.told_words.clear();
        self.releasing = None;
        self.begin_rehearsal(now);
        for slot in self.roster.slots() {
            let age = self.age_of_the_unseen(slot, now.mono_ms);
            if let Some(user) = self.roster.get_mut(slot) {
                if user.presence.is_none() {
                    user.seen_at = age;
                }
                user.fresh = false;
                user.stale = false;
                user.news = false;
                // Nobody was there to take his release while we were stopped: its time begins anew.
                user.leaving = user.leaving.map(|_| Stamp::at(now.mono_ms));
                user.lanes_mut().for_each(DndLane::start);
                user.chat.start();
            }
        }
        self.evaluate_all(now);
        if !self.enabled {
            self.releasing = (self.owing > 0).then_some(self.owing);
        }
        self.stale_scan_at = self.stale_scan_at.min(self.scan_from());
        self.look_at_sessions(now);
        self.begin_keeping(now);
    }

    /// From now on only releases go out, each once, and only where `dnd.on_stop` says so.
    pub fn begin_stop(&mut self, now: Moment) {
        if matches!(self.phase, Phase::Stopping { .. }) {
            return;
        }
        self.phase = Phase::Stopping { told: false };
        self.look_at_sessions(now);
        let release = self.releases_on_stop();
        for slot in self.roster.slots() {
            if let Some(user) = self.roster.get_mut(slot) {
                user.news = false;
                if release {
                    user.release(Reason::Stopping, now.mono_ms);
                } else {
                    if user.dnd.released().is_none() {
                        user.chat.forget_decision();
                    }
                    user.lanes_mut().filter(|lane| lane.released().is_none()).for_each(DndLane::forget_decision);
                }
                user.lanes_mut().for_each(|lane| lane.offer_mut().last_call());
                user.chat.offer_mut().last_call();
            }
            self.after(slot, now);
        }
    }

    /// The stop is through: nobody waits for an answer any more.
    pub fn stopped(&mut self, now: Moment) {
        self.phase = Phase::Stopped;
        let policy = self.settings.policy;
        for slot in self.roster.slots() {
            if let Some(user) = self.roster.get_mut(slot) {
                user.lanes_mut().for_each(|lane| lane.abandon(now.mono_ms, &policy));
                user.chat.offer_mut().abandon();
                user.queued = false;
                user.timer_at = u64::MAX;
            }
        }
        self.ready.clear();
        self.timers.clear();
        self.pending = 0;
        self.stale_scan_at = u64::MAX;
        self.releasing = None;
        // Who left and still has something of ours is remembered: the next start offers it again.
        let done = |user: &User| user.leaving.is_some() && !user.owes() && user.lingers_until() < Some(now.mono_ms);
        let left: Vec<Slot> = self.roster.iter().filter(|(_, user)| done(user)).map(|(slot, _)| slot).collect();
        left.into_iter().for_each(|slot| self.drop_user(slot, now));
        for slot in self.roster.slots() {
            self.mind(slot, now);
        }
        self.end_keeping(now);
    }

    /// Switches the following on or off; what is ours is given back while it is off.
    pub fn set_enabled(&mut self, enabled: bool, now: Moment) {
        if self.enabled == enabled {
            // Whoever waits for all to be given back is told, also where that was so before.
            if !enabled && self.phase == Phase::Running {
                self.releasing.get_or_insert(self.owing);
                self.tell_all_released(now);
            }
            return;
        }
        self.enabled = enabled;
        self.polled = None;
        self.last_good = now.mono_ms;
        self.quiet = false;
        for slot in self.roster.slots() {
            if let Some(user) = self.roster.get_mut(slot) {
                user.fresh = false;
                if enabled {
                    // The age begins anew: nobody asked while it was off.
                    user.seen_at = now.mono_ms;
                }
            }
        }
        self.releasing = None;
        self.evaluate_all(now);
        self.look_at_sessions(now);
        if !enabled && self.phase == Phase::Running {
            self.releasing = Some(self.owing);
            self.tell_all_released(now);
        }
    }

    /// Is the following switched on?
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// A new configuration, already checked. The users stay.
    pub fn configure(&mut self, settings: Settings, now: Moment) {
        let names: Vec<(Slot, String)> = {
            let old = &self.settings.rule_set_names;
            let name_of = |number: u16| old.iter().find(|(_, n)| **n == number).map(|(name, _)| name.clone());
            let known = self.roster.iter().filter(|(_, user)| user.rule_set != 0);
            let known = known.filter_map(|(slot, user)| Some((slot, name_of(user.rule_set)?)));
            known.chain(self.unknown_rule_sets.iter().map(|(slot, name)| (*slot, name.to_string()))).collect()
        };
        let was_dry = std::mem::replace(&mut self.settings, settings).dry_run;
        for (slot, name) in names {
            let number = self.rule_set(slot, Some(&name), now);
            if let Some(user) = self.roster.get_mut(slot) {
                user.rule_set = number;
            }
        }
        self.opt_out_and_in(now);
        match (was_dry, self.settings.dry_run) {
            (false, true) => self.begin_rehearsal(now),
            (true, false) => self.end_rehearsal(now),
            _ => {}
        }
        self.reseat(now);
        self.evaluate_all(now);
        self.look_at_sessions(now);
        self.stale_scan_at = self.stale_scan_at.min(now.mono_ms);
        self.tell_opted_out(now);
    }
}
