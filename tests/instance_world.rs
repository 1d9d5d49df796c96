//! Whom users stand for, as host and directory change it; and two tenants in one process that leave each other alone.

mod instance_support;

use std::time::{Duration, Instant};

use instance_support::*;
use serde_json::json;
use teams_presence_simulator::{
    AppSpec, EndpointClass, Fault, FaultAction, FaultBody, Options, RetryAfter, SecretSpec, Simulator, TenantSpec, UserSpec,
};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::ErrorKind;
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::process::resolver;
use teams_presence_sync::sync::{Reason, UserInput};

fn rig_of(users: &[(&str, &str)]) -> Rig {
    let rig = Rig::with(|_| {}, |config| config["stale"] = json!({ "after_ms": 3_600_000 }));
    rig.users(users);
    for (id, _) in users {
        rig.host.chat(0, id, Chat::Available);
    }
    rig
}

fn set(rig: &Rig, who: &str, set: UserSpec) {
    rig.sim.default_tenant().update_user(who, set).expect("an update");
}

/// What the directory tells acts within ten minutes: as long as this waits, on the simulated clock.
fn within_ten_minutes(rig: &Rig, what: &str, mut done: impl FnMut() -> bool) {
    let begin = rig.sim.now();
    rig.until_later(what, || {
        assert!(rig.sim.now() - begin <= 11 * 60_000, "{what}: not within ten minutes: {}", rig.host.told(0));
        done()
    });
}

#[test]
fn an_email_changed_by_the_host_follows_the_other_person() {
    let rig = rig_of(&[("100", ANN)]);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    let mark = rig.host.mark();
    rig.instance.put_user(&user("100", BEN)).expect("a user");
    let off = rig.host.dnd(mark, "100", Dnd::Off);
    let presence = off.presence.expect("Ben's");
    assert_eq!(presence.object_id.to_string(), rig.sim.default_tenant().user_id(BEN).expect("Ben"));
    assert!(!rig.host.has(mark, |seen| seen.is_chat("100", Chat::Released)), "one person goes over into the other");
    let mark = rig.host.mark();
    rig.presence(ANN, "DoNotDisturb", "Presenting");
    rig.presence(BEN, "Away", "Away");
    rig.host.chat(mark, "100", Chat::Away);
    assert!(!rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)), "Ann is nobody's any more");
}

#[test]
fn emails_swapped_by_the_host_swap_the_presence() {
    let rig = rig_of(&[("100", ANN), ("101", BEN)]);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    let mark = rig.host.mark();
    rig.users(&[("100", BEN), ("101", ANN)]);
    rig.host.dnd(mark, "100", Dnd::Off);
    rig.host.dnd(mark, "101", Dnd::On);
    assert_eq!(rig.host.count(mark, |seen| matches!(seen, Seen::Dnd(_))), 2, "{}", rig.host.told(mark));
}

#[test]
fn a_removed_user_is_given_back_and_forgotten() {
    let rig = rig_of(&[("100", ANN), ("101", BEN)]);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    let mark = rig.host.mark();
    rig.users(&[("101", BEN)]);
    assert_eq!(rig.host.dnd(mark, "100", Dnd::Off).reason, Reason::Removed);
    assert_eq!(rig.host.chat(mark, "100", Chat::Released).reason, Reason::Removed);
    rig.until("forgotten", || rig.instance.state_of("100").is_err());
    rig.instance.remove_user("101").expect("Ben");
    rig.host.chat(mark, "101", Chat::Released);
    assert_eq!(rig.instance.remove_user("101").expect_err("gone").kind, ErrorKind::NotFound);
}

#[test]
fn two_users_of_one_person_are_both_served() {
    let rig = rig_of(&[("100", ANN), ("200", "ANN@Contoso.Test"), ("300", "ann.archer@contoso.test")]);
    assert_eq!([rig.matching("100"), rig.matching("300")], ["mail", "proxyAddresses"]);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    for id in ["100", "200", "300"] {
        rig.host.dnd(mark, id, Dnd::On);
    }
    assert_eq!(rig.instance.state_of(ANN).expect_err("several").kind, ErrorKind::Ambiguous);
    let body =
        rig.sim.requests().into_iter().rfind(|request| request.endpoint == EndpointClass::Presences).expect("a sweep").body;
    assert_eq!(body.matches('-').count(), 4, "one id: {body}");
}

#[test]
fn an_object_id_beats_the_address() {
    let rig = rig_of(&[("101", BEN)]);
    let mut odd = user("100", "ben@contoso.test");
    odd.entra_object_id = rig.sim.default_tenant().user_id(ANN).map(Into::into);
    rig.instance.put_user(&odd).expect("a user");
    rig.until("a match", || rig.matching("100") == "entra_object_id");
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    assert!(!rig.host.has(mark, |seen| seen.is_dnd("101", Dnd::On)));
}

#[test]
fn an_object_id_that_does_not_exist_is_told_and_one_that_is_disabled_is_given_back() {
    let rig = Rig::with(|_| {}, |config| config["stale"] = json!({ "after_ms": 3_600_000 }));
    let named = |id: &str, object: String| UserInput { entra_object_id: Some(object.into()), email: None, ..user(id, "") };
    let ann = rig.sim.default_tenant().user_id(ANN).expect("Ann");
    rig.instance.put_user(&named("100", ann)).expect("a user");
    rig.host.event(0, Kind::DirectoryReport);
    rig.instance.put_user(&named("666", "12345678-aaaa-4bbb-8ccc-1234567890ab".to_owned())).expect("a user");
    let told = rig.host.event(0, Kind::UserUnmatched);
    assert!(told.user_id.as_deref() == Some("666") && told.json.contains(r#""cause":"gone""#), "{}", told.json);
    assert_eq!([rig.matching("100"), rig.matching("666")], ["entra_object_id", "no_such_object"]);
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(0, "100", Dnd::On);
    let mark = rig.host.mark();
    set(&rig, ANN, UserSpec { enabled: Some(false), ..UserSpec::default() });
    rig.instance.refresh(None).expect("a refresh");
    assert_eq!(rig.host.dnd(mark, "100", Dnd::Off).reason, Reason::Unmatched);
    let mark = rig.host.mark();
    set(&rig, ANN, UserSpec { enabled: Some(true), ..UserSpec::default() });
    within_ten_minutes(&rig, "enabled", || rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)));
    assert!(rig.host.event(mark, Kind::UserMatched).json.contains(r#""by":"object_id""#));
    rig.unharmed();
}

#[test]
fn an_ambiguous_address_is_told_with_the_number_of_accounts() {
    let rig = rig_of(&[("101", BEN)]);
    for n in 0..3 {
        let twin = UserSpec { mail: Some("all@contoso.test".to_owned()), ..person(&format!("twin{n}@contoso.test")) };
        rig.sim.add_user(twin).expect("a user");
    }
    let mark = rig.host.mark();
    rig.instance.put_user(&user("100", "all@contoso.test")).expect("a user");
    let told = rig.host.event(mark, Kind::UserUnmatched);
    assert!(told.json.contains(r#""cause":"ambiguous""#) && told.json.contains(r#""hits":3"#), "{}", told.json);
}

#[test]
fn changes_in_the_directory_act_within_ten_minutes() {
    let rig = rig_of(&[("100", ANN), ("101", BEN), ("102", CLEO)]);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.presence(BEN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.host.dnd(mark, "101", Dnd::On);

    // Disabled in Entra: given back.
    let mark = rig.host.mark();
    set(&rig, ANN, UserSpec { enabled: Some(false), ..UserSpec::default() });
    within_ten_minutes(&rig, "disabled", || rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)));
    assert_eq!(rig.host.dnd(mark, "100", Dnd::Off).reason, Reason::Unmatched);
    rig.host.chat(mark, "100", Chat::Released);
    assert_eq!(rig.matching("100"), "disabled");
    let told = rig.host.event(mark, Kind::UserUnmatched);
    assert!(told.user_id.as_deref() == Some("100") && told.json.contains("disabled"), "{}", told.json);

    // Enabled again: followed again.
    let mark = rig.host.mark();
    set(&rig, ANN, UserSpec { enabled: Some(true), ..UserSpec::default() });
    within_ten_minutes(&rig, "enabled", || rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)));
    rig.host.event(mark, Kind::UserMatched);

    // Deleted.
    let mark = rig.host.mark();
    rig.sim.default_tenant().delete_user(BEN).expect("deleted");
    within_ten_minutes(&rig, "deleted", || rig.host.has(mark, |seen| seen.is_dnd("101", Dnd::Off)));
    assert_eq!(rig.matching("101"), "unknown");

    // The address wanders to a new account.
    let mark = rig.host.mark();
    rig.sim.add_user(UserSpec { mail: Some(BEN.to_owned()), ..person("benedict@contoso.test") }).expect("a user");
    rig.presence("benedict@contoso.test", "Busy", "InACall");
    within_ten_minutes(&rig, "somebody new", || rig.host.has(mark, |seen| seen.is_dnd("101", Dnd::On)));
    rig.unharmed();
}

#[test]
fn an_address_changed_in_the_directory_acts_within_ten_minutes() {
    let rig = rig_of(&[("102", CLEO)]);
    let all = |address: &str| UserSpec {
        user_principal_name: Some(address.to_owned()),
        mail: Some(address.to_owned()),
        proxy_addresses: Some(vec![format!("SMTP:{address}")]),
        ..UserSpec::default()
    };
    let mark = rig.host.mark();
    set(&rig, CLEO, all("cleopatra@contoso.test"));
    within_ten_minutes(&rig, "married", || rig.matching("102") == "unknown");
    rig.host.chat(mark, "102", Chat::Released);
    rig.instance.put_user(&user("102", "cleopatra@contoso.test")).expect("a user");
    rig.host.chat(mark, "102", Chat::Available);
    // And back, asked for at once.
    let mark = rig.host.mark();
    set(&rig, "cleopatra@contoso.test", all(CLEO));
    rig.instance.put_user(&user("102", CLEO)).expect("a user");
    rig.instance.refresh(None).expect("a refresh");
    rig.until("again", || rig.matching("102") == "mail");
    rig.presence(CLEO, "Away", "Away");
    rig.host.chat(mark, "102", Chat::Away);
}

#[test]
fn more_people_than_one_call_takes() {
    let rig = Rig::with(|sim| sim.default_tenant().add_users(1_400, "user{n}@contoso.test").expect("users"), |_| {});
    let users = (1..=1_400).map(|n| user(&format!("u{n}"), &format!("user{n}@contoso.test")));
    rig.instance.set_users(users.collect()).expect("users");
    rig.until("everybody", || rig.stats()["users"]["matched"] == 1_400);
    for n in [1, 650, 651, 1_300, 1_301, 1_400] {
        rig.presence(&format!("user{n}@contoso.test"), "Busy", "InACall");
        rig.host.dnd(0, &format!("u{n}"), Dnd::On);
    }
    assert!(rig.sim.counters().max_ids <= 650);
    assert_eq!(rig.host.count(0, |seen| matches!(seen, Seen::Dnd(_))), 6, "nobody else");
    // The host has seen the last one a moment before its answer is taken in.
    rig.until("the last answer", || rig.stats()["users"]["owned"] == 6);
}

const SECOND_APP: &str = "44444444-5555-4666-8777-888888888888";

/// Another tenant in the same simulator, followed by an instance of its own.
fn second_tenant(
    first: &Rig,
    login: &str,
    start: bool,
) -> (std::sync::Arc<teams_presence_sync::instance::Instance>, std::sync::Arc<Host>) {
    let spec = TenantSpec { domains: vec!["fabrikam.test".to_owned()], ..TenantSpec::default() };
    let id = first.sim.add_tenant(spec).expect("a tenant");
    let tenant = first.sim.tenant("fabrikam.test");
    let roles = Some(vec!["Presence.Read.All".to_owned(), "User.Read.All".to_owned()]);
    let secrets = Some(vec![SecretSpec::from("other~secret")]);
    tenant.put_app(AppSpec { client_id: Some(SECOND_APP.to_owned()), secrets, roles, ..AppSpec::default() }).expect("an app");
    tenant.add_user(person("zoe@fabrikam.test")).expect("Zoe");
    tenant.set_presence("zoe@fabrikam.test", "Available", "Available").expect("a presence");
    let mut config = config(first.sim.base_url());
    config["tenant_id"] = id.into();
    config["client_id"] = SECOND_APP.into();
    config["auth"]["secret"] = "other~secret".into();
    config["endpoints"] = json!({ "login": login, "graph": login });
    let (instance, host) = create(&config);
    if start {
        instance.start().expect("a start");
        instance.set_users(vec![user("900", "zoe@fabrikam.test")]).expect("users");
    }
    (instance, host)
}

/// Twenty calls of Ann's: each arrives in time, once, and in order.
fn undisturbed(rig: &Rig) {
    let mark = rig.host.mark();
    let mut slowest = Duration::ZERO;
    for round in 0..20 {
        let from = rig.host.mark();
        let begin = Instant::now();
        let (availability, activity, dnd) =
            if round % 2 == 0 { ("Busy", "InACall", Dnd::On) } else { ("Available", "Available", Dnd::Off) };
        rig.presence(ANN, availability, activity);
        rig.host.dnd(from, "100", dnd);
        slowest = slowest.max(begin.elapsed());
    }
    assert!(slowest < Duration::from_secs(4), "{slowest:?} with a poll every 250 ms");
    rig.until("the last answer", || rig.instance.state_of("100").expect("Ann").chat_acknowledged == Some(Chat::Available));
    assert_eq!(rig.host.count(mark, |seen| matches!(seen, Seen::Dnd(_))), 20, "{}", rig.host.told(mark));
    assert!(!rig.host.has(mark, |seen| matches!(seen, Seen::Event(_))), "{}", rig.host.told(mark));
    rig.unharmed();
}

#[test]
fn trouble_of_one_tenant_leaves_the_other_alone() {
    let rig = Rig::with_ann(|_| {});
    let (other, host) = second_tenant(&rig, rig.sim.base_url(), true);
    host.chat(0, "900", Chat::Available);
    let throttled =
        FaultAction::Status { status: 429, retry_after: Some(RetryAfter::Seconds(2)), body: FaultBody::Json, code: None };
    for action in [FaultAction::Hang, FaultAction::ResetBefore, throttled] {
        let before = rig.sim.counters().faults;
        rig.sim.inject(Fault::new(EndpointClass::Any, action).in_tenant("fabrikam.test"));
        rig.until("the fault", || rig.sim.counters().faults > before);
        undisturbed(&rig);
        rig.sim.clear_faults();
        other.stop(PATIENCE).expect("a stop");
        let mark = host.mark();
        other.start().expect("a start");
        host.chat(mark, "900", Chat::Available);
    }
    other.stop(PATIENCE).expect("a stop");
    undisturbed(&rig);
}

#[test]
fn hanging_names_of_one_tenant_leave_the_other_alone_and_stop_is_quick() {
    let rig = Rig::with_ann(|_| {});
    // Plain HTTP is for loopback only: this one is HTTPS, by a name whose look-up never ends.
    let name = "hanging.contoso.test";
    resolver::hang(name);
    let (other, host) = second_tenant(&rig, &format!("https://{name}:8443"), true);
    undisturbed(&rig);
    let begin = Instant::now();
    other.stop(PATIENCE).expect("a stop");
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    // Told once the resolver's patience is over, and tried again.
    let mark = host.mark();
    other.start().expect("a start");
    let event = host.event(mark, Kind::NameUnresolved);
    assert!(event.json.contains(&format!("\"host\":\"{name}:8443\"")), "{}", event.json);
    undisturbed(&rig);
    let begin = Instant::now();
    other.stop(Duration::from_secs(5)).expect("a stop");
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    resolver::release(name);
}

#[test]
fn a_hanging_host_callback_of_one_instance_leaves_the_other_alone() {
    let rig = Rig::with_ann(|_| {});
    let (other, host) = second_tenant(&rig, rig.sim.base_url(), false);
    host.hang(true);
    other.start().expect("a start");
    other.set_users(vec![user("900", "zoe@fabrikam.test")]).expect("users");
    host.chat(0, "900", Chat::Available);
    undisturbed(&rig);
    host.hang(false);
    other.stop(PATIENCE).expect("a stop");
}

#[test]
fn a_tenant_on_another_server_dies_and_comes_back() {
    let first = Rig::with_ann(|_| {});
    let mut second = Rig::with_ann(|config| config["stale"] = json!({ "after_ms": 3_600_000 }));
    let at = second.sim.base_url().trim_start_matches("http://").parse().expect("an address");
    let nowhere = Simulator::spawn_blocking_thread(Options { https: None, ..Options::default() }).expect("a simulator");
    drop(std::mem::replace(&mut second.sim, nowhere));
    second.until_later("the outage", || second.host.has(0, |seen| seen.is_event(Kind::GraphUnreachable)));
    undisturbed(&first);
    second.sim = Simulator::spawn_blocking_thread(Options { http: Some(at), https: None, ..Options::default() }).expect("again");
    second.sim.oddities(|oddities| oddities.presence_limit = 0);
    second.until_later("the end of it", || second.host.has(0, |seen| seen.is_event(Kind::GraphRecovered)));
    second.proves_alive();
    undisturbed(&first);
}
