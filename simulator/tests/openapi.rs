//! What the simulator answers, against Microsoft's own description.
#![cfg(feature = "openapi")]

mod common;

use std::io::Write as _;

use serde_json::json;
use teams_presence_simulator::openapi::{OpenApi, VARIABLE};
use teams_presence_simulator::{CLIENT_ID, GroupSpec, Oddities, PresenceSpec, Profile};

#[tokio::test]
async fn answers_fit_the_official_description() {
    let Some(file) = OpenApi::locate() else {
        // Written past the test runner's capture: a skip must be seen.
        let _ =
            writeln!(std::io::stderr(), "SKIPPED: no Graph OpenAPI document beside the repository, and {VARIABLE} names none");
        return;
    };
    let document = OpenApi::load(&file).expect("the document");
    let bench = common::start().await;
    let token =
        bench.token_with(&["Presence.ReadWrite.All", "User.Read.All", "Application.Read.All", "GroupMember.Read.All"]).await;
    let app = bench.sim.requests().last().map(|r| r.body.clone()).expect("the token request");
    let app = app.split('&').find_map(|p| p.strip_prefix("client_id=")).expect("its client id").to_owned();
    let mut rich = PresenceSpec::new("Busy", "InACall");
    rich.status_message = Some("At lunch".into());
    rich.work_location = Some("remote".into());
    rich.out_of_office = Some(true);
    bench.sim.default_tenant().put_presence("ann@contoso.test", rich).expect("set");
    let (ann, ben) = (bench.id("ann"), bench.id("ben"));

    let gets = [
        "/v1.0/users?$top=3".to_owned(),
        "/v1.0/users?$select=id,mail,userPrincipalName,proxyAddresses,otherMails,accountEnabled,userType,displayName".to_owned(),
        "/v1.0/users?$filter=mail%20eq%20'ann@contoso.test'".to_owned(),
        "/v1.0/users?$top=0".to_owned(),
        format!("/v1.0/users/{ann}"),
        "/v1.0/users/nobody@contoso.test".to_owned(),
        "/v1.0/users/delta?$select=id,mail".to_owned(),
        "/v1.0/users/delta?$deltatoken=latest".to_owned(),
        format!("/v1.0/users/{ann}/presence"),
        format!("/v1.0/communications/presences/{ann}"),
        format!("/v1.0/communications/presences/{app}"),
        format!("/v1.0/applications(appId='{CLIENT_ID}')"),
    ];
    let team = bench.sim.default_tenant().put_group(GroupSpec {
        display_name: Some("Team".into()),
        users: Some(vec!["ann@contoso.test".into(), "ben@contoso.test".into()]),
        ..GroupSpec::default()
    });
    let team = team.expect("a group");
    let members = ["members?$top=1", "transitiveMembers?$select=id,mail"].map(|what| format!("/v1.0/groups/{team}/{what}"));
    let mut problems = Vec::new();
    for path in gets.iter().chain(&members) {
        let response = bench.get(&token, path).send().await.expect("an answer");
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        problems.extend(document.check_answer("GET", bare, status, &text));
        problems.extend(document.check_request("GET", bare, query, ""));
    }
    for profile in [Profile::Global, Profile::UsGov, Profile::Bleu, Profile::Classic] {
        bench.sim.oddities(|odd: &mut Oddities| odd.profile = profile);
        let path = "/v1.0/communications/getPresencesByUserId";
        let (status, body) = bench.presences(&token, &[&ann, &ben]).await;
        assert_eq!((status, body["value"].as_array().map(Vec::len)), (200, Some(2)));
        problems.extend(document.check_answer("POST", path, status, &body.to_string()));
    }
    let writes = [
        ("setPresence", json!({"sessionId": app, "availability": "Busy", "activity": "InACall", "expirationDuration": "PT1H"})),
        ("clearPresence", json!({ "sessionId": app })),
        ("clearPresence", json!({ "sessionId": app })),
        ("setUserPreferredPresence", json!({"availability": "Busy", "activity": "Busy"})),
        ("setStatusMessage", json!({"statusMessage": {"message": {"content": "x", "contentType": "text"}}})),
    ];
    for (action, body) in writes {
        let path = format!("/v1.0/users/{ben}/presence/{action}");
        let (status, answer) = bench.post_json(&token, &path, &body).await;
        let text = if answer.is_null() { String::new() } else { answer.to_string() };
        problems.extend(document.check_answer("POST", &path, status, &text));
    }
    let receiver = common::receiver::Receiver::plain().await;
    let delegated = bench.delegated().await;
    let mut wanted = bench.subscription(&receiver.url, &["ann", "ben"]);
    wanted["lifecycleNotificationUrl"] = receiver.url.as_str().into();
    let id = bench.subscribe(&delegated, &wanted).await;
    let renewal = json!({ "expirationDateTime": bench.ahead(50) });
    for (method, tail, value) in [
        ("POST", String::new(), wanted.clone()),
        ("GET", String::new(), json!(null)),
        ("GET", format!("/{id}"), json!(null)),
        ("PATCH", format!("/{id}"), renewal.clone()),
        ("POST", format!("/{id}/reauthorize"), json!(null)),
        ("DELETE", format!("/{id}"), json!(null)),
        ("PATCH", format!("/{id}"), renewal),
        ("POST", String::new(), wanted),
    ] {
        let path = format!("/v1.0/subscriptions{tail}");
        let (status, answer) = bench.send_json(method, &delegated, &path, &value).await;
        let text = if answer.is_null() { String::new() } else { answer.to_string() };
        problems.extend(document.check_answer(method, &path, status, &text));
    }
    // Everything that was sent is in the recorder, and is right by the document as well.
    for request in bench.sim.requests().iter().filter(|r| r.path.starts_with("/v1.0/")) {
        problems.extend(document.check_recorded(request));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
