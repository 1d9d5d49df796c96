//! Client credentials by a federated credential: the token of another issuer (Kubernetes, a CI system) takes the place of a signed
//! assertion. It is read anew for each request, for its issuer renews it in place.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::certificate::AssertionTicket;
use super::credential::{Credential, Fingerprint, ReadError};
use super::schedule::Care;
use super::watch::Marks;
use crate::config::SecretSource;

const KEY: &str = "auth.token_file";
/// This machine's clock may be ahead by this much before a token is called expired without asking Entra.
const SKEW_S: i64 = 5 * 60;

/// Reads the token and looks at what it says of itself.
pub(super) fn read(
    token: &SecretSource,
    now_wall_ms: i64,
    mut fingerprint: Fingerprint,
) -> Result<Credential<AssertionTicket>, ReadError> {
    let text = token.read().map_err(|error| ReadError::new(KEY, error))?;
    let jwt = text.expose_secret().trim();
    let expires_s = expiry(jwt).map_err(|why| ReadError::new(KEY, format!("{token}: {why}")))?;
    let now_s = now_wall_ms.div_euclid(1_000);
    if let Some(ago) = expires_s.map(|end| now_s - end).filter(|ago| *ago > SKEW_S) {
        let why = format!("the token in it ran out {} ago by this machine's clock; whoever renews it has stopped", spell(ago));
        return Err(ReadError::new(KEY, format!("{token}: {why}")));
    }
    fingerprint.add(jwt);
    Ok(Credential {
        fingerprint: fingerprint.finish(),
        care: Care::Application,
        doubt: None,
        marks: Marks::default(),
        ticket: AssertionTicket::ready(jwt.to_owned().into()),
    })
}

/// When the token runs out, seconds since 1970, where it says so.
fn expiry(jwt: &str) -> Result<Option<i64>, &'static str> {
    const NONE: &str = "what is in it is no token of an issuer (a JWT of three parts)";
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Err(NONE) };
    let sound =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='));
    if ![header, payload, signature].into_iter().all(sound) {
        return Err(NONE);
    }
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).map_err(|_| NONE)?;
    let claims: Value = serde_json::from_slice(&bytes).map_err(|_| NONE)?;
    let Value::Object(claims) = claims else { return Err(NONE) };
    Ok(claims.get("exp").and_then(|exp| exp.as_i64().or_else(|| exp.as_f64().map(|exp| exp as i64))))
}

fn spell(seconds: i64) -> String {
    match seconds {
        0..=7_199 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_token_tells_when_it_runs_out() {
        assert_eq!(expiry(&jwt(r#"{"exp":1700000000,"sub":"s"}"#)), Ok(Some(1_700_000_000)));
        assert_eq!(expiry(&jwt(r#"{"exp":1.7e9}"#)), Ok(Some(1_700_000_000)));
        assert_eq!(expiry(&jwt("{}")), Ok(None));
        for none in
            ["", "a.b", "a.b.c.d", "e30.W10.c", "e30..c", "e30.e30.", "a secret", "e30.e3 0.c", "e30.\u{e4}.c", "a\r\n.e30.c"]
        {
            assert!(expiry(none).is_err(), "{none}");
        }
        assert_eq!((spell(90 * 60), spell(3 * 86_400)), ("90 minutes".to_owned(), "72 hours".to_owned()));
    }
}
