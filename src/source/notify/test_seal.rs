//! The other side of the encryption, for tests: as Graph's documentation describes it, on the public key of a certificate, and with the block
//! cipher chained by hand, so that a mistake of the product is not made here as well.

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::envelope::EncryptedContent;

/// RSA-OAEP with SHA-1 to the key of a certificate (DER).
pub(super) fn oaep(certificate: &[u8], secret: &[u8]) -> Vec<u8> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).expect("a certificate");
    let public = PublicEncryptingKey::from_der(certificate.public_key().raw).expect("an RSA key");
    let public = OaepPublicEncryptingKey::new(public).expect("an RSA key");
    let mut room = vec![0; public.ciphertext_size()];
    public.encrypt(&OAEP_SHA1_MGF1SHA1, secret, &mut room, None).expect("encrypted").to_vec()
}

/// AES-CBC over whole blocks, made of single blocks (ECB); the vector is the key's begin.
pub(super) fn cbc(key: &[u8], blocks: &[u8]) -> Vec<u8> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        other => panic!("no AES key of {other} bytes"),
    };
    let cipher = EncryptingKey::ecb(UnboundCipherKey::new(algorithm, key).expect("a key")).expect("a cipher");
    let mut last: [u8; 16] = key[..16].try_into().expect("16 bytes");
    let mut out = Vec::new();
    for block in blocks.chunks_exact(16) {
        let mut mixed: Vec<u8> = block.iter().zip(last).map(|(a, b)| a ^ b).collect();
        cipher.encrypt(&mut mixed).expect("encrypted");
        last = mixed.as_slice().try_into().expect("a block");
        out.extend_from_slice(&mixed);
    }
    out
}

/// PKCS #7.
pub(super) fn padded(plain: &[u8]) -> Vec<u8> {
    let rest = 16 - plain.len() % 16;
    [plain, &vec![rest as u8; rest]].concat()
}

/// A whole `encryptedContent` of given ciphertext.
pub(super) fn content(id: &str, certificate: &[u8], key: &[u8], data: &[u8]) -> EncryptedContent {
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
    EncryptedContent {
        data: STANDARD.encode(data),
        data_signature: STANDARD.encode(signature),
        data_key: STANDARD.encode(oaep(certificate, key)),
        certificate_id: id.to_owned(),
    }
}
