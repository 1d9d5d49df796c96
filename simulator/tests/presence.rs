//! Presence: reading, writing, aggregation, oddities, permissions, tokens.

mod common;

use common::{Bench, code, start};
use serde_json::{Value, json};
use teams_presence_simulator::{Action, Casing, DuplicateIds, MalformedIds, Nulls, PresenceSpec, Profile, UnknownIds};

const NOBODY: &str = "00000000-1111-4222-8333-444444444444";

fn words(answer: &(u16, Value)) -> (u16, &str, &str) {
    let entry = if answer.1["value"].is_array() { &answer.1["value"][0] } else { &answer.1 };
    (answer.0, entry["availability"].as_str().unwrap_or("-"), entry["activity"].as_str().unwrap_or("-"))
}

fn entries(answer: &(u16, Value)) -> usize {
    answer.1["value"].as_array().map_or(usize::MAX, Vec::len)
}

#[tokio::test]
async fn limits_and_bad_ids() {
    let bench = start().await;
    let token = bench.token().await;
    bench.sim.default_tenant().add_users(651, "u{n}@contoso.test").expect("users");
    let ids: Vec<String> =
        (1..=651).map(|n| bench.sim.default_tenant().user_id(&format!("u{n}@contoso.test")).expect("an id")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(entries(&bench.presences(&token, &ids[..650]).await), 650);
    assert_eq!(code(&bench.presences(&token, &ids).await), (400, "BadRequest"));
    assert_eq!(bench.sim.counters().max_ids, 651);
    assert_eq!(code(&bench.presences(&token, &[]).await), (400, "BadRequest"));
    let path = "/v1.0/communications/getPresencesByUserId";
    for bad in [json!({}), json!({"ids": null}), json!({"ids": [1]}), json!([])] {
        assert_eq!(bench.post_json(&token, path, &bad).await.0, 400, "{bad}");
    }
    let plain = bench.http.post(bench.url(path)).bearer_auth(&token).body("{}").send().await.expect("an answer");
    assert_eq!(plain.status(), 415);
    assert_eq!(bench.get_json(&token, path).await.0, 405);

    let ann = bench.id("ann");
    assert_eq!(entries(&bench.presences(&token, &[&ann, NOBODY]).await), 1);
    assert_eq!(code(&bench.presences(&token, &[&ann, "ann@contoso.test"]).await), (400, "BadRequest"));
    assert_eq!(entries(&bench.presences(&token, &[&ann, &ann.to_uppercase()]).await), 1);
    bench.sim.oddities(|odd| {
        odd.unknown_ids = UnknownIds::PresenceUnknown;
        odd.malformed_ids = MalformedIds::Ignored;
        odd.duplicate_ids = DuplicateIds::Each;
    });
    let answer = bench.presences(&token, &[NOBODY, "rubbish", &ann, &ann]).await;
    assert_eq!((entries(&answer), words(&answer)), (3, (200, "PresenceUnknown", "PresenceUnknown")));
    bench.sim.oddities(|odd| odd.unknown_ids = UnknownIds::Offline);
    assert_eq!(words(&bench.presences(&token, &[NOBODY]).await), (200, "Offline", "Offline"));
    bench.sim.oddities(|odd| odd.unknown_ids = UnknownIds::NotFound);
    assert_eq!(code(&bench.presences(&token, &[&ann, NOBODY]).await), (404, "NotFound"));
    bench.sim.oddities(|odd| odd.poison_ids = vec![ann.clone()]);
    assert_eq!(bench.presences(&token, &[&ann, ids[0]]).await.0, 400);
    assert_eq!(bench.presences(&token, &[ids[0]]).await.0, 200);
}

#[tokio::test]
async fn oddities_show() {
    let bench = start().await;
    let token = bench.token().await;
    let (ann, ben) = (bench.id("ann"), bench.id("ben"));
    bench.sim.set_presence("ann@contoso.test", "Busy", "InACall").expect("set");
    let read = async || bench.presences(&token, &[&ann]).await;
    assert_eq!(words(&read().await), (200, "Busy", "InACall"));
    bench.sim.oddities(|odd| odd.casing = Casing::Camel);
    assert_eq!(words(&read().await), (200, "busy", "inACall"));
    bench.sim.oddities(|odd| odd.swapped_fields = true);
    assert_eq!(words(&read().await), (200, "inACall", "busy"));
    bench.sim.act(Action::ResetOddities).expect("reset");
    bench.sim.oddities(|odd| odd.nulls = Nulls::All);
    let (_, body) = read().await;
    assert!(body["value"][0]["availability"].is_null() && body["value"][0].get("statusMessage").is_some());
    bench.sim.oddities(|odd| {
        odd.nulls = Nulls::None;
        odd.profile = Profile::UsGov;
        odd.wrong_case_ids = true;
        odd.single_wrapped = true;
    });
    let (_, body) = bench.get_json(&token, &format!("/v1.0/users/{ann}/presence")).await;
    assert_eq!(body["value"][0]["id"], ann.to_uppercase());
    assert!(body["value"][0].get("sequenceNumber").is_none() && body["value"][0].get("statusMessage").is_some());
    bench.sim.act(Action::ResetOddities).expect("reset");

    bench.sim.set_presence("ann@contoso.test", "Levitating", "OnTheMoon").expect("set");
    assert_eq!(words(&read().await), (200, "Levitating", "OnTheMoon"));
    let missing = PresenceSpec { missing: Some(true), ..PresenceSpec::default() };
    bench.sim.default_tenant().put_presence("ann@contoso.test", missing).expect("set");
    assert_eq!(entries(&bench.presences(&token, &[&ann, &ben]).await), 1);
    assert_eq!(bench.get_json(&token, &format!("/v1.0/users/{ann}/presence")).await.0, 404);

    bench.sim.default_tenant().add_users(50, "u{n}@contoso.test").expect("users");
    let ids: Vec<String> =
        (1..=50).map(|n| bench.sim.default_tenant().user_id(&format!("u{n}@contoso.test")).expect("an id")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let order = async || {
        let (_, body) = bench.presences(&token, &ids).await;
        body["value"].as_array().expect("a list").iter().map(|e| e["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order().await, ids);
    bench.sim.oddities(|odd| odd.shuffle = true);
    let mut shuffled = order().await;
    assert_ne!(shuffled, ids);
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    shuffled.sort_unstable();
    assert_eq!(shuffled, sorted, "the same entries");
}

#[tokio::test]
async fn guests_have_their_presence_elsewhere() {
    let bench = start().await;
    let token = bench.token().await;
    let guest = bench.sim.default_tenant().user_id("gast_partner.test#EXT#@contoso.onmicrosoft.test").expect("an id");
    assert_eq!(words(&bench.presences(&token, &[&guest]).await), (200, "PresenceUnknown", "PresenceUnknown"));
    bench.sim.oddities(|odd| odd.guests_missing = true);
    assert_eq!(entries(&bench.presences(&token, &[&guest]).await), 0);
}

#[tokio::test]
async fn permissions_of_presence() {
    let bench = start().await;
    let ann = bench.id("ann");
    let (single, other) = (format!("/v1.0/users/{ann}/presence"), format!("/v1.0/communications/presences/{ann}"));
    for (roles, wanted) in [
        (&["Presence.Read.All"][..], 200),
        (&["Presence.ReadWrite.All"], 200),
        (&["Presence.Read"], 403),
        (&["User.Read.All", "Directory.Read.All"], 403),
        (&[], 403),
    ] {
        let token = bench.token_with(roles).await;
        assert_eq!(bench.presences(&token, &[&ann]).await.0, wanted, "{roles:?}");
        assert_eq!(bench.get_json(&token, &single).await.0, wanted, "{roles:?}");
        assert_eq!(bench.get_json(&token, &other).await.0, wanted, "{roles:?}");
    }
    let app = bench.token().await;
    assert_eq!(code(&bench.get_json(&app, "/v1.0/me/presence").await), (400, "BadRequest"));
    assert_eq!(code(&bench.presences(&bench.token_with(&[]).await, &[&ann]).await), (403, "Forbidden"));
    assert_eq!(bench.get_json(&app, "/v1.0/users/ann@contoso.test/presence").await.0, 400, "no user principal names here");

    let scoped = async |scope: &str| bench.user_token(scope).await.1["access_token"].as_str().expect("a token").to_owned();
    let own = scoped("Presence.Read").await;
    assert_eq!(bench.get_json(&own, "/v1.0/me/presence").await.0, 200);
    assert_eq!(bench.get_json(&own, &single).await.0, 403);
    assert_eq!(bench.presences(&own, &[&ann]).await.0, 403);
    let all = scoped("Presence.Read.All").await;
    assert_eq!(bench.get_json(&all, "/v1.0/me/presence").await.0, 200);
    assert_eq!(bench.get_json(&all, &single).await.0, 200);
    assert_eq!(bench.presences(&all, &[&ann]).await.0, 200);
    assert_eq!(bench.get_json(&all, "/v1.0/users").await.0, 403);
    let body = json!({"sessionId": teams_presence_simulator::PUBLIC_CLIENT_ID, "availability": "Busy", "activity": "InACall"});
    assert_eq!(bench.post_json(&all, &format!("{single}/setPresence"), &body).await.0, 403);
}

/// The tenant's app that may write.
async fn writer(bench: &Bench) -> (String, String) {
    let token = bench.token_with(&["Presence.ReadWrite.All"]).await;
    let last = bench.sim.requests().pop().expect("the token request").body;
    let app = last.split('&').find_map(|p| p.strip_prefix("client_id=")).expect("a client id").to_owned();
    (token, app)
}

#[tokio::test]
async fn writing_follows_the_rules() {
    let bench = start().await;
    let (token, app) = writer(&bench).await;
    let ann = bench.id("ann");
    let post =
        async |action: &str, body: Value| bench.post_json(&token, &format!("/v1.0/users/{ann}/presence/{action}"), &body).await.0;
    let set = |availability: &str, activity: &str, duration: &str| json!({"sessionId": app, "availability": availability, "activity": activity, "expirationDuration": duration});
    for (a, b) in [
        ("Available", "Available"),
        ("Busy", "InACall"),
        ("Busy", "InAConferenceCall"),
        ("Away", "Away"),
        ("DoNotDisturb", "Presenting"),
    ] {
        assert_eq!(post("setPresence", set(a, b, "PT1H")).await, 200, "{a} {b}");
    }
    for (a, b, d) in [
        ("Busy", "InAMeeting", "PT1H"),
        ("Away", "OutOfOffice", "PT1H"),
        ("DoNotDisturb", "DoNotDisturb", "PT1H"),
        ("Busy", "InACall", "PT4M"),
        ("Busy", "InACall", "PT5H"),
        ("Busy", "InACall", "an hour"),
    ] {
        assert_eq!(post("setPresence", set(a, b, d)).await, 400, "{a} {b} {d}");
    }
    assert_eq!(post("setPresence", json!({"sessionId": NOBODY, "availability": "Away", "activity": "Away"})).await, 400);
    // Parameters that the action does not have.
    assert_eq!(post("clearPresence", json!({ "sessionId": app, "availability": "Busy" })).await, 400);
    let mut more = set("Busy", "InACall", "PT1H");
    more["expiration"] = "PT1H".into();
    assert_eq!(post("setPresence", more).await, 400);
    assert_eq!(post("clearPresence", json!({ "sessionId": app })).await, 200);
    assert_eq!(post("clearPresence", json!({ "sessionId": app })).await, 404);
    assert_eq!(post("setUserPreferredPresence", json!({"availability": "Busy", "activity": "InACall"})).await, 400);
    assert_eq!(post("setSomething", json!({})).await, 400);
    assert_eq!(post("setStatusMessage", json!({})).await, 400);
    let nobody = format!("/v1.0/users/{NOBODY}/presence/clearUserPreferredPresence");
    assert_eq!(bench.post_json(&token, &nobody, &json!({})).await.0, 404);
    let reader = bench.token().await;
    let path = format!("/v1.0/users/{ann}/presence/clearUserPreferredPresence");
    assert_eq!(code(&bench.post_json(&reader, &path, &json!({})).await), (403, "Forbidden"));
}

#[tokio::test]
async fn what_is_written_is_aggregated_and_ends() {
    let bench = start().await;
    // The clock is moved far below: tokens must outlive it.
    bench.sim.oddities(|odd| odd.token_lifetime_s = 30 * 86_400);
    let (token, app) = writer(&bench).await;
    let ann = bench.id("ann");
    let post = async |action: &str, body: Value| {
        let status = bench.post_json(&token, &format!("/v1.0/users/{ann}/presence/{action}"), &body).await.0;
        assert_eq!(status, 200, "{action} {body}");
    };
    let seen = async || {
        let answer = bench.presences(&token, &[&ann]).await;
        let (_, a, b) = words(&answer);
        format!("{a}/{b}")
    };
    bench.sim.set_presence("ann@contoso.test", "Available", "Available").expect("set");
    post("setPresence", json!({"sessionId": app, "availability": "Busy", "activity": "InACall", "expirationDuration": "PT10M"}))
        .await;
    assert_eq!(seen().await, "Busy/InACall");
    bench.sim.set_presence("ann@contoso.test", "DoNotDisturb", "Focusing").expect("set");
    assert_eq!(seen().await, "DoNotDisturb/Focusing");
    bench.sim.set_presence("ann@contoso.test", "Offline", "Offline").expect("set");
    bench.sim.advance(9 * 60_000);
    assert_eq!(seen().await, "Busy/InACall", "Busy does not fade");
    bench.sim.advance(60_000);
    assert_eq!(seen().await, "Offline/Offline", "expired");

    post(
        "setPresence",
        json!({"sessionId": app, "availability": "Available", "activity": "Available", "expirationDuration": "PT1H"}),
    )
    .await;
    assert_eq!(seen().await, "Available/Available");
    bench.sim.advance(5 * 60_000);
    assert_eq!(seen().await, "Available/AvailableInactive");
    bench.sim.advance(5 * 60_000);
    assert_eq!(seen().await, "Away/Away");
    post("setUserPreferredPresence", json!({"availability": "DoNotDisturb", "activity": "DoNotDisturb"})).await;
    assert_eq!(seen().await, "DoNotDisturb/DoNotDisturb");
    post("clearPresence", json!({ "sessionId": app })).await;
    assert_eq!(seen().await, "Offline/Offline", "a preferred state needs a session");
    bench.sim.set_presence("ann@contoso.test", "Available", "Available").expect("set");
    assert_eq!(seen().await, "DoNotDisturb/DoNotDisturb");
    bench.sim.advance(86_400_000);
    assert_eq!(seen().await, "Available/Available", "after a day");
    post("setUserPreferredPresence", json!({"availability": "Offline", "activity": "OffWork", "expirationDuration": "PT8H"}))
        .await;
    assert_eq!(seen().await, "Offline/OffWork");
    post("clearUserPreferredPresence", json!({})).await;
    assert_eq!(seen().await, "Available/Available");

    let expiry = json!({"dateTime": "2026-11-22T17:30:00", "timeZone": "UTC"});
    post(
        "setStatusMessage",
        json!({"statusMessage": {"message": {"content": "Lab", "contentType": "text"}, "expiryDateTime": expiry}}),
    )
    .await;
    let (_, body) = bench.presences(&token, &[&ann]).await;
    assert_eq!(
        body["value"][0]["statusMessage"],
        json!({"message": {"content": "Lab", "contentType": "text"}}),
        "no dates for others"
    );
}

#[tokio::test]
async fn tokens_are_checked() {
    let bench = start().await;
    let token = bench.token().await;
    let refused = async |token: &str| {
        let response = bench.get(token, "/v1.0/users").header("client-request-id", NOBODY).send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (challenge, echoed, own, date) =
            (header("www-authenticate"), header("client-request-id"), header("request-id"), header("date"));
        let status = response.status().as_u16();
        let body = common::body(response).await;
        if status == 401 {
            assert!(challenge.starts_with("Bearer realm=\"\""), "{challenge}");
            assert_eq!(body["error"]["code"], "InvalidAuthenticationToken");
            assert_eq!((&*echoed, &body["error"]["innerError"]["client-request-id"]), (NOBODY, &json!(NOBODY)));
            assert_eq!(body["error"]["innerError"]["request-id"], own);
            assert!(body["error"]["innerError"]["date"].is_string() && !date.is_empty());
        }
        status
    };
    assert_eq!(refused(&token).await, 200);
    for bad in ["", "rubbish", "a.b.c", &token[..token.len() - 2], &format!("{token}x")] {
        assert_eq!(refused(bad).await, 401, "{bad}");
    }
    let none = bench.http.get(bench.url("/v1.0/users")).send().await.expect("an answer");
    assert_eq!(none.status(), 401);
    bench.sim.advance(3_600_000);
    assert_eq!(refused(&token).await, 401, "expired");
    let token = bench.token().await;
    assert_eq!(refused(&token).await, 200);
    bench.sim.default_tenant().revoke_tokens().expect("revoked");
    assert_eq!(refused(&token).await, 401, "revoked");
    bench.sim.advance(1000);
    assert_eq!(refused(&bench.token().await).await, 200);
}

#[tokio::test]
async fn the_limit_of_presence_requests() {
    let bench = start().await;
    let token = bench.token().await;
    let ann = bench.id("ann");
    bench.sim.oddities(|odd| odd.presence_limit = 3);
    for _ in 0..3 {
        assert_eq!(bench.presences(&token, &[&ann]).await.0, 200);
    }
    let path = format!("/v1.0/users/{ann}/presence");
    let response = bench.get(&token, &path).send().await.expect("an answer");
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((25..=30).contains(&wait), "{wait}");
    assert_eq!(common::body(response).await["error"]["code"], "TooManyRequests");
    assert_eq!(bench.get_json(&token, "/v1.0/users").await.0, 200, "the directory has its own limits");
    bench.sim.advance(31_000);
    assert_eq!(bench.presences(&token, &[&ann]).await.0, 200);
    assert_eq!(bench.sim.counters().throttled, 1);
    bench.sim.oddities(|odd| odd.directory_units = 3);
    let first = bench.get(&token, "/v1.0/users").send().await.expect("an answer");
    assert_eq!((first.status().as_u16(), first.headers()["x-ms-resource-unit"].to_str().expect("text")), (200, "2"));
    let second = bench.get(&token, "/v1.0/users").send().await.expect("an answer");
    assert!(second.status() == 429 && second.headers().contains_key("x-ms-throttle-scope"));
}

#[tokio::test]
async fn batches() {
    let bench = start().await;
    let token = bench.token().await;
    let ann = bench.id("ann");
    let content = json!({"Content-Type": "application/json"});
    let requests = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/users/ann@contoso.test?$select=id"},
        {"id": "2", "method": "POST", "url": "communications/getPresencesByUserId", "headers": content, "body": {"ids": [ann]}},
        {"id": "3", "method": "GET", "url": "/users/nobody@contoso.test"},
        {"id": "4", "method": "GET", "url": "/users/ann@contoso.test", "dependsOn": ["3"]},
    ]});
    let (status, body) = bench.post_json(&token, "/v1.0/$batch", &requests).await;
    assert_eq!(status, 200, "{body}");
    let of = |id: &str| body["responses"].as_array().and_then(|l| l.iter().find(|r| r["id"] == id)).expect("an answer");
    assert_eq!((&of("1")["status"], &of("1")["body"]["id"]), (&json!(200), &json!(ann)));
    assert_eq!(of("2")["body"]["value"][0]["id"], ann);
    assert_eq!((&of("3")["status"], &of("4")["status"]), (&json!(404), &json!(424)));
    let one = |id: &str| json!({"id": id, "method": "GET", "url": "/users"});
    let many: Vec<Value> = (0..21).map(|n| one(&n.to_string())).collect();
    for bad in [
        json!({}),
        json!({"requests": many}),
        json!({"requests": [one("a"), one("A")]}),
        json!({"requests": [{"method": "GET"}]}),
    ] {
        assert_eq!(bench.post_json(&token, "/v1.0/$batch", &bad).await.0, 400, "{bad}");
    }
}
