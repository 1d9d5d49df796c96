//! Graph, we, the network between, and time. Nothing happens but by the queue of events; the same seed is the same week.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::ask::Landed;
use super::super::notify::{Action, Errand, KeyPair, Landing, asked};
use super::super::poll::{Landing as Answered, Question};
use super::chance::Chance;
use super::graph::{Graph, Person, There, WORDS};
use super::side::{Side, WATCHDOG_MS, Want, user_of};
use super::weather::{HOUR, Kind, MINUTE, Refusal, SECOND, Spell};
use crate::event::{Endpoint, Event};
use crate::graph::subscriptions::{SubscriptionError, Why};
use crate::graph::{Class, GraphError, PresenceAnswer};
use crate::http::TransportErrorKind;
use crate::presence::{Chat, Dnd, Guid};
use crate::process::Process;
use crate::store::Notes;
use crate::sync::Delivery;
use crate::time::{Clock, Moment};

/// What is promised: nobody's state is wrong for longer, once all can reach each other.
pub(super) const BOUND_MS: u64 = 10 * SECOND + WATCHDOG_MS;
/// How long a request hangs: for presence, for subscriptions, and where no connection comes about.
const HANGS_MS: [u64; 3] = [30 * SECOND, 60 * SECOND, 10 * SECOND];
/// What is told of a week that fails.
const LINES: usize = 400;
/// Graph sends again for so long (delivery by webhooks, 2026-04-22).
const SENT_FOR_MS: u64 = 4 * HOUR;

enum Job {
    Poll(Question),
    Ask(usize, Action),
}

enum Outcome {
    Presence(Vec<u8>),
    Subscription(Result<super::super::notify::Answer, Why>),
    Failed(Class),
}

impl Outcome {
    fn words(&self) -> String {
        match self {
            Outcome::Presence(body) => String::from_utf8_lossy(body).replace("00000000-0000-0000-0000-0000000", ""),
            Outcome::Subscription(answer) => format!("{answer:?}"),
            Outcome::Failed(class) => format!("{class:?}"),
        }
    }
}

enum What {
    /// Somebody changes.
    Change(Option<Guid>),
    Begins(usize),
    Ends(usize),
    Arrives(Job),
    Lands(Job, Outcome),
    Post(Post),
    /// A stop takes no longer.
    Kill,
}

#[derive(Clone)]
struct Post {
    /// Of the content, which is encrypted once.
    mark: u64,
    about: String,
    body: Vec<u8>,
    plain: Option<Vec<u8>>,
    first_at: u64,
    attempt: u32,
}

/// An event, in which run of the library it began, and when.
struct Happening {
    run: u64,
    since: u64,
    what: What,
}

pub(super) struct World {
    process: Process,
    clock: Clock,
    wall_distance: i64,
    pub(super) chance: Chance,
    pub(super) graph: Graph,
    pub(super) side: Option<Side>,
    run: u64,
    rich: bool,
    budget: String,
    notes: Notes,
    queue: BTreeMap<(u64, u64), Happening>,
    serial: u64,
    spells: Vec<Spell>,
    active: Vec<usize>,
    /// Graph asked us to wait until then.
    told_to_wait: u64,
    blind_until: u64,
    host: BTreeMap<String, (bool, Option<Chat>)>,
    /// Since when the host has something else of a person than Teams.
    wrong_since: BTreeMap<Guid, u64>,
    pub(super) longest_wrong: u64,
    pub(super) events: Vec<Event>,
    pub(super) busy: bool,
    /// What happened last, for whom a week fails.
    told: VecDeque<String>,
}

impl World {
    pub(super) fn new(seed: u64, people: usize, spells: Vec<Spell>) -> World {
        let start = Moment { mono_ms: 1_000_000, wall_ms: 1_795_355_700_000 };
        let mut chance = Chance::new(seed);
        let (rich, read, sent, tells) =
            (chance.in_hundred(60), chance.in_hundred(50), chance.in_hundred(50), chance.in_hundred(50));
        let notes = Notes::in_memory();
        if rich {
            let age = 90 * 24 * HOUR as i64 - chance.below(7 * 24 * HOUR) as i64;
            Side::old_keys(&notes, start.wall_ms - age);
        }
        let clock = Clock::still(start);
        let mut world = World {
            process: Process::acquire().expect("a runtime"),
            wall_distance: start.wall_ms - start.mono_ms as i64,
            clock,
            chance,
            graph: Graph::new(people, read, sent, tells),
            side: None,
            run: 0,
            rich,
            budget: format!("week {seed} {}", uuid::Uuid::new_v4()),
            notes,
            queue: BTreeMap::new(),
            serial: 0,
            spells: spells
                .iter()
                .map(|it| Spell { from: it.from + start.mono_ms, until: it.until + start.mono_ms, ..*it })
                .collect(),
            active: Vec::new(),
            told_to_wait: 0,
            blind_until: start.mono_ms,
            host: BTreeMap::new(),
            wrong_since: BTreeMap::new(),
            longest_wrong: 0,
            events: Vec::new(),
            busy: true,
            told: VecDeque::new(),
        };
        world.begin();
        for at in 0..world.spells.len() {
            let Spell { from, until, .. } = world.spells[at];
            world.at(from, What::Begins(at));
            world.at(until, What::Ends(at));
        }
        world.at(start.mono_ms + SECOND, What::Change(None));
        world
    }

    fn now(&self) -> u64 {
        self.clock.mono_ms()
    }

    /// The wall clock of Graph, which nobody sets.
    fn wall(&self) -> i64 {
        self.now() as i64 + self.wall_distance
    }

    fn at(&mut self, at: u64, what: What) {
        self.put(at, self.run, self.now(), what);
    }

    fn put(&mut self, at: u64, run: u64, since: u64, what: What) {
        self.serial += 1;
        self.queue.insert((at, self.serial), Happening { run, since, what });
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now();
        if self.told.len() >= LINES {
            self.told.pop_front();
        }
        self.told.push_back(format!("{now}: {}", line()));
    }

    fn is(&self, which: impl Fn(Kind) -> bool) -> bool {
        self.active.iter().any(|at| which(self.spells[*at].kind))
    }

    fn is_asleep(&self) -> bool {
        self.is(|kind| kind == Kind::Asleep)
    }

    fn begin(&mut self) {
        self.run += 1;
        let side = Side::start(&self.process, &self.clock, &self.notes, &self.graph.people, self.rich, &self.budget);
        self.side = Some(side);
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.now() + ms;
        loop {
            self.act();
            let now = self.now();
            let own = self.side.as_ref().filter(|_| !self.is_asleep()).map_or(u64::MAX, Side::next_at);
            let queued = self.queue.keys().next().map_or(u64::MAX, |(at, _)| *at);
            let next = own.min(queued).min(end).max(now);
            self.judge(next);
            self.clock.advance(next - now);
            self.graph.expire(next);
            while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= next) {
                let happening = entry.remove();
                self.happens(happening);
            }
            if next >= end {
                self.act();
                return;
            }
        }
    }

    /// Our side does what is due.
    fn act(&mut self) {
        let (asleep, signed_in) = (self.is_asleep(), !self.is(|kind| kind == Kind::SignedOut));
        let mut rounds = 0;
        while let Some(side) = self.side.as_mut().filter(|_| !asleep) {
            rounds += 1;
            assert!(rounds < 1_000, "it never rests at {}", self.clock.mono_ms());
            let mut wants = Vec::new();
            side.run(signed_in, &mut wants);
            self.events.extend(side.events());
            let mut any = !wants.is_empty();
            let (done, deliveries) = (side.done, side.deliveries().collect::<Vec<_>>());
            for delivery in deliveries {
                any = true;
                self.note(|| format!("    {delivery:?}"));
                match delivery {
                    Delivery::Dnd(change) => {
                        self.host.entry(change.user_id.to_string()).or_default().0 = change.value == Dnd::On;
                    }
                    Delivery::Chat(change) => {
                        self.host.entry(change.user_id.to_string()).or_default().1 = Some(change.value);
                    }
                    _ => {}
                }
            }
            if done {
                self.side = None;
                return;
            }
            for want in wants {
                self.wants(want);
            }
            if !any {
                return;
            }
        }
    }

    fn wants(&mut self, want: Want) {
        let now = self.now();
        self.note(|| match &want {
            Want::Poll(question) => format!("ask for {} people", question.ids.len()),
            Want::Subscriptions(errand) => format!("{errand:?}"),
        });
        let on_the_way = if self.chance.in_hundred(2) { self.chance.below(3 * SECOND) } else { self.chance.between(5, 200) };
        let job = match want {
            Want::Poll(question) => Job::Poll(question),
            Want::Subscriptions(Errand::Ask { at, action, .. }) => Job::Ask(at, action),
            Want::Subscriptions(Errand::Freshen) => return self.side.iter_mut().for_each(|side| side.landed(Landing::Looked)),
            Want::Subscriptions(Errand::Make(wall_ms)) => {
                let key = KeyPair::make(wall_ms).ok();
                if let Some(side) = &mut self.side {
                    side.landed(Landing::Key(key));
                }
                return;
            }
        };
        if self.is(|kind| kind == Kind::SignedOut) {
            let class = Class::SignIn { next_try_mono_ms: now + 2 * SECOND };
            return self.at(now, What::Lands(job, Outcome::Failed(class)));
        }
        self.at(now + on_the_way, What::Arrives(job));
    }

    /// Nobody waits for this but for so long.
    fn hangs_until(&mut self, job: &Job, since: u64) -> u64 {
        let connected = self.chance.in_hundred(50);
        since + if !connected { HANGS_MS[2] } else { HANGS_MS[usize::from(matches!(job, Job::Ask(..)))] }
    }

    fn happens(&mut self, Happening { run, since, what }: Happening) {
        let now = self.now();
        match what {
            What::Change(who) => self.somebody_changes(who),
            What::Begins(at) => self.begins(at),
            What::Ends(at) => self.ends(at),
            What::Post(post) => self.posted(post),
            What::Kill => {
                if run == self.run {
                    self.side = None;
                }
            }
            What::Arrives(job) => {
                let (at, outcome) = self.arrives(&job, since);
                self.put(at, run, since, What::Lands(job, outcome));
            }
            What::Lands(job, outcome) => {
                if run != self.run || self.side.is_none() {
                    return;
                }
                let lost = matches!(outcome, Outcome::Presence(_) | Outcome::Subscription(_))
                    && self.is(|kind| matches!(kind, Kind::Apart | Kind::Outward));
                let timed_out = Outcome::Failed(Class::Transport(TransportErrorKind::Timeout));
                if lost {
                    let at = self.hangs_until(&job, since).max(now);
                    return self.put(at, run, since, What::Lands(job, timed_out));
                }
                if self.is_asleep() {
                    let until = self.active.iter().map(|at| self.spells[*at].until).max().unwrap_or(now);
                    return self.put(until.max(now + 1), run, since, What::Lands(job, timed_out));
                }
                self.lands(job, outcome, since);
            }
        }
    }

    /// What Graph makes of a request, and when the answer is here.
    fn arrives(&mut self, job: &Job, since: u64) -> (u64, Outcome) {
        let now = self.now();
        let back = now + if self.chance.in_hundred(2) { self.chance.below(4 * SECOND) } else { self.chance.between(5, 200) };
        if self.is(|kind| matches!(kind, Kind::Apart | Kind::Outward)) {
            return (self.hangs_until(job, since).max(now), Outcome::Failed(Class::Transport(TransportErrorKind::Timeout)));
        }
        if self.is(|kind| kind == Kind::Refused) {
            return (now, Outcome::Failed(Class::Transport(TransportErrorKind::Connect)));
        }
        if self.is(|kind| kind == Kind::Unavailable) || self.chance.below(1_000) < 3 {
            return (back, Outcome::Failed(Class::Unavailable));
        }
        let wait = self.active.iter().find_map(|at| match self.spells[*at].kind {
            Kind::Throttled(ms) => Some(ms),
            _ => None,
        });
        if let Some(ms) = wait {
            self.told_to_wait = self.told_to_wait.max(back + ms);
            return (back, Outcome::Failed(Class::Throttled { retry_after: Duration::from_millis(ms), stated: true }));
        }
        match job {
            Job::Poll(question) => (back, Outcome::Presence(self.graph.read(&question.ids))),
            Job::Ask(_, action) => {
                let refusal = self.active.iter().find_map(|at| match (self.spells[*at].kind, action) {
                    (Kind::NoRenewal(refusal), Action::Renew { .. }) | (Kind::NoCreation(refusal), Action::Create { .. }) => {
                        Some(refusal)
                    }
                    _ => None,
                });
                let answer = match refusal {
                    Some(refusal) => Err(why(refusal)),
                    None => {
                        let reachable = !self.is(Kind::deafens);
                        self.graph.ask(action, reachable, now, self.wall())
                    }
                };
                (back, Outcome::Subscription(answer))
            }
        }
    }

    fn lands(&mut self, job: Job, outcome: Outcome, since: u64) {
        let now = self.now();
        self.note(|| format!("  asked at {since}: {}", outcome.words()));
        let Some(side) = &mut self.side else { return };
        let error = |endpoint, class| GraphError { endpoint, class, facts: Box::default() };
        match (job, outcome) {
            (Job::Ask(at, action), outcome) => {
                let why = match outcome {
                    Outcome::Subscription(Ok(answer)) => return side.landed(Landing::Answered(at, asked(&action), Ok(answer))),
                    Outcome::Subscription(Err(why)) => why,
                    Outcome::Failed(Class::SignIn { .. }) => Why::SignIn,
                    Outcome::Failed(Class::Throttled { retry_after, .. }) => Why::Throttled(retry_after.as_millis() as u64),
                    _ => Why::Unavailable,
                };
                let error = error(Endpoint::Subscriptions, Class::Unavailable);
                side.landed(Landing::Answered(at, asked(&action), Err(SubscriptionError { why, error })));
            }
            (Job::Poll(question), outcome) => {
                let mut landed = Landed { refused: Vec::new(), error: None, good: false, news: Vec::new(), again: Vec::new() };
                let mut answer = PresenceAnswer::default();
                match outcome {
                    Outcome::Presence(body) => {
                        answer.read(body).expect("a good answer");
                        landed.again = side.hub.polled(side.desk, &answer, since, &mut landed.news);
                        landed.good = true;
                    }
                    Outcome::Failed(class) => {
                        if let Class::Throttled { retry_after, .. } = &class {
                            side.client.presence_budget().block_until(now + retry_after.as_millis() as u64);
                        }
                        landed.error = Some(error(Endpoint::Presences, class));
                    }
                    Outcome::Subscription(_) => unreachable!("an answer to something else"),
                }
                side.answered(Answered { question, landed: Some(landed), answer });
            }
        }
    }

    /// Somebody's state changes; some change again at once.
    fn somebody_changes(&mut self, who: Option<Guid>) {
        let now = self.now();
        let at = match who.and_then(|id| self.graph.people.iter().position(|person| person.id == id)) {
            Some(at) => at,
            None => {
                if self.busy {
                    let next = now + self.chance.between(SECOND, 3 * MINUTE);
                    self.at(next, What::Change(None));
                }
                self.chance.below(self.graph.people.len() as u64) as usize
            }
        };
        let step = self.chance.between(1, WORDS.len() as u64) as usize;
        let person = &mut self.graph.people[at];
        person.word = (person.word + step) % WORDS.len();
        person.sequence += 1;
        person.changed_at = now;
        let person = *person;
        self.note(|| format!("{} is {:?} {}", user_of(person.id), WORDS[person.word], person.sequence));
        if self.chance.in_hundred(10) {
            let again = now + self.chance.between(50, 3 * SECOND);
            self.at(again, What::Change(Some(person.id)));
        }
        self.tell(person);
    }

    /// Graph sends word of it: within seconds, at the most a minute (change notifications for presence, 2026-08-15).
    fn tell(&mut self, person: Person) {
        let (now, wall) = (self.now(), self.wall());
        let down = self.is(|kind| kind == Kind::Unavailable) && self.chance.in_hundred(50);
        if down || self.is(|kind| kind == Kind::Silent) {
            return;
        }
        let all: Vec<(Guid, There)> = self.graph.subscriptions.iter().map(|(id, there)| (*id, there.clone())).collect();
        for (id, there) in
            all.into_iter().filter(|(_, there)| there.ours && !there.unauthorized && there.users.contains(&person.id))
        {
            let late = self.chance.in_hundred(2);
            let latency = if late { self.chance.below(50 * SECOND) } else { self.chance.between(100, 8 * SECOND) };
            let plain = self.rich.then(|| Graph::presence(&person, self.graph.numbers_sent).to_string().into_bytes());
            let mark = self.chance.next();
            let body = Graph::body(id, &there, person.id, wall);
            self.at(now + latency, What::Post(Post { mark, about: user_of(person.id), body, plain, first_at: now, attempt: 1 }));
        }
    }

    fn posted(&mut self, mut post: Post) {
        let now = self.now();
        let side = self.side.as_ref().filter(|_| !self.is(Kind::deafens));
        let taken = side.is_some_and(|side| side.post(&post.body, post.plain.as_deref(), post.mark));
        self.note(|| {
            let plain = post.plain.as_deref().map(String::from_utf8_lossy);
            format!("post of {} about {}, taken {taken}: {plain:?}", post.first_at, post.about)
        });
        if taken {
            self.graph.tally.notified += 1;
            // The answer was late, or lost.
            if self.chance.in_hundred(3) {
                let again = now + self.chance.between(SECOND, 20 * MINUTE);
                self.at(again, What::Post(Post { attempt: post.attempt + 1, ..post }));
            }
            return;
        }
        let pause = (10 * SECOND) << post.attempt.min(12);
        post.attempt += 1;
        if now + pause - post.first_at < SENT_FOR_MS {
            self.at(now + pause, What::Post(post));
        }
    }

    fn word(&mut self, id: Guid, client_state: &str, event: &str) {
        let (body, now) = (Graph::word(id, client_state, event), self.now());
        self.at(
            now + SECOND,
            What::Post(Post { mark: 0, about: event.to_owned(), body, plain: None, first_at: now, attempt: 1 }),
        );
    }

    fn begins(&mut self, at: usize) {
        self.active.push(at);
        self.note(|| format!("begins {at}"));
        let now = self.now();
        let ours = self.graph.first_of_ours();
        let state = |graph: &Graph| ours.and_then(|id| graph.subscriptions.get(&id)).map(|there| there.client_state.clone());
        match self.spells[at].kind {
            Kind::Away { stopped, remembers } => {
                if !remembers {
                    // Where nothing is kept, nothing was: what this run noted counts no more.
                    self.notes = Notes::in_memory();
                }
                match &mut self.side {
                    Some(side) if stopped => {
                        side.stop();
                        self.at(now + 10 * SECOND, What::Kill);
                    }
                    _ => self.side = None,
                }
            }
            Kind::Removed { told } => {
                let state = state(&self.graph);
                if let (Some(id), Some(state)) = (ours, state) {
                    self.graph.subscriptions.remove(&id);
                    if told {
                        self.word(id, &state, "subscriptionRemoved");
                    }
                }
            }
            Kind::Reauthorize => {
                if let (Some(id), Some(state)) = (ours, state(&self.graph)) {
                    self.graph.subscriptions.entry(id).and_modify(|there| there.unauthorized = true);
                    self.word(id, &state, "reauthorizationRequired");
                }
            }
            Kind::Missed => {
                if let (Some(id), Some(state)) = (ours, state(&self.graph)) {
                    self.word(id, &state, "missed");
                }
            }
            Kind::Rival => self.graph.rival(now),
            Kind::Wall(ms) => self.clock.step_wall(ms),
            _ => {}
        }
    }

    fn ends(&mut self, at: usize) {
        self.active.retain(|active| *active != at);
        match self.spells[at].kind {
            Kind::Away { .. } => self.begin(),
            Kind::Wall(ms) => self.clock.step_wall(-ms),
            Kind::Asleep => {}
            _ => {}
        }
    }

    /// From now until `next` the host has what it has now.
    fn judge(&mut self, next: u64) {
        let now = self.now();
        let blind = self.side.is_none() || self.is(Kind::blinds);
        self.blind_until = if blind { next } else { self.blind_until.max(self.told_to_wait.min(next)) };
        for person in &self.graph.people {
            let (dnd, chat) = match WORDS[person.word] {
                ("DoNotDisturb", _) | (_, "InACall") => (true, Chat::Dnd),
                ("Busy", _) => (false, Chat::Dnd),
                ("Available", _) => (false, Chat::Available),
                _ => (false, Chat::Away),
            };
            let has = self.host.get(&user_of(person.id)).copied().unwrap_or((false, None));
            if has == (dnd, Some(chat)) {
                self.wrong_since.remove(&person.id);
                continue;
            }
            let since = *self.wrong_since.entry(person.id).or_insert(now);
            let since = since.max(self.blind_until);
            let wrong = next.saturating_sub(since);
            self.longest_wrong = self.longest_wrong.max(wrong);
            let lines = || self.told.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
            assert!(
                wrong <= BOUND_MS,
                "{}\n{} is {:?} and the host has {has:?}: for {wrong} ms at {now}, changed at {}, blind until {}; now {:?}; before: {:?}",
                lines(),
                user_of(person.id),
                WORDS[person.word],
                person.changed_at,
                self.blind_until,
                self.active.iter().map(|at| self.spells[*at]).collect::<Vec<_>>(),
                self.spells.iter().rfind(|spell| spell.until <= now),
            );
        }
    }
}

fn why(refusal: Refusal) -> Why {
    match refusal {
        Refusal::Refused => Why::Refused,
        Refusal::Permission => Why::Permission,
        Refusal::Quota => Why::Quota,
        Refusal::Handshake => Why::Handshake,
        Refusal::Throttled => Why::Throttled(90 * SECOND),
    }
}
