//! One request to the token endpoint, without the headers of the answer lost (Retry-After, Date).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;
use zeroize::Zeroizing;

use super::outcome::{Failure, Outcome};
use crate::event::{Counters, Endpoint};
use crate::http::{HttpClient, Limits, Request, TransportError, TransportErrorKind};
use crate::time::Clock;

pub(super) const LIMITS: Limits = Limits { timeout: Duration::from_secs(30), max_body: 256 << 10 };

/// What is kept of the head of an answer.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) clock_offset_ms: Option<i64>,
}

/// The answer to a plain request.
pub(super) struct Answered {
    pub(super) seen: Option<Seen>,
    pub(super) body: Result<Vec<u8>, TransportError>,
}

impl Answered {
    /// Makes a token of it, or a failure.
    pub(super) fn read<T>(self, read: impl FnOnce(u16, &[u8]) -> Result<T, Failure>) -> Outcome<T> {
        let status = self.seen.map(|seen| seen.status);
        let result = match &self.body {
            Ok(body) => read(status.unwrap_or(0), body),
            Err(error) => Err(Failure::Transport(error.clone())),
        };
        let Seen { retry_after, clock_offset_ms, .. } = self.seen.unwrap_or_default();
        Outcome { result, clock_offset_ms, retry_after, status }
    }
}

/// The way to the token endpoint.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) http: HttpClient,
    pub(super) clock: Clock,
    pub(super) counters: Arc<Counters>,
}

impl Exchange {
    /// Posts a form.
    pub(super) async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answered {
        let url = match Url::parse(url) {
            Ok(url) => url,
            Err(error) => {
                let error = TransportError::new(TransportErrorKind::Protocol, url, &error.to_string());
                return Answered { seen: None, body: Err(error) };
            }
        };
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let sent = form.len() as u64;
        let body = Some(Bytes::from_owner(Zeroizing::new(form)));
        self.call(Request { method: Method::POST, url, headers, body }, LIMITS, sent).await
    }

    /// Sends any request; `sent` is the length of its body.
    pub(super) async fn call(&self, mut request: Request, limits: Limits, sent: u64) -> Answered {
        // Finds the attempt in Microsoft's logs.
        if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
            request.headers.insert("client-request-id", id);
        }
        let answer = self.http.send(request, limits).await;
        let now = self.clock.now();
        match answer {
            Ok(answer) => {
                self.counters.request(Endpoint::Token, answer.status.as_u16());
                self.counters.bytes(answer.body.len() as u64, sent);
                let seen = Seen {
                    status: answer.status.as_u16(),
                    retry_after: answer.retry_after(now.wall_ms),
                    clock_offset_ms: answer.date_ms().map(|theirs| now.wall_ms - theirs),
                };
                Answered { seen: Some(seen), body: Ok(answer.body) }
            }
            Err(error) => {
                self.counters.network_error();
                Answered { seen: None, body: Err(error) }
            }
        }
    }
}
