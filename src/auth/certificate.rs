//! Client credentials with a certificate: a signed assertion instead of a secret (PS256, `x5t#S256`).

use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use super::credential::{Credential, Fingerprint, ReadError};
use super::schedule::Care;
use super::settings::Settings;
use super::watch::Marks;
use super::watch_graph::Trait;
use crate::config::{SecretError, SecretSource};

/// Life of an assertion, seconds. Entra recommends 5 to 10 minutes.
const LIFE_S: i64 = 10 * 60;

/// A signed assertion, good for some minutes.
pub(super) struct AssertionTicket(SecretString);

impl AssertionTicket {
    /// One that was signed elsewhere.
    pub(super) fn ready(assertion: SecretString) -> AssertionTicket {
        AssertionTicket(assertion)
    }

    pub(super) fn parameters(&self) -> [(&'static str, String); 2] {
        [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", self.0.expose_secret().to_owned()),
        ]
    }
}

#[derive(Serialize)]
struct Assertion<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

/// Reads certificate and key, checks that they belong together, and signs.
pub(super) fn read(
    certificate: &SecretSource,
    key: &SecretSource,
    settings: &Settings,
    now_wall_ms: i64,
    mut fingerprint: Fingerprint,
) -> Result<Credential<AssertionTicket>, ReadError> {
    let certificate_pem = certificate.read().map_err(|error| unreadable("auth.certificate", error))?;
    let key_pem = key.read().map_err(|error| unreadable("auth.key", error))?;
    fingerprint.add(certificate_pem.expose_secret());
    fingerprint.add(key_pem.expose_secret());
    let key = rsa_key(key_pem.expose_secret()).map_err(|why| ReadError::new("auth.key", format!("{key}: {why}")))?;
    let certificate = matching_certificate(certificate_pem.expose_secret(), &key)
        .map_err(|why| ReadError::new("auth.certificate", format!("{certificate}: {why}")))?;
    let assertion = sign(&certificate, &key, settings, now_wall_ms).map_err(|why| ReadError::new("auth.key", why))?;
    Ok(Credential {
        fingerprint: fingerprint.finish(),
        care: Care::Application,
        doubt: None,
        marks: Marks {
            certificate_end_ms: crate::http::not_after_ms(&certificate),
            mark: Some(Trait::Thumbprint(STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate)))),
        },
        ticket: AssertionTicket(assertion),
    })
}

/// A certificate exported from Windows is binary as a rule.
fn unreadable(key: &'static str, error: SecretError) -> ReadError {
    match error {
        SecretError::NotUtf8(place) => ReadError::new(
            key,
            format!(
                "{place}: not PEM text but binary; openssl pkcs12 -nodes makes PEM of a PFX file, openssl x509 -inform DER of a DER file"
            ),
        ),
        error => ReadError::new(key, error),
    }
}

fn rsa_key(pem: &str) -> Result<PrivateKeyDer<'static>, &'static str> {
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("the private key is protected by a pass phrase; take it off (openssl pkey -in key.pem -out plain.pem) and \
                    protect the file by its permissions");
    }
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "no private key in PEM (BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY) in it")?;
    const NOT_RSA: &str = "not an RSA key; Microsoft Entra takes certificates with RSA keys only";
    if matches!(key, PrivateKeyDer::Sec1(_)) {
        return Err(NOT_RSA);
    }
    let signer =
        any_supported_type(&key).map_err(|_| "the private key cannot be read, or is an RSA key of less than 2048 bits")?;
    if signer.algorithm() != rustls::SignatureAlgorithm::RSA {
        return Err(NOT_RSA);
    }
    Ok(key)
}

/// The certificate of the key: the first that matches, for a file may hold its issuers as well.
fn matching_certificate(pem: &str, key: &PrivateKeyDer<'static>) -> Result<CertificateDer<'static>, &'static str> {
    let signer = any_supported_type(key).map_err(|_| "the private key cannot be read")?;
    let mut none = "no certificate in PEM (BEGIN CERTIFICATE) in it";
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| "a certificate in it is not valid PEM")?;
        let pair = CertifiedKey::new(vec![certificate.clone()], Arc::clone(&signer));
        match pair.keys_match() {
            Ok(()) => return Ok(certificate),
            Err(rustls::Error::InconsistentKeys(_)) => none = "the certificate does not belong to the private key of auth.key",
            Err(_) => none = "the certificate cannot be read",
        }
    }
    Err(none)
}

fn sign(
    certificate: &CertificateDer<'_>,
    key: &PrivateKeyDer<'_>,
    settings: &Settings,
    now_wall_ms: i64,
) -> Result<SecretString, String> {
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate)));
    let now = now_wall_ms.div_euclid(1_000);
    let claims = Assertion {
        aud: &settings.token_url(),
        iss: &settings.client_id,
        sub: &settings.client_id,
        jti: uuid::Uuid::new_v4().to_string(),
        nbf: now,
        iat: now,
        exp: now + LIFE_S,
    };
    // Written as one PEM block again: the file may hold the certificate before the key.
    let label = if matches!(key, PrivateKeyDer::Pkcs1(_)) { "RSA PRIVATE KEY" } else { "PRIVATE KEY" };
    let base64 = Zeroizing::new(STANDARD.encode(key.secret_der()));
    let mut pem = Zeroizing::new(String::with_capacity(base64.len() + 200));
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    for line in base64.as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line).unwrap_or_default());
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|error| format!("the private key cannot be used: {error}"))?;
    let token =
        jsonwebtoken::encode(&header, &claims, &key).map_err(|error| format!("the assertion cannot be signed: {error}"))?;
    Ok(token.into())
}
