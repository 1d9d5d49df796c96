//! What administrators are told about Graph: each trouble once when it begins and once when it ends, however often it is met.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Url;

use super::error::{Class, Facts, GraphError};
use super::permission::{Diagnosis, Finding, Need};
use crate::event::{Draft, Endpoint, Event, Kind, Reporter};
use crate::http::{Cause, trouble};
use crate::time::Clock;

/// Failures in a row before an outage is told: one lost request in a thousand is daily life.
const FAILURES_BEFORE_EVENT: u32 = 2;
/// Refusals told apart, so that a server inventing codes cannot grow this.
const MOST_REFUSALS: usize = 32;

/// The things done with Graph; one may fail while the others work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Reading presence.
    Presence,
    /// Reading the directory.
    Directory,
    /// Writing presence. It shares host and budget with reading it, so outages and refusals of rate are told there.
    Publishing,
}

impl Area {
    fn of(endpoint: Endpoint) -> Area {
        match endpoint {
            Endpoint::Presences => Area::Presence,
            Endpoint::Sessions => Area::Publishing,
            _ => Area::Directory,
        }
    }
}

/// The troubles of one client, by area.
pub struct Health {
    reporter: Reporter,
    clock: Clock,
    host: String,
    troubles: Mutex<[Trouble; 3]>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("host", &self.host).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Trouble {
    outage_since: Option<u64>,
    outage_failures: u32,
    /// What was told of the present outage.
    told: Vec<Outage>,
    throttled_since: Option<u64>,
    missing: Vec<Need>,
    token_refused: bool,
    presence_refused: bool,
    refusals: HashSet<(u16, String)>,
}

impl Trouble {
    /// This kind of refusal was not told before, and may be.
    fn is_first(&mut self, facts: &Facts) -> bool {
        self.refusals.len() < MOST_REFUSALS && self.refusals.insert((facts.status.unwrap_or(0), facts.code.clone()))
    }
}

/// An outage as it was told: it is told again when this changes.
#[derive(Clone, PartialEq)]
struct Outage {
    kind: Kind,
    stage: &'static str,
    cause: Cause,
}

impl Outage {
    fn is_like(&self, other: &Outage) -> bool {
        self.stage == other.stage && self.cause.is_like(&other.cause)
    }
}

impl Health {
    pub(super) fn new(reporter: Reporter, clock: Clock, root: &Url) -> Health {
        let name = root.host_str().unwrap_or("?");
        let host = root.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Health { reporter, clock, host, troubles: Mutex::default() }
    }

    /// A call failed and is tried again in `pause_ms`.
    pub fn failed(&self, error: &GraphError, pause_ms: u64) {
        let now = self.clock.now();
        let next_try = now.wall_ms.saturating_add(i64::try_from(pause_ms).unwrap_or(i64::MAX));
        if Area::of(error.endpoint) == Area::Publishing {
            return self.not_published(error, next_try);
        }
        let mut troubles = self.lock();
        let area = Area::of(error.endpoint) as usize;
        let outage = Outage {
            kind: Kind::GraphUnreachable,
            stage: error.stage(),
            cause: error.facts.way.as_ref().map_or(Cause::Other, |way| way.cause.clone()),
        };
        let told_by_other = troubles[1 - area].told.iter().any(|told| told.is_like(&outage));
        let trouble = &mut troubles[area];
        let facts = &*error.facts;
        let event = match &error.class {
            // Told by the sign-in itself.
            Class::SignIn { .. } => None,
            Class::Throttled { retry_after, stated } => {
                let first = trouble.throttled_since.is_none();
                trouble.throttled_since.get_or_insert(now.mono_ms);
                first.then(|| {
                    Event::new(Kind::Throttled)
                        .with("endpoint", error.endpoint.as_str())
                        .with("retry_after_ms", u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX))
                        .with("stated", if *stated { "yes" } else { "no" })
                })
            }
            _ if error.is_outage() => {
                trouble.outage_since.get_or_insert(now.mono_ms);
                trouble.outage_failures = trouble.outage_failures.saturating_add(1);
                let known = trouble.told.iter().any(|told| told.is_like(&outage));
                let begins = trouble.outage_failures >= FAILURES_BEFORE_EVENT && !known && trouble.told.len() < MOST_REFUSALS;
                let (kind, event) = self.outage(error, &outage);
                if begins {
                    trouble.told.push(Outage { kind, ..outage });
                }
                (begins && !told_by_other).then(|| event.with("next_try_at_ms", next_try))
            }
            Class::Forbidden(diagnosis) if diagnosis.finding != Finding::RefusedThough => {
                let first = !trouble.missing.contains(&diagnosis.need);
                first.then(|| {
                    trouble.missing.push(diagnosis.need);
                    permission_missing(diagnosis, facts)
                })
            }
            Class::Forbidden(diagnosis) if diagnosis.need == Need::Presence => {
                (!std::mem::replace(&mut trouble.presence_refused, true)).then(|| {
                    Event::new(Kind::PresenceRefused)
                        .with("error", facts.code.as_str())
                        .with("granted", diagnosis.granted.clone())
                        .with_some("status", facts.status)
                        .with("detail", error.to_string())
                        .with("next_try_at_ms", next_try)
                        .with_some("request_id", facts.request_id.clone())
                })
            }
            Class::Unauthorized => (!std::mem::replace(&mut trouble.token_refused, true)).then(|| {
                Event::new(Kind::TokenRefused)
                    .with("error", facts.code.as_str())
                    .with("detail", error.to_string())
                    .with("next_try_at_ms", next_try)
                    .with_some("request_id", facts.request_id.clone())
            }),
            _ => trouble.is_first(facts).then(|| {
                Event::new(Kind::RequestRefused)
                    .with("endpoint", error.endpoint.as_str())
                    .with("status", facts.status.unwrap_or(0))
                    .with("error", facts.code.as_str())
                    .with("detail", error.to_string())
                    .with("next_try_at_ms", next_try)
                    .with_some("request_id", facts.request_id.clone())
            }),
        };
        drop(troubles);
        if let Some(event) = event {
            self.reporter.event_now(event);
        }
    }

    /// The same for publishing: what only it suffers from.
    fn not_published(&self, error: &GraphError, next_try: i64) {
        let facts = &*error.facts;
        let mut troubles = self.lock();
        let trouble = &mut troubles[Area::Publishing as usize];
        let event = match &error.class {
            Class::SignIn { .. } | Class::Throttled { .. } => None,
            _ if error.is_outage() => None,
            Class::Forbidden(diagnosis) if diagnosis.finding != Finding::RefusedThough => {
                let first = !trouble.missing.contains(&diagnosis.need);
                first.then(|| {
                    trouble.missing.push(diagnosis.need);
                    permission_missing(diagnosis, facts)
                })
            }
            _ => trouble.is_first(facts).then(|| {
                Event::new(Kind::PublishRefused)
                    .with("status", facts.status.unwrap_or(0))
                    .with("error", facts.code.as_str())
                    .with("detail", error.to_string())
                    .with("next_try_at_ms", next_try)
                    .with_some("request_id", facts.request_id.clone())
            }),
        };
        drop(troubles);
        if let Some(event) = event {
            self.reporter.event_now(event);
        }
    }

    /// The event that fits the cause, without the time of the next try.
    fn outage(&self, error: &GraphError, outage: &Outage) -> (Kind, Draft) {
        error.facts.way.as_ref().and_then(|way| trouble(way)).unwrap_or_else(|| {
            let event = Event::new(outage.kind).with("host", self.host.as_str()).with("stage", outage.stage);
            (outage.kind, event.with_some("status", error.facts.status).with("detail", error.to_string()))
        })
    }

    /// A call was answered as it should be: what troubled this area is over.
    pub fn good(&self, endpoint: Endpoint) {
        let now = self.clock.mono_ms();
        let mut events = Vec::new();
        let mut troubles = self.lock();
        let area = Area::of(endpoint) as usize;
        if !troubles[area].any() {
            return;
        }
        let trouble = &mut troubles[area];
        if let Some(since) = trouble.throttled_since.take() {
            events.push(Event::new(Kind::ThrottlingEnded).with("throttled_ms", now.saturating_sub(since)));
        }
        // A call that needs less says nothing of a permission for more.
        let need = Need::of(endpoint);
        let implied = |missing: &Need| *missing == need || (need == Need::WholeUsers && *missing == Need::Users);
        for missing in trouble.missing.extract_if(.., |missing| implied(missing)) {
            events
                .push(Event::new(Kind::PermissionGranted).with("permission", missing.least()).with("needed_for", missing.area()));
        }
        trouble.token_refused = false;
        if std::mem::take(&mut trouble.presence_refused) {
            events.push(Event::new(Kind::PresenceAllowed));
        }
        trouble.outage_failures = 0;
        let since = trouble.outage_since.take();
        let mut told = std::mem::take(&mut trouble.told);
        if let Some(since) = since.filter(|_| !told.is_empty()) {
            // Told as over only when the other area has no outage of its own that was told.
            let other = &mut troubles[1 - area];
            if other.told.is_empty() {
                let mut ends: Vec<&str> = told.iter().map(|outage| outage.kind.name()).collect();
                ends.sort_unstable();
                ends.dedup();
                events.push(Event::new(Kind::GraphRecovered).with("outage_ms", now.saturating_sub(since)).with("ends", ends));
            } else {
                other.outage_since = Some(other.outage_since.map_or(since, |theirs| theirs.min(since)));
                told.retain(|outage| !other.told.contains(outage));
                other.told.append(&mut told);
            }
        }
        drop(troubles);
        for event in events {
            self.reporter.event_now(event);
        }
    }

    /// The directory is read with a lesser permission from now on, on purpose: the greater one is no longer missed.
    pub fn content_with_less(&self) {
        self.lock()[Area::Directory as usize].missing.retain(|need| *need != Need::WholeUsers);
    }

    fn lock(&self) -> MutexGuard<'_, [Trouble; 3]> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    fn any(&self) -> bool {
        self.outage_since.is_some()
            || self.throttled_since.is_some()
            || !self.missing.is_empty()
            || self.token_refused
            || self.presence_refused
    }
}

fn permission_missing(diagnosis: &Diagnosis, facts: &Facts) -> Draft {
    Event::new(Kind::PermissionMissing)
        .with("permission", diagnosis.need.least())
        .with("permission_type", diagnosis.kind())
        .with("needed_for", diagnosis.need.area())
        .with("granted", diagnosis.granted.clone())
        .with_some("status", facts.status)
        .with_some("error", (!facts.code.is_empty()).then(|| facts.code.clone()))
        .with_some("request_id", facts.request_id.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::Level;
    use crate::graph::error::Facts;
    use crate::graph::permission::Diagnosis;
    use crate::http::TransportErrorKind;

    fn health() -> (Health, Reporter) {
        let reporter = Reporter::new(Level::Error, Clock::system(), Arc::new(|| {}));
        let root = Url::parse("https://graph.example:8443").expect("a URL");
        (Health::new(reporter.clone(), Clock::system(), &root), reporter)
    }

    fn error(endpoint: Endpoint, class: Class) -> GraphError {
        GraphError { endpoint, class, facts: Box::new(Facts { status: Some(400), code: "c".to_owned(), ..Facts::default() }) }
    }

    fn kinds(reporter: &Reporter) -> Vec<Kind> {
        std::iter::from_fn(|| reporter.next_event()).map(|event| event.kind).collect()
    }

    #[test]
    fn an_outage_is_told_once_and_again_when_the_stage_changes() {
        let (health, reporter) = health();
        let reset = error(Endpoint::Presences, Class::Transport(TransportErrorKind::Reset));
        health.failed(&reset, 1);
        health.good(Endpoint::Presences);
        assert_eq!(kinds(&reporter), [], "a single one is no outage");
        for _ in 0..5 {
            health.failed(&reset, 1);
        }
        assert_eq!(kinds(&reporter), [Kind::GraphUnreachable]);
        for _ in 0..5 {
            health.failed(&error(Endpoint::Presences, Class::Transport(TransportErrorKind::Dns)), 1);
            health.failed(&reset, 1);
        }
        assert_eq!(kinds(&reporter), [Kind::GraphUnreachable]);
        health.good(Endpoint::Users);
        assert_eq!(kinds(&reporter), [], "the other area proves nothing");
        health.good(Endpoint::Presences);
        health.good(Endpoint::Presences);
        assert_eq!(kinds(&reporter), [Kind::GraphRecovered]);
    }

    #[test]
    fn recovered_means_both_areas() {
        let (health, reporter) = health();
        for endpoint in [Endpoint::Presences, Endpoint::Users] {
            health.failed(&error(endpoint, Class::Unavailable), 1);
            health.failed(&error(endpoint, Class::Unavailable), 1);
        }
        assert_eq!(kinds(&reporter), [Kind::GraphUnreachable]);
        health.good(Endpoint::Delta);
        assert_eq!(kinds(&reporter), []);
        health.good(Endpoint::Presences);
        assert_eq!(kinds(&reporter), [Kind::GraphRecovered]);
    }

    #[test]
    fn throttling_permission_token_and_refusal_once_each() {
        let (health, reporter) = health();
        let missing = Diagnosis { need: Need::Presence, app_only: true, granted: vec![], finding: Finding::Missing };
        let though = Diagnosis { finding: Finding::RefusedThough, ..missing.clone() };
        for _ in 0..3 {
            let retry_after = std::time::Duration::from_secs(3);
            health.failed(&error(Endpoint::Presences, Class::Throttled { retry_after, stated: true }), 3_000);
            health.failed(&error(Endpoint::Presences, Class::Forbidden(missing.clone())), 60_000);
            health.failed(&error(Endpoint::Presences, Class::Forbidden(though.clone())), 60_000);
            health.failed(&error(Endpoint::Presences, Class::Unauthorized), 60_000);
            health.failed(&error(Endpoint::Presences, Class::BadRequest), 60_000);
            health.failed(&error(Endpoint::Presences, Class::SignIn { next_try_mono_ms: 0 }), 60_000);
        }
        let mut seen = kinds(&reporter);
        seen.sort();
        let expected =
            [Kind::PermissionMissing, Kind::Throttled, Kind::RequestRefused, Kind::TokenRefused, Kind::PresenceRefused];
        assert_eq!(seen, expected);
        health.good(Endpoint::Presences);
        assert_eq!(kinds(&reporter), [Kind::ThrottlingEnded, Kind::PermissionGranted, Kind::PresenceAllowed]);
    }

    #[test]
    fn a_lesser_call_does_not_prove_the_greater_permission() {
        let (health, reporter) = health();
        let missing = Diagnosis { need: Need::WholeUsers, app_only: true, granted: vec![], finding: Finding::Missing };
        health.failed(&error(Endpoint::Delta, Class::Forbidden(missing)), 1);
        assert_eq!(kinds(&reporter), [Kind::PermissionMissing]);
        health.good(Endpoint::Users);
        assert_eq!(kinds(&reporter), []);
        health.good(Endpoint::Delta);
        assert_eq!(kinds(&reporter), [Kind::PermissionGranted]);
    }
}
