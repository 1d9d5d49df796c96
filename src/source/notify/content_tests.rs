use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::keys::KeyPair;
use super::super::test_seal::{cbc, content, padded};
use super::*;

static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::new(KeyPair::make(1_795_348_800_000).expect("a key")));

const PLAIN: &str = r##"{"@odata.id":"users/11111111-2222-3333-4444-555555555555/presence","@odata.type":"#microsoft.graph.presence",
"id":"11111111-2222-3333-4444-555555555555","availability":"Busy","activity":"InACall"}"##;

fn sealed(key: &[u8], data: &[u8]) -> EncryptedContent {
    let own = RING.current();
    content(own.id(), own.certificate(), key, data)
}

fn whole(key: &[u8], plain: &[u8]) -> EncryptedContent {
    sealed(key, &cbc(key, &padded(plain)))
}

#[test]
fn every_key_length_of_aes() {
    for length in [16_u8, 24, 32] {
        let key: Vec<u8> = (0..length).collect();
        assert_eq!(decrypt(&whole(&key, PLAIN.as_bytes()), &RING).as_deref(), Ok(PLAIN.as_bytes()), "{length}");
        assert_eq!(decrypt(&whole(&key, b""), &RING).as_deref(), Ok(&b""[..]), "{length}");
    }
    for length in [0_usize, 1, 8, 15, 17, 20, 31, 33, 64] {
        let content = sealed(&vec![7; length], &[0; 32]);
        assert_eq!(decrypt(&content, &RING), Err(ContentError::KeyLength(length)));
    }
}

const OPENSSL_DATA: &str = "4OFSkzmR0V7aPKG01uCz4Q==";
const OPENSSL_HMAC: &str = "angND4jSJIRNQszfhCsrx0xPXup5u4dUKQ54amqGkPw=";

/// A vector made with openssl 3 (`openssl enc -aes-256-cbc`, `openssl dgst -mac HMAC`): key = bytes 0..31, text `presence`.
#[test]
fn as_another_library_encrypts() {
    let key: Vec<u8> = (0..32).collect();
    let data = BASE64.decode(OPENSSL_DATA).expect("base64");
    let mut content = sealed(&key, &data);
    assert_eq!(content.data_signature, OPENSSL_HMAC);
    content.data_signature = OPENSSL_HMAC.to_owned();
    assert_eq!(decrypt(&content, &RING).as_deref(), Ok(&b"presence"[..]));
}

#[test]
fn each_step_is_checked() {
    let key = [9; 32];
    let good = whole(&key, PLAIN.as_bytes());
    let with = |change: fn(&mut EncryptedContent)| {
        let mut content = good.clone();
        change(&mut content);
        decrypt(&content, &RING).expect_err("refused")
    };
    assert_eq!(with(|content| content.certificate_id = "tps-other".into()), ContentError::Certificate);
    assert_eq!(with(|content| content.data_key = "?".into()), ContentError::DataKey);
    assert_eq!(with(|content| content.data_key = String::new()), ContentError::DataKey);
    assert_eq!(with(|content| content.data_key = BASE64.encode([1; 256])), ContentError::DataKey);
    assert_eq!(with(|content| content.data_key = BASE64.encode([1; 255])), ContentError::DataKey);
    assert_eq!(with(|content| content.data = "!".into()), ContentError::Data);
    assert_eq!(with(|content| content.data = String::new()), ContentError::Signature);
    assert_eq!(with(|content| content.data_signature = String::new()), ContentError::Signature);
    assert_eq!(with(|content| content.data_signature = "%".into()), ContentError::Signature);
    assert_eq!(with(|content| content.data_signature = BASE64.encode([0; 32])), ContentError::Signature);
    assert_eq!(with(|content| content.data_signature.truncate(20)), ContentError::Signature);
    // Signed as it should be, and yet not to be decrypted: no blocks, half a block, wrong padding.
    assert_eq!(decrypt(&sealed(&key, b""), &RING), Err(ContentError::Data));
    assert_eq!(decrypt(&sealed(&key, &[1; 15]), &RING), Err(ContentError::Data));
    assert_eq!(decrypt(&sealed(&key, &[1; 17]), &RING), Err(ContentError::Data));
    for ending in [[0_u8; 16], [17; 16], [255; 16], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3]] {
        assert_eq!(decrypt(&sealed(&key, &cbc(&key, &ending)), &RING), Err(ContentError::Data), "{ending:?}");
    }
    // A changed letter is found by the signature, before anything is decrypted.
    let mut data = BASE64.decode(&good.data).expect("base64");
    data[0] ^= 1;
    let changed = EncryptedContent { data: BASE64.encode(&data), ..good.clone() };
    assert_eq!(decrypt(&changed, &RING), Err(ContentError::Signature));
    let bare = EncryptedContent {
        data_key: good.data_key.trim_end_matches('=').to_owned(),
        data: good.data.trim_end_matches('=').to_owned(),
        data_signature: good.data_signature.trim_end_matches('=').to_owned(),
        ..good
    };
    assert!(decrypt(&bare, &RING).is_ok(), "base64 without its padding is understood");
}

#[test]
fn the_key_before_still_decrypts() {
    let content = whole(&[3; 32], PLAIN.as_bytes());
    let ring = RING.rotated(KeyPair::make(1_795_348_800_000).expect("a key"), 0);
    assert!(decrypt(&content, &ring).is_ok());
    let ring = ring.rotated(KeyPair::make(1_795_348_800_000).expect("a key"), 0);
    assert_eq!(decrypt(&content, &ring), Err(ContentError::Certificate));
}

fn told(plain: &str) -> Result<Told, ContentError> {
    Told::read(plain.as_bytes().to_vec())
}

#[test]
fn the_plaintext_is_read_as_a_poll_answer_is() {
    let seen = told(PLAIN).expect("a presence");
    assert_eq!(seen.id().to_string(), "11111111-2222-3333-4444-555555555555");
    assert_eq!(seen.raw(), Raw { availability: Some("Busy"), activity: Some("InACall"), out_of_office: None });
    assert_eq!(seen.sequence(), None);
    let full = r#"{"id":"11111111-2222-3333-4444-555555555555","availability":null,"activity":"In\u0041Call",
        "outOfOfficeSettings":{"message":"[[[","isOutOfOffice":true},"sequenceNumber":"A0129311063","workLocation":null}"#;
    let seen = told(full).expect("a presence");
    assert_eq!(seen.raw(), Raw { availability: None, activity: Some("InACall"), out_of_office: Some(true) });
    assert_eq!(seen.sequence(), Some("A0129311063"));
    for odd in ["null", "7", "\"\"", &format!("\"{}\"", "9".repeat(200))] {
        let plain = format!(r#"{{"id":"11111111-2222-3333-4444-555555555555","sequenceNumber":{odd}}}"#);
        assert_eq!(told(&plain).expect("a presence").sequence(), None, "{odd}");
    }
}

#[test]
fn what_is_no_presence() {
    let one = r#"{"id":"11111111-2222-3333-4444-555555555555"}"#;
    let other = one.replace('1', "9");
    for plain in
        ["", "{}", "[]", "null", "{\"value\":[]}", "{\"id\":\"x\"}", "presence", &format!("{{\"value\":[{one},{other}]}}")]
    {
        assert_eq!(told(plain).err(), Some(ContentError::Plaintext), "{plain}");
    }
    assert!(Told::read(vec![b'['; 1_000_000]).is_err(), "deep");
    assert!(told(&format!("{{\"id\":{}", "{\"a\":".repeat(100_000))).is_err(), "deep");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_was_encrypted_comes_back(key in prop::collection::vec(any::<u8>(), 32), plain in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(decrypt(&whole(&key, &plain), &RING), Ok(plain));
    }

    #[test]
    fn garbage_is_refused(data in ".{0,200}", signature in ".{0,60}", key in ".{0,400}") {
        let id = RING.current().id().to_owned();
        let content = EncryptedContent { data, data_signature: signature, data_key: key, certificate_id: id };
        prop_assert!(decrypt(&content, &RING).is_err());
    }

    #[test]
    fn any_plaintext_does_no_harm(plain in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Told::read(plain);
    }
}
