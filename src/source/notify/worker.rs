//! Takes what came in apart: proof, decryption, order, and so to the engine.
//!
//! What cannot be proved or decrypted is not lost but no better than a rumour: the person is read from Graph. So nobody who knows how to
//! reach the address decides anything, and nobody who breaks a notification hides a change.

use std::collections::VecDeque;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::future::{Either, FutureExt as _};
use futures_util::stream::{FuturesOrdered, StreamExt as _};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use super::content::{Told, decrypt};
use super::envelope::{EncryptedContent, ItemKind};
use super::hub::Hub;
use super::intake::Delivery;
use super::keys::KeyRing;
use super::order::Verdict;
use super::tokens::TokenError;
use crate::event::Level;
use crate::host::Desk;
use crate::presence::Guid;
use crate::sync::Source;

const TARGET: &str = "notify";
/// Items opened in one go where many wait: a change of threads for each would cost a twentieth more.
const MOST_AT_ONCE: usize = 8;
/// How long a key of Entra's that is not known is waited for. It is fetched all the same; what came meanwhile is read from Graph.
const KEY_WAIT: Duration = Duration::from_millis(1_500);

/// The one task that drains the intake. See [`Worker::run`].
#[derive(Debug)]
pub struct Worker {
    hub: Hub,
    desk: Arc<Desk>,
    /// How many may open contents at the same time.
    openers: usize,
}

/// What is being opened, in the order in which it came.
type Line = FuturesOrdered<Either<JoinHandle<Vec<Outcome>>, Ready<Result<Vec<Outcome>, JoinError>>>>;
/// One update, and whether its content could not be opened. Nothing where nobody knows whom it is about.
type Outcome = (Option<Opened>, bool);

/// An update on its way to the engine.
struct Update {
    subscription: Guid,
    user: Option<Guid>,
    content: Option<EncryptedContent>,
    arrived_ms: u64,
}

/// The same, opened.
struct Opened {
    subscription: Guid,
    user: Guid,
    told: Option<Told>,
    arrived_ms: u64,
}

impl Worker {
    /// For one instance.
    pub fn new(hub: Hub, desk: Arc<Desk>) -> Worker {
        Worker { hub, desk, openers: openers() }
    }

    /// Works until cancelled.
    pub async fn run(self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.work()).await;
    }

    async fn work(&self) {
        let (mut updates, mut line) = (VecDeque::new(), Line::new());
        let mut more = true;
        while more || !line.is_empty() {
            tokio::select! {
                biased;
                Some(first) = line.next() => self.take_in(first, &mut line),
                // Not before all of the one before is on its way: what waits, waits in the intake, which knows its bounds.
                delivery = self.hub.intake.next(), if more && updates.is_empty() => match delivery {
                    Some(delivery) => self.sort(delivery, &mut updates).await,
                    None => more = false,
                },
            }
            self.open(&mut updates, &mut line);
        }
    }

    /// Lifecycle to the manager, updates to the others; contents without proof are left behind.
    async fn sort(&self, delivery: Delivery, updates: &mut VecDeque<Update>) {
        let mut proofs: Vec<(Option<Guid>, bool)> = Vec::new();
        for admitted in delivery.items {
            match admitted.item.kind {
                ItemKind::Lifecycle(what) => {
                    self.hub.sums.lifecycle.fetch_add(1, Relaxed);
                    self.hub.post(admitted.subscription.id, what);
                }
                ItemKind::Other => {
                    self.hub.sums.ignored.fetch_add(1, Relaxed);
                }
                ItemKind::Updated { user, content } => {
                    let tenant = admitted.item.tenant_id.or_else(|| self.hub.tenant.id());
                    let proved = match proofs.iter().find(|(known, _)| *known == tenant) {
                        _ if content.is_none() => false,
                        Some((_, proved)) => *proved,
                        None => {
                            let proved = self.prove(delivery.validation_tokens.as_deref(), tenant).await;
                            proofs.push((tenant, proved));
                            proved
                        }
                    };
                    if content.is_some() && !proved {
                        self.hub.sums.unproved.fetch_add(1, Relaxed);
                    }
                    updates.push_back(Update {
                        subscription: admitted.subscription.id,
                        user,
                        content: content.filter(|_| proved),
                        arrived_ms: delivery.arrived.mono_ms,
                    });
                }
            }
        }
    }

    async fn prove(&self, tokens: Option<&[String]>, tenant: Option<Guid>) -> bool {
        let (Some(tenant), Some(jwks)) = (tenant, &self.hub.jwks) else { return false };
        let check = || self.hub.rules.load().prove(tokens, tenant, &jwks.keys(), self.hub.clock.now().wall_ms);
        let mut proved = check();
        if let Err(TokenError::UnknownKey { kid }) = &proved {
            let (jwks, kid) = (jwks.clone(), kid.clone());
            // A task of its own: whoever gives up waiting must not end the fetch.
            let learnt = tokio::spawn(async move { jwks.learn(&kid).await });
            if matches!(tokio::time::timeout(KEY_WAIT, learnt).await, Ok(Ok(Ok(())))) {
                proved = check();
            }
        }
        if let Err(error) = &proved {
            self.desk.reporter().log(Level::Debug, TARGET, format_args!("a notification is not believed: {error}"));
        }
        proved.is_ok()
    }

    /// Decrypts as many as there are openers. One RSA operation takes half a millisecond, so it is done where waiting harms nobody, and each is
    /// told when it is open, not when all of its post are.
    fn open(&self, updates: &mut VecDeque<Update>, line: &mut Line) {
        let keys = self.hub.keys.load_full();
        let closed = |update: &Update| update.content.is_some() && keys.is_some();
        while line.len() < self.openers {
            let Some(is_closed) = updates.front().map(closed) else { return };
            let most = if is_closed { (updates.len() / (4 * self.openers)).clamp(1, MOST_AT_ONCE) } else { updates.len() };
            let count = updates.iter().take(most).take_while(|update| closed(update) == is_closed).count();
            let now: Vec<Update> = updates.drain(..count).collect();
            line.push_back(if is_closed {
                let keys = keys.clone();
                let work = move || now.into_iter().map(|update| open(update, keys.as_deref())).collect();
                Either::Left(tokio::task::spawn_blocking(work))
            } else {
                Either::Right(ready(Ok(now.into_iter().map(|update| open(update, None)).collect())))
            });
        }
    }

    /// Applies what has been opened, with all behind it that is ready as well.
    fn take_in(&self, first: Result<Vec<Outcome>, JoinError>, line: &mut Line) {
        let mut all = Vec::new();
        let mut next = Some(Some(first));
        while let Some(Some(outcomes)) = next {
            match outcomes {
                Ok(outcomes) => all.extend(outcomes),
                // Goes on as a panic of this task, which is told and begun again.
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // The runtime ends.
                Err(_) => {}
            }
            next = line.next().now_or_never();
        }
        let broken = all.iter().filter(|(_, broken)| *broken).count();
        if broken > 0 {
            self.hub.sums.undecrypted.fetch_add(broken as u64, Relaxed);
            self.desk.reporter().log(Level::Debug, TARGET, format_args!("{broken} notifications cannot be decrypted"));
        }
        let opened: Vec<Opened> = all.into_iter().filter_map(|(opened, _)| opened).collect();
        self.apply(&opened);
    }

    fn apply(&self, opened: &[Opened]) {
        let sums = &self.hub.sums;
        let mut rereads = Vec::new();
        let now_ms = {
            let mut crowd = self.hub.crowd();
            self.desk.with(|engine, now| {
                for one in opened {
                    let raw = one.told.as_ref().map(Told::raw);
                    let sequence = one.told.as_ref().and_then(Told::sequence);
                    let verdict = crowd.notified(one.subscription, one.user, sequence, raw.as_ref(), now.mono_ms);
                    if let (Verdict::Apply | Verdict::ApplyAndReread, Some(raw)) = (verdict, raw) {
                        engine.observe(one.user, raw, Source::Notification, now);
                        sums.applied.fetch_add(1, Relaxed);
                    }
                    match verdict {
                        Verdict::ApplyAndReread | Verdict::Reread => {
                            sums.reread.fetch_add(1, Relaxed);
                            rereads.push(one.user);
                        }
                        Verdict::Ignore => {
                            sums.ignored.fetch_add(1, Relaxed);
                        }
                        Verdict::Apply => {}
                    }
                }
                now.mono_ms
            })
        };
        for one in opened {
            let took = now_ms.saturating_sub(one.arrived_ms);
            sums.latency_last_ms.store(took, Relaxed);
            sums.latency_most_ms.fetch_max(took, Relaxed);
        }
        self.hub.reread(rereads);
    }
}

/// Two cores where there are two, half of them where there are more: the others are the host's. At most half of the runtime's threads for
/// blocking work.
fn openers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (cores / 2).max(2).min(cores).min(4)
}

fn open(update: Update, keys: Option<&KeyRing>) -> Outcome {
    let Update { subscription, user, content, arrived_ms } = update;
    let told = content.as_ref().zip(keys).map(|(content, keys)| decrypt(content, keys).and_then(Told::read));
    let broken = matches!(told, Some(Err(_)));
    let told = told.and_then(Result::ok);
    // The encrypted text is what was proved; what stands beside it is for those who cannot read it.
    let user = told.as_ref().map(Told::id).or(user);
    (user.map(|user| Opened { subscription, user, told, arrived_ms }), broken)
}
