//! The subscriptions of all accounts together: whom each holds, what to ask Graph next, what becomes of the answers.
//!
//! Decided by [`Packing`] and one [`Life`](super::Life) for each account; what they want done is handed out as [`Errand`]s, and whatever
//! changed is remembered and published to the others. Time is an argument, and nothing here waits.

use std::sync::Arc;

use super::Terms;
use super::envelope::Lifecycle;
use super::errand::{Errand, Landing};
use super::herald::Herald;
use super::hub::{Hub, lock};
use super::keys::KeyRing;
use super::memory::Memory;
use super::packing::Packing;
use super::retired::Retired;
use super::seat::{Seat, SignsIn};
use super::step::{Action, Answer, Asked, News, Off, Step};
use super::subscribing::Subscribing;
use crate::event::Level;
use crate::graph::subscriptions::{MOST_SUBSCRIBED, SubscriptionError, Why};
use crate::host::Desk;
use crate::time::Moment;

const TARGET: &str = "notify";
/// Between two looks at the keys, at strangers and at Entra's key set.
const LOOK_MS: u64 = 60_000;
/// How often it is looked whether an account that is signed in still is, and one that is not.
const SIGNED_IN_MS: u64 = 60_000;
const SIGNED_OUT_MS: u64 = 1_000;

/// See the module.
pub(in crate::source) struct Fleet {
    names: Vec<Arc<str>>,
    hub: Hub,
    desk: Arc<Desk>,
    memory: Memory,
    subscribing: Subscribing,
    seats: Vec<Seat>,
    packing: Packing,
    herald: Herald,
    errands: Vec<Errand>,
    version: u64,
    stopping: bool,
    look_at: u64,
    retired: Retired,
    making_key: bool,
}

impl Fleet {
    /// With what is remembered. `hub` knows the names of the accounts.
    pub(in crate::source) fn new(hub: Hub, desk: Arc<Desk>, memory: Memory, subscribing: Subscribing) -> Fleet {
        let (now, names) = (desk.clock().now(), hub.names.clone());
        let mut packing = Packing::new(names.len());
        let mut seats = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let held = memory.held(name);
            if let Some(held) = &held {
                packing.remember(at, held.terms.users());
                hub.registry.set(held.id, held.client_state.expose(), name, held.expires_at_ms);
            }
            packing.usable(at, false, now.mono_ms);
            seats.push(Seat::new(held, now));
        }
        let herald = Herald::new(names.clone(), subscribing.rich, now.mono_ms);
        Fleet {
            names,
            hub,
            desk,
            memory,
            subscribing,
            seats,
            packing,
            herald,
            errands: Vec::new(),
            version: 0,
            stopping: false,
            look_at: 0,
            retired: Retired::default(),
            making_key: false,
        }
    }

    /// What is to be done, each to be answered by [`Fleet::landed`]. To be taken after each turn.
    pub(in crate::source) fn errands(&mut self) -> std::vec::Drain<'_, Errand> {
        self.errands.drain(..)
    }

    /// These are the keys from now on, also for the next start.
    pub(in crate::source) fn keep_keys(memory: &Memory, hub: &Hub, ring: KeyRing) {
        memory.keep_keys(&ring);
        hub.keys.store(Some(Arc::new(ring)));
    }

    /// Does all that is due, and tells until when there is nothing. `None`: stopped, and nothing is left.
    /// `sign_ins`: how each account stands.
    pub(in crate::source) fn turn(&mut self, sign_ins: Vec<SignsIn>, now: Moment) -> Option<u64> {
        if self.hub.is_stopping() && !self.stopping {
            self.stopping = true;
            self.hub.intake.close();
            self.seats.iter_mut().for_each(|seat| seat.life.stop());
        }
        self.read_mail(now);
        let mut until = self.look_at_sign_ins(sign_ins, now);
        if !self.stopping {
            if self.look_at <= now.mono_ms {
                self.look_around(now);
            }
            until = until.min(self.look_at);
            until = until.min(self.pack(now));
            self.judge(now);
        }
        let mut done = self.stopping;
        for at in 0..self.seats.len() {
            match self.seats[at].life.next(now) {
                Step::Do(action) => {
                    done = false;
                    self.send(at, action);
                }
                Step::Wait(wait) => {
                    done = false;
                    self.seats[at].next_at = wait;
                    until = until.min(wait);
                }
                Step::Done => done &= !self.seats[at].flying,
            }
            self.hear(at, now);
        }
        if done {
            return None;
        }
        if !self.stopping {
            self.tell_standings(now);
            until = until.min(self.hub.crowd().next_at().unwrap_or(u64::MAX));
        }
        Some(until)
    }

    fn read_mail(&mut self, now: Moment) {
        for (id, what) in self.hub.take_mail() {
            let Some(at) = self.seats.iter().position(|seat| seat.life.known().is_some_and(|held| held.id == id)) else {
                continue;
            };
            let life = &mut self.seats[at].life;
            match what {
                Lifecycle::ReauthorizationRequired => life.reauthorize(id, now),
                Lifecycle::SubscriptionRemoved => life.removed(id, now),
                Lifecycle::Missed => self.hub.reread(self.packing.members(at).iter().copied()),
                Lifecycle::Unknown => {}
            }
        }
    }

    /// What is looked at now and then.
    fn look_around(&mut self, now: Moment) {
        self.look_at = now.mono_ms + LOOK_MS;
        let hub = &self.hub;
        self.retired.tidy(&hub.registry, now.mono_ms);
        self.herald.strangers(hub, self.desk.reporter(), now);
        if !self.subscribing.rich {
            return;
        }
        if hub.jwks.is_some() {
            self.errands.push(Errand::Freshen);
        }
        let Some(ring) = hub.keys.load_full() else { return };
        let named = |label: &str| {
            let mut terms = self.seats.iter().filter_map(|seat| seat.life.known()).map(|held| &held.terms);
            terms.any(|terms| terms.certificate_id() == Some(label))
        };
        let tidied = ring.tidied(named, now.wall_ms);
        if tidied.is_due(now.wall_ms) && !std::mem::replace(&mut self.making_key, true) {
            self.errands.push(Errand::Make(now.wall_ms));
        }
        Fleet::keep_keys(&self.memory, &self.hub, tidied);
    }

    /// Who is in which set, and what each subscription is to be. Tells when to look again.
    fn pack(&mut self, now: Moment) -> u64 {
        let mono = now.mono_ms;
        let (polled, enabled) = self.desk.with(|engine, _| (engine.polled(), engine.is_enabled()));
        if !enabled {
            self.send_home();
            return u64::MAX;
        }
        if polled.version != self.version {
            self.version = polled.version;
            self.packing.want(polled.ids.iter().copied(), mono);
        }
        // Nothing is won by giving the people of a refused account away where nobody can take them.
        let any = self.seats.iter().any(|seat| seat.is_usable() && !seat.is_refused(now));
        for (at, seat) in self.seats.iter().enumerate() {
            self.packing.usable(at, seat.is_usable() && !(any && seat.is_refused(now)), mono);
        }
        for change in self.packing.plan(mono) {
            let account = &self.names[change.account];
            self.desk.reporter().log(
                Level::Debug,
                TARGET,
                format_args!("account {account}: {} people are to be subscribed", change.members.len()),
            );
        }
        let ring = self.hub.keys.load_full();
        if self.subscribing.rich && ring.is_none() {
            return mono + SIGNED_OUT_MS;
        }
        let label = ring.as_ref().filter(|_| self.subscribing.rich).map(|ring| ring.current().id());
        for (at, seat) in self.seats.iter_mut().enumerate() {
            let members = self.packing.members(at);
            let same = seat.wished.as_ref().is_some_and(|terms| **terms.users() == *members && terms.certificate_id() == label);
            if same || (members.is_empty() && seat.wished.is_none()) {
                continue;
            }
            let terms = Arc::new(Terms::new(self.subscribing.url.as_str(), label, members.iter().copied()));
            seat.wished = Some(terms.clone());
            seat.life.wish((!members.is_empty()).then_some(terms));
            if members.is_empty() {
                self.hub.crowd().dismissed(at);
            }
        }
        let left_out = self.packing.unsubscribed();
        let everybody_in = self.seats.iter().all(Seat::is_usable);
        let at = self.herald.left_out(&left_out, everybody_in, &self.desk, now);
        *lock(&self.hub.left_out) = left_out.into();
        self.packing.next_at(mono).unwrap_or(u64::MAX).min(at)
    }

    /// Switched off: nobody's changes are to be sent. Who was in which set is remembered.
    fn send_home(&mut self) {
        for (at, seat) in self.seats.iter_mut().enumerate() {
            seat.life.wish(None);
            if seat.wished.take().is_some() {
                self.hub.crowd().dismissed(at);
                self.hub.changed();
            }
        }
    }

    fn judge(&mut self, now: Moment) {
        let found = self.hub.crowd().judge(now.mono_ms);
        for (at, finding) in found {
            let people = self.hub.crowd().size(at);
            if self.herald.found(at, finding, people, &self.hub, self.desk.reporter()) {
                self.seats[at].life.distrust(now);
            }
            self.hub.changed();
        }
    }

    /// Takes over how the sign-ins stand. Tells when to look again.
    fn look_at_sign_ins(&mut self, sign_ins: Vec<SignsIn>, now: Moment) -> u64 {
        let mut all = true;
        for ((at, seat), signs_in) in self.seats.iter_mut().enumerate().zip(sign_ins) {
            all &= signs_in.standing.signed_in;
            self.packing.owned_by(at, signs_in.standing.person, now.mono_ms);
            seat.signs_in(signs_in);
        }
        now.mono_ms + if all { SIGNED_IN_MS } else { SIGNED_OUT_MS }
    }

    fn send(&mut self, at: usize, action: Action) {
        let (name, seat) = (&self.names[at], &mut self.seats[at]);
        seat.flying = true;
        let renewed = seat.failed.as_ref().is_some_and(|failed| failed.why == Why::Permission);
        if let Action::Create { client_state, .. } = &action {
            // One at a time, and the one before is known to be gone.
            self.hub.registry.settled(name);
            self.hub.registry.pending(name, client_state.expose());
        }
        self.errands.push(Errand::Ask { at, action, renewed });
    }

    /// An errand is done.
    pub(in crate::source) fn landed(&mut self, landing: Landing, now: Moment) {
        match landing {
            Landing::Looked => {}
            Landing::Key(pair) => {
                self.making_key = false;
                if let (Some(pair), Some(ring)) = (pair, self.hub.keys.load_full()) {
                    Fleet::keep_keys(&self.memory, &self.hub, ring.rotated(pair, now.wall_ms));
                }
            }
            Landing::Answered(at, asked, answer) => self.answered(at, asked, answer, now),
        }
    }

    fn answered(&mut self, at: usize, asked: Asked, answer: Result<Answer, SubscriptionError>, now: Moment) {
        let name = &self.names[at];
        let seat = &mut self.seats[at];
        seat.flying = false;
        let answer = match answer {
            Ok(answer) => {
                if asked != Asked::List {
                    seat.failed = None;
                }
                answer
            }
            Err(error) => {
                self.desk.reporter().log(Level::Debug, TARGET, format_args!("account {name}: {asked:?}: {error}"));
                let why = error.why;
                if asked == Asked::Create && why != Why::Unavailable {
                    self.hub.registry.settled(name);
                }
                (seat.failed, seat.failed_at) = (Some(error), now.mono_ms);
                Answer::Failed(why)
            }
        };
        seat.life.answer(answer, now);
        self.hear(at, now);
    }

    /// Takes over what changed for an account.
    fn hear(&mut self, at: usize, now: Moment) {
        let name = self.names[at].clone();
        let hub = &self.hub;
        for news in self.seats[at].life.take_news() {
            match news {
                News::On(held) => {
                    self.retired.is_back(held.id);
                    hub.registry.set(held.id, held.client_state.expose(), &name, held.expires_at_ms);
                    hub.crowd().began(at, held.id, held.terms.users(), ends_at(held.expires_at_ms, now), now.mono_ms);
                    self.memory.keep_held(&name, &held);
                    hub.changed();
                }
                News::Renewed(held) => {
                    hub.registry.set(held.id, held.client_state.expose(), &name, held.expires_at_ms);
                    hub.crowd().renewed(at, ends_at(held.expires_at_ms, now));
                    self.memory.keep_held(&name, &held);
                }
                News::Off { id, cause } => {
                    hub.crowd().ended(at);
                    self.memory.drop_held(&name);
                    if cause == Off::Stopped {
                        hub.registry.remove(id);
                    } else {
                        self.retired.add(id, &hub.registry, now.mono_ms);
                    }
                    self.seats[at].off = Some(cause);
                    hub.changed();
                }
                News::Refused { step, why, next_try_ms } => {
                    let failed = self.seats[at].failed.as_ref();
                    self.herald.refused(at, step, why, failed, now.wall_at(next_try_ms), self.desk.reporter());
                }
            }
        }
    }

    fn tell_standings(&mut self, now: Moment) {
        let left_out = lock(&self.hub.left_out).len().min(MOST_SUBSCRIBED);
        for (at, seat) in self.seats.iter_mut().enumerate() {
            let (live, trusted) = self.hub.crowd().standing(at, now.mono_ms);
            let users = match self.packing.members(at).len() {
                // Nobody is given to an account that is not signed in.
                0 if !seat.is_signed_in() => left_out,
                members => members,
            };
            let held = seat.life.held().cloned();
            let cause = if live || users == 0 { None } else { seat.cause() };
            {
                let mut standings = lock(&self.hub.standings);
                standings[at].id = held.as_ref().map(|held| held.id);
                standings[at].expires_at_ms = held.as_ref().map(|held| held.expires_at_ms);
                standings[at].signed_in = seat.is_signed_in();
                standings[at].cause = cause;
            }
            let reporter = self.desk.reporter();
            if let (true, Some(held)) = (trusted, held) {
                if self.herald.on(at, held.terms.users().len(), held.expires_at_ms, reporter, now) {
                    self.hub.changed();
                }
                seat.off = None;
            } else if let Some(cause) = cause {
                self.herald.off(at, users, cause, seat.detail(), seat.next_try(now), now, reporter);
            }
        }
    }
}

fn ends_at(expires_at_ms: i64, now: Moment) -> u64 {
    let left = u64::try_from(expires_at_ms.saturating_sub(now.wall_ms)).unwrap_or(0);
    now.mono_ms + left.clamp(10 * 60_000, crate::graph::subscriptions::LONGEST_LIFE_MS)
}
