//! A user without news costs no allocation. A process of its own: the allocator counts everything.

#[path = "../benches/figures/allocations.rs"]
mod allocations;

use bytes::Bytes;
use teams_presence_sync::config::Config;
use teams_presence_sync::graph::{MOST_IDS, PresenceAnswer};
use teams_presence_sync::presence::Guid;
use teams_presence_sync::sync::{Answer, Delivery, Engine, Outputs, Settings, Source, UserInput};
use teams_presence_sync::time::Clock;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn answer(count: usize, availability: &str) -> Bytes {
    let entry = |n: usize| {
        format!(
            r##"{{"@odata.type":"#microsoft.graph.presence","id":"{}","availability":"{availability}","activity":"{availability}",
                "statusMessage":{{"message":{{"content":"back \"soon\" \u00fc","contentType":"text"}}}},"workLocation":null,
                "outOfOfficeSettings":{{"message":"gone \u00e4","isOutOfOffice":false}}}}"##,
            Guid(n as u128 + 1)
        )
    };
    let all: Vec<String> = (0..count).map(entry).collect();
    Bytes::from(format!(r#"{{"@odata.context":"x","value":[{}]}}"#, all.join(",")))
}

fn engine() -> Engine {
    let json = r#"{"mode":"presence_sync","tenant_id":"11111111-1111-1111-1111-111111111111",
        "client_id":"22222222-2222-2222-2222-222222222222","auth":{"method":"client_secret","secret":"s~ecret"}}"#;
    let config = Config::parse(json.as_bytes()).expect("a configuration").config;
    let mut engine =
        Engine::new(Settings::new(&config, Outputs { dnd: true, chat: true, presence: true, queue: false }), true, 1);
    let now = Clock::system().now();
    engine.start(now);
    let user = |n: usize| UserInput {
        user_id: n.to_string().into(),
        entra_object_id: Some(Guid(n as u128 + 1).to_string().into()),
        ..UserInput::default()
    };
    engine.set_users((0..MOST_IDS).map(user).collect(), now);
    engine
}

fn take_in(engine: &mut Engine, read: &mut PresenceAnswer, body: &Bytes) -> u64 {
    let now = Clock::system().now();
    let before = allocations::calls();
    let mut room = read.room();
    room.extend_from_slice(body);
    read.read(room).expect("readable");
    engine.observe_all(read.iter(), Source::Poll, now, |_| {});
    engine.good_answer(now);
    read.forget();
    allocations::calls() - before
}

#[test]
fn an_unchanged_answer_allocates_nothing_for_each_user() {
    let mut engine = engine();
    let mut read = PresenceAnswer::default();
    let (quiet, busy) = (answer(MOST_IDS, "Available"), answer(MOST_IDS, "DoNotDisturb"));
    take_in(&mut engine, &mut read, &quiet);
    let mut told = 0;
    let now = Clock::system().now();
    while let Some(delivery) = engine.next_delivery(now) {
        match delivery {
            Delivery::Dnd(change) | Delivery::Queue(change) => engine.answered(change.change_id, Answer::Applied, now),
            Delivery::Chat(change) => engine.answered(change.change_id, Answer::Applied, now),
            Delivery::Presence(_) => {}
        }
        told += 1;
    }
    assert!(told >= 2 * MOST_IDS, "presence and chat of everybody");
    let live = allocations::live();
    for _ in 0..5 {
        let calls = take_in(&mut engine, &mut read, &quiet);
        assert!(calls <= 4, "{calls} allocations for {MOST_IDS} users without news");
    }
    assert!(allocations::live() <= live, "nothing piles up");
    assert!(!engine.has_delivery());
    // Nor does news itself but for the row of those who wait, which grows a few times.
    let calls = take_in(&mut engine, &mut read, &busy);
    assert!(calls <= 40, "{calls} allocations for {MOST_IDS} users with news");
    assert!(engine.has_delivery());
}
