//! What the tasks of notifications share: manager, worker, listener and the poll.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Notify;

use super::crowd::Crowd;
use super::envelope::Lifecycle;
use super::intake::{Intake, Reply, Room};
use super::jwks::Jwks;
use super::keys::KeyRing;
use super::listener::ListenerGauge;
use super::order::PollVerdict;
use super::packing::Unsubscribed;
use super::registry::Registry;
use super::tenant::Tenant;
use super::tokens::TokenRules;
use crate::graph::PresenceAnswer;
use crate::host::Desk;
use crate::presence::Guid;
use crate::sync::Source;
use crate::time::Clock;

/// Who is to be read again waits so long for others.
const GATHER_MS: u64 = 20;
/// Words about subscriptions that wait for the manager; more are of no use.
const MOST_MAIL: usize = 256;

/// Whether and how anybody is told about an account.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) id: Option<Guid>,
    pub(super) expires_at_ms: Option<i64>,
    pub(super) signed_in: bool,
    /// Why there is no subscription, in the word of the event.
    pub(super) cause: Option<&'static str>,
}

/// The sums of the worker.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) applied: AtomicU64,
    pub(super) reread: AtomicU64,
    pub(super) ignored: AtomicU64,
    pub(super) lifecycle: AtomicU64,
    pub(super) unproved: AtomicU64,
    pub(super) undecrypted: AtomicU64,
    pub(super) outdated_polls: AtomicU64,
    pub(super) latency_last_ms: AtomicU64,
    pub(super) latency_most_ms: AtomicU64,
    pub(super) missed: AtomicU64,
}

/// See the module. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

/// What all clones share; for the tasks alone.
pub struct Inner {
    pub(super) clock: Clock,
    pub(super) names: Vec<Arc<str>>,
    pub(super) tenant: Tenant,
    pub(super) registry: Registry,
    pub(super) intake: Intake,
    pub(super) keys: ArcSwapOption<KeyRing>,
    pub(super) rules: ArcSwap<TokenRules>,
    pub(super) jwks: Option<Jwks>,
    pub(super) gauge: ArcSwapOption<ListenerGauge>,
    pub(super) sums: Sums,
    crowd: Mutex<Crowd>,
    rereads: Mutex<Rereads>,
    mail: Mutex<Vec<(Guid, Lifecycle)>>,
    pub(super) standings: Mutex<Vec<Standing>>,
    /// Everybody followed who is in no set, sorted, and why.
    pub(super) left_out: Mutex<Arc<[(Guid, Unsubscribed)]>>,
    stopping: AtomicBool,
    /// For the manager.
    wake: Notify,
    /// For the poll.
    poll: Notify,
}

#[derive(Default)]
struct Rereads {
    people: BTreeSet<Guid>,
    due_at: u64,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("intake", &self.intake).finish_non_exhaustive()
    }
}

impl std::ops::Deref for Hub {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Hub {
    /// For accounts with these names. `tenant`: ours.
    pub fn new(clock: Clock, names: Vec<Arc<str>>, tenant: Tenant, rules: TokenRules, jwks: Option<Jwks>) -> Hub {
        let registry = Registry::new();
        let intake = Intake::new(registry.clone(), tenant.clone(), clock.clone(), Room::default());
        let (crowd, standings) = (Crowd::new(names.len()), vec![Standing::default(); names.len()]);
        Hub(Arc::new(Inner {
            clock,
            names,
            tenant,
            registry,
            intake,
            keys: ArcSwapOption::empty(),
            rules: ArcSwap::from_pointee(rules),
            jwks,
            gauge: ArcSwapOption::empty(),
            sums: Sums::default(),
            crowd: Mutex::new(crowd),
            rereads: Mutex::default(),
            mail: Mutex::default(),
            standings: Mutex::new(standings),
            left_out: Mutex::new(Arc::from([])),
            stopping: AtomicBool::new(false),
            wake: Notify::new(),
            poll: Notify::new(),
        }))
    }

    /// What was posted to the notification address, and what to answer. From any thread; never waits.
    pub fn deliver(&self, query: &str, body: &[u8]) -> Reply {
        self.intake.deliver(query, body)
    }

    /// Tokens are judged so from now on.
    pub fn judge_by(&self, rules: TokenRules) {
        self.rules.store(Arc::new(rules));
    }

    /// Nothing is taken any more, and the manager ends all subscriptions.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Waits for [`stop`](Self::stop). For the manager, while it waits for nothing else.
    pub(super) async fn stopped(&self) {
        while !self.is_stopping() {
            self.wake.notified().await;
        }
    }

    pub(super) fn crowd(&self) -> MutexGuard<'_, Crowd> {
        lock(&self.crowd)
    }

    /// Somebody's pace may have changed: manager and poll look again.
    pub(super) fn changed(&self) {
        self.poll.notify_one();
        self.wake.notify_one();
    }

    /// Waits for something to do for the manager.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn post(&self, subscription: Guid, what: Lifecycle) {
        let mut mail = lock(&self.mail);
        if mail.len() < MOST_MAIL {
            mail.push((subscription, what));
        }
        drop(mail);
        self.wake.notify_one();
    }

    pub(super) fn take_mail(&self) -> Vec<(Guid, Lifecycle)> {
        std::mem::take(&mut *lock(&self.mail))
    }

    /// These are to be read soon, all in one question.
    pub(super) fn reread(&self, people: impl IntoIterator<Item = Guid>) {
        let mut rereads = lock(&self.rereads);
        if rereads.people.is_empty() {
            rereads.due_at = self.clock.mono_ms() + GATHER_MS;
        }
        rereads.people.extend(people);
        let any = !rereads.people.is_empty();
        drop(rereads);
        if any {
            self.poll.notify_one();
        }
    }

    // ---- the poll's side ----

    /// Waits until the poll has something to look at.
    pub(in crate::source) async fn poll_woken(&self) {
        self.poll.notified().await;
    }

    /// Who is to be read now, or when somebody will be (`u64::MAX`: nobody).
    pub(in crate::source) fn take_rereads(&self, now: u64) -> Result<BTreeSet<Guid>, u64> {
        let mut rereads = lock(&self.rereads);
        match rereads.due_at {
            _ if rereads.people.is_empty() => Err(u64::MAX),
            due_at if due_at > now => Err(due_at),
            _ => Ok(std::mem::take(&mut rereads.people)),
        }
    }

    /// Changes whenever [`is_watched`](Self::divide) may divide otherwise.
    pub(in crate::source) fn split(&self, now: u64) -> u64 {
        self.crowd().split(now)
    }

    /// Those to be polled as if there were no notifications, and those whose changes are sent.
    pub(in crate::source) fn divide(&self, people: &[Guid], now: u64) -> (Arc<[Guid]>, Arc<[Guid]>) {
        let crowd = self.crowd();
        let (watched, fast): (Vec<Guid>, Vec<Guid>) = people.iter().partition(|person| crowd.is_watched(**person, now));
        (fast.into(), watched.into())
    }

    /// A poll that was asked at `asked_at` answered. Tells of whom something new was learnt, and whom to ask for again after how long.
    pub(in crate::source) fn polled(
        &self,
        desk: &Desk,
        answer: &PresenceAnswer,
        asked_at: u64,
        news: &mut Vec<Guid>,
    ) -> Vec<(Guid, u64)> {
        let mut again = Vec::new();
        let mut crowd = self.crowd();
        desk.with(|engine, now| {
            for (person, raw, sequence) in answer.numbered() {
                let polled = crowd.polled(person, sequence, &raw, asked_at, now.mono_ms);
                let source = if polled.told { Source::Notification } else { Source::Poll };
                match polled.verdict {
                    PollVerdict::Apply => {
                        if engine.observe(person, raw, source, now) {
                            news.push(person);
                        }
                    }
                    PollVerdict::Ignore => {}
                    PollVerdict::Outdated { wait_ms } => again.push((person, wait_ms)),
                }
            }
            engine.good_answer(now);
        });
        self.sums.outdated_polls.fetch_add(again.len() as u64, Ordering::Relaxed);
        again
    }

    /// Everybody for whom `asked` holds was asked for with good answers.
    pub(in crate::source) fn swept(&self, asked: impl Fn(Guid) -> bool, asked_at: u64, now: u64) {
        self.crowd().swept(asked, asked_at, now);
        self.changed();
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
