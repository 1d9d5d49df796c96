//! Our RSA keys and their certificates, to which Graph encrypts presence.
//!
//! Graph takes RSA certificates of 2048 to 4096 bits, self-signed ones too, verifies no issuer and says nothing of expiry (Microsoft Graph:
//! change notifications with resource data, 2026-04-17). It calls a certificate by a label of ours, so the key before the present one stays
//! at hand while subscriptions still name it and while Graph may still repeat what it encrypted: it repeats for up to 4 hours (delivery by
//! webhooks, 2026-04-22).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DistinguishedName, DnType, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A key that the library made is replaced after this long.
pub const ROTATE_AFTER_MS: i64 = 90 * DAY_MS;
/// How long a replaced key is kept after the last subscription has ceased to name it: Graph's 4 hours and some time for its clock and ours.
pub const KEEP_REPLACED_MS: i64 = 5 * 3_600_000;

const DAY_MS: i64 = 86_400_000;
/// Life of a certificate that the library makes.
const CERTIFICATE_LIFE_MS: i64 = 2 * 365 * DAY_MS;
/// 2000-01-01 and 2100-01-01: a clock outside of this is wrong, and a certificate can still be made.
const EARLIEST_MS: i64 = 946_684_800_000;
const LATEST_MS: i64 = 4_102_444_800_000;

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The crypto library gives no key.
    #[error("no RSA key can be made: {0}")]
    Make(String),
    /// The certificate that was supplied.
    #[error("the certificate {0}")]
    Certificate(&'static str),
    /// The private key that was supplied.
    #[error("the private key {0}")]
    Key(&'static str),
    /// What was stored is not ours, or broken. New keys have to be made.
    #[error("the stored keys cannot be read: {0}")]
    Note(&'static str),
}

/// One RSA key with its certificate.
pub struct KeyPair {
    id: String,
    certificate: Vec<u8>,
    /// PKCS #8.
    private: Zeroizing<Vec<u8>>,
    opener: OaepPrivateDecryptingKey,
    made_at_ms: i64,
    supplied: bool,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("id", &self.id).field("supplied", &self.supplied).finish_non_exhaustive()
    }
}

impl KeyPair {
    /// Makes a key of 2048 bits and a certificate for it. Takes some 100 ms of computing: not for a thread that must not wait.
    ///
    /// # Errors
    /// The crypto library refuses.
    pub fn make(now_wall_ms: i64) -> Result<KeyPair, KeyError> {
        let made = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|error| KeyError::Make(error.to_string()))?;
        let private: Pkcs8V1Der<'_> = made.as_der().map_err(|error| KeyError::Make(error.to_string()))?;
        let private = Zeroizing::new(private.as_ref().to_vec());
        let certificate = self_signed(&made, now_wall_ms).map_err(|error| KeyError::Make(error.to_string()))?;
        KeyPair::of(certificate, private, now_wall_ms, false)
    }

    /// The pair of a certificate and a private key in PEM that the administrator supplies. Of several certificates the first that belongs
    /// to the key counts.
    ///
    /// # Errors
    /// One of them cannot be used, or they do not belong together.
    pub fn supplied(certificate_pem: &str, key_pem: &str, now_wall_ms: i64) -> Result<KeyPair, KeyError> {
        let key = private_key(key_pem)?;
        let certificate = certificate_of(certificate_pem, &key)?;
        KeyPair::of(certificate, pkcs8(&key)?, now_wall_ms, true)
    }

    fn of(certificate: Vec<u8>, private: Zeroizing<Vec<u8>>, made_at_ms: i64, supplied: bool) -> Result<KeyPair, KeyError> {
        const UNFIT: KeyError = KeyError::Key("is not an RSA key of 2048 to 4096 bits");
        let opener = PrivateDecryptingKey::from_pkcs8(&private).map_err(|_| UNFIT)?;
        if !(2048..=4096).contains(&opener.key_size_bits()) {
            return Err(UNFIT);
        }
        let opener = OaepPrivateDecryptingKey::new(opener).map_err(|_| UNFIT)?;
        let hash = digest(&SHA256, &certificate);
        let hex: String = hash.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(KeyPair { id: format!("tps-{hex}"), certificate, private, opener, made_at_ms, supplied })
    }

    /// The label for `encryptionCertificateId`. The same certificate always has the same.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The certificate for `encryptionCertificate`: DER in base64, one line.
    pub fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The certificate as DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// When the certificate ends, milliseconds since 1970-01-01 UTC. `None` where it cannot be read.
    pub fn not_after_ms(&self) -> Option<i64> {
        crate::http::not_after_ms(&self.certificate)
    }

    /// Whether the administrator supplied it. Such a key is neither rotated by the library nor stored.
    pub fn is_supplied(&self) -> bool {
        self.supplied
    }

    /// Decrypts a `dataKey` by RSA-OAEP with SHA-1. `None` for whatever does not decrypt.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if sealed.len() != self.opener.key_size_bytes() {
            return None;
        }
        let mut room = Zeroizing::new(vec![0; self.opener.min_output_size()]);
        let opened = self.opener.decrypt(&OAEP_SHA1_MGF1SHA1, sealed, &mut room, None).ok()?;
        Some(Zeroizing::new(opened.to_vec()))
    }
}

/// A key lent to the maker of certificates, so that it makes no copy of it.
struct Signer<'k>(&'k RsaKeyPair);

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        self.0.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature)
    }
}

fn self_signed(key: &RsaKeyPair, now_wall_ms: i64) -> Result<Vec<u8>, rcgen::Error> {
    let now = now_wall_ms.clamp(EARLIEST_MS, LATEST_MS);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "teams-presence-sync");
    // From the day before: Microsoft's clock may be behind ours.
    let ((year, month, date), (last_year, last_month, last_date)) = (day(now - DAY_MS), day(now + CERTIFICATE_LIFE_MS));
    params.not_before = rcgen::date_time_ymd(year, month, date);
    params.not_after = rcgen::date_time_ymd(last_year, last_month, last_date);
    Ok(params.self_signed(&Signer(key))?.der().to_vec())
}

/// Year, month and day.
fn day(wall_ms: i64) -> (i32, u8, u8) {
    let text = crate::time::utc(wall_ms);
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u8>().ok()).unwrap_or(1);
    (text.get(..4).and_then(|digits| digits.parse().ok()).unwrap_or(2000), number(5, 7), number(8, 10))
}

fn private_key(pem: &str) -> Result<Zeroizing<PrivateKeyDer<'static>>, KeyError> {
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(KeyError::Key("is protected by a pass phrase; take it off: openssl pkey -in key.pem -out plain.pem"));
    }
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Key("is not in PEM (BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY)"))?;
    if matches!(*key, PrivateKeyDer::Sec1(_)) { Err(KeyError::Key("is not an RSA key, which Graph demands")) } else { Ok(key) }
}

/// The certificate of the key: the first that matches, for a file may hold its issuers as well.
fn certificate_of(pem: &str, key: &PrivateKeyDer<'static>) -> Result<Vec<u8>, KeyError> {
    let signer = any_supported_type(key).map_err(|_| KeyError::Key("cannot be read, or has less than 2048 bits"))?;
    if signer.algorithm() != rustls::SignatureAlgorithm::RSA {
        return Err(KeyError::Key("is not an RSA key, which Graph demands"));
    }
    let mut why = "is not in PEM (BEGIN CERTIFICATE)";
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| KeyError::Certificate("is not valid PEM"))?;
        let pair = CertifiedKey::new(vec![certificate.clone()], Arc::clone(&signer));
        match pair.keys_match() {
            Ok(()) => return Ok(certificate.to_vec()),
            Err(rustls::Error::InconsistentKeys(_)) => why = "does not belong to the private key",
            Err(_) => why = "cannot be read",
        }
    }
    Err(KeyError::Certificate(why))
}

fn pkcs8(key: &PrivateKeyDer<'static>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    const UNREADABLE: KeyError = KeyError::Key("cannot be read as an RSA key");
    match key {
        PrivateKeyDer::Pkcs8(key) => Ok(Zeroizing::new(key.secret_pkcs8_der().to_vec())),
        PrivateKeyDer::Pkcs1(key) => {
            let pair = RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(|_| UNREADABLE)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| UNREADABLE)?;
            Ok(Zeroizing::new(der.as_ref().to_vec()))
        }
        _ => Err(UNREADABLE),
    }
}

/// The key in use and the one before it. A value: to change it, make the next one of it and put that in its place.
#[derive(Clone, Debug)]
pub struct KeyRing {
    current: Arc<KeyPair>,
    previous: Option<Previous>,
}

#[derive(Clone, Debug)]
struct Previous {
    key: Arc<KeyPair>,
    /// When a subscription was last known to name it.
    named_at_ms: i64,
}

impl KeyRing {
    /// With one key.
    pub fn new(current: KeyPair) -> KeyRing {
        KeyRing { current: Arc::new(current), previous: None }
    }

    /// The key that new and renewed subscriptions are to name.
    pub fn current(&self) -> &Arc<KeyPair> {
        &self.current
    }

    /// The key with this label.
    pub fn find(&self, id: &str) -> Option<&Arc<KeyPair>> {
        std::iter::once(&self.current).chain(self.previous.as_ref().map(|previous| &previous.key)).find(|key| key.id == id)
    }

    /// Whether it is time to make a new key: the present one is ours and old, or of a time to come, and none is on its way out.
    pub fn is_due(&self, now_wall_ms: i64) -> bool {
        let age = now_wall_ms.saturating_sub(self.current.made_at_ms);
        !self.current.supplied && self.previous.is_none() && !(-DAY_MS..ROTATE_AFTER_MS).contains(&age)
    }

    /// With this key instead; the present one stays as the one before. Nothing changes where it is the present one.
    #[must_use]
    pub fn rotated(&self, next: KeyPair, now_wall_ms: i64) -> KeyRing {
        if next.id == self.current.id {
            return self.clone();
        }
        KeyRing { previous: Some(Previous { key: self.current.clone(), named_at_ms: now_wall_ms }), current: Arc::new(next) }
    }

    /// The same after a look at the subscriptions: the key before goes once none of them has named it for [`KEEP_REPLACED_MS`]. `named`
    /// says whether any subscription names a label.
    #[must_use]
    pub fn tidied(&self, named: impl Fn(&str) -> bool, now_wall_ms: i64) -> KeyRing {
        let mut next = self.clone();
        if let Some(previous) = &mut next.previous {
            let since = now_wall_ms.saturating_sub(previous.named_at_ms);
            if named(&previous.key.id) || since < 0 {
                previous.named_at_ms = now_wall_ms;
            } else if since >= KEEP_REPLACED_MS {
                next.previous = None;
            }
        }
        next
    }

    /// What to store, to be kept as a secret: the keys that the library made. `None` where there are none.
    pub fn to_note(&self) -> Option<Zeroizing<Vec<u8>>> {
        let previous = self.previous.iter().map(|previous| (&previous.key, Some(previous.named_at_ms)));
        let keys: Vec<Stored> = std::iter::once((&self.current, None))
            .chain(previous)
            .filter(|(key, _)| !key.supplied)
            .map(|(key, named_at_ms)| Stored {
                certificate: STANDARD.encode(&key.certificate),
                private: STANDARD.encode(&*key.private),
                made_at_ms: key.made_at_ms,
                named_at_ms,
            })
            .collect();
        if keys.is_empty() {
            return None;
        }
        // Room for all at once: a buffer that grows leaves copies behind.
        let mut note =
            Zeroizing::new(Vec::with_capacity(keys.iter().map(|key| key.certificate.len() + key.private.len() + 200).sum()));
        serde_json::to_writer(&mut *note, &Note { version: VERSION, keys }).ok()?;
        Some(note)
    }

    /// The keys of a note. Where only a replaced one was stored, beside a supplied key, it comes back as the present one: rotate to the
    /// supplied one next.
    ///
    /// # Errors
    /// It is none, or of another version, or broken.
    pub fn from_note(note: &[u8]) -> Result<KeyRing, KeyError> {
        let note: Note = serde_json::from_slice(note).map_err(|_| KeyError::Note("not in the form that this version writes"))?;
        if note.version != VERSION {
            return Err(KeyError::Note("written by another version"));
        }
        let mut ring: Option<KeyRing> = None;
        for stored in &note.keys {
            let key = Arc::new(stored.read()?);
            match &mut ring {
                None => ring = Some(KeyRing { current: key, previous: None }),
                Some(ring) => {
                    ring.previous = Some(Previous { key, named_at_ms: stored.named_at_ms.unwrap_or(stored.made_at_ms) })
                }
            }
        }
        ring.ok_or(KeyError::Note("no key in it"))
    }
}

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Note {
    version: u32,
    keys: Vec<Stored>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Stored {
    certificate: String,
    private: String,
    made_at_ms: i64,
    named_at_ms: Option<i64>,
}

impl Stored {
    fn read(&self) -> Result<KeyPair, KeyError> {
        const BROKEN: KeyError = KeyError::Note("a key in it is broken");
        let certificate = STANDARD.decode(&self.certificate).map_err(|_| BROKEN)?;
        let private = Zeroizing::new(STANDARD.decode(&self.private).map_err(|_| BROKEN)?);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(private.as_slice()));
        let signer = any_supported_type(&key).map_err(|_| BROKEN)?;
        CertifiedKey::new(vec![CertificateDer::from(certificate.clone())], signer).keys_match().map_err(|_| BROKEN)?;
        KeyPair::of(certificate, private, self.made_at_ms, false).map_err(|_| BROKEN)
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
