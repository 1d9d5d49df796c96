//! What happened: counters, and the last requests whole (without secrets).

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::clock::Millis;
use crate::fault::EndpointClass;

/// One request as it arrived, and what became of it. Credentials are left out.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedRequest {
    /// Counts from 1.
    pub number: u64,
    /// When, on the simulator's clock.
    pub at_ms: Millis,
    /// The HTTP method.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, as sent, without the question mark.
    pub query: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Header names in lower case; without `authorization` and `cookie`.
    pub headers: Vec<(String, String)>,
    /// The body; credentials of token requests are replaced by `***`.
    pub body: String,
    /// What kind of endpoint.
    pub endpoint: EndpointClass,
    /// The answer's status; 0 when none was sent.
    pub status: u16,
}

/// Sums since the start or the last clearing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counters {
    /// Requests, control calls excepted.
    pub requests: u64,
    /// Requests by endpoint and status (`"presences 200": 12`); status 0 is an answer that never came.
    pub by_endpoint: BTreeMap<String, u64>,
    /// Access tokens issued.
    pub tokens_issued: u64,
    /// Token requests refused, by AADSTS code.
    pub tokens_refused: BTreeMap<u32, u64>,
    /// Ids asked for in getPresencesByUserId.
    pub ids_asked: u64,
    /// The most ids in one call.
    pub max_ids: usize,
    /// Requests being answered now.
    pub in_flight: u64,
    /// The most requests answered at the same time.
    pub in_flight_max: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Requests over HTTP/2.
    pub http2_requests: u64,
    /// Requests refused by the simulator's own limits.
    pub throttled: u64,
    /// Faults that struck.
    pub faults: u64,
    /// Bytes of answer bodies, after compression.
    pub body_bytes: u64,
}

impl Counters {
    /// Requests to an endpoint that got this status.
    pub fn count(&self, endpoint: EndpointClass, status: u16) -> u64 {
        self.by_endpoint.get(&format!("{endpoint} {status}")).copied().unwrap_or(0)
    }

    /// Requests to an endpoint, whatever became of them.
    pub fn total(&self, endpoint: EndpointClass) -> u64 {
        let prefix = format!("{endpoint} ");
        self.by_endpoint.iter().filter(|(k, _)| k.starts_with(&prefix)).map(|(_, n)| n).sum()
    }
}

/// Counters and recorder.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) counters: Counters,
    /// How many requests are kept; 0 keeps none.
    keep: usize,
    requests: VecDeque<RecordedRequest>,
    bytes: usize,
    number: u64,
}

/// All recorded bodies together stay below this.
const MAX_BYTES: usize = 32 << 20;

impl Default for Records {
    fn default() -> Self {
        Self { counters: Counters::default(), keep: 1000, requests: VecDeque::new(), bytes: 0, number: 0 }
    }
}

impl Records {
    pub(crate) fn push(&mut self, mut request: RecordedRequest) {
        self.number += 1;
        request.number = self.number;
        self.bytes += request.body.len();
        self.requests.push_back(request);
        self.trim();
    }

    pub(crate) fn keep(&self) -> usize {
        self.keep
    }

    /// Keeps this many from now on.
    pub(crate) fn set_keep(&mut self, keep: usize) {
        self.keep = keep;
        self.trim();
    }

    fn trim(&mut self) {
        while self.requests.len() > self.keep || self.bytes > MAX_BYTES {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }

    pub(crate) fn requests(&self) -> impl DoubleEndedIterator<Item = &RecordedRequest> + ExactSizeIterator {
        self.requests.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
        self.bytes = 0;
        self.counters = Counters { in_flight: self.counters.in_flight, ..Counters::default() };
    }
}

/// A token request's body without its credentials.
pub(crate) fn without_secrets(body: &[u8]) -> String {
    const SECRET: [&str; 6] = ["client_secret", "client_assertion", "password", "refresh_token", "device_code", "assertion"];
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in url::form_urlencoded::parse(body) {
        let shown = if SECRET.contains(&&*key) { "***" } else { &*value };
        out.append_pair(&key, shown);
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_recorded() {
        let body = b"client_id=a&client_secret=s%26ecret&username=ann&password=pw&refresh_token=r&client_assertion=j";
        let shown = without_secrets(body);
        assert_eq!(shown, "client_id=a&client_secret=***&username=ann&password=***&refresh_token=***&client_assertion=***");
    }
}
