//! Takes what came in apart: proof, decryption, order, and so to the engine.
//!
//! What cannot be proved or decrypted is not lost but no better than a rumour: the person is read from Graph. So nobody who knows how to
//! reach the address decides anything, and nobody who breaks a notification hides a change.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::content::{Told, decrypt, mark};
use super::envelope::{EncryptedContent, ItemKind};
use super::hub::Hub;
use super::intake::Delivery;
use super::keys::KeyRing;
use super::order::{Seen, Verdict};
use super::tokens::TokenError;
use crate::event::Level;
use crate::host::Desk;
use crate::presence::Guid;
use crate::sync::Source;

const TARGET: &str = "notify";
/// Deliveries taken up together: what waits behind them is not held up for long, and one change of threads serves many.
const MOST_TOGETHER: usize = 64;
/// How long a key of Entra's that is not known is waited for. It is fetched all the same; what came meanwhile is read from Graph.
const KEY_WAIT: Duration = Duration::from_millis(1_500);

/// The one task that drains the intake. See [`Worker::run`].
#[derive(Debug)]
pub struct Worker {
    hub: Hub,
    desk: Arc<Desk>,
}

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
    mark: Option<u64>,
    arrived_ms: u64,
}

impl Worker {
    /// For one instance.
    pub fn new(hub: Hub, desk: Arc<Desk>) -> Worker {
        Worker { hub, desk }
    }

    /// Works until cancelled.
    pub async fn run(self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.work()).await;
    }

    async fn work(&self) {
        while let Some(first) = self.hub.intake.next().await {
            let mut updates = Vec::new();
            self.sort(first, &mut updates).await;
            for _ in 1..MOST_TOGETHER {
                let Some(next) = self.hub.intake.try_next() else { break };
                self.sort(next, &mut updates).await;
            }
            if !updates.is_empty() {
                let opened = self.open(updates).await;
                self.apply(&opened);
            }
        }
    }

    /// Lifecycle to the manager, updates to the others; contents without proof are left behind.
    async fn sort(&self, delivery: Delivery, updates: &mut Vec<Update>) {
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
                    let tenant = admitted.item.tenant_id.or(self.hub.tenant);
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
                    updates.push(Update {
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

    /// Decrypts. One RSA operation takes about a millisecond, so it is done where waiting harms nobody.
    async fn open(&self, updates: Vec<Update>) -> Vec<Opened> {
        let keys = self.hub.keys.load_full();
        let closed = |update: &Update| update.content.is_some() && keys.is_some();
        if !updates.iter().any(closed) {
            return updates.into_iter().filter_map(|update| open(update, None).0).collect();
        }
        let work = move || {
            let opened = updates.into_iter().map(|update| open(update, keys.as_deref()));
            opened.collect::<Vec<_>>()
        };
        let opened = match tokio::task::spawn_blocking(work).await {
            Ok(opened) => opened,
            // Goes on as a panic of this task, which is told and begun again.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Vec::new(),
        };
        let broken = opened.iter().filter(|(_, broken)| *broken).count();
        if broken > 0 {
            self.hub.sums.undecrypted.fetch_add(broken as u64, Relaxed);
            self.desk.reporter().log(Level::Debug, TARGET, format_args!("{broken} notifications cannot be decrypted"));
        }
        opened.into_iter().filter_map(|(opened, _)| opened).collect()
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
                    let seen = Seen { sequence, has_content: raw.is_some(), mark: one.mark };
                    let verdict = crowd.notified(one.subscription, one.user, seen, raw.as_ref(), now.mono_ms);
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

#[cfg(test)]
impl Worker {
    /// Works off what is there, at once. `plain`: the content that came along, for proof and decryption have tests of their own.
    pub(in crate::source) fn work_off(&self, plain: Option<&[u8]>, mark: u64) {
        use futures_util::FutureExt;
        while let Some(delivery) = self.hub.intake.try_next() {
            let mut updates = Vec::new();
            self.sort(delivery, &mut updates).now_or_never().expect("nothing that is to be proved");
            let told = || Told::read(plain?.to_vec()).ok();
            let opened = updates.into_iter().filter_map(|Update { subscription, user, arrived_ms, .. }| {
                let mark = plain.map(|_| mark);
                Some(Opened { subscription, user: user?, told: told(), mark, arrived_ms })
            });
            self.apply(&opened.collect::<Vec<_>>());
        }
    }
}

/// One update, and whether its content could not be opened. Nothing where nobody knows whom it is about.
fn open(update: Update, keys: Option<&KeyRing>) -> (Option<Opened>, bool) {
    let Update { subscription, user, content, arrived_ms } = update;
    let told = content.as_ref().zip(keys).map(|(content, keys)| decrypt(content, keys).and_then(Told::read));
    let broken = matches!(told, Some(Err(_)));
    let told = told.and_then(Result::ok);
    let mark = told.as_ref().and(content.as_ref()).and_then(mark);
    // The encrypted text is what was proved; what stands beside it is for those who cannot read it.
    let user = told.as_ref().map(Told::id).or(user);
    (user.map(|user| Opened { subscription, user, told, mark, arrived_ms }), broken)
}
