//! Change notifications, from the simulator's Graph to the host.

mod instance_support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::Source;

/// A port that nobody has at present.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Polling is slow, so that what is quick came as a notification.
fn notified(config: &mut Value, content: &str) {
    let port = free_port();
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD });
    config["source"] = json!({
        "mode": "notifications", "poll_interval_ms": 20_000, "watchdog_interval_ms": 60_000,
        "notifications": {
            "url": format!("http://127.0.0.1:{port}/graph/notify"), "content": content,
            "listener": { "address": format!("127.0.0.1:{port}") },
        },
    });
}

fn quick(sim: &Simulator) {
    sim.oddities(|oddities| {
        oddities.notify.latency_ms = 0;
        oddities.notify.batch_ms = 0;
    });
}

/// Ann and Ben, subscribed.
fn subscribed(content: &str, prepare: impl FnOnce(&Simulator), change: impl FnOnce(&mut Value)) -> Rig {
    let rig = Rig::with(
        |sim| {
            quick(sim);
            prepare(sim);
        },
        |config| {
            notified(config, content);
            change(config);
        },
    );
    rig.users(&[("100", ANN), ("101", BEN)]);
    rig.host.chat(0, "100", Chat::Available);
    rig.until_later("a subscription", || living(&rig).len() == 1);
    rig
}

fn living(rig: &Rig) -> Vec<String> {
    rig.sim.subscriptions().into_iter().filter(|it| it.state == "alive").map(|it| it.id).collect()
}

fn last_source(rig: &Rig, mark: usize, user: &str) -> Option<Source> {
    let seen = rig.host.since(mark);
    seen.iter().rev().find_map(|seen| match seen {
        Seen::Presence(view) if &*view.user_id == user => Some(view.source),
        _ => None,
    })
}

#[test]
fn a_rich_notification_is_faster_than_the_poll() {
    let rig = subscribed("rich", |_| {}, |_| {});
    let mark = rig.host.mark();
    let begin = Instant::now();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert_eq!(last_source(&rig, mark, "100"), Some(Source::Notification));
    rig.unharmed();
}
