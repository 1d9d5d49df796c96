//! The app registration: when its secrets and certificates expire.

use std::time::Duration;

use ::http::HeaderMap;
use serde_json::Value;

use super::client::{Endpoint, GraphClient};
use super::error::{Class, GraphError};
use crate::auth::AppCredential;
use crate::http::Limits;
use crate::time::parse_date;

const LIMITS: Limits = Limits { timeout: Duration::from_secs(30), max_body: 1 << 20 };
/// Entries looked at; a registration with more is none that a person keeps.
const MOST: usize = 1_000;

impl GraphClient {
    /// The secrets and certificates of the app registration of `client_id`. Needs Application.Read.All, or that the app owns itself and has
    /// Application.ReadWrite.OwnedBy; a registration of another tenant is not found (Microsoft Graph, "Get application"). An entry that
    /// cannot be read is left out.
    ///
    /// # Errors
    /// Those of every call; nobody is told of them.
    pub async fn app_credentials(&self, client_id: &str) -> Result<Vec<AppCredential>, GraphError> {
        let endpoint = Endpoint::Other;
        if !client_id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return Err(GraphError::plain(endpoint, Class::BadRequest, "the client id is no GUID".to_owned()));
        }
        let mut url = self.url(&format!("v1.0/applications(appId='{client_id}')"));
        url.set_query(Some("$select=passwordCredentials,keyCredentials"));
        let answer = self.get(endpoint, url, HeaderMap::new(), LIMITS).await?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let lists = [("passwordCredentials", false), ("keyCredentials", true)];
        if lists.iter().all(|(name, _)| !body[name].is_array()) {
            let message = "the app registration holds no list of credentials".to_owned();
            return Err(GraphError::plain(endpoint, Class::Unreadable, message));
        }
        let entries = |(name, certificate): (&str, bool)| -> Vec<AppCredential> {
            let list = body[name].as_array().map_or(&[][..], Vec::as_slice);
            list.iter().take(MOST).filter_map(|entry| read(entry, certificate)).collect()
        };
        Ok(lists.into_iter().flat_map(entries).collect())
    }
}

fn read(entry: &Value, certificate: bool) -> Option<AppCredential> {
    let text = |name: &str| entry[name].as_str().filter(|text| text.len() <= 200).map(str::to_owned);
    Some(AppCredential {
        certificate,
        hint: text("hint"),
        thumbprint: text("customKeyIdentifier"),
        end_ms: parse_date(&text("endDateTime")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_of_any_shape() {
        let read = |entry: Value| read(&entry, false);
        let whole =
            json!({ "hint": "Q3p", "endDateTime": "2027-01-10T09:00:00Z", "secretText": null, "customKeyIdentifier": null });
        let expected = AppCredential { hint: Some("Q3p".to_owned()), end_ms: 1_799_571_600_000, ..AppCredential::default() };
        assert_eq!(read(whole), Some(expected));
        for broken in [json!({}), json!(null), json!([]), json!({ "endDateTime": 7 }), json!({ "endDateTime": "soon" })] {
            assert_eq!(read(broken.clone()), None, "{broken}");
        }
        let odd = read(json!({ "hint": 7, "endDateTime": "2027-01-10T09:00:00Z" })).expect("an end");
        assert_eq!(odd.hint, None);
    }
}
