use std::sync::Arc;

use ::http::StatusCode;

use super::super::client::Parts;
use super::super::error::Facts;
use super::super::permission::{Diagnosis, Need};
use super::*;
use crate::auth::{Settings, TokenKeeper};
use crate::config::Config;
use crate::event::{Counters, Level, Reporter};
use crate::http::loopback::{Loopback, Reply, Seen};
use crate::http::{HttpClient, HttpSettings, Proxy, TransportErrorKind, TrustedRoots};
use crate::process::Process;
use crate::time::Clock;

const ONE: &str = "37a10357-9c28-4cb8-8a4f-a85a1e9b5a7b";
const ANN: &str = "11111111-2222-3333-4444-555555555555";
const BOB: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
const TENANT: &str = "99999999-2222-3333-4444-555555555555";
/// 2026-11-22T13:55:00Z
const END: i64 = 1_795_355_700_000;

fn id(text: &str) -> Guid {
    text.parse().expect("a GUID")
}

fn url() -> Url {
    Url::parse("https://pbx.example.com/n?a=b").expect("an address")
}

#[test]
fn the_body_is_what_graph_wants() {
    let (url, users) = (url(), [id(ANN), id(BOB)]);
    let new = NewSubscription { url: &url, users: &users, client_state: "s3cr3t", expires_at_ms: END, encryption: None };
    let sent: Value = serde_json::from_slice(&body(&new)).expect("JSON");
    assert_eq!(
        sent,
        json!({
            "changeType": "updated", "notificationUrl": "https://pbx.example.com/n?a=b",
            "lifecycleNotificationUrl": "https://pbx.example.com/n?a=b",
            "resource": format!("/communications/presences?$filter=id in ('{ANN}','{BOB}')"),
            "expirationDateTime": "2026-11-22T13:55:00.000Z", "clientState": "s3cr3t", "latestSupportedTlsVersion": "v1_2",
        })
    );
    let encryption = Some(Encryption { certificate: "MIIC", id: "cert-2026-11" });
    let sent: Value = serde_json::from_slice(&body(&NewSubscription { encryption, ..new })).expect("JSON");
    assert_eq!((&sent["includeResourceData"], &sent["encryptionCertificate"]), (&json!(true), &json!("MIIC")));
    assert_eq!(sent["encryptionCertificateId"], "cert-2026-11");
    assert!(!format!("{new:?}").contains("s3cr3t"));
    let many: Vec<Guid> = (0..MOST_SUBSCRIBED as u128).map(Guid).collect();
    assert_eq!(guids(&resource(&many)), many);
    assert!(resource(&many).len() < 30_000);
}

#[test]
fn a_subscription_in_every_shape() {
    let whole = format!(
        r#"{{"@odata.context":"x","id":"{}","resource":"communications/presences?$filter=id in ({BOB},{ANN},{ANN})","applicationId":"a",
        "changeType":"updated","clientState":"c","notificationUrl":"https://a/","expirationDateTime":"2026-11-22T13:55:00.1234567",
        "creatorId":"8ee44408","encryptionCertificateId":"k"}}"#,
        ONE.to_uppercase()
    );
    let made = read(whole.as_bytes()).expect("readable");
    assert_eq!((made.id, made.expires_at_ms), (Some(id(ONE)), Some(END)), "UTC without the letter");
    assert_eq!((made.users(), made.is_of_presence()), (vec![id(ANN), id(BOB)], true));
    assert_eq!((made.client_state.as_deref(), made.certificate_id.as_deref()), (Some("c"), Some("k")));
    let odd = r#"{"id":7,"resource":null,"clientState":{},"expirationDateTime":"soon","notificationUrl":[]}"#;
    assert_eq!(read(odd.as_bytes()).expect("readable"), Subscription::default());
    for no in ["", "<html>", "7", "null", "\"x\""] {
        assert!(read(no.as_bytes()).is_err(), "{no}");
    }
    let of = |resource: &str| Subscription { resource: Some(resource.to_owned()), ..Subscription::default() }.is_of_presence();
    assert!(of("/Communications/Presences/x") && of("/users/1/presence") && !of("/users/1/messages") && !of(""));
    assert!(!format!("{made:?}").contains("\"c\""));
}

#[test]
fn pages_of_subscriptions() {
    let root = Url::parse("https://graph.example").expect("an address");
    let page = format!(
        r#"{{"value":[null,7,{{}},{{"id":"{ONE}"}}],"@odata.nextLink":"https://graph.example/v1.0/subscriptions?$skiptoken=x"}}"#
    );
    let (found, next) = read_page(&root, page.as_bytes()).expect("readable");
    assert_eq!((found.len(), next.is_some()), (1, true));
    let hostile = r#"{"value":[],"@odata.nextLink":"https://evil.example/v1.0/subscriptions"}"#;
    assert!(read_page(&root, hostile.as_bytes()).is_err());
    for no in ["", "{}", "{\"value\":null}", "{\"value\":7}", "[]"] {
        assert!(read_page(&root, no.as_bytes()).is_err(), "{no}");
    }
}

fn failed(status: u16, class: Class, code: &str, message: &str) -> Why {
    let facts = Facts { status: Some(status), code: code.to_owned(), message: message.to_owned(), ..Facts::default() };
    SubscriptionError::from(GraphError { endpoint: Endpoint::Subscriptions, class, facts: Box::new(facts) }).why
}

#[test]
fn what_failures_mean() {
    let bad = |status: u16, code: &str, message: &str| failed(status, Class::BadRequest, code, message);
    let taken = format!("Subscription Id {ONE} already exists for the requested combination");
    for code in ["ObjectIdentifierInUse", "Conflict", ""] {
        assert_eq!(bad(409, code, &taken), Why::Conflict(Some(id(ONE))), "{code}");
        assert_eq!(bad(409, code, ""), Why::Conflict(None), "{code}");
    }
    assert_eq!(bad(400, "ExtensionError", &taken), Why::Conflict(Some(id(ONE))), "another status than documented");
    let validation =
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.";
    assert_eq!(bad(400, "InvalidRequest", validation), Why::Handshake);
    assert_eq!(bad(400, "ValidationError", "HTTP 'NotFound'"), Why::Handshake);
    assert_eq!(bad(400, "ExtensionError", ""), Why::TooFar);
    assert_eq!(bad(400, "", "Subscription expiration can only be 60 minutes in the future."), Why::TooFar);
    assert_eq!(bad(400, "BadRequest", "no"), Why::Refused);
    assert_eq!(bad(405, "", ""), Why::Refused);
    assert_eq!(failed(404, Class::NotFound, "", ""), Why::NotFound);
    assert_eq!(failed(410, Class::Gone, "", ""), Why::NotFound);
    assert_eq!(failed(401, Class::Unauthorized, "", ""), Why::SignIn);
    assert_eq!(failed(0, Class::SignIn { next_try_mono_ms: 7 }, "", ""), Why::SignIn);
    assert_eq!(failed(503, Class::Unavailable, "", ""), Why::Unavailable);
    assert_eq!(failed(0, Class::Transport(TransportErrorKind::Timeout), "", ""), Why::Unavailable);
    let throttled = Class::Throttled { retry_after: Duration::from_millis(2_128), stated: true };
    assert_eq!(failed(429, throttled, "", ""), Why::Throttled(2_128));
    let forbidden = |finding, app_only, message: &str| {
        let diagnosis = Diagnosis { need: Need::Presence, app_only, granted: vec![], finding };
        failed(403, Class::Forbidden(diagnosis), "Forbidden", message)
    };
    assert_eq!(forbidden(Finding::RefusedThough, false, "The organization has reached its limit of 10000"), Why::Quota);
    assert_eq!(forbidden(Finding::RefusedThough, false, ""), Why::Permission);
    assert_eq!(forbidden(Finding::Missing, false, "limit"), Why::Permission, "the token tells");
    assert_eq!(forbidden(Finding::RefusedThough, true, "quota exceeded"), Why::Permission, "the app cannot");
    assert_eq!(StatusCode::CONFLICT.as_u16(), 409);
}

struct NoNames;

impl reqwest::dns::Resolve for NoNames {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async { Err("no names in this test".into()) })
    }
}

/// A client of a server that answers so, its sign-in included. Tokens are asked for at the same server.
fn client(answer: impl Fn(&str, &Seen) -> Reply + Send + Sync + 'static) -> (GraphClient, Loopback, Process) {
    let server = Loopback::start(move |_, seen| {
        if seen.line.contains("/oauth2/") {
            return Reply::json(200, r#"{"token_type":"Bearer","expires_in":3599,"access_token":"opaque"}"#);
        }
        answer(seen.line.trim_end_matches(" HTTP/1.1"), seen)
    });
    let base = server.url("").to_string();
    let document = json!({
        "mode": "presence_sync", "tenant_id": TENANT, "client_id": ANN, "auth": { "method": "client_secret", "secret": "x" },
        "endpoints": { "login": base, "graph": base },
    });
    let config = Config::parse(document.to_string().as_bytes()).expect("a configuration").config;
    let (clock, counters) = (Clock::system(), Arc::new(Counters::default()));
    let reporter = Reporter::new(Level::Error, clock.clone(), Arc::new(|| {}));
    let roots = Arc::new(TrustedRoots::load(None).expect("roots"));
    let http = HttpClient::new(HttpSettings { roots, proxy: Proxy::None, resolver: Arc::new(NoNames) }).expect("a client");
    let tokens = TokenKeeper::new(Settings::of(&config), http.clone(), clock.clone(), reporter.clone(), counters.clone());
    let process = Process::acquire().expect("a runtime");
    let budget = |host: &str| process.budget(TENANT, ANN, host, 1_000);
    let parts = Parts {
        root: config.graph().parse().expect("an address"),
        http,
        tokens,
        presence_budget: budget(&base),
        directory_budget: budget(&format!("{base}d")),
        clock,
        reporter,
        counters,
    };
    (GraphClient::new(parts), server, process)
}

#[tokio::test]
async fn the_calls_as_they_go_out() {
    let base = Arc::new(std::sync::Mutex::new(String::new()));
    let (client, server, _process) = client({
        let base = base.clone();
        move |line, seen| match line {
            "POST /v1.0/subscriptions" => {
                Reply::json(201, format!(r#"{{"id":"{ONE}","expirationDateTime":"2026-11-22T13:55:00Z"}}"#))
            }
            line if line == format!("PATCH /v1.0/subscriptions/{ONE}") => {
                assert_eq!(seen.body, br#"{"expirationDateTime":"2026-11-22T13:55:00.000Z"}"#);
                Reply::json(200, "")
            }
            line if line == format!("POST /v1.0/subscriptions/{ONE}/reauthorize") => {
                assert_eq!((seen.header("content-length"), seen.body.len()), (Some("0"), 0));
                Reply::Whole(204, vec![], vec![])
            }
            line if line == format!("DELETE /v1.0/subscriptions/{ONE}") => Reply::Whole(204, vec![], vec![]),
            line if line == format!("DELETE /v1.0/subscriptions/{BOB}") => Reply::json(404, "{}"),
            line if line == format!("GET /v1.0/subscriptions/{ONE}") => Reply::json(200, format!(r#"{{"id":"{ONE}"}}"#)),
            "GET /v1.0/subscriptions" => {
                let next = format!("{}v1.0/subscriptions?$skiptoken=2", base.lock().expect("no panic"));
                Reply::json(200, format!(r#"{{"value":[{{"id":"{ONE}"}}],"@odata.nextLink":"{next}"}}"#))
            }
            "GET /v1.0/subscriptions?$skiptoken=2" => Reply::json(200, format!(r#"{{"value":[{{"id":"{BOB}"}}]}}"#)),
            line => panic!("{line}"),
        }
    });
    *base.lock().expect("no panic") = server.url("/").to_string();
    let (url, users) = (url(), [id(ANN)]);
    let new = NewSubscription { url: &url, users: &users, client_state: "c", expires_at_ms: END, encryption: None };
    let made = client.create_subscription(&new).await.expect("made");
    assert_eq!((made.id, made.expires_at_ms), (Some(id(ONE)), Some(END)));
    assert_eq!(client.renew_subscription(id(ONE), END).await.expect("renewed"), Subscription::default());
    client.reauthorize_subscription(id(ONE)).await.expect("authorised");
    assert_eq!(client.subscription(id(ONE)).await.expect("there").id, Some(id(ONE)));
    let ids: Vec<_> = client.list_subscriptions().await.expect("listed").iter().map(|it| it.id).collect();
    assert_eq!(ids, [Some(id(ONE)), Some(id(BOB))]);
    client.delete_subscription(id(ONE)).await.expect("deleted");
    client.delete_subscription(id(BOB)).await.expect("gone already");
    assert_eq!(client.counters().to_json()["requests"]["subscriptions"]["204"], 2);
}

#[tokio::test]
async fn refusals_as_they_come() {
    let (client, _server, _process) = client(|line, _| match line {
        "POST /v1.0/subscriptions" => Reply::json(201, "{}"),
        line if line.ends_with(BOB) => Reply::json(404, r#"{"error":{"code":"ResourceNotFound","message":"gone"}}"#),
        line if line.ends_with(ANN) => Reply::json(400, r#"{"error":{"code":"InvalidRequest","message":"not for presence"}}"#),
        _ => {
            let headers = vec![("retry-after", "2.128".to_owned())];
            Reply::Whole(429, headers, br#"{"error":{"code":"TooManyRequests"}}"#.to_vec())
        }
    });
    let (url, users) = (url(), [id(ANN)]);
    let new = NewSubscription { url: &url, users: &users, client_state: "c", expires_at_ms: END, encryption: None };
    let error = client.create_subscription(&new).await.expect_err("no id");
    assert_eq!(error.why, Why::Unavailable, "it may have been made: {error}");
    assert_eq!(client.renew_subscription(id(BOB), END).await.expect_err("gone").why, Why::NotFound);
    assert_eq!(client.renew_subscription(id(ANN), END).await.expect_err("refused").why, Why::Refused);
    assert_eq!(client.list_subscriptions().await.expect_err("throttled").why, Why::Throttled(2_128));
    assert_eq!(client.presence_budget().pause_left(client.clock().mono_ms()), 0, "presence has a limit of its own");
}

#[tokio::test]
async fn a_list_ends() {
    let (client, server, _process) = client(|line, _| {
        let number: usize = line.rsplit('=').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let host = "http://localhost:1/";
        Reply::json(200, format!(r#"{{"value":[],"@odata.nextLink":"{host}v1.0/subscriptions?page={}"}}"#, number + 1))
    });
    let error = client.list_subscriptions().await.expect_err("leads elsewhere");
    assert_eq!((error.why, server.hits()), (Why::Unavailable, 2), "{error}");
}
