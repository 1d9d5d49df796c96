//! Entra's answers. Everything in them can be missing, of another type or hostile.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{
    AccessToken, EndpointNotSet, EndpointSet, ErrorResponse, RefreshToken, Scope, StandardRevocableToken, TokenResponse,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// An oauth2 client that reads these answers.
pub(super) type Client = oauth2::Client<
    EntraError,
    EntraToken,
    oauth2::StandardTokenIntrospectionResponse<oauth2::EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    oauth2::basic::BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Longest text of an answer that is kept, in characters.
const MAX_TEXT: usize = 300;

/// The answer with a token. oauth2's own type refuses `expires_in` as a string and a missing `token_type`, which Entra's relatives send.
#[derive(Deserialize, Serialize)]
pub(super) struct EntraToken {
    access_token: AccessToken,
    #[serde(default, deserialize_with = "text")]
    token_type: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
}

impl EntraToken {
    /// Whether Graph can use it: a bearer token, or one of unstated type, of characters that fit a header.
    pub(super) fn is_usable(&self) -> bool {
        let token = self.access_token.secret();
        (self.token_type.is_empty() || self.token_type.eq_ignore_ascii_case("bearer"))
            && (1..=65_536).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic())
    }

    pub(super) fn expires_in_s(&self) -> Option<u64> {
        self.expires_in
    }

    /// Wiped from memory with the last clone of what the caller makes of it.
    pub(super) fn take_refresh_token(&mut self) -> Option<RefreshToken> {
        self.refresh_token.take()
    }

    pub(super) fn into_secret(self) -> String {
        self.access_token.into_secret()
    }
}

impl fmt::Debug for EntraToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl TokenResponse for EntraToken {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }
    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }
    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }
    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }
    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// The answer with an error.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub(super) struct EntraError {
    #[serde(default, deserialize_with = "text")]
    pub(super) error: String,
    #[serde(default, deserialize_with = "text")]
    error_description: String,
    #[serde(default, deserialize_with = "first_number")]
    error_codes: Option<u32>,
    #[serde(default, deserialize_with = "text")]
    pub(super) suberror: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) correlation_id: String,
}

impl EntraError {
    /// An error of one word, for an answer that names none.
    pub(super) fn word(error: &str) -> EntraError {
        EntraError { error: error.to_owned(), ..EntraError::default() }
    }

    /// The AADSTS number: the first of `error_codes`, else the one in the description.
    pub(super) fn code(&self) -> Option<u32> {
        self.error_codes.or_else(|| {
            let after = self.error_description.split_once("AADSTS")?.1;
            let digits = after.find(|c: char| !c.is_ascii_digit()).map_or(after, |end| &after[..end]);
            digits.parse().ok()
        })
    }

    /// The first line of the description, without the ids that follow it.
    pub(super) fn detail(&self) -> &str {
        let line = self.error_description.lines().next().unwrap_or_default();
        line.find(" Trace ID:").map_or(line, |end| &line[..end]).trim()
    }
}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.detail())
    }
}

impl ErrorResponse for EntraError {}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => cut(&text),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

/// Without control characters but line ends, at most [`MAX_TEXT`] characters.
pub(super) fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').take(MAX_TEXT).collect()
}

/// Whole seconds, as a number or as a string.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().filter(|s| *s >= 0.0).map(|s| s as u64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

fn first_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_u64().and_then(|code| code.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(codes) => codes.iter().find_map(number),
        one => number(&one),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(json: &str) -> EntraToken {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn a_token_answer_in_every_spelling() {
        for (json, seconds) in [
            (r#"{"token_type":"Bearer","expires_in":3599,"access_token":"abc"}"#, Some(3_599)),
            (r#"{"token_type":"BEARER","expires_in":"3599","access_token":"abc","ext_expires_in":1}"#, Some(3_599)),
            (r#"{"access_token":"abc","expires_in":3599.7}"#, Some(3_599)),
            (r#"{"access_token":"abc","expires_in":-5,"token_type":null}"#, None),
            (r#"{"access_token":"abc","expires_in":"soon","scope":["x"]}"#, None),
            (r#"{"access_token":"abc","expires_in":1e30}"#, Some(u64::MAX)),
            (r#"{"access_token":"abc","expires_in":{}}"#, None),
        ] {
            let token = token(json);
            assert!(token.is_usable(), "{json}");
            assert_eq!(token.expires_in_s(), seconds, "{json}");
        }
    }

    #[test]
    fn tokens_that_no_header_can_carry_are_not_used() {
        for json in [
            r#"{"access_token":""}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\r\nX: y"}"#,
            r#"{"access_token":"ä"}"#,
            r#"{"access_token":"abc","token_type":"pop"}"#,
        ] {
            assert!(!token(json).is_usable(), "{json}");
        }
        assert!(!token(&format!(r#"{{"access_token":"{}"}}"#, "a".repeat(70_000))).is_usable());
        for json in [r#"{"access_token":7}"#, "{}", "[]"] {
            assert!(serde_json::from_str::<EntraToken>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_error_answer_and_its_number() {
        let error: EntraError = serde_json::from_str(
            r#"{"error":"invalid_client","error_description":"AADSTS7000222: The keys are expired. Trace ID: 1\r\nCorrelation ID: 2",
                "error_codes":[7000222],"correlation_id":"aaaa","claims":{"x":1}}"#,
        )
        .expect("an error");
        assert_eq!((error.code(), error.detail()), (Some(7000222), "AADSTS7000222: The keys are expired."));
        for (json, code) in [
            (r#"{"error":"e","error_description":"AADSTS50126: wrong"}"#, Some(50126)),
            (r#"{"error":"e","error_codes":["50053"]}"#, Some(50053)),
            (r#"{"error":"e","error_codes":50053}"#, Some(50053)),
            (r#"{"error":"e","error_codes":[]}"#, None),
            (r#"{"error":"e","error_codes":[99999999999999999999]}"#, None),
            (r#"{"error":["e"],"error_description":"AADSTSx"}"#, None),
        ] {
            assert_eq!(serde_json::from_str::<EntraError>(json).expect(json).code(), code, "{json}");
        }
        let long = format!(r#"{{"error":"e","error_description":"{}\u0007"}}"#, "ä".repeat(9_000));
        assert_eq!(serde_json::from_str::<EntraError>(&long).expect("long").detail().chars().count(), MAX_TEXT);
    }
}
