//! What an instance counts for `tps_stats`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word used in the JSON and in events.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }
    };
}

names! {
    /// The classes of requests to Microsoft.
    Endpoint {
        /// Entra's token endpoint.
        Token "token",
        /// Users by address or by list.
        Users "users",
        /// Changes of users.
        Delta "delta",
        /// Presence.
        Presences "presences",
        /// The app's own presence sessions: what is written to Teams.
        Sessions "sessions",
        /// Subscriptions to notifications.
        Subscriptions "subscriptions",
        /// Anything else.
        Other "other",
    }
}

/// Counts since the instance was created; all wrap-free for any life of a process. Every method may be called from any thread.
#[derive(Debug, Default)]
pub struct Counters {
    requests: Mutex<BTreeMap<(Endpoint, u16), u64>>,
    throttled: AtomicU64,
    network_errors: AtomicU64,
    retries: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    sweeps_ok: AtomicU64,
    sweeps_failed: AtomicU64,
    last_sweep_ms: AtomicU64,
    tokens_fetched: AtomicU64,
    tokens_refused: AtomicU64,
    panics: AtomicU64,
}

impl Counters {
    /// How many pairs of class and status are told apart; a server cannot make more than this by inventing statuses.
    const PAIRS: usize = 128;

    /// An answer with a status came. 429 also counts as throttled.
    pub fn request(&self, endpoint: Endpoint, status: u16) {
        if status == 429 {
            add(&self.throttled, 1);
        }
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let known = requests.contains_key(&(endpoint, status));
        let status = if known || requests.len() < Self::PAIRS { status } else { 0 };
        *requests.entry((endpoint, status)).or_default() += 1;
    }

    /// A request ended without a status: DNS, connect, TLS, reset, time-out.
    pub fn network_error(&self) {
        add(&self.network_errors, 1);
    }

    /// A request is sent again.
    pub fn retry(&self) {
        add(&self.retries, 1);
    }

    /// Bytes of bodies.
    pub fn bytes(&self, received: u64, sent: u64) {
        add(&self.bytes_in, received);
        add(&self.bytes_out, sent);
    }

    /// A look at all users ended.
    pub fn sweep(&self, ok: bool, took_ms: u64) {
        add(if ok { &self.sweeps_ok } else { &self.sweeps_failed }, 1);
        self.last_sweep_ms.store(took_ms, Relaxed);
    }

    /// A token was fetched.
    pub fn token_fetched(&self) {
        add(&self.tokens_fetched, 1);
    }

    /// A sign-in was refused.
    pub fn token_refused(&self) {
        add(&self.tokens_refused, 1);
    }

    /// A panic was caught.
    pub fn panic_caught(&self) {
        add(&self.panics, 1);
    }

    /// The counts as JSON, member by member as in [`STATS_FIELDS`](super::STATS_FIELDS).
    pub fn to_json(&self) -> Value {
        let mut requests = Map::new();
        for ((endpoint, status), count) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let status = if *status == 0 { "other".to_owned() } else { status.to_string() };
            let class = requests.entry(endpoint.as_str()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(class) = class {
                class.insert(status, (*count).into());
            }
        }
        json!({
            "requests": requests,
            "throttled": get(&self.throttled),
            "network_errors": get(&self.network_errors),
            "retries": get(&self.retries),
            "bytes_in": get(&self.bytes_in),
            "bytes_out": get(&self.bytes_out),
            "sweeps_ok": get(&self.sweeps_ok),
            "sweeps_failed": get(&self.sweeps_failed),
            "last_sweep_ms": get(&self.last_sweep_ms),
            "tokens_fetched": get(&self.tokens_fetched),
            "tokens_refused": get(&self.tokens_refused),
            "panics_caught": get(&self.panics),
        })
    }
}

fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}
