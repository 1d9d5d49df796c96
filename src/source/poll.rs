//! The poll loop: everybody once per interval, and single people at once when asked.
//!
//! One task. Requests overlap up to a small number, sweeps never do. Every failure ends in a pause whose length the failure names;
//! nothing ends the loop but its cancellation.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use super::aside::Aside;
use super::ask::{Asking, ask};
use super::handle::{PollHandle, Polling, Shared, lock};
use super::lane::{self, Lane, Meter};
use super::later::Later;
use super::notify::Hub;
use super::pace::Pace;
use super::planner::Pacing;
use super::question::{Landing, Next, Question};
use super::round::{BOTH, Rounds, Which};
use super::sweep::requests;
use crate::event::{Event, Kind};
use crate::graph::{Class, Endpoint, GraphClient, GraphError, MOST_IDS, PresenceAnswer};
use crate::host::Desk;
use crate::presence::Guid;

const TARGET: &str = "poll";
/// Requests under way at once. At 200 ms each this is 26,000 people a second.
const MOST_FLYING: usize = 8;
/// How long a user is remembered who was asked about before he was found.
const AWAITED_FOR: u64 = 60_000;
/// The longest wait while every id is set aside.
const ALL_ASIDE: u64 = 30_000;
/// How long a batch that is refused is not divided again after dividing showed that no id is the cause.
const NO_DIVIDING_FOR: u64 = 5 * 60_000;
/// The longest pause of single questions after a failure: a person waits for them.
const WANTED_PAUSE: u64 = 5_000;
/// The shortest pause after a failure.
const LEAST_PAUSE: u64 = 1_000;
/// After the list of people has changed it is left alone for a millisecond for each so many people on it: a host that puts users one by one
/// would have it made anew with each.
const PEOPLE_A_MS: u64 = 5_000;

/// Polls for one instance. See [`Poll::run`].
#[derive(Debug)]
pub struct Poll {
    client: GraphClient,
    desk: Arc<Desk>,
    shared: Arc<Shared>,
    hub: Option<Hub>,
}

impl Poll {
    /// Polls whom the desk's engine names. Sends nothing before [`Poll::run`].
    pub fn new(client: GraphClient, desk: Arc<Desk>, polling: Polling) -> Poll {
        let shared = Shared::new(client.clock().clone(), polling);
        Poll { client, desk, shared: Arc::new(shared), hub: None }
    }

    /// With notifications: whose changes are sent is polled at the watchdog's interval, and what is newer than an answer stands.
    #[must_use]
    pub fn beside(mut self, hub: Option<Hub>) -> Poll {
        self.hub = hub;
        self
    }

    /// The way to ask for single people.
    pub fn handle(&self) -> PollHandle {
        PollHandle(self.shared.clone())
    }

    /// Works until cancelled, whatever fails; requests under way are dropped then.
    pub async fn run(self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.poll()).await;
    }

    async fn poll(&self) {
        let clock = self.client.clock().clone();
        let mut roster = self.desk.roster_changes();
        let mut flying: FuturesUnordered<Flight<'_>> = FuturesUnordered::new();
        let mut state = State::new(&self.client, &self.desk, &self.shared, self.hub.as_ref());
        loop {
            roster.borrow_and_update();
            let now = clock.mono_ms();
            let until = loop {
                match state.next(now) {
                    Next::Send(question) => flying.push(self.send(question, state.spare.pop().unwrap_or_default())),
                    Next::At(until) => break until,
                }
            };
            tokio::select! {
                Some(landing) = flying.next() => state.landed(landing),
                _ = roster.changed() => {}
                () = self.shared.wake.notified() => {}
                () = woken(self.hub.as_ref()) => {}
                () = clock.sleep_until(until) => {}
            }
        }
    }

    fn send(&self, question: Question, mut answer: PresenceAnswer) -> Flight<'_> {
        let asking = Asking { client: &self.client, desk: &self.desk, hub: self.hub.as_ref() };
        Box::pin(async move {
            let landed = tokio::select! {
                landed = ask(&asking, &question.ids, &mut answer, question.divide) => Some(landed),
                // What is not sent yet is not sent any more: its turn in the budget may be long in coming, and dividing a batch takes many.
                () = self.desk.disabled(), if !question.by_hand => None,
            };
            Landing { question, landed, answer }
        })
    }
}

/// Waits until notifications give the poll something to look at.
async fn woken(hub: Option<&Hub>) {
    match hub {
        Some(hub) => hub.poll_woken().await,
        None => std::future::pending().await,
    }
}

type Flight<'a> = Pin<Box<dyn Future<Output = Landing> + Send + 'a>>;

/// What to ask for next, and what becomes of the answers.
pub(super) struct State<'a> {
    client: &'a GraphClient,
    desk: &'a Desk,
    shared: &'a Shared,
    hub: Option<&'a Hub>,
    known: Arc<[Guid]>,
    version: u64,
    /// The list of people is not looked at before this.
    look_at: u64,
    rounds: Rounds,
    lane: Lane,
    /// What looks at everybody by hand may cost.
    by_hand: Meter,
    not_before: u64,
    failures: u32,
    /// Good answers in a row.
    good: usize,
    renew: bool,
    aside: Aside,
    later: Later,
    no_dividing_until: u64,
    pace: Pace,
    spare: Vec<PresenceAnswer>,
}

impl<'a> State<'a> {
    pub(super) fn new(client: &'a GraphClient, desk: &'a Desk, shared: &'a Shared, hub: Option<&'a Hub>) -> State<'a> {
        State {
            client,
            desk,
            shared,
            hub,
            known: Arc::from([]),
            version: 0,
            look_at: 0,
            rounds: Rounds::new(shared.adaptive.load(Ordering::Relaxed)),
            lane: Lane::default(),
            by_hand: Meter::default(),
            not_before: 0,
            failures: 0,
            good: 0,
            renew: false,
            aside: Aside::default(),
            later: Later::default(),
            no_dividing_until: 0,
            pace: Pace::default(),
            spare: Vec::new(),
        }
    }

    /// What to send now, or until when there is nothing to send.
    pub(super) fn next(&mut self, now: u64) -> Next {
        self.look_at_roster(now);
        self.rounds.follow(self.shared, now);
        self.rounds.divide(&self.known, self.version, self.hub, now);
        self.look_for_awaited(now);
        let limit = self.client.presence_budget().limit();
        let mut until = self.hub.map_or(u64::MAX, |hub| self.later.look(hub, &self.shared.wanted, now));
        if self.shared.everybody.load(Ordering::Acquire) {
            match self.by_hand.at(limit) {
                at if at > now => until = at,
                _ => {
                    self.shared.everybody.store(false, Ordering::Release);
                    self.by_hand.spend(requests(self.known.len()) as u64, now, limit);
                    self.rounds.planners().for_each(|planner| planner.at_once(now));
                }
            }
        }
        match self.next_single(now, limit) {
            Ok(question) => return Next::Send(question),
            Err(at) => until = until.min(at),
        }
        for which in BOTH {
            self.end_sweep(which, now);
            match self.next_of_sweep(which, now, limit) {
                Ok(question) => return Next::Send(question),
                Err(at) => until = until.min(at),
            }
        }
        Next::At(if self.look_at > now { until.min(self.look_at) } else { until })
    }

    /// A request of a sweep, or when there may be one; a landing may bring it nearer.
    fn next_of_sweep(&mut self, which: Which, now: u64, limit: u32) -> Result<Question, u64> {
        let round = &self.rounds[which];
        if round.is_idle() || self.rounds.flying() >= MOST_FLYING {
            return Err(u64::MAX);
        }
        let Some(at) = round.planner.next_at() else { return Err(u64::MAX) };
        let at = at.max(self.not_before);
        if at > now {
            return Err(at);
        }
        // What is left free goes to single people at once.
        let room_at = self.client.presence_budget().room_at(now, lane::reserve(limit));
        if room_at > now {
            return Err(room_at);
        }
        if round.planner.is_idle() {
            self.begin_sweep(which, now);
        }
        let round = &mut self.rounds[which];
        while let Some(portion) = round.planner.take(now) {
            let first = portion.ids.first().copied();
            let mut ids = portion.ids;
            if round.version != self.version {
                // Who was removed or opted out since the sweep was planned is not asked for.
                ids.retain(|id| self.known.binary_search(id).is_ok());
            }
            if !ids.is_empty() {
                return Ok(self.question(ids, Some(which), false, now));
            }
            first.into_iter().for_each(|first| round.planner.landed(first, false));
            if round.planner.next_at().is_none_or(|at| at > now) {
                break;
            }
        }
        Err(round.planner.next_at().unwrap_or(u64::MAX))
    }

    fn question(&mut self, ids: Vec<Guid>, round: Option<Which>, by_hand: bool, now: u64) -> Question {
        let ids: Arc<[Guid]> = ids.into();
        self.lane.sent(ids.clone(), now, round.is_none());
        Question { ids, round, by_hand, divide: now >= self.no_dividing_until, sent_at: now }
    }

    fn look_at_roster(&mut self, now: u64) {
        if now < self.look_at {
            return;
        }
        let polled = self.desk.with(|engine, _| engine.polled());
        if polled.version == self.version {
            return;
        }
        let old = std::mem::replace(&mut self.known, polled.ids);
        self.version = polled.version;
        self.look_at = now + self.known.len() as u64 / PEOPLE_A_MS;
        let new: Vec<Guid> = self.known.iter().filter(|id| old.binary_search(id).is_err()).copied().collect();
        if new.is_empty() {
            return;
        }
        if new.len() > MOST_IDS || old.is_empty() {
            self.rounds.planners().for_each(|planner| planner.hurry(now));
        } else {
            lock(&self.shared.wanted).extend(new.into_iter().map(|id| (id, now)));
        }
    }

    /// Users who were asked about too early.
    fn look_for_awaited(&mut self, now: u64) {
        let mut awaited = lock(&self.shared.awaited);
        if awaited.is_empty() {
            return;
        }
        awaited.retain(|_, since| *since + AWAITED_FOR > now);
        let found: Vec<Guid> = self.desk.with(|engine, _| {
            let mut found = Vec::new();
            awaited.retain(|user_id, _| {
                let ids = engine.matched_ids(Some(user_id));
                found.extend_from_slice(&ids);
                ids.is_empty()
            });
            found
        });
        drop(awaited);
        self.shared.want_by_hand(found, now);
    }

    /// A question for single people, or when there may be one.
    fn next_single(&mut self, now: u64, limit: u32) -> Result<Question, u64> {
        let mut wanted = lock(&self.shared.wanted);
        let at = self.lane.at(&mut wanted, now, limit);
        if at > now {
            return Err(at);
        }
        let served = |id| self.aside.serves(id, now);
        let mut ids = self.lane.take(&mut wanted, now, limit, served).ok_or(u64::MAX)?;
        let mut by_hand = lock(&self.shared.by_hand);
        drop(wanted);
        let named: BTreeSet<Guid> = ids.iter().copied().filter(|id| by_hand.remove(id)).collect();
        drop(by_hand);
        // Named some time ago: who is not followed any more is not asked for.
        self.desk.with(|engine, _| {
            let enabled = engine.is_enabled();
            ids.retain(|id| engine.follows(*id) && (enabled || named.contains(id)));
        });
        if ids.is_empty() {
            return self.next_single(now, limit);
        }
        self.renew_if_refused();
        Ok(self.question(ids, None, !named.is_empty(), now))
    }

    fn begin_sweep(&mut self, which: Which, now: u64) {
        self.renew_if_refused();
        let pacing = self.pacing(which);
        let (aside, round) = (&self.aside, &mut self.rounds[which]);
        round.swept = if aside.is_empty() {
            round.ids.clone()
        } else {
            round.ids.iter().filter(|id| aside.serves(**id, now)).copied().collect()
        };
        round.version = self.version;
        if which == Which::Fast {
            round.planner.set_adaptive(self.shared.adaptive.load(Ordering::Relaxed));
        }
        round.planner.begin(round.swept.clone(), now, pacing);
    }

    fn end_sweep(&mut self, which: Which, now: u64) {
        let Some(swept) = self.rounds[which].planner.end(now) else { return };
        if swept.cut {
            return;
        }
        // Within a sweep answers use each other's memory; one remains until the next.
        self.spare.truncate(1);
        self.client.counters().sweep(swept.whole, swept.took_ms);
        if swept.whole {
            self.recovered();
            if let Some(hub) = self.hub {
                let (round, known, aside) = (&self.rounds[which], &self.known, &self.aside);
                let out = |id: &Guid| known.binary_search(id).is_err() || !aside.serves(*id, now);
                hub.swept(|id| round.swept.binary_search(&id).is_ok() || out(&id), now - swept.took_ms, now);
            }
            if which == Which::Watched && !self.rounds[Which::Fast].ids.is_empty() {
                // The pace is that of the others.
                return;
            }
            let pacing = self.pacing(which);
            let planned = pacing.interval_ms(self.rounds[which].ids.len());
            let budget = self.client.presence_budget();
            let budget_full = u64::from(budget.used(now)) * 10 >= u64::from(pacing.per_30s) * 9;
            let event = self.pace.swept(swept.interval_ms.max(planned), pacing.wanted_ms, budget_full);
            self.report(event);
        } else if !self.pace.is_throttled() {
            // Tried again after the pause that the failure named, however long the interval; after a 429 at the usual pace.
            self.rounds[which].planner.again_at(self.not_before, swept.hurried);
        }
    }

    fn pacing(&self, which: Which) -> Pacing {
        let limit = self.client.presence_budget().limit();
        self.rounds.pacing(which, self.shared, self.pace.stretch_percent(), limit - lane::reserve(limit))
    }

    pub(super) fn landed(&mut self, landing: Landing) {
        let Landing { question, landed, answer } = landing;
        let now = self.client.clock().mono_ms();
        if self.spare.len() < MOST_FLYING {
            self.spare.push(answer);
        }
        let Some(landed) = landed else {
            self.lane.landed(&question.ids, None, &mut lock(&self.shared.wanted));
            self.round_landed(&question, true);
            return;
        };
        if landed.read_at.is_some() {
            // Tried again and answered: no longer aside.
            self.aside.answered(&question.ids, |id| landed.refused.iter().any(|(refused, _)| *refused == id));
        }
        landed.refused.iter().for_each(|(id, status)| self.set_aside(*id, *status, now));
        if !landed.refused.is_empty() && self.aside.len() >= self.desk.with(|engine, _| engine.polled().ids.len()) {
            // Nobody is left: more likely Graph refuses everything than that every id is bad.
            self.aside.again_by(now.saturating_add(ALL_ASIDE));
        }
        landed.news.iter().for_each(|id| self.rounds[Which::Fast].planner.changed(*id, now));
        let read_at = landed.read_at.filter(|_| landed.error.is_none());
        self.lane.landed(&question.ids, read_at, &mut lock(&self.shared.wanted));
        landed.again.iter().for_each(|(id, wait)| self.later.push(now + wait, *id));
        self.round_landed(&question, landed.error.is_some());
        match landed.error {
            None => {
                self.good += 1;
                if self.good >= 3 {
                    self.recovered();
                }
            }
            Some(error) => self.failed(&error, &question, now),
        }
    }

    fn round_landed(&mut self, question: &Question, failed: bool) {
        if let (Some(which), Some(first)) = (question.round, question.ids.first()) {
            self.rounds[which].planner.landed(*first, failed);
        }
    }

    fn failed(&mut self, error: &GraphError, question: &Question, now: u64) {
        // Several on their way fail together: they count once.
        let another = self.good > 0 || self.failures == 0 || now >= self.not_before;
        self.good = 0;
        // A sign-in that is waited for says nothing of how patient to be with Graph.
        if another && !matches!(error.class, Class::SignIn { .. }) {
            self.failures = self.failures.saturating_add(1);
        }
        let pause = error.pause_ms(self.failures, now);
        let pause = match error.class {
            // It has been waited for all the while: a pause on top would keep those waiting who can be reached again.
            Class::Transport(_) => pause.saturating_sub(now.saturating_sub(question.sent_at)).max(pause.min(LEAST_PAUSE)),
            _ => pause,
        };
        self.not_before = self.not_before.max(now.saturating_add(pause));
        self.renew |= matches!(error.class, Class::Forbidden(_));
        match &error.class {
            Class::Throttled { .. } => self.pace.throttled(),
            Class::BadRequest | Class::NotFound | Class::TooLarge if question.divide => {
                self.no_dividing_until = now.saturating_add(NO_DIVIDING_FOR);
            }
            _ => {}
        }
        if question.round.is_none() {
            let pause = if matches!(error.class, Class::Throttled { .. }) { pause } else { pause.min(WANTED_PAUSE) };
            // The next sweep may be an hour away. Whoever is not polled (any more) was asked for once.
            let polled = question.ids.iter().copied().filter(|id| self.known.binary_search(id).is_ok());
            self.lane.lost(polled, now.saturating_add(pause), self.not_before);
        }
        if another {
            self.client.health().failed(error, pause);
        }
        self.desk.reporter().log(
            crate::event::Level::Debug,
            TARGET,
            format_args!("{} people: {error}; again in {pause} ms", question.ids.len()),
        );
    }

    fn recovered(&mut self) {
        self.failures = 0;
        self.client.health().good(Endpoint::Presences);
    }

    fn set_aside(&mut self, id: Guid, status: u16, now: u64) {
        if !self.aside.refused(id, now) {
            return;
        }
        for user in self.desk.with(|engine, _| engine.users_of(id)) {
            let draft = Event::new(Kind::ObjectIdRefused).with("object_id", id.to_string()).with("status", status).user(user);
            self.desk.reporter().event_now(draft);
        }
    }

    /// Consent given since a 403 shows only in a new token.
    fn renew_if_refused(&mut self) {
        if std::mem::take(&mut self.renew) {
            self.client.renew_after_forbidden();
        }
    }

    fn report(&self, event: Option<crate::event::Draft>) {
        if let Some(event) = event {
            self.desk.reporter().event_now(event);
        }
    }
}
