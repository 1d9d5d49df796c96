//! Our side: what one run of the library consists of, without its tasks. Whoever holds it says when they would wake.

use std::sync::Arc;

use futures_util::FutureExt;
use url::Url;

use super::super::handle::{Polling, Shared};
use super::super::notify::{
    Errand, Fleet, Hub, KeyPair, KeyRing, Landing, Memory, SignsIn, Standing, Subscribing, Tenant, TokenRules, Worker, ring,
};
use super::super::poll::State;
use super::super::question::{Landing as Answered, Next, Question};
use super::graph::Person;
use crate::auth::{Settings as SignIn, TokenKeeper};
use crate::config::Config;
use crate::event::{Counters, Event, Level, Reporter};
use crate::graph::{GraphClient, Parts};
use crate::host::{Desk, Feed};
use crate::http::Proxy;
use crate::presence::Guid;
use crate::process::{ClientKey, Process};
use crate::store::{Notes, Store};
use crate::sync::{Delivery, Engine, MatchedBy, Outputs, Resolution, Settings, UserInput};
use crate::time::Clock;

pub(super) const WATCHDOG_MS: u64 = 60_000;
const POLL_MS: u64 = 20_000;
const CLIENT_ID: &str = "22222222-2222-2222-2222-222222222222";

/// Of one start. What is borrowed by the poll's plan is given away for good: a test ends.
pub(super) struct Side {
    pub(super) desk: &'static Arc<Desk>,
    pub(super) hub: &'static Hub,
    pub(super) client: &'static GraphClient,
    worker: Worker,
    fleet: Fleet,
    poll: State<'static>,
    fleet_at: u64,
    poll_at: u64,
    pub(super) stopping: bool,
    /// All is ended.
    pub(super) done: bool,
}

/// What it wants from the world.
pub(super) enum Want {
    Poll(Question),
    Subscriptions(Errand),
}

fn config() -> Config {
    let text = format!(
        r#"{{"mode":"presence_sync","tenant_id":"11111111-1111-1111-1111-111111111111","client_id":"{CLIENT_ID}",
            "auth":{{"method":"client_secret","secret":"s~ecret"}},"dnd":{{"ownership":"force","hold_off_ms":0}}}}"#
    );
    Config::parse(text.as_bytes()).expect("a valid configuration").config
}

/// The name of a person's user in the telephone system.
pub(super) fn user_of(id: Guid) -> String {
    format!("u{}", id.0)
}

impl Side {
    pub(super) fn start(process: &Process, clock: &Clock, notes: &Notes, people: &[Person], rich: bool, budget: &str) -> Side {
        let (config, now) = (config(), clock.now());
        let reporter = Reporter::new(Level::Error, clock.clone(), Arc::new(|| {}));
        let counters = Arc::new(Counters::default());
        let (tenant_id, client_id) = (config.tenant_id.clone(), config.client_id.clone());
        let key = ClientKey {
            tenant_id: tenant_id.clone(),
            client_id: client_id.clone(),
            hosts: "https://graph.test".to_owned(),
            ca_file: None,
            proxy: Proxy::None,
        };
        let http = process.client(key).expect("a client that is never used");
        let tokens = TokenKeeper::new(SignIn::of(&config), http.clone(), clock.clone(), reporter.clone(), counters.clone());
        let client = GraphClient::new(Parts {
            root: "https://graph.test".parse().expect("an address"),
            http,
            tokens,
            // Another clock, another budget.
            presence_budget: process.budget(&tenant_id, &client_id, budget, 1_200),
            directory_budget: process.budget(&tenant_id, &client_id, &format!("{budget} directory"), 600),
            clock: clock.clone(),
            reporter: reporter.clone(),
            counters,
        });
        let outputs = Outputs { dnd: true, chat: true, presence: false, queue: false };
        let engine = Engine::new(Settings::new(&config, outputs), true, 7);
        let store = Store::new(None, clock.clone(), reporter.clone());
        let desk = Arc::new(Desk::new(engine, clock.clone(), reporter, Arc::new(|| {}), store));
        desk.with_roster(|engine, now| {
            engine.start(now);
            let address = |id: Guid| format!("{}@contoso.test", user_of(id));
            let user = |person: &Person| UserInput {
                user_id: user_of(person.id).as_str().into(),
                email: Some(address(person.id).as_str().into()),
                ..UserInput::default()
            };
            engine.set_users(people.iter().map(user).collect(), now);
            for person in people {
                let found = Resolution::Matched { object: person.id, by: MatchedBy::Mail };
                engine.resolve(&address(person.id), &found, now);
            }
        });
        let rules = TokenRules::new(CLIENT_ID.parse().expect("an id"), false);
        let hub = Hub::new(clock.clone(), vec!["main".into()], Tenant::default(), rules, None);
        let memory = Memory::new(notes.clone());
        if rich {
            let keys = ring(memory.keys().as_deref(), None, now.wall_ms).expect("a key");
            Fleet::keep_keys(&memory, &hub, keys);
        }
        let subscribing = Subscribing { url: Url::parse("https://pbx.test/notify").expect("an address"), rich, supplied: None };
        let fleet = Fleet::new(hub.clone(), desk.clone(), memory, subscribing);
        let polling = Polling { interval_ms: POLL_MS, adaptive: false, watchdog_ms: WATCHDOG_MS };
        let shared: &'static Shared = Box::leak(Box::new(Shared::new(clock.clone(), polling)));
        let (desk, hub, client): (&'static Arc<Desk>, &'static Hub, &'static GraphClient) =
            (Box::leak(Box::new(desk)), Box::leak(Box::new(hub)), Box::leak(Box::new(client)));
        Side {
            desk,
            hub,
            client,
            worker: Worker::new(hub.clone(), desk.clone()),
            fleet,
            poll: State::new(client, desk, shared, Some(hub)),
            fleet_at: 0,
            poll_at: 0,
            stopping: false,
            done: false,
        }
    }

    /// Keys that an earlier run made so long ago that the library replaces them within the week.
    pub(super) fn old_keys(notes: &Notes, made_at_ms: i64) {
        let ring = KeyRing::new(KeyPair::make(made_at_ms).expect("a key"));
        Memory::new(notes.clone()).keep_keys(&ring);
    }

    pub(super) fn stop(&mut self) {
        self.stopping = true;
        self.hub.stop();
    }

    /// Does what is due, as the tasks would: each when it is woken, or when its time has come.
    pub(super) fn run(&mut self, signed_in: bool, wants: &mut Vec<Want>) {
        let clock = self.desk.clock().clone();
        if self.desk.with(|engine, _| engine.next_deadline()).is_some_and(|at| at <= clock.mono_ms()) {
            self.desk.with(|engine, now| engine.tick(now));
        }
        loop {
            let now = clock.now();
            let fleet_wakes = self.hub.woken().now_or_never().is_some() || self.fleet_at <= now.mono_ms;
            let poll_wakes = self.hub.poll_woken().now_or_never().is_some() || self.poll_at <= now.mono_ms;
            if self.done || !fleet_wakes && (!poll_wakes || self.stopping) {
                return;
            }
            if fleet_wakes {
                let standing = Standing { person: Some(Guid(999)), signed_in, same_as: None };
                match self.fleet.turn(vec![SignsIn { standing, trouble: None }], now) {
                    Some(until) => self.fleet_at = until,
                    None => {
                        self.done = true;
                        return;
                    }
                }
                wants.extend(self.fleet.errands().map(Want::Subscriptions));
            }
            if poll_wakes && !self.stopping {
                self.poll_at = loop {
                    match self.poll.next(now.mono_ms) {
                        Next::Send(question) => wants.push(Want::Poll(question)),
                        Next::At(until) => break until,
                    }
                };
            }
        }
    }

    /// When it does something by itself.
    pub(super) fn next_at(&self) -> u64 {
        let poll_at = if self.stopping { u64::MAX } else { self.poll_at };
        let deadline = self.desk.with(|engine, _| engine.next_deadline()).unwrap_or(u64::MAX);
        self.fleet_at.min(poll_at).min(deadline)
    }

    pub(super) fn landed(&mut self, landing: Landing) {
        self.fleet.landed(landing, self.desk.clock().now());
        self.fleet_at = 0;
    }

    pub(super) fn answered(&mut self, landing: Answered) {
        self.poll.landed(landing);
        self.poll_at = 0;
    }

    /// What is posted to our address. True if it was taken.
    pub(super) fn post(&self, body: &[u8], plain: Option<&[u8]>, mark: u64) -> bool {
        let taken = self.hub.deliver("", body).status == 202;
        self.worker.work_off(plain, mark);
        taken
    }

    /// Changes for the host, which takes each.
    pub(super) fn deliveries(&self) -> impl Iterator<Item = Delivery> {
        std::iter::from_fn(|| {
            let delivery = self.desk.next_delivery()?;
            match &delivery {
                Delivery::Dnd(change) | Delivery::Queue(change) => {
                    self.desk.answered(change.change_id, crate::sync::Answer::Applied)
                }
                Delivery::Chat(change) => self.desk.answered(change.change_id, crate::sync::Answer::Applied),
                Delivery::Presence(_) => {}
            }
            Some(delivery)
        })
    }

    pub(super) fn events(&self) -> impl Iterator<Item = Event> {
        std::iter::from_fn(|| self.desk.next_event())
    }

    /// Everybody is watched only: notifications are trusted.
    pub(super) fn trusts(&self, id: Guid) -> bool {
        let (fast, _) = self.hub.divide(&[id], self.desk.clock().mono_ms());
        fast.is_empty()
    }
}
