//! Grants beyond secret, certificate and password: device code, refresh token, federated token, managed identity.

mod common;

use common::start;
use serde_json::json;
use teams_presence_simulator::{Action, AppSpec, DOMAIN, FederatedSpec, Managed, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT};

#[tokio::test]
async fn who_asks_about_a_code_too_often_is_slowed_down() {
    let bench = start().await;
    let form = [("client_id", PUBLIC_CLIENT_ID), ("scope", "https://graph.microsoft.com/.default offline_access")];
    let url = bench.url(&format!("/{DOMAIN}/oauth2/v2.0/devicecode"));
    let code = common::body(common::with_form(bench.http.post(url), &form).send().await.expect("an answer")).await;
    let (device, user) = (code["device_code"].as_str().expect("a code"), code["user_code"].as_str().expect("a code"));
    let page = code["verification_uri"].as_str().expect("a page");
    assert_eq!((code["interval"].as_i64(), code["expires_in"].as_i64()), (Some(5), Some(900)));
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = async || {
        let form = [("grant_type", grant), ("client_id", PUBLIC_CLIENT_ID), ("device_code", device)];
        let (status, body) = bench.token_request(DOMAIN, &form).await;
        (status, body["error"].as_str().unwrap_or("ok").to_owned())
    };
    let said = |word: &str| (400, word.to_owned());
    assert_eq!(poll().await, said("authorization_pending"));
    assert_eq!(poll().await, said("slow_down"));
    bench.sim.advance(6_000);
    assert_eq!(poll().await, said("slow_down"), "5 s are not enough any more");
    bench.sim.advance(16_000);
    assert_eq!(poll().await, said("authorization_pending"));
    // The page, as a person would use it.
    let html = bench.http.get(page).send().await.expect("an answer").text().await.expect("text");
    assert!(html.contains("<form") && html.contains("Decline"), "{html}");
    let typed = async |code: &str, name: &str, act: &str| {
        let form = [("code", code), ("user", name), ("do", act)];
        common::with_form(bench.http.post(page), &form).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(typed("WRONG", SERVICE_ACCOUNT, "sign_in").await, 400);
    assert_eq!(typed(user, "nobody@contoso.test", "sign_in").await, 400);
    assert_eq!(typed(user, SERVICE_ACCOUNT, "sign_in").await, 200);
    assert_eq!(typed(user, "", "decline").await, 400, "it waits no longer");
    assert_eq!(poll().await, (200, "ok".to_owned()));
}

#[tokio::test]
async fn a_refresh_token_may_be_good_once() {
    let bench = start().await;
    bench.sim.oddities(|oddities| oddities.refresh_once = true);
    let (_, body) = bench.user_token("https://graph.microsoft.com/Presence.Read.All offline_access").await;
    let first = body["refresh_token"].as_str().expect("a refresh token").to_owned();
    let form = [("grant_type", "refresh_token"), ("client_id", PUBLIC_CLIENT_ID), ("refresh_token", first.as_str())];
    let (status, body) = bench.token_request(DOMAIN, &form).await;
    assert!(status == 200 && body["refresh_token"] != first, "{body}");
    assert_eq!(bench.refusal(DOMAIN, &form).await, (70000, 400));
}

#[tokio::test]
async fn a_federated_token_stands_for_the_app() {
    let bench = start().await;
    let right =
        FederatedSpec { issuer: "https://issuer.test".into(), subject: "system:serviceaccount:pbx".into(), audience: None };
    let app =
        AppSpec { roles: Some(vec!["Presence.Read.All".into()]), federated: Some(vec![right.clone()]), ..AppSpec::default() };
    let id = bench.sim.default_tenant().put_app(app).expect("an app");
    let make = |claims: &FederatedSpec, life_s: i64| {
        let token = bench.sim.act(Action::FederatedToken { claims: claims.clone(), life_s }).expect("a token");
        token["token"].as_str().expect("a token").to_owned()
    };
    let ask = async |assertion: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
            ("scope", common::SCOPE),
        ];
        let (status, body) = bench.token_request(DOMAIN, &form).await;
        if status == 200 { 0 } else { body["error_codes"][0].as_u64().unwrap_or_else(|| panic!("{body}")) }
    };
    let good = make(&right, 3_600);
    assert_eq!((ask(&good).await, ask(&good).await), (0, 0), "unlike a signed assertion it may come again");
    let other = |change: fn(&mut FederatedSpec)| {
        let mut spec = right.clone();
        change(&mut spec);
        make(&spec, 3_600)
    };
    assert_eq!(ask(&other(|spec| spec.issuer.push('/'))).await, 700211);
    assert_eq!(ask(&other(|spec| spec.audience = Some("api://other".into()))).await, 700212);
    assert_eq!(ask(&other(|spec| spec.subject = spec.subject.to_uppercase())).await, 700213, "case counts");
    assert_eq!(ask(&make(&right, -600)).await, 700024);
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    assert_eq!(ask(&format!("{signed}.AAAA")).await, 700027);
}

#[tokio::test]
async fn the_metadata_service_of_a_machine() {
    let bench = start().await;
    let get = async |query: &str, headers: &[(&str, &str)]| {
        let mut request = bench.http.get(bench.url(&format!("/metadata/identity/oauth2/token?{query}")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), common::body(answer).await)
    };
    const GOOD: &str = "api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com";
    const YES: (&str, &str) = ("Metadata", "true");
    let (status, body) = get(GOOD, &[YES]).await;
    assert_eq!((status, body["error_description"].as_str()), (400, Some("Identity not found")));
    let identity =
        |kind: Managed| AppSpec { roles: Some(vec!["Presence.Read.All".into()]), managed: Some(kind), ..AppSpec::default() };
    let put = |kind| bench.sim.default_tenant().put_app(identity(kind)).expect("an identity");
    let first = put(Managed::User);
    let (status, body) = get(GOOD, &[YES]).await;
    assert_eq!((status, body["client_id"].as_str(), body["expires_in"].as_str()), (200, Some(first.as_str()), Some("3599")));
    let token = body["access_token"].as_str().expect("a token").to_owned();
    let ids = json!({ "ids": [] });
    assert!(bench.post_json(&token, "/v1.0/communications/getPresencesByUserId", &ids).await.0 < 401, "Graph takes it");
    let second = put(Managed::User);
    let (status, body) = get(GOOD, &[YES]).await;
    assert!(status == 400 && body["error_description"].as_str().is_some_and(|text| text.starts_with("Multiple")), "{body}");
    assert_eq!(get(&format!("{GOOD}&client_id={second}"), &[YES]).await.0, 200);
    put(Managed::System);
    assert_eq!(get(GOOD, &[YES]).await.0, 200);
    for (query, headers) in [
        (GOOD, &[][..]),
        (GOOD, &[YES, ("X-Forwarded-For", "10.0.0.1")][..]),
        ("resource=https%3A%2F%2Fgraph.microsoft.com", &[YES][..]),
        ("api-version=2018-02-01", &[YES][..]),
        ("api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net", &[YES][..]),
    ] {
        assert_eq!(get(query, headers).await.0, 400, "{query} {headers:?}");
    }
}
