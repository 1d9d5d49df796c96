//! What went wrong with a call of Graph.
//!
//! The status decides: the body may be missing, HTML from a gateway, or have an empty code, and its message is for developers and may
//! change (Microsoft Graph, error responses).

use std::fmt;
use std::time::Duration;

use ::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::permission::Diagnosis;
use crate::event::Endpoint;
use crate::http::{TransportError, TransportErrorKind};

/// A body longer than this is no error of Graph's and is not looked into.
const LONGEST_BODY: usize = 64 * 1024;
/// How much of a foreign text is kept.
const LONGEST_TEXT: usize = 400;

/// A failed call.
#[derive(Clone, Debug)]
pub struct GraphError {
    /// Which kind of request.
    pub endpoint: Endpoint,
    /// What it means.
    pub class: Class,
    /// What was said.
    pub facts: Box<Facts>,
}

/// What a failure means for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// No token. The sign-in reports and schedules itself: before this moment (monotonic) it sends nothing but a changed credential.
    SignIn {
        /// When the sign-in is tried again.
        next_try_mono_ms: u64,
    },
    /// 401, and again with a new token.
    Unauthorized,
    /// 403.
    Forbidden(Diagnosis),
    /// 429, or 503 with a time to wait. Everybody who shares the budget waits already.
    Throttled {
        /// How long.
        retry_after: Duration,
        /// Whether Graph named the time.
        stated: bool,
    },
    /// Another 5xx: transient.
    Unavailable,
    /// 400, or another status that repeating will not mend.
    BadRequest,
    /// 404.
    NotFound,
    /// 410, or a code that says the same: the state behind a delta or next link is gone.
    Gone,
    /// The answer is larger than we take.
    TooLarge,
    /// A good status and an answer that cannot be read.
    Unreadable,
    /// No answer.
    Transport(TransportErrorKind),
}

/// What the answer said, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The most specific code that is not empty.
    pub code: String,
    /// The message for developers, or our own words.
    pub message: String,
    /// Graph's id of the request.
    pub request_id: Option<String>,
    /// How the way there failed, where there was no answer.
    pub way: Option<Box<TransportError>>,
}

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(what: impl Into<String>) -> Unreadable {
        Unreadable(what.into())
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl GraphError {
    pub(super) fn unreadable(endpoint: Endpoint, what: Unreadable, request_id: Option<String>) -> GraphError {
        let facts = Facts { status: Some(200), message: what.0, request_id, ..Facts::default() };
        GraphError { endpoint, class: Class::Unreadable, facts: Box::new(facts) }
    }

    pub(super) fn plain(endpoint: Endpoint, class: Class, message: String) -> GraphError {
        GraphError { endpoint, class, facts: Box::new(Facts { message, ..Facts::default() }) }
    }

    pub(super) fn transport(endpoint: Endpoint, class: Class, error: TransportError) -> GraphError {
        let facts = Facts { message: error.message.clone(), way: Some(Box::new(error)), ..Facts::default() };
        GraphError { endpoint, class, facts: Box::new(facts) }
    }

    /// How far the request came: `dns`, `proxy`, `connect`, `tls`, `request`, `status` or `body`.
    pub fn stage(&self) -> &'static str {
        match &self.class {
            Class::Transport(kind) => match kind {
                TransportErrorKind::Dns => "dns",
                TransportErrorKind::Connect => "connect",
                TransportErrorKind::Tls => "tls",
                TransportErrorKind::Proxy => "proxy",
                TransportErrorKind::Timeout | TransportErrorKind::Reset => "request",
                TransportErrorKind::TooLarge | TransportErrorKind::Truncated | TransportErrorKind::Protocol => "body",
            },
            Class::TooLarge | Class::Unreadable => "body",
            _ => "status",
        }
    }

    /// Whether the service as a whole does not answer usefully: no answer, 5xx, or not Graph's words.
    pub fn is_outage(&self) -> bool {
        matches!(self.class, Class::Transport(_) | Class::Unavailable | Class::Unreadable)
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.facts.status {
            write!(f, "HTTP {status}")?;
            if !self.facts.code.is_empty() {
                write!(f, " {}", self.facts.code)?;
            }
            if !self.facts.message.is_empty() {
                write!(f, ": {}", self.facts.message)?;
            }
        } else {
            f.write_str(&self.facts.message)?;
        }
        if let Class::Forbidden(diagnosis) = &self.class {
            write!(f, " ({diagnosis})")?;
        }
        if let Some(id) = &self.facts.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for GraphError {}

impl Facts {
    /// Reads an answer that is no success.
    pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Facts {
        let mut facts = Facts { status: Some(status.as_u16()), ..Facts::default() };
        let parsed: Option<Value> = (body.len() <= LONGEST_BODY).then(|| serde_json::from_slice(body).ok()).flatten();
        match parsed.as_ref().map(|value| &value["error"]) {
            Some(Value::Object(error)) => facts.descend(error, 0),
            // The shape of OAuth: a gateway of the identity platform may stand in front.
            Some(Value::String(code)) => {
                facts.code = bounded(code);
                facts.message =
                    parsed.as_ref().and_then(|value| value["error_description"].as_str()).map(bounded).unwrap_or_default();
            }
            _ => {}
        }
        let headed = header(headers, "request-id");
        if headed.is_some() {
            facts.request_id = headed;
        }
        let challenged = |value: &::http::HeaderValue| value.as_bytes().windows(19).any(|part| part == b"insufficient_claims");
        if facts.code.is_empty() && headers.get_all(::http::header::WWW_AUTHENTICATE).iter().any(challenged) {
            facts.code = "insufficient_claims".to_owned();
        }
        if facts.message.is_empty() && facts.code.is_empty() {
            facts.message = what_it_is(headers, body);
        }
        facts
    }

    /// `innerError` nests, in two spellings; a deeper code is more specific. Where the outer one is the known word of a class, it is kept.
    fn descend(&mut self, error: &serde_json::Map<String, Value>, depth: usize) {
        let text = |name: &str| error.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(code) = text("code").filter(|_| self.code.is_empty()) {
            self.code = bounded(code);
        }
        if let Some(message) = text("message").filter(|_| self.message.is_empty()) {
            self.message = bounded(message);
        }
        if let Some(id) = text("request-id").or_else(|| text("requestId")) {
            self.request_id = Some(bounded(id));
        }
        let inner = error.get("innerError").or_else(|| error.get("innererror")).and_then(Value::as_object);
        if let Some(inner) = inner.filter(|_| depth < 8) {
            self.descend(inner, depth + 1);
        }
    }

    /// Whether the code says that a link's state is gone, whatever the status.
    pub(super) fn says_gone(&self) -> bool {
        ["resyncRequired", "syncStateNotFound", "syncStateInvalid", "Directory_ExpiredPageToken"]
            .iter()
            .any(|code| self.code.eq_ignore_ascii_case(code))
    }
}

/// The class by status alone, for everything that needs no look at the token or the clock.
pub(super) fn class_of(status: StatusCode, facts: &Facts) -> Class {
    match status.as_u16() {
        _ if facts.says_gone() => Class::Gone,
        404 => Class::NotFound,
        410 => Class::Gone,
        408 | 500 | 502..=599 => Class::Unavailable,
        400..=499 | 501 => Class::BadRequest,
        // A success without a body, a redirect or an informational answer: not what Graph does on these paths, so something in between answered.
        _ => Class::Unreadable,
    }
}

fn what_it_is(headers: &HeaderMap, body: &[u8]) -> String {
    let kind = header(headers, "content-type").unwrap_or_else(|| "no content type".to_owned());
    match body.len() {
        0 => "an empty answer".to_owned(),
        len => format!("an answer of {len} bytes that is no error of Graph's ({kind})"),
    }
}

/// A header as bounded text.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty()).map(bounded)
}

fn bounded(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Facts {
        Facts::read(StatusCode::from_u16(status).expect("a status"), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn graphs_own_shape_in_both_spellings() {
        for spelling in ["innerError", "innererror"] {
            let facts = read(
                403,
                &format!(
                    r#"{{"error":{{"code":"Authorization_RequestDenied","message":"Insufficient\nprivileges",
                    "{spelling}":{{"code":"deeper","date":"x","request-id":"93b6f17e","client-request-id":"e70c5c1b"}}}}}}"#
                ),
            );
            assert_eq!(facts.code, "Authorization_RequestDenied");
            assert_eq!(facts.message, "Insufficient privileges");
            assert_eq!(facts.request_id.as_deref(), Some("93b6f17e"));
        }
    }

    #[test]
    fn an_empty_code_takes_the_next_deeper_one() {
        let facts =
            read(403, r#"{"error":{"code":"","message":"","innererror":{"code":"UnknownError","innererror":{"message":"m"}}}}"#);
        assert_eq!((facts.code.as_str(), facts.message.as_str()), ("UnknownError", "m"));
    }

    #[test]
    fn what_is_not_graphs_is_described() {
        assert!(read(504, "").message.contains("empty"));
        assert!(read(503, "<html>Gateway</html>").message.contains("20 bytes"));
        assert_eq!(read(400, r#"{"error":"invalid_request","error_description":"d"}"#).code, "invalid_request");
        assert!(!read(500, "null").message.is_empty());
        assert!(!read(500, &"[".repeat(1_000_000)).message.is_empty());
        assert!(!read(500, r#"{"error":[1]}"#).message.is_empty());
        let long = read(400, &format!(r#"{{"error":{{"code":"c","message":"{}"}}}}"#, "m".repeat(5_000)));
        assert_eq!(long.message.len(), LONGEST_TEXT);
    }

    #[test]
    fn a_claims_challenge_is_named() {
        let mut headers = HeaderMap::new();
        headers.append("www-authenticate", "Bearer realm=\"\"".parse().expect("header"));
        headers.append("www-authenticate", "Bearer error=\"insufficient_claims\", claims=\"e30=\"".parse().expect("header"));
        headers.insert("request-id", "r1".parse().expect("header"));
        let facts = Facts::read(StatusCode::UNAUTHORIZED, &headers, b"");
        assert_eq!((facts.code.as_str(), facts.request_id.as_deref()), ("insufficient_claims", Some("r1")));
    }

    #[test]
    fn statuses_and_their_classes() {
        let class = |status: u16, code: &str| {
            let facts = Facts { code: code.to_owned(), ..Facts::default() };
            class_of(StatusCode::from_u16(status).expect("a status"), &facts)
        };
        for (status, code, want) in [
            (400, "BadRequest", Class::BadRequest),
            (400, "ResyncRequired", Class::Gone),
            (400, "Directory_ExpiredPageToken", Class::Gone),
            (404, "", Class::NotFound),
            (410, "", Class::Gone),
            (413, "", Class::BadRequest),
            (500, "", Class::Unavailable),
            (501, "", Class::BadRequest),
            (502, "", Class::Unavailable),
            (504, "", Class::Unavailable),
            (509, "", Class::Unavailable),
            (204, "", Class::Unreadable),
            (302, "", Class::Unreadable),
        ] {
            assert_eq!(class(status, code), want, "{status} {code}");
        }
    }
}
