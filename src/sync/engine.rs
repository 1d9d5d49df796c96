//! The reconciler: one lock's worth of state for one instance.
//!
//! Level-triggered: for each user the newest presence, what the rules make of it, and what the host has acknowledged. Whatever comes in —
//! a presence, a report, a timer, a new configuration — ends in `evaluate`, which looks at the levels as they stand and puts the
//! user in the row of those who have something for the host. Nothing queues up but users.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::Reason;
use super::aside::Aside;
use super::call_log::Calls;
use super::dnd::DndLane;
use super::memory::Keep;
use super::roster::{Roster, Slot};
use super::rules::decide;
use super::sessions::Sessions;
use super::settings::Settings;
use super::terms::Lane;
use super::told::Told;
use super::user::{MatchKind, Standing, User};
use super::would::Rehearsal;
use crate::event::{Draft, Event, Kind};
use crate::presence::{Chat, Dnd, Guid, WordTable};
use crate::time::Moment;

/// A release of a removed user is offered for this long.
pub(super) const LEAVING_MS: u64 = 15 * 60_000;
/// How late a poll may be and still follow the one before.
const POLL_GRACE_MS: u64 = 5_000;
/// How many ids of users an event names.
pub(super) const NAMED: usize = 20;

/// Where the instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Phase {
    #[default]
    Stopped,
    Running,
    /// Only releases go out, each once.
    Stopping {
        told: bool,
    },
}

/// The users to ask Graph for.
#[derive(Clone, Debug)]
pub struct Polled {
    /// Object ids of matched users with a seat, each once, in ascending order. Empty while disabled.
    pub ids: Arc<[Guid]>,
    /// Grows whenever `ids` changes.
    pub version: u64,
}

/// The reconciler of one instance. Pure: no I/O, and time is an argument.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) roster: Roster,
    pub(super) words: WordTable,
    pub(super) phase: Phase,
    pub(super) enabled: bool,
    /// Users with something for the host, in the order in which they came to have it.
    pub(super) ready: VecDeque<Slot>,
    pub(super) timers: BinaryHeap<Reverse<(u64, Slot)>>,
    /// Users at whom something of ours stands.
    pub(super) owing: usize,
    /// Changes answered PENDING.
    pub(super) pending: usize,
    pub(super) next_order: u32,
    pub(super) seats_used: u64,
    pub(super) seats_told: Told,
    /// Disabled: the end of the release is still to be told, and how many users it began with.
    pub(super) releasing: Option<usize>,
    pub(super) last_good: u64,
    /// The source has been quiet since this time, and the event is out.
    pub(super) quiet: bool,
    pub(super) stale_told: bool,
    pub(super) stale_scan_at: u64,
    pub(super) started_at: u64,
    pub(super) told_words: HashSet<Box<str>>,
    /// Object ids that the host named and the directory was not asked about yet.
    pub(super) unchecked: HashSet<Guid>,
    /// The last whole mapping brought somebody to search: what becomes of them is told as a report.
    pub(super) handed_over: bool,
    /// The rule sets that users are to have and the configuration does not: a reload may bring them.
    pub(super) unknown_rule_sets: HashMap<Slot, Box<str>>,
    /// Users on the opt-out list and entries of it that name nobody, as told last.
    pub(super) opted_out_told: (u64, u64),
    pub(super) polled: Option<Arc<[Guid]>>,
    pub(super) polled_version: u64,
    pub(super) keep: Keep,
    pub(super) rehearsal: Rehearsal,
    pub(super) aside: Aside,
    pub(super) calls: Calls,
    pub(super) sessions: Sessions,
    serial: u64,
    random: u64,
    notices: Vec<Event>,
}

impl Engine {
    /// What a user takes in the engine's own list, in bytes, beside his texts and his places in the tables.
    pub const USER_SIZE: usize = size_of::<User>();

    /// An engine without users. `seed` spreads the retries of several instances.
    pub fn new(settings: Settings, enabled: bool, seed: u64) -> Engine {
        Engine {
            settings,
            roster: Roster::default(),
            words: WordTable::default(),
            phase: Phase::Stopped,
            enabled,
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            owing: 0,
            pending: 0,
            next_order: 0,
            seats_used: 0,
            seats_told: Told::default(),
            releasing: None,
            last_good: 0,
            quiet: false,
            stale_told: false,
            stale_scan_at: u64::MAX,
            started_at: 0,
            told_words: HashSet::new(),
            unchecked: HashSet::new(),
            handed_over: false,
            unknown_rule_sets: HashMap::new(),
            opted_out_told: (0, 0),
            polled: None,
            polled_version: 0,
            keep: Keep::default(),
            rehearsal: Rehearsal::default(),
            aside: Aside::default(),
            calls: Calls::default(),
            sessions: Sessions::default(),
            serial: 0,
            random: seed | 1,
            notices: Vec::new(),
        }
    }

    // ---- the heart of the heart ----

    /// What a user is to us just now.
    pub(super) fn standing(&self, user: &User) -> Standing {
        self.standing_if(user, self.enabled)
    }

    /// The same if following were switched on or off.
    pub(super) fn standing_if(&self, user: &User, enabled: bool) -> Standing {
        if user.leaving.is_some() {
            Standing::Unserved(Reason::Removed)
        } else if user.matching == MatchKind::OptedOut {
            Standing::Unserved(Reason::OptedOut)
        } else if !enabled {
            Standing::Unserved(Reason::Disabled)
        } else if !user.seated {
            Standing::Unserved(Reason::Seats)
        } else {
            match user.matching {
                MatchKind::Matched(_) => Standing::Served,
                MatchKind::Pending => Standing::Waiting,
                MatchKind::Unmatched(_) | MatchKind::NoAddress | MatchKind::Invalid | MatchKind::OptedOut => {
                    Standing::Unserved(Reason::Unmatched)
                }
            }
        }
    }

    /// Looks at all that is known of a user and sets what is wanted of the host. `informed_until`: when the presence before the
    /// present one was last confirmed.
    pub(super) fn evaluate(&mut self, slot: Slot, informed_until: u64, now: Moment) {
        self.open_queue(slot);
        let deciding = self.deciding(slot, informed_until, now);
        let stood_until = self.stood_until(deciding.informed_until, now.mono_ms);
        let Some(user) = self.roster.get(slot) else { return };
        if self.phase == Phase::Running {
            let names_queue = self.names_queue(user);
            let standing = self.standing(user);
            // What was decided for another person is not held, whatever the policy.
            let too_old = user.stale && (self.settings.stale_release || self.aside.is_unseen(slot));
            let presence = deciding.presence.filter(|_| user.fresh && !too_old && standing == Standing::Served);
            let decision =
                presence.map(|presence| decide(&self.settings.rule_sets[user.rule_set as usize], &presence, self.settings.holds));
            let force = self.settings.policy.force;
            let Some(user) = self.roster.get_mut(slot) else { return };
            let mut look_again = deciding.look_at;
            match (standing, decision) {
                (Standing::Unserved(reason), _) => {
                    user.release(reason, now.mono_ms);
                    user.fresh = false;
                }
                (_, Some(decision)) => {
                    let mut holds = decision.holds;
                    if deciding.taken_back {
                        holds.off_ms = 0;
                    }
                    let held = user.dnd.decide(decision.dnd, holds, stood_until, now.mono_ms, force);
                    user.chat.decide(decision.chat, now.mono_ms);
                    let word = decision.queue.map(|mut word| {
                        if deciding.taken_back {
                            word.holds.off_ms = 0;
                        }
                        word
                    });
                    let queue = user.decide_queue(word, stood_until, now.mono_ms, force);
                    look_again = [look_again, held, user.dnd.override_look_at(now.mono_ms), queue].into_iter().flatten().min();
                }
                (_, None) if too_old => {
                    user.release(Reason::Stale, now.mono_ms);
                }
                // All that was known was a call of the host's own.
                (_, None) if deciding.taken_back => user.release(Reason::Rule, now.mono_ms),
                // Nothing is known yet: what is on stays on, and a release whose cause is over is not offered any more.
                (_, None) => {
                    user.lanes_mut().for_each(DndLane::unrelease);
                    user.chat.unrelease();
                }
            }
            if !names_queue && !too_old && !matches!(standing, Standing::Unserved(_)) {
                user.retire_queue(now.mono_ms);
            }
            if let Some(at) = look_again {
                self.arm(slot, at);
            }
        }
        self.after(slot, now);
    }

    /// Until when what the source confirmed at a time counts as having stood: until the next poll should have come. Silence counts nothing.
    pub(super) fn stood_until(&self, confirmed: u64, now: u64) -> u64 {
        let lasts = self.settings.poll_interval_ms.saturating_add(POLL_GRACE_MS);
        now.min(confirmed.saturating_add(lasts)).max(confirmed)
    }

    pub(super) fn evaluate_all(&mut self, now: Moment) {
        for slot in self.roster.slots() {
            if let Some(seen_at) = self.roster.get(slot).map(|user| user.seen_at) {
                self.evaluate(slot, seen_at, now);
            }
        }
    }

    /// After any change of a user: puts him in the row if something can go out, sets his timer, and lets him go if he may.
    pub(super) fn after(&mut self, slot: Slot, now: Moment) {
        if self.settings.dry_run {
            self.rehearse(slot, now);
            if let Some(user) = self.roster.get_mut(slot)
                && user.lanes().any(DndLane::owes)
            {
                user.chat.release_with_dnd();
            }
        }
        let Some(user) = self.roster.get(slot) else { return };
        let lanes = [Lane::Direct, Lane::Queue].map(|which| (which, user.lane(which)));
        for (which, lane) in lanes {
            self.aside.note_override(slot, which, lane.is_some_and(DndLane::overrides), now.mono_ms);
        }
        let dnd = lanes.map(|(which, lane)| (which, lane.and_then(|lane| self.wants_dnd(lane)).map(|(value, _)| value)));
        let chat = self.wants_chat(user).map(|(state, _)| state);
        let policy = self.settings.policy;
        let Some(user) = self.roster.get_mut(slot) else { return };
        for (which, wanted) in dnd {
            if let Some(lane) = user.lane_mut(which) {
                lane.lapse(wanted, now.mono_ms, &policy);
            }
        }
        user.chat.offer_mut().lapse(chat);
        self.mind(slot, now);
        self.close_queue(slot);
        let Some(user) = self.roster.get(slot) else { return };
        let owes = user.owes();
        // What is due already stands in the row; only the leaving are looked at however late it is.
        let offers = user.lanes().map(|lane| lane.offer().deadline()).chain([user.chat.offer().deadline()]);
        let next_offer = offers.flatten().filter(|at| *at > now.mono_ms).min();
        let leaving = user.leaving.map(|since| (since.ms() + LEAVING_MS).max(now.mono_ms + 1));
        let out = user.is_asked();
        let lingers = user.lingers_until().filter(|at| *at >= now.mono_ms);
        let may_go = user.leaving.is_some() && !out && (!owes || user.gone) && lingers.is_none();
        let due = self.is_due(user, now.mono_ms);
        let Some(user) = self.roster.get_mut(slot) else { return };
        if user.owing != owes {
            user.owing = owes;
            if owes {
                self.owing += 1
            } else {
                self.owing -= 1
            }
            if owes && !self.enabled && self.phase == Phase::Running {
                // Something to give back has come while it is off: of an earlier run, or as a fact.
                *self.releasing.get_or_insert(0) += 1;
            }
        }
        if may_go {
            self.drop_user(slot, now);
        } else {
            if due && !user.queued {
                user.queued = true;
                self.ready.push_back(slot);
                self.tidy_row();
            }
            if self.phase != Phase::Stopped {
                next_offer.into_iter().chain(leaving).chain(lingers.map(|at| at + 1)).for_each(|at| self.arm(slot, at));
            }
        }
        self.tell_all_released(now);
    }

    /// Something of this user's can go out now.
    pub(super) fn is_due(&self, user: &User, now: u64) -> bool {
        if user.gone || self.phase == Phase::Stopped {
            return false;
        }
        let outputs = self.settings.outputs;
        user.news && outputs.presence
            || user.lanes().any(|lane| self.due_dnd(lane, now).is_some())
            || self.due_chat(user, now).is_some()
    }

    pub(super) fn due_dnd(&self, lane: &DndLane, now: u64) -> Option<(Dnd, Reason)> {
        let wanted = self.wants_dnd(lane)?;
        let waits = wanted.0 == Dnd::On && self.waits_for_disk(lane);
        (!waits && lane.offer().may(wanted.0, now)).then_some(wanted)
    }

    pub(super) fn due_chat(&self, user: &User, now: u64) -> Option<(Chat, Reason)> {
        let wanted = self.wants_chat(user)?;
        user.chat.offer().may(wanted.0, now).then_some(wanted)
    }

    /// Who goes leaves his place in the row behind; now and then these are cleared away, so that the row is no longer than twice the users.
    fn tidy_row(&mut self) {
        if self.ready.len() <= 2 * self.roster.len() + 64 {
            return;
        }
        let Engine { ready, roster, .. } = self;
        ready.retain(|slot| roster.get_mut(*slot).is_some_and(|user| std::mem::take(&mut user.queued)));
        for slot in ready.iter() {
            if let Some(user) = roster.get_mut(*slot) {
                user.queued = true;
            }
        }
    }

    pub(super) fn drop_user(&mut self, slot: Slot, now: Moment) {
        self.strike_out(slot, now.mono_ms);
        self.strike_calls(slot, now);
        if let Some(user) = self.roster.get(slot) {
            if user.owing {
                self.owing -= 1;
            }
            self.pending -= user.awaited();
            if user.is_matched() {
                self.polled = None;
            }
            self.unknown_rule_sets.remove(&slot);
            self.forget_rehearsed(slot);
            self.aside.forget(slot);
            self.roster.remove(slot);
        }
    }

    pub(super) fn tell_all_released(&mut self, now: Moment) {
        if let Some(users) = self.releasing
            && self.owing == 0
            && !self.enabled
            && !self.has_unnamed_claims()
        {
            self.releasing = None;
            self.notice(Event::new(Kind::AllReleased).with("users", users as u64).with("undelivered", 0u64), now);
        }
    }

    // ---- small things the rest uses ----

    /// Another person stands behind a user. What is on stays until that one is seen, and no longer than `stale.after_ms` in any case.
    pub(super) fn forget_person(&mut self, slot: Slot, now: Moment) {
        let Some(user) = self.roster.get_mut(slot) else { return };
        user.forget_person(now.mono_ms);
        if user.owes() {
            self.aside.unseen(slot);
        }
    }

    /// Object ids to ask for.
    pub fn polled(&mut self) -> Polled {
        let ids = match &self.polled {
            Some(ids) => ids.clone(),
            None => {
                let served = |user: &User| self.standing(user) == Standing::Served;
                let mut ids: Vec<Guid> =
                    self.roster.iter().filter(|(_, user)| served(user)).map(|(_, user)| user.object).collect();
                ids.sort_unstable();
                ids.dedup();
                self.polled_version += 1;
                let ids: Arc<[Guid]> = ids.into();
                self.polled = Some(ids.clone());
                ids
            }
        };
        Polled { ids, version: self.polled_version }
    }

    pub(super) fn notice(&mut self, draft: Draft, now: Moment) {
        self.notices.push(draft.at(now.wall_ms));
    }

    /// The events that have come up since the last call, in order.
    pub fn take_notices(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.notices)
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Spreads retries; no secret hangs on it (xorshift64).
    pub(super) fn jitter(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}
