//! Tells administrators what becomes of notifications: each thing once, until it has changed.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::hub::Hub;
use super::packing::Unsubscribed;
use super::step::Asked;
use super::watchdog::Finding;
use crate::event::{Event, Kind, Reporter};
use crate::graph::subscriptions::{SubscriptionError, Why};
use crate::host::Desk;
use crate::presence::Guid;
use crate::time::Moment;

/// Strangers are told at most so often.
const STRANGERS_MS: u64 = 60 * 60_000;
/// Who is polled for good is told when it has stood for so long.
const STOOD_MS: u64 = 60_000;
/// User ids in one event.
const MOST_NAMED: usize = 200;

/// What was told last about an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    On,
    Off(&'static str),
    Missed,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Herald {
    accounts: Vec<(Arc<str>, Told)>,
    /// Since when an account has none, where it had some before.
    off_since: Vec<Option<u64>>,
    content: &'static str,
    strangers: [u64; 3],
    strangers_at: u64,
    strangers_told: bool,
    /// Without room, service accounts: as told, and as they are and since when.
    left_out: (usize, usize),
    left_out_now: ((usize, usize), u64),
}

impl Herald {
    pub(super) fn new(accounts: Vec<Arc<str>>, rich: bool, now: u64) -> Herald {
        Herald {
            off_since: vec![None; accounts.len()],
            accounts: accounts.into_iter().map(|name| (name, Told::Nothing)).collect(),
            content: if rich { "rich" } else { "basic" },
            strangers: [0; 3],
            strangers_at: now,
            strangers_told: false,
            left_out: (0, 0),
            left_out_now: ((0, 0), now),
        }
    }

    /// The account's subscription is trusted. True where that is news.
    pub(super) fn on(&mut self, at: usize, users: usize, expires_at_ms: i64, reporter: &Reporter, now: Moment) -> bool {
        let (name, told) = &mut self.accounts[at];
        if *told == Told::On {
            return false;
        }
        *told = Told::On;
        let event = Event::new(Kind::NotificationsOn)
            .with("account", name.to_string())
            .with("users", users as u64)
            .with("content", self.content)
            .with("expires_at_ms", expires_at_ms);
        let off_ms = self.off_since[at].take().map(|since| now.mono_ms.saturating_sub(since));
        reporter.event_now(event.with_some("off_ms", off_ms));
        true
    }

    /// The account has no subscription.
    #[expect(clippy::too_many_arguments, reason = "each is a field of the event")]
    pub(super) fn off(
        &mut self,
        at: usize,
        users: usize,
        cause: &'static str,
        detail: String,
        next_try_at_ms: i64,
        now: Moment,
        reporter: &Reporter,
    ) {
        let (name, told) = &mut self.accounts[at];
        if *told == Told::Off(cause) {
            return;
        }
        if matches!(told, Told::On | Told::Missed) {
            self.off_since[at] = Some(now.mono_ms);
        }
        *told = Told::Off(cause);
        let event = Event::new(Kind::NotificationsOff)
            .with("account", name.to_string())
            .with("users", users as u64)
            .with("cause", cause)
            .with("detail", detail)
            .with("next_try_at_ms", next_try_at_ms);
        reporter.event_now(event);
    }

    /// A finding of the watchdog. True: the subscription is to be made anew.
    pub(super) fn found(&mut self, at: usize, finding: Finding, users: usize, hub: &Hub, reporter: &Reporter) -> bool {
        let Finding::Missed { people, resubscribe } = finding else { return false };
        hub.sums.missed.fetch_add(people as u64, Relaxed);
        let (name, told) = &mut self.accounts[at];
        *told = Told::Missed;
        let event = Event::new(Kind::NotificationsMissed)
            .with("account", name.to_string())
            .with("missed", people as u64)
            .with("users", users as u64)
            .with("resubscribed", if resubscribe { "yes" } else { "no" });
        reporter.event_now(event);
        resubscribe
    }

    /// Graph refuses something.
    pub(super) fn refused(
        &mut self,
        at: usize,
        step: Asked,
        why: Why,
        failed: Option<&SubscriptionError>,
        next_try_at_ms: i64,
        reporter: &Reporter,
    ) {
        let step = match step {
            Asked::List => "list",
            Asked::Create => "create",
            Asked::Renew => "renew",
            Asked::Delete => "delete",
        };
        let cause = match why {
            Why::Handshake => "handshake",
            Why::Permission => "permission",
            Why::Quota => "quota",
            Why::Conflict(_) => "conflict",
            _ => "request",
        };
        let facts = failed.map(|failed| &failed.error.facts);
        let event = Event::new(Kind::SubscriptionRefused)
            .with("account", self.accounts[at].0.to_string())
            .with("step", step)
            .with("cause", cause)
            .with_some("status", facts.and_then(|facts| facts.status))
            .with("error", facts.map(|facts| facts.code.clone()).unwrap_or_default())
            .with("detail", facts.map(|facts| facts.message.clone()).unwrap_or_default())
            .with("next_try_at_ms", next_try_at_ms)
            .with_some("request_id", facts.and_then(|facts| facts.request_id.clone()));
        reporter.event_now(event);
    }

    /// What was refused because it is not for us.
    pub(super) fn strangers(&mut self, hub: &Hub, reporter: &Reporter, now: Moment) {
        let (intake, sums) = (hub.intake.stats(), &hub.sums);
        let seen = [intake.malformed, intake.foreign_items, sums.unproved.load(Relaxed) + sums.undecrypted.load(Relaxed)];
        let due = !self.strangers_told || now.mono_ms >= self.strangers_at.saturating_add(STRANGERS_MS);
        if seen == self.strangers || !due {
            return;
        }
        let more: Vec<u64> = seen.iter().zip(self.strangers).map(|(now, before)| now.saturating_sub(before)).collect();
        let event = Event::new(Kind::NotificationsForeign)
            .with("count", more.iter().sum::<u64>())
            .with("period_ms", now.mono_ms.saturating_sub(self.strangers_at))
            .with("malformed", more[0])
            .with("unknown", more[1])
            .with("unproved", more[2]);
        reporter.event_now(event);
        (self.strangers, self.strangers_at, self.strangers_told) = (seen, now.mono_ms, true);
    }

    /// Who is in no subscription, for good. Tells when to look again. `complete`: all accounts can subscribe.
    pub(super) fn left_out(&mut self, all: &[(Guid, Unsubscribed)], complete: bool, desk: &Desk, now: Moment) -> u64 {
        let count = |why: Unsubscribed| all.iter().filter(|(_, its)| *its == why).count();
        if !complete {
            return u64::MAX;
        }
        let counts = (count(Unsubscribed::NoRoom), count(Unsubscribed::ServiceAccount));
        if counts != self.left_out_now.0 {
            self.left_out_now = (counts, now.mono_ms);
        }
        if counts == self.left_out {
            return u64::MAX;
        }
        let due = self.left_out_now.1 + STOOD_MS;
        if now.mono_ms < due {
            return due;
        }
        self.left_out = counts;
        let of = |why: Unsubscribed| all.iter().filter(move |(_, its)| *its == why).map(|(person, _)| *person);
        let people: Vec<Guid> = of(Unsubscribed::ServiceAccount).chain(of(Unsubscribed::NoRoom)).take(MOST_NAMED).collect();
        let ids: Vec<String> =
            desk.with(|engine, _| people.iter().flat_map(|person| engine.users_of(*person)).map(|id| id.to_string()).collect());
        let event = Event::new(Kind::NotSubscribed)
            .with("users", (counts.0 + counts.1) as u64)
            .with("without_room", counts.0 as u64)
            .with("service_accounts", counts.1 as u64)
            .with("user_ids", ids);
        desk.reporter().event_now(event);
        u64::MAX
    }
}
