//! Keys that sign tokens: one of "Entra" and one of somebody else.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// How to sign, and the entry in a key set.
pub struct Signer {
    key: RsaKeyPair,
    pub jwk: Value,
}

pub static ENTRA: LazyLock<Signer> = LazyLock::new(|| Signer::make("key-1"));
pub static STRANGER: LazyLock<Signer> = LazyLock::new(|| Signer::make("key-2"));

impl Signer {
    fn make(kid: &str) -> Signer {
        let made = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).expect("a key");
        let certificate = rcgen::CertificateParams::default().self_signed(&made).expect("a certificate");
        let (_, certificate) = x509_parser::parse_x509_certificate(certificate.der()).expect("X.509");
        let Ok(x509_parser::public_key::PublicKey::RSA(rsa)) = certificate.public_key().parsed() else { panic!("RSA") };
        let number = |bytes: &[u8]| encoded(&bytes[bytes.iter().position(|byte| *byte != 0).expect("not zero")..]);
        let jwk = json!({ "kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": number(rsa.modulus), "e": number(rsa.exponent),
            "x5c": ["MII"], "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0" });
        Signer { key: RsaKeyPair::from_pkcs8(&made.serialize_der()).expect("a key"), jwk }
    }

    pub fn rs256(&self, text: &str) -> Vec<u8> {
        self.sign(&RSA_PKCS1_SHA256, text)
    }

    pub fn rs512(&self, text: &str) -> Vec<u8> {
        self.sign(&RSA_PKCS1_SHA512, text)
    }

    /// With the public key, which everybody has, as the secret.
    pub fn hs256(&self, text: &str) -> Vec<u8> {
        let modulus = URL_SAFE_NO_PAD.decode(self.jwk["n"].as_str().expect("a text")).expect("base64");
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &modulus), text.as_bytes()).as_ref().to_vec()
    }

    fn sign(&self, how: &'static dyn RsaEncoding, text: &str) -> Vec<u8> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(how, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signed");
        signature
    }
}

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
