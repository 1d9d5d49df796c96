//! The task that drives the subscriptions of all accounts: what the [`Fleet`] wants done is done here.
//!
//! Nothing ends the loop but its cancellation, or a stop for which all is done.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use super::super::publish::Farewell;
use super::errand::{self, Errand, Landing, asked};
use super::fleet::Fleet;
use super::hub::Hub;
use super::keyed;
use super::keys::KeyPair;
use super::memory::Memory;
use super::persons::Persons;
use super::seat::SignsIn;
use super::subscribing::Subscribing;
use crate::auth::Phase;
use crate::host::Desk;
use crate::store::Notes;

/// How long the store's file is waited for.
const NOTES_WAIT: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Debug)]
pub struct Manager {
    persons: Persons,
    hub: Hub,
    desk: Arc<Desk>,
    memory: Memory,
    subscribing: Subscribing,
    farewell: Arc<Farewell>,
}

type Flight = Pin<Box<dyn Future<Output = Landing> + Send>>;

impl Manager {
    /// For these accounts. Sends nothing before [`Manager::run`].
    pub fn new(
        persons: Persons,
        hub: Hub,
        desk: Arc<Desk>,
        notes: Notes,
        subscribing: Subscribing,
        farewell: Arc<Farewell>,
    ) -> Manager {
        Manager { persons, hub, desk, memory: Memory::new(notes), subscribing, farewell }
    }

    /// Works until cancelled, or until [`Hub::stop`] has been called and nothing is left.
    pub async fn run(self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.manage()).await;
        self.hub.intake.close();
        self.farewell.set(true);
    }

    async fn manage(&self) {
        tokio::select! {
            () = self.prepare() => {}
            // What is remembered is ended, or goes on, with the next start.
            () = self.hub.stopped() => return,
        }
        let clock = self.desk.clock().clone();
        let mut roster = self.desk.roster_changes();
        let mut fleet = Fleet::new(self.hub.clone(), self.desk.clone(), self.memory.clone(), self.subscribing.clone());
        let mut flying: FuturesUnordered<Flight> = FuturesUnordered::new();
        loop {
            roster.borrow_and_update();
            let Some(until) = fleet.turn(self.sign_ins(), clock.now()) else { return };
            flying.extend(fleet.errands().map(|errand| self.run_errand(errand)));
            tokio::select! {
                Some(landing) = flying.next() => fleet.landed(landing, clock.now()),
                _ = roster.changed() => {}
                () = self.hub.woken() => {}
                () = clock.sleep_until(until) => {}
            }
        }
    }

    fn sign_ins(&self) -> Vec<SignsIn> {
        let accounts = self.persons.accounts();
        let stands = self.persons.look().into_iter().zip(accounts).map(|(standing, account)| {
            if self.hub.tenant.id().is_none()
                && let Some(token) = account.client.tokens().serving()
            {
                self.hub.tenant.learn(token.claims().tenant_id.as_deref());
            }
            if standing.signed_in {
                return SignsIn { standing, trouble: None };
            }
            let state = account.client.tokens().state();
            let out = (state.phase == Phase::SignedOut).then(|| "signed out by the telephone system".to_owned());
            SignsIn { standing, trouble: state.error.map(|error| error.to_string()).or(out) }
        });
        stands.collect()
    }

    fn run_errand(&self, errand: Errand) -> Flight {
        match errand {
            Errand::Ask { at, action, renewed } => {
                let client = self.persons.accounts()[at].client.clone();
                if renewed {
                    client.renew_after_forbidden();
                }
                let (url, ring) = (self.subscribing.url.clone(), self.hub.keys.load_full());
                Box::pin(async move {
                    let asked = asked(&action);
                    Landing::Answered(at, asked, errand::run(&client, &url, ring.as_deref(), action).await)
                })
            }
            Errand::Make(now_wall_ms) => Box::pin(async move {
                let made = tokio::task::spawn_blocking(move || KeyPair::make(now_wall_ms)).await;
                Landing::Key(made.ok().and_then(Result::ok))
            }),
            Errand::Freshen => {
                let jwks = self.hub.jwks.clone();
                Box::pin(async move {
                    if let Some(jwks) = jwks {
                        let _ = jwks.freshen().await;
                    }
                    Landing::Looked
                })
            }
        }
    }

    async fn prepare(&self) {
        let _ = tokio::time::timeout(NOTES_WAIT, self.memory.until_read()).await;
        if self.subscribing.rich {
            let (reporter, supplied) = (self.desk.reporter(), self.subscribing.supplied.as_ref());
            let ring = keyed::load(self.memory.keys(), supplied, self.desk.clock(), reporter).await;
            Fleet::keep_keys(&self.memory, &self.hub, ring);
            if let Some(jwks) = &self.hub.jwks {
                // Failing that, the first notification asks again.
                let _ = jwks.freshen().await;
            }
        }
    }
}
