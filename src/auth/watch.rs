//! When the credential expires, and when to say so. Pure: time is an argument, events are returned.

use super::rotation::Which;
use super::settings::Settings;
use super::watch_graph::{AppCredential, Trait, matching};
use crate::config::MethodName;
use crate::event::{Draft, Event, Kind};
use crate::time::{Countdown, DAY_MS, Due, days_left, next_look_ms};

/// How the end is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpirySource {
    /// `expires_at` of the configuration.
    Configuration,
    /// The certificate itself.
    Certificate,
    /// The app registration.
    Graph,
}

impl ExpirySource {
    /// The word of events and statistics.
    pub fn as_str(self) -> &'static str {
        match self {
            ExpirySource::Configuration => "configuration",
            ExpirySource::Certificate => "certificate",
            ExpirySource::Graph => "graph",
        }
    }
}

/// When the credential in use expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// How it is known.
    pub source: ExpirySource,
}

impl Expiry {
    /// Whole days left; 0 on the last day, negative after the end.
    pub fn days_left(&self, now_wall_ms: i64) -> i64 {
        days_left(self.at_ms, now_wall_ms)
    }
}

/// What a credential tells of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The end of a certificate, read from it.
    pub(super) certificate_end_ms: Option<i64>,
    /// By what it can be found in the app registration.
    pub(super) mark: Option<Trait>,
}

/// A credential that was read.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) fingerprint: [u8; 32],
    pub(super) marks: Marks,
}

/// The credential that is watched: the one that signed in last, before that the one that was read last.
pub(super) struct Watch {
    what: &'static str,
    configured: [Option<i64>; 2],
    has_next: bool,
    which: Which,
    seen: Option<Seen>,
    /// Whether `seen` has signed in.
    proven: bool,
    /// What Graph says of `seen`, and whether that is sure.
    graph: Option<(i64, bool)>,
    /// When Graph was asked about `seen`, on the monotonic clock.
    asked_at: Option<u64>,
    countdown: Countdown,
}

/// Graph is asked again after this time.
const ASK_EVERY_MS: u64 = DAY_MS as u64;

impl Watch {
    /// One that has seen nothing yet.
    pub(super) fn of(settings: &Settings) -> Watch {
        let next = settings.succession.next.as_ref().map(|next| next.expires_at_ms);
        Watch::new(settings.method.name(), settings.succession.expires_at_ms, next)
    }

    pub(super) fn new(method: MethodName, present: Option<i64>, next: Option<Option<i64>>) -> Watch {
        Watch {
            what: match method {
                MethodName::Certificate => "certificate",
                MethodName::Password => "password",
                _ => "client secret",
            },
            configured: [present, next.flatten()],
            has_next: next.is_some(),
            which: Which::Present,
            seen: None,
            proven: false,
            graph: None,
            asked_at: None,
            countdown: Countdown::default(),
        }
    }

    /// Other dates after a reload. What was told stays told.
    pub(super) fn configure(&mut self, fresh: Watch) {
        let countdown = std::mem::take(&mut self.countdown);
        let same = self.what == fresh.what;
        let Watch { which, seen, proven, graph, asked_at, .. } = std::mem::replace(self, fresh);
        if same {
            (self.which, self.seen, self.proven, self.graph, self.asked_at, self.countdown) =
                (which, seen, proven, graph, asked_at, countdown);
        }
    }

    /// A credential was read. It is watched until another one signs in, unless one has already.
    pub(super) fn read(&mut self, which: Which, seen: Seen) {
        if !self.proven && which == Which::Present {
            self.take(which, seen);
        }
    }

    /// A credential has signed in.
    pub(super) fn signed_in(&mut self, which: Which, seen: Seen) {
        self.proven = true;
        self.take(which, seen);
    }

    fn take(&mut self, which: Which, seen: Seen) {
        self.which = which;
        if self.seen.as_ref().is_none_or(|known| known.fingerprint != seen.fingerprint) {
            self.graph = None;
            self.asked_at = None;
        }
        self.seen = Some(seen);
    }

    /// Whether Graph could tell more, and was not asked lately.
    pub(super) fn wants_graph(&self, now_mono_ms: u64) -> bool {
        let can = self.proven && self.seen.as_ref().is_some_and(|seen| seen.marks.mark.is_some());
        can && self.asked_at.is_none_or(|at| now_mono_ms.saturating_sub(at) >= ASK_EVERY_MS)
    }

    /// Graph was asked; `None` where it did not tell.
    pub(super) fn graph_said(&mut self, list: Option<&[AppCredential]>, now_wall_ms: i64, now_mono_ms: u64) {
        self.asked_at = Some(now_mono_ms);
        let mark = self.seen.as_ref().and_then(|seen| seen.marks.mark.as_ref());
        if let (Some(list), Some(mark)) = (list, mark) {
            self.graph = matching(list, mark, now_wall_ms);
        }
    }

    /// What is sure goes before what an administrator wrote down, and that before a guess. The certificate and its entry in the registration
    /// are both sure: the earlier one counts.
    pub(super) fn expiry(&self) -> Option<Expiry> {
        let certificate = self.seen.as_ref().and_then(|seen| seen.marks.certificate_end_ms);
        let certificate = certificate.map(|at_ms| Expiry { at_ms, source: ExpirySource::Certificate });
        let graph = self.graph.map(|(at_ms, _)| Expiry { at_ms, source: ExpirySource::Graph });
        let sure = graph.filter(|_| self.graph.is_some_and(|(_, sure)| sure));
        let configured = self.configured[usize::from(self.which == Which::Next)];
        let configured = configured.map(|at_ms| Expiry { at_ms, source: ExpirySource::Configuration });
        match (certificate, sure) {
            (Some(a), Some(b)) => Some(if b.at_ms < a.at_ms { b } else { a }),
            (one, other) => one.or(other).or(configured).or(graph),
        }
    }

    /// The event that is due now.
    pub(super) fn tick(&mut self, now_wall_ms: i64) -> Option<Draft> {
        let expiry = self.expiry();
        let days = expiry.map(|expiry| expiry.days_left(now_wall_ms));
        match self.countdown.look(expiry.map(|expiry| expiry.at_ms), now_wall_ms) {
            Due::Nothing => None,
            Due::Over => {
                let event = Event::new(Kind::CredentialRenewed).with("what", self.what).with_some("days_left", days);
                let event = event.with_some("expires_at_ms", expiry.map(|expiry| expiry.at_ms));
                Some(event.with_some("source", expiry.map(|expiry| expiry.source.as_str())))
            }
            Due::Ending => {
                let expiry = expiry?;
                Some(
                    Event::new(Kind::CredentialExpiring)
                        .with("days_left", expiry.days_left(now_wall_ms))
                        .with("what", self.what)
                        .with("source", expiry.source.as_str())
                        .with("expires_at_ms", expiry.at_ms)
                        .with("expires", crate::time::utc(expiry.at_ms))
                        .with("next", self.has_next && self.which == Which::Present),
                )
            }
        }
    }

    /// Milliseconds until the next point, at most a day.
    pub(super) fn next_tick_ms(&self, now_wall_ms: i64) -> u64 {
        next_look_ms(self.expiry().map(|expiry| expiry.at_ms), now_wall_ms)
    }
}
