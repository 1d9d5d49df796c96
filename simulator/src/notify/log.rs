//! What was sent to endpoints.

use std::collections::VecDeque;

use serde::Serialize;

use crate::clock::Millis;

/// One request to an endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Attempts at the same body have the same number; handshakes have 0.
    pub number: u64,
    /// `handshake`, `notification`, `lifecycle` or `raw`.
    pub kind: String,
    /// When it was due and began, on the simulator's clock.
    pub begun_ms: Millis,
    /// When the request was written, its connection being made: microseconds since 1970 by the system's own clock, whatever the simulator's
    /// says. Null when no answer came.
    pub sent_us: Option<u64>,
    /// When it ended, on the simulator's clock.
    pub at_ms: Millis,
    /// Where it went.
    pub url: String,
    /// Counts from 1.
    pub attempt: u32,
    /// The subscriptions of its items, each once.
    pub subscriptions: Vec<String>,
    /// How many notifications it held.
    pub items: usize,
    /// The answer's status; null when none came.
    pub status: Option<u16>,
    /// Why no answer came.
    pub error: Option<String>,
    /// How long it took, in milliseconds of real time.
    pub took_ms: u64,
    /// What was sent.
    pub body: String,
}

/// The last requests.
#[derive(Debug, Default)]
pub(super) struct DeliveryLog {
    list: VecDeque<Delivery>,
    bytes: usize,
}

const MOST: usize = 2_000;
const MOST_BYTES: usize = 16 << 20;

impl DeliveryLog {
    pub(super) fn push(&mut self, delivery: Delivery) {
        self.bytes += delivery.body.len();
        self.list.push_back(delivery);
        while self.list.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.list.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }

    pub(super) fn list(&self) -> &VecDeque<Delivery> {
        &self.list
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.bytes = 0;
    }
}
