//! One exchange: request out, bounded answer in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use reqwest::dns::Resolve;
use url::Url;

use super::error::{Context, Stage, TransportError, TransportErrorKind, host_of};
use super::proxy::Way;
use super::{Proxy, TlsError, TrustedRoots, date};

/// How long name look-up, TCP connection, proxy tunnel and TLS handshake may take together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An idle connection is kept this long: over the default poll interval, so that polling reuses it, and short enough that an
/// instance which polls rarely holds no socket open between two polls.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// As many as the poll loop has requests under way: with fewer, each sweep over HTTP/1.1 would open the rest of its connections anew, and a
/// TLS handshake costs as much CPU as the presence of a thousand people.
const POOL_MAX_IDLE: usize = 8;

/// HTTP/2 flow control: a whole answer of getPresencesByUserId (650 users, some hundred kilobytes) and several of them at once fit
/// without waiting for a window update, which would cost a round trip and a delayed acknowledgement each.
const H2_STREAM_WINDOW: u32 = 4 << 20;
const H2_CONNECTION_WINDOW: u32 = 16 << 20;

/// What a client is made of.
#[derive(Clone)]
pub struct HttpSettings {
    /// Whom TLS trusts.
    pub roots: Arc<TrustedRoots>,
    /// Which way out.
    pub proxy: Proxy,
    /// Who looks names up.
    pub resolver: Arc<dyn Resolve>,
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings").field("roots", &self.roots).field("proxy", &self.proxy).finish_non_exhaustive()
    }
}

/// A request.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Whole address; http or https.
    pub url: Url,
    /// Headers beside Host, User-Agent, Accept-Encoding and Content-Length, which are set for you.
    pub headers: HeaderMap,
    /// Body.
    pub body: Option<Bytes>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Query, headers and body may hold credentials and addresses of people.
        write!(f, "Request({} {}{})", self.method, host_of(&self.url), self.url.path())
    }
}

/// How much one exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The whole exchange, from the first look-up to the last byte.
    pub timeout: Duration,
    /// Bytes of the body, counted after decompression.
    pub max_body: usize,
}

/// An answer, whole.
#[derive(Clone)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed.
    pub body: Vec<u8>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status.as_u16(), self.body.len())
    }
}

impl Response {
    /// What `Retry-After` asks for: integer, decimal or date, at most one hour; `None` for no or an unreadable one. A date counts
    /// from the answer's own `Date`, else from `now_wall_ms`.
    pub fn retry_after(&self, now_wall_ms: i64) -> Option<Duration> {
        date::retry_after(&self.headers, now_wall_ms)
    }

    /// The server's clock, milliseconds since 1970-01-01 UTC.
    pub fn date_ms(&self) -> Option<i64> {
        date::date_ms(&self.headers)
    }
}

/// A client with its pool of connections. Cheap to clone; all clones share the pool.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    client: ArcSwap<reqwest::Client>,
    way: Way,
    settings: HttpSettings,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpClient").field(&self.0.settings).finish()
    }
}

impl HttpClient {
    /// Makes a client. Opens no connection.
    ///
    /// # Errors
    /// TLS or the proxy's address cannot be used.
    pub fn new(settings: HttpSettings) -> Result<HttpClient, TlsError> {
        let client = build(&settings)?;
        Ok(HttpClient(Arc::new(Inner { client: ArcSwap::from_pointee(client), way: settings.proxy.way(), settings })))
    }

    /// Sends `request` and reads the whole answer. Any status is an `Ok`; nothing is retried, no redirect is followed.
    ///
    /// Needs a tokio runtime whose threads block SIGPIPE: the sockets are written with plain writev(2).
    pub async fn send(&self, request: Request, limits: Limits) -> Result<Response, TransportError> {
        self.send_into(request, limits, Vec::new()).await
    }

    /// The same, with memory to use for the answer's body; what stands in it is lost.
    pub async fn send_into(&self, request: Request, limits: Limits, room: Vec<u8>) -> Result<Response, TransportError> {
        let client = self.0.client.load_full();
        self.exchange(&client, request, limits, room).await
    }

    /// The same over a new connection, as Graph asks for after 503 and 504. Later requests use the new connection, too; exchanges
    /// under way end on the old ones.
    pub async fn send_fresh(&self, request: Request, limits: Limits) -> Result<Response, TransportError> {
        let client = build(&self.0.settings)
            .map_err(|error| TransportError::new(TransportErrorKind::Tls, &host_of(&request.url), &error.to_string()))?;
        let client = Arc::new(client);
        self.0.client.store(client.clone());
        self.exchange(&client, request, limits, Vec::new()).await
    }

    /// Two handles of one pool?
    pub fn same_pool(&self, other: &HttpClient) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn downgrade(&self) -> WeakClient {
        WeakClient(Arc::downgrade(&self.0))
    }

    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: Request,
        limits: Limits,
        room: Vec<u8>,
    ) -> Result<Response, TransportError> {
        let context = Context {
            host: host_of(&request.url),
            proxy: self.0.way.via(&request.url).map(|via| via.to_string()),
            no_roots: !self.0.settings.roots.any(),
        };
        let mut stage = Stage::Head;
        match tokio::time::timeout(limits.timeout, run(client, request, limits, room, &context, &mut stage)).await {
            Ok(result) => result,
            Err(_) => Err(context.timeout(stage, limits.timeout)),
        }
    }
}

/// A client that may have gone.
#[derive(Clone)]
pub(crate) struct WeakClient(std::sync::Weak<Inner>);

impl WeakClient {
    pub(crate) fn upgrade(&self) -> Option<HttpClient> {
        self.0.upgrade().map(HttpClient)
    }
}

fn build(settings: &HttpSettings) -> Result<reqwest::Client, TlsError> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(settings.roots.client_config()?)
        .user_agent(concat!("teams-presence-sync/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(true)
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_MAX_IDLE)
        .http2_initial_stream_window_size(H2_STREAM_WINDOW)
        .http2_initial_connection_window_size(H2_CONNECTION_WINDOW)
        .dns_resolver(settings.resolver.clone());
    settings
        .proxy
        .apply(builder)
        .and_then(reqwest::ClientBuilder::build)
        .map_err(|error| TlsError::Setup(super::error::plain_chain(&error.without_url())))
}

async fn run(
    client: &reqwest::Client,
    request: Request,
    limits: Limits,
    mut body: Vec<u8>,
    context: &Context,
    stage: &mut Stage,
) -> Result<Response, TransportError> {
    let mut builder = client.request(request.method, request.url).headers(request.headers);
    if let Some(sent) = request.body {
        builder = builder.body(sent);
    }
    let mut answer = builder.send().await.map_err(|error| context.explain(&error, Stage::Head))?;
    *stage = Stage::Body;
    let status = answer.status();
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED && context.proxy.is_some() {
        return Err(context.proxy_refuses());
    }
    let announced = answer.content_length().unwrap_or(0);
    if announced > limits.max_body as u64 {
        return Err(context.too_large(limits.max_body));
    }
    body.clear();
    body.reserve(announced as usize);
    while let Some(chunk) = answer.chunk().await.map_err(|error| context.explain(&error, Stage::Body))? {
        if chunk.len() > limits.max_body - body.len() {
            return Err(context.too_large(limits.max_body));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers: std::mem::take(answer.headers_mut()), body })
}
