//! The host's calls in Teams: published, back through the aggregate of all sessions, and not taken for a call of Teams. Needs `test-hooks` for
//! a clock that moves.

mod instance_support;

use std::time::{Duration, Instant};

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{CLIENT_ID, EndpointClass, Fault, FaultAction, FaultBody, RecordedRequest, RetryAfter};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::{ErrorKind, Instance};
use teams_presence_sync::presence::{Activity, Chat, Dnd};

const MINUTE: u64 = 60_000;
const ROLES: [&str; 2] = ["Presence.ReadWrite.All", "User.Read.All"];

fn publishing(config: &mut Value) {
    config["publish"] = json!({ "calls": true, "expiration_ms": 5 * MINUTE });
}

/// Ann is available, and calls may be published.
fn ready() -> Rig {
    let rig = Rig::with(
        |sim| {
            set_roles(sim, &ROLES);
            sim.keep_requests(10_000);
        },
        publishing,
    );
    ann(&rig);
    rig
}

fn ann(rig: &Rig) {
    rig.presence(ANN, "Available", "Available");
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
}

fn call(rig: &Rig, in_call: bool) {
    rig.instance.report_call("100", in_call).expect("a user");
}

fn shows(rig: &Rig, activity: Activity) -> bool {
    rig.instance.state_of("100").expect("Ann").activity == activity
}

fn writes(rig: &Rig, action: &str) -> Vec<RecordedRequest> {
    rig.sim.requests().into_iter().filter(|request| request.path.ends_with(action)).collect()
}

fn switched_on(rig: &Rig, mark: usize) -> bool {
    rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On))
}

/// Time passes while the poll goes on and the host reports nothing.
fn pass(rig: &Rig, ms: u64) {
    let end = rig.sim.now() + i64::try_from(ms).expect("a sane time");
    rig.until_later("time", || rig.sim.now() >= end);
}

/// A call of Teams, which switches DND on, and its end.
fn proves_teams_calls_count(rig: &Rig) {
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.until_later("DND by a call of Teams", || switched_on(rig, mark));
    rig.presence(ANN, "Available", "Available");
    rig.until_later("its end", || rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)));
}

#[test]
fn a_call_is_shown_comes_back_and_switches_nothing() {
    let rig = ready();
    call(&rig, true);
    rig.until("the call in Teams", || shows(&rig, Activity::InACall));
    let set = writes(&rig, "/setPresence").remove(0);
    let body: Value = serde_json::from_str(&set.body).expect("JSON");
    let expected =
        json!({ "sessionId": CLIENT_ID, "availability": "Busy", "activity": "InACall", "expirationDuration": "PT300S" });
    assert_eq!((set.method.as_str(), set.status, body), ("POST", 200, expected));
    assert_eq!(rig.explain("100")["own_call"]["published"], true);
    // Far beyond the expiration: refreshed in time, seen all along.
    let sets = writes(&rig, "/setPresence").len();
    pass(&rig, 12 * MINUTE);
    assert!(shows(&rig, Activity::InACall));
    assert!((3..=5).contains(&(writes(&rig, "/setPresence").len() - sets)), "one in 3:20 minutes");
    call(&rig, false);
    rig.until("its end in Teams", || shows(&rig, Activity::Available));
    assert_eq!(writes(&rig, "/clearPresence").len(), 1);
    assert_eq!(rig.stats()["publish"]["sessions"], 0);
    assert!(!switched_on(&rig, 0), "{}", rig.host.told(0));
    assert!(!rig.host.has(0, |seen| seen.is_chat("100", Chat::Dnd)), "{}", rig.host.told(0));
    proves_teams_calls_count(&rig);
    rig.unharmed();
}

#[test]
fn it_switches_nothing_when_it_shows_minutes_late() {
    let rig = ready();
    rig.sim.oddities(|oddities| oddities.presence_delay_ms = 2 * 60_000);
    // A call of 20 seconds: over long before Teams shows it.
    call(&rig, true);
    pass(&rig, 20_000);
    call(&rig, false);
    assert!(shows(&rig, Activity::Available));
    rig.until_later("the call in Teams", || shows(&rig, Activity::InACall));
    rig.until_later("its end in Teams", || shows(&rig, Activity::Available));
    // A long one: shown late, and long after its end.
    call(&rig, true);
    rig.until_later("the call in Teams", || shows(&rig, Activity::InACall));
    pass(&rig, 7 * MINUTE);
    call(&rig, false);
    pass(&rig, MINUTE);
    assert!(shows(&rig, Activity::InACall));
    // And the next one in the shadow of the last.
    call(&rig, true);
    pass(&rig, MINUTE);
    call(&rig, false);
    pass(&rig, MINUTE);
    rig.until_later("its end in Teams", || shows(&rig, Activity::Available));
    assert!(!switched_on(&rig, 0), "{}", rig.host.told(0));
    proves_teams_calls_count(&rig);
    rig.unharmed();
}

#[test]
fn a_call_that_teams_shows_before_its_report_is_taken_back() {
    let rig = ready();
    // Another node of the telephone system has the call first, and publishes it with the same app.
    let mut other = rig.config.clone();
    other["publish"] = json!({ "calls": false });
    let (second, host) = create(&other);
    second.start().expect("a start");
    second.set_users(vec![user("100", ANN)]).expect("users");
    host.chat(0, "100", Chat::Available);
    call(&rig, true);
    host.dnd(0, "100", Dnd::On);
    // Its own report comes two minutes later.
    let owned = || second.state_of("100").expect("Ann").dnd_owned;
    rig.until("the answer", owned);
    for _ in 0..24 {
        rig.advance(5_000);
        second.clock().advance(5_000);
        std::thread::sleep(Duration::from_millis(10));
    }
    second.report_call("100", true).expect("a user");
    host.dnd(0, "100", Dnd::Off);
    let mark = host.mark();
    call(&rig, false);
    second.report_call("100", false).expect("a user");
    rig.until("the end in Teams", || second.state_of("100").expect("Ann").activity == Activity::Available);
    assert!(!host.has(mark, |seen| seen.is_dnd("100", Dnd::On)), "{}", host.told(0));
    second.stop(Duration::from_secs(30)).expect("a stop");
    assert!(!switched_on(&rig, 0), "{}", rig.host.told(0));
}

#[test]
fn dnd_in_teams_outranks_the_call_and_counts() {
    let rig = ready();
    call(&rig, true);
    rig.until("the call in Teams", || shows(&rig, Activity::InACall));
    rig.presence(ANN, "DoNotDisturb", "Focusing");
    rig.host.dnd(0, "100", Dnd::On);
    // Back to what the call shows: the last decision stays, until it is over.
    rig.presence(ANN, "Available", "Available");
    rig.until("the call in Teams", || shows(&rig, Activity::InACall));
    let mark = rig.host.mark();
    call(&rig, false);
    rig.host.dnd(mark, "100", Dnd::Off);
}

#[test]
fn whatever_ends_the_user_takes_it_back() {
    type End = fn(&Rig);
    let ends: [(&str, End); 4] = [
        ("removed", |rig| rig.instance.remove_user("100").expect("Ann")),
        ("disabled", |rig| rig.instance.set_enabled(false).expect("a switch")),
        ("switched off", |rig| {
            let mut config = rig.config.clone();
            config["publish"] = json!({ "calls": false });
            rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
        }),
        ("stopped", |rig| rig.stop()),
    ];
    for (what, end) in ends {
        let rig = ready();
        call(&rig, true);
        rig.until("the call in Teams", || shows(&rig, Activity::InACall));
        end(&rig);
        rig.until(what, || writes(&rig, "/clearPresence").iter().any(|request| request.status == 200));
        assert!(rig.host.events(Kind::PublishLeft).is_empty(), "{what}");
    }
}

#[test]
fn a_stop_has_its_time_also_while_graph_hangs() {
    let rig = ready();
    call(&rig, true);
    rig.until("the call in Teams", || shows(&rig, Activity::InACall));
    rig.sim.inject(Fault::new(EndpointClass::PresenceWrites, FaultAction::Hang));
    let begin = Instant::now();
    rig.instance.stop(Duration::from_secs(4)).expect("a stop");
    assert!(begin.elapsed() >= Duration::from_secs(2), "half of the time is for Teams");
    let left = rig.host.events(Kind::PublishLeft);
    assert_eq!(left.len(), 1);
    assert!(left[0].json.contains("\"persons\":1"), "{}", left[0].json);
    // The next start takes back what this one left: the call has ended meanwhile.
    rig.sim.clear_faults();
    rig.instance.report_call("100", false).expect("Ann");
    rig.instance.start().expect("a start");
    rig.until("the clear", || writes(&rig, "/clearPresence").iter().any(|request| request.status == 200));
    rig.until("the end in Teams", || shows(&rig, Activity::Available));
    // Without a call a stop waits for nothing.
    let begin = Instant::now();
    rig.stop();
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_missing_permission_is_told_once_and_disturbs_nothing() {
    let rig = Rig::with_ann(publishing);
    call(&rig, true);
    let event = rig.host.event(0, Kind::PermissionMissing);
    assert!(event.json.contains("\"permission\":\"Presence.ReadWrite.All\""), "{}", event.json);
    assert!(event.json.contains("\"needed_for\":\"publishing\""), "{}", event.json);
    call(&rig, false);
    // Nothing was published, so nothing will come back: the first other presence ends it.
    rig.until("the end of the call", || rig.explain("100")["own_call"].is_null());
    rig.proves_alive();
    call(&rig, true);
    pass(&rig, 3 * MINUTE);
    assert_eq!(rig.host.events(Kind::PermissionMissing).len(), 1, "{}", rig.host.told(0));
    let asked = rig.sim.counters().total(EndpointClass::PresenceWrites);
    assert!((2..=6).contains(&asked), "once a minute: {asked}");
    // Granted: with a new token, while the call lasts.
    set_roles(&rig.sim, &ROLES);
    rig.until_later("the call in Teams", || shows(&rig, Activity::InACall));
    rig.until_later("the event", || rig.host.has(0, |seen| seen.is_event(Kind::PermissionGranted)));
    rig.unharmed();
}

#[test]
fn publishing_needs_the_sign_in_of_the_app() {
    let sim = simulator();
    for auth in
        [json!({ "method": "device_code" }), json!({ "method": "password", "username": "a@contoso.test", "password": "p" })]
    {
        let mut config = config(sim.base_url());
        config["auth"] = auth;
        let created = Instance::create(config.to_string().as_bytes(), Box::new(Callbacks(Default::default())));
        assert!(created.is_ok(), "reading does not");
        publishing(&mut config);
        let refused = Instance::create(config.to_string().as_bytes(), Box::new(Callbacks(Default::default())));
        let error = refused.expect_err("a person may not");
        assert_eq!(error.kind, ErrorKind::Config);
        let message = error.to_string();
        assert!(message.contains("publish.calls") && message.contains("Presence.ReadWrite.All"), "{message}");
    }
}

#[test]
fn it_heals_by_itself() {
    let status = |status, retry_after| FaultAction::Status { status, retry_after, body: FaultBody::Json, code: None };
    let faults = [
        status(503, None),
        status(429, Some(RetryAfter::Seconds(20))),
        status(401, None),
        status(404, None),
        FaultAction::ResetMid,
    ];
    for fault in faults {
        let rig = ready();
        let tokens = rig.sim.counters().tokens_issued;
        rig.sim.inject(Fault::new(EndpointClass::PresenceWrites, fault.clone()).times(2));
        call(&rig, true);
        rig.until_later("the call in Teams", || shows(&rig, Activity::InACall));
        if fault != status(404, None) {
            // To a clear this says that there is nothing to clear.
            rig.sim.inject(Fault::new(EndpointClass::PresenceWrites, fault.clone()).times(2));
        }
        call(&rig, false);
        rig.until_later("its end in Teams", || shows(&rig, Activity::Available));
        assert!(!switched_on(&rig, 0), "{fault:?} {}", rig.host.told(0));
        // A refusal to write costs no token: reading goes on with the one it has.
        assert!(rig.sim.counters().tokens_issued <= tokens + 1, "{fault:?}");
        rig.unharmed();
    }
}

#[test]
fn a_crash_leaves_nobody_in_a_call_for_longer_than_the_session() {
    let mut rig = ready();
    call(&rig, true);
    rig.until("the call in Teams", || shows(&rig, Activity::InACall));
    pass(&rig, 7 * MINUTE);
    // Gone without a stop: nothing is cleared any more.
    let (next, host) = create(&rig.config);
    drop(std::mem::replace(&mut rig.instance, next));
    rig.host = host;
    std::thread::sleep(Duration::from_millis(300));
    rig.instance.clock().advance(7 * MINUTE);
    rig.instance.start().expect("a start");
    rig.users(&[("100", ANN)]);
    rig.until("what was left", || shows(&rig, Activity::InACall));
    assert_eq!(writes(&rig, "/clearPresence").len(), 0);
    let end = rig.sim.now() + 5 * 60_000;
    rig.until_later("its end in Teams", || shows(&rig, Activity::Available));
    assert!(rig.sim.now() <= end + 10_000);
}
