//! Entra's key set, fetched when it is needed and kept.
//!
//! The keys roll often and without notice, so an unknown key id is a reason to fetch (Microsoft Entra: signing key rollover; Microsoft Graph:
//! change notifications with resource data, 2026-04-17). Whoever can make us look for keys must not make us hammer the sign-in server: one
//! fetch at a time, and at most one in [`PAUSE_MS`], whether it failed or not.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{HeaderMap, Method, StatusCode};
use tokio::sync::Mutex;
use url::Url;

use super::key_set::{KeySet, NoKeys};
use crate::http::{HttpClient, Limits, Request, TransportError};
use crate::time::Clock;

/// Least time from one fetch to the next.
pub const PAUSE_MS: u64 = 60_000;
/// A set older than this is fetched again when it is next needed: a key that Entra has withdrawn must not be good for ever.
const OLD_MS: u64 = 24 * 3_600_000;
/// The real set has about 20 KB.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), max_body: 512 << 10 };

/// Why the keys are as they were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// The server was asked less than [`PAUSE_MS`] ago.
    #[error("the keys were fetched a moment ago")]
    TooSoon,
    /// It cannot be reached.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It answers with another status than 200.
    #[error("{host} answers {status} when asked for its keys")]
    Status {
        /// Who.
        host: String,
        /// What.
        status: u16,
    },
    /// It answers something else than keys.
    #[error("the answer is no key set")]
    NoKeys(#[from] NoKeys),
}

/// The keys of one sign-in server. Cheap to clone; all clones share them.
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    http: HttpClient,
    url: Url,
    clock: Clock,
    keys: ArcSwap<KeySet>,
    /// Held while fetching.
    turn: Mutex<Turn>,
    fetches: AtomicU64,
}

#[derive(Default)]
struct Turn {
    asked_at: Option<u64>,
    fetched_at: Option<u64>,
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks").field("url", &self.0.url.as_str()).field("keys", &self.0.keys.load()).finish_non_exhaustive()
    }
}

impl Jwks {
    /// The keys of the sign-in server at `login` (`https://host`, with or without a path). Fetches nothing yet. `None` where that is no address.
    pub fn new(http: HttpClient, login: &str, clock: Clock) -> Option<Jwks> {
        let url = format!("{}/common/discovery/v2.0/keys", login.trim_end_matches('/')).parse().ok()?;
        let (keys, turn) = (ArcSwap::default(), Mutex::default());
        Some(Jwks(Arc::new(Inner { http, url, clock, keys, turn, fetches: AtomicU64::new(0) })))
    }

    /// The keys as they are now.
    pub fn keys(&self) -> Arc<KeySet> {
        self.0.keys.load_full()
    }

    /// How often the server was asked.
    pub fn fetches(&self) -> u64 {
        self.0.fetches.load(Ordering::Relaxed)
    }

    /// Fetches the keys if none of them has this id. Whoever comes while another fetches waits for that one; dropping the future ends the fetch.
    ///
    /// # Errors
    /// The keys are as they were; the id may be unknown.
    pub async fn learn(&self, kid: &str) -> Result<(), JwksError> {
        if self.keys().knows(kid) {
            return Ok(());
        }
        let mut turn = self.0.turn.lock().await;
        if self.keys().knows(kid) {
            return Ok(());
        }
        self.fetch(&mut turn).await
    }

    /// Fetches the keys if they are a day old or were never fetched.
    ///
    /// # Errors
    /// The keys are as they were.
    pub async fn freshen(&self) -> Result<(), JwksError> {
        let mut turn = self.0.turn.lock().await;
        let now = self.0.clock.mono_ms();
        if turn.fetched_at.is_some_and(|at| now.saturating_sub(at) < OLD_MS) {
            return Ok(());
        }
        self.fetch(&mut turn).await
    }

    async fn fetch(&self, turn: &mut Turn) -> Result<(), JwksError> {
        let now = self.0.clock.mono_ms();
        if turn.asked_at.is_some_and(|at| now.saturating_sub(at) < PAUSE_MS) {
            return Err(JwksError::TooSoon);
        }
        turn.asked_at = Some(now);
        self.0.fetches.fetch_add(1, Ordering::Relaxed);
        let request = Request { method: Method::GET, url: self.0.url.clone(), headers: HeaderMap::new(), body: None };
        let answer = self.0.http.send(request, LIMITS).await?;
        if answer.status != StatusCode::OK {
            let host = self.0.url.host_str().unwrap_or_default().to_owned();
            return Err(JwksError::Status { host, status: answer.status.as_u16() });
        }
        self.0.keys.store(Arc::new(KeySet::read(&answer.body)?));
        turn.fetched_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Lock;

    use super::*;
    use crate::http::loopback::{Loopback, Reply};
    use crate::http::{HttpSettings, Proxy, TransportErrorKind, TrustedRoots};

    struct NoNames;

    impl reqwest::dns::Resolve for NoNames {
        fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
            Box::pin(async { Err("no names here".into()) })
        }
    }

    /// A server that shows the keys of `kids`, or answers with a status where there are none.
    fn server(kids: Arc<Lock<Result<Vec<&'static str>, u16>>>) -> Loopback {
        Loopback::start(move |_, seen| {
            assert_eq!(seen.line, "GET /login/common/discovery/v2.0/keys HTTP/1.1");
            std::thread::sleep(Duration::from_millis(20));
            match &*kids.lock().expect("no panic") {
                Ok(kids) => {
                    let keys: Vec<_> = kids
                        .iter()
                        .map(|kid| serde_json::json!({ "kty": "RSA", "use": "sig", "kid": kid, "n": "AQAB", "e": "AQAB" }))
                        .collect();
                    Reply::json(200, serde_json::json!({ "keys": keys }).to_string())
                }
                Err(status) => Reply::json(*status, "{}"),
            }
        })
    }

    fn jwks(server: &Loopback, clock: &Clock) -> Jwks {
        let roots = Arc::new(TrustedRoots::load(None).expect("roots"));
        let http = HttpClient::new(HttpSettings { roots, proxy: Proxy::None, resolver: Arc::new(NoNames) }).expect("a client");
        Jwks::new(http, server.url("/login/").as_str(), clock.clone()).expect("an address")
    }

    #[tokio::test]
    async fn an_unknown_key_is_fetched_at_a_bounded_rate() {
        let kids = Arc::new(Lock::new(Ok(vec!["a"])));
        let server = server(kids.clone());
        let clock = Clock::system();
        let jwks = jwks(&server, &clock);
        assert!(jwks.keys().is_empty() && server.hits() == 0, "nothing is fetched before it is needed");
        jwks.learn("a").await.expect("fetched");
        jwks.learn("a").await.expect("known");
        assert_eq!((server.hits(), jwks.fetches()), (1, 1));
        for _ in 0..50 {
            assert_eq!(jwks.learn("b").await, Err(JwksError::TooSoon));
        }
        assert_eq!(server.hits(), 1);
        clock.advance(PAUSE_MS);
        *kids.lock().expect("no panic") = Ok(vec!["b"]);
        jwks.learn("b").await.expect("rolled");
        assert!(jwks.keys().knows("b") && !jwks.keys().knows("a"), "what Entra has withdrawn is gone");
        assert_eq!(server.hits(), 2);
    }

    #[tokio::test]
    async fn many_wait_for_one_fetch() {
        let server = server(Arc::new(Lock::new(Ok(vec!["a"]))));
        let jwks = jwks(&server, &Clock::system());
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let jwks = jwks.clone();
                tokio::spawn(async move { jwks.learn("a").await })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic").expect("fetched by one of them");
        }
        assert_eq!(server.hits(), 1);
    }

    #[tokio::test]
    async fn old_keys_stay_while_the_fetch_fails() {
        let kids = Arc::new(Lock::new(Ok(vec!["a"])));
        let server = server(kids.clone());
        let clock = Clock::system();
        let jwks = jwks(&server, &clock);
        jwks.freshen().await.expect("never fetched before");
        jwks.freshen().await.expect("fresh");
        assert_eq!(server.hits(), 1);
        for (bad, expected) in [(Err(503), 503), (Err(302), 302)] {
            *kids.lock().expect("no panic") = bad;
            clock.advance(PAUSE_MS);
            let host = "127.0.0.1".to_owned();
            assert_eq!(jwks.learn("b").await, Err(JwksError::Status { host, status: expected }));
            assert_eq!(jwks.learn("b").await, Err(JwksError::TooSoon), "a failure counts as a fetch");
            assert!(jwks.keys().knows("a"));
        }
        *kids.lock().expect("no panic") = Ok(vec![]);
        clock.advance(PAUSE_MS);
        assert_eq!(jwks.learn("b").await, Err(JwksError::NoKeys(NoKeys)));
        assert!(jwks.keys().knows("a"), "an empty set replaces nothing");
        *kids.lock().expect("no panic") = Ok(vec!["c"]);
        clock.advance(OLD_MS);
        jwks.freshen().await.expect("old");
        assert!(jwks.keys().knows("c"));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there() {
        let gone = server(Arc::new(Lock::new(Ok(vec![]))));
        let clock = Clock::system();
        let jwks = jwks(&gone, &clock);
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let absent = Jwks::new(jwks.0.http.clone(), &format!("http://127.0.0.1:{port}"), clock).expect("an address");
        let error = absent.learn("a").await.expect_err("nobody there");
        assert!(matches!(error, JwksError::Transport(TransportError { kind: TransportErrorKind::Connect, .. })), "{error}");
        assert!(Jwks::new(jwks.0.http.clone(), "nonsense", Clock::system()).is_none());
    }
}
