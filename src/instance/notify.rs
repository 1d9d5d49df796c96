//! The tasks of notifications in one run.

use std::sync::Arc;
use std::time::Duration;

use super::error::{Error, ErrorKind};
use super::keeper::Keeper;
use crate::config::{Config, MissingTokens, NotificationContent, Notifications};
use crate::host::Desk;
use crate::http::HttpClient;
use crate::source::Farewell;
use crate::source::notify::{Hub, Jwks, Manager, Persons, Server, Subscribing, Tenant, TokenRules, Worker, check_pair};

/// What a run has for notifications; without the mode there is none.
pub(super) struct Notifying {
    hub: Hub,
    persons: Persons,
    notifications: Notifications,
    farewell: Arc<Farewell>,
}

impl Notifying {
    /// Makes what is needed, where the configuration wants notifications. Reads the certificate that it names; sends nothing.
    pub(super) fn prepare(config: &Config, desk: &Desk, http: HttpClient, persons: &Persons) -> Result<Option<Notifying>, Error> {
        let Some(notifications) = config.source.notifications.clone() else { return Ok(None) };
        let clock = desk.clock().clone();
        if let Some(pair) = &notifications.key_pair {
            check_pair(pair, clock.now().wall_ms)
                .map_err(|why| Error::new(ErrorKind::Config, format!("source.notifications.certificate, key: {why}")))?;
        }
        let names = persons.accounts().iter().map(|account| account.name.clone()).collect();
        let jwks = Jwks::new(http, config.login(), clock.clone());
        let hub = Hub::new(clock, names, Tenant::named(&config.tenant_id), rules(config), jwks);
        Ok(Some(Notifying { hub, persons: persons.clone(), notifications, farewell: Arc::default() }))
    }

    /// For the poll, and for what is posted.
    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Begins to subscribe. `keeper` ends at the begin of a stop, `subscribing` when the subscriptions are ended.
    pub(super) fn go(&self, handle: &tokio::runtime::Handle, keeper: &Keeper, subscribing: Keeper) {
        let hub = self.hub.clone();
        handle.spawn(
            keeper
                .clone()
                .keep("notifications", move |keeper| Worker::new(hub.clone(), keeper.desk.clone()).run(keeper.cancel.clone())),
        );
        let (hub, notifications) = (self.hub.clone(), self.notifications.clone());
        if notifications.listener.is_some() {
            // Until the end: a subscription that is being made when the stop comes is validated first, and ended then.
            handle.spawn(subscribing.clone().keep("listener", move |keeper| {
                let server = Server::of(&notifications, hub.clone(), keeper.desk.clone());
                let cancel = keeper.cancel.clone();
                async move {
                    if let Some(server) = server {
                        server.run(cancel).await;
                    }
                }
            }));
        }
        let (hub, persons, farewell) = (self.hub.clone(), self.persons.clone(), self.farewell.clone());
        let terms = Subscribing {
            url: self.notifications.url.clone(),
            rich: self.notifications.content == NotificationContent::Rich,
            supplied: self.notifications.key_pair.clone(),
        };
        handle.spawn(subscribing.keep("subscriptions", move |keeper| {
            let (desk, notes) = (keeper.desk.clone(), keeper.desk.store().notes());
            let manager = Manager::new(persons.clone(), hub.clone(), desk, notes, terms.clone(), farewell.clone());
            manager.run(keeper.cancel.clone())
        }));
    }

    /// A stop begins: subscriptions are ended from now on.
    pub(super) fn stop(&self) {
        self.farewell.begin();
        self.hub.stop();
    }

    /// Waits until all of them are ended, for at most this long. Those left end by themselves within the hour, or with the next start.
    pub(super) fn wait(&self, most: Duration) {
        self.farewell.wait(most);
    }

    /// Takes over what a reload may change.
    pub(super) fn reload(&self, config: &Config) {
        self.hub.judge_by(rules(config));
    }
}

fn rules(config: &Config) -> TokenRules {
    let accept = config.source.notifications.as_ref().is_some_and(|it| it.missing_tokens == MissingTokens::Accept);
    // The configuration has been checked; an id that is none proves nothing.
    let client_id = config.client_id.parse().unwrap_or(crate::presence::Guid(0));
    TokenRules::new(client_id, accept).also_issued_by(config.login())
}
