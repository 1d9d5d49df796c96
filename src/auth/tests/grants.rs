//! What is sent, character by character.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rcgen::{KeyPair, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize};

use super::*;

const AWKWARD: &[&str] = &[
    "[", "]", "<", ">", "?", "#", "&", "%", "+", " ", "\"", "'", "ä", "€", "ｐ", "🔑", "=", "\\", "/", "~", ";", ":", "@", "$",
    "\t", "\n", "%20", "%2B", "&a=b", "}", "{", "|", "^", "`", "*", "(", ")", "!", ",", "\u{0}", "\u{7f}",
];

#[tokio::test]
async fn every_character_of_a_secret_arrives_as_it_is() {
    let server = always(granted);
    for awkward in AWKWARD {
        for secret in [format!("pre{awkward}post"), format!("{awkward}x"), format!("x{awkward}")] {
            let bench = Bench::new(settings(&server, by_secret(&secret)));
            bench.token().await.expect("a token");
            let seen = server.last();
            assert_eq!(seen.field("client_secret").as_deref(), Some(secret.as_str()));
            assert_eq!(seen.form().len(), 4, "nothing else in the form: {:?}", seen.form());
        }
    }
    let seen = server.last();
    assert_eq!(seen.line, "POST /11111111-2222-3333-4444-555555555555/oauth2/v2.0/token HTTP/1.1");
    assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen.field("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(seen.field("client_id").as_deref(), Some("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"));
    assert_eq!(seen.field("scope").as_deref(), Some("https://graph.microsoft.com/.default"));
    assert!(seen.header("authorization").is_none());
    assert!(seen.header("client-request-id").is_some_and(|id| uuid::Uuid::try_parse(id).is_ok()));
}

#[tokio::test]
async fn every_character_of_a_password_and_user_name_arrives_as_it_is() {
    let server = always(granted);
    for awkward in AWKWARD {
        for password in [format!("pre{awkward}post"), format!("{awkward}x"), format!("x{awkward}"), (*awkward).to_owned()] {
            let username = format!("us{awkward}er@example.com");
            let method = Method::Password { username: username.clone(), password: inline(&password), secret: None };
            let bench = Bench::new(settings(&server, method));
            bench.token().await.expect("a token");
            let seen = server.last();
            assert_eq!(seen.field("password"), Some(password.clone()));
            assert_eq!(seen.field("username"), Some(username));
            assert_eq!(seen.field("grant_type").as_deref(), Some("password"));
            assert_eq!(seen.field("client_secret"), None, "a public client sends none");
            assert_eq!(seen.field("scope").as_deref(), Some("https://graph.microsoft.com/.default"), "no offline_access");
            assert_eq!(seen.form().len(), 5);
            assert!(!bench.kinds().contains(&Kind::CredentialDoubtful), "the configuration warned of {password:?}");
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("password");
    for (password, doubtful) in [(" pw", true), ("pw\t\n", true), ("p w\n", false)] {
        std::fs::write(&path, password).expect("written");
        let given = SecretSource::File(path.clone());
        let method = Method::Password { username: "presence@example.com".to_owned(), password: given, secret: None };
        let bench = Bench::new(settings(&server, method));
        bench.token().await.expect("a token");
        assert_eq!(bench.kinds().contains(&Kind::CredentialDoubtful), doubtful, "{password:?}");
    }
    let bench = Bench::new(settings(&server, by_password("pw", Some("s&s"))));
    bench.token().await.expect("a token");
    assert_eq!(server.last().field("client_secret").as_deref(), Some("s&s"));
}

fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key")
}

fn certificate(key: &KeyPair) -> rcgen::Certificate {
    rcgen::CertificateParams::new(vec!["pbx.example".to_owned()]).expect("parameters").self_signed(key).expect("a certificate")
}

fn by_certificate(certificate: &str, key: &str) -> Method {
    Method::Certificate { certificate: inline(certificate), key: inline(key) }
}

fn pkcs1(key: &KeyPair) -> String {
    // RSA in PKCS#8 is a fixed head of 26 bytes before the PKCS#1 structure, for keys of this size.
    let der = &key.serialize_der()[26..];
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n")
}

#[derive(serde::Deserialize)]
struct Assertion {
    aud: String,
    iss: String,
    sub: String,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

#[tokio::test]
async fn a_certificate_signs_an_assertion_that_holds() {
    let server = always(granted);
    let (issuer, key) = (rsa(), rsa());
    let own = certificate(&key);
    let chain = format!("{}{}", certificate(&issuer).pem(), own.pem());
    let combined = format!("{}{}", own.pem(), key.serialize_pem());
    let public = DecodingKey::from_rsa_pem(key.public_key_pem().as_bytes()).expect("a public key");
    let mut ids = std::collections::HashSet::new();
    for (certificate, key) in
        [(own.pem(), key.serialize_pem()), (own.pem(), pkcs1(&key)), (chain, key.serialize_pem()), (combined.clone(), combined)]
    {
        let settings = settings(&server, by_certificate(&certificate, &key));
        let url = settings.token_url();
        let bench = Bench::new(settings);
        bench.token().await.expect("a token");
        let seen = server.last();
        assert_eq!(
            seen.field("client_assertion_type").as_deref(),
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        );
        assert_eq!((seen.field("client_secret"), seen.form().len()), (None, 5));
        let jwt = seen.field("client_assertion").expect("an assertion");
        let mut rules = Validation::new(Algorithm::PS256);
        rules.set_audience(&[&url]);
        let read = jsonwebtoken::decode::<Assertion>(&jwt, &public, &rules).expect("a valid signature");
        assert_eq!(read.header.typ.as_deref(), Some("JWT"));
        let thumbprint = URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, own.der()));
        assert_eq!(read.header.x5t_s256, Some(thumbprint));
        let claims = read.claims;
        assert_eq!(
            (claims.aud, claims.iss.clone(), claims.iss),
            (url, claims.sub, "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee".into())
        );
        assert!(claims.iat == claims.nbf && (300..=600).contains(&(claims.exp - claims.nbf)));
        assert!((bench.clock.now().wall_ms / 1_000 - claims.iat).abs() < 60);
        assert!(ids.insert(claims.jti), "each assertion has its own id");
    }
}

#[tokio::test]
async fn a_key_or_certificate_that_cannot_work_is_refused_without_a_request() {
    let server = always(granted);
    let (key, other) = (rsa(), rsa());
    let (own, pem) = (certificate(&key).pem(), key.serialize_pem());
    let elliptic = KeyPair::generate().expect("a key").serialize_pem();
    let edwards = KeyPair::generate_for(&PKCS_ED25519).expect("a key").serialize_pem();
    let sec1 = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (certificate, key, at, word) in [
        (certificate(&other).pem().as_str(), pem.as_str(), "auth.certificate", "does not belong"),
        (&own, &elliptic, "auth.key", "RSA keys only"),
        (&own, &edwards, "auth.key", "RSA keys only"),
        (&own, sec1, "auth.key", "RSA keys only"),
        (&own, locked, "auth.key", "pass phrase"),
        (&own, &own, "auth.key", "no private key"),
        (&own, "rubbish", "auth.key", "no private key"),
        (&pem, &pem, "auth.certificate", "no certificate"),
        (garbage, &pem, "auth.certificate", "cannot be read"),
    ] {
        let bench = Bench::new(settings(&server, by_certificate(certificate, key)));
        let error = bench.error().await;
        assert!(
            matches!(&error, SignInError::BadSecret { key, message, .. } if *key == at && message.contains(word)),
            "{error} is not {word}"
        );
        assert_eq!(bench.kinds(), [Kind::SecretUnreadable]);
    }
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn the_id_of_a_secret_in_a_file_is_refused_without_a_request() {
    let server = always(granted);
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret");
    let bench = Bench::new(settings(&server, Method::ClientSecret(ClientSecret::new(SecretSource::File(path.clone())))));
    assert!(matches!(bench.error().await, SignInError::BadSecret { key: "auth.secret", .. }), "no file yet");
    std::fs::write(&path, "0f8fad5b-d9cb-469f-a165-70867728950e\n").expect("written");
    bench.clock.advance(10_000);
    let error = bench.error().await;
    assert!(error.to_string().contains("Value"), "{error}");
    std::fs::write(&path, "a+b c\r\n").expect("written");
    bench.clock.advance(10_000);
    bench.token().await.expect("a token");
    assert_eq!(server.last().field("client_secret").as_deref(), Some("a+b c"), "one line end is cut");
    assert_eq!(bench.kinds(), [Kind::SecretUnreadable, Kind::SecretUnreadable, Kind::SignedIn]);
}
