//! The body of a request to an endpoint.

use serde_json::{Value, json};

use super::item::{About, Item};
use super::oddity::{NotifyOddities, TokenVersion, Tokens};
use super::subscription::Subscription;
use super::tamper::Tamper;
use super::token::validation_token;
use crate::clock::{Millis, iso_fraction};
use crate::entra::keys::Entra;
use crate::guid;

/// Writes these items, each with its subscription. `count` numbers the bodies.
pub(super) fn body(items: &[(Item, &Subscription)], entra: &Entra, odd: &NotifyOddities, count: u64, now: Millis) -> Vec<u8> {
    let mut value: Vec<Value> = items.iter().map(|(item, subscription)| item.json(subscription, odd)).collect();
    let tampers = || items.iter().filter_map(|(item, _)| item.tamper.as_ref());
    if tampers().any(|t| *t == Tamper::NotJson) {
        return b"<!DOCTYPE html><html><body>Service unavailable</body></html>".to_vec();
    }
    let mut pairs: Vec<(u128, u128)> = Vec::new();
    for (_, subscription) in items {
        let pair = (subscription.url_app.unwrap_or(subscription.app), subscription.tenant);
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let strangers = tampers().find_map(|t| if let Tamper::Foreign { count } = t { Some(*count) } else { None }).unwrap_or(0);
    for n in 0..strangers {
        let (app, tenant) = (guid::fresh(), guid::fresh());
        pairs.insert(0, (app, tenant));
        // Ours stand in the middle.
        let at = if n % 2 == 0 { 0 } else { value.len() };
        let first = value.first().cloned().unwrap_or_default();
        value.insert(at, foreign(&first, tenant, now));
    }
    let mut body = json!({ "value": value });
    let data = items.iter().any(|(item, s)| s.rich && matches!(item.about, About::Change { .. }));
    if data || odd.tokens_with_basic {
        let tamper = tampers().find(|t| is_about_tokens(t));
        let first_version = match odd.token_version {
            TokenVersion::V2 => false,
            TokenVersion::V1 => true,
            TokenVersion::Alternating => count.is_multiple_of(2),
        };
        match (tamper, odd.tokens) {
            (Some(Tamper::TokensMissing), _) | (None, Tokens::Missing) => {}
            (Some(Tamper::TokensNull), _) | (None, Tokens::Null) => body["validationTokens"] = Value::Null,
            (Some(Tamper::TokensEmpty), _) => body["validationTokens"] = json!([]),
            (tamper, _) => {
                let tokens = pairs.iter().filter_map(|pair| validation_token(entra, *pair, first_version, tamper, now));
                body["validationTokens"] = tokens.collect();
            }
        }
    }
    let mut body = body.to_string().into_bytes();
    if tampers().any(|t| *t == Tamper::CutBody) {
        body.truncate(body.len() / 2);
    }
    body
}

fn is_about_tokens(tamper: &Tamper) -> bool {
    use Tamper::{
        TokenAudience, TokenCaller, TokenExpired, TokenIssuer, TokenStranger, TokenUnsigned, TokensEmpty, TokensGarbage,
        TokensMissing, TokensNull,
    };
    matches!(
        tamper,
        TokensNull
            | TokensMissing
            | TokensEmpty
            | TokensGarbage
            | TokenExpired
            | TokenAudience
            | TokenIssuer
            | TokenCaller
            | TokenStranger
            | TokenUnsigned
    )
}

/// Somebody else's item in the form of `like`.
fn foreign(like: &Value, tenant: u128, now: Millis) -> Value {
    let user = guid::text(guid::fresh());
    let mut item = like.clone();
    item["subscriptionId"] = guid::text(guid::fresh()).into();
    item["clientState"] = "somebody else's".into();
    item["tenantId"] = guid::text(tenant).into();
    item["organizationId"] = guid::text(tenant).into();
    item["subscriptionExpirationDateTime"] = iso_fraction(now + 1_800_000).into();
    item["resource"] = format!("communications/presences/{user}").into();
    if item["resourceData"].is_object() {
        item["resourceData"]["id"] = user.as_str().into();
        item["resourceData"]["@odata.id"] = format!("users/{user}/presence").into();
    }
    if item["encryptedContent"].is_object() {
        item["encryptedContent"]["encryptionCertificateId"] = "somebody else's".into();
    }
    item
}
