//! Making, reading, changing and ending subscriptions.

mod common;

use common::receiver::{Handshake, Receiver, wait};
use common::{Bench, SCOPE, code, start};
use serde_json::{Value, json};
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, Cloud, ConflictCode, ConflictRule, DOMAIN, EndpointClass, Fault, FaultAction, FilterQuotes,
    HandshakeCode, LongExpiry, OwnPresence, PUBLIC_CLIENT_ID, PastExpiry, SERVICE_ACCOUNT, SERVICE_PASSWORD, TenantSpec,
    UserSpec,
};

const PATH: &str = "/v1.0/subscriptions";

async fn all() -> (Bench, Receiver, String) {
    let bench = start().await;
    let receiver = Receiver::plain().await;
    let token = bench.delegated().await;
    (bench, receiver, token)
}

fn with(mut value: Value, name: &str, to: impl Into<Value>) -> Value {
    value[name] = to.into();
    value
}

fn minutes(bench: &Bench, answer: &Value) -> i64 {
    let id = answer["id"].as_str().expect("an id");
    let view = bench.sim.subscriptions().into_iter().find(|s| s.id == id).expect("there");
    (view.expires_ms - bench.sim.now() + 30_000) / 60_000
}

#[tokio::test]
async fn a_subscription_from_beginning_to_end() {
    let (bench, receiver, token) = all().await;
    let wanted = bench.subscription(&format!("{}/graph/notify?customer=7", receiver.url), &["ann", "ben"]);
    let wanted = with(wanted, "lifecycleNotificationUrl", receiver.url.as_str());
    let (status, made) = bench.post_json(&token, PATH, &wanted).await;
    assert_eq!(status, 201, "{made}");
    for name in ["changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "clientState"] {
        assert_eq!(made[name], wanted[name], "{name}");
    }
    assert_eq!((&made["applicationId"], &made["latestSupportedTlsVersion"]), (&json!(PUBLIC_CLIENT_ID), &json!("v1_2")));
    let me = bench.sim.default_tenant().user_id(SERVICE_ACCOUNT).expect("the service account");
    assert_eq!((&made["creatorId"], &made["includeResourceData"]), (&json!(me), &json!(false)));

    // Two calls, one for each URL; the query of the URL is kept.
    let calls = receiver.handshakes();
    assert_eq!(calls.len(), 2);
    assert!(calls[0].query.starts_with("customer=7&validationToken=Validation%3a+Testing+client"), "{}", calls[0].query);
    assert_eq!((calls[0].path.as_str(), calls[0].content_type.as_str()), ("/graph/notify", "text/plain; charset=utf-8"));

    let id = made["id"].as_str().expect("an id");
    let one = format!("{PATH}/{id}");
    assert_eq!(bench.get_json(&token, &one).await.1["expirationDateTime"], made["expirationDateTime"]);
    let list = bench.get_json(&token, PATH).await.1;
    assert_eq!((list["value"].as_array().map(Vec::len), &list["value"][0]["id"]), (Some(1), &made["id"]));

    let later = bench.ahead(58);
    let (status, renewed) = bench.send_json("PATCH", &token, &one, &json!({ "expirationDateTime": later })).await;
    assert_eq!((status, &renewed["expirationDateTime"]), (200, &json!(later)));
    assert_eq!(bench.send_json("POST", &token, &format!("{one}/reauthorize"), &Value::Null).await.0, 204);
    assert_eq!(bench.send_json("DELETE", &token, &one, &Value::Null).await.0, 204);
    for (method, path, value) in [
        ("GET", one.clone(), Value::Null),
        ("DELETE", one.clone(), Value::Null),
        ("PATCH", one.clone(), json!({ "expirationDateTime": bench.ahead(50) })),
        ("POST", format!("{one}/reauthorize"), Value::Null),
    ] {
        assert_eq!(code(&bench.send_json(method, &token, &path, &value).await), (404, "ResourceNotFound"), "{method}");
    }
    assert_eq!(bench.sim.subscriptions()[0].state, "deleted");
    assert_eq!(bench.send_json("PUT", &token, &one, &json!({})).await.0, 405);
}

#[tokio::test]
async fn fields_are_checked() {
    let (bench, receiver, token) = all().await;
    let good = bench.subscription(&receiver.url, &["ann"]);
    let refused = async |value: Value| {
        let answer = bench.post_json(&token, PATH, &value).await;
        let text = format!("{} {}", code(&answer).0, code(&answer).1);
        (text, answer.1["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    for name in ["changeType", "notificationUrl", "resource", "expirationDateTime"] {
        let (text, message) = refused(with(good.clone(), name, Value::Null)).await;
        assert!(text == "400 InvalidRequest" && message.contains(name), "{name}: {text} {message}");
    }
    let long = "x".repeat(129);
    let many: Vec<String> = (0..651).map(|n| format!("'00000000-0000-0000-0000-{n:012}'")).collect();
    for (name, value) in [
        ("changeType", json!("updated,deleted")),
        ("changeType", json!("Updated")),
        ("notificationUrl", json!("https://pbx.example.com/notify")),
        ("notificationUrl", json!("nowhere")),
        ("notificationUrl", json!("EventHub:https://x.vault.azure.net/secrets/y?tenantId=z")),
        ("lifecycleNotificationUrl", json!("ftp://127.0.0.1/")),
        ("resource", json!("/communications/presences")),
        ("resource", json!(format!("communications/presences?$filter=id in ({})", many.join(",")))),
        ("resource", json!(format!("communications/presences/{}?$select=activity", bench.id("ann")))),
        ("expirationDateTime", json!("soon")),
        ("expirationDateTime", json!(bench.ahead(50).trim_end_matches('Z'))),
        ("expirationDateTime", json!(bench.ahead(-5))),
        ("clientState", json!(long)),
        ("latestSupportedTlsVersion", json!("v10")),
        ("notificationUrlAppId", json!("x")),
        ("includeResourceData", json!(true)),
        ("encryptionCertificate", json!("AAAA")),
        ("encryptionCertificateId", json!(long)),
        ("encryptionCertificateId", json!("")),
    ] {
        assert_eq!(refused(with(good.clone(), name, value.clone())).await.0, "400 InvalidRequest", "{name}: {value}");
    }
    for (name, value) in [("id", json!("x")), ("notificationQueryOptions", json!("x")), ("clientState", json!(7))] {
        assert_eq!(refused(with(good.clone(), name, value)).await.0, "400 BadRequest", "{name}");
    }
    let (text, message) = refused(with(good.clone(), "expirationDateTime", bench.ahead(62))).await;
    assert_eq!(text, "400 ExtensionError");
    assert_eq!(message, "Subscription expiration can only be 60 minutes in the future.");
    assert!(receiver.handshakes().is_empty(), "nobody is called for a request that is refused");
    let bare = bench.http.post(bench.url(PATH)).bearer_auth(&token).body(good.to_string()).send().await.expect("an answer");
    assert_eq!(bare.status(), 415);

    bench.sim.oddities(|o| o.notify.https_only = true);
    assert_eq!(refused(good.clone()).await.0, "400 InvalidRequest");
    bench.sim.oddities(|o| o.notify = Default::default());
    bench.sim.oddities(|o| o.notify.filter_quotes = FilterQuotes::Unquoted);
    assert_eq!(refused(good.clone()).await.0, "400 InvalidRequest");
    let unquoted = good["resource"].as_str().expect("text").replace('\'', "");
    bench.subscribe(&token, &with(good, "resource", unquoted)).await;
}

#[tokio::test]
async fn expiry_has_a_window() {
    let (bench, receiver, token) = all().await;
    let good = bench.subscription(&receiver.url, &["ann"]);
    let made = async |at: i64| bench.post_json(&token, PATH, &with(good.clone(), "expirationDateTime", bench.ahead(at))).await;
    let (_, short) = made(5).await;
    assert_eq!(minutes(&bench, &short), 45);
    let one = format!("{PATH}/{}", short["id"].as_str().expect("an id"));
    let patch = async |at: i64| bench.send_json("PATCH", &token, &one, &json!({ "expirationDateTime": bench.ahead(at) })).await;
    assert_eq!(minutes(&bench, &patch(59).await.1), 59);
    assert_eq!(minutes(&bench, &patch(1).await.1), 45);
    assert_eq!(code(&patch(90).await), (400, "ExtensionError"));
    bench.sim.oddities(|o| o.notify.long_expiry = LongExpiry::Clamped);
    assert_eq!(minutes(&bench, &patch(90).await.1), 60);
    assert_eq!(code(&patch(-9).await), (400, "InvalidRequest"));
    bench.sim.oddities(|o| o.notify.past_expiry = PastExpiry::Raised);
    assert_eq!(minutes(&bench, &patch(-9).await.1), 45);
    bench.sim.oddities(|o| o.notify.patch_refused = true);
    assert_eq!(code(&patch(50).await), (400, "InvalidRequest"));

    bench.sim.advance(46 * 60_000);
    assert_eq!(bench.get_json(&token, &one).await.0, 404);
    assert_eq!(bench.sim.subscriptions()[0].state, "expired");
    bench.subscribe(&token, &with(good.clone(), "expirationDateTime", bench.ahead(50))).await;
}

#[tokio::test]
async fn permissions_decide() {
    let (bench, receiver, token) = all().await;
    let good = bench.subscription(&receiver.url, &["ann"]);
    let app_only = bench.token().await;
    assert_eq!(code(&bench.post_json(&app_only, PATH, &good).await), (403, "Forbidden"));
    let lacking = bench.user_token("Presence.Read User.Read").await.1["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(bench.post_json(&lacking, PATH, &good).await.0, 403);
    assert_eq!(bench.http.post(bench.url(PATH)).body("{}").send().await.expect("an answer").status(), 401);

    // Nobody else sees it: not the same user through another app, and that app's own token neither.
    let id = bench.subscribe(&token, &good).await;
    let one = format!("{PATH}/{id}");
    for other in [&app_only] {
        assert_eq!(bench.get_json(other, &one).await.0, 404);
        assert_eq!(bench.get_json(other, PATH).await.1["value"], json!([]));
    }
    assert_eq!(bench.send_json("DELETE", &app_only, &one, &Value::Null).await.0, 403);

    // The cloud decides as well.
    let (roles, scopes) = (None, Some(vec!["Presence.Read.All".to_owned()]));
    let gov = TenantSpec { domains: vec!["gov.test".into()], cloud: Cloud::UsGov, ..TenantSpec::default() };
    bench.sim.add_tenant(gov).expect("a tenant");
    let app = AppSpec { public_client: Some(true), roles, scopes, ..AppSpec::default() };
    let app = bench.sim.tenant("gov.test").put_app(app).expect("an app");
    let user =
        UserSpec { user_principal_name: Some("svc@gov.test".into()), password: Some("secret".into()), ..UserSpec::default() };
    bench.sim.tenant("gov.test").add_user(user).expect("a user");
    let scope = "https://graph.microsoft.us/.default";
    let form = [
        ("grant_type", "password"),
        ("client_id", app.as_str()),
        ("username", "svc@gov.test"),
        ("password", "secret"),
        ("scope", scope),
    ];
    let (_, answer) = bench.token_request("gov.test", &form).await;
    let gov = answer["access_token"].as_str().expect("a token");
    let refused = bench.post_json(gov, PATH, &good).await;
    assert_eq!(code(&refused), (400, "InvalidRequest"));
    assert!(refused.1["error"]["message"].as_str().is_some_and(|m| m.contains("cloud")), "{}", refused.1);
}

#[tokio::test]
async fn one_for_each_user_and_app() {
    let (bench, receiver, token) = all().await;
    let first = bench.subscription(&receiver.url, &["ann"]);
    let second = bench.subscription(&receiver.url, &["ben"]);
    let id = bench.subscribe(&token, &first).await;
    let calls = receiver.handshakes().len();
    let refused = async || bench.post_json(&token, PATH, &second).await;
    let answer = refused().await;
    assert_eq!(code(&answer), (409, "Conflict"));
    let message = format!("Subscription Id {id} already exists for the requested combination");
    assert_eq!(answer.1["error"]["message"], message);
    assert_eq!(receiver.handshakes().len(), calls);
    for (rule, wanted) in [
        (ConflictCode::ObjectIdentifierInUse, json!("ObjectIdentifierInUse")),
        (ConflictCode::Empty, json!("")),
        (ConflictCode::Missing, Value::Null),
    ] {
        bench.sim.oddities(|o| o.notify.conflict_code = rule);
        let (status, body) = refused().await;
        assert_eq!((status, &body["error"]["code"], &body["error"]["message"]), (409, &wanted, &json!(message)));
    }

    // The same user through another app, and another user through the same app.
    let form = [
        ("grant_type", "password"),
        ("client_id", CLIENT_ID),
        ("client_secret", teams_presence_simulator::CLIENT_SECRET),
        ("username", SERVICE_ACCOUNT),
        ("password", SERVICE_PASSWORD),
        ("scope", SCOPE),
    ];
    let other_app = bench.token_request(DOMAIN, &form).await.1["access_token"].as_str().expect("a token").to_owned();
    bench.subscribe(&other_app, &second).await;
    bench.sim.oddities(|o| o.notify.conflict = ConflictRule::Resource);
    bench.subscribe(&token, &second).await;
    assert_eq!(bench.post_json(&token, PATH, &first).await.0, 409);

    // Pages: an app's own token sees all of them.
    bench.sim.oddities(|o| o.notify.page = 1);
    bench.sim.oddities(|o| o.notify.empty_first_page = true);
    let mut link = PATH.to_owned();
    let mut sizes = Vec::new();
    while !link.is_empty() {
        let (status, page) = bench.get_json(&token, &link).await;
        assert_eq!(status, 200, "{page}");
        sizes.push(page["value"].as_array().expect("a list").len());
        link = page["@odata.nextLink"].as_str().map_or("", |l| &l[bench.sim.base_url().len()..]).to_owned();
    }
    assert_eq!(sizes, [0, 1, 1]);
    assert_eq!(bench.get_json(&token, &format!("{PATH}?$skiptoken=x")).await.0, 400);
    assert_eq!(bench.get_json(&token, &format!("{PATH}?$top=5")).await.0, 400);
}

#[tokio::test]
async fn own_presence_strangers_quota_and_limits() {
    let (bench, receiver, token) = all().await;
    let me = bench.sim.default_tenant().user_id(SERVICE_ACCOUNT).expect("the service account");
    let good = bench.subscription(&receiver.url, &["ann"]);
    let own = with(good.clone(), "resource", format!("communications/presences/{me}"));
    assert_eq!(code(&bench.post_json(&token, PATH, &own).await), (403, "Forbidden"));
    bench.sim.oddities(|o| o.notify.own_presence = OwnPresence::Ignored);
    let id = bench.subscribe(&token, &own).await;
    bench.sim.set_presence(SERVICE_ACCOUNT, "Busy", "InACall").expect("set");
    assert_eq!(bench.sim.subscriptions()[0].noticed, 0);
    bench.send_json("DELETE", &token, &format!("{PATH}/{id}"), &Value::Null).await;

    let nobody = with(good.clone(), "resource", "communications/presences/00000000-0000-0000-0000-000000000001");
    bench.sim.oddities(|o| o.notify.unknown_users_refused = true);
    assert_eq!(bench.post_json(&token, PATH, &nobody).await.0, 404);
    bench.sim.oddities(|o| o.notify.quota = 0);
    let answer = bench.post_json(&token, PATH, &good).await;
    assert!(code(&answer) == (403, "Forbidden") && answer.1["error"]["message"].as_str().is_some_and(|m| m.contains("limit")));

    let mut last = 0;
    for _ in 0..26 {
        let response = bench.get(&token, PATH).send().await.expect("an answer");
        last = response.status().as_u16();
        assert!(last == 200 || response.headers().contains_key("retry-after"));
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn endpoints_must_prove_themselves() {
    let (bench, receiver, token) = all().await;
    bench.sim.oddities(|o| o.notify.handshake_timeout_ms = 300);
    let good = with(bench.subscription(&receiver.url, &["ann"]), "lifecycleNotificationUrl", receiver.url.as_str());
    for (mode, text) in [
        (Handshake::Encoded, "decoded"),
        (Handshake::Longer, "nothing else"),
        (Handshake::Html, "text/plain"),
        (Handshake::Created, "must respond with 200 OK"),
        (Handshake::NotFound, "'NotFound'"),
        (Handshake::Never, "timed out"),
    ] {
        receiver.mode(|m| m.handshake = mode);
        let before = receiver.handshakes().len();
        let answer = bench.post_json(&token, PATH, &good).await;
        assert_eq!(code(&answer), (400, "ValidationError"), "{mode:?}");
        let message = answer.1["error"]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("Subscription validation request failed. ") && message.contains(text), "{mode:?}: {message}");
        assert_eq!(receiver.handshakes().len(), before + 1, "the second URL is not tried");
    }
    bench.sim.oddities(|o| o.notify.handshake_code = HandshakeCode::InvalidRequest);
    let gone = with(good.clone(), "notificationUrl", "http://127.0.0.1:9/");
    assert_eq!(code(&bench.post_json(&token, PATH, &gone).await), (400, "InvalidRequest"));
    assert!(bench.sim.subscriptions().is_empty());

    receiver.mode(|m| m.handshake = Handshake::Right);
    bench.sim.oddities(|o| o.notify.tricky_handshake = true);
    bench.sim.oddities(|o| o.notify.handshake_timeout_ms = 10_000);
    let id = bench.subscribe(&token, &good).await;

    // Another URL is validated as well, and kept only if it proves itself.
    let elsewhere = Receiver::plain().await;
    let patch =
        async |url: &str| bench.send_json("PATCH", &token, &format!("{PATH}/{id}"), &json!({ "notificationUrl": url })).await;
    elsewhere.mode(|m| m.handshake = Handshake::NotFound);
    assert_eq!(patch(&elsewhere.url).await.0, 400);
    assert_eq!(bench.sim.subscriptions()[0].notification_url, receiver.url);
    elsewhere.mode(|m| m.handshake = Handshake::Right);
    assert_eq!(patch(&elsewhere.url).await.1["notificationUrl"], elsewhere.url);
    for fixed in
        [json!({"lifecycleNotificationUrl": elsewhere.url}), json!({"resource": "x"}), json!({}), json!({"clientState": "y"})]
    {
        assert_eq!(bench.send_json("PATCH", &token, &format!("{PATH}/{id}"), &fixed).await.0, 400, "{fixed}");
    }
}

#[tokio::test]
async fn https_needs_a_certificate_that_is_trusted() {
    let (bench, _, token) = all().await;
    let (certificate, key) = bench.sim.certificate(&["pbx.example.com"]).expect("a certificate");
    let receiver = Receiver::tls(&certificate, &key).await;
    let address = receiver.url.trim_start_matches("https://").to_owned();
    let wrong_name = bench.subscription(&receiver.url, &["ann"]);
    assert_eq!(code(&bench.post_json(&token, PATH, &wrong_name).await), (400, "ValidationError"));
    bench.sim.oddities(|o| drop(o.notify.hosts.insert("pbx.example.com".to_owned(), address)));
    let good = bench.subscription("https://pbx.example.com/graph", &["ann"]);
    bench.subscribe(&token, &good).await;
    bench.sim.set_presence("ann@contoso.test", "Busy", "InACall").expect("set");
    assert_eq!(receiver.wait_items(1).await[0]["clientState"], "the client state");

    // Somebody else's authority, until it is trusted.
    let other = start().await;
    let (certificate, key) = other.sim.certificate(&["127.0.0.1"]).expect("a certificate");
    let receiver = Receiver::tls(&certificate, &key).await;
    let id = bench.sim.subscriptions()[0].id.clone();
    bench.sim.end_subscription(Some(&id)).expect("ended");
    let good = bench.subscription(&receiver.url, &["ann"]);
    assert_eq!(bench.post_json(&token, PATH, &good).await.0, 400);
    let trust = json!({ "pem": other.sim.ca_pem() });
    let done = bench.http.post(bench.url("/_control/trust")).body(trust.to_string()).send().await.expect("an answer");
    assert_eq!(done.status(), 200);
    bench.subscribe(&token, &good).await;
}

#[tokio::test]
async fn two_at_the_same_moment() {
    let (bench, receiver, token) = all().await;
    receiver.mode(|m| m.handshake = Handshake::Together);
    let (first, second) = (bench.subscription(&receiver.url, &["ann"]), bench.subscription(&receiver.url, &["ben"]));
    let (a, b) = tokio::join!(bench.post_json(&token, PATH, &first), bench.post_json(&token, PATH, &second));
    let mut statuses = [a.0, b.0];
    statuses.sort_unstable();
    assert_eq!((statuses, receiver.handshakes().len(), bench.sim.subscriptions().len()), ([201, 409], 2, 1));
}

#[tokio::test]
async fn what_was_begun_is_made_though_nobody_waits() {
    let (bench, receiver, token) = all().await;
    let good = bench.subscription(&receiver.url, &["ann"]);
    // The answer is lost, the subscription is there.
    bench.sim.inject(
        Fault { method: Some("POST".into()), ..Fault::new(EndpointClass::Subscriptions, FaultAction::ResetMid) }.times(1),
    );
    let lost =
        bench.http.post(bench.url(PATH)).bearer_auth(&token).header("content-type", "application/json").body(good.to_string());
    let lost = lost.send().await;
    assert!(match lost {
        Err(_) => true,
        Ok(answer) => answer.bytes().await.is_err(),
    });
    wait("the subscription", async || !bench.sim.subscriptions().is_empty()).await;
    assert_eq!(bench.post_json(&token, PATH, &good).await.0, 409);
    assert!(bench.sim.counters().total(EndpointClass::Subscriptions) >= 2);

    // In a batch: what needs no handshake is done, what needs one is refused.
    let id = bench.sim.subscriptions()[0].id.clone();
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": format!("/subscriptions/{id}")},
        {"id": "2", "method": "PATCH", "url": format!("/subscriptions/{id}"), "headers": {"Content-Type": "application/json"},
            "body": {"expirationDateTime": bench.ahead(58)}},
        {"id": "3", "method": "POST", "url": "/subscriptions", "headers": {"Content-Type": "application/json"}, "body": good},
    ]});
    let (_, answer) = bench.post_json(&token, "/v1.0/$batch", &batch).await;
    let mut statuses: Vec<(String, u64)> = answer["responses"]
        .as_array()
        .expect("responses")
        .iter()
        .map(|r| (r["id"].as_str().unwrap_or_default().to_owned(), r["status"].as_u64().unwrap_or(0)))
        .collect();
    statuses.sort();
    assert_eq!(statuses, [("1".to_owned(), 200), ("2".to_owned(), 200), ("3".to_owned(), 501)]);
}
