//! The signed assertion of an application with a certificate.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::TokenError;
use super::keys::decode;
use crate::clock::wall_now;
use crate::guid;
use crate::tenant::Certificate;
use crate::world::{Call, World};

/// How far the clocks may be apart.
const SKEW_S: i64 = 300;

pub(super) fn check(
    world: &mut World,
    (tenant, app): (usize, usize),
    token: &str,
    path_tenant: &str,
    call: &Call,
) -> Result<(), TokenError> {
    let malformed = |what: &str| TokenError::about(50027, format!("JWT token is invalid or malformed: {what}."));
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| malformed("not three parts"))?;
    let (header, payload) = signed.split_once('.').ok_or_else(|| malformed("not three parts"))?;
    let header = decode(header).ok_or_else(|| malformed("header"))?;
    let payload = decode(payload).ok_or_else(|| malformed("payload"))?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed("signature"))?;

    let registered = &world.tenants[tenant].apps[app];
    let client_id = guid::text(registered.client_id);
    let (algorithm, certificate): (&'static RsaParameters, Option<&Certificate>) = match header["alg"].as_str() {
        Some("PS256") => (&RSA_PSS_2048_8192_SHA256, by_thumbprint(&registered.certificates, &header["x5t#S256"], |c| &c.sha256)),
        Some("RS256") => (&RSA_PKCS1_2048_8192_SHA256, by_thumbprint(&registered.certificates, &header["x5t"], |c| &c.sha1)),
        other => return Err(malformed(&format!("algorithm {other:?}"))),
    };
    let certificate = certificate.ok_or_else(|| {
        TokenError::about(
            700027,
            format!("The certificate with the identifier used to sign the client assertion is not registered on application {client_id}."),
        )
    })?;
    UnparsedPublicKey::new(algorithm, &certificate.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| TokenError::new(700027))?;

    // A host's clock is compared with the real one: the simulator's can be far ahead in a test.
    let now = wall_now() / 1000 + world.oddities.entra_clock_skew_s;
    if certificate.end / 1000 <= now {
        return Err(TokenError::about(700027, "The client assertion was signed with an expired certificate."));
    }
    let time = |name: &str| payload[name].as_i64();
    let exp = time("exp").ok_or_else(|| malformed("exp is missing"))?;
    if exp + SKEW_S <= now
        || time("nbf").is_some_and(|nbf| nbf - SKEW_S > now)
        || time("iat").is_some_and(|iat| iat - SKEW_S > now)
    {
        return Err(TokenError::about(
            700024,
            format!("Client assertion is not within its valid time range. Current time: {now}, expiry time of assertion: {exp}."),
        ));
    }
    let is_client = |name: &str| payload[name].as_str().is_some_and(|v| v.eq_ignore_ascii_case(&client_id));
    if !is_client("iss") || !is_client("sub") {
        return Err(TokenError::new(700021));
    }
    check_audience(payload["aud"].as_str().unwrap_or_default(), path_tenant, call)?;
    let jti = payload["jti"].as_str().filter(|j| !j.is_empty()).ok_or_else(|| malformed("jti is missing"))?;
    let used = &mut world.entra.used_assertions;
    used.retain(|_, end| *end + SKEW_S > now);
    if used.insert(format!("{client_id} {jti}"), exp).is_some() {
        return Err(TokenError::about(700027, "The client assertion was used before: its jti must be unique."));
    }
    Ok(())
}

fn by_thumbprint<'a>(
    certificates: &'a [Certificate],
    wanted: &serde_json::Value,
    digest: impl Fn(&Certificate) -> &Vec<u8>,
) -> Option<&'a Certificate> {
    let wanted = URL_SAFE_NO_PAD.decode(wanted.as_str()?.trim_end_matches('=')).ok()?;
    certificates.iter().find(|c| *digest(c) == wanted)
}

/// The audience is the token endpoint as it was addressed, or its name in the world.
fn check_audience(audience: &str, path_tenant: &str, call: &Call) -> Result<(), TokenError> {
    let urls = call.shared.urls();
    let hosts = ["https://login.microsoftonline.com", "https://login.microsoftonline.us", &call.origin];
    let hosts = hosts.into_iter().chain([&urls.http, &urls.https].into_iter().flatten().map(String::as_str));
    for host in hosts {
        if audience == format!("{host}/{path_tenant}/oauth2/v2.0/token") {
            return Ok(());
        }
    }
    Err(TokenError::about(50012, format!("Client assertion audience claim {audience:?} does not match the token endpoint.")))
}
