//! An endpoint for notifications on loopback: plain, or with a certificate of the simulator.

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

/// How the endpoint answers the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    Right,
    /// Still encoded, as it came.
    Encoded,
    /// With a line break behind it.
    Longer,
    Html,
    Created,
    NotFound,
    Never,
    /// Rightly, once two are there.
    Together,
}

#[derive(Clone, Debug)]
pub struct Mode {
    pub handshake: Handshake,
    /// What notifications are answered with.
    pub status: u16,
    /// Notifications are never answered.
    pub hang: bool,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Hit {
    pub path: String,
    pub query: String,
    pub content_type: String,
    pub body: String,
}

impl Hit {
    pub fn is_handshake(&self) -> bool {
        self.query.contains("validationToken=")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

pub struct Receiver {
    pub url: String,
    pub mode: Arc<Mutex<Mode>>,
    hits: Arc<Mutex<Vec<Hit>>>,
}

impl Receiver {
    pub async fn plain() -> Self {
        Self::start(None).await
    }

    /// With this certificate and key.
    pub async fn tls(certificate: &str, key: &str) -> Self {
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<_, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let config = config.with_no_client_auth().with_single_cert(chain, key).expect("a configuration");
        Self::start(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let mode = Arc::new(Mutex::new(Mode { handshake: Handshake::Right, status: 202, hang: false }));
        let hits = Arc::new(Mutex::new(Vec::new()));
        let receiver = Self { url, mode: Arc::clone(&mode), hits: Arc::clone(&hits) };
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (mode, hits, tls) = (Arc::clone(&mode), Arc::clone(&hits), tls.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(request, Arc::clone(&mode), Arc::clone(&hits)));
                    let _ = match tls {
                        None => http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await,
                        Some(tls) => {
                            let Ok(stream) = tls.accept(tcp).await else { return };
                            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
                        }
                    };
                });
            }
        });
        receiver
    }

    pub fn mode(&self, change: impl FnOnce(&mut Mode)) {
        change(&mut self.mode.lock().expect("the mode"));
    }

    pub fn handshakes(&self) -> Vec<Hit> {
        self.hits.lock().expect("hits").iter().filter(|h| h.is_handshake()).cloned().collect()
    }

    /// Requests that are no handshakes.
    pub fn posts(&self) -> Vec<Hit> {
        self.hits.lock().expect("hits").iter().filter(|h| !h.is_handshake()).cloned().collect()
    }

    /// All items of all notifications, in the order of their coming.
    pub fn items(&self) -> Vec<Value> {
        self.posts().iter().flat_map(|h| h.json()["value"].as_array().cloned().unwrap_or_default()).collect()
    }

    /// The items, once there are this many.
    pub async fn wait_items(&self, count: usize) -> Vec<Value> {
        wait(&format!("{count} items"), async || self.items().len() >= count).await;
        self.items()
    }

    /// The requests, once there are this many.
    pub async fn wait_posts(&self, count: usize) -> Vec<Hit> {
        wait(&format!("{count} posts"), async || self.posts().len() >= count).await;
        self.posts()
    }
}

/// Waits until it is so.
pub async fn wait<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let until = Instant::now() + Duration::from_secs(30);
    while !so().await {
        assert!(Instant::now() < until, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn answer(
    request: Request<Incoming>,
    mode: Arc<Mutex<Mode>>,
    hits: Arc<Mutex<Vec<Hit>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|b| b.to_bytes()).unwrap_or_default();
    let hit = Hit {
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        content_type: head.headers.get("content-type").map(|v| v.to_str().expect("text").to_owned()).unwrap_or_default(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    hits.lock().expect("hits").push(hit.clone());
    let mode = mode.lock().expect("the mode").clone();
    if mode.handshake == Handshake::Together && hit.is_handshake() {
        wait("two handshakes", async || hits.lock().expect("hits").iter().filter(|h| h.is_handshake()).count() >= 2).await;
    }
    let reply = |status: u16, kind: &str, text: String| {
        Response::builder().status(status).header("content-type", kind).body(Full::from(text)).expect("a response")
    };
    if hit.is_handshake() {
        let raw = hit.query.split('&').find_map(|p| p.strip_prefix("validationToken=")).unwrap_or_default();
        let (_, token) = url::form_urlencoded::parse(hit.query.as_bytes()).find(|(k, _)| k == "validationToken").expect("one");
        let token = token.into_owned();
        return Ok(match mode.handshake {
            Handshake::Right | Handshake::Together => reply(200, "text/plain; charset=utf-8", token),
            Handshake::Encoded => reply(200, "text/plain", raw.to_owned()),
            Handshake::Longer => reply(200, "text/plain", format!("{token}\n")),
            Handshake::Html => reply(200, "text/html", token),
            Handshake::Created => reply(201, "text/plain", token),
            Handshake::NotFound => reply(404, "text/plain", token),
            Handshake::Never => std::future::pending().await,
        });
    }
    if mode.hang {
        std::future::pending::<()>().await;
    }
    Ok(reply(mode.status, "text/plain", String::new()))
}
