//! What went wrong on the way, in plain words.

use std::error::Error as StdError;
use std::fmt;
use std::io::ErrorKind as Io;
use std::time::Duration;

use rustls::CertificateError;
use url::Url;

use super::cause::{Cause, Distrust, NO_ROOTS};

/// The kind of a transport failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportErrorKind {
    /// The host's name was not found, or its look-up did not end.
    Dns,
    /// No connection: refused, unreachable.
    Connect,
    /// The TLS handshake failed: unknown authority, wrong name, expired certificate, no common version.
    Tls,
    /// The proxy cannot be reached or refuses.
    Proxy,
    /// Not done in time.
    Timeout,
    /// The peer closed or reset the connection before it had answered.
    Reset,
    /// The answer is larger than the caller takes.
    TooLarge,
    /// The answer broke off.
    Truncated,
    /// The answer is not HTTP, or its compression is broken.
    Protocol,
}

impl TransportErrorKind {
    /// A word for events and statistics.
    pub fn as_str(self) -> &'static str {
        match self {
            TransportErrorKind::Dns => "dns",
            TransportErrorKind::Connect => "connect",
            TransportErrorKind::Tls => "tls",
            TransportErrorKind::Proxy => "proxy",
            TransportErrorKind::Timeout => "timeout",
            TransportErrorKind::Reset => "reset",
            TransportErrorKind::TooLarge => "too_large",
            TransportErrorKind::Truncated => "truncated",
            TransportErrorKind::Protocol => "protocol",
        }
    }
}

/// A failed exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// What kind of failure.
    pub kind: TransportErrorKind,
    /// What exactly, where it is known.
    pub cause: Cause,
    /// Host and port that were asked, the port where it is not the scheme's own.
    pub host: String,
    /// One sentence for people. Names the host, never a query or a credential.
    pub message: String,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {}

impl TransportError {
    /// `host: cause`.
    pub fn new(kind: TransportErrorKind, host: &str, cause: &str) -> TransportError {
        TransportError { kind, cause: Cause::Other, host: host.to_owned(), message: format!("{host}: {cause}") }
    }
}

/// `host:port` of an address, the port where it is not the scheme's own.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// All causes of an error in one line.
pub(super) fn plain_chain(error: &(dyn StdError + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

/// How far the exchange had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Until status and headers are there.
    Head,
    /// Reading the body.
    Body,
}

/// What a message needs to know.
pub(super) struct Context {
    pub(super) host: String,
    pub(super) proxy: Option<String>,
    pub(super) no_roots: bool,
}

impl Context {
    pub(super) fn timeout(&self, stage: Stage, limit: Duration) -> TransportError {
        let cause = match stage {
            Stage::Head => format!("no answer within {} ms", limit.as_millis()),
            Stage::Body => format!("the answer was not complete within {} ms", limit.as_millis()),
        };
        self.error(TransportErrorKind::Timeout, &cause)
    }

    pub(super) fn too_large(&self, limit: usize) -> TransportError {
        self.error(TransportErrorKind::TooLarge, &format!("the answer is larger than {limit} bytes"))
    }

    pub(super) fn proxy_refuses(&self) -> TransportError {
        let words = "the proxy wants a user name and password, or refuses the ones given (407)";
        TransportError { cause: Cause::ProxyPassword, ..self.error(TransportErrorKind::Proxy, words) }
    }

    fn error(&self, kind: TransportErrorKind, words: &str) -> TransportError {
        let cause = if kind == TransportErrorKind::Proxy { Cause::ProxyRefuses } else { Cause::Other };
        let through = self.proxy.as_ref().map(|proxy| format!(" (through proxy {proxy})")).unwrap_or_default();
        TransportError { kind, cause, host: self.host.clone(), message: format!("{}{through}: {words}", self.host) }
    }

    /// Turns reqwest's error into ours.
    pub(super) fn explain(&self, error: &reqwest::Error, stage: Stage) -> TransportError {
        let mut found = Found::default();
        found.look_at(error);
        if let Some(tls) = found.tls {
            let (cause, words) = self.tls_cause(tls);
            return TransportError { cause, ..self.error(TransportErrorKind::Tls, &words) };
        }
        if error.is_connect() && self.proxy.is_some() {
            return if found.line.contains("proxy authorization required") {
                self.proxy_refuses()
            } else if found.line.contains("unsuccessful") {
                self.error(TransportErrorKind::Proxy, "the proxy refuses to connect to this host")
            } else if error.is_timeout() {
                self.error(TransportErrorKind::Proxy, "no connection through the proxy in time")
            } else {
                self.error(TransportErrorKind::Proxy, &format!("no connection through the proxy: {}", found.last))
            };
        }
        if error.is_dns() {
            return self.error(TransportErrorKind::Dns, &format!("the name cannot be looked up: {}", found.last));
        }
        if error.is_timeout() {
            let cause = if error.is_connect() { "no connection in time" } else { "no answer in time" };
            return self.error(TransportErrorKind::Timeout, cause);
        }
        if error.is_connect() {
            return match found.io {
                Some(Io::ConnectionRefused) => {
                    self.error(TransportErrorKind::Connect, "connection refused (nothing listens there, or a firewall)")
                }
                Some(Io::ConnectionReset | Io::ConnectionAborted | Io::UnexpectedEof | Io::BrokenPipe) => {
                    self.error(TransportErrorKind::Reset, "the peer closed the connection while it was being set up")
                }
                _ => self.error(TransportErrorKind::Connect, &format!("no connection: {}", found.last)),
            };
        }
        match (stage, found.io) {
            (_, Some(Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected)) => {
                self.error(TransportErrorKind::Reset, "the peer reset the connection")
            }
            (Stage::Body, Some(Io::UnexpectedEof)) => self.error(TransportErrorKind::Truncated, "the answer broke off"),
            (Stage::Head, Some(Io::UnexpectedEof)) => {
                self.error(TransportErrorKind::Reset, "the peer closed the connection without an answer")
            }
            (Stage::Body, _) if found.incomplete => self.error(TransportErrorKind::Truncated, "the answer broke off"),
            (Stage::Head, _) if found.incomplete => {
                self.error(TransportErrorKind::Reset, "the peer closed the connection without an answer")
            }
            (_, None) if found.http2 => {
                self.error(TransportErrorKind::Reset, &format!("the peer ended the HTTP/2 stream: {}", found.last))
            }
            _ => self.error(TransportErrorKind::Protocol, &format!("not a valid HTTP answer: {}", found.last)),
        }
    }

    fn tls_cause(&self, error: &rustls::Error) -> (Cause, String) {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(other)) => match other.0.downcast_ref::<Distrust>() {
                Some(distrust) => distrust.explain(self.no_roots),
                None => (Cause::Other, format!("the server's certificate is not accepted: {}", other.0)),
            },
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) if self.no_roots => {
                (Cause::Untrusted(None), NO_ROOTS.to_owned())
            }
            rustls::Error::InvalidCertificate(other) => {
                (Cause::Other, format!("the server's certificate is not accepted: {other}"))
            }
            other => (Cause::Other, format!("the TLS handshake failed: {other}")),
        }
    }
}

/// What is worth knowing of a chain of causes.
#[derive(Default)]
struct Found<'a> {
    tls: Option<&'a rustls::Error>,
    io: Option<Io>,
    incomplete: bool,
    http2: bool,
    line: String,
    last: String,
}

impl<'a> Found<'a> {
    fn look_at(&mut self, error: &'a reqwest::Error) {
        // The first one prints the address with its query; its causes do not.
        let mut next: Option<&'a (dyn StdError + 'static)> = error.source();
        while let Some(cause) = next {
            next = cause.source();
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                self.tls = Some(tls);
            } else if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
                self.incomplete |= hyper.is_incomplete_message();
            } else if let Some(io) = cause.downcast_ref::<std::io::Error>() {
                if io.kind() != Io::Other || self.io.is_none() {
                    self.io = Some(io.kind());
                }
                // io::Error::source() skips the error that it wraps.
                if let Some(inner) = io.get_ref() {
                    next = Some(inner);
                }
            } else if let Some(inner) = cause.downcast_ref::<reqwest::Error>() {
                // Its own text may hold the address.
                next = inner.source();
                continue;
            }
            let text = cause.to_string();
            self.http2 |= text.starts_with("http2 error");
            if !text.is_empty() {
                self.line.push_str(&text);
                self.line.push('\n');
                self.last = text;
            }
        }
    }
}
