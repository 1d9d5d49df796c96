//! Drives the subscriptions of all accounts: whom each holds, what to ask Graph next, what becomes of the answers.
//!
//! One task. What to do is decided by [`Packing`] and one [`Life`] for each account; here it is asked for, remembered and published to the
//! others. Nothing ends the loop but its cancellation, or a stop for which all is done.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use super::super::publish::Farewell;
use super::Terms;
use super::envelope::Lifecycle;
use super::errand::{self, asked};
use super::herald::Herald;
use super::hub::{Hub, lock};
use super::keyed;
use super::keys::{KeyPair, KeyRing};
use super::memory::Memory;
use super::packing::Packing;
use super::persons::Persons;
use super::retired::Retired;
use super::seat::{Landing, Seat};
use super::step::{Action, Answer, Asked, News, Off, Step};
use super::subscribing::Subscribing;
use crate::event::Level;
use crate::graph::subscriptions::{MOST_SUBSCRIBED, SubscriptionError, Why};
use crate::host::Desk;
use crate::store::Notes;
use crate::time::Moment;

const TARGET: &str = "notify";
/// How long the store's file is waited for.
const NOTES_WAIT: Duration = Duration::from_secs(10);
/// Between two looks at the keys, at strangers and at Entra's key set.
const LOOK_MS: u64 = 60_000;
/// How often it is looked whether an account that is signed in still is, and one that is not.
const SIGNED_IN_MS: u64 = 60_000;
const SIGNED_OUT_MS: u64 = 1_000;

/// See the module.
#[derive(Debug)]
pub struct Manager {
    persons: Persons,
    hub: Hub,
    desk: Arc<Desk>,
    memory: Memory,
    subscribing: Subscribing,
    farewell: Arc<Farewell>,
}

type Flight = Pin<Box<dyn Future<Output = Landing> + Send>>;

struct State<'a> {
    on: &'a Manager,
    seats: Vec<Seat>,
    packing: Packing,
    herald: Herald,
    flying: FuturesUnordered<Flight>,
    version: u64,
    stopping: bool,
    look_at: u64,
    retired: Retired,
    making_key: bool,
}

impl Manager {
    /// For these accounts. Sends nothing before [`Manager::run`].
    pub fn new(
        persons: Persons,
        hub: Hub,
        desk: Arc<Desk>,
        notes: Notes,
        subscribing: Subscribing,
        farewell: Arc<Farewell>,
    ) -> Manager {
        Manager { persons, hub, desk, memory: Memory::new(notes), subscribing, farewell }
    }

    /// Works until cancelled, or until [`Hub::stop`] has been called and nothing is left.
    pub async fn run(self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.manage()).await;
        self.hub.intake.close();
        self.farewell.set(true);
    }

    async fn manage(&self) {
        tokio::select! {
            () = self.prepare() => {}
            // What is remembered is ended, or goes on, with the next start.
            () = self.hub.stopped() => return,
        }
        let clock = self.desk.clock().clone();
        let mut roster = self.desk.roster_changes();
        let mut state = State::new(self);
        loop {
            roster.borrow_and_update();
            let Some(until) = state.turn(clock.now()) else { return };
            tokio::select! {
                Some(landing) = state.flying.next() => state.landed(landing, clock.now()),
                _ = roster.changed() => {}
                () = self.hub.woken() => {}
                () = clock.sleep_until(until) => {}
            }
        }
    }

    async fn prepare(&self) {
        let _ = tokio::time::timeout(NOTES_WAIT, self.memory.until_read()).await;
        if self.subscribing.rich {
            let (reporter, supplied) = (self.desk.reporter(), self.subscribing.supplied.as_ref());
            self.keep_keys(keyed::load(self.memory.keys(), supplied, self.desk.clock(), reporter).await);
            if let Some(jwks) = &self.hub.jwks {
                // Failing that, the first notification asks again.
                let _ = jwks.freshen().await;
            }
        }
    }

    fn keep_keys(&self, ring: KeyRing) {
        self.memory.keep_keys(&ring);
        self.hub.keys.store(Some(Arc::new(ring)));
    }
}

impl<'a> State<'a> {
    fn new(on: &'a Manager) -> State<'a> {
        let now = on.desk.clock().now();
        let mut packing = Packing::new(on.persons.accounts().len());
        let mut seats = Vec::new();
        for (at, account) in on.persons.accounts().iter().enumerate() {
            let held = on.memory.held(&account.name);
            if let Some(held) = &held {
                packing.remember(at, held.terms.users());
                on.hub.registry.set(held.id, held.client_state.expose(), &account.name, held.expires_at_ms);
            }
            packing.usable(at, false, now.mono_ms);
            seats.push(Seat::new(held, now));
        }
        let herald = Herald::new(
            on.persons.accounts().iter().map(|account| account.name.clone()).collect(),
            on.subscribing.rich,
            now.mono_ms,
        );
        State {
            on,
            seats,
            packing,
            herald,
            flying: FuturesUnordered::new(),
            version: 0,
            stopping: false,
            look_at: 0,
            retired: Retired::default(),
            making_key: false,
        }
    }

    /// Does all that is due, and tells until when there is nothing. `None`: stopped, and nothing is left.
    fn turn(&mut self, now: Moment) -> Option<u64> {
        if self.on.hub.is_stopping() && !self.stopping {
            self.stopping = true;
            self.on.hub.intake.close();
            self.seats.iter_mut().for_each(|seat| seat.life.stop());
        }
        self.read_mail(now);
        let mut until = self.look_at_sign_ins(now);
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
            until = until.min(self.on.hub.crowd().next_at().unwrap_or(u64::MAX));
        }
        Some(until)
    }

    fn read_mail(&mut self, now: Moment) {
        for (id, what) in self.on.hub.take_mail() {
            let Some(at) = self.seats.iter().position(|seat| seat.life.known().is_some_and(|held| held.id == id)) else {
                continue;
            };
            let life = &mut self.seats[at].life;
            match what {
                Lifecycle::ReauthorizationRequired => life.reauthorize(id, now),
                Lifecycle::SubscriptionRemoved => life.removed(id, now),
                Lifecycle::Missed => self.on.hub.reread(self.packing.members(at).iter().copied()),
                Lifecycle::Unknown => {}
            }
        }
    }

    /// What is looked at now and then.
    fn look_around(&mut self, now: Moment) {
        self.look_at = now.mono_ms + LOOK_MS;
        let hub = &self.on.hub;
        self.retired.tidy(&hub.registry, now.mono_ms);
        self.herald.strangers(hub, self.on.desk.reporter(), now);
        if !self.on.subscribing.rich {
            return;
        }
        if let Some(jwks) = hub.jwks.clone() {
            self.flying.push(Box::pin(async move {
                let _ = jwks.freshen().await;
                Landing::Looked
            }));
        }
        let Some(ring) = hub.keys.load_full() else { return };
        let named = |label: &str| {
            let mut terms = self.seats.iter().filter_map(|seat| seat.life.known()).map(|held| &held.terms);
            terms.any(|terms| terms.certificate_id() == Some(label))
        };
        let tidied = ring.tidied(named, now.wall_ms);
        if tidied.is_due(now.wall_ms) && !std::mem::replace(&mut self.making_key, true) {
            self.flying.push(Box::pin(async move {
                let made = tokio::task::spawn_blocking(move || KeyPair::make(now.wall_ms)).await;
                Landing::Key(made.ok().and_then(Result::ok))
            }));
        }
        self.on.keep_keys(tidied);
    }

    /// Who is in which set, and what each subscription is to be. Tells when to look again.
    fn pack(&mut self, now: Moment) -> u64 {
        let mono = now.mono_ms;
        let (polled, enabled) = self.on.desk.with(|engine, _| (engine.polled(), engine.is_enabled()));
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
            let account = &self.on.persons.accounts()[change.account].name;
            self.on.desk.reporter().log(
                Level::Debug,
                TARGET,
                format_args!("account {account}: {} people are to be subscribed", change.members.len()),
            );
        }
        let ring = self.on.hub.keys.load_full();
        if self.on.subscribing.rich && ring.is_none() {
            return mono + SIGNED_OUT_MS;
        }
        let label = ring.as_ref().filter(|_| self.on.subscribing.rich).map(|ring| ring.current().id());
        for (at, seat) in self.seats.iter_mut().enumerate() {
            let members = self.packing.members(at);
            let same = seat.wished.as_ref().is_some_and(|terms| **terms.users() == *members && terms.certificate_id() == label);
            if same || (members.is_empty() && seat.wished.is_none()) {
                continue;
            }
            let terms = Arc::new(Terms::new(self.on.subscribing.url.as_str(), label, members.iter().copied()));
            seat.wished = Some(terms.clone());
            seat.life.wish((!members.is_empty()).then_some(terms));
            if members.is_empty() {
                self.on.hub.crowd().dismissed(at);
            }
        }
        let left_out = self.packing.unsubscribed();
        let everybody_in = self.seats.iter().all(Seat::is_usable);
        let at = self.herald.left_out(&left_out, everybody_in, &self.on.desk, now);
        *lock(&self.on.hub.left_out) = left_out.into();
        self.packing.next_at(mono).unwrap_or(u64::MAX).min(at)
    }

    /// Switched off: nobody's changes are to be sent. Who was in which set is remembered.
    fn send_home(&mut self) {
        for (at, seat) in self.seats.iter_mut().enumerate() {
            seat.life.wish(None);
            if seat.wished.take().is_some() {
                self.on.hub.crowd().dismissed(at);
                self.on.hub.changed();
            }
        }
    }

    fn judge(&mut self, now: Moment) {
        let found = self.on.hub.crowd().judge(now.mono_ms);
        for (at, finding) in found {
            let people = self.on.hub.crowd().size(at);
            if self.herald.found(at, finding, people, &self.on.hub, self.on.desk.reporter()) {
                self.seats[at].life.distrust(now);
            }
            self.on.hub.changed();
        }
    }

    /// How the sign-ins stand. Tells when to look again.
    fn look_at_sign_ins(&mut self, now: Moment) -> u64 {
        let mut all = true;
        let accounts = self.on.persons.accounts();
        for ((at, standing), account) in self.on.persons.look().into_iter().enumerate().zip(accounts) {
            all &= standing.signed_in;
            if let Some(token) = account.client.tokens().serving() {
                self.on.hub.tenant.learn(token.claims().tenant_id.as_deref());
            }
            self.packing.owned_by(at, standing.person, now.mono_ms);
            self.seats[at].signs_in(standing, || account.client.tokens().state());
        }
        now.mono_ms + if all { SIGNED_IN_MS } else { SIGNED_OUT_MS }
    }

    fn send(&mut self, at: usize, action: Action) {
        let (account, seat) = (&self.on.persons.accounts()[at], &mut self.seats[at]);
        seat.flying = true;
        if seat.failed.as_ref().is_some_and(|failed| failed.why == Why::Permission) {
            account.client.renew_after_forbidden();
        }
        if let Action::Create { client_state, .. } = &action {
            // One at a time, and the one before is known to be gone.
            self.on.hub.registry.settled(&account.name);
            self.on.hub.registry.pending(&account.name, client_state.expose());
        }
        let (client, url, ring) = (account.client.clone(), self.on.subscribing.url.clone(), self.on.hub.keys.load_full());
        self.flying.push(Box::pin(async move {
            let asked = asked(&action);
            Landing::Answered(at, asked, errand::run(&client, &url, ring.as_deref(), action).await)
        }));
    }

    fn landed(&mut self, landing: Landing, now: Moment) {
        match landing {
            Landing::Looked => {}
            Landing::Key(pair) => {
                self.making_key = false;
                if let (Some(pair), Some(ring)) = (pair, self.on.hub.keys.load_full()) {
                    self.on.keep_keys(ring.rotated(pair, now.wall_ms));
                }
            }
            Landing::Answered(at, asked, answer) => self.answered(at, asked, answer, now),
        }
    }

    fn answered(&mut self, at: usize, asked: Asked, answer: Result<Answer, SubscriptionError>, now: Moment) {
        let account = &self.on.persons.accounts()[at];
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
                self.on.desk.reporter().log(Level::Debug, TARGET, format_args!("account {}: {asked:?}: {error}", account.name));
                let why = error.why;
                if asked == Asked::Create && why != Why::Unavailable {
                    self.on.hub.registry.settled(&account.name);
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
        let name = self.on.persons.accounts()[at].name.clone();
        let hub = &self.on.hub;
        for news in self.seats[at].life.take_news() {
            match news {
                News::On(held) => {
                    self.retired.is_back(held.id);
                    hub.registry.set(held.id, held.client_state.expose(), &name, held.expires_at_ms);
                    hub.crowd().began(at, held.id, held.terms.users(), ends_at(held.expires_at_ms, now), now.mono_ms);
                    self.on.memory.keep_held(&name, &held);
                    hub.changed();
                }
                News::Renewed(held) => {
                    hub.registry.set(held.id, held.client_state.expose(), &name, held.expires_at_ms);
                    hub.crowd().renewed(at, ends_at(held.expires_at_ms, now));
                    self.on.memory.keep_held(&name, &held);
                }
                News::Off { id, cause } => {
                    hub.crowd().ended(at);
                    self.on.memory.drop_held(&name);
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
                    self.herald.refused(at, step, why, failed, now.wall_at(next_try_ms), self.on.desk.reporter());
                }
            }
        }
    }

    fn tell_standings(&mut self, now: Moment) {
        let left_out = lock(&self.on.hub.left_out).len().min(MOST_SUBSCRIBED);
        for (at, seat) in self.seats.iter_mut().enumerate() {
            let (live, trusted) = self.on.hub.crowd().standing(at, now.mono_ms);
            let users = match self.packing.members(at).len() {
                // Nobody is given to an account that is not signed in.
                0 if !seat.is_signed_in() => left_out,
                members => members,
            };
            let held = seat.life.held().cloned();
            let cause = if live || users == 0 { None } else { seat.cause() };
            {
                let mut standings = lock(&self.on.hub.standings);
                standings[at].id = held.as_ref().map(|held| held.id);
                standings[at].expires_at_ms = held.as_ref().map(|held| held.expires_at_ms);
                standings[at].signed_in = seat.is_signed_in();
                standings[at].cause = cause;
            }
            let reporter = self.on.desk.reporter();
            if let (true, Some(held)) = (trusted, held) {
                if self.herald.on(at, held.terms.users().len(), held.expires_at_ms, reporter, now) {
                    self.on.hub.changed();
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
