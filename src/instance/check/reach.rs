//! The first requests: one to each server, without any credential. Proxy, TLS and clock are read from how they end.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ::http::{HeaderMap, Method};

use super::line::Step;
use super::names::Names;
use super::target::{Role, Target};
use crate::config::{AuthMethod, Config};
use crate::http::{HttpClient, Limits, Proxy, Request, TransportError, TransportErrorKind};
use crate::process::{ClientError, ClientKey, Process};

const LIMITS: Limits = Limits { timeout: Duration::from_secs(15), max_body: 256 << 10 };

/// One server and how it answered.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) target: Target,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    /// Some answer, whatever its status.
    Answered {
        status: u16,
        /// By how much this machine's clock is ahead of the server's, milliseconds; accurate to about a second.
        ahead_ms: Option<i64>,
    },
    Failed(TransportError),
    /// Its name gave no address.
    NoName,
    /// There is no client to ask with.
    NoClient,
}

/// How the servers are reached.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) servers: Vec<Server>,
    /// Why there is no client.
    pub(super) error: Option<ClientError>,
    pub(super) ways: Option<Ways>,
}

/// The ways out.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// As configured.
    pub(super) http: HttpClient,
    /// Not through a proxy: to the metadata service of the machine. The same one where there is none.
    pub(super) direct: HttpClient,
}

impl Reach {
    /// The step that must be mended before a token can be asked for by this method.
    pub(super) fn login_failed(&self, method: &AuthMethod) -> Option<Step> {
        let giver = Role::of(method);
        self.failed(|role| role == giver)
    }

    /// The same for Graph.
    pub(super) fn graph_failed(&self) -> Option<Step> {
        self.failed(|role| role == Role::Graph)
    }

    fn failed(&self, is: impl Fn(Role) -> bool) -> Option<Step> {
        match &self.servers.iter().find(|server| is(server.target.role))?.outcome {
            Outcome::Answered { .. } => None,
            Outcome::NoName => Some(Step::NameResolution),
            Outcome::Failed(error) if answered(error.kind) => None,
            Outcome::Failed(error) if error.kind == TransportErrorKind::Proxy => Some(Step::Proxy),
            Outcome::Failed(_) => Some(Step::Tls),
            Outcome::NoClient => match self.error {
                Some(ClientError::ProxyPassword(_)) => Some(Step::Proxy),
                _ => Some(Step::Tls),
            },
        }
    }
}

/// Whether somebody answered, if not usefully: what follows is then judged by the requests that matter.
pub(super) fn answered(kind: TransportErrorKind) -> bool {
    matches!(kind, TransportErrorKind::TooLarge | TransportErrorKind::Truncated)
}

/// Asks all servers at once.
pub(super) async fn reach(config: &Config, process: &Process, targets: Vec<Target>, names: &Names) -> Reach {
    let client = client(config, process).await;
    let ask = targets.into_iter().map(|target| {
        let http = client.as_ref().ok().map(|ways| if target.role == Role::Metadata { &ways.direct } else { &ways.http });
        let unnamed = names.lacks(&target);
        async move {
            let outcome = match http {
                _ if unnamed => Outcome::NoName,
                None => Outcome::NoClient,
                Some(http) => ask(http, &target).await,
            };
            Server { target, outcome }
        }
    });
    let servers = futures_util::future::join_all(ask).await;
    match client {
        Ok(ways) => Reach { servers, error: None, ways: Some(ways) },
        Err(error) => Reach { servers, error: Some(error), ways: None },
    }
}

/// A client of its own: connections of running instances would hide a handshake that no longer succeeds.
async fn client(config: &Config, process: &Process) -> Result<Ways, ClientError> {
    let (config, process) = (config.clone(), process.clone());
    let make = move || {
        let mut key = ClientKey::of(&config)?;
        key.hosts = format!("{} (check {})", key.hosts, uuid::Uuid::new_v4());
        let direct = process.client(ClientKey { proxy: Proxy::None, ..key.clone() })?;
        Ok(Ways { http: process.client(key)?, direct })
    };
    // Reads files.
    match tokio::task::spawn_blocking(make).await {
        Ok(client) => client,
        Err(error) => Err(ClientError::Tls(crate::http::TlsError::Setup(format!("internal error: {error}")))),
    }
}

async fn ask(http: &HttpClient, target: &Target) -> Outcome {
    let begun = Instant::now();
    let sent_at = wall_ms();
    match http.send(Request { method: Method::GET, url: target.url.clone(), headers: HeaderMap::new(), body: None }, LIMITS).await
    {
        Ok(response) => {
            // The server wrote its time somewhere between; it is cut to whole seconds.
            let middle = sent_at + i64::try_from(begun.elapsed().as_millis() / 2).unwrap_or(0);
            // A metadata service tells this machine's own time.
            let told = response.date_ms().filter(|_| target.role != Role::Metadata);
            let ahead_ms = told.map(|theirs| middle - (theirs + 500));
            Outcome::Answered { status: response.status.as_u16(), ahead_ms }
        }
        Err(error) => Outcome::Failed(error),
    }
}

fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
