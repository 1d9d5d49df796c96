//! One request to an endpoint.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use super::target::Target;

/// No more of an answer is read.
const MOST: usize = 64 << 10;

/// What a request came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) status: Option<u16>,
    pub(super) content_type: String,
    pub(super) body: Bytes,
    pub(super) timed_out: bool,
    pub(super) error: Option<String>,
    pub(super) took_ms: u64,
    /// When the request was written: microseconds since 1970 by the system's clock.
    pub(super) sent_us: Option<u64>,
}

/// Posts, over a connection of its own, within the limit.
pub(super) async fn post(
    target: &Target,
    path: &str,
    content_type: &str,
    body: Bytes,
    tls: Option<Arc<ClientConfig>>,
    limit: Duration,
) -> Outcome {
    let begun = Instant::now();
    let mut outcome = match tokio::time::timeout(limit, attempt(target, path, content_type, body, tls)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome { error: Some(error), ..Outcome::default() },
        Err(_) => Outcome { timed_out: true, error: Some(format!("no answer within {limit:?}")), ..Outcome::default() },
    };
    outcome.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    outcome
}

async fn attempt(
    target: &Target,
    path: &str,
    content_type: &str,
    body: Bytes,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Outcome, String> {
    let request = Request::post(path)
        .header(HOST, &target.authority)
        .header(CONTENT_TYPE, content_type)
        .body(Full::new(body))
        .map_err(|e| format!("the request: {e}"))?;
    let tcp = TcpStream::connect(target.address).await.map_err(|e| format!("connect: {e}"))?;
    let _ = tcp.set_nodelay(true);
    if !target.tls {
        return converse(tcp, request).await;
    }
    let config = tls.ok_or("TLS: nobody is trusted")?;
    let name = ServerName::try_from(target.host.clone()).map_err(|e| format!("TLS: {e}"))?;
    let stream = TlsConnector::from(config).connect(name, tcp).await.map_err(|e| format!("TLS: {e}"))?;
    converse(stream, request).await
}

async fn converse<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Outcome, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| format!("HTTP: {e}"))?;
    let connection = tokio::spawn(connection);
    let sent_us = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_micros()).ok());
    let answer = async {
        let response = sender.send_request(request).await.map_err(|e| format!("HTTP: {e}"))?;
        let status = Some(response.status().as_u16());
        let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let body = Limited::new(response.into_body(), MOST).collect().await.map_err(|e| format!("HTTP: the body: {e}"))?;
        Ok(Outcome { status, content_type: kind, body: body.to_bytes(), sent_us, ..Outcome::default() })
    }
    .await;
    connection.abort();
    answer
}
