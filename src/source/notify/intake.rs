//! The way in: whatever the web server got, ours or the host's, is judged here at once and waits for the worker.
//!
//! Before the answer stand the checks that need neither arithmetic with keys nor the network: the form of the body, and of each item the
//! subscription, its `clientState` and its tenant. Graph wants its 202 before tokens are validated (Microsoft Graph: delivery by webhooks,
//! 2026-04-22: an endpoint that answers late is throttled after 3 s and dropped after 10 s), and one RSA operation costs a thousand times a
//! comparison, so tokens and encryption are the worker's. Whoever does not know a `clientState` gets no further than this, and learns
//! nothing: a body that is no notification, a foreign subscription and a wrong secret get one and the same answer.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::envelope::{self, Item, MAX_BODY, MAX_ITEMS, MAX_TOKEN, MAX_TOKENS, Malformed};
use super::handshake::{Handshake, handshake};
use super::registry::{Admit, Registry, SubscriptionRef};
use super::tenant::Tenant;
use crate::time::{Clock, Moment};

/// How much may wait for the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Items.
    pub items: usize,
    /// Bytes that they hold.
    pub bytes: usize,
}

impl Default for Room {
    /// Some seconds of the fastest stream that one machine decrypts, in memory that any machine has.
    fn default() -> Room {
        Room { items: 10_000, bytes: 32 << 20 }
    }
}

// The largest body there is finds room in an empty queue: refused for ever, it would come again for 4 hours.
const _: () = assert!(MAX_BODY + MAX_ITEMS * 512 <= 32 << 20 && MAX_TOKENS * MAX_TOKEN <= MAX_BODY && MAX_ITEMS <= 10_000);

/// What the web server is to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200: the handshake. 202: taken. 400: refused. 413: too long. 503: full or closed, to be sent again.
    pub status: u16,
    /// `text/plain` with a body, `None` without.
    pub content_type: Option<&'static str>,
    /// The body; empty but for the handshake.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer without a body.
    pub(super) const fn bare(status: u16) -> Reply {
        Reply { status, content_type: None, body: Vec::new() }
    }
}

/// An item that is ours.
#[derive(Debug)]
pub struct Admitted {
    /// The item.
    pub item: Item,
    /// Its subscription.
    pub subscription: SubscriptionRef,
}

/// What came in one post.
#[derive(Debug)]
pub struct Delivery {
    /// The items that are ours, in the order of the body.
    pub items: Vec<Admitted>,
    /// The tokens that came along, unchecked.
    pub validation_tokens: Option<Vec<String>>,
    /// When.
    pub arrived: Moment,
    weight: usize,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What has come in since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct IntakeStats {
            $($(#[$doc])* pub $name: u64,)+
            /// Items that wait for the worker.
            pub waiting_items: u64,
            /// Bytes that they hold.
            pub waiting_bytes: u64,
        }

        #[derive(Default)]
        struct Counters { $($name: AtomicU64,)+ }

        impl Counters {
            fn read(&self) -> IntakeStats {
                IntakeStats { $($name: self.$name.load(Ordering::Relaxed),)+ ..IntakeStats::default() }
            }
        }
    };
}

counters! {
    /// Posts of any kind.
    posts,
    /// Handshakes answered.
    handshakes,
    /// Posts taken (202).
    taken,
    /// Items taken.
    items,
    /// Posts refused (400, 413), because nothing in them was ours.
    refused,
    /// Items of somebody else, or of nobody, in posts taken or refused.
    foreign_items,
    /// Bodies that are no notification, among the refused.
    malformed,
    /// Posts turned away (503), because the queue was full.
    full,
}

/// Where notifications come in. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Intake(Arc<Inner>);

struct Inner {
    registry: Registry,
    tenant: Tenant,
    clock: Clock,
    room: Room,
    queue: Mutex<Queue>,
    bell: Notify,
    counters: Counters,
}

#[derive(Default)]
struct Queue {
    deliveries: VecDeque<Delivery>,
    items: usize,
    bytes: usize,
    closed: bool,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Intake {
    /// By which arrivals are timed.
    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// An open one for `tenant`.
    pub fn new(registry: Registry, tenant: impl Into<Tenant>, clock: Clock, room: Room) -> Intake {
        let tenant = tenant.into();
        let (queue, bell, counters) = Default::default();
        Intake(Arc::new(Inner { registry, tenant, clock, room, queue, bell, counters }))
    }

    /// Takes what was posted to the notification address and says what to answer. From any thread; never waits: the longest body costs some
    /// milliseconds of reading.
    ///
    /// `query` is what stood behind `?`, as it was sent, and `body` the whole body.
    pub fn deliver(&self, query: &str, body: &[u8]) -> Reply {
        let counters = &self.0.counters;
        count(&counters.posts, 1);
        match handshake(query) {
            Handshake::Token(body) => {
                count(&counters.handshakes, 1);
                return Reply { status: 200, content_type: Some("text/plain"), body };
            }
            Handshake::Unusable => return self.refuse(400),
            Handshake::No => {}
        }
        let envelope = match envelope::parse(body) {
            Ok(envelope) => envelope,
            Err(why) => {
                count(&counters.malformed, 1);
                return self.refuse(if why == Malformed::TooLarge { 413 } else { 400 });
            }
        };
        let mut foreign = envelope.skipped;
        let mut items = Vec::new();
        let tenant = self.0.tenant.id();
        for item in envelope.items {
            match self.0.registry.admit(&item, tenant) {
                Admit::Ours(subscription) => items.push(Admitted { item, subscription }),
                Admit::Foreign => foreign += 1,
            }
        }
        count(&counters.foreign_items, foreign);
        if items.is_empty() {
            return self.refuse(400);
        }
        let tokens = envelope.validation_tokens;
        let weight = items.iter().map(|admitted| admitted.item.weight() + size_of::<SubscriptionRef>()).sum::<usize>()
            + tokens.iter().flatten().map(|token| token.len() + size_of::<String>()).sum::<usize>();
        let taken = items.len();
        let delivery = Delivery { items, validation_tokens: tokens, arrived: self.0.clock.now(), weight };
        if !self.push(delivery) {
            count(&counters.full, 1);
            return Reply::bare(503);
        }
        count(&counters.taken, 1);
        count(&counters.items, taken);
        self.0.bell.notify_one();
        Reply::bare(202)
    }

    /// The next delivery, for the one worker. `None` once the intake is closed and empty. Nothing is lost where the future is dropped.
    pub async fn next(&self) -> Option<Delivery> {
        loop {
            // One permit is kept by the bell for a ring before the wait.
            let rung = self.0.bell.notified();
            {
                let mut queue = self.lock();
                if let Some(delivery) = take(&mut queue) {
                    return Some(delivery);
                }
                if queue.closed {
                    return None;
                }
            }
            rung.await;
        }
    }

    /// The next delivery, if one is there.
    pub fn try_next(&self) -> Option<Delivery> {
        take(&mut self.lock())
    }

    /// Takes nothing any more: whatever is posted from now on gets 503, so that Graph sends it again after a restart. What waits can still be
    /// taken out.
    pub fn close(&self) {
        self.lock().closed = true;
        self.0.bell.notify_one();
    }

    /// What has come in so far.
    pub fn stats(&self) -> IntakeStats {
        let queue = self.lock();
        IntakeStats { waiting_items: queue.items as u64, waiting_bytes: queue.bytes as u64, ..self.0.counters.read() }
    }

    fn refuse(&self, status: u16) -> Reply {
        count(&self.0.counters.refused, 1);
        Reply::bare(status)
    }

    fn push(&self, delivery: Delivery) -> bool {
        let mut queue = self.lock();
        let (items, bytes) = (queue.items + delivery.items.len(), queue.bytes + delivery.weight);
        if queue.closed || items > self.0.room.items || bytes > self.0.room.bytes {
            return false;
        }
        (queue.items, queue.bytes) = (items, bytes);
        queue.deliveries.push_back(delivery);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(queue: &mut Queue) -> Option<Delivery> {
    let delivery = queue.deliveries.pop_front()?;
    queue.items -= delivery.items.len();
    queue.bytes -= delivery.weight;
    if queue.deliveries.is_empty() {
        // The memory of a flood is given back.
        queue.deliveries.shrink_to(64);
    }
    Some(delivery)
}

fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
