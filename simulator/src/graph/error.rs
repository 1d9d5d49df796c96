//! Graph's error body.

use serde_json::json;

use super::header::common_headers;
use crate::clock::iso_bare;
use crate::guid;
use crate::reply::Reply;
use crate::world::Call;

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct GraphError {
    status: u16,
    /// Graph leaves it out here and there.
    code: Option<String>,
    message: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: Some(code.to_owned()), message: message.into(), headers: Vec::new() }
    }

    /// The same without a code.
    pub(crate) fn without_code(mut self) -> Self {
        self.code = None;
        self
    }

    /// 400 of the directory.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// 400: a query that the directory does not do.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// 401: the bearer token is refused.
    pub(crate) fn token(message: &str) -> Self {
        let mut error = Self::new(401, "InvalidAuthenticationToken", message);
        error.headers.push((
            "www-authenticate",
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
             client_id=\"00000003-0000-0000-c000-000000000000\""
                .to_owned(),
        ));
        error
    }

    /// 403 of the directory.
    pub(crate) fn directory_denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// 403 of presence.
    pub(crate) fn presence_denied() -> Self {
        Self::new(403, "Forbidden", "Access is denied: the token lacks a permission for presence.")
    }

    pub(crate) fn not_found(id: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present."),
        )
    }

    pub(crate) fn reply(&self, call: &Call) -> Reply {
        let request = guid::text(call.request_id);
        let mut inner = json!({
            "date": iso_bare(call.now),
            "request-id": request,
            "client-request-id": call.client_request_id().unwrap_or(&request),
        });
        if self.status == 429 {
            inner["code"] = "429".into();
            inner["status"] = "429".into();
            inner["message"] = "Please retry after".into();
        }
        let mut body = json!({"error": {"message": self.message, "innerError": inner}});
        if let Some(code) = &self.code {
            body["error"]["code"] = code.as_str().into();
        }
        let mut reply =
            common_headers(Reply::new(self.status).with_body("application/json", body.to_string().into_bytes()), call);
        for (name, value) in &self.headers {
            reply = reply.with(name, value);
        }
        reply
    }
}
