//! The encrypted resource data of a notification.

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificate::EncryptionCertificate;
use super::tamper::Tamper;
use std::sync::OnceLock;

/// Encrypts as Graph does: AES-256-CBC with PKCS7 under a fresh key whose first half is the IV, HMAC-SHA-256 over the ciphertext under
/// the same key, the key itself by RSA-OAEP with SHA-1. `None`: the cipher failed, which it does not.
pub(super) fn encrypt(
    plain: &[u8],
    certificate: &EncryptionCertificate,
    certificate_id: &str,
    tamper: Option<&Tamper>,
) -> Option<Value> {
    let mut key = [0u8; 32];
    rand::fill(&mut key).ok()?;
    let mut iv = [0u8; 16];
    iv.copy_from_slice(&key[..16]);
    let mut data = if tamper == Some(&Tamper::WrongPlaintext) { b"{\"availability\": Busy".to_vec() } else { plain.to_vec() };
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &key).ok()?).ok()?;
    cipher.less_safe_encrypt(&mut data, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    let mut signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &data).as_ref().to_vec();
    if tamper == Some(&Tamper::WrongHmac) {
        signature[0] ^= 1;
    }
    let public = if tamper == Some(&Tamper::WrongKey) { stranger()? } else { &certificate.key };
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut sealed, None).ok()?;
    let id = match tamper {
        Some(Tamper::WrongCertificateId { id }) => id,
        _ => certificate_id,
    };
    Some(json!({
        "data": STANDARD.encode(&data), "dataSignature": STANDARD.encode(&signature), "dataKey": STANDARD.encode(&*sealed),
        "encryptionCertificateId": id, "encryptionCertificateThumbprint": certificate.thumbprint,
    }))
}

/// A key that no subscriber has.
fn stranger() -> Option<&'static OaepPublicEncryptingKey> {
    static KEY: OnceLock<Option<OaepPublicEncryptingKey>> = OnceLock::new();
    let make = || OaepPublicEncryptingKey::new(PrivateDecryptingKey::generate(KeySize::Rsa2048).ok()?.public_key()).ok();
    KEY.get_or_init(make).as_ref()
}
