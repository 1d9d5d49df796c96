//! From a change of presence to the subscriber's endpoint.

mod common;

use common::receiver::{Receiver, wait};
use common::{Bench, start};
use serde_json::{Value, json};
use teams_presence_simulator::{
    Action, EndpointClass, Fault, FaultAction, OdataType, PresenceSpec, SERVICE_ACCOUNT, SubscriptionView, TENANT_ID, Tamper,
};

const ANN: &str = "ann@contoso.test";
const BEN: &str = "ben@contoso.test";

async fn watching(users: &[&str]) -> (Bench, Receiver, String) {
    let bench = start().await;
    let receiver = Receiver::plain().await;
    let token = bench.delegated().await;
    let mut wanted = bench.subscription(&receiver.url, users);
    wanted["lifecycleNotificationUrl"] = format!("{}/lifecycle", receiver.url).into();
    let id = bench.subscribe(&token, &wanted).await;
    (bench, receiver, id)
}

fn view(bench: &Bench) -> SubscriptionView {
    bench.sim.subscriptions().into_iter().next().expect("a subscription")
}

/// Afterwards everything that was due has left the outbox: a body to somebody else left it at the same moment or later.
async fn all_due_is_sent(bench: &Bench) {
    let other = Receiver::plain().await;
    let action = Action::Notify {
        tenant: None,
        user: None,
        subscription: None,
        tamper: None,
        url: Some(other.url.clone()),
        body: Some(json!({})),
    };
    bench.sim.act(action).expect("sent");
    other.wait_posts(1).await;
}

/// The users of these items, by name.
fn who(bench: &Bench, items: &[Value]) -> Vec<String> {
    let names = ["ann", "ben", "cleo"];
    let name = |id: &Value| names.iter().find(|n| *id == bench.id(n)).map_or("?", |n| *n).to_owned();
    items.iter().map(|i| name(&i["resourceData"]["id"])).collect()
}

#[tokio::test]
async fn a_basic_notification_has_ids_only() {
    let (bench, receiver, id) = watching(&["ann", "ben"]).await;
    bench.sim.set_presence("cleo@contoso.test", "Busy", "InACall").expect("set");
    bench.sim.set_presence(ANN, "Available", "Available").expect("set");
    bench.sim.set_presence(ANN, "Busy", "InACall").expect("set");
    let items = receiver.wait_items(1).await;
    let ann = bench.id("ann");
    let expires = items[0]["subscriptionExpirationDateTime"].as_str().expect("a date").to_owned();
    assert!(expires.ends_with('Z'));
    assert_eq!(
        items[0],
        json!({
            "subscriptionId": id, "clientState": "the client state", "changeType": "updated", "tenantId": TENANT_ID,
            "organizationId": TENANT_ID, "resource": format!("communications/presences/{ann}"),
            "subscriptionExpirationDateTime": expires,
            "resourceData": {
                "@odata.type": "#microsoft.graph.presence", "@odata.id": format!("users/{ann}/presence"), "id": ann,
            },
        })
    );
    let post = &receiver.posts()[0];
    assert!(post.content_type.starts_with("application/json"));
    assert!(post.json().get("validationTokens").is_none());
    // Nobody else's change was told, nor one that was none.
    bench.sim.set_presence(BEN, "Away", "Away").expect("set");
    assert_eq!(who(&bench, &receiver.wait_items(2).await), ["ann", "ben"]);
    wait("the tally", async || view(&bench).delivered == 2).await;
    let seen = view(&bench);
    assert_eq!((seen.noticed, seen.lost, seen.failed, seen.waiting, seen.state.as_str()), (2, 0, 0, 0, "alive"));
    let sent = bench.sim.deliveries();
    assert_eq!(sent.iter().filter(|d| d.kind == "handshake").count(), 2);
    assert!(sent.iter().any(|d| d.kind == "notification" && d.status == Some(202) && d.body.contains(&ann)));
}

#[tokio::test]
async fn every_cause_of_a_change_is_told() {
    let (bench, receiver, _) = watching(&["ann"]).await;
    let app = bench.token_with(&["Presence.ReadWrite.All"]).await;
    let app_id = bench.sim.requests().last().map(|r| r.body.clone()).expect("the token request");
    let app_id = app_id.split('&').find_map(|p| p.strip_prefix("client_id=")).expect("its client id").to_owned();
    let ann = bench.id("ann");
    bench.sim.set_presence(ANN, "Offline", "Offline").expect("set");
    receiver.wait_items(1).await;
    // A session of an application: shown, faded twice, gone; each without anybody's doing.
    let path = format!("/v1.0/users/{ann}/presence/setPresence");
    let session =
        json!({"sessionId": app_id, "availability": "Available", "activity": "Available", "expirationDuration": "PT20M"});
    assert_eq!(bench.post_json(&app, &path, &session).await.0, 200);
    receiver.wait_items(2).await;
    let sequence = async || {
        let (_, body) = bench.presences(&app, &[&ann]).await;
        let entry = &body["value"][0];
        let text = |name: &str| entry[name].as_str().expect("text").to_owned();
        (text("sequenceNumber"), text("activity"))
    };
    let mut last = sequence().await.0;
    for (minutes, activity, count) in [(5, "AvailableInactive", 3), (5, "Away", 4), (10, "Offline", 5)] {
        bench.sim.advance(minutes * 60_000);
        receiver.wait_items(count).await;
        let (number, seen) = sequence().await;
        assert!(seen == activity && number > last, "{seen} {number} after {last}");
        last = number;
    }
    // Out of office, a status message, a preferred state that ends by itself.
    bench.sim.default_tenant().put_presence(ANN, PresenceSpec { out_of_office: Some(true), ..Default::default() }).expect("set");
    receiver.wait_items(6).await;
    let preferred = json!({"availability": "Busy", "activity": "Busy", "expirationDuration": "PT5M"});
    bench.sim.set_presence(ANN, "Available", "Available").expect("set");
    assert_eq!(bench.post_json(&app, &path.replace("setPresence", "setUserPreferredPresence"), &preferred).await.0, 200);
    receiver.wait_items(8).await;
    bench.sim.advance(5 * 60_000);
    receiver.wait_items(9).await;
    bench.sim.oddities(|o| o.notify.words_only = true);
    bench.sim.default_tenant().put_presence(ANN, PresenceSpec { out_of_office: Some(false), ..Default::default() }).expect("set");
    bench.sim.set_presence(ANN, "Away", "Away").expect("set");
    receiver.wait_items(10).await;
    // Leaping over the whole life of a session tells every stage of it.
    bench.sim.set_presence(ANN, "Offline", "Offline").expect("set");
    assert_eq!(bench.post_json(&app, &path, &session).await.0, 200);
    receiver.wait_items(12).await;
    bench.sim.advance(24 * 60_000);
    wait("all stages", async || view(&bench).delivered == 15).await;
    assert_eq!(view(&bench).noticed, 15);
}

#[tokio::test]
async fn changes_are_gathered() {
    let (bench, receiver, _) = watching(&["ann", "ben", "cleo"]).await;
    bench.sim.oddities(|o| (o.notify.batch_ms, o.notify.latency_ms) = (3_600_000, 0));
    bench.sim.set_presence(ANN, "Busy", "Busy").expect("set");
    bench.sim.set_presence(BEN, "Busy", "Busy").expect("set");
    bench.sim.set_presence("cleo@contoso.test", "Busy", "Busy").expect("set");
    bench.sim.set_presence(ANN, "Away", "Away").expect("set");
    all_due_is_sent(&bench).await;
    assert_eq!(view(&bench).waiting, 4);
    bench.sim.oddities(|o| o.notify.batch_ms = 0);
    let items = receiver.wait_items(4).await;
    assert_eq!((who(&bench, &items), receiver.posts().len()), (["ann", "ben", "cleo", "ann"].map(String::from).to_vec(), 1));

    bench.sim.oddities(|o| (o.notify.batch_ms, o.notify.batch_max) = (3_600_000, 2));
    bench.sim.act(Action::AllPresences { tenant: None, presence: PresenceSpec::new("Offline", "Offline") }).expect("set");
    bench.sim.oddities(|o| o.notify.batch_ms = 0);
    receiver.wait_items(7).await;
    assert_eq!(receiver.posts().len(), 3);
}

#[tokio::test]
async fn what_is_not_taken_comes_again() {
    let (bench, receiver, _) = watching(&["ann"]).await;
    bench.sim.oddities(|o| o.notify.retry_ms = 120_000);
    receiver.mode(|m| m.status = 503);
    bench.sim.set_presence(ANN, "Busy", "InACall").expect("set");
    receiver.wait_posts(1).await;
    wait("the failure", async || view(&bench).failed == 1).await;
    // The pause doubles.
    for (n, pause) in [120_000, 240_000, 480_000].into_iter().enumerate() {
        bench.sim.advance(pause - 60_000);
        all_due_is_sent(&bench).await;
        assert_eq!((receiver.posts().len(), view(&bench).waiting), (n + 1, 1), "too early");
        bench.sim.advance(60_000);
        receiver.wait_posts(n + 2).await;
        wait("the failure", async || view(&bench).failed == n as u64 + 2).await;
    }
    receiver.mode(|m| m.status = 204);
    bench.sim.advance(960_000);
    let posts = receiver.wait_posts(5).await;
    assert!(posts.iter().all(|p| p.body == posts[0].body), "the same body each time");
    wait("the tally", async || view(&bench).delivered == 1).await;
    assert!(view(&bench).latency_max_ms >= 1_800_000);
    let attempts: Vec<_> = bench.sim.deliveries().into_iter().filter(|d| d.kind == "notification").collect();
    assert_eq!(attempts.iter().map(|d| d.attempt).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for (two, pause) in attempts.windows(2).zip([120_000, 240_000, 480_000, 960_000]) {
        assert!(two[1].begun_ms - two[0].at_ms >= pause, "{two:?}");
    }
}

#[tokio::test]
async fn nothing_is_tried_for_ever() {
    let (bench, receiver, _) = watching(&["ann"]).await;
    bench.sim.oddities(|o| o.notify.max_life_min = 600);
    let one = format!("/v1.0/subscriptions/{}", view(&bench).id);
    let token = bench.delegated().await;
    let longer = json!({ "expirationDateTime": bench.ahead(590) });
    assert_eq!(bench.send_json("PATCH", &token, &one, &longer).await.0, 200);
    bench.sim.oddities(|o| o.notify.retry_for_ms = 60_000);
    receiver.mode(|m| m.status = 400);
    bench.sim.set_presence(ANN, "Busy", "InACall").expect("set");
    wait("the end", async || {
        bench.sim.advance(10_000);
        view(&bench).lost == 1
    })
    .await;
    assert_eq!((view(&bench).waiting, view(&bench).delivered), (0, 0));
}

#[tokio::test]
async fn slow_endpoints_are_served_late() {
    let (bench, receiver, _) = watching(&["ann"]).await;
    bench.sim.oddities(|o| (o.notify.first_timeout_ms, o.notify.endpoint_rule_answers) = (100, 1));
    receiver.mode(|m| m.hang = true);
    bench.sim.set_presence(ANN, "Busy", "InACall").expect("set");
    wait("the time-out", async || view(&bench).failed == 1).await;
    receiver.mode(|m| m.hang = false);
    bench.sim.oddities(|o| o.notify.first_timeout_ms = 3_000);
    bench.sim.advance(5_000);
    receiver.wait_posts(2).await;
    // New ones wait ten minutes.
    bench.sim.set_presence(ANN, "Away", "Away").expect("set");
    bench.sim.advance(590_000);
    all_due_is_sent(&bench).await;
    assert_eq!((receiver.posts().len(), view(&bench).waiting), (2, 1));
    bench.sim.advance(10_000);
    receiver.wait_posts(3).await;

    // Slower still: they are dropped, until the verdict is over.
    bench.sim.oddities(|o| (o.notify.first_timeout_ms, o.notify.retry_timeout_ms) = (100, 100));
    receiver.mode(|m| m.hang = true);
    bench.sim.advance(600_000);
    bench.sim.set_presence(ANN, "Busy", "Busy").expect("set");
    wait("the time-out", async || view(&bench).failed == 2).await;
    bench.sim.oddities(|o| (o.notify.first_timeout_ms, o.notify.retry_timeout_ms) = (3_000, 10_000));
    receiver.mode(|m| m.hang = false);
    bench.sim.set_presence(ANN, "Away", "Away").expect("set");
    assert_eq!(view(&bench).lost, 1);
    bench.sim.advance(600_000);
    bench.sim.set_presence(ANN, "Busy", "InAMeeting").expect("set");
    wait("the news", async || view(&bench).delivered == 4).await;
}

#[tokio::test]
async fn without_a_token_everything_waits() {
    let (bench, receiver, id) = watching(&["ann"]).await;
    bench.sim.default_tenant().revoke_tokens().expect("revoked");
    bench.sim.set_presence(ANN, "Busy", "InACall").expect("set");
    assert_eq!((view(&bench).state.as_str(), view(&bench).waiting), ("unauthorized", 1));
    bench.sim.advance(10_000);
    all_due_is_sent(&bench).await;
    assert_eq!((receiver.posts().len(), view(&bench).waiting), (0, 1));
    // A fresh token sets it free, without a longer life.
    let expires = view(&bench).expires_ms;
    let token = bench.delegated().await;
    let path = format!("/v1.0/subscriptions/{id}/reauthorize");
    assert_eq!(bench.send_json("POST", &token, &path, &Value::Null).await.0, 204);
    receiver.wait_items(1).await;
    assert_eq!(view(&bench).expires_ms, expires);
}

#[tokio::test]
async fn lifecycle_notifications_come_before_the_end() {
    let bench = start().await;
    bench.sim.oddities(|o| o.token_lifetime_s = 1_800);
    let receiver = Receiver::plain().await;
    let token = bench.delegated().await;
    let mut wanted = bench.subscription(&receiver.url, &["ann"]);
    wanted["lifecycleNotificationUrl"] = format!("{}/lifecycle?a=b", receiver.url).into();
    let id = bench.subscribe(&token, &wanted).await;
    bench.sim.advance(14 * 60_000);
    all_due_is_sent(&bench).await;
    assert!(!bench.sim.deliveries().iter().any(|d| d.kind == "lifecycle") && receiver.posts().is_empty());
    bench.sim.advance(60_000);
    let posts = receiver.wait_posts(1).await;
    assert_eq!((posts[0].path.as_str(), posts[0].query.as_str()), ("/lifecycle", "a=b"));
    let item = &posts[0].json()["value"][0];
    assert_eq!((&item["lifecycleEvent"], &item["subscriptionId"]), (&json!("reauthorizationRequired"), &json!(id)));
    assert_eq!((&item["clientState"], item.get("changeType")), (&json!("the client state"), None));
    // Unheeded it comes again, also after the token has ended.
    bench.sim.advance(16 * 60_000);
    receiver.wait_posts(2).await;
    assert_eq!(view(&bench).state, "unauthorized");
    let token = bench.delegated().await;
    let one = format!("/v1.0/subscriptions/{id}");
    assert_eq!(bench.send_json("PATCH", &token, &one, &json!({ "expirationDateTime": bench.ahead(55) })).await.0, 200);
    assert_eq!(view(&bench).state, "alive");
    for event in ["reauthorizationRequired", "subscriptionRemoved", "missed"] {
        bench.sim.lifecycle(None, event).expect("sent");
    }
    let items = receiver.wait_items(5).await;
    assert_eq!(items[4]["lifecycleEvent"], "missed");
    wait("the tally", async || view(&bench).lifecycle_delivered == 5).await;
    bench.sim.end_subscription(None).expect("ended");
    assert_eq!(bench.get_json(&token, &one).await.0, 404);
}

#[tokio::test]
async fn forms_that_are_left_open() {
    let (bench, receiver, _) = watching(&["ann", "ben"]).await;
    bench.sim.oddities(|o| {
        o.notify.filter_resource = true;
        o.notify.resource_data_id = false;
        o.notify.odata_type = OdataType::Pascal;
        o.notify.expiration_z = false;
        o.notify.organization_id = false;
        o.notify.notification_id = true;
        o.notify.pascal_change_type = true;
        o.wrong_case_ids = true;
    });
    bench.sim.set_presence(ANN, "Busy", "InACall").expect("set");
    let item = receiver.wait_items(1).await.remove(0);
    let resource = item["resource"].as_str().expect("text");
    assert!(resource.starts_with("communications/presences?$filter=id+in+(%27"), "{resource}");
    assert!(item["resourceData"].get("id").is_none());
    assert_eq!(item["resourceData"]["@odata.id"], format!("users/{}/presence", bench.id("ann").to_uppercase()));
    assert_eq!(
        (&item["resourceData"]["@odata.type"], &item["changeType"]),
        (&json!("#Microsoft.Graph.presence"), &json!("Updated"))
    );
    assert!(item.get("organizationId").is_none() && item["id"].is_string());
    assert!(!item["subscriptionExpirationDateTime"].as_str().expect("text").ends_with('Z'));
}

#[tokio::test]
async fn faults_on_the_way() {
    let (bench, receiver, _) = watching(&["ann", "ben"]).await;
    let mut count = 0;
    let mut busy = false;
    let mut change = async |fault: Fault, more: usize| {
        bench.sim.inject(fault.times(1));
        busy = !busy;
        bench.sim.set_presence(ANN, if busy { "Busy" } else { "Away" }, "x").expect("set");
        count += more;
        let items = receiver.wait_items(count).await;
        items[count.saturating_sub(more)..].to_vec()
    };
    let twice = change(Fault::tamper(Tamper::Duplicate { times: 2, gap_ms: 0 }), 3).await;
    assert!(twice.iter().all(|i| *i == twice[0]));
    let state = change(Fault::tamper(Tamper::WrongClientState { value: Some("guess".into()) }), 1).await;
    assert_eq!(state[0]["clientState"], "guess");
    assert_eq!(change(Fault::tamper(Tamper::WrongClientState { value: None }), 1).await[0]["clientState"], Value::Null);
    assert_ne!(change(Fault::tamper(Tamper::OtherTenant), 1).await[0]["tenantId"], TENANT_ID);
    let nobody = change(Fault::tamper(Tamper::NoUserId), 1).await.remove(0);
    assert_eq!(nobody["resourceData"], json!({"@odata.type": "#microsoft.graph.presence"}));
    assert!(nobody["resource"].as_str().is_some_and(|r| r.contains("?$filter=")));
    let foreign = change(Fault::tamper(Tamper::Foreign { count: 2 }), 3).await;
    assert_eq!(
        (who(&bench, &foreign), &foreign[1]["tenantId"]),
        (["?", "ann", "?"].map(String::from).to_vec(), &json!(TENANT_ID))
    );

    // Silence: alive, and nothing comes; the next one does.
    change(Fault::tamper(Tamper::Silent), 0).await;
    assert_eq!((view(&bench).silenced, view(&bench).waiting, view(&bench).state.as_str()), (1, 0, "alive"));
    // Late, but for others in time.
    let slow = Fault::new(EndpointClass::Notifications, FaultAction::Delay { ms: 600_000 });
    bench.sim.inject(Fault { path_contains: Some(bench.id("ann")), ..slow }.times(1));
    bench.sim.set_presence(ANN, "Available", "Late").expect("set");
    bench.sim.set_presence(BEN, "Busy", "Busy").expect("set");
    assert_eq!(who(&bench, &receiver.wait_items(11).await[10..]), ["ben"]);
    bench.sim.advance(600_000);
    assert_eq!(who(&bench, &receiver.wait_items(12).await[11..]), ["ann"]);
    // The other way round.
    bench.sim.inject(Fault::tamper(Tamper::AfterNext { ms: 600_000 }).times(1));
    bench.sim.set_presence(ANN, "Away", "Away").expect("set");
    bench.sim.set_presence(BEN, "Away", "Away").expect("set");
    assert_eq!(who(&bench, &receiver.wait_items(14).await[12..]), ["ben", "ann"]);
    // By hand: changed or not, and any body at all.
    assert_eq!(bench.sim.notify(ANN, Some(Tamper::UnknownSubscription)).expect("sent"), 1);
    assert_eq!(who(&bench, &receiver.wait_items(15).await[14..]), ["ann"]);
    let posts = receiver.posts().len();
    bench.sim.notify_raw(json!("<?xml?>")).expect("sent");
    assert_eq!(receiver.wait_posts(posts + 1).await[posts].body, "<?xml?>");
    bench.sim.inject(Fault::tamper(Tamper::NotJson).times(1));
    bench.sim.set_presence(ANN, "Busy", "Busy").expect("set");
    assert!(receiver.wait_posts(posts + 2).await[posts + 1].body.starts_with("<!DOCTYPE"));
}

#[tokio::test]
async fn the_control_api_and_scripts_do_the_same() {
    let (bench, receiver, id) = watching(&["ann"]).await;
    let post = async |path: &str, value: Value| {
        let answer =
            bench.http.post(bench.url(&format!("/_control/{path}"))).body(value.to_string()).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let sent = post("notify", json!({"user": SERVICE_ACCOUNT})).await;
    assert_eq!(sent, (200, r#"{"sent":0}"#.to_owned()));
    assert_eq!(post("notify", json!({"user": ANN, "tamper": {"duplicate": {"times": 1}}})).await.0, 200);
    receiver.wait_items(2).await;
    assert_eq!(post("notify", json!({"url": format!("{}/x", receiver.url), "body": {"value": []}})).await.0, 200);
    assert_eq!(receiver.wait_posts(2).await[1].path, "/x");
    assert_eq!(post("lifecycle", json!({"subscription": id})).await.0, 200);
    receiver.wait_posts(3).await;
    assert_eq!(post("notify", json!({"user": ANN, "typo": 1})).await.0, 400);
    assert_eq!(post("notify", json!({"url": "http://10.0.0.1/", "body": ""})).await.0, 400);
    let fault = json!({"endpoint": "notifications", "action": {"kind": "tamper", "how": "silent"}});
    assert_eq!(post("fault", fault).await.0, 200);
    // Of the group only what is named changes.
    assert_eq!(post("oddities", json!({"set": {"notify": {"batch_ms": 7}}})).await.0, 200);
    assert_eq!(post("oddities", json!({"set": {"notify": {"latency_ms": 8}}})).await.0, 200);
    assert_eq!(post("oddities", json!({"set": {"notify": {"typo": 8}}})).await.0, 400);
    let view = async |name: &str| -> Value {
        let text = bench.http.get(bench.url(&format!("/_control/{name}"))).send().await.expect("an answer").text().await;
        serde_json::from_str(&text.expect("a body")).expect("JSON")
    };
    let odd = view("oddities").await;
    assert_eq!((&odd["notify"]["batch_ms"], &odd["notify"]["latency_ms"]), (&json!(7), &json!(8)));
    assert_eq!(view("subscriptions").await[0]["id"], json!(id));
    assert!(view("deliveries?limit=2").await.as_array().is_some_and(|l| l.len() == 2));
    let script = r#"{"at_ms":0,"do":"end_subscription"}"#;
    bench.sim.run_script(teams_presence_simulator::Script::parse(script).expect("a script"), 1.0).expect("done");
    assert_eq!(bench.sim.subscriptions()[0].state, "ended");
}
