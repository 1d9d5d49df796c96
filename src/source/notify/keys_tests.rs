use std::sync::LazyLock;

use super::*;

const NOW: i64 = 1_795_348_800_000; // 2026-11-22T12:00:00Z

/// Keys are dear to make: the tests share a few.
static POOL: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let pair = || {
        let key = rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).expect("a key");
        let certificate = CertificateParams::new(vec!["pbx.example.com".to_owned()]).expect("a name").self_signed(&key);
        (certificate.expect("a certificate").pem(), key.serialize_pem())
    };
    (0..3).map(|_| pair()).collect()
});

fn supplied(number: usize) -> KeyPair {
    let (certificate, key) = &POOL[number];
    KeyPair::supplied(certificate, key, NOW).expect("a pair")
}

/// As if the library had made it.
fn made(number: usize, made_at_ms: i64) -> KeyPair {
    KeyPair { made_at_ms, supplied: false, ..supplied(number) }
}

#[test]
fn a_made_key_is_what_graph_takes() {
    let key = KeyPair::make(NOW).expect("a key");
    let der = STANDARD.decode(key.certificate_base64()).expect("base64 in one line");
    let (rest, certificate) = x509_parser::parse_x509_certificate(&der).expect("an X.509 certificate");
    assert!(rest.is_empty());
    let public = certificate.public_key().parsed().expect("a public key");
    let x509_parser::public_key::PublicKey::RSA(rsa) = public else { panic!("{public:?}") };
    assert_eq!(rsa.key_size(), 2048);
    assert_eq!(certificate.subject().to_string(), "CN=teams-presence-sync");
    assert_eq!(certificate.validity().not_before.timestamp(), NOW / 1_000 - 36 * 3_600, "midnight of the day before");
    assert_eq!(key.not_after_ms(), crate::time::parse_date("2028-11-21"));
    assert!(key.id().len() <= 128 && key.id().starts_with("tps-"));
    assert!(!key.is_supplied());
    // Its signature is its own: our signer and the certificate agree.
    let pkcs8 = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.private.as_slice()));
    let signer = any_supported_type(&pkcs8).expect("a signer");
    CertifiedKey::new(vec![CertificateDer::from(der.clone())], signer).keys_match().expect("a pair");
    let spki = certificate.public_key().subject_public_key.data.as_ref();
    let signed = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256, spki);
    signed.verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data).expect("self-signed");
}

#[test]
fn a_wrong_clock_does_not_hinder() {
    for now in [i64::MIN, -1, 0, i64::MAX] {
        let made = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        self_signed(&made, now).expect("a certificate");
    }
}

#[test]
fn supplied_pairs() {
    let (certificate, key) = &POOL[0];
    let pair = KeyPair::supplied(certificate, key, NOW).expect("PKCS #8");
    assert!(pair.is_supplied());
    let chain = format!("{}\n{certificate}", POOL[1].0);
    assert_eq!(KeyPair::supplied(&chain, key, NOW).expect("any place in a file").id(), pair.id());
    // The same key as PKCS #1 (BEGIN RSA PRIVATE KEY), cut out of its PKCS #8 wrapping.
    let pkcs1 = &pair.private[26..];
    let old = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", STANDARD.encode(pkcs1));
    assert_eq!(KeyPair::supplied(certificate, &old, NOW).expect("PKCS #1").id(), pair.id());
}

#[test]
fn what_cannot_be_supplied() {
    let (certificate, key) = &POOL[0];
    let curve = rcgen::KeyPair::generate().expect("a key");
    let curve_certificate = CertificateParams::default().self_signed(&curve).expect("a certificate").pem();
    let small_key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    for (certificate, key, why) in [
        (certificate.as_str(), POOL[1].1.as_str(), "does not belong"),
        (certificate, "", "not in PEM"),
        ("", key, "not in PEM"),
        (key, key, "not in PEM"),
        (certificate, certificate, "not in PEM"),
        (certificate, small_key, "cannot be read"),
        (&curve_certificate, &curve.serialize_pem(), "not an RSA key"),
        (certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "pass phrase"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key, "cannot be read"),
    ] {
        let error = KeyPair::supplied(certificate, key, NOW).expect_err(why);
        assert!(error.to_string().contains(why), "{error} for {why}");
    }
}

#[test]
fn a_key_opens_what_was_sealed_to_it() {
    let key = supplied(0);
    let sealed = super::super::test_seal::oaep(key.certificate(), b"sixteen byte key");
    assert_eq!(key.open(&sealed).as_deref().map(Vec::as_slice), Some(&b"sixteen byte key"[..]));
    assert!(supplied(1).open(&sealed).is_none());
    assert!(key.open(&sealed[1..]).is_none());
    assert!(key.open(&[]).is_none());
    assert!(key.open(&vec![0xff; 256]).is_none());
    assert!(key.open(&vec![7; 100_000]).is_none());
}

#[test]
fn rotation() {
    let ring = KeyRing::new(made(0, NOW));
    let first = ring.current().id().to_owned();
    assert!(!ring.is_due(NOW) && !ring.is_due(NOW + ROTATE_AFTER_MS - 1));
    assert!(ring.is_due(NOW + ROTATE_AFTER_MS), "old");
    assert!(ring.is_due(NOW - 2 * DAY_MS), "the clock has been set back, or was ahead when the key was made");
    assert!(!KeyRing::new(supplied(0)).is_due(NOW + 10 * ROTATE_AFTER_MS), "not ours to rotate");

    let later = NOW + ROTATE_AFTER_MS;
    let ring = ring.rotated(made(1, later), later);
    assert_ne!(ring.current().id(), first);
    assert!(ring.find(&first).is_some() && ring.find(ring.current().id()).is_some() && ring.find("tps-other").is_none());
    assert!(!ring.is_due(later + 2 * ROTATE_AFTER_MS), "one is still on its way out");

    // Named for an hour more, then for the span in which Graph repeats.
    let ring = ring.tidied(|id| id == first, later + 3_600_000);
    let ring = ring.tidied(|_| false, later + 3_600_000 + KEEP_REPLACED_MS - 1);
    assert!(ring.find(&first).is_some());
    let ring = ring.tidied(|_| false, later + 3_600_000 + KEEP_REPLACED_MS);
    assert!(ring.find(&first).is_none() && ring.is_due(later + ROTATE_AFTER_MS));

    let same = ring.rotated(made(1, later), later);
    assert!(same.previous.is_none(), "the present key again is no rotation");
    let back = ring.rotated(made(2, later), later).tidied(|_| false, later - DAY_MS);
    assert!(back.tidied(|_| false, later - DAY_MS + KEEP_REPLACED_MS - 1).previous.is_some(), "a clock set back forgets nothing");
}

#[test]
fn keys_outlive_a_restart() {
    let ring = KeyRing::new(made(0, NOW)).rotated(made(1, NOW + 5), NOW + 9);
    let note = ring.to_note().expect("something to store");
    let back = KeyRing::from_note(&note).expect("the same");
    assert_eq!(back.current().id(), ring.current().id());
    assert_eq!((back.current().made_at_ms, back.previous.as_ref().expect("kept").named_at_ms), (NOW + 5, NOW + 9));
    let sealed = super::super::test_seal::oaep(supplied(0).certificate(), b"k");
    assert!(back.find(supplied(0).id()).expect("the one before").open(&sealed).is_some());
    assert!(KeyRing::new(supplied(0)).to_note().is_none(), "the administrator's key is not copied");
    let mixed = KeyRing::new(made(0, NOW)).rotated(supplied(1), NOW).to_note().expect("the one before is ours");
    assert_eq!(KeyRing::from_note(&mixed).expect("a ring").current().id(), supplied(0).id());
}

#[test]
fn a_broken_note_is_an_error() {
    let note = KeyRing::new(made(0, NOW)).rotated(made(1, NOW), NOW).to_note().expect("a note");
    let mut text: serde_json::Value = serde_json::from_slice(&note).expect("JSON");
    for broken in [&b""[..], b"{}", b"[]", b"null", b"{\"version\":1,\"keys\":[]}", &note[..note.len() - 1], b"\xff"] {
        assert!(matches!(KeyRing::from_note(broken), Err(KeyError::Note(_))), "{broken:?}");
    }
    let other = text["keys"][1]["private"].clone();
    text["keys"][0]["private"] = other;
    let swapped = text.to_string();
    assert!(matches!(KeyRing::from_note(swapped.as_bytes()), Err(KeyError::Note(_))), "a key with another's certificate");
    text["version"] = 2.into();
    assert!(matches!(KeyRing::from_note(text.to_string().as_bytes()), Err(KeyError::Note(_))));
}

#[test]
fn keys_are_not_shown() {
    let ring = KeyRing::new(made(0, NOW)).rotated(made(1, NOW), NOW);
    let shown = format!("{ring:?}");
    assert!(shown.contains("tps-") && shown.len() < 400, "{shown}");
}
