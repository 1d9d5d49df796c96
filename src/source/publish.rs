//! The way back to Teams: does what the engine wants of the app's presence sessions.
//!
//! One task, woken by the engine's own row of what is due. What is wanted is decided there (`sync::publish`); here it is asked for, and how
//! that ended is told. Nothing ends the loop but its cancellation.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::event::Level;
use crate::graph::{Class, Endpoint, GraphClient, GraphError};
use crate::host::Desk;
use crate::sync::{Act, Publication, Published};

const TARGET: &str = "publish";
/// Requests under way at once. Few, so that reading presence, which shares the budget, is not held up; a call that begins is shown within a
/// second all the same.
const MOST_FLYING: usize = 8;

/// Publishes for one instance. See [`Publisher::run`].
#[derive(Debug)]
pub struct Publisher {
    client: GraphClient,
    desk: Arc<Desk>,
    client_id: String,
    farewell: Arc<Farewell>,
    /// The last answer was 403: consent given since shows only in a new token.
    forbidden: AtomicBool,
}

/// Lets a stop wait until nothing is published any more.
#[derive(Debug, Default)]
pub struct Farewell {
    over: Mutex<bool>,
    moved: Condvar,
}

impl Farewell {
    /// Whether it is over, as far as is known.
    pub(super) fn set(&self, over: bool) {
        let mut known = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != over {
            *known = over;
            self.moved.notify_all();
        }
    }

    /// To be called before one looks whether there is anything to wait for.
    pub fn begin(&self) {
        self.set(false);
    }

    /// Waits until nothing is published, and nothing on its way, for at most this long.
    pub fn wait(&self, most: Duration) {
        let end = Instant::now() + most;
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        while !*over {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            over = self.moved.wait_timeout(over, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

struct Landing {
    publication: Publication,
    sent_at: u64,
    result: Result<(), GraphError>,
}

type Flight<'a> = Pin<Box<dyn Future<Output = Landing> + Send + 'a>>;

impl Publisher {
    /// Publishes with the sessions of this app. Sends nothing before [`Publisher::run`].
    pub fn new(client: GraphClient, desk: Arc<Desk>, client_id: String, farewell: Arc<Farewell>) -> Publisher {
        Publisher { client, desk, client_id, farewell, forbidden: AtomicBool::new(false) }
    }

    /// Works until cancelled, whatever fails; requests under way are dropped then.
    pub async fn run(self, cancel: CancellationToken) {
        // Of one that panicked before.
        self.desk.with(|engine, now| engine.abandon_publications(now));
        cancel.run_until_cancelled(self.publish()).await;
    }

    async fn publish(&self) {
        let clock = self.client.clock();
        let mut flying: FuturesUnordered<Flight<'_>> = FuturesUnordered::new();
        loop {
            while flying.len() < MOST_FLYING
                && let Some(publication) = self.desk.with(|engine, now| engine.next_publication(now))
            {
                flying.push(self.send(publication));
            }
            let (due, left) = self.desk.with(|engine, now| (engine.publication_due(), engine.publications(now).0));
            self.farewell.set(left == 0 && flying.is_empty());
            let full = flying.len() >= MOST_FLYING;
            let wait = async {
                match due.filter(|_| !full) {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(landing) = flying.next() => self.landed(&landing),
                () = self.desk.publication_changed() => {}
                () = wait => {}
            }
        }
    }

    fn send(&self, publication: Publication) -> Flight<'_> {
        Box::pin(async move {
            if self.forbidden.swap(false, Relaxed) {
                self.client.renew_after_forbidden();
            }
            let sent_at = self.client.clock().mono_ms();
            let result = match publication.act {
                Act::Set { expiration_ms } => self.client.show_in_call(publication.object, &self.client_id, expiration_ms).await,
                Act::Clear => self.client.clear_session(publication.object, &self.client_id).await,
            };
            Landing { publication, sent_at, result }
        })
    }

    fn landed(&self, landing: &Landing) {
        let Landing { publication, sent_at, result } = landing;
        let outcome = match result {
            Ok(()) => {
                self.client.health().good(Endpoint::Sessions);
                Published::Done
            }
            Err(error) => self.failed(publication, error),
        };
        self.desk.with(|engine, now| engine.published(publication, outcome, *sent_at, now));
    }

    fn failed(&self, publication: &Publication, error: &GraphError) -> Published {
        let everybody = !matches!(error.class, Class::NotFound | Class::BadRequest | Class::Gone);
        let (all, own) = self.desk.with(|engine, _| engine.publication_failures(publication.object));
        let pause_ms = error.pause_ms(if everybody { all } else { own }.saturating_add(1), self.client.clock().mono_ms());
        self.client.health().failed(error, pause_ms);
        if matches!(error.class, Class::Forbidden(_)) {
            self.forbidden.store(true, Relaxed);
        }
        self.desk.reporter().log(
            Level::Debug,
            TARGET,
            format_args!("{} {:?}: {error}; again in {pause_ms} ms", publication.object, publication.act),
        );
        // An answer that refuses is an answer; where none came, or a gateway spoke, it may have been done.
        let perhaps = error.is_outage();
        Published::Failed { pause_ms, perhaps, everybody }
    }
}
