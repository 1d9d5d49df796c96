//! Federated credentials: the token of another issuer takes the place of an app's assertion.
//!
//! The simulator is that other issuer as well: its signing key stands for the key that Entra would fetch from the issuer.

use serde_json::{Value, json};

use super::error::TokenError;
use super::keys::decode;
use crate::clock::wall_now;
use crate::tenant::{App, Federated, FederatedSpec};
use crate::world::World;
use crate::{Error, guid};

const SKEW_S: i64 = 300;

/// Makes a token of that issuer. Times are the machine's, as in a signed assertion.
pub(crate) fn issue(world: &World, spec: &FederatedSpec, life_s: i64) -> Result<Value, Error> {
    let now = wall_now() / 1000 + world.oddities.entra_clock_skew_s;
    let Federated { issuer, subject, audience } = Federated::new(spec);
    let claims = json!({
        "iss": issuer, "sub": subject, "aud": [audience], "iat": now, "nbf": now, "exp": now + life_s, "jti": guid::text(guid::fresh()),
    });
    let token = world.entra.sign(&claims).ok_or_else(|| Error::Certificate("the token could not be signed".to_owned()))?;
    Ok(json!({ "token": token }))
}

fn payload(token: &str) -> Option<Value> {
    decode(token.split('.').nth(1)?)
}

/// Whether the assertion is of another issuer than the app itself.
pub(super) fn is_foreign(token: &str, app: &App) -> bool {
    let issuer = payload(token).and_then(|claims| claims["iss"].as_str().map(str::to_owned));
    !app.federated.is_empty() && issuer.is_some_and(|issuer| guid::parse(&issuer) != Some(app.client_id))
}

/// Issuer, then audience, then subject: each must be the same to the letter.
pub(super) fn check(world: &mut World, (tenant, app): (usize, usize), token: &str) -> Result<(), TokenError> {
    let malformed = || TokenError::about(50027, "JWT token is invalid or malformed.");
    let claims = payload(token).ok_or_else(malformed)?;
    if !world.entra.signed(token) {
        return Err(TokenError::new(700027));
    }
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    let (issuer, subject) = (text("iss"), text("sub"));
    let audiences: Vec<&str> = match &claims["aud"] {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let known: Vec<&Federated> = world.tenants[tenant].apps[app].federated.iter().filter(|f| f.issuer == issuer).collect();
    let none = |code: u32, what: &str, value: &str| {
        Err(TokenError::about(
            code,
            format!(
                "No matching federated identity record found for presented assertion {what} '{value}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
            ),
        ))
    };
    if known.is_empty() {
        return none(700211, "issuer", issuer);
    }
    if !known.iter().any(|f| audiences.contains(&f.audience.as_str())) {
        return none(700212, "audience", &audiences.join(" "));
    }
    if !known.iter().any(|f| f.subject == subject && audiences.contains(&f.audience.as_str())) {
        return none(700213, "subject", subject);
    }
    let now = wall_now() / 1000 + world.oddities.entra_clock_skew_s;
    let exp = claims["exp"].as_i64().ok_or_else(malformed)?;
    if exp + SKEW_S <= now || claims["nbf"].as_i64().is_some_and(|nbf| nbf - SKEW_S > now) {
        return Err(TokenError::about(
            700024,
            format!("Client assertion is not within its valid time range. Current time: {now}, expiry time of assertion: {exp}."),
        ));
    }
    Ok(())
}
