//! An access token, and what can be read from it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Lists in a token are cut here: a hostile one must not cost memory.
const MAX_LIST: usize = 500;

/// An access token. Cheap to clone; its text is wiped from memory with the last clone.
#[derive(Clone)]
pub struct AccessToken(Arc<Inner>);

struct Inner {
    secret: SecretString,
    serial: u64,
    claims: Claims,
    accepted: AtomicBool,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken(#{})", self.0.serial)
    }
}

impl AccessToken {
    pub(super) fn new(secret: SecretString, serial: u64) -> AccessToken {
        let claims = Claims::read(secret.expose_secret());
        AccessToken(Arc::new(Inner { secret, serial, claims, accepted: AtomicBool::new(false) }))
    }

    /// Graph answered a request with it as it should: a refusal later says nothing against the next token.
    pub fn accepted(&self) {
        self.0.accepted.store(true, Ordering::Relaxed);
    }

    pub(super) fn was_accepted(&self) -> bool {
        self.0.accepted.load(Ordering::Relaxed)
    }

    /// The text for `Authorization: Bearer …`. Visible ASCII.
    pub fn expose(&self) -> &str {
        self.0.secret.expose_secret()
    }

    /// Counts the tokens of one keeper from 1.
    pub fn serial(&self) -> u64 {
        self.0.serial
    }

    /// What the token says of itself. Informational: not verified, and empty where the token is opaque.
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }
}

/// What an access token says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Application permissions (`roles`).
    pub roles: Vec<String>,
    /// Delegated permissions (`scp`).
    pub scopes: Vec<String>,
    /// Whether the application acts for itself. `idtyp` says so, else the absence of `scp`; false for an opaque token.
    pub app_only: bool,
    /// `tid`.
    pub tenant_id: Option<String>,
    /// `appid` or `azp`.
    pub app_id: Option<String>,
    /// `oid`: the signed-in user, or the application's service principal.
    pub object_id: Option<String>,
}

impl Claims {
    /// Whether the token carries this permission, application or delegated.
    pub fn has(&self, permission: &str) -> bool {
        self.roles.iter().chain(&self.scopes).any(|held| held.eq_ignore_ascii_case(permission))
    }

    /// Application permissions, or the delegated ones.
    pub fn permissions(&self) -> &[String] {
        if self.roles.is_empty() { &self.scopes } else { &self.roles }
    }

    fn read(token: &str) -> Claims {
        let decode = || {
            let payload = token.split('.').nth(1)?;
            let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
            serde_json::from_slice::<Value>(&bytes).ok()
        };
        let Some(Value::Object(claims)) = decode() else { return Claims::default() };
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let scopes: Vec<String> =
            text("scp").map(|scp| scp.split_ascii_whitespace().take(MAX_LIST).map(str::to_owned).collect()).unwrap_or_default();
        let roles = match claims.get("roles") {
            Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).take(MAX_LIST).map(str::to_owned).collect(),
            Some(Value::String(role)) => vec![role.clone()],
            _ => Vec::new(),
        };
        let app_only = match text("idtyp") {
            Some(kind) => kind == "app",
            None => !claims.contains_key("scp"),
        };
        Claims {
            roles,
            scopes,
            app_only,
            tenant_id: text("tid"),
            app_id: text("appid").or_else(|| text("azp")),
            object_id: text("oid"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> AccessToken {
        AccessToken::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload)).into(), 7)
    }

    #[test]
    fn permissions_of_both_kinds() {
        let app = token(r#"{"roles":["Presence.Read.All",3],"tid":"t","appid":"a","oid":"o"}"#);
        assert!(app.claims().app_only && app.claims().has("presence.read.all") && !app.claims().has("User.Read.All"));
        assert_eq!(app.claims().tenant_id.as_deref(), Some("t"));
        let user = token(r#"{"scp":"Presence.Read.All User.Read","azp":"a","roles":null}"#);
        assert!(!user.claims().app_only && user.claims().has("User.Read"));
        assert_eq!(user.claims().app_id.as_deref(), Some("a"));
        assert!(token("{}").claims().app_only, "an application without any permission");
    }

    #[test]
    fn an_opaque_or_broken_token_is_fine() {
        for text in ["opaque", "a.b.c", "..", "a.\u{e4}.c", "e30.W10.x", "e30.eyJzY3AiOjF9.x"] {
            let token = AccessToken::new(text.to_owned().into(), 1);
            assert_eq!((token.claims().permissions().len(), token.expose()), (0, text));
        }
    }

    #[test]
    fn it_never_shows_itself() {
        let token = token(r#"{"roles":[]}"#);
        assert_eq!(format!("{token:?}"), "AccessToken(#7)");
    }
}
