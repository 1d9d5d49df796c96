//! Resource data: decrypted and checked here step by step, with nothing of the simulator's own code.

mod common;

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use aws_lc_rs::{encoding::AsDer as _, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::receiver::Receiver;
use common::{Bench, body, code, start};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use teams_presence_simulator::{Fault, PUBLIC_CLIENT_ID, PresenceSpec, TENANT_ID, Tamper, TokenVersion, Tokens};

const ANN: &str = "ann@contoso.test";
const TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/// A certificate with an RSA key of 1024 bits, which nothing here makes any more.
const SHORT_KEY: &str = "
    MIIB9DCCAV2gAwIBAgIUXcO8VdKp9TSscmi1A/GrzCI/cxMwDQYJKoZIhvcNAQELBQAwDDEKMAgGA1UEAwwBeDAeFw0yNjExMzAxOTE2MTRaFw0zNjExMjcx
    OTE2MTRaMAwxCjAIBgNVBAMMAXgwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAMjklMWokQhSYVBITPItMl4Niqc1NfJc7OMCjz/CbdP5ZhtqYUNalPmT
    421p+sjDwmAz/FigHIT9xdSBOyHOKVIol+mn7FeC5hj12uAcWmxmftdUde9lmsTSuYlrlixMEP85IAhJYIHXdxZhqiMpIfPhDTde/pjFeO/1r2YBnpgPAgMB
    AAGjUzBRMB0GA1UdDgQWBBSWP2/hmRvIqdrsuI7BuoSuI1Jy3zAfBgNVHSMEGDAWgBSWP2/hmRvIqdrsuI7BuoSuI1Jy3zAPBgNVHRMBAf8EBTADAQH/MA0G
    CSqGSIb3DQEBCwUAA4GBAEuMoB2aU/0hY9iM6BhHF0K+LB5s3sjk5WxK8yB+9A6u5TjHyKMTpr6Jx8PLPIpKL9seL+9tnnbr5KH4/K3TBJ1uh7wBdyxTmm4Y
    vadIhFWRRGvRNLUOwijj/Byge961mRKxjJfiK8hYuwj107k0QHqXB0Rs+W6NkQioMWDu0/tC
";

/// A subscriber's key and its certificate, as base64 of the DER.
struct Pair {
    key: OaepPrivateDecryptingKey,
    certificate: String,
    der: Vec<u8>,
}

fn pair(size: KeySize) -> Pair {
    let private = PrivateDecryptingKey::generate(size).expect("a key");
    let pkcs8 = private.as_der().expect("DER");
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec()));
    let signer = KeyPair::from_der_and_sign_algo(&der, &PKCS_RSA_SHA256).expect("a signer");
    let certificate = CertificateParams::new(vec!["pbx".to_owned()]).expect("names").self_signed(&signer).expect("signed");
    let der = certificate.der().to_vec();
    Pair { key: OaepPrivateDecryptingKey::new(private).expect("a key"), certificate: STANDARD.encode(&der), der }
}

/// The four steps of the documentation.
fn decrypt(content: &Value, pair: &Pair) -> Result<Value, String> {
    let bytes = |name: &str| STANDARD.decode(content[name].as_str().expect(name)).expect("base64");
    let mut key = vec![0; pair.key.min_output_size()];
    let key = pair.key.decrypt(&OAEP_SHA1_MGF1SHA1, &bytes("dataKey"), &mut key, None).map_err(|_| "key")?.to_vec();
    assert_eq!(key.len(), 32);
    let mut data = bytes("data");
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), &data, &bytes("dataSignature")).map_err(|_| "signature")?;
    let iv: [u8; 16] = key[..16].try_into().expect("16 bytes");
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &key).expect("a key")).expect("a cipher");
    let plain = cipher.decrypt(&mut data, DecryptionContext::Iv128(FixedLength::from(&iv))).map_err(|_| "padding")?;
    serde_json::from_slice(plain).map_err(|_| "JSON".to_owned())
}

/// Header and claims of a token that one of the published keys signed.
async fn verified(bench: &Bench, token: &str, keys_path: &str) -> Option<(Value, Value)> {
    let keys = body(bench.http.get(bench.url(keys_path)).send().await.expect("an answer")).await;
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let json = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let header = json(header)?;
    let key = keys["keys"].as_array()?.iter().find(|k| k["kid"] == header["kid"])?;
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().expect(name)).expect("base64");
    let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    Some((header, json(payload)?))
}

fn wanted(bench: &Bench, url: &str, pair: &Pair) -> Value {
    let mut wanted = bench.subscription(url, &["ann", "ben"]);
    wanted["includeResourceData"] = true.into();
    wanted["encryptionCertificate"] = pair.certificate.as_str().into();
    wanted["encryptionCertificateId"] = "cert-2026-11".into();
    wanted
}

struct Rich {
    bench: Bench,
    receiver: Receiver,
    pair: Pair,
    token: String,
    id: String,
    state: u32,
}

impl Rich {
    async fn start() -> Self {
        let bench = start().await;
        let receiver = Receiver::plain().await;
        let token = bench.delegated().await;
        let pair = pair(KeySize::Rsa2048);
        let id = bench.subscribe(&token, &wanted(&bench, &receiver.url, &pair)).await;
        Self { bench, receiver, pair, token, id, state: 0 }
    }

    /// The body of a notification about a change.
    async fn change(&mut self) -> Value {
        self.state += 1;
        let count = self.receiver.posts().len();
        self.bench.sim.set_presence(ANN, "Busy", &format!("State{}", self.state)).expect("set");
        self.receiver.wait_posts(count + 1).await[count].json()
    }

    async fn tampered(&mut self, how: Tamper) -> Value {
        self.bench.sim.inject(Fault::tamper(how).times(1));
        self.change().await
    }

    /// A change, and its token's header and claims.
    async fn changed(&mut self) -> Option<(Value, Value)> {
        let post = self.change().await;
        self.claims(&post).await
    }

    async fn claims(&self, post: &Value) -> Option<(Value, Value)> {
        verified(&self.bench, post["validationTokens"][0].as_str()?, "/common/discovery/v2.0/keys").await
    }
}

#[tokio::test]
async fn a_rich_notification_decrypts() {
    let mut rich = Rich::start().await;
    let first = rich.change().await;
    let item = &first["value"][0];
    let content = &item["encryptedContent"];
    let ann = rich.bench.id("ann");
    assert_eq!(
        decrypt(content, &rich.pair).expect("decrypted"),
        json!({"@odata.id": format!("users/{ann}/presence"), "@odata.type": "#microsoft.graph.presence", "id": ann,
            "availability": "Busy", "activity": "State1"})
    );
    let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &rich.pair.der);
    let thumbprint: String = thumbprint.as_ref().iter().map(|b| format!("{b:02X}")).collect();
    assert_eq!(content["encryptionCertificateThumbprint"], thumbprint);
    assert_eq!(content["encryptionCertificateId"], "cert-2026-11");
    assert_eq!((&item["resourceData"]["id"], &item["clientState"]), (&json!(ann), &json!("the client state")));

    // Every item has a key of its own; more properties and the version are switches.
    rich.bench.sim.oddities(|o| (o.notify.rich_sequence, o.notify.rich_all) = (true, true));
    rich.bench
        .sim
        .default_tenant()
        .put_presence(ANN, PresenceSpec { out_of_office: Some(true), ..Default::default() })
        .expect("set");
    let second = rich.receiver.wait_posts(2).await[1].json();
    let plain = decrypt(&second["value"][0]["encryptedContent"], &rich.pair).expect("decrypted");
    assert_ne!(second["value"][0]["encryptedContent"]["dataKey"], content["dataKey"]);
    assert_eq!(plain["outOfOfficeSettings"]["isOutOfOffice"], true);
    let (_, polled) = rich.bench.presences(&rich.token, &[&ann]).await;
    assert_eq!(plain["sequenceNumber"], polled["value"][0]["sequenceNumber"]);
    rich.bench.sim.oddities(|o| o.poll_sequence = false);
    let (_, polled) = rich.bench.presences(&rich.token, &[&ann]).await;
    assert!(polled["value"][0].get("sequenceNumber").is_none() && polled["value"][0]["outOfOfficeSettings"].is_object());
}

#[tokio::test]
async fn validation_tokens_hold() {
    let mut rich = Rich::start().await;
    let post = rich.change().await;
    assert_eq!(post["validationTokens"].as_array().map(Vec::len), Some(1));
    let (_, claims) = rich.claims(&post).await.expect("a good token");
    assert_eq!(claims["iss"], format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0"));
    assert_eq!((&claims["ver"], &claims["azp"], &claims["tid"]), (&json!("2.0"), &json!(TRACKING), &json!(TENANT_ID)));
    assert_eq!(claims["aud"], PUBLIC_CLIENT_ID);
    // Good by the simulator's clock and by the real one, however far they are apart.
    let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("later").as_secs() as i64;
    rich.bench.sim.advance(20 * 60_000);
    let (_, claims) = rich.changed().await.expect("a good token");
    for at in [real, rich.bench.sim.now() / 1000] {
        assert!(claims["nbf"].as_i64().is_some_and(|n| n <= at) && claims["exp"].as_i64().is_some_and(|e| e > at));
    }

    rich.bench.sim.oddities(|o| o.notify.token_version = TokenVersion::V1);
    let post = rich.change().await;
    let token = post["validationTokens"][0].as_str().expect("a token");
    let (_, claims) = verified(&rich.bench, token, "/common/discovery/keys").await.expect("a good token");
    assert_eq!(claims["iss"], format!("https://sts.windows.net/{TENANT_ID}/"));
    assert_eq!((&claims["ver"], &claims["appid"], claims.get("azp")), (&json!("1.0"), &json!(TRACKING), None));
    rich.bench.sim.oddities(|o| o.notify.token_version = TokenVersion::Alternating);
    let mut versions = Vec::new();
    for _ in 0..2 {
        versions.push(rich.changed().await.expect("a good token").1["ver"].clone());
    }
    assert_ne!(versions[0], versions[1]);
    for (tokens, wanted) in [(Tokens::Null, Some(&Value::Null)), (Tokens::Missing, None)] {
        rich.bench.sim.oddities(|o| o.notify.tokens = tokens);
        assert_eq!(rich.change().await.get("validationTokens"), wanted);
    }
}

#[tokio::test]
async fn keys_rotate() {
    let mut rich = Rich::start().await;
    let (old, _) = rich.changed().await.expect("a good token");
    rich.bench.sim.rotate_keys(false, true).expect("rotated");
    let post = rich.change().await;
    assert!(rich.claims(&post).await.is_none(), "not yet published");
    rich.bench.sim.publish_keys();
    let (new, _) = rich.claims(&post).await.expect("a good token");
    assert_ne!(new["kid"], old["kid"]);
    // Access tokens of the old key are still good.
    assert_eq!(rich.bench.get_json(&rich.token, &format!("/v1.0/subscriptions/{}", rich.id)).await.0, 200);
}

#[tokio::test]
async fn forgeries_are_what_they_say() {
    let mut rich = Rich::start().await;
    let mut content = async |how: Tamper| rich.tampered(how).await["value"][0]["encryptedContent"].clone();
    let mut got = Vec::new();
    for how in [Tamper::WrongHmac, Tamper::WrongKey, Tamper::WrongPlaintext, Tamper::WrongCertificateId { id: "other".into() }] {
        got.push(content(how).await);
    }
    let results: Vec<_> = got.iter().map(|c| decrypt(c, &rich.pair).err()).collect();
    assert_eq!(results, [Some("signature".into()), Some("key".into()), Some("JSON".into()), None]);
    assert_eq!(got[3]["encryptionCertificateId"], "other");

    assert_eq!(rich.tampered(Tamper::TokensNull).await["validationTokens"], Value::Null);
    assert!(rich.tampered(Tamper::TokensMissing).await.get("validationTokens").is_none());
    assert_eq!(rich.tampered(Tamper::TokensEmpty).await["validationTokens"], json!([]));
    for how in [Tamper::TokensGarbage, Tamper::TokenStranger, Tamper::TokenUnsigned] {
        let post = rich.tampered(how.clone()).await;
        assert!(post["validationTokens"][0].is_string() && rich.claims(&post).await.is_none(), "{how:?}");
    }
    let now = rich.bench.sim.now() / 1000;
    for how in [Tamper::TokenExpired, Tamper::TokenAudience, Tamper::TokenIssuer, Tamper::TokenCaller] {
        let post = rich.tampered(how.clone()).await;
        let (_, claims) = rich.claims(&post).await.expect("signed rightly");
        let wrong = [
            claims["exp"].as_i64().is_some_and(|e| e < now),
            claims["aud"] != PUBLIC_CLIENT_ID,
            claims["tid"] != TENANT_ID,
            claims["azp"] != TRACKING,
        ];
        assert_eq!(wrong.iter().filter(|w| **w).count(), 1, "{how:?}: {wrong:?}");
    }
    let foreign = rich.tampered(Tamper::Foreign { count: 1 }).await;
    assert_eq!(foreign["validationTokens"].as_array().map(Vec::len), Some(2), "one for each app and tenant");
    assert!(rich.changed().await.is_some(), "once means once");
}

#[tokio::test]
async fn certificates_are_checked_and_changed() {
    let rich = Rich::start().await;
    let one = format!("/v1.0/subscriptions/{}", rich.id);
    let new = pair(KeySize::Rsa3072);
    let patch = async |value: Value| rich.bench.send_json("PATCH", &rich.token, &one, &value).await;
    assert_eq!(code(&patch(json!({"encryptionCertificateId": "b"})).await), (400, "InvalidRequest"));
    let both = json!({"encryptionCertificate": new.certificate, "encryptionCertificateId": "b"});
    let (status, shown) = patch(both).await;
    assert_eq!((status, &shown["encryptionCertificateId"], &shown["encryptionCertificate"]), (200, &json!("b"), &Value::Null));
    rich.bench.sim.set_presence(ANN, "Busy", "InACall").expect("set");
    let item = rich.receiver.wait_items(1).await.remove(0);
    assert!(decrypt(&item["encryptedContent"], &new).is_ok() && decrypt(&item["encryptedContent"], &rich.pair).is_err());

    let elliptic = KeyPair::generate().expect("a key");
    let elliptic = CertificateParams::new(vec!["pbx".to_owned()]).expect("names").self_signed(&elliptic).expect("signed");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", new.certificate);
    for (text, why) in [
        (STANDARD.encode(elliptic.der()), "RSA"),
        (STANDARD.encode(&new.der[..200]), "X.509"),
        (pem, "base64"),
        (STANDARD.encode([&new.der[..], &new.der[..]].concat()), "more than one"),
        (SHORT_KEY.replace(char::is_whitespace, ""), "1024 bits"),
    ] {
        let answer = patch(json!({"encryptionCertificate": text, "encryptionCertificateId": "c"})).await;
        let message = answer.1["error"]["message"].as_str().unwrap_or_default();
        assert!(answer.0 == 400 && message.contains(why), "{why}: {message}");
    }
}

#[tokio::test]
async fn one_request_for_several_subscribers() {
    let mut rich = Rich::start().await;
    // The same user through the other app, to the same URL: two apps, two tokens.
    let form = [
        ("grant_type", "password"),
        ("client_id", teams_presence_simulator::CLIENT_ID),
        ("client_secret", teams_presence_simulator::CLIENT_SECRET),
        ("username", teams_presence_simulator::SERVICE_ACCOUNT),
        ("password", teams_presence_simulator::SERVICE_PASSWORD),
        ("scope", common::SCOPE),
    ];
    let (_, answer) = rich.bench.token_request(teams_presence_simulator::DOMAIN, &form).await;
    let token = answer["access_token"].as_str().expect("a token");
    let mut second = wanted(&rich.bench, &rich.receiver.url, &rich.pair);
    second["notificationUrlAppId"] = "00000000-0000-0000-0000-000000000007".into();
    rich.bench.subscribe(token, &second).await;
    let post = rich.change().await;
    assert_eq!(post["value"].as_array().map(Vec::len), Some(2));
    let mut audiences = Vec::new();
    for token in post["validationTokens"].as_array().expect("tokens") {
        let (_, claims) = verified(&rich.bench, token.as_str().expect("text"), "/common/discovery/keys").await.expect("good");
        audiences.push(claims["aud"].as_str().expect("text").to_owned());
    }
    assert_eq!(audiences, [PUBLIC_CLIENT_ID, "00000000-0000-0000-0000-000000000007"]);
}

#[tokio::test]
async fn a_full_subscription_changes_at_once() {
    let rich = Rich::start().await;
    let (bench, receiver) = (&rich.bench, &rich.receiver);
    bench.sim.end_subscription(None).expect("ended");
    bench.sim.default_tenant().add_users(650, "crowd{n}@contoso.test").expect("users");
    let ids: Vec<String> =
        (1..=650).map(|n| bench.sim.default_tenant().user_id(&format!("crowd{n}@contoso.test")).expect("a user")).collect();
    let mut wanted = wanted(bench, &receiver.url, &rich.pair);
    wanted["resource"] = format!("communications/presences?$filter=id in ('{}')", ids.join("','")).into();
    bench.subscribe(&rich.token, &wanted).await;
    bench.sim.default_tenant().set_all("Busy", "InAMeeting").expect("set");
    let items = receiver.wait_items(650).await;
    assert_eq!(receiver.posts().len(), 7, "a hundred each");
    let told: std::collections::HashSet<String> = items
        .iter()
        .map(|i| decrypt(&i["encryptedContent"], &rich.pair).expect("decrypted")["id"].as_str().expect("text").to_owned())
        .collect();
    assert_eq!(told, ids.into_iter().collect());
}
