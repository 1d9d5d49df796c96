//! The form of a token request.

use http::Method;

use super::error::TokenError;
use crate::world::Call;

/// The form of a token request.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The form of a POST.
    pub(super) fn of(call: &Call) -> Result<Form, TokenError> {
        if call.method != Method::POST {
            return Err(TokenError::new(900561));
        }
        let kind = call.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(TokenError::missing("grant_type"));
        }
        Ok(Form(url::form_urlencoded::parse(&call.body).into_owned().collect()))
    }

    /// A parameter that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    pub(super) fn require(&self, name: &str) -> Result<&str, TokenError> {
        self.get(name).ok_or_else(|| TokenError::missing(name))
    }
}
