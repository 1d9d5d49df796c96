//! The public keys with which Microsoft Entra signs tokens, read from a JSON Web Key Set.

use std::collections::HashMap;
use std::fmt;

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::presence::Guid;

/// Keys kept of one set. Entra shows about ten.
const MOST_KEYS: usize = 100;
/// Longest `kid`. Entra's have 27 letters.
const MAX_KID: usize = 256;

/// The body is no key set, or has no key that could sign a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key set with an RSA key for signatures")]
pub struct NoKeys;

/// Keys by their id.
#[derive(Default)]
pub struct KeySet(HashMap<String, SigningKey>);

pub(super) struct SigningKey {
    pub(super) key: DecodingKey,
    /// The only tenant for which this key signs, where the set says so.
    pub(super) tenant: Option<Guid>,
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// RFC 7517; `issuer` is Entra's own.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    n: String,
    e: String,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    issuer: Option<String>,
}

impl KeySet {
    /// Reads a set. A key that cannot be read, or is not for RS256, is left out.
    ///
    /// # Errors
    /// No key is left.
    pub fn read(body: &[u8]) -> Result<KeySet, NoKeys> {
        let set: Set<'_> = serde_json::from_slice(body).map_err(|_| NoKeys)?;
        let keys: HashMap<_, _> = set.keys.into_iter().take(MOST_KEYS).filter_map(|raw| key(raw.get())).collect();
        if keys.is_empty() { Err(NoKeys) } else { Ok(KeySet(keys)) }
    }

    /// Whether a key of this id is there.
    pub fn knows(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none, as before the first fetch.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.0.get(kid)
    }
}

fn key(json: &str) -> Option<(String, SigningKey)> {
    let jwk: Jwk = serde_json::from_str(json).ok()?;
    let signs = jwk.purpose.is_none_or(|purpose| purpose == "sig") && jwk.alg.is_none_or(|alg| alg == "RS256");
    if jwk.kty != "RSA" || !signs || jwk.kid.is_empty() || jwk.kid.len() > MAX_KID {
        return None;
    }
    let key = DecodingKey::from_rsa_components(&jwk.n, &jwk.e).ok()?;
    // `https://login.microsoftonline.com/{tenantid}/v2.0` stands for every tenant.
    let tenant = jwk.issuer.and_then(|issuer| issuer.split('/').find_map(|part| part.parse().ok()));
    Some((jwk.kid, SigningKey { key, tenant }))
}
