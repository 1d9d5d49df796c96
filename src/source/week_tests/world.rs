//! Graph, we, the network between, and time. Nothing happens but by the queue of events; the same seed is the same week.

use std::collections::{BTreeMap, VecDeque};

use super::chance::Chance;
use super::graph::{Graph, WORDS};
use super::network::{Job, Outcome};
use super::post::Post;
use super::side::{Side, WATCHDOG_MS, user_of};
use super::weather::{HOUR, Kind, MINUTE, SECOND, Spell};
use crate::event::Kind as Told;
use crate::graph::Class;
use crate::http::TransportErrorKind;
use crate::presence::{Chat, Dnd, Guid};
use crate::process::Process;
use crate::store::Notes;
use crate::sync::Delivery;
use crate::time::{Clock, Moment};

/// What is promised: nobody's state is wrong for longer, once all can reach each other.
pub(super) const BOUND_MS: u64 = 10 * SECOND + WATCHDOG_MS;
/// What is told of a week that fails.
const LINES: usize = 400;

pub(super) enum What {
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

/// An event, in which run of the library it began, and when.
pub(super) struct Happening {
    run: u64,
    since: u64,
    what: What,
}

pub(super) struct World {
    pub(super) process: Process,
    pub(super) clock: Clock,
    pub(super) wall_distance: i64,
    pub(super) chance: Chance,
    pub(super) graph: Graph,
    pub(super) side: Option<Side>,
    pub(super) run: u64,
    pub(super) rich: bool,
    pub(super) budget: String,
    pub(super) notes: Notes,
    pub(super) queue: BTreeMap<(u64, u64), Happening>,
    pub(super) serial: u64,
    pub(super) spells: Vec<Spell>,
    pub(super) active: Vec<usize>,
    /// Graph asked us to wait until then.
    pub(super) told_to_wait: u64,
    pub(super) blind_until: u64,
    pub(super) host: BTreeMap<String, (bool, Option<Chat>)>,
    /// Since when the host has something else of a person than Teams.
    pub(super) wrong_since: BTreeMap<Guid, u64>,
    pub(super) longest_wrong: u64,
    /// What happened last, for whom a week fails.
    pub(super) told: VecDeque<String>,
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

    pub(super) fn now(&self) -> u64 {
        self.clock.mono_ms()
    }

    /// The wall clock of Graph, which nobody sets.
    pub(super) fn wall(&self) -> i64 {
        self.now() as i64 + self.wall_distance
    }

    pub(super) fn at(&mut self, at: u64, what: What) {
        self.put(at, self.run, self.now(), what);
    }

    pub(super) fn put(&mut self, at: u64, run: u64, since: u64, what: What) {
        self.serial += 1;
        self.queue.insert((at, self.serial), Happening { run, since, what });
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now();
        if self.told.len() >= LINES {
            self.told.pop_front();
        }
        self.told.push_back(format!("{now}: {}", line()));
    }

    pub(super) fn is(&self, which: impl Fn(Kind) -> bool) -> bool {
        self.active.iter().any(|at| which(self.spells[*at].kind))
    }

    pub(super) fn is_asleep(&self) -> bool {
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
            side.events().for_each(|event| assert_ne!(event.kind, Told::Internal, "{}", event.message));
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
                    let sleeps = self.active.iter().map(|at| self.spells[*at]).find(|spell| spell.kind == Kind::Asleep);
                    let until = sleeps.map_or(now, |spell| spell.until);
                    return self.put(until.max(now + 1), run, since, What::Lands(job, timed_out));
                }
                self.lands(job, outcome, since);
            }
        }
    }

    /// Somebody's state changes; some change again at once.
    fn somebody_changes(&mut self, who: Option<Guid>) {
        let now = self.now();
        let at = match who.and_then(|id| self.graph.people.iter().position(|person| person.id == id)) {
            Some(at) => at,
            None => {
                let next = now + self.chance.between(SECOND, 3 * MINUTE);
                self.at(next, What::Change(None));
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
