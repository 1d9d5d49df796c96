//! The engine against a telephone system made of a few lines. Time is a number.

mod answers;
mod behind;
mod calls;
mod comings;
mod crash;
mod crossing;
mod echoes;
mod explain;
mod keep;
mod life;
mod mapping;
mod model;
mod ownership;
mod publish;
mod queue;
mod queue_disk;
mod scope;
mod storm;

use std::collections::BTreeMap;

use super::*;
use crate::config::Config;
use crate::event::{Event, Kind};
use crate::presence::{Chat, Dnd, Guid, Raw};
use crate::time::Moment;

const START: u64 = 1_000_000;

/// An engine, a clock, and a host that takes what it is given.
struct Office {
    engine: Engine,
    now: u64,
    /// What the host has: DND and chat state of each user.
    host: BTreeMap<String, (Option<Dnd>, Option<Chat>)>,
    /// The queue's DND of each user at the host.
    queue: BTreeMap<String, Dnd>,
    /// What the host answers; APPLIED for who is not named. Of the queue's DND by [`queue_of`].
    answers: BTreeMap<String, Answer>,
    /// All that was delivered, in order, as short texts.
    log: Vec<String>,
    events: Vec<Event>,
    last_id: u64,
}

fn config(extra: &str) -> Config {
    let text = format!(
        r#"{{"mode":"presence_sync","tenant_id":"11111111-1111-1111-1111-111111111111","client_id":"22222222-2222-2222-2222-222222222222",
            "auth":{{"method":"client_secret","secret":"s~ecret"}}{extra}}}"#
    );
    Config::parse(text.as_bytes()).expect("a valid configuration").config
}

fn settings(extra: &str) -> Settings {
    Settings::new(&config(extra), Outputs { dnd: true, chat: true, presence: false, queue: true })
}

fn person(n: u128) -> Guid {
    Guid(n)
}

fn user(id: &str) -> UserInput {
    UserInput { user_id: id.into(), email: Some(format!("{id}@contoso.test").into()), ..UserInput::default() }
}

impl Office {
    /// A running engine with this configuration beside the least one.
    fn new(extra: &str) -> Office {
        let mut office = Office::stopped_new(extra);
        office.engine.start(office.moment());
        office
    }

    /// The same before its start.
    fn stopped_new(extra: &str) -> Office {
        Office {
            engine: Engine::new(settings(extra), true, 1),
            now: START,
            host: BTreeMap::new(),
            queue: BTreeMap::new(),
            answers: BTreeMap::new(),
            log: vec![],
            events: vec![],
            last_id: 0,
        }
    }

    /// With Ann, whose person is found.
    fn with_ann(extra: &str) -> Office {
        let mut office = Office::new(extra);
        office.put(&["ann"]);
        office
    }

    fn stopped(&mut self) {
        let now = self.moment();
        self.engine.stopped(now);
    }

    fn moment(&self) -> Moment {
        Moment { mono_ms: self.now, wall_ms: 1_700_000_000_000 + self.now as i64 }
    }

    /// Puts users and finds their persons: the n-th put gets the object id of its name's hash.
    fn put(&mut self, ids: &[&str]) {
        for id in ids {
            let now = self.moment();
            self.engine.put_user(&user(id), now);
            self.find(id);
        }
    }

    fn find(&mut self, id: &str) {
        let now = self.moment();
        let found = Resolution::Matched { object: object_of(id), by: MatchedBy::Mail };
        self.engine.resolve(&format!("{id}@contoso.test"), &found, now);
    }

    /// Graph says so of a user.
    fn teams(&mut self, id: &str, availability: &str, activity: &str) {
        let now = self.moment();
        let raw = Raw { availability: Some(availability), activity: Some(activity), out_of_office: None };
        self.engine.good_answer(now);
        self.engine.observe(object_of(id), raw, Source::Poll, now);
    }

    /// Hands out what is due until nothing is left.
    fn settle(&mut self) -> Vec<String> {
        let from = self.log.len();
        while self.step() {}
        self.events.extend(self.engine.take_notices());
        self.log[from..].to_vec()
    }

    /// Hands out one thing.
    fn step(&mut self) -> bool {
        let Some(delivery) = self.engine.next_delivery(self.moment()) else { return false };
        match delivery {
            Delivery::Dnd(change) => {
                self.log.push(format!("{} dnd {:?} {:?} #{}", change.user_id, change.value, change.reason, change.attempt));
                let answer = self.answers.get(&*change.user_id).copied().unwrap_or(Answer::Applied);
                if answer == Answer::Applied {
                    self.host.entry(change.user_id.to_string()).or_default().0 = Some(change.value);
                }
                self.last_id = change.change_id;
                self.engine.answered(change.change_id, answer, self.moment());
            }
            Delivery::Queue(change) => {
                self.log.push(format!("{} queue {:?} {:?} #{}", change.user_id, change.value, change.reason, change.attempt));
                let answer = self.answers.get(&queue_of(&change.user_id)).copied().unwrap_or(Answer::Applied);
                if answer == Answer::Applied {
                    self.queue.insert(change.user_id.to_string(), change.value);
                }
                self.last_id = change.change_id;
                self.engine.answered(change.change_id, answer, self.moment());
            }
            Delivery::Chat(change) => {
                self.log.push(format!("{} chat {:?} {:?} #{}", change.user_id, change.value, change.reason, change.attempt));
                let answer = self.answers.get(&*change.user_id).copied().unwrap_or(Answer::Applied);
                if answer == Answer::Applied {
                    self.host.entry(change.user_id.to_string()).or_default().1 = Some(change.value);
                }
                self.engine.answered(change.change_id, answer, self.moment());
            }
            Delivery::Presence(presence) => self.log.push(format!("{} presence {:?}", presence.user_id, presence.availability)),
        }
        true
    }

    /// Lets time pass, doing what is due on the way.
    fn pass(&mut self, ms: u64) -> Vec<String> {
        let from = self.log.len();
        let until = self.now + ms;
        loop {
            self.settle();
            match self.engine.next_deadline() {
                Some(at) if at <= until => {
                    self.now = self.now.max(at);
                    self.engine.tick(self.moment());
                }
                _ => break,
            }
        }
        self.now = until;
        self.log[from..].to_vec()
    }

    /// The same while a poll every five seconds says what it said before.
    fn pass_polled(&mut self, ms: u64, id: &str, availability: &str, activity: &str) -> Vec<String> {
        let from = self.log.len();
        for _ in 0..ms / 5_000 {
            self.pass(5_000);
            self.teams(id, availability, activity);
        }
        self.settle();
        self.log[from..].to_vec()
    }

    fn report(&mut self, id: &str, on: bool, origin: Origin) {
        let now = self.moment();
        assert!(self.engine.report_dnd(id, on, origin, now));
        self.host.entry(id.to_owned()).or_default().0 = Some(if on { Dnd::On } else { Dnd::Off });
    }

    fn report_queue(&mut self, id: &str, on: bool, origin: Origin) {
        let now = self.moment();
        assert!(self.engine.report_queue(id, on, origin, now));
        self.queue.insert(id.to_owned(), if on { Dnd::On } else { Dnd::Off });
    }

    /// A reload with this configuration.
    fn reload(&mut self, extra: &str) {
        let now = self.moment();
        self.engine.configure(settings(extra), now);
    }

    fn explain(&self, id: &str) -> serde_json::Value {
        self.engine.explain(id, self.moment()).expect("a user")
    }

    fn state(&self, id: &str) -> UserState {
        self.engine.state(id, self.moment()).expect("a user")
    }

    fn dnd(&self, id: &str) -> Option<Dnd> {
        self.host.get(id).and_then(|(dnd, _)| *dnd)
    }

    /// The events of a kind so far.
    fn told(&mut self, kind: Kind) -> usize {
        self.events.extend(self.engine.take_notices());
        self.events.iter().filter(|event| event.kind == kind).count()
    }
}

fn object_of(id: &str) -> Guid {
    person(id.bytes().fold(7u128, |n, b| n.wrapping_mul(257).wrapping_add(u128::from(b))))
}

/// The key of a user's queue DND where another key is the user's own.
fn queue_of(id: &str) -> String {
    format!("{id}'s queue")
}

fn key_of(id: &str, queue: bool) -> String {
    if queue { queue_of(id) } else { id.to_owned() }
}

/// Only what concerns the queue's DND.
fn queue_only(log: Vec<String>) -> Vec<String> {
    log.into_iter().filter(|line| line.contains(" queue ")).collect()
}

/// Only what concerns DND.
fn dnd_only(log: Vec<String>) -> Vec<String> {
    log.into_iter().filter(|line| line.contains(" dnd ")).collect()
}
