mod grants;
mod keeping;
mod ledger;
mod machine;
mod memory;
mod person;
mod refusals;
mod simulator;
mod transport;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use super::*;
use crate::config::{ClientSecret, SecretSource};
use crate::event::{Counters, Event, Kind, Level, Reporter};
use crate::http::loopback::{Loopback, Reply, Seen};
use crate::http::{HttpClient, HttpSettings, Proxy, TrustedRoots};
use crate::store::{Notes, Shelf};
use crate::time::Clock;

const MINUTE: u64 = 60_000;
const SECRET: &str = "the~secret.value";

struct NoNames;

impl reqwest::dns::Resolve for NoNames {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async { Err("no names in this test".into()) })
    }
}

fn http() -> HttpClient {
    let roots = Arc::new(TrustedRoots::load(None).expect("roots"));
    HttpClient::new(HttpSettings { roots, proxy: Proxy::None, resolver: Arc::new(NoNames) }).expect("a client")
}

fn inline(text: &str) -> SecretSource {
    SecretSource::Inline(SecretString::from(text))
}

fn by_secret(secret: &str) -> Method {
    Method::ClientSecret(ClientSecret::new(inline(secret)))
}

fn by_password(password: &str, secret: Option<&str>) -> Method {
    Method::Password {
        username: "presence@example.com".to_owned(),
        password: inline(password),
        secret: secret.map(|secret| ClientSecret::new(inline(secret))),
    }
}

fn settings(server: &Loopback, method: Method) -> Settings {
    Settings {
        method,
        tenant_id: "11111111-2222-3333-4444-555555555555".to_owned(),
        client_id: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee".to_owned(),
        login: format!("http://{}", server.addr),
        scope: "https://graph.microsoft.com/.default".to_owned(),
        succession: Succession::default(),
        name: None,
    }
}

/// A keeper, and what it can be observed by.
struct Bench {
    keeper: TokenKeeper,
    clock: Clock,
    reporter: Reporter,
}

impl Bench {
    fn new(settings: Settings) -> Bench {
        let clock = Clock::system();
        let reporter = Reporter::new(Level::Trace, clock.clone(), Arc::new(|| {}));
        let keeper = TokenKeeper::new(settings, http(), clock.clone(), reporter.clone(), Arc::new(Counters::default()));
        Bench { keeper, clock, reporter }
    }

    /// As after a start of an instance that has these notes.
    fn with(settings: Settings, notes: &Notes, clock: &Clock) -> Bench {
        let (clock, notes) = (clock.clone(), notes.clone());
        let reporter = Reporter::new(Level::Trace, clock.clone(), Arc::new(|| {}));
        let (http, direct, counters) = (http(), http(), Arc::default());
        let parts = Parts { settings, http, direct, notes, clock: clock.clone(), reporter: reporter.clone(), counters };
        Bench { keeper: TokenKeeper::of(parts), clock, reporter }
    }

    async fn token(&self) -> Result<AccessToken, SignInError> {
        tokio::time::timeout(Duration::from_secs(20), self.keeper.token()).await.expect("an answer")
    }

    async fn serial(&self) -> u64 {
        self.token().await.expect("a token").serial()
    }

    async fn error(&self) -> SignInError {
        self.token().await.expect_err("no token")
    }

    fn events(&self) -> Vec<Event> {
        std::iter::from_fn(|| self.reporter.next_event()).filter(|event| event.kind != Kind::TraceEnded).collect()
    }

    fn kinds(&self) -> Vec<Kind> {
        self.events().iter().map(|event| event.kind).collect()
    }

    /// Waits for something that happens in the background.
    async fn until(&self, what: impl Fn() -> bool) {
        for _ in 0..500 {
            if what() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not come: {:?}", self.keeper);
    }
}

fn jwt(payload: &str) -> String {
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload))
}

fn granted() -> Reply {
    let token = jwt(r#"{"roles":["Presence.Read.All"],"tid":"t"}"#);
    Reply::json(200, format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#))
}

/// A token of a person, with this refresh token.
fn signed_in(refresh: &str) -> Reply {
    let token = jwt(r#"{"scp":"Presence.Read.All User.Read.All","tid":"t","oid":"0b5e"}"#);
    Reply::json(
        200,
        format!(
            r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}","refresh_token":"{refresh}","scope":"x"}}"#
        ),
    )
}

fn refused(code: u32, error: &str) -> Reply {
    Reply::json(
        400,
        format!(
            r#"{{"error":"{error}","error_description":"AADSTS{code}: Words about presence@example.com. Trace ID: x","error_codes":[{code}],
                "correlation_id":"c0ffee"}}"#
        ),
    )
}

fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Loopback {
    Loopback::start(move |_, _: &Seen| reply())
}
