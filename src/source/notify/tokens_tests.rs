use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW_S: i64 = 1_795_348_800;
const NOW: i64 = NOW_S * 1_000;
const TENANT: &str = "fec73c09-0000-0000-0000-00000000abcd";
const OTHER: &str = "dead0000-0000-0000-0000-00000000abcd";
const CLIENT: &str = "c11e0000-1111-2222-3333-444444444444";

/// A key of "Entra": how to sign, and its entry in a key set.
struct Signer {
    pem: String,
    jwk: Value,
}

fn signer(kid: &str) -> Signer {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).expect("a key");
    let certificate = rcgen::CertificateParams::default().self_signed(&key).expect("a certificate");
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate.der()).expect("X.509");
    let Ok(x509_parser::public_key::PublicKey::RSA(rsa)) = certificate.public_key().parsed() else { panic!("RSA") };
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(&bytes[bytes.iter().position(|byte| *byte != 0).expect("not zero")..]);
    let jwk = json!({ "kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": number(rsa.modulus), "e": number(rsa.exponent),
        "x5c": ["MII"], "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0" });
    Signer { pem: key.serialize_pem(), jwk }
}

static ENTRA: LazyLock<Signer> = LazyLock::new(|| signer("key-1"));
static STRANGER: LazyLock<Signer> = LazyLock::new(|| signer("key-2"));

fn set(keys: &[&Value]) -> KeySet {
    KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).expect("keys")
}

static KEYS: LazyLock<KeySet> = LazyLock::new(|| set(&[&ENTRA.jwk]));

fn claims() -> Value {
    json!({ "aud": CLIENT, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "iat": NOW_S, "nbf": NOW_S,
        "exp": NOW_S + 86_400, "azp": CHANGE_TRACKING.to_string(), "tid": TENANT, "ver": "2.0", "sub": "x" })
}

fn version1() -> Value {
    let mut claims = claims();
    claims["iss"] = json!(format!("https://sts.windows.net/{TENANT}/"));
    claims["appid"] = claims["azp"].take();
    claims.as_object_mut().expect("an object").remove("azp");
    claims["ver"] = json!("1.0");
    claims
}

fn signed_by(signer: &Signer, header: Header, claims: &Value) -> String {
    let key = EncodingKey::from_rsa_pem(signer.pem.as_bytes()).expect("a key");
    jsonwebtoken::encode(&header, claims, &key).expect("a token")
}

fn header(kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) }
}

fn token(claims: &Value) -> String {
    signed_by(&ENTRA, header("key-1"), claims)
}

fn rules() -> TokenRules {
    TokenRules::new(CLIENT.parse().expect("a GUID"), false)
}

fn prove(token: &str) -> Result<(), TokenError> {
    prove_at(token, NOW)
}

fn prove_at(token: &str, now: i64) -> Result<(), TokenError> {
    rules().prove(Some(&[token.to_owned()]), TENANT.parse().expect("a GUID"), &KEYS, now)
}

fn changed(name: &str, value: Value) -> Result<(), TokenError> {
    let mut claims = claims();
    claims[name] = value;
    prove(&token(&claims))
}

#[test]
fn both_versions_are_good() {
    assert_eq!(prove(&token(&claims())), Ok(()));
    assert_eq!(prove(&token(&version1())), Ok(()));
    assert_eq!(changed("aud", json!(CLIENT.to_uppercase())), Ok(()));
    assert_eq!(changed("nbf", json!(null)), Ok(()));
    assert_eq!(CHANGE_TRACKING.to_string(), "0bf30f3b-4a52-48df-9a82-234910c4a086");
}

#[test]
fn every_claim_counts() {
    for issuer in [
        format!("https://login.microsoftonline.com/{OTHER}/v2.0"),
        format!("https://sts.windows.net/{OTHER}/"),
        format!("https://sts.windows.net/{TENANT}"),
        format!("https://login.microsoftonline.com/{TENANT}/"),
        format!("http://login.microsoftonline.com/{TENANT}/v2.0"),
        format!("https://login.microsoftonline.com.evil.example/{TENANT}/v2.0"),
        format!("https://evil.example/https://sts.windows.net/{TENANT}/"),
        String::new(),
    ] {
        assert_eq!(changed("iss", json!(issuer)), Err(TokenError::Tenant), "{issuer}");
    }
    assert_eq!(changed("iss", json!([format!("https://sts.windows.net/{TENANT}/")])), Err(TokenError::Malformed), "one issuer");
    assert_eq!(changed("tid", json!(OTHER)), Err(TokenError::Tenant));
    assert_eq!(changed("tid", json!(null)), Err(TokenError::Malformed));
    assert_eq!(changed("aud", json!(OTHER)), Err(TokenError::Audience));
    assert_eq!(changed("aud", json!("")), Err(TokenError::Audience));
    assert_eq!(changed("aud", json!([CLIENT])), Err(TokenError::Malformed), "Entra names one audience");
    assert_eq!(changed("azp", json!(OTHER)), Err(TokenError::Caller));
    assert_eq!(changed("azp", json!(null)), Err(TokenError::Caller));
    assert_eq!(changed("appid", json!(OTHER)), Err(TokenError::Caller), "beside a good azp");
    assert_eq!(changed("exp", json!(null)), Err(TokenError::Malformed));
    assert_eq!(changed("exp", json!("never")), Err(TokenError::Malformed));
    assert_eq!(changed("exp", json!(u64::MAX)), Err(TokenError::Malformed));
    assert_eq!(changed("exp", json!(i64::MIN)), Err(TokenError::Expired));
    assert_eq!(changed("nbf", json!(i64::MAX)), Err(TokenError::NotYet));
}

#[test]
fn time_by_the_clock_that_is_given() {
    let token = token(&claims());
    let end = NOW + 86_400_000;
    assert_eq!(prove_at(&token, NOW - 300_000), Ok(()), "leeway before");
    assert_eq!(prove_at(&token, NOW - 301_000), Err(TokenError::NotYet));
    assert_eq!(prove_at(&token, end + 299_999), Ok(()), "leeway after");
    assert_eq!(prove_at(&token, end + 300_000), Err(TokenError::Expired));
    for now in [i64::MIN, 0, i64::MAX] {
        assert!(prove_at(&token, now).is_err());
    }
}

/// A token put together by hand.
fn assembled(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn no_other_algorithm() {
    for alg in ["none", "None", "", "RS257"] {
        let token = assembled(&json!({ "alg": alg, "kid": "key-1", "typ": "JWT" }), &claims(), b"");
        assert_eq!(prove(&token), Err(TokenError::Malformed), "{alg}");
    }
    // The public key, which everybody has, as the secret of an HMAC.
    let modulus = URL_SAFE_NO_PAD.decode(ENTRA.jwk["n"].as_str().expect("a text")).expect("base64");
    let hmac = Header { kid: Some("key-1".into()), ..Header::new(Algorithm::HS256) };
    let token = jsonwebtoken::encode(&hmac, &claims(), &EncodingKey::from_secret(&modulus)).expect("a token");
    assert_eq!(prove(&token), Err(TokenError::Algorithm));
    for alg in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let other = Header { kid: Some("key-1".into()), ..Header::new(alg) };
        assert_eq!(prove(&signed_by(&ENTRA, other, &claims())), Err(TokenError::Algorithm), "{alg:?}");
    }
}

#[test]
fn the_signature_counts() {
    assert_eq!(prove(&signed_by(&STRANGER, header("key-1"), &claims())), Err(TokenError::Signature));
    assert_eq!(prove(&assembled(&json!({ "alg": "RS256", "kid": "key-1" }), &claims(), b"")), Err(TokenError::Signature));
    let good = token(&claims());
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let (head, _) = signed.split_once('.').expect("three parts");
    let mut other = claims();
    other["exp"] = json!(NOW_S + 999_999);
    let forged = format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(other.to_string()));
    assert_eq!(prove(&forged), Err(TokenError::Signature));
    // A key of its own in the header is not looked at.
    let mut own = json!({ "alg": "RS256", "kid": "key-1", "jwk": STRANGER.jwk, "jku": "https://evil.example/keys" });
    own["jwk"]["kid"] = json!("key-1");
    assert!(prove(&assembled(&own, &claims(), b"x")).is_err());
}

#[test]
fn an_unknown_key_is_named_if_the_rest_is_right() {
    let unknown = |claims: &Value| prove(&signed_by(&STRANGER, header("key-2"), claims));
    assert_eq!(unknown(&claims()), Err(TokenError::UnknownKey { kid: "key-2".into() }));
    let mut foreign = claims();
    foreign["aud"] = json!(OTHER);
    assert_eq!(unknown(&foreign), Err(TokenError::Audience), "no fetch for what would be refused anyway");
    assert_eq!(prove(&signed_by(&ENTRA, Header::new(Algorithm::RS256), &claims())), Err(TokenError::Malformed), "no kid");
}

#[test]
fn one_good_token_among_others() {
    let tenant = TENANT.parse().expect("a GUID");
    let mut other = claims();
    (other["tid"], other["iss"]) = (json!(OTHER), json!(format!("https://sts.windows.net/{OTHER}/")));
    let tokens = [String::from("x"), token(&other), token(&claims())];
    assert_eq!(rules().prove(Some(&tokens), tenant, &KEYS, NOW), Ok(()));
    assert_eq!(rules().prove(Some(&tokens[..2]), tenant, &KEYS, NOW), Err(TokenError::Tenant), "the closest one speaks");
    assert_eq!(rules().prove(Some(&tokens), OTHER.parse().expect("a GUID"), &KEYS, NOW), Ok(()));
}

#[test]
fn missing_tokens_by_policy() {
    let tenant = TENANT.parse().expect("a GUID");
    let lenient = TokenRules::new(CLIENT.parse().expect("a GUID"), true);
    for none in [None, Some(&[][..])] {
        assert_eq!(rules().prove(none, tenant, &KEYS, NOW), Err(TokenError::Missing));
        assert_eq!(lenient.prove(none, tenant, &KEYS, NOW), Ok(()));
    }
    assert_eq!(
        lenient.prove(Some(&["x".to_owned()]), tenant, &KEYS, NOW),
        Err(TokenError::Malformed),
        "a bad one is not a missing one"
    );
}

#[test]
fn another_host_by_configuration() {
    let mut claims = claims();
    claims["iss"] = json!(format!("https://127.0.0.1:8443/{TENANT}/v2.0"));
    let token = [token(&claims)];
    let tenant = TENANT.parse().expect("a GUID");
    assert_eq!(rules().prove(Some(&token), tenant, &KEYS, NOW), Err(TokenError::Tenant));
    assert_eq!(rules().also_issued_by("https://127.0.0.1:8443/").prove(Some(&token), tenant, &KEYS, NOW), Ok(()));
}

#[test]
fn key_sets() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut jwk = ENTRA.jwk.clone();
        change(&mut jwk);
        KeySet::read(json!({ "keys": [jwk, STRANGER.jwk] }).to_string().as_bytes()).expect("keys")
    };
    assert_eq!(with(&|_| {}).len(), 2);
    assert!(with(&|jwk| jwk["alg"] = json!("RS256")).knows("key-1"));
    for (name, value) in [
        ("kty", json!("EC")),
        ("use", json!("enc")),
        ("alg", json!("HS256")),
        ("kid", json!("")),
        ("n", json!("?")),
        ("e", json!(null)),
    ] {
        let set = with(&|jwk| jwk[name] = value.clone());
        assert!(!set.knows("key-1") && set.knows("key-2"), "{name}");
    }
    for body in
        ["", "{}", "[]", "null", "{\"keys\":[]}", "{\"keys\":[7,null,{}]}", &format!("{{\"keys\":{}", "[".repeat(100_000))]
    {
        assert_eq!(KeySet::read(body.as_bytes()).err(), Some(NoKeys), "{body:.40}");
    }
    // A key of one tenant signs for that one only.
    let of = |tenant: &str| with(&|jwk| jwk["issuer"] = json!(format!("https://login.microsoftonline.com/{tenant}/v2.0")));
    let tokens = [token(&claims())];
    let tenant = TENANT.parse().expect("a GUID");
    assert_eq!(rules().prove(Some(&tokens), tenant, &of(TENANT), NOW), Ok(()));
    assert_eq!(rules().prove(Some(&tokens), tenant, &of(OTHER), NOW), Err(TokenError::Tenant));
}

use super::super::key_set::NoKeys;

proptest! {
    #[test]
    fn random_texts_prove_nothing(token in ".{0,300}") {
        prop_assert!(prove(&token).is_err());
    }

    #[test]
    fn a_changed_byte_proves_nothing(at in any::<prop::sample::Index>(), byte in prop::sample::select((b'0'..=b'z').collect::<Vec<u8>>())) {
        static GOOD: LazyLock<String> = LazyLock::new(|| token(&claims()));
        let mut bytes = GOOD.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let changed = String::from_utf8(bytes).expect("ASCII");
        prop_assert!(prove(&changed).is_err());
    }

    #[test]
    fn random_parts_prove_nothing(head in ".{0,80}", claims in ".{0,120}", signature in prop::collection::vec(any::<u8>(), 0..300)) {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.{}", part(&head), part(&claims), URL_SAFE_NO_PAD.encode(&signature));
        prop_assert!(prove(&token).is_err());
    }

    #[test]
    fn random_key_sets_do_no_harm(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = KeySet::read(&body);
    }
}
