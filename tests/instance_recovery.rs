//! Whatever Entra, Graph or the way there does: it heals by itself, without a restart. Needs `test-hooks` for a clock that moves.

mod instance_support;

use std::net::SocketAddr;

use instance_support::*;
use teams_presence_simulator::{
    EndpointClass, Fault, FaultAction, FaultBody, Options, RetryAfter, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, UserSpec,
};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::Reason;

/// The longest that may pass on the simulated clock until a trouble that is over no longer matters: none of the pauses is longer.
const STALE_LATE: u64 = 3_600_000;

fn stale_late(config: &mut serde_json::Value) {
    config["stale"] = serde_json::json!({ "after_ms": STALE_LATE });
}

/// Ann's call arrives while time runs fast.
fn arrives(rig: &Rig, availability: &str, activity: &str, dnd: Dnd) {
    let mark = rig.host.mark();
    rig.presence(ANN, availability, activity);
    rig.until_later("the change", || rig.host.has(mark, |seen| seen.is_dnd("100", dnd)));
}

fn struck(rig: &Rig, times: u64) {
    let before = rig.sim.counters().faults;
    rig.until_later("the fault", || rig.sim.counters().faults >= before + times);
}

/// Graph fails so until it does not.
fn graph_recovers(action: FaultAction, event: Option<Kind>) {
    graph_recovers_after(action, event, 3);
}

fn graph_recovers_after(action: FaultAction, event: Option<Kind>, times: u64) {
    let rig = Rig::with_ann(stale_late);
    rig.sim.inject(Fault::new(EndpointClass::Presences, action.clone()));
    struck(&rig, times);
    if let Some(kind) = event {
        rig.until_later("the event", || rig.host.has(0, |seen| seen.is_event(kind)));
    }
    rig.sim.clear_faults();
    arrives(&rig, "Busy", "InACall", Dnd::On);
    if times > 1 {
        // The directory too.
        rig.sim.inject(Fault::new(EndpointClass::Users, action).times(1));
        rig.users(&[("100", ANN), ("102", CLEO)]);
        rig.until_later("Cleo", || rig.host.has(0, |seen| seen.is_chat("102", Chat::Available)));
    }
    arrives(&rig, "Available", "Available", Dnd::Off);
    rig.unharmed();
}

fn status(status: u16, retry_after: Option<RetryAfter>, body: FaultBody) -> FaultAction {
    FaultAction::Status { status, retry_after, body, code: None }
}

macro_rules! graph {
    ($($name:ident: $action:expr, $event:expr;)+) => {
        $(#[test] fn $name() { graph_recovers($action, $event); })+
    };
}

graph! {
    graph_429_seconds: status(429, Some(RetryAfter::Seconds(2)), FaultBody::Json), Some(Kind::Throttled);
    graph_429_decimal: status(429, Some(RetryAfter::Decimal(2.128)), FaultBody::Json), Some(Kind::Throttled);
    graph_429_date: status(429, Some(RetryAfter::DateIn(3)), FaultBody::Json), Some(Kind::Throttled);
    graph_429_without_a_time: status(429, None, FaultBody::Json), Some(Kind::Throttled);
    graph_429_nonsense: status(429, Some(RetryAfter::Raw("soon".to_owned())), FaultBody::Empty), Some(Kind::Throttled);
    graph_503: status(503, None, FaultBody::Json), Some(Kind::GraphUnreachable);
    graph_503_with_a_time: status(503, Some(RetryAfter::Seconds(4)), FaultBody::Json), Some(Kind::Throttled);
    graph_504_html: status(504, None, FaultBody::Html), Some(Kind::GraphUnreachable);
    graph_500_empty: status(500, None, FaultBody::Empty), Some(Kind::GraphUnreachable);
    graph_400: status(400, None, FaultBody::Json), Some(Kind::ObjectIdRefused);
    graph_reset_before: FaultAction::ResetBefore, Some(Kind::GraphUnreachable);
    graph_reset_mid: FaultAction::ResetMid, Some(Kind::GraphUnreachable);
    graph_truncated: FaultAction::Truncated, Some(Kind::GraphUnreachable);
    graph_slow: FaultAction::Delay { ms: 900 }, None;
    graph_login_page: not_json("text/html", "<html>Accept the terms</html>"), Some(Kind::GraphUnreachable);
    graph_other_json: not_json("application/json", "[\"hello\"]"), Some(Kind::GraphUnreachable);
    graph_claims_challenge: FaultAction::ClaimsChallenge, None;
}

fn not_json(content_type: &str, body: &str) -> FaultAction {
    FaultAction::NotJson { content_type: content_type.to_owned(), body: body.to_owned() }
}

/// The time-outs of these are real ones, of half a minute: all at once.
#[test]
fn hangs_and_endless_answers_end_by_time_outs() {
    let drip = FaultAction::EndlessBody { interval_ms: 100, piece: 1 };
    let flood = FaultAction::EndlessBody { interval_ms: 1, piece: 1 << 20 };
    std::thread::scope(|scope| {
        for action in [FaultAction::Hang, drip.clone(), flood.clone()] {
            scope.spawn(|| graph_recovers_after(action, None, 1));
        }
        for action in [FaultAction::Hang, drip, flood] {
            scope.spawn(|| entra_recovers(action, None, 1));
        }
    });
}

#[test]
fn graph_401_renews_the_token_once() {
    let rig = Rig::with_ann(|_| {});
    let before = rig.sim.counters().tokens_issued;
    rig.sim.inject(Fault::new(EndpointClass::Presences, FaultAction::InvalidToken).times(1));
    rig.until("the fault", || rig.sim.counters().count(EndpointClass::Presences, 401) == 1);
    rig.proves_alive();
    assert_eq!(rig.sim.counters().tokens_issued, before + 1);
    assert_eq!(rig.sim.counters().count(EndpointClass::Presences, 401), 1);
    assert!(rig.host.events(Kind::TokenRefused).is_empty(), "nothing to tell an administrator");
}

#[test]
fn revoked_tokens_are_replaced() {
    let rig = Rig::with_ann(|_| {});
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    rig.proves_alive();
}

#[test]
fn graph_401_for_long_does_not_hammer_entra() {
    let rig = Rig::with_ann(stale_late);
    let fault = rig.sim.inject(Fault::new(EndpointClass::Presences, FaultAction::InvalidToken));
    let before = rig.sim.counters().tokens_issued;
    rig.until("the event", || rig.host.has(0, |seen| seen.is_event(Kind::TokenRefused)));
    for _ in 0..120 {
        rig.advance(500);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(rig.sim.counters().tokens_issued - before <= 4, "{} tokens in a minute", rig.sim.counters().tokens_issued - before);
    rig.sim.clear_fault(fault);
    arrives(&rig, "Busy", "InACall", Dnd::On);
    rig.unharmed();
}

#[test]
fn graph_403_names_the_permission_and_heals_with_consent() {
    let rig = Rig::with(|sim| set_roles(sim, &["User.Read.All"]), stale_late);
    rig.users(&[("100", ANN)]);
    let event = rig.host.event(0, Kind::PermissionMissing);
    let told: serde_json::Value = serde_json::from_str(&event.json).expect("JSON");
    assert_eq!(told["permission"], "Presence.Read.All");
    assert_eq!(told["permission_type"], "application");
    assert_eq!(told["granted"], serde_json::json!(["User.Read.All"]));
    assert!(event.remedy.contains("Presence.Read.All") && event.remedy.contains("consent"), "{}", event.remedy);
    set_roles(&rig.sim, &["Presence.Read.All", "User.Read.All"]);
    rig.until_later("presence", || rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));
    rig.until_later("the end told", || rig.host.has(0, |seen| seen.is_event(Kind::PermissionGranted)));
    assert_eq!(rig.host.events(Kind::PermissionMissing).len(), 1);
    rig.unharmed();
}

#[test]
fn directory_without_any_permission_heals_with_consent() {
    let rig = Rig::with(|sim| set_roles(sim, &["Presence.Read.All"]), stale_late);
    rig.users(&[("100", ANN)]);
    let event = rig.host.event(0, Kind::PermissionMissing);
    assert!(event.json.contains("\"needed_for\":\"directory\""), "{}", event.json);
    set_roles(&rig.sim, &["Presence.Read.All", "User.Read.All"]);
    rig.until_later("presence", || rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));
    rig.unharmed();
}

/// Entra fails so from the start, and again when a token must be renewed.
fn entra_recovers(action: FaultAction, event: Option<Kind>, times: u64) {
    let fault = Fault::new(EndpointClass::Token, action);
    let rig = Rig::with(
        |sim| {
            sim.inject(fault.clone());
        },
        stale_late,
    );
    rig.users(&[("100", ANN)]);
    rig.until_later("the fault", || rig.sim.counters().faults >= times);
    if let Some(kind) = event {
        rig.until_later("the event", || rig.host.has(0, |seen| seen.is_event(kind)));
    }
    rig.sim.clear_faults();
    rig.until_later("presence", || rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));
    arrives(&rig, "Busy", "InACall", Dnd::On);
    if times > 1 {
        rig.sim.inject(fault);
        rig.sim.default_tenant().revoke_tokens().expect("revoked");
        struck(&rig, 1);
        rig.sim.clear_faults();
        arrives(&rig, "Available", "Available", Dnd::Off);
    }
    rig.unharmed();
}

macro_rules! entra {
    ($($name:ident: $action:expr, $event:expr;)+) => {
        $(#[test] fn $name() { entra_recovers($action, $event, 2); })+
    };
}

entra! {
    entra_400: aadsts(90002), Some(Kind::CredentialRefused);
    entra_401: aadsts(7_000_215), Some(Kind::CredentialRefused);
    entra_401_bare: status(401, None, FaultBody::Empty), None;
    entra_429: status(429, Some(RetryAfter::Seconds(3)), FaultBody::Json), Some(Kind::EntraUnreachable);
    entra_503_html: status(503, None, FaultBody::Html), Some(Kind::EntraUnreachable);
    entra_login_page: not_json("text/html", "<html>Accept the terms</html>"), Some(Kind::EntraUnreachable);
    entra_other_json: not_json("application/json", "{\"token\":1}"), Some(Kind::EntraUnreachable);
    entra_reset: FaultAction::ResetBefore, Some(Kind::EntraUnreachable);
    entra_reset_mid: FaultAction::ResetMid, Some(Kind::EntraUnreachable);
    entra_truncated: FaultAction::Truncated, Some(Kind::EntraUnreachable);
    entra_slow: FaultAction::Delay { ms: 900 }, None;
}

fn aadsts(code: u32) -> FaultAction {
    FaultAction::Aadsts { code, error: None, suberror: None }
}

#[test]
fn a_wrong_password_is_sent_once_and_a_new_one_at_the_reload() {
    let rig = Rig::created(
        |_| {},
        |config| {
            stale_late(config);
            config["client_id"] = teams_presence_simulator::PUBLIC_CLIENT_ID.into();
            config["auth"] = serde_json::json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": "not this one" });
        },
    );
    rig.instance.start().expect("a start");
    rig.users(&[("100", ANN)]);
    let event = rig.host.event(0, Kind::CredentialRefused);
    assert!(event.json.contains("50126"), "{}", event.json);
    for _ in 0..100 {
        rig.advance(30_000);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let asked = rig.sim.counters().total(EndpointClass::Token);
    assert_eq!(asked, 1, "within 50 minutes");
    let mut good = rig.config.clone();
    good["auth"]["password"] = SERVICE_PASSWORD.into();
    rig.instance.reload(good.to_string().as_bytes()).expect("a reload");
    // At once: the clock is not moved on.
    rig.until("presence", || rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));
    rig.unharmed();
}

#[test]
fn a_corrected_secret_file_is_seen_by_itself() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret");
    std::fs::write(&path, "not this one").expect("written");
    let rig = Rig::created(
        |_| {},
        |config| {
            stale_late(config);
            config["auth"]["secret"] = serde_json::json!({ "file": path });
        },
    );
    rig.instance.start().expect("a start");
    rig.users(&[("100", ANN)]);
    rig.host.event(0, Kind::CredentialRefused);
    // Refused twice: the next try of the same secret would come after five minutes.
    rig.until_later("the second try", || rig.sim.counters().total(EndpointClass::Token) == 2);
    std::fs::write(&path, teams_presence_simulator::CLIENT_SECRET).expect("written");
    rig.until("presence", || rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));
    assert_eq!(rig.sim.counters().total(EndpointClass::Token), 3, "looked at often, sent once each");
    rig.unharmed();
}

#[test]
fn a_password_changed_in_entra_is_asked_for_again() {
    let rig = Rig::created(
        |_| {},
        |config| {
            stale_late(config);
            config["client_id"] = teams_presence_simulator::PUBLIC_CLIENT_ID.into();
            config["auth"] = serde_json::json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": "later#1" });
        },
    );
    rig.instance.start().expect("a start");
    rig.users(&[("100", ANN)]);
    rig.host.event(0, Kind::CredentialRefused);
    let password = UserSpec { password: Some("later#1".to_owned()), ..UserSpec::default() };
    rig.sim.default_tenant().update_user(SERVICE_ACCOUNT, password).expect("a new password");
    rig.until("presence", || {
        rig.advance(10_000);
        rig.host.has(0, |seen| seen.is_chat("100", Chat::Available))
    });
    rig.unharmed();
}

#[test]
fn servers_stopped_and_started_again_on_the_same_port() {
    let mut rig = Rig::with_ann(stale_late);
    let port: SocketAddr = rig.sim.base_url().trim_start_matches("http://").parse().expect("an address");
    let nowhere = Simulator::spawn_blocking_thread(Options { https: None, ..Options::default() }).expect("a simulator");
    drop(std::mem::replace(&mut rig.sim, nowhere));
    rig.until_later("the outage", || rig.host.has(0, |seen| seen.is_event(Kind::GraphUnreachable)));
    let again = Simulator::spawn_blocking_thread(Options { http: Some(port), https: None, ..Options::default() });
    rig.sim = again.expect("the same port");
    rig.sim.oddities(|oddities| oddities.presence_limit = 0);
    rig.until_later("the end of it", || rig.host.has(0, |seen| seen.is_event(Kind::GraphRecovered)));
    arrives(&rig, "Busy", "InACall", Dnd::On);
    arrives(&rig, "Available", "Available", Dnd::Off);
    rig.unharmed();
}

/// Ann on DND, then nothing good comes any more.
fn falls_silent(policy: &str) -> (Rig, usize) {
    let rig = Rig::with_ann(|config| config["stale"] = serde_json::json!({ "after_ms": 300_000, "policy": policy }));
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.host.chat(mark, "100", Chat::Dnd);
    let mark = rig.host.mark();
    rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
    let begin = rig.sim.now();
    struck(&rig, 1);
    rig.until_later("quiet", || rig.host.has(mark, |seen| seen.is_event(Kind::SourceQuiet)));
    let passed = rig.sim.now() - begin;
    assert!((55_000..120_000).contains(&passed), "told after {passed} ms");
    assert!(!rig.host.has(mark, |seen| matches!(seen, Seen::Dnd(_) | Seen::Chat(_))), "nothing is taken back yet");
    rig.until_later("stale", || rig.host.has(mark, |seen| seen.is_event(Kind::Stale)));
    let passed = rig.sim.now() - begin;
    assert!((295_000..400_000).contains(&passed), "told after {passed} ms");
    (rig, mark)
}

#[test]
fn silence_is_told_and_then_releases() {
    let (rig, mark) = falls_silent("release");
    assert_eq!(rig.host.dnd(mark, "100", Dnd::Off).reason, Reason::Stale);
    assert_eq!(rig.host.chat(mark, "100", Chat::Released).reason, Reason::Stale);
    assert!(rig.instance.state_of("100").expect("Ann").stale);
    assert_eq!(rig.stats()["users"]["stale"], 1);
    assert!(rig.stats()["presence"]["quiet_ms"].as_u64().expect("a number") >= 300_000);
    let mark = rig.host.mark();
    rig.sim.clear_faults();
    rig.until_later("recovery", || rig.host.has(mark, |seen| seen.is_event(Kind::SourceRecovered)));
    rig.host.dnd(mark, "100", Dnd::On);
    rig.host.chat(mark, "100", Chat::Dnd);
    assert!(!rig.instance.state_of("100").expect("Ann").stale);
    assert_eq!(rig.host.events(Kind::SourceQuiet).len(), 1);
    assert_eq!(rig.host.events(Kind::Stale).len(), 1);
    rig.unharmed();
}

#[test]
fn silence_with_policy_hold_changes_nothing() {
    let (rig, mark) = falls_silent("hold");
    for _ in 0..20 {
        rig.advance(60_000);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(!rig.host.has(mark, |seen| matches!(seen, Seen::Dnd(_) | Seen::Chat(_))), "{}", rig.host.told(mark));
    rig.sim.clear_faults();
    arrives(&rig, "Available", "Available", Dnd::Off);
    rig.unharmed();
}
