//! The signing key, the tokens signed with it and the check of the tokens that come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::clock::Millis;
use crate::{Error, guid};

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) tenant: u128,
    pub(crate) app: u128,
    pub(crate) audience: String,
    pub(crate) roles: Vec<String>,
    pub(crate) scopes: Vec<String>,
    /// The signed-in user's object id; none for an app-only token.
    pub(crate) user: Option<u128>,
    /// Milliseconds.
    pub(crate) issued: Millis,
    /// Milliseconds.
    pub(crate) expires: Millis,
}

impl Claims {
    pub(crate) fn app_only(&self) -> bool {
        self.user.is_none()
    }

    /// Whether the token carries one of these permissions, of the kind that fits it.
    pub(crate) fn has(&self, any_of: &[&str]) -> bool {
        let held = if self.app_only() { &self.roles } else { &self.scopes };
        held.iter().any(|p| any_of.iter().any(|a| a.eq_ignore_ascii_case(p)))
    }
}

/// Why a bearer token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadToken {
    Malformed,
    Signature,
}

struct Key {
    pair: KeyPair,
    id: String,
    modulus: String,
    exponent: String,
}

impl Key {
    fn make() -> Option<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
        let (_, info) = SubjectPublicKeyInfo::from_der(der.as_ref()).ok()?;
        let PublicKey::RSA(public) = info.parsed().ok()? else { return None };
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let without_zero = |bytes: &[u8]| text(bytes.strip_prefix(&[0]).unwrap_or(bytes));
        let (modulus, exponent) = (without_zero(public.modulus), without_zero(public.exponent));
        let id = text(&aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, modulus.as_bytes()).as_ref()[..20]);
        Some(Key { pair, id, modulus, exponent })
    }

    fn verifies(&self, signed: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), signature)
            .is_ok()
    }
}

/// The `n`-th key of the whole process: an RSA key takes long to make and many tests start many simulators. They are never given back.
fn key(n: usize) -> Result<&'static Key, Error> {
    static KEYS: Mutex<Vec<&'static Key>> = Mutex::new(Vec::new());
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    while keys.len() <= n {
        let key = Key::make().ok_or_else(|| Error::Certificate("the signing key could not be made".to_owned()))?;
        keys.push(Box::leak(Box::new(key)));
    }
    Ok(keys[n])
}

/// The key that no key set ever names.
const STRANGER: usize = 0;
/// The key that every simulator begins with.
const FIRST: usize = 1;
/// More keys than this are not made: a rotation begins again with the first.
const MOST: usize = 6;

/// The issuer of tokens.
pub(crate) struct Entra {
    /// The newest last; it signs.
    keys: Vec<&'static Key>,
    /// The keys that the key set names.
    published: Vec<&'static Key>,
    rotations: usize,
    checked: HashMap<Box<str>, Arc<Claims>>,
    /// `jti` of client assertions that were used, with their end.
    pub(crate) used_assertions: HashMap<String, Millis>,
}

impl std::fmt::Debug for Entra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entra").field("key", &self.key().id).finish_non_exhaustive()
    }
}

impl Entra {
    pub(crate) fn new() -> Result<Self, Error> {
        let keys = vec![key(FIRST)?];
        Ok(Self { published: keys.clone(), keys, rotations: 0, checked: HashMap::new(), used_assertions: HashMap::new() })
    }

    fn key(&self) -> &'static Key {
        self.keys[self.keys.len() - 1]
    }

    /// Signs with another key from now on. `publish`: the key set names it at once; `keep`: it goes on naming the old ones, too.
    /// Tokens signed with an old key stay good.
    pub(crate) fn rotate(&mut self, publish: bool, keep: bool) -> Result<(), Error> {
        self.rotations += 1;
        let next = key(FIRST + self.rotations % MOST)?;
        self.keys.retain(|k| k.id != next.id);
        self.keys.push(next);
        if !keep {
            self.published.clear();
        }
        if publish {
            self.publish();
        }
        Ok(())
    }

    /// The key set names the key that signs.
    pub(crate) fn publish(&mut self) {
        let newest = self.key();
        self.published.retain(|k| k.id != newest.id);
        self.published.push(newest);
    }

    /// The JSON Web Key Set.
    pub(crate) fn key_set(&self) -> Value {
        let entry = |key: &&Key| {
            let Key { id, modulus, exponent, .. } = *key;
            json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "x5t": id, "n": modulus, "e": exponent})
        };
        json!({"keys": self.published.iter().rev().map(entry).collect::<Vec<_>>()})
    }

    /// A signed JWT.
    pub(crate) fn sign(&self, payload: &Value) -> Option<String> {
        signed_by(self.key(), payload)
    }

    /// A JWT signed with a key that no key set names.
    pub(crate) fn sign_as_stranger(&self, payload: &Value) -> Option<String> {
        signed_by(key(STRANGER).ok()?, payload)
    }

    /// Whether a key of this simulator signed it.
    pub(crate) fn signed(&self, token: &str) -> bool {
        let Some((signed, signature)) = token.rsplit_once('.') else { return false };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        self.keys.iter().any(|k| k.verifies(signed, &signature))
    }

    /// An access token for Graph.
    pub(crate) fn access_token(&self, claims: &Claims, upn: Option<&str>) -> Option<String> {
        let tenant = guid::text(claims.tenant);
        let mut payload = json!({
            "aud": claims.audience,
            "iss": format!("https://sts.windows.net/{tenant}/"),
            "iat": claims.issued / 1000,
            "nbf": claims.issued / 1000,
            "exp": claims.expires / 1000,
            "appid": guid::text(claims.app),
            "tid": tenant,
            "uti": guid::text(guid::fresh()),
            "ver": "1.0",
            // Ours: whole seconds cannot tell a token revoked just now from the one that replaces it.
            "issued_ms": claims.issued,
        });
        if let Some(user) = claims.user {
            payload["idtyp"] = "user".into();
            payload["oid"] = guid::text(user).into();
            payload["sub"] = guid::text(user).into();
            payload["scp"] = claims.scopes.join(" ").into();
            payload["upn"] = upn.unwrap_or_default().into();
        } else {
            payload["idtyp"] = "app".into();
            payload["sub"] = guid::text(claims.app).into();
            // Without any consented permission the claim is missing, not empty.
            if !claims.roles.is_empty() {
                payload["roles"] = claims.roles.clone().into();
            }
        }
        self.sign(&payload)
    }

    /// Reads an access token and checks its signature, not its dates. A token that was good once is remembered.
    pub(crate) fn check(&mut self, token: &str) -> Result<Arc<Claims>, BadToken> {
        if let Some(claims) = self.checked.get(token) {
            return Ok(Arc::clone(claims));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(BadToken::Malformed)?;
        let (_, payload) = signed.split_once('.').ok_or(BadToken::Malformed)?;
        let payload = decode(payload).ok_or(BadToken::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| BadToken::Malformed)?;
        if !self.keys.iter().any(|k| k.verifies(signed, &signature)) {
            return Err(BadToken::Signature);
        }
        let claims = Arc::new(read(&payload).ok_or(BadToken::Malformed)?);
        // Tokens live an hour: a test that makes more than this is about something else.
        if self.checked.len() >= 10_000 {
            self.checked.clear();
        }
        self.checked.insert(token.into(), Arc::clone(&claims));
        Ok(claims)
    }
}

fn signed_by(key: &Key, payload: &Value) -> Option<String> {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": key.id, "x5t": key.id});
    let mut token = format!("{}.{}", encode(&header), encode(payload));
    let mut signature = vec![0; key.pair.public_modulus_len()];
    key.pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature).ok()?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
    Some(token)
}

fn read(payload: &Value) -> Option<Claims> {
    let id = |name: &str| payload[name].as_str().and_then(guid::parse);
    let seconds = |name: &str| payload[name].as_i64().map(|s| s * 1000);
    let roles = payload["roles"].as_array().map(|l| l.iter().filter_map(|r| r.as_str().map(str::to_owned)).collect());
    Some(Claims {
        tenant: id("tid")?,
        app: id("appid")?,
        audience: payload["aud"].as_str()?.to_owned(),
        roles: roles.unwrap_or_default(),
        scopes: payload["scp"].as_str().map(|s| s.split(' ').map(str::to_owned).collect()).unwrap_or_default(),
        user: id("oid"),
        issued: payload["issued_ms"].as_i64().or_else(|| seconds("iat"))?,
        expires: seconds("exp")?,
    })
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The tenant that a token claims to be of. Nothing is checked.
pub(crate) fn unchecked_tenant(token: &str) -> Option<u128> {
    guid::parse(decode(token.split('.').nth(1)?)?["tid"].as_str()?)
}

/// One part of a JWT.
pub(crate) fn decode(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rotate_and_old_tokens_stay_good() {
        let mut entra = Entra::new().expect("a key");
        let ids = |entra: &Entra| -> Vec<String> {
            let set = entra.key_set();
            set["keys"].as_array().expect("keys").iter().map(|k| k["kid"].as_str().expect("an id").to_owned()).collect()
        };
        let first = ids(&entra);
        let old = entra.sign(&json!({})).expect("signed");
        entra.rotate(false, true).expect("rotated");
        assert_eq!(ids(&entra), first, "signing already, not yet published");
        entra.publish();
        assert_eq!(ids(&entra).len(), 2);
        entra.rotate(true, false).expect("rotated");
        let last = ids(&entra);
        assert!(last.len() == 1 && last != first && entra.signed(&old));
        assert!(!entra.signed(&entra.sign_as_stranger(&json!({})).expect("signed")));
    }

    #[test]
    fn tokens_come_back_as_they_went_and_forgeries_do_not() {
        let mut entra = Entra::new().expect("a key");
        let claims = Claims {
            tenant: 1,
            app: 2,
            audience: "https://graph.microsoft.com".into(),
            roles: vec!["User.Read.All".into()],
            scopes: Vec::new(),
            user: None,
            issued: 5000,
            expires: 9000,
        };
        let token = entra.access_token(&claims, None).expect("a token");
        assert_eq!(entra.check(&token).as_deref(), Ok(&claims));
        let parts: Vec<&str> = token.split('.').collect();
        let mut payload = decode(parts[1]).expect("JSON");
        payload["roles"] = json!(["Presence.ReadWrite.All"]);
        let forged = format!("{}.{}.{}", parts[0], encode(&payload), parts[2]);
        assert_eq!(entra.check(&forged), Err(BadToken::Signature));
        for bad in ["", "a", "a.b", "a.b.c", "..."] {
            assert_eq!(entra.check(bad), Err(BadToken::Malformed), "{bad}");
        }
    }
}
