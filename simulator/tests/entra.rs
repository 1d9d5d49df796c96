//! The token endpoint, each refusal as it comes over the wire.

mod common;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Bench, SCOPE, start};
use serde_json::{Value, json};
use teams_presence_simulator::{
    Action, AppSpec, CLIENT_ID, CLIENT_SECRET, Cloud, DOMAIN, EndpointClass, Fault, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT,
    SERVICE_PASSWORD, SecretSpec, TENANT_ID, TenantSpec, UserSpec,
};

const GOOD: [(&str, &str); 4] =
    [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("scope", SCOPE)];

/// Tenant, form, and what is expected of it.
type Case<'a, T> = (&'a str, Vec<(&'a str, &'a str)>, T);

/// The good form with one parameter changed; an empty value leaves it out.
fn but<'a>(form: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form: Vec<_> = form.iter().copied().filter(|(n, _)| *n != name).collect();
    if !value.is_empty() {
        form.push((name, value));
    }
    form
}

fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn client_secret_in_body_and_by_basic() {
    let bench = start().await;
    for tenant in [DOMAIN, TENANT_ID, "CONTOSO.test"] {
        let (status, body) = bench.token_request(tenant, &GOOD).await;
        assert_eq!((status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(3599)));
        let claims = payload(body["access_token"].as_str().expect("a token"));
        assert_eq!(claims["tid"], TENANT_ID);
        assert_eq!(claims["appid"], CLIENT_ID);
        assert_eq!(claims["aud"], "https://graph.microsoft.com");
        assert_eq!(claims["roles"], json!(["Presence.Read.All", "User.Read.All"]));
        assert!(claims.get("scp").is_none());
        assert_eq!(claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat"), 3599);
    }
    let encode = |s: &str| url::form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>();
    let basic = STANDARD.encode(format!("{CLIENT_ID}:{}", encode(CLIENT_SECRET)));
    let form = [("grant_type", "client_credentials"), ("scope", SCOPE)];
    let request = common::with_form(bench.http.post(bench.url(&format!("/{DOMAIN}/oauth2/v2.0/token"))), &form);
    let response = request.header("authorization", format!("Basic {basic}")).send().await.expect("an answer");
    assert_eq!(response.status(), 200);

    bench.sim.oddities(|odd| odd.expires_in_as_string = true);
    assert_eq!(bench.token_request(DOMAIN, &GOOD).await.1["expires_in"], "3599");
    let recorded = format!("{:?}", bench.sim.requests());
    assert!(!recorded.contains(&encode(CLIENT_SECRET)) && !recorded.contains(&basic), "{recorded}");
}

#[tokio::test]
async fn client_credentials_refusals() {
    let bench = start().await;
    let soon = bench.sim.now() + 60_000;
    let expiring = SecretSpec { value: "old".into(), expires_ms: Some(soon) };
    let app = |spec: AppSpec| bench.sim.default_tenant().put_app(spec).expect("an app");
    let expired = app(AppSpec { secrets: Some(vec![expiring]), ..AppSpec::default() });
    let disabled = app(AppSpec { secrets: Some(vec!["s".into()]), disabled: Some(true), ..AppSpec::default() });
    let nobody = "00000000-1111-4222-8333-444444444444";

    assert_eq!(bench.token_request(DOMAIN, &but(&but(&GOOD, "client_id", &expired), "client_secret", "old")).await.0, 200);
    bench.sim.advance(61_000);
    let table: Vec<Case<'_, (u64, u16)>> = vec![
        (DOMAIN, but(&GOOD, "client_secret", "wrong"), (7000215, 401)),
        (DOMAIN, but(&but(&GOOD, "client_id", &expired), "client_secret", "old"), (7000222, 401)),
        (DOMAIN, but(&GOOD, "client_secret", ""), (7000216, 401)),
        (DOMAIN, but(&GOOD, "client_id", nobody), (700016, 400)),
        (DOMAIN, but(&GOOD, "client_id", "no guid"), (700016, 400)),
        (DOMAIN, but(&GOOD, "client_id", ""), (900144, 400)),
        (DOMAIN, but(&but(&GOOD, "client_id", &disabled), "client_secret", "s"), (7000112, 400)),
        (DOMAIN, but(&GOOD, "grant_type", ""), (900144, 400)),
        (DOMAIN, but(&GOOD, "grant_type", "implicit"), (70003, 400)),
        (DOMAIN, but(&GOOD, "scope", ""), (900144, 400)),
        (DOMAIN, but(&GOOD, "scope", "https://graph.microsoft.com/Presence.Read.All"), (1002012, 400)),
        (DOMAIN, but(&GOOD, "scope", "https%3A%2F%2Fgraph.microsoft.com%2F.default"), (1002012, 400)),
        (DOMAIN, but(&GOOD, "scope", "https://graph.microsoft.us/.default"), (500011, 400)),
        (DOMAIN, but(&GOOD, "scope", "https://graph.microsoft.com/.default https://vault.azure.net/.default"), (28002, 400)),
        ("unknown.test", GOOD.to_vec(), (90002, 400)),
        (nobody, GOOD.to_vec(), (90002, 400)),
        ("nonsense", GOOD.to_vec(), (900023, 400)),
        ("common", GOOD.to_vec(), (9001023, 400)),
        ("organizations", GOOD.to_vec(), (9001023, 400)),
    ];
    for (tenant, form, wanted) in table {
        assert_eq!(bench.refusal(tenant, &form).await, wanted, "{tenant} {form:?}");
    }
    let (_, body) = bench.token_request(DOMAIN, &but(&GOOD, "client_secret", "wrong")).await;
    assert_eq!(body["error"], "invalid_client");
    let text = body["error_description"].as_str().expect("a description");
    assert!(text.starts_with("AADSTS7000215: ") && text.contains("Trace ID") && text.contains("Correlation ID"), "{text}");
    for member in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(body[member].is_string(), "{member}");
    }
    let got = bench.http.get(bench.url(&format!("/{DOMAIN}/oauth2/v2.0/token"))).send().await.expect("an answer");
    assert_eq!(got.status(), 400);
    assert!(bench.sim.counters().tokens_refused[&7000215] >= 2);
}

#[tokio::test]
async fn other_clouds_have_another_graph() {
    let bench = start().await;
    let gov = TenantSpec { domains: vec!["gov.test".into()], cloud: Cloud::UsGov, ..TenantSpec::default() };
    bench.sim.add_tenant(gov).expect("a tenant");
    let app = AppSpec { secrets: Some(vec!["s".into()]), ..AppSpec::default() };
    let id = bench.sim.tenant("gov.test").put_app(app).expect("an app");
    let form = but(&but(&GOOD, "client_id", &id), "client_secret", "s");
    assert_eq!(bench.refusal("gov.test", &form).await, (500011, 400));
    let (status, body) = bench.token_request("gov.test", &but(&form, "scope", "https://graph.microsoft.us/.default")).await;
    assert_eq!(status, 200);
    assert!(payload(body["access_token"].as_str().expect("a token")).get("roles").is_none(), "no permission, no claim");
    assert_eq!(bench.refusal("gov.test", &GOOD).await.0, 700016, "another tenant's app");
}

struct Signer {
    key: KeyPair,
    der: Vec<u8>,
    pem: String,
}

impl Signer {
    fn new() -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = aws_lc_rs::encoding::AsDer::as_der(&key).expect("DER");
        let for_cert = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_ref().to_vec().into(), &rcgen::PKCS_RSA_SHA256)
            .expect("a key for rcgen");
        let cert = rcgen::CertificateParams::new(Vec::new()).and_then(|p| p.self_signed(&for_cert)).expect("a certificate");
        Self { key, der: cert.der().to_vec(), pem: cert.pem() }
    }

    fn sign(&self, header: &Value, payload: &Value, padding: &'static dyn RsaEncoding) -> String {
        let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
        let text = format!("{}.{}", part(header), part(payload));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(padding, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("a signature");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn thumbprint(&self, algorithm: &'static aws_lc_rs::digest::Algorithm) -> String {
        URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(algorithm, &self.der))
    }
}

#[tokio::test]
async fn certificate_assertions() {
    let bench = start().await;
    let signer = Signer::new();
    let app = AppSpec { certificates: Some(vec![signer.pem.clone()]), ..AppSpec::default() };
    let id = bench.sim.default_tenant().put_app(app).expect("an app");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    let audience = bench.url(&format!("/{DOMAIN}/oauth2/v2.0/token"));
    let claims = |jti: &str| json!({"aud": audience, "iss": id, "sub": id, "jti": jti, "nbf": now, "iat": now, "exp": now + 300});
    let sha256 = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": signer.thumbprint(&aws_lc_rs::digest::SHA256)});
    let sha1 = json!({"alg": "RS256", "typ": "JWT", "x5t": signer.thumbprint(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY)});
    let post = async |token: String| {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("scope", SCOPE),
            ("client_assertion_type", kind),
            ("client_assertion", &token),
        ];
        let (status, body) = bench.token_request(DOMAIN, &form).await;
        if status == 200 { 0 } else { body["error_codes"][0].as_u64().expect("a number") }
    };
    let ps = |payload: &Value| signer.sign(&sha256, payload, &RSA_PSS_SHA256);
    let with = |name: &str, value: Value| {
        let mut claims = claims(name);
        claims[name] = value;
        claims
    };
    assert_eq!(post(ps(&claims("1"))).await, 0);
    assert_eq!(post(signer.sign(&sha1, &claims("2"), &RSA_PKCS1_SHA256)).await, 0);
    assert_eq!(post(ps(&with("aud", json!(format!("https://login.microsoftonline.com/{DOMAIN}/oauth2/v2.0/token"))))).await, 0);
    assert_eq!(post(ps(&claims("1"))).await, 700027, "the same jti again");
    assert_eq!(post(ps(&with("aud", json!("https://example.test/")))).await, 50012);
    assert_eq!(post(ps(&with("iss", json!(CLIENT_ID)))).await, 700021);
    assert_eq!(post(ps(&with("sub", json!(CLIENT_ID)))).await, 700021);
    assert_eq!(post(ps(&with("exp", json!(now - 400)))).await, 700024);
    assert_eq!(post(ps(&with("nbf", json!(now + 400)))).await, 700024);
    assert_eq!(post(ps(&with("jti", json!("")))).await, 50027);
    assert_eq!(post(Signer::new().sign(&sha256, &claims("3"), &RSA_PSS_SHA256)).await, 700027, "another key");
    assert_eq!(post(signer.sign(&sha256, &claims("4"), &RSA_PKCS1_SHA256)).await, 700027, "another padding");
    let mut unknown = sha256.clone();
    unknown["x5t#S256"] = URL_SAFE_NO_PAD.encode([7u8; 32]).into();
    assert_eq!(post(signer.sign(&unknown, &claims("5"), &RSA_PSS_SHA256)).await, 700027);
    assert_eq!(post(signer.sign(&json!({"alg": "none"}), &claims("6"), &RSA_PSS_SHA256)).await, 50027);
    assert_eq!(post("rubbish".to_owned()).await, 50027);
    bench.sim.oddities(|odd| odd.entra_clock_skew_s = 3600);
    assert_eq!(post(ps(&claims("7"))).await, 700024, "a host whose clock is behind");
}

const USER: [(&str, &str); 5] = [
    ("grant_type", "password"),
    ("client_id", PUBLIC_CLIENT_ID),
    ("username", SERVICE_ACCOUNT),
    ("password", SERVICE_PASSWORD),
    ("scope", "https://graph.microsoft.com/Presence.Read.All offline_access openid"),
];

#[tokio::test]
async fn user_and_password() {
    let bench = start().await;
    for tenant in [DOMAIN, "organizations"] {
        let (status, body) = bench.token_request(tenant, &USER).await;
        assert_eq!(status, 200, "{body}");
        let claims = payload(body["access_token"].as_str().expect("a token"));
        assert_eq!((&claims["scp"], &claims["upn"]), (&json!("Presence.Read.All"), &json!(SERVICE_ACCOUNT)));
        assert!(claims.get("roles").is_none() && body["refresh_token"].is_string() && body["id_token"].is_string());
        assert_eq!(body["scope"], "https://graph.microsoft.com/Presence.Read.All");
    }
    let tenant = bench.sim.default_tenant();
    let user = |name: &str, spec: UserSpec| {
        let upn = Some(format!("{name}@{DOMAIN}"));
        tenant.add_user(UserSpec { user_principal_name: upn, password: Some("right".into()), ..spec }).expect("a user")
    };
    user("mfa", UserSpec { sign_in_error: Some(50076), ..UserSpec::default() });
    user("off", UserSpec { enabled: Some(false), ..UserSpec::default() });
    user("blank", UserSpec::default());
    tenant
        .update_user(&format!("blank@{DOMAIN}"), UserSpec { password: Some(" right ".into()), ..UserSpec::default() })
        .expect("set");
    let of = |name: &'static str| but(&but(&USER, "username", name), "password", "right");
    let table: Vec<Case<'_, u64>> = vec![
        (DOMAIN, but(&USER, "password", "wrong"), 50126),
        (DOMAIN, but(&USER, "username", "nobody@contoso.test"), 50034),
        (DOMAIN, but(&USER, "username", "ann@contoso.test"), 50056),
        (DOMAIN, but(&USER, "username", "gast_partner.test#EXT#@contoso.onmicrosoft.test"), 50020),
        (DOMAIN, of("mfa@contoso.test"), 50076),
        (DOMAIN, of("off@contoso.test"), 50057),
        (DOMAIN, but(&of("blank@contoso.test"), "password", " right "), 50126),
        (DOMAIN, but(&USER, "username", ""), 900144),
        (DOMAIN, but(&USER, "password", ""), 900144),
        (DOMAIN, but(&USER, "scope", "https://graph.microsoft.com/Mail.Read"), 65001),
        (DOMAIN, but(&USER, "scope", "https://graph.microsoft.com/Presence Read!"), 65001),
        (DOMAIN, but(&USER, "scope", "https://graph.microsoft.com/<x>"), 70011),
        (DOMAIN, but(&USER, "scope", "https://vault.azure.net/x"), 500011),
        (DOMAIN, but(&USER, "client_secret", "any"), 700025),
        (DOMAIN, but(&USER, "client_id", CLIENT_ID), 7000218),
        ("common", USER.to_vec(), 9001023),
        ("consumers", USER.to_vec(), 9001023),
    ];
    for (tenant, form, wanted) in table {
        assert_eq!(bench.refusal(tenant, &form).await.0, wanted, "{tenant} {form:?}");
    }
    let confidential = but(&but(&USER, "client_id", CLIENT_ID), "client_secret", CLIENT_SECRET);
    assert_eq!(bench.token_request(DOMAIN, &confidential).await.0, 200);
}

#[tokio::test]
async fn a_locked_account_opens_again() {
    let bench = start().await;
    bench.sim.oddities(|odd| odd.lockout_threshold = 3);
    let wrong = but(&USER, "password", "wrong");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(bench.refusal(DOMAIN, &wrong).await.0);
    }
    assert_eq!(seen, [50126, 50126, 50053, 50053]);
    assert_eq!(bench.refusal(DOMAIN, &USER).await.0, 50053, "even with the right password");
    bench.sim.advance(61_000);
    assert_eq!(bench.token_request(DOMAIN, &USER).await.0, 200);
}

#[tokio::test]
async fn refresh_tokens() {
    let bench = start().await;
    let sign_in = async || bench.token_request(DOMAIN, &USER).await.1["refresh_token"].as_str().expect("a token").to_owned();
    let refresh = async |token: &str| {
        let form = [("grant_type", "refresh_token"), ("client_id", PUBLIC_CLIENT_ID), ("refresh_token", token)];
        let (status, body) = bench.token_request(DOMAIN, &form).await;
        if status == 200 {
            (0, body["refresh_token"].as_str().map(str::to_owned))
        } else {
            (body["error_codes"][0].as_u64().expect("a number"), None)
        }
    };
    let first = sign_in().await;
    let (code, second) = refresh(&first).await;
    let second = second.expect("a new one");
    assert!(code == 0 && second != first);
    assert_eq!(refresh(&first).await.0, 0, "the old one still works");
    assert_eq!(refresh("rubbish").await.0, 70000);
    let foreign =
        [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("refresh_token", &first)];
    assert_eq!(bench.refusal(DOMAIN, &foreign).await.0, 70000);
    bench.sim.advance(89 * 86_400_000);
    assert_eq!(refresh(&second).await.0, 0);
    bench.sim.advance(2 * 86_400_000);
    assert_eq!(refresh(&second).await.0, 700082);

    let token = sign_in().await;
    let change = UserSpec { password: Some("new".into()), ..UserSpec::default() };
    bench.sim.advance(1000);
    bench.sim.default_tenant().update_user(SERVICE_ACCOUNT, change).expect("changed");
    assert_eq!(refresh(&token).await.0, 50173, "a public client's token ends with the password");
}

#[tokio::test]
async fn device_code() {
    let bench = start().await;
    let begin = async || {
        let form = [("client_id", PUBLIC_CLIENT_ID), ("scope", "https://graph.microsoft.com/Presence.Read.All offline_access")];
        let url = bench.url(&format!("/{DOMAIN}/oauth2/v2.0/devicecode"));
        let body = common::body(common::with_form(bench.http.post(url), &form).send().await.expect("an answer")).await;
        let text = |name: &str| body[name].as_str().expect("text").to_owned();
        (text("device_code"), text("user_code"))
    };
    let poll = async |code: &str| {
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let (status, body) =
            bench.token_request(DOMAIN, &[("grant_type", grant), ("client_id", PUBLIC_CLIENT_ID), ("device_code", code)]).await;
        if status == 200 { "ok".to_owned() } else { body["error"].as_str().expect("an error").to_owned() }
    };
    let enter = |code: &str, user: Option<&str>| {
        let action = Action::DeviceCode { user_code: code.to_owned(), user: user.map(str::to_owned) };
        bench.sim.act(action).expect("entered");
    };
    let (device, user) = begin().await;
    assert_eq!(bench.sim.device_codes(), [user.as_str()]);
    assert_eq!(poll(&device).await, "authorization_pending");
    assert_eq!(poll("rubbish").await, "bad_verification_code");
    enter(&user, Some(SERVICE_ACCOUNT));
    assert_eq!(poll(&device).await, "ok");
    assert_eq!(poll(&device).await, "invalid_request");
    let (device, user) = begin().await;
    enter(&user, None);
    assert_eq!(poll(&device).await, "authorization_declined");
    let (device, _) = begin().await;
    bench.sim.advance(900_000);
    assert_eq!(poll(&device).await, "expired_token");
}

#[tokio::test]
async fn every_number_can_be_injected() {
    let bench = start().await;
    for code in [7000222, 700016, 50076, 53003, 50196, 90033, 1234567] {
        bench.sim.inject(Fault::aadsts(code).times(1));
        let (status, body) = bench.token_request(DOMAIN, &GOOD).await;
        assert_eq!(body["error_codes"], json!([code]), "{body}");
        assert!(status >= 400 && body["error"].is_string());
    }
    assert_eq!(bench.token_request(DOMAIN, &GOOD).await.0, 200);
    assert_eq!(bench.sim.counters().total(EndpointClass::Token), 8);
}

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let Bench { sim, http } = start().await;
    let get = async |url: &str| common::body(http.get(url).send().await.expect("an answer")).await;
    let document = get(&format!("{}/{DOMAIN}/v2.0/.well-known/openid-configuration", sim.base_url())).await;
    assert_eq!(document["issuer"], format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0"));
    let keys = get(document["jwks_uri"].as_str().expect("an address")).await;
    assert_eq!(keys["keys"][0]["kty"], "RSA");
    assert!(keys["keys"][0]["n"].as_str().is_some_and(|n| n.len() > 300) && keys["keys"][0]["e"] == "AQAB");
}
