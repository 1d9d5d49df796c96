//! `encryptedContent`, decrypted and read.
//!
//! Steps and algorithms are those of Microsoft Graph's page on change notifications with resource data (2026-04-17): RSA-OAEP with SHA-1 for
//! the key, HMAC-SHA256 with that key over the ciphertext, which is compared before anything is decrypted, then AES-CBC with PKCS #7 padding;
//! the vector is the key's first 16 bytes. The page shows a key of 32 bytes without demanding it, so the length decides.
//!
//! A failure is seen by us alone: the sender has had its 202 before, so that no padding oracle comes of it.

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{EncryptedContent, text};
use super::keys::KeyRing;
use crate::graph::PresenceAnswer;
use crate::presence::{Guid, Raw};

/// Longest `sequenceNumber` that is kept. The documented example has 11 letters.
const MAX_SEQUENCE: usize = 128;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The step at which a content failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Encrypted to a certificate that is not ours, or not any more.
    #[error("encrypted to a certificate that is not ours")]
    Certificate,
    /// `dataKey` does not decrypt.
    #[error("the key does not decrypt")]
    DataKey,
    /// The symmetric key has no length of AES.
    #[error("the key has {0} bytes, which is no AES key")]
    KeyLength(usize),
    /// `dataSignature` does not fit.
    #[error("the signature does not fit")]
    Signature,
    /// `data` does not decrypt, or its padding is wrong.
    #[error("the data does not decrypt")]
    Data,
    /// What was decrypted is no presence.
    #[error("the decrypted data is no presence")]
    Plaintext,
}

/// Decrypts a content.
///
/// # Errors
/// The step that failed.
pub fn decrypt(content: &EncryptedContent, keys: &KeyRing) -> Result<Vec<u8>, ContentError> {
    let own = keys.find(&content.certificate_id).ok_or(ContentError::Certificate)?;
    let sealed = BASE64.decode(&content.data_key).map_err(|_| ContentError::DataKey)?;
    let key = own.open(&sealed).ok_or(ContentError::DataKey)?;
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        other => return Err(ContentError::KeyLength(other)),
    };
    let mut data = BASE64.decode(&content.data).map_err(|_| ContentError::Data)?;
    let signature = BASE64.decode(&content.data_signature).map_err(|_| ContentError::Signature)?;
    // In constant time.
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), &data, &signature).map_err(|_| ContentError::Signature)?;
    let vector: [u8; 16] = key[..16].try_into().map_err(|_| ContentError::Data)?;
    let length = UnboundCipherKey::new(algorithm, &key)
        .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
        .and_then(|cipher| Ok(cipher.decrypt(&mut data, DecryptionContext::Iv128(FixedLength::from(vector)))?.len()))
        .map_err(|_| ContentError::Data)?;
    data.truncate(length);
    Ok(data)
}

/// What tells this content from every other: the key of its signature is made anew for each. For one that was decrypted, which shows that the
/// signature is right.
pub(super) fn mark(content: &EncryptedContent) -> Option<u64> {
    let signature = BASE64.decode(&content.data_signature).ok()?;
    signature.first_chunk().map(|first| u64::from_be_bytes(*first))
}

/// A decrypted presence.
#[derive(Debug)]
pub struct Told {
    id: Guid,
    answer: PresenceAnswer,
    sequence: Option<String>,
}

#[derive(Deserialize)]
struct Numbered<'a> {
    #[serde(borrow, default, rename = "sequenceNumber")]
    sequence: Option<&'a RawValue>,
}

impl Told {
    /// Reads what [`decrypt`] gave: as tolerant as the answer of a poll, which has the same fields.
    ///
    /// # Errors
    /// It is not the presence of one person.
    pub fn read(plain: Vec<u8>) -> Result<Told, ContentError> {
        let sequence = std::str::from_utf8(&plain)
            .ok()
            .and_then(|plain| {
                serde_json::from_str::<Numbered<'_>>(plain).ok()?.sequence.and_then(text).map(|text| text.into_owned())
            })
            .filter(|sequence| !sequence.is_empty() && sequence.len() <= MAX_SEQUENCE);
        let mut answer = PresenceAnswer::default();
        answer.read(plain).map_err(|_| ContentError::Plaintext)?;
        let mut people = answer.iter().map(|(id, _)| id);
        let (Some(id), None) = (people.next(), people.next()) else { return Err(ContentError::Plaintext) };
        drop(people);
        Ok(Told { id, answer, sequence })
    }

    /// Whose presence. Authenticated by the encryption no more than the rest: anybody who has our certificate can encrypt.
    pub fn id(&self) -> Guid {
        self.id
    }

    /// The fields that count.
    pub fn raw(&self) -> Raw<'_> {
        self.answer.iter().next().map(|(_, raw)| raw).unwrap_or_default()
    }

    /// `sequenceNumber`, where there is one.
    pub fn sequence(&self) -> Option<&str> {
        self.sequence.as_deref()
    }
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
