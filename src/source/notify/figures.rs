//! What `tps_stats` and `tps_explain` tell of notifications.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Map, Value, json};

use super::hub::{Hub, lock};
use super::intake::IntakeStats;
use super::packing::Unsubscribed;
use crate::event::{Measure, StatField, counter, gauge};
use crate::presence::Guid;

const fn text(path: &'static str, meaning: &'static str) -> StatField {
    StatField { path, measure: Measure::Text, unit: "", meaning }
}

/// The members that notifications give; all of them 0 where the mode is poll. They begin anew with each start.
pub const STATS_FIELDS: &[StatField] = &[
    gauge("notifications.active", "", "true while the instance runs with `\"mode\": \"notifications\"`"),
    gauge(
        "notifications.subscribed",
        "persons",
        "whose changes Microsoft sends, so that they are polled at the watchdog's interval",
    ),
    gauge(
        "notifications.polled",
        "persons",
        "polled at `source.poll_interval_ms`, for one of the reasons that follow or another",
    ),
    gauge("notifications.without_room", "persons", "polled: all subscriptions are full, or no account can subscribe"),
    gauge("notifications.service_accounts", "persons", "polled: their own account subscribes"),
    gauge("notifications.waiting", "persons", "polled: they have come lately, and join with the next change of a subscription"),
    text(
        "notifications.accounts.*.state",
        "`on`; `unproved` (there is a subscription, and its people are still polled: it is new, or missed something); `off`",
    ),
    text("notifications.accounts.*.cause", "why it is off, as in NOTIFICATIONS_OFF; null for on, and for a moment's pause"),
    gauge("notifications.accounts.*.signed_in", "", "whether the account has a token"),
    gauge("notifications.accounts.*.users", "persons", "in its subscription, or in the one before it"),
    gauge(
        "notifications.accounts.*.until_ms",
        "ms since 1970, UTC",
        "when the subscription ends unless it is renewed; null for none",
    ),
    counter("notifications.intake.posts", "requests", "that came to the notification address"),
    counter("notifications.intake.handshakes", "requests", "validations of the address"),
    counter("notifications.intake.taken", "requests", "with a notification of ours (202)"),
    counter("notifications.intake.items", "notifications", "in them"),
    counter("notifications.intake.refused", "requests", "with nothing of ours (400, 413)"),
    counter("notifications.intake.foreign_items", "notifications", "of no subscription of ours, or without its secret"),
    counter("notifications.intake.malformed", "requests", "that are no notifications"),
    counter("notifications.intake.full", "requests", "turned away because the queue was full (503)"),
    gauge("notifications.intake.waiting_items", "notifications", "in the queue"),
    gauge("notifications.intake.waiting_bytes", "bytes", "in the queue"),
    gauge("notifications.listener.open", "connections", "to the built-in listener"),
    counter("notifications.listener.accepted", "connections", "since it began to listen"),
    counter("notifications.listener.evicted", "connections", "that lost their place to a newer one"),
    counter("notifications.worker.applied", "notifications", "whose presence was taken over"),
    counter("notifications.worker.reread", "notifications", "after which the person was asked for"),
    counter("notifications.worker.ignored", "notifications", "that told nothing new: twice, late, or about nobody followed"),
    counter("notifications.worker.lifecycle", "notifications", "about a subscription itself"),
    counter(
        "notifications.worker.unproved",
        "notifications",
        "without a token that proves them; the person was asked for instead",
    ),
    counter("notifications.worker.undecrypted", "notifications", "that could not be decrypted; the person was asked for instead"),
    counter("notifications.worker.outdated_polls", "persons", "of whom a poll knew less than a notification before it"),
    counter("notifications.worker.missed", "persons", "whose change was found by polling and never sent"),
    gauge("notifications.latency_last_ms", "ms", "from the arrival of the last notification until it was taken in"),
    gauge("notifications.latency_most_ms", "ms", "the longest of these since the start"),
];

/// The figures. `people`: everybody who is polled at any interval.
pub fn figures(hub: Option<&Hub>, people: &[Guid]) -> Value {
    let intake = hub.map_or(IntakeStats::default(), |hub| hub.intake.stats());
    let listener = hub.and_then(|hub| hub.gauge.load_full()).map(|gauge| gauge.read());
    let sum = |which: fn(&Hub) -> &AtomicU64| hub.map_or(0, |hub| which(hub).load(Relaxed));
    let (mut watched, mut accounts) = (0, Map::new());
    let mut left_out = [0; 3];
    if let Some(hub) = hub {
        let now = hub.clock.mono_ms();
        let crowd = hub.crowd();
        watched = people.iter().filter(|person| crowd.is_watched(**person, now)).count();
        for (at, (name, standing)) in hub.names.iter().zip(lock(&hub.standings).iter()).enumerate() {
            let state = match crowd.standing(at, now) {
                (true, true) => "on",
                (true, false) => "unproved",
                (false, _) => "off",
            };
            let account = json!({
                "state": state,
                "cause": standing.cause,
                "signed_in": standing.signed_in,
                "users": crowd.size(at),
                "until_ms": standing.expires_at_ms,
            });
            accounts.insert(name.to_string(), account);
        }
        for (_, why) in lock(&hub.left_out).iter() {
            left_out[*why as usize] += 1;
        }
    }
    json!({ "notifications": {
        "active": hub.is_some(),
        "subscribed": watched,
        "polled": people.len() - watched,
        "without_room": left_out[Unsubscribed::NoRoom as usize],
        "service_accounts": left_out[Unsubscribed::ServiceAccount as usize],
        "waiting": left_out[Unsubscribed::Waiting as usize],
        "accounts": accounts,
        "intake": {
            "posts": intake.posts,
            "handshakes": intake.handshakes,
            "taken": intake.taken,
            "items": intake.items,
            "refused": intake.refused,
            "foreign_items": intake.foreign_items,
            "malformed": intake.malformed,
            "full": intake.full,
            "waiting_items": intake.waiting_items,
            "waiting_bytes": intake.waiting_bytes,
        },
        "listener": {
            "open": listener.map_or(0, |it| it.open),
            "accepted": listener.map_or(0, |it| it.accepted),
            "evicted": listener.map_or(0, |it| it.evicted),
        },
        "worker": {
            "applied": sum(|hub| &hub.sums.applied),
            "reread": sum(|hub| &hub.sums.reread),
            "ignored": sum(|hub| &hub.sums.ignored),
            "lifecycle": sum(|hub| &hub.sums.lifecycle),
            "unproved": sum(|hub| &hub.sums.unproved),
            "undecrypted": sum(|hub| &hub.sums.undecrypted),
            "outdated_polls": sum(|hub| &hub.sums.outdated_polls),
            "missed": sum(|hub| &hub.sums.missed),
        },
        "latency_last_ms": sum(|hub| &hub.sums.latency_last_ms),
        "latency_most_ms": sum(|hub| &hub.sums.latency_most_ms),
    } })
}

impl Hub {
    /// Whether and by which account a person is subscribed, or why he is polled.
    pub fn explain(&self, person: Guid) -> Value {
        let now = self.clock.mono_ms();
        let left_out = lock(&self.left_out).iter().find(|(its, _)| *its == person).map(|(_, why)| *why);
        let crowd = self.crowd();
        let account = crowd.account_of(person);
        let (live, trusted) = account.map_or((false, false), |at| crowd.standing(at, now));
        let cause = account.and_then(|at| lock(&self.standings).get(at).and_then(|standing| standing.cause));
        let why = match left_out {
            _ if trusted => None,
            // An account that is not there has no room, either.
            Some(Unsubscribed::NoRoom) => lock(&self.standings).iter().find_map(|standing| standing.cause).or(Some("no_room")),
            Some(Unsubscribed::ServiceAccount) => Some("service_account"),
            Some(Unsubscribed::Waiting) => Some("waiting"),
            None if live => Some("unproved"),
            None => Some(cause.unwrap_or("not_yet")),
        };
        json!({
            "subscribed": trusted,
            "account": account.and_then(|at| self.names.get(at)).map(|name| &**name),
            "polled_because": why,
        })
    }
}
