//! What tests of notifications have in common: two people who are subscribed, and what is asked of Graph.

use serde_json::Value;
use teams_presence_simulator::{EndpointClass, Fault, Simulator};
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::Source;

use super::{ANN, BEN, Rig, Seen, living, notified};

pub(crate) fn quick(sim: &Simulator) {
    sim.oddities(|oddities| {
        oddities.notify.latency_ms = 0;
        oddities.notify.batch_ms = 0;
    });
}

/// Ann and Ben, subscribed.
pub(crate) fn subscribed(content: &str, prepare: impl FnOnce(&Simulator), change: impl FnOnce(&mut Value)) -> Rig {
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

pub(crate) fn last_source(rig: &Rig, mark: usize, user: &str) -> Option<Source> {
    let seen = rig.host.since(mark);
    seen.iter().rev().find_map(|seen| match seen {
        Seen::Presence(view) if &*view.user_id == user => Some(view.source),
        _ => None,
    })
}

/// Trusted: those subscribed are polled at the watchdog's interval.
pub(crate) fn trusted(rig: &Rig) {
    rig.until_later("trust", || rig.stats()["notifications"]["subscribed"] == 2);
}

pub(crate) fn presence_requests(rig: &Rig) -> usize {
    rig.sim.requests().iter().filter(|request| request.path.contains("getPresencesByUserId")).count()
}

pub(crate) fn subscription_requests(rig: &Rig, method: &str) -> usize {
    rig.sim.requests().iter().filter(|request| request.path.contains("/subscriptions") && request.method == method).count()
}

/// Ann's call is told by a rich notification: a poll learns nothing meanwhile, or it might be the first.
pub(crate) fn told_by_notification(rig: &Rig) {
    told_of(rig, "100", ANN);
}

/// The same of somebody else.
pub(crate) fn told_of(rig: &Rig, user: &str, address: &str) {
    let unasked = rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
    let mark = rig.host.mark();
    rig.presence(address, "Busy", "InACall");
    rig.host.dnd(mark, user, Dnd::On);
    assert_eq!(last_source(rig, mark, user), Some(Source::Notification));
    rig.sim.clear_fault(unasked);
}

/// Posts a body to the listener as Graph does. The status.
pub(crate) fn post(rig: &Rig, body: &str) -> u16 {
    let url = rig.config["source"]["notifications"]["url"].as_str().expect("a URL");
    send(url, &["content-type: application/json"], body).0
}

/// Posts to an address on this machine: status and body.
pub(crate) fn send(url: &str, headers: &[&str], body: &str) -> (u16, String) {
    use std::io::{Read as _, Write as _};
    let (host, path) = url.trim_start_matches("http://").split_once('/').expect("a path");
    let mut socket = std::net::TcpStream::connect(host).expect("a connection");
    socket.set_read_timeout(Some(super::PATIENCE)).expect("a time-out");
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    write!(
        socket,
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// The bodies of the notifications that were sent, oldest first.
pub(crate) fn bodies(rig: &Rig) -> Vec<String> {
    let sent = rig.sim.deliveries().into_iter();
    sent.filter(|it| it.kind == "notification" && it.status == Some(202)).map(|it| it.body).collect()
}

/// A figure of the worker.
pub(crate) fn worker(rig: &Rig, name: &str) -> u64 {
    rig.stats()["notifications"]["worker"][name].as_u64().expect("a figure")
}
