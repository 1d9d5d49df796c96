//! One exchange with Graph: token, turn in the budget, request, answer or its meaning.
//!
//! Nothing is repeated here but one thing: after a 401 exactly one new token and one more try. Every other repetition is the caller's
//! schedule, so that a failing service is asked no more often than the schedule says. A call may be dropped at any time; what it had
//! taken is a slot in the budget.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{HeaderMap, Method};
use arc_swap::ArcSwap;
use bytes::Bytes;
use url::Url;

use super::backoff::{dice, doubling};
use super::error::{Class, Facts, GraphError, class_of, header};
use super::health::Health;
use super::permission::{Diagnosis, Need};
use crate::auth::{AccessToken, Claims, SignInError, TokenKeeper};
pub use crate::event::Endpoint;
use crate::event::{Counters, Reporter};
use crate::http::{HttpClient, Limits, Request, TransportErrorKind};
use crate::process::BudgetShare;
use crate::time::Clock;

const TARGET: &str = "graph";
static CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// What a client is made of.
#[derive(Debug)]
pub struct Parts {
    /// Graph's root, such as `https://graph.microsoft.com`. Tokens go to this origin and nowhere else.
    pub root: Url,
    /// The way there.
    pub http: HttpClient,
    /// The sign-in.
    pub tokens: TokenKeeper,
    /// The share of the presence limit.
    pub presence_budget: BudgetShare,
    /// The share of the directory's limit, which Graph counts apart.
    pub directory_budget: BudgetShare,
    /// Time.
    pub clock: Clock,
    /// Where events and log lines go.
    pub reporter: Reporter,
    /// What `tps_stats` tells.
    pub counters: Arc<Counters>,
}

/// Graph, as one signed-in application or person sees it. A clone is the same client.
#[derive(Clone)]
pub struct GraphClient(Arc<Inner>);

struct Inner {
    root: Url,
    http: ArcSwap<HttpClient>,
    tokens: TokenKeeper,
    presence: Gate,
    directory: Gate,
    /// Subscriptions have a limit of their own, 500 requests in 20 s (throttling limits), and are asked for a few times an hour: they need
    /// no share of a budget, only the count of 429s without a time in a row.
    subscriptions: AtomicU32,
    clock: Clock,
    reporter: Reporter,
    counters: Arc<Counters>,
    health: Health,
    /// The last 503 or 504 asks for a new connection.
    reconnect: AtomicBool,
    /// The token that a 403 was answered to: consent given since appears only in a new one.
    forbidden: Mutex<Option<AccessToken>>,
}

/// One of the two limits.
struct Gate {
    share: BudgetShare,
    /// 429s without a time in a row.
    refused: AtomicU32,
}

/// A good answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    pub(super) fn request_id(&self) -> Option<String> {
        header(&self.headers, "request-id")
    }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphClient").field("root", &self.0.root.as_str()).finish_non_exhaustive()
    }
}

impl GraphClient {
    /// Makes a client. Sends nothing.
    pub fn new(parts: Parts) -> GraphClient {
        let gate = |share| Gate { share, refused: AtomicU32::new(0) };
        let health = Health::new(parts.reporter.clone(), parts.clock.clone(), &parts.root);
        GraphClient(Arc::new(Inner {
            root: parts.root,
            http: ArcSwap::from_pointee(parts.http),
            tokens: parts.tokens,
            presence: gate(parts.presence_budget),
            directory: gate(parts.directory_budget),
            subscriptions: AtomicU32::new(0),
            clock: parts.clock,
            reporter: parts.reporter,
            counters: parts.counters,
            health,
            reconnect: AtomicBool::new(false),
            forbidden: Mutex::new(None),
        }))
    }

    /// The clock in use.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Where events go.
    pub fn reporter(&self) -> &Reporter {
        &self.0.reporter
    }

    /// What is counted.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Who tells administrators about Graph.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// The sign-in.
    pub fn tokens(&self) -> &TokenKeeper {
        &self.0.tokens
    }

    /// The share of the presence limit.
    pub fn presence_budget(&self) -> &BudgetShare {
        &self.0.presence.share
    }

    /// Another way to the same Graph from now on (reload of `proxy` or `tls`).
    pub fn replace_http(&self, http: HttpClient) {
        self.0.http.store(Arc::new(http));
    }

    /// What the token in use carries.
    pub async fn claims(&self, endpoint: Endpoint) -> Result<Claims, GraphError> {
        Ok(self.token(endpoint).await?.claims().clone())
    }

    /// The same of a token that is fetched now, where one is to be had.
    pub async fn renewed_claims(&self, endpoint: Endpoint) -> Result<Claims, GraphError> {
        let token = self.0.tokens.renewed().await.map_err(|error| no_sign_in(endpoint, &error))?;
        Ok(token.claims().clone())
    }

    /// Has the token renewed if the one in use was answered 403: consent given since shows only in a new one. To be called before trying
    /// again after a 403; the token renewed then serves the try after that.
    pub fn renew_after_forbidden(&self) {
        let refused = self.0.forbidden.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(token) = refused {
            self.0.tokens.renew(&token);
        }
    }

    /// An address under Graph's root.
    pub(super) fn url(&self, path: &str) -> Url {
        under(&self.0.root, path)
    }

    /// Graph's root.
    pub fn root(&self) -> &Url {
        &self.0.root
    }

    pub(super) async fn get(
        &self,
        endpoint: Endpoint,
        url: Url,
        headers: HeaderMap,
        limits: Limits,
    ) -> Result<Answer, GraphError> {
        self.exchange(endpoint, Request { method: Method::GET, url, headers, body: None }, limits, Vec::new()).await
    }

    /// `room` is memory to use for the answer's body; what stands in it is lost.
    pub(super) async fn post(
        &self,
        endpoint: Endpoint,
        url: Url,
        body: Bytes,
        limits: Limits,
        room: Vec<u8>,
    ) -> Result<Answer, GraphError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.exchange(endpoint, Request { method: Method::POST, url, headers, body: Some(body) }, limits, room).await
    }

    /// Any other method. `body` is JSON, or empty.
    pub(super) async fn request(
        &self,
        endpoint: Endpoint,
        method: Method,
        url: Url,
        body: Option<Bytes>,
        limits: Limits,
    ) -> Result<Answer, GraphError> {
        let mut headers = HeaderMap::new();
        match &body {
            // Else no length is sent, for which a server may answer 411.
            Some(body) if body.is_empty() => headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0")),
            Some(_) => headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json")),
            None => None,
        };
        self.exchange(endpoint, Request { method, url, headers, body }, limits, Vec::new()).await
    }

    async fn exchange(&self, endpoint: Endpoint, request: Request, limits: Limits, room: Vec<u8>) -> Result<Answer, GraphError> {
        // Without a sign-in no slot is taken.
        self.token(endpoint).await?;
        self.admit(endpoint).await;
        // Asked for again after the wait, which may have been long. Cached in all but a few cases.
        let token = self.token(endpoint).await?;
        let error = match self.once(endpoint, request.clone(), limits, room, &token).await {
            // Writing presence was seen to be answered 401 with a good token, while a tenant was being prepared for it. A bad token is found by
            // the poll; reading must not suffer for this.
            Err(error) if error.class == Class::Unauthorized && endpoint != Endpoint::Sessions => error,
            other => return other,
        };
        self.0.reporter.log(
            crate::event::Level::Debug,
            TARGET,
            format_args!("{}: {error}; fetching a new token", endpoint.as_str()),
        );
        self.0.tokens.rejected(&token);
        self.0.counters.retry();
        let fresh = self.token(endpoint).await?;
        self.admit(endpoint).await;
        let again = self.once(endpoint, request, limits, Vec::new(), &fresh).await;
        if matches!(&again, Err(error) if error.class == Class::Unauthorized) {
            // The keeper counts: a token refused twice in a row is not fetched a third time at once.
            self.0.tokens.rejected(&fresh);
        }
        again
    }

    async fn once(
        &self,
        endpoint: Endpoint,
        mut request: Request,
        limits: Limits,
        room: Vec<u8>,
        token: &AccessToken,
    ) -> Result<Answer, GraphError> {
        let inner = &*self.0;
        let gate = self.gate(endpoint);
        let refused = gate.map_or(&inner.subscriptions, |gate| &gate.refused);
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
            let message = "the access token holds characters that cannot be sent".to_owned();
            GraphError::plain(endpoint, Class::Unreadable, message)
        })?;
        bearer.set_sensitive(true);
        let id = uuid::Uuid::new_v4();
        let mut buffer = uuid::Uuid::encode_buffer();
        let id = id.hyphenated().encode_lower(&mut buffer);
        request.headers.insert(AUTHORIZATION, bearer);
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Ok(value) = HeaderValue::from_str(id) {
            request.headers.insert(CLIENT_REQUEST_ID.clone(), value);
        }
        let sent_bytes = request.body.as_ref().map_or(0, Bytes::len) as u64;
        let http = inner.http.load_full();
        let sent = if inner.reconnect.swap(false, Relaxed) {
            http.send_fresh(request, limits).await
        } else {
            http.send_into(request, limits, room).await
        };
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                inner.counters.network_error();
                let class = match error.kind {
                    TransportErrorKind::TooLarge => Class::TooLarge,
                    kind => Class::Transport(kind),
                };
                return Err(GraphError::transport(endpoint, class, error));
            }
        };
        inner.counters.request(endpoint, response.status.as_u16());
        inner.counters.bytes(response.body.len() as u64, sent_bytes);
        inner.reporter.log(
            crate::event::Level::Trace,
            TARGET,
            format_args!("{} {} ({} bytes), client-request-id {id}", endpoint.as_str(), response.status, response.body.len()),
        );
        // Subscriptions are answered 201 and 204 as well; elsewhere these are not Graph's.
        let good = match endpoint {
            Endpoint::Subscriptions => matches!(response.status.as_u16(), 200 | 201 | 202 | 204),
            _ => response.status == ::http::StatusCode::OK,
        };
        if good {
            refused.store(0, Relaxed);
            token.accepted();
            return Ok(Answer { body: response.body, headers: response.headers });
        }
        let facts = Facts::read(response.status, &response.headers, &response.body);
        // What Microsoft's support asks for.
        let told = |name: &str| header(&response.headers, name).unwrap_or_else(|| "-".to_owned());
        inner.reporter.log(
            crate::event::Level::Debug,
            TARGET,
            format_args!(
                "{} {}: request-id {}, client-request-id {id}, date {}, x-ms-ags-diagnostic {}",
                endpoint.as_str(),
                response.status.as_u16(),
                told("request-id"),
                told("date"),
                told("x-ms-ags-diagnostic")
            ),
        );
        let now = inner.clock.now();
        let retry_after = response.retry_after(now.wall_ms);
        let class = match (response.status.as_u16(), retry_after) {
            (401, _) => Class::Unauthorized,
            (403, _) => {
                *inner.forbidden.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
                Class::Forbidden(Diagnosis::of(Need::of(endpoint), token.claims()))
            }
            (429, stated) | (503 | 504, stated @ Some(_)) => {
                let pause = pause(refused, stated);
                if let Some(gate) = gate {
                    gate.share.block_until(now.mono_ms.saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)));
                }
                Class::Throttled { retry_after: pause, stated: stated.is_some() }
            }
            _ => class_of(response.status, &facts),
        };
        if matches!(response.status.as_u16(), 502..=504) {
            inner.reconnect.store(true, Relaxed);
        }
        Err(GraphError { endpoint, class, facts: Box::new(facts) })
    }

    async fn token(&self, endpoint: Endpoint) -> Result<AccessToken, GraphError> {
        self.0.tokens.token().await.map_err(|error| no_sign_in(endpoint, &error))
    }

    async fn admit(&self, endpoint: Endpoint) {
        if let Some(gate) = self.gate(endpoint) {
            gate.share.admit(&self.0.clock).await;
        }
    }

    fn gate(&self, endpoint: Endpoint) -> Option<&Gate> {
        match endpoint {
            // Writing is not counted apart (throttling limits, "presence").
            Endpoint::Presences | Endpoint::Sessions => Some(&self.0.presence),
            Endpoint::Subscriptions => None,
            _ => Some(&self.0.directory),
        }
    }
}

/// How long to wait after a refusal: as long as Graph says, at least a moment, else 2 s doubling to 60 s.
fn pause(refused: &AtomicU32, stated: Option<Duration>) -> Duration {
    let refused = refused.fetch_add(1, Relaxed).saturating_add(1);
    match stated {
        Some(time) => time.max(Duration::from_millis(100)),
        None => Duration::from_millis(doubling(2_000, 60_000, refused, dice())),
    }
}

fn no_sign_in(endpoint: Endpoint, error: &SignInError) -> GraphError {
    let class = Class::SignIn { next_try_mono_ms: error.next_try_mono_ms() };
    GraphError::plain(endpoint, class, format!("no sign-in: {error}"))
}

/// `path` under `root`, whether or not the root ends in a slash.
pub(super) fn under(root: &Url, path: &str) -> Url {
    let mut url = root.clone();
    let joined = format!("{}/{path}", root.path().trim_end_matches('/'));
    url.set_path(&joined);
    url.set_query(None);
    url.set_fragment(None);
    url
}
