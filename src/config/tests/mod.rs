mod arbitrary;
mod errors;
mod notifications;
mod reload;
mod rules;
mod scope;
mod secrets;

use super::*;
use crate::event::Level;
use crate::presence::Availability;

/// A document: the four keys, and these.
fn with(extra: &str) -> String {
    let comma = if extra.is_empty() { "" } else { ", " };
    format!(
        r#"{{ "mode": "presence_sync", "tenant_id": "11111111-2222-3333-4444-555555555555",
              "client_id": "66666666-7777-8888-9999-AAAAAAAAAAAA",
              "auth": {{ "method": "client_secret", "secret": "s3cr~t" }}{comma}{extra} }}"#
    )
}

/// The same with another `auth`.
fn with_auth(auth: &str) -> String {
    with("").replace(r#"{ "method": "client_secret", "secret": "s3cr~t" }"#, auth)
}

fn parse(document: &str) -> Config {
    parsed(document).config
}

fn parsed(document: &str) -> Parsed {
    Config::parse(document.as_bytes()).unwrap_or_else(|error| panic!("{document}\n{error}"))
}

fn error(document: &str) -> String {
    match Config::parse(document.as_bytes()) {
        Ok(_) => panic!("accepted: {document}"),
        Err(error) => error.to_string(),
    }
}

fn warnings(document: &str) -> Vec<String> {
    parsed(document).warnings.iter().map(ToString::to_string).collect()
}

/// Whether the JSON Schema allows this document.
fn schema_allows(document: &str) -> bool {
    static SCHEMA: std::sync::LazyLock<jsonschema::Validator> = std::sync::LazyLock::new(|| {
        let schema = serde_json::from_str(&schema::json()).expect("JSON");
        jsonschema::validator_for(&schema).expect("a JSON Schema")
    });
    SCHEMA.is_valid(&serde_json::from_str(document).expect("JSON"))
}

#[test]
fn the_schema_says_of_whole_objects_what_reading_says() {
    let rules = |rules: &str| with(&format!(r#""rules": {{ {rules} }}"#));
    let secret = |secret: &str| with_auth(&format!(r#"{{ "method": "client_secret", "secret": {secret} }}"#));
    for (document, allowed) in [
        (with(""), true),
        (with(r#""extra": 1"#), false),
        (with(r#""log": { "level": "info", "x": 1 }"#), false),
        (with(r#""source": { "poll_interval_ms": 249 }"#), false),
        (with(r#""source": { "poll_interval_ms": 250.0 }"#), true),
        (rules(r#""dnd_on": [], "list": []"#), false),
        (rules(r#""list": [ {} ]"#), false),
        (rules(r#""list": [ { "chat": "keep" } ]"#), true),
        (rules(r#""list": [ { "queue": "on" } ], "sets": { "a": [ { "queue": "keep", "hold_on_ms": 1 } ] }"#), true),
        (rules(r#""list": [ { "queue": "release" } ]"#), false),
        (rules(r#""list": [ { "hold_on_ms": 1 } ]"#), false),
        (rules(r#""list": [ { "when": { "activity": [] }, "dnd": "on" } ]"#), false),
        (rules(r#""list": [ { "when": { "activity": ["inACall"] }, "dnd": "on" } ]"#), true),
        (rules(r#""sets": { "": [] }"#), false),
        (secret(r#"{ "file": "a" }"#), true),
        (secret("{}"), false),
        (secret(r#"{ "file": "a", "env": "b" }"#), false),
        (secret(r#""""#), false),
        (with_auth(r#"{ "method": "device_code" }"#), true),
        (with_auth(r#"{ "method": "device_code", "secret": "a" }"#), false),
        (with_auth(r#"{ "method": "certificate", "key": { "file": "a" } }"#), false),
    ] {
        assert_eq!((schema_allows(&document), Config::parse(document.as_bytes()).is_ok()), (allowed, allowed), "{document}");
    }
}

#[test]
fn defaults() {
    let config = parse(&with(""));
    assert_eq!((config.name.as_str(), config.enabled, config.cloud), ("main", true, Cloud::Global));
    assert_eq!((config.login(), config.graph()), ("https://login.microsoftonline.com", "https://graph.microsoft.com"));
    assert_eq!(config.scope(), "https://graph.microsoft.com/.default");
    assert_eq!(config.client_id, "66666666-7777-8888-9999-aaaaaaaaaaaa", "in small letters");
    assert_eq!(
        config.source,
        Source {
            mode: SourceMode::Poll,
            poll_interval_ms: 5_000,
            adaptive: false,
            requests_per_30s: 1_200,
            watchdog_interval_ms: 60_000,
            notifications: None,
        }
    );
    let dnd =
        DndOptions { ownership: Ownership::Strict, on_stop: OnStop::Auto, hold_on_ms: 0, hold_off_ms: 10_000, echo_ms: 10_000 };
    assert_eq!(config.dnd, dnd);
    assert_eq!(config.stale, Stale { after_ms: 900_000, policy: StalePolicy::Release });
    assert_eq!(config.seats, Seats { limit: None, over_limit: OverLimit::First });
    assert_eq!(config.dispatch, Dispatch { mode: DispatchMode::Thread, ack_timeout_ms: 30_000 });
    assert_eq!((config.log.level, config.state.dir, config.tls.ca_file), (Level::Error, None, None));
    assert_eq!((config.proxy, config.rules), (Proxy::None, Rules::default()));
}

#[test]
fn every_value_arrives() {
    let config = parse(&with(
        r#""name": "Branch-2", "enabled": false, "cloud": "us_gov_dod", "tls": { "ca_file": "/ca.pem" },
           "endpoints": { "login": "https://127.0.0.1:8443/", "graph": "http://[::1]:14021/base/" },
           "proxy": { "mode": "url", "url": "http://proxy:3128", "username": "pbx", "password": { "env": "PROXY" } },
           "source": { "mode": "poll", "poll_interval_ms": 250, "adaptive": true, "requests_per_30s": 1500 },
           "dnd": { "ownership": "force", "on_stop": "hold", "hold_on_ms": 1, "hold_off_ms": 3600000, "echo_ms": 0 },
           "stale": { "after_ms": 750, "policy": "hold" }, "seats": { "limit": 0, "over_limit": "none" },
           "state": { "dir": "/var/lib/x" }, "dispatch": { "mode": "shared", "ack_timeout_ms": 5000.0 }, "log": { "level": "debug" }"#,
    ));
    assert_eq!((config.name.as_str(), config.enabled, config.cloud), ("Branch-2", false, Cloud::UsGovDod));
    assert_eq!((config.login(), config.graph()), ("https://127.0.0.1:8443", "http://[::1]:14021/base"));
    assert_eq!(config.scope(), "http://[::1]:14021/.default", "the resource is the origin");
    let Proxy::Url { url, login: Some(login) } = &config.proxy else { panic!("{:?}", config.proxy) };
    assert_eq!((url.as_str(), login.username.as_str()), ("http://proxy:3128/", "pbx"));
    assert_eq!(login.password, Some(SecretSource::Env("PROXY".into())));
    assert_eq!((config.source.poll_interval_ms, config.source.requests_per_30s), (250, 1500));
    assert_eq!((config.dnd.ownership, config.dnd.on_stop), (Ownership::Force, OnStop::Hold));
    assert_eq!((config.dnd.hold_on_ms, config.dnd.hold_off_ms, config.dnd.echo_ms), (1, 3_600_000, 0));
    assert_eq!(config.stale, Stale { after_ms: 750, policy: StalePolicy::Hold });
    assert_eq!(config.seats, Seats { limit: Some(0), over_limit: OverLimit::None });
    assert_eq!(config.dispatch, Dispatch { mode: DispatchMode::Shared, ack_timeout_ms: 5_000 });
    assert_eq!(config.log.level, Level::Debug);
    assert_eq!((config.state.dir, config.tls.ca_file), (Some("/var/lib/x".into()), Some("/ca.pem".into())));
    assert_eq!(parse(&with(r#""proxy": { "mode": "system" }"#)).proxy, Proxy::System);
}

#[test]
fn every_method_of_signing_in() {
    let method = |auth: &str| parse(&with_auth(auth)).auth.method;
    let inline = |text: &str| SecretSource::Inline(text.into());
    let key = "-----BEGIN PRIVATE KEY-----\\nx";
    let cases = [
        (r#"{ "method": "client_secret", "secret": "a" }"#, AuthMethod::ClientSecret { secret: ClientSecret::new(inline("a")) }),
        (
            &format!(r#"{{ "method": "certificate", "certificate": {{ "file": "c.pem" }}, "key": "{key}" }}"#),
            AuthMethod::Certificate {
                certificate: SecretSource::File("c.pem".into()),
                key: inline("-----BEGIN PRIVATE KEY-----\nx"),
            },
        ),
        (
            r#"{ "method": "password", "username": "a@b.c", "password": " [ ] < > ? # & % + \" ' ü", "secret": { "env": "S" } }"#,
            AuthMethod::Password {
                username: "a@b.c".into(),
                password: inline(" [ ] < > ? # & % + \" ' ü"),
                secret: Some(ClientSecret::new(SecretSource::Env("S".into()))),
            },
        ),
        (r#"{ "method": "device_code" }"#, AuthMethod::DeviceCode),
        (r#"{ "method": "workload_identity", "token_file": "/t" }"#, AuthMethod::WorkloadIdentity { token_file: "/t".into() }),
        (r#"{ "method": "managed_identity" }"#, AuthMethod::ManagedIdentity { client_id: None }),
        (
            r#"{ "method": "managed_identity", "client_id": "66666666-7777-8888-9999-aaaaaaaaaaaa" }"#,
            AuthMethod::ManagedIdentity { client_id: Some("66666666-7777-8888-9999-aaaaaaaaaaaa".into()) },
        ),
    ];
    for (auth, expected) in cases {
        assert!(method(auth) == expected, "{auth}");
    }
    assert!(!MethodName::Password.is_app_only() && !MethodName::DeviceCode.is_app_only());
    assert!(MethodName::ManagedIdentity.is_app_only() && MethodName::WorkloadIdentity.is_app_only());
}

#[test]
fn scopes() {
    let scope = |scope: &str, method: &str| with_auth(&format!(r#"{{ {method}, "scope": "{scope}" }}"#));
    let app = r#""method": "client_secret", "secret": "a""#;
    let person = r#""method": "device_code""#;
    assert_eq!(parse(&scope("https://graph.x/.default", app)).scope(), "https://graph.x/.default");
    assert_eq!(parse(&scope("Presence.Read.All  offline_access", person)).scope(), "Presence.Read.All offline_access");
    let expected = "auth.scope: must be exactly one scope that ends in /.default: sign-in as the app takes no other";
    assert_eq!(error(&scope("Presence.Read.All", app)), expected);
    assert_eq!(error(&scope("a/.default b/.default", app)), expected);
    assert_eq!(error(&scope(" ", person)), "auth.scope: is not a scope such as https://graph.microsoft.com/.default");
}

#[test]
fn tenants() {
    let tenant = |tenant: &str| with("").replace("11111111-2222-3333-4444-555555555555", tenant);
    for (given, kept) in [("Example.OnMicrosoft.com", "example.onmicrosoft.com"), ("xn--mller-kva.de", "xn--mller-kva.de")] {
        assert_eq!(parse(&tenant(given)).tenant_id, kept);
    }
    for word in ["common", "Organizations", "consumers"] {
        assert!(error(&tenant(word)).contains("stands for any tenant"), "{word}");
    }
    for wrong in ["", "example", "a..b", "-a.de", "müller.de", "a b.de", "11111111222233334444555555555555", "a.de/x"] {
        let expected = "tenant_id: is neither a GUID nor a verified domain such as example.onmicrosoft.com";
        assert_eq!(error(&tenant(wrong)), expected, "{wrong}");
    }
}

#[test]
fn a_byte_order_mark_is_ignored() {
    let mut document = b"\xef\xbb\xbf".to_vec();
    document.extend(with("").bytes());
    assert!(Config::parse(&document).is_ok());
}

#[test]
fn words_of_graph_in_any_casing() {
    let config =
        parse(&with(r#""rules": { "list": [ { "when": { "availability": ["doNotDisturb", "busyIdle"] }, "dnd": "on" } ] }"#));
    assert_eq!(config.rules.default.rules[0].when.availability, [Availability::DoNotDisturb, Availability::Busy]);
}
