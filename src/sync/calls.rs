//! The host's own calls. A call of the telephone system may come back from Teams as Busy/InACall: published by this library, by another
//! product, or because the call ran through Teams in the first place. It must not be taken for a Teams call, or each call would switch DND on.
//!
//! One sentence rules it: *while a person is in a call of the host's, and up to five minutes around it, a presence with `InACall` or
//! `InAConferenceCall` decides nothing; the newest other presence does.* Whichever comes first, the report or the presence, the end is
//! the same. The age of the presence is not touched: Graph did answer.
//!
//! What is kept stands in tables beside the users, since few are in a call at a time.

use serde_json::{Value, json};

use super::call_log::{AROUND_MS, Line, Run};
use super::engine::{Engine, Phase};
use super::roster::Slot;
use super::user::User;
use crate::presence::{Activity, Availability, Guid, Presence};
use crate::time::Moment;

/// What is to decide about a user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deciding {
    pub(super) presence: Option<Presence>,
    /// When it was last confirmed before the present observation.
    pub(super) informed_until: u64,
    /// What the call decided is taken back just now: reports wait for no hold.
    pub(super) taken_back: bool,
    /// When to look again.
    pub(super) look_at: Option<u64>,
}

/// One of the two activities, as far as they stand for a call: a person who is on DND is so by another's will.
pub(super) fn is_call(presence: &Presence) -> bool {
    matches!(presence.activity, Activity::InACall | Activity::InAConferenceCall)
        && presence.availability != Availability::DoNotDisturb
}

impl Engine {
    /// `tps_report_call`. False if there is no such user.
    pub fn report_call(&mut self, user_id: &str, in_call: bool, now: Moment) -> bool {
        let Some(slot) = self.roster.by_id(user_id) else { return false };
        if self.roster.get(slot).is_none_or(|user| user.leaving.is_some()) {
            // On his way out: nothing is decided for him any more.
            return true;
        }
        let at = now.mono_ms;
        match self.calls.lines.get_mut(&slot).filter(|line| line.is_open(at)) {
            Some(line) if in_call => line.reported = at,
            Some(line) => line.ended = Some(at),
            None if in_call => {
                self.calls.lines.insert(slot, Line::new(at));
            }
            None => {
                if !self.mind_leftover(slot, at) {
                    return true;
                }
            }
        }
        self.mark_twins(slot);
        self.evaluate_twins(slot, now);
        true
    }

    /// A removed user's call is nobody's.
    pub(super) fn forget_call(&mut self, slot: Slot, now: Moment) {
        if self.calls.lines.remove(&slot).is_some() {
            self.evaluate_twins(slot, now);
        }
    }

    /// The user is no more.
    pub(super) fn strike_calls(&mut self, slot: Slot, now: Moment) {
        self.calls.runs.remove(&slot);
        self.calls.marked.remove(&slot);
        if self.calls.lines.remove(&slot).is_some()
            && let Some(object) = self.roster.get(slot).map(|user| user.object)
        {
            self.look_at_session(object, now.mono_ms);
        }
    }

    /// Another person stands behind a user: he shares that one's calls, and brings his own.
    pub(super) fn set_object(&mut self, slot: Slot, object: Guid, now: Moment) {
        let before = self.roster.get(slot).map(|user| user.object);
        self.roster.set_object(slot, object);
        if !self.calls.lines.is_empty() {
            self.mark_twins(slot);
            if let Some(before) = before.filter(|before| *before != object) {
                self.look_at_session(before, now.mono_ms);
            }
        }
    }

    /// The users through whom a person is in a call.
    pub(super) fn open_calls(&self, object: Guid, now: u64) -> impl Iterator<Item = Slot> {
        self.roster.by_object(object).filter(move |slot| self.calls.lines.get(slot).is_some_and(|line| line.is_open(now)))
    }

    /// The persons of all calls that are kept.
    pub(super) fn objects_in_call(&self) -> impl Iterator<Item = Guid> {
        self.calls.lines.keys().filter_map(|slot| self.roster.get(*slot)).map(|user| user.object)
    }

    /// This person's calls are being written to Teams, from where they will come back; or that was refused.
    pub(super) fn mark_published(&mut self, object: Guid, published: bool) {
        let Engine { roster, calls, .. } = self;
        for slot in roster.by_object(object) {
            if let Some(line) = calls.lines.get_mut(&slot) {
                line.published = published;
            }
        }
    }

    /// All who stand for the same person as this user, himself included.
    fn twins(&self, slot: Slot) -> Vec<Slot> {
        match self.roster.get(slot).map(|user| user.object) {
            Some(object) if object != Guid(0) => self.roster.by_object(object).collect(),
            Some(_) => vec![slot],
            None => Vec::new(),
        }
    }

    /// Their presences are to be looked at more closely.
    fn mark_twins(&mut self, slot: Slot) {
        for twin in self.twins(slot) {
            self.calls.marked.insert(twin);
        }
    }

    fn evaluate_twins(&mut self, slot: Slot, now: Moment) {
        for twin in self.twins(slot) {
            if let Some(seen_at) = self.roster.get(twin).map(|user| user.seen_at) {
                self.evaluate(twin, seen_at, now);
            }
        }
    }

    /// The calls of the person behind a user.
    fn lines(&self, slot: Slot) -> impl Iterator<Item = (Slot, &Line)> {
        let user = self.roster.get(slot);
        let object = user.map_or(Guid(0), |user| user.object);
        let own = user.filter(|_| object == Guid(0)).map(|_| slot);
        let twins = self.roster.by_object(object).filter(move |_| object != Guid(0));
        let stays = |twin: &Slot| self.roster.get(*twin).is_some_and(|user| user.leaving.is_none());
        own.into_iter().chain(twins).filter(stays).filter_map(|twin| Some((twin, self.calls.lines.get(&twin)?)))
    }

    /// Until when calls of the host's keep Teams calls of this person from deciding; `None` while there are none.
    fn held_until(&self, slot: Slot, now: u64) -> Option<u64> {
        self.lines(slot).map(|(_, line)| line.until()).filter(|until| now < *until).max()
    }

    fn is_in_call(&self, slot: Slot, now: u64) -> bool {
        self.lines(slot).any(|(_, line)| line.is_open(now))
    }

    /// A presence of a user that differs from the one before. `old`: that one, if it may still decide. Answers until when the source had
    /// confirmed what decided before.
    pub(super) fn note_presence(
        &mut self,
        slot: Slot,
        old: Option<Presence>,
        presence: &Presence,
        informed_until: u64,
        now: Moment,
    ) -> u64 {
        let call = is_call(presence);
        let known = self.calls.runs.get(&slot).copied().filter(|_| old.is_some());
        let mut confirmed = informed_until;
        if !call {
            // What was seen while it decided nothing confirms nothing.
            confirmed = known.filter(|run| run.held).map_or(informed_until, |run| run.confirmed);
            self.calls.runs.remove(&slot);
        } else if known.is_none() {
            let held = self.held_until(slot, now.mono_ms).is_some();
            let run = Run { before: old, confirmed: informed_until, since: now.mono_ms, decides_since: now.mono_ms, held };
            self.calls.runs.insert(slot, run);
        }
        if self.calls.marks(slot) {
            self.heed(slot, call, now);
        }
        confirmed
    }

    /// The presence of a marked user was seen again as it was.
    pub(super) fn confirm_presence(&mut self, slot: Slot, presence: &Presence, informed_until: u64, now: Moment) {
        let call = is_call(presence);
        self.heed(slot, call, now);
        if call {
            self.evaluate(slot, informed_until, now);
        }
    }

    /// What the presence of a marked user says of the host's calls: that one has come back, or that it has passed.
    fn heed(&mut self, slot: Slot, call: bool, now: Moment) {
        let Some(object) = self.roster.get(slot).map(|user| user.object) else { return };
        let Engine { roster, calls, .. } = self;
        let (mut any, mut leftover) = (false, false);
        for twin in roster.by_object(object) {
            if let Some(line) = calls.lines.get_mut(&twin) {
                line.echoed |= call;
                leftover |= call && std::mem::take(&mut line.leftover);
                if call || !line.is_over_by(now.mono_ms) {
                    any = true;
                } else {
                    calls.lines.remove(&twin);
                }
            }
        }
        if !any {
            self.calls.marked.remove(&slot);
        }
        if leftover {
            self.clear_leftover(object, now.mono_ms);
        }
    }

    /// Which presence decides about a user.
    pub(super) fn deciding(&mut self, slot: Slot, informed_until: u64, now: Moment) -> Deciding {
        let plain = Deciding { presence: None, informed_until, taken_back: false, look_at: None };
        let Some(user) = self.roster.get(slot) else { return plain };
        let (object, presence, fresh, marked) = (user.object, user.presence, user.fresh, self.calls.marks(slot));
        let plain = Deciding { presence, ..plain };
        if marked {
            self.tend_line(slot, now);
            self.look_at_session(object, now.mono_ms);
        }
        let Some(shown) = presence.filter(|presence| fresh && is_call(presence)) else { return plain };
        let until = if marked { self.held_until(slot, now.mono_ms) } else { None };
        let Some(run) = self.calls.runs.get_mut(&slot) else { return plain };
        let Some(until) = until else {
            if !std::mem::take(&mut run.held) {
                return plain;
            }
            // It begins to decide; what was seen of it before confirmed nothing.
            run.decides_since = now.mono_ms;
            return Deciding { informed_until: run.confirmed, ..plain };
        };
        let begins = !std::mem::replace(&mut run.held, true);
        // A call that Teams has shown for long is no shadow of one that begins now: what it decided is the last decision, and stays.
        let older = begins && now.mono_ms.saturating_sub(run.decides_since) > AROUND_MS;
        if older {
            run.before = presence;
            run.confirmed = informed_until;
        }
        let outranked_at = run.outranked_at().filter(|at| *at > now.mono_ms);
        Deciding {
            presence: run.decides(shown, now.mono_ms),
            informed_until: if run.is_outranked(now.mono_ms) { informed_until } else { run.confirmed },
            taken_back: begins && !older,
            look_at: outranked_at.into_iter().chain([until]).filter(|at| *at != u64::MAX).min(),
        }
    }

    /// Sets the timer of a user's own call, and clears it away when all is over.
    fn tend_line(&mut self, slot: Slot, now: Moment) {
        let Some(line) = self.calls.lines.get(&slot).copied() else { return };
        let at = if line.is_open(now.mono_ms) { line.end() } else { line.until() };
        if at <= now.mono_ms {
            self.calls.lines.remove(&slot);
        } else if self.phase != Phase::Stopped {
            self.arm(slot, at);
        }
    }

    // ---- questions ----

    /// Until when what decides about a user counts as having stood.
    pub(super) fn stands_until(&self, user: &User, now: Moment) -> u64 {
        let run = if !self.calls.runs.is_empty() {
            self.roster.by_id(&user.id).and_then(|slot| self.calls.runs.get(&slot))
        } else {
            None
        };
        let held = run.filter(|run| run.held && user.fresh && !run.is_outranked(now.mono_ms));
        let confirmed = held.map_or(user.seen_at, |run| run.confirmed);
        self.stood_until(confirmed, now.mono_ms)
    }

    /// Which presence would decide about a user who is served; `None`: nothing would but a call of the host's.
    pub(super) fn would_decide(&self, slot: Slot, user: &User, now: Moment) -> Option<Presence> {
        let shown = user.presence?;
        if !is_call(&shown) || self.held_until(slot, now.mono_ms).is_none() {
            return Some(shown);
        }
        self.calls.runs.get(&slot).filter(|_| user.fresh)?.decides(shown, now.mono_ms)
    }

    /// How many users the host reported in a call.
    pub(super) fn users_in_call(&self, now: Moment) -> usize {
        self.calls.lines.values().filter(|line| line.is_open(now.mono_ms)).count()
    }

    /// For `tps_explain`: is the person in a call of the host's, and what does that mean for his presence?
    pub(super) fn explain_call(&self, user: &User, now: Moment) -> (bool, Value) {
        let Some(slot) = self.roster.by_id(&user.id) else { return (false, Value::Null) };
        let (open, until) = (self.is_in_call(slot, now.mono_ms), self.held_until(slot, now.mono_ms));
        let Some(until) = until else { return (false, Value::Null) };
        let began = self.lines(slot).map(|(_, line)| line.began).min().unwrap_or(now.mono_ms);
        let mut users: Vec<&str> = self
            .lines(slot)
            .filter_map(|(twin, _)| self.roster.get(twin))
            .map(|user| &*user.id)
            .take(super::engine::NAMED)
            .collect();
        users.sort_unstable();
        let ignored = user.fresh && self.calls.runs.get(&slot).is_some_and(|run| run.held);
        let value = json!({
            "began_at_ms": now.wall_at(began),
            "reported_for": users,
            "presence_ignored": ignored,
            "published": self.is_published(user.object, now.mono_ms),
            "until_at_most_ms": now.wall_at(until),
        });
        (open, value)
    }
}
