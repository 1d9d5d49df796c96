//! What `tps_stats` tells, field by field, for its documentation.

/// How a number behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Only grows, from 0 at create.
    Counter,
    /// How things stand now.
    Gauge,
    /// A text.
    Text,
}

impl Measure {
    /// The word used in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Measure::Counter => "counter",
            Measure::Gauge => "gauge",
            Measure::Text => "text",
        }
    }
}

/// One member of the JSON of `tps_stats`. Each part of the library that adds members keeps a table of these, and a test that compares
/// the table with what it really gives: see [`undocumented`](super::docs::undocumented).
#[derive(Clone, Copy, Debug)]
pub struct StatField {
    /// Where it stands, members separated by dots; `*` for a member whose name varies.
    pub path: &'static str,
    /// How it behaves.
    pub measure: Measure,
    /// `ms`, `bytes`, `requests`, …; empty for a text.
    pub unit: &'static str,
    /// What it tells.
    pub meaning: &'static str,
}

/// The members that [`Counters`](super::Counters) gives.
pub const STATS_FIELDS: &[StatField] = &[
    counter(
        "requests.*.*",
        "requests",
        "requests that got an answer, by class (`token`, `users`, `delta`, `presences`, `sessions`, `subscriptions`, `other`) and HTTP \
         status; `other` as a status gathers those beyond 128 different pairs",
    ),
    counter("throttled", "requests", "answers with status 429, of any class"),
    counter("network_errors", "requests", "requests without a status: name resolution, connection, TLS, reset, time-out"),
    counter("retries", "requests", "requests that were sent again"),
    counter("bytes_in", "bytes", "bodies received, decompressed"),
    counter("bytes_out", "bytes", "bodies sent"),
    counter("sweeps_ok", "sweeps", "looks at the presence of all users that ended well"),
    counter("sweeps_failed", "sweeps", "looks that ended with at least one request failed"),
    gauge("last_sweep_ms", "ms", "how long the last look took, from its first request to its last answer"),
    counter("tokens_fetched", "tokens", "access tokens received"),
    counter("tokens_refused", "attempts", "sign-ins that Entra refused"),
    counter("panics_caught", "panics", "faults of the library caught before they reached the host; an event 999 tells each"),
];

/// A member that only grows.
pub const fn counter(path: &'static str, unit: &'static str, meaning: &'static str) -> StatField {
    StatField { path, measure: Measure::Counter, unit, meaning }
}

/// A member that goes up and down.
pub const fn gauge(path: &'static str, unit: &'static str, meaning: &'static str) -> StatField {
    StatField { path, measure: Measure::Gauge, unit, meaning }
}
