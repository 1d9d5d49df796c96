//! An encrypted content: sealed as Graph seals, then changed.

use arbitrary::{Arbitrary, Unstructured};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use teams_presence_sync::source::notify::{ContentError, EncryptedContent, KeyPair, decrypt};

use super::edit::{Edit, edited, edited_text};
use super::mostly::Mostly;
use super::presence::{self, Presence};
use super::seal::{BEFORE, FOREIGN, RING, cbc, padded, sealed};

/// As the library reads it: padded or not.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

#[derive(Arbitrary, Debug)]
struct Case {
    to: Mostly<Whom>,
    label: Mostly<Label>,
    key: [u8; 32],
    length: Mostly<Length>,
    plain: Plain,
    /// Bytes behind the blocks, before the signature is made.
    ragged: Mostly<u8>,
    data: Mostly<Vec<Edit>>,
    signature: Mostly<Vec<Edit>>,
    data_key: Mostly<Vec<Edit>>,
    /// Whether the text is changed, and not what it stands for.
    in_base64: bool,
    without_padding: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug, Default, PartialEq)]
enum Whom {
    #[default]
    Current,
    Before,
    Foreign,
}

#[derive(Arbitrary, Debug, Default)]
enum Label {
    #[default]
    Own,
    Of(Whom),
    Edited(Vec<Edit>),
}

#[derive(Arbitrary, Debug, Default)]
enum Length {
    #[default]
    Aes256,
    Aes128,
    Aes192,
    Odd(u8),
}

#[derive(Arbitrary, Debug)]
enum Plain {
    Presence(Box<Presence>),
    Bytes(Vec<u8>),
    /// As long as a status message makes it at the most.
    Long(u16),
    /// Whole blocks whose padding is what it happens to be.
    Blocks(Vec<u8>),
    /// Blocks that end with this byte, so often.
    Ending(u8, u8),
}

pub fn run(data: &[u8]) -> bool {
    Case::arbitrary_take_rest(Unstructured::new(data)).is_ok_and(|case| case.check())
}

impl Whom {
    fn pair(self) -> &'static KeyPair {
        match self {
            Whom::Current => RING.current(),
            Whom::Before => BEFORE.current(),
            Whom::Foreign => &FOREIGN,
        }
    }
}

impl Case {
    fn key(&self) -> Vec<u8> {
        let length = match *self.length {
            Length::Aes128 => 16,
            Length::Aes192 => 24,
            Length::Aes256 => 32,
            Length::Odd(length) => usize::from(length % 80),
        };
        self.key.iter().copied().cycle().take(length).collect()
    }

    /// The text before it is encrypted, padded.
    fn blocks(&self) -> Vec<u8> {
        match &self.plain {
            Plain::Presence(presence) => padded(&presence.text()),
            Plain::Bytes(bytes) => padded(bytes),
            Plain::Long(length) => padded(&vec![b' '; usize::from(*length)]),
            Plain::Blocks(bytes) => bytes[..bytes.len() / 16 * 16].to_vec(),
            Plain::Ending(byte, times) => {
                let times = usize::from(*times) % 33;
                let mut blocks = vec![b'x'; (times + 1).next_multiple_of(16) - times];
                blocks.extend(vec![*byte; times]);
                blocks
            }
        }
    }

    fn check(&self) -> bool {
        let (key, blocks) = (self.key(), self.blocks());
        let known_length = matches!(key.len(), 16 | 24 | 32);
        let mut ciphertext = if known_length { cbc(&key, &blocks) } else { vec![7; 32] };
        ciphertext.extend(vec![7; usize::from(*self.ragged % 16)]);
        let good = sealed(self.to.pair(), &key, &ciphertext);
        let changed = self.changed(&good);
        let seen = decrypt(&changed, &RING);
        assert_eq!(seen, self.expected(&good, &changed, &key, &ciphertext, &blocks), "{self:?}");
        if let Ok(plain) = &seen {
            presence::check(plain);
        }
        seen.is_ok()
    }

    fn changed(&self, good: &EncryptedContent) -> EncryptedContent {
        let change = |text: &str, edits: &[Edit]| {
            let text = if self.in_base64 {
                edited_text(text, edits)
            } else {
                BASE64.encode(edited(&BASE64.decode(text).expect("made here"), edits))
            };
            if self.without_padding { text.trim_end_matches('=').to_owned() } else { text }
        };
        EncryptedContent {
            data: change(&good.data, &self.data),
            data_signature: change(&good.data_signature, &self.signature),
            data_key: change(&good.data_key, &self.data_key),
            certificate_id: match &*self.label {
                Label::Own => good.certificate_id.clone(),
                Label::Of(whom) => whom.pair().id().to_owned(),
                Label::Edited(edits) => edited_text(&good.certificate_id, edits),
            },
        }
    }

    /// What must come of it, step by step.
    fn expected(
        &self,
        good: &EncryptedContent,
        changed: &EncryptedContent,
        key: &[u8],
        ciphertext: &[u8],
        blocks: &[u8],
    ) -> Result<Vec<u8>, ContentError> {
        let ours = [Whom::Current, Whom::Before].into_iter().find(|whom| whom.pair().id() == changed.certificate_id);
        let named = ours.ok_or(ContentError::Certificate)?;
        let same = |before: &str, after: &str| BASE64.decode(after).is_ok_and(|after| BASE64.decode(before) == Ok(after));
        if named != *self.to || !same(&good.data_key, &changed.data_key) {
            return Err(ContentError::DataKey);
        }
        if !matches!(key.len(), 16 | 24 | 32) {
            return Err(ContentError::KeyLength(key.len()));
        }
        if BASE64.decode(&changed.data).is_err() {
            return Err(ContentError::Data);
        }
        // Nothing is decrypted unless the signature fits: a wrong padding is never reached by a change.
        if !same(&good.data, &changed.data) || !same(&good.data_signature, &changed.data_signature) {
            return Err(ContentError::Signature);
        }
        let padding = usize::from(blocks.last().copied().unwrap_or(0));
        let padded = (1..=16).contains(&padding) && blocks.iter().rev().take(padding).all(|byte| usize::from(*byte) == padding);
        if ciphertext.len() != blocks.len() || !padded {
            return Err(ContentError::Data);
        }
        Ok(blocks[..blocks.len() - padding].to_vec())
    }
}
