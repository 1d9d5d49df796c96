//! The built-in web server for the notification address.
//!
//! HTTP/1.1, plain behind a reverse proxy or with TLS of its own. It knows one path and one method; whatever else is asked for gets 404 or 405.
//! All it does is to read a bounded body in bounded time and to hand it to the [`Intake`], which never waits. So nothing behind it, no host
//! and no disk, can make it slow; Graph drops notifications for an endpoint that is (more than 15 % of answers later than 10 s, Microsoft
//! Graph: delivery by webhooks, 2026-04-22).
//!
//! Against those who want to keep it busy: see [`ListenerLimits`] and `places`.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use futures_util::StreamExt;
use http::header::{CONNECTION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::envelope::MAX_BODY;
use super::expiring;
use super::intake::{Intake, Reply};
use super::notice::{ListenerNotice, Tell};
use super::places::{Place, Places};
use super::served::Served;
use crate::config::SecretSource;

/// A body up to this length always finds room; longer ones share [`ListenerLimits::shared_bytes`].
const FREE_BYTES: usize = 64 << 10;
/// A body longer than this is judged on a thread for such work: reading it takes milliseconds.
const LONG_BODY: usize = 64 << 10;
/// Headers of a request in bytes and in number. Behind a reverse proxy some come on top of Graph's.
const MAX_HEAD: usize = 32 << 10;
const MAX_HEADERS: usize = 64;
/// How long to wait where the system gives no socket.
const NO_SOCKET: Duration = Duration::from_millis(100);

/// Where to listen.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Address and port.
    pub address: SocketAddr,
    /// The path of the notification address, as in the URL that Graph is given: percent-encoded, without its query.
    pub path: String,
    /// Certificate chain and private key in PEM for HTTPS; `None` for plain HTTP.
    pub tls: Option<(SecretSource, SecretSource)>,
    /// How much one may take.
    pub limits: ListenerLimits,
}

/// How much connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerLimits {
    /// Open connections. Beyond them a new one takes the place of one that is of no use.
    pub connections: usize,
    /// How long a connection may be open before the first notification of ours has come on it, and TLS may take. As long as Graph waits for an
    /// answer. A request under way then has this long again.
    pub first: Duration,
    /// From the end of a request to the end of the headers of the next one. Longer than reverse proxies keep idle connections (nginx 60 s), so
    /// that it is they who close.
    pub idle: Duration,
    /// For a whole body.
    pub body: Duration,
    /// The life of a connection; a request under way ends first.
    pub life: Duration,
    /// How long requests under way may take when the listener stops.
    pub grace: Duration,
    /// Bytes of long bodies being read, all connections together.
    pub shared_bytes: usize,
}

impl Default for ListenerLimits {
    fn default() -> ListenerLimits {
        ListenerLimits {
            connections: 256,
            first: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body: Duration::from_secs(10),
            life: Duration::from_secs(3_600),
            grace: Duration::from_secs(2),
            shared_bytes: 32 << 20,
        }
    }
}

/// Why the listener does not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenerError {
    /// The address cannot be taken.
    #[error("{address}: {why}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What kind of failure.
        kind: io::ErrorKind,
        /// For people, with the way out.
        why: String,
    },
    /// Certificate or key cannot be used.
    #[error("{0}")]
    Certificate(String),
}

/// Counters of the listener. Cheap to clone; outlives it.
#[derive(Clone, Debug)]
pub struct ListenerGauge(Arc<Places>);

/// What a [`ListenerGauge`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerStats {
    /// Connections that are open.
    pub open: u64,
    /// Connections since the start.
    pub accepted: u64,
    /// Those among them that had to make room for others.
    pub evicted: u64,
}

impl ListenerGauge {
    /// The counters now.
    pub fn read(&self) -> ListenerStats {
        let (open, accepted, evicted) = self.0.counts();
        ListenerStats { open, accepted, evicted }
    }
}

/// A bound listener.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    tell: Tell,
}

/// What all connections share.
struct Shared {
    router: Router,
    served: Option<Served>,
    places: Arc<Places>,
    limits: ListenerLimits,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).field("tls", &self.shared.served).finish_non_exhaustive()
    }
}

impl Listener {
    /// Reads the certificate and takes the address. Nothing is answered before [`run`](Self::run). Needs a tokio runtime with I/O and timer.
    ///
    /// # Errors
    /// The address cannot be taken, or the certificate cannot be used.
    pub async fn bind(settings: ListenerSettings, intake: Intake, tell: Tell) -> Result<Listener, ListenerError> {
        let ListenerSettings { address, path, tls, limits } = settings;
        let served = match tls {
            Some((certificate, key)) => {
                let served = Served::load(certificate, key, intake.clock().clone(), tell.clone()).await;
                Some(served.map_err(ListenerError::Certificate)?)
            }
            None => None,
        };
        let socket = TcpListener::bind(address).await.map_err(|error| unbound(address, &error))?;
        let address = socket.local_addr().map_err(|error| unbound(address, &error))?;
        let desk = Arc::new(Desk { intake, limits, room: Semaphore::new(limits.shared_bytes) });
        let router = Router::new().without_v07_checks().route(&pattern(&path), post(receive)).with_state(desk);
        let shared = Arc::new(Shared { router, served, places: Places::new(limits.connections), limits });
        Ok(Listener { socket, address, shared, tell })
    }

    /// The address that was taken: with the port that the system chose for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its counters.
    pub fn gauge(&self) -> ListenerGauge {
        ListenerGauge(self.shared.places.clone())
    }

    /// Answers until `cancel`. Then nobody is let in any more, requests under way end within [`ListenerLimits::grace`], and all connections are
    /// closed when this returns. Dropping the future closes them, too, without waiting.
    pub async fn run(self, cancel: CancellationToken) {
        let (shared, tell) = (self.shared.clone(), self.tell.clone());
        let watching = async {
            match &shared.served {
                Some(served) => expiring::watch(served, &tell).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.answer(cancel) => {}
            () = watching => {}
        }
    }

    async fn answer(self, cancel: CancellationToken) {
        let (tasks, stop, kill) = (TaskTracker::new(), cancel.child_token(), CancellationToken::new());
        let _killed = kill.clone().drop_guard();
        let mut troubled = false;
        loop {
            let accepted = tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if std::mem::take(&mut troubled) {
                        self.tell.tell(ListenerNotice::Accepts);
                    }
                    let (shared, place) = (self.shared.clone(), self.shared.places.take(peer.ip()));
                    let (stop, kill) = (stop.clone(), kill.clone());
                    tasks.spawn(async move {
                        let place = Arc::new(place);
                        tokio::select! {
                            biased;
                            () = kill.cancelled() => {}
                            () = place.lost() => {}
                            () = shared.serve(stream, place.clone(), stop) => {}
                        }
                    });
                }
                Err(error) if is_of_one(error.kind()) => {}
                Err(error) => {
                    if !std::mem::replace(&mut troubled, true) {
                        self.tell.tell(ListenerNotice::CannotAccept { why: error.to_string() });
                    }
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = sleep(NO_SOCKET) => {}
                    }
                }
            }
        }
        drop(self.socket);
        tasks.close();
        if timeout(self.shared.limits.grace, tasks.wait()).await.is_err() {
            kill.cancel();
            tasks.wait().await;
        }
    }
}

/// A connection that broke off before it was accepted: that is the other side's trouble.
fn is_of_one(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted)
}

fn unbound(address: SocketAddr, error: &io::Error) -> ListenerError {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there, or another instance; choose another port".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        io::ErrorKind::PermissionDenied => "not allowed; ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)".to_owned(),
        _ => error.to_string(),
    };
    ListenerError::Bind { address, kind: error.kind(), why }
}

/// A path as the router takes it literally.
fn pattern(path: &str) -> String {
    let path = path.replace('{', "{{").replace('}', "}}");
    if path.starts_with('/') { path } else { format!("/{path}") }
}

impl Shared {
    async fn serve(&self, stream: TcpStream, place: Arc<Place>, stop: CancellationToken) {
        // The answer is small and nothing follows it.
        let _ = stream.set_nodelay(true);
        let Some(served) = &self.served else {
            return self.talk(TokioIo::new(stream), place, stop).await;
        };
        let handshake = async { TlsAcceptor::from(served.config().await).accept(stream).await };
        tokio::select! {
            () = stop.cancelled() => {}
            stream = timeout(self.limits.first, handshake) => {
                if let Ok(Ok(stream)) = stream {
                    self.talk(TokioIo::new(stream), place, stop).await;
                }
            }
        }
    }

    async fn talk(&self, stream: impl Read + Write + Unpin, place: Arc<Place>, stop: CancellationToken) {
        let router = TowerToHyperService::new(self.router.clone());
        let service = service_fn(|request| {
            let (answer, place) = (router.call(request), place.clone());
            async move {
                let mut answer = match answer.await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                if place.answered(answer.status()) {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<Response, Infallible>(answer)
            }
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.idle)
                .max_buf_size(MAX_HEAD)
                .max_headers(MAX_HEADERS)
                .serve_connection(stream, service)
        );
        tokio::select! {
            // Its error is the other side's affair.
            _ = connection.as_mut() => return,
            () = self.over(&place) => {}
            () = stop.cancelled() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(self.limits.first, connection).await;
    }

    /// Ends when a connection has been open for too long.
    async fn over(&self, place: &Place) {
        sleep(self.limits.first).await;
        if place.is_proven() {
            sleep(self.limits.life.saturating_sub(self.limits.first)).await;
        }
    }
}

/// What requests share.
struct Desk {
    intake: Intake,
    limits: ListenerLimits,
    room: Semaphore,
}

async fn receive(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let read = timeout(desk.limits.body, desk.read(body)).await;
    let reply = match read {
        Ok(Ok((body, _room))) => {
            let query = head.uri.query().unwrap_or_default();
            if body.len() <= LONG_BODY {
                desk.intake.deliver(query, &body)
            } else {
                let (intake, query) = (desk.intake.clone(), query.to_owned());
                let judged = tokio::task::spawn_blocking(move || intake.deliver(&query, &body)).await;
                judged.unwrap_or(Reply::bare(503))
            }
        }
        Ok(Err(reply)) => reply,
        Err(_) => Reply::bare(408),
    };
    answer(reply)
}

impl Desk {
    /// The whole body, and the room that it takes of all long ones.
    async fn read(&self, body: Body) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Reply> {
        let mut whole = Vec::new();
        let mut room: Option<SemaphorePermit<'_>> = None;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            // Broken off: nobody reads the answer.
            let chunk = chunk.map_err(|_| Reply::bare(400))?;
            let length = whole.len() + chunk.len();
            if length > MAX_BODY {
                return Err(Reply::bare(413));
            }
            let held = room.as_ref().map_or(0, SemaphorePermit::num_permits);
            if length > FREE_BYTES + held {
                // By steps, so that few bytes do not ask each time.
                let more = (length - FREE_BYTES - held).next_multiple_of(FREE_BYTES);
                let more = self.room.try_acquire_many(more as u32).map_err(|_| Reply::bare(503))?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
            }
            whole.extend_from_slice(&chunk);
        }
        Ok((whole, room))
    }
}

fn answer(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(content_type) = reply.content_type {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        // The token is the caller's own text: no browser is to make anything else of it.
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
