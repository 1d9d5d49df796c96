//! How a request to a token endpoint ended.

use std::time::Duration;

use super::aadsts::Advice;
use super::answer::{EntraError, EntraToken, cut};
use crate::http::TransportError;

/// How a request ended.
pub(super) struct Outcome<T = EntraToken> {
    pub(super) result: Result<T, Failure>,
    /// By how much this machine's clock is ahead of Entra's, milliseconds, where Entra told its time.
    pub(super) clock_offset_ms: Option<i64>,
    pub(super) retry_after: Option<Duration>,
    pub(super) status: Option<u16>,
}

pub(super) enum Failure {
    /// Entra says no, in words that can be read.
    Entra(EntraError),
    /// Another server says no, and what it means is known.
    Told(EntraError, &'static Advice),
    /// An answer that says to come back later.
    Passing(String),
    /// The way there.
    Transport(TransportError),
    /// An answer that is none: HTML, an empty body, a redirect, 5xx without an OAuth error.
    Useless(String),
}

impl Outcome {
    /// Before anything was answered.
    pub(super) fn failed(failure: Failure) -> Outcome {
        Outcome { result: Err(failure), clock_offset_ms: None, retry_after: None, status: None }
    }
}

/// An [`Outcome`] without its result.
pub(super) struct OutcomeHead {
    pub(super) clock_offset_ms: Option<i64>,
    pub(super) retry_after: Option<Duration>,
    pub(super) status: Option<u16>,
}

impl<T> Outcome<T> {
    pub(super) fn split(self) -> (OutcomeHead, Result<T, Failure>) {
        let Outcome { result, clock_offset_ms, retry_after, status } = self;
        (OutcomeHead { clock_offset_ms, retry_after, status }, result)
    }
}

/// Makes a token or a failure of a whole answer.
pub(super) fn interpret(status: u16, body: &[u8]) -> Result<EntraToken, Failure> {
    if status != 200 {
        return Err(refusal(status, body));
    }
    match serde_json::from_slice::<EntraToken>(body) {
        Ok(token) if token.is_usable() => Ok(token),
        Ok(_) => Err(Failure::Useless(NO_BEARER.to_owned())),
        Err(_) => Err(Failure::Useless(describe(status, body))),
    }
}

/// What an answer says that is no success.
pub(super) fn refusal(status: u16, body: &[u8]) -> Failure {
    match serde_json::from_slice::<EntraError>(body) {
        Ok(error) if !error.error.is_empty() || error.code().is_some() => Failure::Entra(error),
        Ok(_) => Failure::Useless(format!("HTTP {status} with JSON that names no error")),
        Err(_) if body.is_empty() => Failure::Useless(format!("HTTP {status} without a body")),
        Err(_) => Failure::Useless(describe(status, body)),
    }
}

pub(super) const NO_BEARER: &str = "the answer holds no usable bearer token";

/// What stands in an answer that is not JSON. Nothing of a 200 is shown: it may hold a token.
pub(super) fn describe(status: u16, body: &[u8]) -> String {
    if status == 200 {
        return "HTTP 200, but not the JSON of a token: is endpoints.login right, does a gateway answer instead?".to_owned();
    }
    if (300..400).contains(&status) {
        return format!("HTTP {status}, a redirect: does a gateway or sign-in page of the network answer instead?");
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(400)]);
    let words: String = cut(&start).split_whitespace().collect::<Vec<_>>().join(" ");
    format!("HTTP {status}, not the JSON of an error: {}", words.chars().take(80).collect::<String>())
}
