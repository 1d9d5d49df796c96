//! Validation tokens: Graph's proof that a notification is its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::tamper::Tamper;
use crate::clock::{Millis, wall_now};
use crate::entra::keys::Entra;
use crate::guid;

/// Microsoft Graph Change Tracking, which sends notifications.
const CHANGE_TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
const HOUR: Millis = 3_600_000;

/// A token for one app in one tenant. It is good by the simulator's clock and by the real one, between which a subscriber may stand.
pub(super) fn validation_token(
    entra: &Entra,
    (app, tenant): (u128, u128),
    first_version: bool,
    tamper: Option<&Tamper>,
    now: Millis,
) -> Option<String> {
    if tamper == Some(&Tamper::TokensGarbage) {
        return Some("eyJhbGciOiJSUzI1NiJ9.garbage".to_owned());
    }
    let app = if tamper == Some(&Tamper::TokenAudience) { guid::fresh() } else { app };
    let issued_for = if tamper == Some(&Tamper::TokenIssuer) { guid::fresh() } else { tenant };
    let (app, tenant) = (guid::text(app), guid::text(issued_for));
    let caller = if tamper == Some(&Tamper::TokenCaller) { guid::text(guid::fresh()) } else { CHANGE_TRACKING.to_owned() };
    let (early, late) = (now.min(wall_now()), now.max(wall_now()));
    let (begin, end) = if tamper == Some(&Tamper::TokenExpired) {
        (early - 48 * HOUR, early - 24 * HOUR)
    } else {
        (early - HOUR / 12, late + 24 * HOUR)
    };
    let subject = guid::text(guid::derived(&format!("change tracking in {tenant}")));
    let mut payload = json!({
        "aud": app, "iat": begin / 1000, "nbf": begin / 1000, "exp": end / 1000, "aio": "E2ZgYPhs", "rh": "0.AAAA.",
        "oid": subject, "sub": subject, "tid": tenant, "uti": guid::text(guid::fresh()),
    });
    let more = if first_version {
        json!({"iss": format!("https://sts.windows.net/{tenant}/"), "idp": format!("https://sts.windows.net/{tenant}/"),
            "appid": caller, "appidacr": "2", "ver": "1.0"})
    } else {
        json!({"iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"), "azp": caller, "azpacr": "2", "ver": "2.0"})
    };
    for (name, value) in more.as_object().into_iter().flatten() {
        payload[name] = value.clone();
    }
    match tamper {
        Some(Tamper::TokenStranger) => entra.sign_as_stranger(&payload),
        Some(Tamper::TokenUnsigned) => Some(unsigned(&payload)),
        _ => entra.sign(&payload),
    }
}

fn unsigned(payload: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"typ": "JWT", "alg": "none"})), part(payload))
}
