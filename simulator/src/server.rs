//! Listeners, connections and the way of one request: faults, endpoint, faults again, compression, counters.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, DATE, HOST, HeaderValue};
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::connection::{Connection, Stream};
use crate::fault::{self, Applied, EndpointClass, FaultAction, Struck, Target};
use crate::graph::{self, Route};
use crate::record::{RecordedRequest, without_secrets};
use crate::reply::{Reply, ReplyBody};
use crate::tls::Tls;
use crate::world::{Call, Shared};
use crate::{Error, clock, control, entra, guid};

/// The largest request body that is read.
const MAX_BODY: usize = 8 << 20;
/// How often it is looked whether an answer that is kept back may go.
const HOLDING: Duration = Duration::from_millis(5);

/// Opens a listening socket on loopback.
pub(crate) fn bind(address: SocketAddr) -> Result<(StdListener, SocketAddr), Error> {
    let failed = |e: io::Error| Error::Listen(address, e);
    if !address.ip().is_loopback() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "the simulator listens on loopback only")));
    }
    let listener = StdListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Accepts for ever. Must run inside a runtime.
pub(crate) async fn serve(listener: StdListener, shared: Arc<Shared>, tls: Option<Arc<Tls>>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        let Ok((tcp, _)) = listener.accept().await else {
            // Out of descriptors, most likely: give others time to close some.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = tcp.set_nodelay(true);
        let connection = Arc::new(Connection::default());
        let stream = Stream::new(tcp, Arc::clone(&connection));
        let shared = Arc::clone(&shared);
        let h2 = {
            let mut world = shared.lock();
            world.records.counters.connections += 1;
            world.oddities.http2
        };
        match &tls {
            None => drop(tokio::spawn(converse(stream, connection, shared, "http", h2))),
            Some(tls) => {
                let config = if h2 { &tls.with_h2 } else { &tls.without_h2 };
                let acceptor = TlsAcceptor::from(Arc::clone(config));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        converse(stream, connection, shared, "https", h2).await;
                    }
                });
            }
        }
    }
}

async fn converse<S>(stream: S, connection: Arc<Connection>, shared: Arc<Shared>, scheme: &'static str, h2: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    // Windows large enough that no answer of a sweep waits for an update.
    builder.http2().timer(TokioTimer::new()).initial_stream_window_size(4 << 20).initial_connection_window_size(16 << 20);
    if !h2 {
        builder = builder.http1_only();
    }
    let service = service_fn(move |request| {
        let (shared, connection) = (Arc::clone(&shared), Arc::clone(&connection));
        async move { handle(request, shared, connection, scheme).await }
    });
    // How a connection ends is the client's business, or a fault's.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Counts a request as being answered for as long as it lives.
struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let counters = &mut self.0.lock().records.counters;
        counters.in_flight = counters.in_flight.saturating_sub(1);
    }
}

fn classify(call: &Call) -> (EndpointClass, Option<Route>) {
    let path = call.path.as_str();
    if path.ends_with("/oauth2/v2.0/token")
        || path.ends_with("/oauth2/v2.0/devicecode")
        || path == "/metadata/identity/oauth2/token"
    {
        return (EndpointClass::Token, None);
    }
    if path.ends_with("/.well-known/openid-configuration")
        || path.ends_with("/discovery/v2.0/keys")
        || path.ends_with("/discovery/keys")
    {
        return (EndpointClass::Discovery, None);
    }
    match graph::route(&call.segments()) {
        Some(route) => (route.class(), Some(route)),
        None => (EndpointClass::Other, None),
    }
}

async fn handle(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    scheme: &'static str,
) -> Result<Response<ReplyBody>, io::Error> {
    let version = request.version();
    let (parts, body) = request.into_parts();
    let host = parts.headers.get(HOST).and_then(|h| h.to_str().ok()).or(parts.uri.authority().map(|a| a.as_str()));
    let origin = format!("{scheme}://{}", host.unwrap_or("localhost"));
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(respond(Reply::new(413), None, false, clock::wall_now())),
    };
    let call = Arc::new(Call {
        now: shared.now(),
        shared: Arc::clone(&shared),
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        origin,
        request_id: guid::fresh(),
    });
    let accepts = call.headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let gzip = accepts.split(',').any(|e| e.trim().starts_with("gzip")) && shared.lock().oddities.gzip;
    if call.path.starts_with("/_control") {
        return Ok(respond(control::answer(&call), None, gzip, call.now));
    }

    let (class, route) = classify(&call);
    let mut outcome = Outcome::begin(&call, class, version);
    let _in_flight = InFlight(Arc::clone(&shared));
    let struck = strike(&call, class);
    if struck.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(struck.delay_ms)).await;
    }
    let mut reply = None;
    match struck.action.as_ref().map(|action| fault::instead(action, class, &call)) {
        None | Some(Applied::Later) => {}
        Some(Applied::Reply(instead)) => reply = Some(instead),
        Some(Applied::Hang) => return Ok(never(std::future::pending::<Infallible>().await)),
        Some(Applied::Reset) => {
            connection.reset();
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset by a fault"));
        }
    }
    let reply = match (reply, &route) {
        (Some(reply), _) => reply,
        (None, Some(route)) => graph::answer(route, &call).await,
        (None, None) => {
            entra::route(&call).unwrap_or_else(|| Reply::json(404, &serde_json::json!({"error": "no such endpoint"})))
        }
    };
    if let Some(id) = struck.held_by {
        shared.lock().records.counters.faults += 1;
        while shared.lock().faults.holds(id, shared.now()) {
            tokio::time::sleep(HOLDING).await;
        }
    }
    outcome.status = reply.status.as_u16();
    let spoil = struck.action.map(|action| (action, connection));
    let response = respond(reply, spoil, gzip, call.now);
    outcome.bytes = http_body::Body::size_hint(response.body()).exact().unwrap_or(0);
    Ok(response)
}

fn never(nothing: Infallible) -> Response<ReplyBody> {
    match nothing {}
}

/// Which faults strike this request.
fn strike(call: &Call, class: EndpointClass) -> Struck {
    let world = &mut *call.shared.lock();
    if world.faults.active().is_empty() {
        return Struck::default();
    }
    let tenant = match class {
        EndpointClass::Token | EndpointClass::Discovery => call.path.split('/').nth(1).and_then(|name| world.tenant_index(name)),
        _ => graph::auth::peek_tenant(world, call),
    };
    let text = if call.query.is_empty() { call.path.clone() } else { format!("{}?{}", call.path, call.query) };
    let tenant = tenant.map(|i| &world.tenants[i]);
    let target = Target { endpoint: class, tenant, method: call.method.as_str(), path_and_query: &text };
    let struck = world.faults.strike(&target, &mut world.random, call.now);
    // An answer that is held counts once it is there.
    if (struck.action.is_some() && struck.held_by.is_none()) || struck.delay_ms > 0 {
        world.records.counters.faults += 1;
    }
    struck
}

/// Turns a reply into a response: compressed, dated, spoilt.
fn respond(reply: Reply, spoil: Option<(FaultAction, Arc<Connection>)>, gzip: bool, now: clock::Millis) -> Response<ReplyBody> {
    // A body without end is none of the reply's bytes: it goes as it is.
    let endless = spoil.as_ref().is_some_and(|(action, _)| matches!(action, FaultAction::EndlessBody { .. }));
    let compress = gzip && !endless && reply.body.len() > 1024;
    let body = if compress { compressed(&reply.body).unwrap_or_default() } else { Vec::new() };
    let compress = compress && !body.is_empty();
    let body = Bytes::from(if compress { body } else { reply.body });
    let (body, length) = match spoil.and_then(|(action, connection)| fault::finish(&action, &body, &connection)) {
        Some(spoilt) => spoilt,
        None => {
            let length = body.len();
            (ReplyBody::Full(Some(body).filter(|b| !b.is_empty())), Some(length))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    let headers = response.headers_mut();
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if compress {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(date) = HeaderValue::from_str(&clock::http_date(now)) {
        headers.insert(DATE, date);
    }
    response
}

fn compressed(body: &[u8]) -> io::Result<Vec<u8>> {
    // Level 1: presences are so repetitive that more costs time and saves little.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// Writes down what became of a request, also when it is dropped unanswered.
struct Outcome {
    shared: Arc<Shared>,
    class: EndpointClass,
    http2: bool,
    status: u16,
    bytes: u64,
    recorded: Option<RecordedRequest>,
}

impl Outcome {
    fn begin(call: &Call, class: EndpointClass, version: Version) -> Self {
        let keep = {
            let records = &mut call.shared.lock().records;
            let counters = &mut records.counters;
            counters.in_flight += 1;
            counters.in_flight_max = counters.in_flight_max.max(counters.in_flight);
            records.keep() > 0
        };
        let recorded = keep.then(|| RecordedRequest {
            number: 0,
            at_ms: call.now,
            method: call.method.to_string(),
            path: call.path.clone(),
            query: call.query.clone(),
            version: format!("{version:?}"),
            headers: call
                .headers
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "authorization" | "cookie"))
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            body: match class {
                EndpointClass::Token => without_secrets(&call.body),
                _ => String::from_utf8_lossy(&call.body).into_owned(),
            },
            endpoint: class,
            status: 0,
        });
        Self { shared: Arc::clone(&call.shared), class, http2: version == Version::HTTP_2, status: 0, bytes: 0, recorded }
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        let world = &mut *self.shared.lock();
        let counters = &mut world.records.counters;
        counters.requests += 1;
        counters.http2_requests += u64::from(self.http2);
        counters.body_bytes += self.bytes;
        *counters.by_endpoint.entry(format!("{} {}", self.class, self.status)).or_default() += 1;
        if let Some(mut recorded) = self.recorded.take() {
            recorded.status = self.status;
            world.records.push(recorded);
        }
    }
}
