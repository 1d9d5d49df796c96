//! What one mapped user costs in memory: found, presence observed, chat state acknowledged.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use teams_presence_sync::config::Config;
use teams_presence_sync::presence::{Guid, Raw};
use teams_presence_sync::sync::{Answer, Delivery, Engine, MatchedBy, Outputs, Resolution, Settings, Source};
use teams_presence_sync::time::Clock;

use crate::allocations::live;
use crate::directory::by_address;
use crate::measure::{line, resident, trim, until};
use crate::ours::{Ours, configuration};
use crate::server::Server;

const USERS: usize = 100_000;
const STATES: [&str; 4] = ["Available", "Busy", "Away", "DoNotDisturb"];

pub(crate) fn run() {
    println!("memory: {USERS} users with ids like \"4711\" and addresses like \"firstname.lastname123@contoso.test\"");
    line("one user in the engine's list", format!("{} bytes", Engine::USER_SIZE));
    engine();
    whole();
}

pub(crate) fn engine_of(count: usize, limit: Option<u32>) -> Engine {
    let mut json: serde_json::Value = serde_json::from_str(&configuration("http://127.0.0.1:1", None)).expect("JSON");
    if let Some(limit) = limit {
        json["seats"] = serde_json::json!({ "limit": limit });
    }
    let config = Config::parse(json.to_string().as_bytes()).expect("a configuration").config;
    let mut engine =
        Engine::new(Settings::new(&config, Outputs { dnd: true, chat: true, presence: false, queue: false }), true, 7);
    let now = Clock::system().now();
    engine.start(now);
    if count > 0 {
        engine.set_users(by_address(count), now);
        for n in 1..=count {
            let found = Resolution::Matched { object: object(n), by: MatchedBy::Mail };
            engine.resolve(&crate::server::address(n), &found, now);
        }
    }
    engine
}

/// Spread like real ones.
pub(crate) fn object(n: usize) -> Guid {
    let n = n as u128;
    Guid(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1 << 127)
}

pub(crate) fn observe(engine: &mut Engine, count: usize, state: impl Fn(usize) -> &'static str) {
    let now = Clock::system().now();
    for n in 1..=count {
        let raw = Raw { availability: Some(state(n)), activity: Some(state(n)), out_of_office: Some(false) };
        engine.observe(object(n), raw, Source::Poll, now);
    }
}

/// Takes all that is due and applies it. How many changes that were.
pub(crate) fn drain(engine: &mut Engine) -> usize {
    let now = Clock::system().now();
    let mut count = 0;
    while let Some(delivery) = engine.next_delivery(now) {
        let id = match &delivery {
            Delivery::Dnd(change) | Delivery::Queue(change) => change.change_id,
            Delivery::Chat(change) => change.change_id,
            Delivery::Presence(_) => continue,
        };
        engine.answered(id, Answer::Applied, now);
        count += 1;
    }
    count
}

fn each(bytes: i64) -> String {
    format!("{:.0} bytes a user", bytes as f64 / USERS as f64)
}

/// The reconciler alone.
fn engine() {
    trim();
    let (live_before, resident_before) = (live(), resident());
    let mut engine = engine_of(USERS, None);
    observe(&mut engine, USERS, |n| STATES[n % 4]);
    assert!(drain(&mut engine) >= USERS);
    assert_eq!(engine.polled().ids.len(), USERS);
    line("engine alone, asked of the allocator", each(live() - live_before));
    trim();
    line("engine alone, resident", each(resident() - resident_before));
}

/// All of it: client, poll loop, directory, dispatcher.
fn whole() {
    let server = Server::start(USERS);
    let mut ours = Ours::new(server.http(), None, "memory");
    ours.poll();
    ours.directory();
    // The base has seen a first answer of each kind.
    ours.set_users(by_address(1));
    until("the first user", Duration::from_millis(20), || ours.host.calls.load(Relaxed) > 0);
    trim();
    let (live_before, resident_before) = (live(), resident());
    ours.set_users(by_address(USERS));
    line("whole instance, resident once the users are handed over", each(resident() - resident_before));
    until("everybody", Duration::from_millis(100), || {
        ours.polled().len() == USERS && ours.host.calls.load(Relaxed) >= USERS as u64
    });
    ours.settled();
    line("whole instance, resident after the first round and sweep", each(resident() - resident_before));
    ours.sweep();
    ours.sweep();
    ours.settled();
    line("whole instance, asked of the allocator", each(live() - live_before));
    line("whole instance, resident", each(resident() - resident_before));
    trim();
    line("whole instance, resident after malloc_trim", each(resident() - resident_before));
}
