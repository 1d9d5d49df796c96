//! Subscriptions through hours of outages, with real HTTP: of Graph, of us, of what lies between, and a rival for the same place.
//!
//! The clock moves regardless of what is done, so nothing here says how soon; `src/source/week_tests` does.

mod instance_support;

use std::time::Duration;

use instance_support::*;
use serde_json::json;
use teams_presence_simulator::{
    EndpointClass, Fault, FaultAction, FaultBody, PUBLIC_CLIENT_ID, RetryAfter, SERVICE_ACCOUNT, SERVICE_PASSWORD, TENANT_ID,
    Tamper,
};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::{Chat, Dnd};

const MINUTE: u64 = 60_000;

/// So much time in steps, each of which the tasks get a chance to use.
fn pass(rig: &Rig, minutes: u64) {
    for _ in 0..minutes * 6 {
        rig.advance(10_000);
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is(rig: &Rig, dnd: bool) -> bool {
    let state = rig.instance.state_of("100").expect("Ann");
    let chat = if dnd { Chat::Dnd } else { Chat::Available };
    state.chat_acknowledged == Some(chat) && (state.dnd_acknowledged == Some(Dnd::On)) == dnd
}

/// Ann, as her telephone has her in the end.
fn becomes(rig: &Rig, dnd: bool) {
    rig.until_later(if dnd { "DND on" } else { "DND off" }, || is(rig, dnd));
}

fn ann(rig: &Rig, dnd: bool) {
    if dnd {
        rig.presence(ANN, "Busy", "InACall");
    } else {
        rig.presence(ANN, "Available", "Available");
    }
}

/// A subscription lives, notifications are trusted, and one arrives.
fn all_is_well(rig: &Rig) {
    ann(rig, false);
    becomes(rig, false);
    rig.until_later("a subscription", || living(rig).len() == 1);
    trusted(rig);
    let taken = rig.stats()["notifications"]["worker"]["applied"].as_u64();
    ann(rig, true);
    becomes(rig, true);
    rig.until_later("a notification", || rig.stats()["notifications"]["worker"]["applied"].as_u64() > taken);
    ann(rig, false);
    becomes(rig, false);
}

fn never_authorized_beside_a_renewal(rig: &Rig) {
    let asked = rig.sim.requests().into_iter().filter(|it| it.path.ends_with("/reauthorize")).count();
    assert_eq!(asked, 0, "a renewal does both; within 10 minutes of each other they must not come");
}

#[test]
fn hours_of_outages_leave_nobody_wrong_and_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut rig = subscribed(
        "rich",
        |sim| sim.keep_requests(20_000),
        |config| {
            config["state"] = json!({ "dir": dir.path() });
            config["stale"] = json!({ "after_ms": 86_400_000 });
        },
    );
    all_is_well(&rig);
    let status = |status, retry_after| FaultAction::Status { status, retry_after, body: FaultBody::Json, code: None };
    let outages = [
        (EndpointClass::Any, status(503, None), 20),
        (EndpointClass::Subscriptions, status(500, None), 70),
        (EndpointClass::Presences, status(429, Some(RetryAfter::Seconds(120))), 5),
        (EndpointClass::Any, FaultAction::ResetBefore, 90),
        (EndpointClass::Subscriptions, FaultAction::ResetMid, 40),
        (EndpointClass::Subscriptions, status(429, Some(RetryAfter::Seconds(600))), 30),
        (EndpointClass::Token, status(503, None), 100),
    ];
    for (number, (endpoint, action, minutes)) in outages.into_iter().enumerate() {
        rig.sim.inject(Fault::new(endpoint, action));
        let busy = number % 2 == 0;
        ann(&rig, busy);
        pass(&rig, minutes);
        rig.sim.clear_faults();
        becomes(&rig, busy);
        all_is_well(&rig);
    }
    // Graph goes quiet, and then forgets the subscription.
    rig.sim.inject(Fault::tamper(Tamper::Silent));
    ann(&rig, true);
    becomes(&rig, true);
    rig.sim.clear_faults();
    rig.sim.end_subscription(None).expect("ended");
    ann(&rig, false);
    becomes(&rig, false);
    all_is_well(&rig);
    // The machine sleeps for three hours.
    ann(&rig, true);
    becomes(&rig, true);
    rig.sim.inject(Fault::new(EndpointClass::Any, status(503, None)));
    ann(&rig, false);
    rig.advance(180 * MINUTE);
    rig.sim.clear_faults();
    becomes(&rig, false);
    all_is_well(&rig);
    never_authorized_beside_a_renewal(&rig);
    // Killed, and begun again.
    ann(&rig, true);
    becomes(&rig, true);
    ann(&rig, false);
    rig = rig.died_and_begun_again();
    becomes(&rig, false);
    all_is_well(&rig);
    // Stopped, and begun again two hours later.
    rig.unharmed();
    rig.stop();
    assert_eq!(living(&rig), Vec::<String>::new());
    pass(&rig, 120);
    rig.instance.start().expect("a start");
    all_is_well(&rig);
    never_authorized_beside_a_renewal(&rig);
    rig.stop();
    assert_eq!(living(&rig), Vec::<String>::new(), "nothing is left behind");
    assert!(rig.host.events(Kind::Internal).is_empty(), "{}", rig.host.told(0));
}

/// What another program of the same account and application does.
fn subscribes_instead(rig: &Rig, url: &str) {
    let base = rig.sim.base_url();
    let form = format!(
        "grant_type=password&client_id={PUBLIC_CLIENT_ID}&username={}&password={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        form_encoded(SERVICE_ACCOUNT),
        form_encoded(SERVICE_PASSWORD)
    );
    let kind = "content-type: application/x-www-form-urlencoded";
    let (status, token) = send(&format!("{base}/{TENANT_ID}/oauth2/v2.0/token"), &[kind], &form);
    assert_eq!(status, 200, "{token}");
    let token: serde_json::Value = serde_json::from_str(&token).expect("JSON");
    let bearer = format!("authorization: Bearer {}", token["access_token"].as_str().expect("a token"));
    let ben = rig.sim.default_tenant().user_id(BEN).expect("Ben");
    let expires = rig.sim.subscriptions().iter().map(|it| it.expires_ms).max().expect("an end that Graph takes");
    let body = json!({
        "changeType": "updated", "notificationUrl": url, "clientState": "theirs",
        "resource": format!("/communications/presences/{ben}"),
        "expirationDateTime": teams_presence_sync::time::timestamp(expires),
    });
    let (status, answer) =
        send(&format!("{base}/v1.0/subscriptions"), &["content-type: application/json", &bearer], &body.to_string());
    assert_eq!(status, 201, "{answer}");
}

#[test]
fn a_rival_that_took_the_place_makes_room() {
    let rig = subscribed("rich", |_| {}, |_| {});
    trusted(&rig);
    let ours = rig.config["source"]["notifications"]["url"].as_str().expect("a URL").to_owned();
    // Its address must answer the handshake; ours does for anybody.
    let theirs = format!("{ours}?rival");
    rig.sim.end_subscription(None).expect("ended");
    subscribes_instead(&rig, &theirs);
    assert_eq!(living(&rig).len(), 1);
    let url = |rig: &Rig| rig.sim.subscriptions().into_iter().find(|it| it.state == "alive").map(|it| it.notification_url);
    rig.until("ours again", || {
        rig.advance(5_000);
        url(&rig).as_ref() == Some(&ours)
    });
    assert_eq!(living(&rig).len(), 1);
    assert!(rig.sim.counters().count(EndpointClass::Subscriptions, 409) >= 1, "it was in the way");
    rig.until("news", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    told_by_notification(&rig);
    rig.unharmed();
}

#[test]
fn where_making_it_anew_does_not_help_it_is_done_more_and_more_seldom() {
    let rig = subscribed("rich", |_| {}, |_| {});
    trusted(&rig);
    rig.sim.inject(Fault::tamper(Tamper::Silent));
    let word = |word: &str| {
        let events = rig.host.events(Kind::NotificationsMissed);
        events.iter().filter(|event| event.json.contains(&format!("\"resubscribed\":\"{word}\""))).count()
    };
    let mut busy = false;
    rig.until("one that leads to nothing", || {
        busy = !busy;
        ann(&rig, busy);
        for _ in 0..8 {
            rig.advance(5_000);
            std::thread::sleep(Duration::from_millis(2));
        }
        word("no") > 0
    });
    assert!(word("yes") > 0);
    // Each of the others was heeded, and none was twice.
    rig.until_later("the last one", || living(&rig).len() == 1);
    let made = subscription_requests(&rig, "POST");
    assert!(made <= 1 + word("yes"), "{made} for {}", word("yes"));
    // Polling serves meanwhile.
    ann(&rig, true);
    becomes(&rig, true);
    rig.sim.clear_faults();
    rig.until("trust again", || {
        busy = !busy;
        ann(&rig, busy);
        rig.advance(2_000);
        rig.stats()["notifications"]["subscribed"] == 2
    });
    rig.unharmed();
}
