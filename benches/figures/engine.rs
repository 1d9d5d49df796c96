//! The reconciler alone, on one thread: CPU time for one user.

use std::hint::black_box;

use bytes::Bytes;
use teams_presence_sync::graph::{MOST_IDS, PresenceAnswer};
use teams_presence_sync::presence::Guid;
use teams_presence_sync::sync::{Engine, MatchedBy, Resolution, Source, Which};
use teams_presence_sync::time::{Clock, Moment};

use crate::allocations::calls;
use crate::directory::by_address;
use crate::measure::{line, median_own, nanos_each, own_cpu};
use crate::memory::{drain, engine_of, object, observe};
use crate::server::address;

const USERS: usize = 100_000;

fn timed<R>(what: &str, count: usize, work: impl FnOnce() -> R) -> R {
    let begin = own_cpu();
    let result = work();
    tell(what, count, own_cpu() - begin);
    result
}

fn tell(what: &str, count: usize, time: std::time::Duration) {
    line(what, format!("{:>8.0} ns each  {:>9.2} ms", nanos_each(time, count), time.as_secs_f64() * 1e3));
}

pub(crate) fn run() {
    println!("engine: {USERS} users, one thread");
    let now = Clock::system().now();
    let mut engine = engine_of(0, None);
    let users = by_address(USERS);
    timed("set_users, all new", USERS, || engine.set_users(users, now));
    let users = by_address(USERS);
    timed("set_users, all known", USERS, || engine.set_users(users, now));
    tell("addresses(All)", USERS, median_own(5, || drop(black_box(engine.addresses(Which::All)))));
    tell("addresses(Pending)", USERS, median_own(5, || drop(black_box(engine.addresses(Which::Pending)))));
    let addresses: Vec<String> = (1..=USERS).map(address).collect();
    let found = |n: usize| Resolution::Matched { object: object(n), by: MatchedBy::Mail };
    timed("resolve, all new", USERS, || {
        for (n, address) in addresses.iter().enumerate() {
            black_box(engine.resolve(address, &found(n + 1), now));
        }
    });
    timed("resolve, nothing new", USERS, || {
        for (n, address) in addresses.iter().enumerate() {
            black_box(engine.resolve(address, &found(n + 1), now));
        }
    });
    timed("polled, built anew", USERS, || black_box(engine.polled()));
    timed("observe, first", USERS, || observe(&mut engine, USERS, |_| "Available"));
    timed("deliver and answer, chat", USERS, || assert_eq!(drain(&mut engine), USERS));
    timed("observe, changed", USERS, || observe(&mut engine, USERS, |_| "DoNotDisturb"));
    timed("deliver and answer, DND and chat", 2 * USERS, || assert_eq!(drain(&mut engine), 2 * USERS));
    tell("observe, unchanged", USERS, median_own(7, || observe(&mut engine, USERS, |_| "DoNotDisturb")));
    parse(&mut engine, now);
    tell("stats", USERS, median_own(5, || drop(black_box(engine.stats(now)))));
    tell("matching_report, under the lock", USERS, median_own(3, || drop(black_box(engine.matching_report()))));
    let report = engine.matching_report();
    tell("matching_report, its JSON", USERS, median_own(3, || drop(black_box(serde_json::to_string(&report)))));
    tell("tick with nothing due", 1, median_own(99, || engine.tick(now)));
    timed("set_enabled(false), all release", USERS, || engine.set_enabled(false, now));
    timed("deliver and answer the releases", 2 * USERS, || assert_eq!(drain(&mut engine), 2 * USERS));
    timed("set_users, nobody", USERS, || engine.set_users(vec![], now));
    puts();
}

fn puts() {
    println!("engine: puts and removals one by one");
    for (name, limit) in [("no limit", None), ("100,000 seats", Some(100_000)), ("100 seats", Some(100))] {
        let now = Clock::system().now();
        let mut engine = engine_of(0, limit);
        let users = by_address(USERS);
        timed(&format!("put_user, all new, {name}"), USERS, || users.iter().for_each(|user| engine.put_user(user, now)));
        let events = engine.take_notices().len();
        let some = USERS / 50;
        timed(&format!("put_user, all known, {name}"), USERS, || users.iter().for_each(|user| engine.put_user(user, now)));
        timed(&format!("remove_user of {some}, {name}"), some, || {
            users.iter().step_by(50).for_each(|user| assert!(engine.remove_user(&user.user_id, now)));
        });
        line("events of the puts, of the removals", format!("{events} {}", engine.take_notices().len()));
    }
    let now = Clock::system().now();
    let mut engine = engine_of(USERS, None);
    observe(&mut engine, USERS, |_| "DoNotDisturb");
    timed("set_users, nobody, while all wait for their first callback", USERS, || engine.set_users(vec![], now));
}

/// An answer of Graph for a full request.
pub(crate) fn answer(from: usize, state: &str) -> Bytes {
    let entry = |n: usize| {
        serde_json::json!({
            "@odata.type": "#microsoft.graph.presence", "id": Guid::to_string(&object(n)), "availability": state, "activity": state,
            "statusMessage": null, "sequenceNumber": "A0637471827", "workLocation": null,
            "outOfOfficeSettings": { "message": null, "isOutOfOffice": false },
        })
    };
    let all: Vec<_> = (from..from + MOST_IDS).map(entry).collect();
    let context = "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.presence)";
    Bytes::from(serde_json::json!({ "@odata.context": context, "value": all }).to_string())
}

fn parse(engine: &mut Engine, now: Moment) {
    let bodies: Vec<Bytes> = (0..USERS / MOST_IDS).map(|n| answer(1 + n * MOST_IDS, "DoNotDisturb")).collect();
    let count = bodies.len() * MOST_IDS;
    let mut read = PresenceAnswer::default();
    let take = |read: &mut PresenceAnswer, body: &Bytes| {
        let mut room = read.room();
        room.extend_from_slice(body);
        read.read(room).expect("an answer");
    };
    take(&mut read, &bodies[0]);
    let time = median_own(7, || {
        for body in &bodies {
            take(&mut read, body);
            black_box(read.len());
        }
    });
    tell("read an answer", count, time);
    line("bytes of an answer for one user", bodies[0].len() / MOST_IDS);
    let before = calls();
    let time = median_own(7, || {
        for body in &bodies {
            take(&mut read, body);
            engine.observe_all(read.iter(), Source::Poll, now, |_| {});
            engine.good_answer(now);
        }
    });
    let allocations = calls() - before;
    tell("read and observe, unchanged", count, time);
    line("allocations of that, for one user", format!("{:.4}", allocations as f64 / (7 * count) as f64));
}
