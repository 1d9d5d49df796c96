//! The certificate that resource data is encrypted for.

use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

/// A subscriber's certificate: RSA, 2048 to 4096 bits. Who issued it and when it ends is not looked at.
pub(crate) struct EncryptionCertificate {
    pub(crate) key: OaepPublicEncryptingKey,
    /// SHA-1 of the certificate, in upper-case hexadecimal digits.
    pub(crate) thumbprint: String,
}

impl std::fmt::Debug for EncryptionCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptionCertificate").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}

impl EncryptionCertificate {
    /// Reads the base64 text of a DER certificate, in one line and without the lines of PEM.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let der = STANDARD.decode(text).map_err(|_| "The encryptionCertificate is not valid base64.")?;
        let (rest, x509) =
            X509Certificate::from_der(&der).map_err(|_| "The encryptionCertificate is not an X.509 certificate.")?;
        if !rest.is_empty() {
            return Err("The encryptionCertificate has more than one certificate.".to_owned());
        }
        let Ok(PublicKey::RSA(public)) = x509.public_key().parsed() else {
            return Err("The encryptionCertificate must have an RSA key.".to_owned());
        };
        let modulus = public.modulus.iter().position(|b| *b != 0).map_or(&[][..], |at| &public.modulus[at..]);
        let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
        if !(2048..=4096).contains(&bits) {
            return Err(format!("The encryptionCertificate has an RSA key of {bits} bits; 2048 to 4096 are allowed."));
        }
        let key = PublicEncryptingKey::from_der(x509.public_key().raw).map_err(|e| format!("The encryptionCertificate: {e}."))?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| "The encryptionCertificate has a key that cannot encrypt.")?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
        Ok(Self { key, thumbprint: digest.as_ref().iter().map(|b| format!("{b:02X}")).collect() })
    }
}
