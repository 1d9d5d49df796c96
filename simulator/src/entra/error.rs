//! The error body of the token endpoint.

use serde_json::json;

use super::answer::headers;
use super::catalogue::entry;
use crate::clock::entra_stamp;
use crate::guid;
use crate::reply::Reply;
use crate::world::Call;

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct TokenError {
    pub(crate) code: u32,
    status: u16,
    error: String,
    text: String,
    suberror: Option<String>,
}

/// `invalid_client` is 401, what passes is 503, everything else 400.
fn status_of(error: &str) -> u16 {
    match error {
        "invalid_client" => 401,
        "temporarily_unavailable" => 503,
        _ => 400,
    }
}

impl TokenError {
    /// The number's own error and sentence.
    pub(crate) fn new(code: u32) -> Self {
        Self::injected(code, None, None)
    }

    /// The number's own error, with a sentence that names the thing.
    pub(crate) fn about(code: u32, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::new(code) }
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::about(900144, format!("The request body must contain the following parameter: '{parameter}'."))
    }

    pub(crate) fn injected(code: u32, error: Option<&str>, suberror: Option<&str>) -> Self {
        let known = entry(code);
        let error = error.or(known.map(|k| k.error)).unwrap_or("invalid_request");
        Self {
            code,
            status: status_of(error),
            error: error.to_owned(),
            text: known.map_or("An error injected by the simulator.", |k| k.text).to_owned(),
            suberror: suberror.map(str::to_owned),
        }
    }

    /// RFC 8628: asked too often. It has no number.
    pub(crate) fn slow_down() -> Self {
        Self {
            status: 400,
            text: "The device code is asked about too often.".to_owned(),
            ..Self::transport(400, Some("slow_down"))
        }
    }

    /// A status from in front of Entra: an OAuth error without a number.
    pub(crate) fn transport(status: u16, error: Option<&str>) -> Self {
        let usual = if status == 429 || status >= 500 { "temporarily_unavailable" } else { "invalid_request" };
        Self {
            code: 0,
            status,
            error: error.unwrap_or(usual).to_owned(),
            text: "An error injected by the simulator.".to_owned(),
            suberror: None,
        }
    }

    pub(crate) fn reply(&self, call: &Call) -> Reply {
        let stamp = entra_stamp(call.now);
        let trace = guid::text(call.request_id);
        let correlation = call.client_request_id().map_or_else(|| guid::text(guid::fresh()), str::to_owned);
        let number = if self.code == 0 { String::new() } else { format!("AADSTS{}: ", self.code) };
        let mut body = json!({
            "error": self.error,
            "error_description":
                format!("{number}{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}", self.text),
            "error_codes": if self.code == 0 { vec![] } else { vec![self.code] },
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        if self.code != 0 {
            body["error_uri"] = format!("https://login.microsoftonline.com/error?code={}", self.code).into();
        }
        if let Some(suberror) = &self.suberror {
            body["suberror"] = suberror.as_str().into();
        }
        headers(Reply::json(self.status, &body), call)
    }
}
