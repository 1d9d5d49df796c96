//! The app's own presence session of a person: `POST /users/{id}/presence/setPresence` and `clearPresence`.
//!
//! The session's id is the application id of the caller; `expirationDuration` lies between PT5M and PT4H, after which the session is Offline.
//! What the world sees is an aggregate of all sessions of a person, with a delay of up to minutes (Microsoft Graph, presence: setPresence,
//! presence: clearPresence, manage presence state).

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::client::{Endpoint, GraphClient};
use super::error::{Class, GraphError};
use crate::http::Limits;
use crate::presence::Guid;

const LIMITS: Limits = Limits { timeout: Duration::from_secs(30), max_body: 1 << 20 };

impl GraphClient {
    /// Shows the person as Busy, in a call, for this long. Asking again begins the time anew. Waits for its turn in the presence budget.
    ///
    /// # Errors
    /// Those of every call. After a time-out or a broken connection it may have been done all the same.
    pub async fn show_in_call(&self, person: Guid, client_id: &str, expiration_ms: u64) -> Result<(), GraphError> {
        let body = json!({
            "sessionId": client_id,
            "availability": "Busy",
            "activity": "InACall",
            "expirationDuration": duration(expiration_ms),
        });
        self.session(person, "setPresence", &body).await
    }

    /// Ends the app's session of the person. Graph answers 404 where there is none: that is what was wanted.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn clear_session(&self, person: Guid, client_id: &str) -> Result<(), GraphError> {
        match self.session(person, "clearPresence", &json!({ "sessionId": client_id })).await {
            Err(error) if error.class == Class::NotFound => Ok(()),
            other => other,
        }
    }

    async fn session(&self, person: Guid, action: &str, body: &serde_json::Value) -> Result<(), GraphError> {
        let url = self.url(&format!("v1.0/users/{person}/presence/{action}"));
        self.post(Endpoint::Sessions, url, Bytes::from(body.to_string()), LIMITS, Vec::new()).await.map(|_| ())
    }
}

/// ISO 8601, whole seconds.
fn duration(ms: u64) -> String {
    format!("PT{}S", ms / 1_000)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        assert_eq!([300_000, 600_000, 14_400_000, 300_999].map(duration), ["PT300S", "PT600S", "PT14400S", "PT300S"]);
    }
}
