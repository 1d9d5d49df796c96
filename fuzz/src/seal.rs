//! Graph's side of the encryption: that of the library's own tests.

use std::sync::LazyLock;

use teams_presence_sync::source::notify as envelope;
use teams_presence_sync::source::notify::{EncryptedContent, KeyPair, KeyRing};

#[path = "../../src/source/notify/test_seal.rs"]
mod test_seal;

/// The key before the present one.
pub static BEFORE: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::new(make()));
/// The key in use and the one before.
pub static RING: LazyLock<KeyRing> = LazyLock::new(|| BEFORE.rotated(make(), NOW_MS));
/// A key that is not ours.
pub static FOREIGN: LazyLock<KeyPair> = LazyLock::new(make);

const NOW_MS: i64 = 1_795_348_800_000;

fn make() -> KeyPair {
    KeyPair::make(NOW_MS).expect("a key")
}

/// `blocks`, encrypted with `key` and signed; the key sealed to the certificate of `pair`.
pub fn sealed(pair: &KeyPair, key: &[u8], ciphertext: &[u8]) -> EncryptedContent {
    test_seal::content(pair.id(), pair.certificate(), key, ciphertext)
}

/// AES-CBC over whole blocks; what is left over stays out.
pub fn cbc(key: &[u8], blocks: &[u8]) -> Vec<u8> {
    test_seal::cbc(key, blocks)
}

/// PKCS #7.
pub fn padded(plain: &[u8]) -> Vec<u8> {
    test_seal::padded(plain)
}
