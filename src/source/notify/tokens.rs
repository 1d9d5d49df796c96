//! `validationTokens`: the proof that a rich notification comes from Microsoft Graph.
//!
//! Signed by Microsoft Entra for our application as audience, on behalf of the app Microsoft Graph Change Tracking, and issued by the tenant
//! that the item is about (Microsoft Graph: change notifications with resource data, 2026-04-17). The page's sample code checks the issuer of
//! version 1, its sample token is of version 2: both are good.

use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use super::envelope::MAX_TOKEN;
use super::key_set::KeySet;
use crate::presence::Guid;

/// Microsoft Graph Change Tracking, which sends notifications.
pub const CHANGE_TRACKING: Guid = Guid(0x0bf3_0f3b_4a52_48df_9a82_2349_10c4_a086);

/// How far the two clocks may be apart, seconds. What Microsoft's own libraries allow.
const LEEWAY_S: i64 = 300;

/// Why no token proves an item. Where several tokens came, the reason of the one that came closest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TokenError {
    /// There is none: Graph cannot issue one where the app's service principal demands an assignment (`appRoleAssignmentRequired`).
    #[error("no validation token")]
    Missing,
    /// No JWT, or without a claim that it must have.
    #[error("not a readable token")]
    Malformed,
    /// Not RS256.
    #[error("signed by an algorithm that Microsoft Entra does not use here")]
    Algorithm,
    /// Signed with another key than it names, or not by Entra.
    #[error("the signature is wrong")]
    Signature,
    /// Of another tenant than the item, or issued by somebody else.
    #[error("issued for another tenant")]
    Tenant,
    /// For another application.
    #[error("issued for another application")]
    Audience,
    /// For another sender than Graph.
    #[error("issued to another sender than Microsoft Graph")]
    Caller,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("not valid yet")]
    NotYet,
    /// Signed with a key that is not in the set: fetch it and check again.
    #[error("signed with a key that is not known")]
    UnknownKey {
        /// The key's id.
        kid: String,
    },
}

/// What a token must say.
#[derive(Clone, Debug)]
pub struct TokenRules {
    client_id: Guid,
    accept_missing: bool,
    login: Vec<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    tid: Guarded,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    azp: Option<Guarded>,
    #[serde(default)]
    appid: Option<Guarded>,
}

/// A GUID of a claim.
struct Guarded(Guid);

impl<'de> Deserialize<'de> for Guarded {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Guarded, D::Error> {
        String::deserialize(deserializer)?.parse().map(Guarded).map_err(serde::de::Error::custom)
    }
}

impl TokenRules {
    /// Tokens for this application, issued by the global cloud. `accept_missing`: an item without any token counts as proven by its
    /// `clientState` alone.
    pub fn new(client_id: Guid, accept_missing: bool) -> TokenRules {
        TokenRules { client_id, accept_missing, login: vec!["https://login.microsoftonline.com".to_owned()] }
    }

    /// Also those issued by `{login}/{tenant}/v2.0`, where the configuration replaces the host.
    #[must_use]
    pub fn also_issued_by(mut self, login: &str) -> TokenRules {
        self.login.push(login.trim_end_matches('/').to_owned());
        self
    }

    /// Whether one of the tokens proves the items of `tenant`. A notification may carry tokens for other tenants and applications beside it, so
    /// the others do not matter.
    ///
    /// # Errors
    /// None does.
    pub fn prove(&self, tokens: Option<&[String]>, tenant: Guid, keys: &KeySet, now_wall_ms: i64) -> Result<(), TokenError> {
        let tokens = tokens.unwrap_or_default();
        if tokens.is_empty() {
            return if self.accept_missing { Ok(()) } else { Err(TokenError::Missing) };
        }
        let mut closest = TokenError::Missing;
        for token in tokens {
            match self.check(token, tenant, keys, now_wall_ms) {
                Ok(()) => return Ok(()),
                Err(error) => closest = closest.max(error),
            }
        }
        Err(closest)
    }

    /// One token.
    fn check(&self, token: &str, tenant: Guid, keys: &KeySet, now_wall_ms: i64) -> Result<(), TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Malformed);
        }
        // An algorithm that the library does not know, `none` among them, is an error of the header already.
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        if header.alg != Algorithm::RS256 {
            return Err(TokenError::Algorithm);
        }
        let kid = header.kid.ok_or(TokenError::Malformed)?;
        let Some(signer) = keys.find(&kid) else {
            return Err(self.worth_a_key(token, tenant, kid, now_wall_ms));
        };
        let mut rules = Validation::new(Algorithm::RS256);
        // Whose and when is checked below: strictly texts, and by a clock that tests can move.
        rules.required_spec_claims.clear();
        (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
        let claims = jsonwebtoken::decode::<Claims>(token, &signer.key, &rules)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenError::Signature,
                _ => TokenError::Malformed,
            })?
            .claims;
        if signer.tenant.is_some_and(|only| only != tenant) {
            return Err(TokenError::Tenant);
        }
        self.judge(&claims, tenant, now_wall_ms)
    }

    /// Whether the key set is worth a fetch for this token: what it says of itself must be right, were it signed.
    fn worth_a_key(&self, token: &str, tenant: Guid, kid: String, now_wall_ms: i64) -> TokenError {
        match jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token) {
            Ok(claims) => self.judge(&claims, tenant, now_wall_ms).err().unwrap_or(TokenError::UnknownKey { kid }),
            Err(_) => TokenError::Malformed,
        }
    }

    fn judge(&self, claims: &Claims, tenant: Guid, now_wall_ms: i64) -> Result<(), TokenError> {
        let tid = claims.tid.0;
        if tid != tenant || !self.issued_by(&claims.iss, tenant) {
            return Err(TokenError::Tenant);
        }
        if claims.aud.parse() != Ok(self.client_id) {
            return Err(TokenError::Audience);
        }
        // Version 2 says `azp`, version 1 `appid`; whichever is there must be right.
        let mut callers = [&claims.azp, &claims.appid].into_iter().flatten();
        let named = claims.azp.is_some() || claims.appid.is_some();
        if !named || !callers.all(|caller| caller.0 == CHANGE_TRACKING) {
            return Err(TokenError::Caller);
        }
        let now = now_wall_ms.div_euclid(1_000);
        if claims.exp.saturating_add(LEEWAY_S) <= now {
            return Err(TokenError::Expired);
        }
        if claims.nbf.is_some_and(|from| from.saturating_sub(LEEWAY_S) > now) {
            return Err(TokenError::NotYet);
        }
        Ok(())
    }

    fn issued_by(&self, issuer: &str, tenant: Guid) -> bool {
        let of_tenant = |rest: &str| rest.parse() == Ok(tenant);
        let version1 = issuer.strip_prefix("https://sts.windows.net/").and_then(|rest| rest.strip_suffix('/'));
        version1.is_some_and(of_tenant)
            || self.login.iter().any(|login| {
                let rest = issuer.strip_prefix(login.as_str()).and_then(|rest| rest.strip_prefix('/'));
                rest.and_then(|rest| rest.strip_suffix("/v2.0")).is_some_and(of_tenant)
            })
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
