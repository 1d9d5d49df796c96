//! Keeps the built-in listener up: what it cannot have now, such as its port, it asks for again.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use super::listener::{Listener, ListenerError, ListenerLimits, ListenerSettings};
use super::notice::{ListenerNotice, Tell};
use crate::config;
use crate::event::{Event, Kind, Level, Reporter};
use crate::host::Desk;
use crate::time::{Clock, utc};

/// First and longest pause before the address is tried again.
const FIRST_MS: u64 = 1_000;
const LONGEST_MS: u64 = 60_000;
/// A certificate on disk is looked at this often at most.
const LOOK_AGAIN_MS: i64 = 60_000;

/// The task of the listener. See [`Server::run`].
#[derive(Debug)]
pub struct Server {
    hub: Hub,
    desk: Arc<Desk>,
    settings: ListenerSettings,
}

impl Server {
    /// Listens as the configuration says; nothing before [`Server::run`]. `None` where the host has a web server.
    pub fn of(notifications: &config::Notifications, hub: Hub, desk: Arc<Desk>) -> Option<Server> {
        let listener = notifications.listener.as_ref()?;
        let settings = ListenerSettings {
            address: listener.address,
            path: notifications.url.path().to_owned(),
            tls: listener.tls.as_ref().map(|pair| (pair.certificate.clone(), pair.key.clone())),
            limits: ListenerLimits::default(),
        };
        Some(Server { hub, desk, settings })
    }

    /// Listens until cancelled. Failures are told once until it works again, and presence goes on by polling.
    pub async fn run(self, cancel: CancellationToken) {
        let (clock, reporter) = (self.desk.clock(), self.desk.reporter());
        let address = self.settings.address.to_string();
        let mut pause = FIRST_MS;
        // Steps that were told, each once until it works.
        let mut told: Vec<&'static str> = Vec::new();
        while !cancel.is_cancelled() {
            match Listener::bind(
                self.settings.clone(),
                self.hub.intake.clone(),
                tell(reporter.clone(), clock.clone(), address.clone()),
            )
            .await
            {
                Ok(listener) => {
                    reporter.log(Level::Info, "notify", format_args!("listening at {}", listener.local_addr()));
                    self.hub.gauge.store(Some(Arc::new(listener.gauge())));
                    told.drain(..).for_each(|step| reporter.event_now(recovered(&address, step)));
                    listener.run(cancel.clone()).await;
                    return;
                }
                Err(error) => {
                    let (step, detail) = match error {
                        ListenerError::Bind { why, .. } => ("bind", why),
                        ListenerError::Certificate(why) => ("certificate", why),
                    };
                    if !told.contains(&step) {
                        told.push(step);
                        let next_try = clock.now().wall_ms.saturating_add_unsigned(pause);
                        reporter.event_now(failed(&address, step, &detail, next_try));
                    }
                    if cancel.run_until_cancelled(clock.sleep(pause)).await.is_none() {
                        return;
                    }
                    pause = (pause * 2).min(LONGEST_MS);
                }
            }
        }
    }
}

fn failed(address: &str, step: &'static str, detail: &str, next_try_at_ms: i64) -> crate::event::Draft {
    let event = Event::new(Kind::ListenerFailed).with("address", address.to_owned()).with("step", step);
    event.with("detail", detail.to_owned()).with("next_try_at_ms", next_try_at_ms)
}

/// `step`: what failed and works again; `expiring` where the certificate was about to end.
fn recovered(address: &str, step: &'static str) -> crate::event::Draft {
    Event::new(Kind::ListenerRecovered).with("address", address.to_owned()).with("step", step)
}

fn tell(reporter: Reporter, clock: Clock, address: String) -> Tell {
    Tell::new(move |notice| match notice {
        ListenerNotice::CertificateRenewed { .. } => {
            reporter.log(Level::Info, "notify", format_args!("the listener's certificate was renewed"));
        }
        ListenerNotice::CertificateUsable => reporter.event_now(recovered(&address, "certificate")),
        ListenerNotice::Accepts => reporter.event_now(recovered(&address, "serve")),
        ListenerNotice::CertificateUnusable { why } => {
            reporter.event_now(failed(&address, "certificate", &why, clock.now().wall_ms.saturating_add(LOOK_AGAIN_MS)));
        }
        ListenerNotice::CertificateExpiring { certificate, not_after_ms, days_left } => {
            let event = Event::new(Kind::ListenerCertificateExpiring).with("address", address.clone());
            let event = event.with("certificate", certificate).with("days_left", days_left);
            reporter.event_now(event.with("expires_at_ms", not_after_ms).with("expires", utc(not_after_ms)));
        }
        ListenerNotice::CertificateLasts => reporter.event_now(recovered(&address, "expiring")),
        ListenerNotice::CannotAccept { why } => {
            reporter.event_now(failed(&address, "serve", &why, clock.now().wall_ms));
        }
    })
}
