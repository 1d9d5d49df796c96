//! Start, stop, reload, the host's answers, the ways callbacks come, and what can be asked.

mod instance_support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{CLIENT_SECRET, EndpointClass, Fault, FaultAction};
use teams_presence_sync::event::{self, Kind, Level, docs};
use teams_presence_sync::instance::{ErrorKind, Instance, STATS_FIELDS};
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::store;
use teams_presence_sync::sync::{self, Answer, Origin, Reason};

/// A stop that waits for nothing of the outside takes less, also on a busy machine.
const QUICK: Duration = Duration::from_secs(5);

fn on_dnd(rig: &Rig) -> usize {
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.host.chat(mark, "100", Chat::Dnd);
    // The answer is taken in behind the callback.
    rig.until("the answers", || rig.instance.state_of("100").expect("Ann").chat_acknowledged == Some(Chat::Dnd));
    rig.host.mark()
}

fn kind<T: std::fmt::Debug>(result: Result<T, teams_presence_sync::instance::Error>) -> ErrorKind {
    result.expect_err("refused").kind
}

#[test]
fn stop_gives_back_and_a_restart_takes_up_again() {
    let rig = Rig::with_ann(|_| {});
    for _ in 0..3 {
        let mark = on_dnd(&rig);
        rig.stop();
        assert_eq!(rig.host.dnd(mark, "100", Dnd::Off).reason, Reason::Stopping);
        assert_eq!(rig.host.chat(mark, "100", Chat::Released).reason, Reason::Stopping);
        rig.presence(ANN, "Available", "Available");
        let (silent, asked) = (rig.host.mark(), rig.sim.counters().requests);
        rig.instance.stop(Duration::ZERO).expect("stopped already");
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(rig.host.mark(), silent, "{}", rig.host.told(silent));
        assert_eq!(rig.sim.counters().requests, asked, "nothing is asked");
        rig.instance.start().expect("a restart");
        assert_eq!(kind(rig.instance.start()), ErrorKind::State);
        assert_eq!(rig.host.chat(silent, "100", Chat::Available).reason, Reason::Resync);
    }
    rig.stop();
    assert_eq!(kind(rig.instance.refresh(None)), ErrorKind::State);
    rig.instance.destroy().expect("over");
    assert_eq!(kind(rig.instance.start()), ErrorKind::Handle);
    assert_eq!(kind(rig.instance.destroy()), ErrorKind::Handle);
    let mut rig = rig;
    rig.instance = create(&rig.config).0;
}

#[test]
fn a_restart_uses_what_was_changed_while_stopped() {
    let rig = Rig::with_ann(|_| {});
    rig.stop();
    let mark = rig.host.mark();
    rig.users(&[("101", BEN)]);
    let mut config = rig.config.clone();
    config["rules"] = json!({ "dnd_on": ["Available"] });
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    rig.instance.start().expect("a restart");
    rig.host.dnd(mark, "101", Dnd::On);
    assert!(
        !rig.host
            .has(mark, |seen| matches!(seen, Seen::Chat(change) if &*change.user_id == "100" && change.value != Chat::Released))
    );
}

#[test]
fn stop_is_quick_while_requests_hang() {
    for endpoint in [EndpointClass::Token, EndpointClass::Users, EndpointClass::Presences] {
        let rig = Rig::created(|_| {}, |_| {});
        rig.sim.inject(Fault::new(endpoint, FaultAction::Hang));
        rig.instance.start().expect("a start");
        rig.users(&[("100", ANN)]);
        rig.until("the hanging request", || rig.sim.counters().faults >= 1);
        let begin = Instant::now();
        rig.stop();
        assert!(begin.elapsed() < QUICK, "{endpoint}: {:?}", begin.elapsed());
    }
}

#[test]
fn a_reload_that_fails_changes_nothing() {
    let rig = Rig::with_ann(|_| {});
    on_dnd(&rig);
    let mark = rig.host.mark();
    // Everything but one key would be good, and would be seen.
    let mut bad = rig.config.clone();
    bad["rules"] = json!({ "dnd_on": ["Offline"] });
    bad["auth"]["secret"] = "not this one".into();
    bad["source"]["poll_intervall_ms"] = 250.into();
    let error = rig.instance.reload(bad.to_string().as_bytes()).expect_err("a wrong key");
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("source.poll_intervall_ms"), "{error}");
    assert!(!error.message.contains("not this one"));
    assert_eq!(kind(rig.instance.reload(b"{")), ErrorKind::Config);
    assert_eq!(kind(rig.instance.reload(b"\xff")), ErrorKind::Config);

    let mut moved = rig.config.clone();
    moved["rules"] = json!({ "dnd_on": ["Offline"] });
    moved["auth"]["secret"] = "not this one".into();
    moved["tenant_id"] = "11111111-2222-4333-8444-555555555555".into();
    moved["dispatch"] = json!({ "mode": "poll" });
    moved["endpoints"]["login"] = "http://127.0.0.1:1".into();
    let error = rig.instance.reload(moved.to_string().as_bytes()).expect_err("needs a restart");
    assert_eq!(error.kind, ErrorKind::NeedsRestart);
    for key in ["tenant_id", "dispatch.mode", "endpoints.login"] {
        assert!(error.message.contains(key), "{error}");
    }
    assert!(!error.message.contains("rules") && !error.message.contains("auth"), "{error}");
    let before = rig.sim.counters().count(EndpointClass::Presences, 200);
    rig.until("sweeps", || rig.sim.counters().count(EndpointClass::Presences, 200) >= before + 3);
    assert!(!rig.host.has(mark, |seen| matches!(seen, Seen::Dnd(_) | Seen::Chat(_) | Seen::Event(_))), "{}", rig.host.told(mark));
    assert!(rig.sim.counters().tokens_refused.is_empty());
}

#[test]
fn a_reload_takes_over_rules_interval_level_and_seats() {
    let rig = Rig::with_ann(|_| {});
    let mark = on_dnd(&rig);
    let mut config = rig.config.clone();
    config["rules"] = json!({ "dnd_on": ["Away"] });
    config["source"]["poll_interval_ms"] = 1000.into();
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    rig.host.event(mark, Kind::Reloaded);
    assert_eq!(rig.host.dnd(mark, "100", Dnd::Off).reason, Reason::Rule);
    let mark = rig.host.mark();
    rig.presence(ANN, "Away", "Away");
    rig.host.dnd(mark, "100", Dnd::On);
    let mark = rig.host.mark();
    config["seats"] = json!({ "limit": 0 });
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    assert_eq!(rig.host.dnd(mark, "100", Dnd::Off).reason, Reason::Seats);
    rig.host.event(mark, Kind::SeatsExceeded);
    let mark = rig.host.mark();
    config["enabled"] = false.into();
    config["seats"] = json!({});
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    rig.host.event(mark, Kind::AllReleased);
    rig.unharmed();
}

#[test]
fn a_new_secret_takes_over_without_a_gap() {
    let rig = Rig::with_ann(|_| {});
    // One that Entra does not know yet: the token held serves.
    let mut config = rig.config.clone();
    config["auth"]["secret"] = "new.secret~1".into();
    let mark = rig.host.mark();
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    let refused = rig.host.event(mark, Kind::CredentialRefused);
    assert!(refused.json.contains("serving_until_ms"), "{}", refused.json);
    rig.proves_alive();
    // And one that it does know.
    set_secrets(&rig.sim, &[CLIENT_SECRET, "new.secret~2"]);
    config["auth"]["secret"] = "new.secret~2".into();
    let mark = rig.host.mark();
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    rig.host.event(mark, Kind::SignedIn);
    set_secrets(&rig.sim, &["new.secret~2"]);
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    rig.proves_alive();
    assert_eq!(rig.stats()["sign_in"]["error"], Value::Null);
}

#[test]
fn disabled_gives_back_asks_nothing_and_tells_when_done() {
    let rig = Rig::with_ann(|_| {});
    for _ in 0..2 {
        let mark = on_dnd(&rig);
        rig.instance.set_enabled(false).expect("disabled");
        let done = rig.host.wait(mark, "all released", |seen| seen.is_event(Kind::AllReleased));
        let before: Vec<Seen> = rig.host.since(mark).into_iter().take(done - mark).collect();
        assert!(before.iter().any(|seen| seen.is_dnd("100", Dnd::Off)), "{}", rig.host.told(mark));
        assert!(before.iter().any(|seen| seen.is_chat("100", Chat::Released)), "{}", rig.host.told(mark));
        // What was under way may end; then nobody asks.
        std::thread::sleep(Duration::from_millis(300));
        let asked = rig.sim.counters().requests;
        rig.presence(ANN, "DoNotDisturb", "Presenting");
        std::thread::sleep(Duration::from_millis(800));
        assert_eq!(rig.sim.counters().requests, asked, "{:?}", rig.sim.counters().by_endpoint);
        assert_eq!(rig.stats()["enabled"], false);
        let mark = rig.host.mark();
        rig.instance.set_enabled(true).expect("enabled");
        rig.host.dnd(mark, "100", Dnd::On);
        let mark = rig.host.mark();
        rig.presence(ANN, "Available", "Available");
        rig.host.dnd(mark, "100", Dnd::Off);
    }
    rig.unharmed();
}

#[test]
fn created_disabled_serves_once_enabled() {
    let rig = Rig::with(|_| {}, |config| config["enabled"] = false.into());
    rig.users(&[("100", ANN)]);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(rig.sim.counters().requests, 0);
    rig.instance.set_enabled(true).expect("enabled");
    rig.host.chat(0, "100", Chat::Available);
    rig.proves_alive();
}

#[test]
fn poll_mode_calls_the_host_only_inside_dispatch() {
    let rig = Rig::with(|_| {}, |config| config["dispatch"] = json!({ "mode": "poll" }));
    let fd = rig.instance.event_fd().expect("a descriptor");
    assert!(fd >= 0);
    rig.users(&[("100", ANN)]);
    rig.until("a presence", || rig.explain("100")["presence"].is_object());
    assert_eq!(rig.host.mark(), 0, "nobody dispatched");
    let dispatch_until = |what: &str, done: &dyn Fn() -> bool| {
        rig.until(what, || {
            rig.instance.dispatch(Duration::from_millis(50), 1).expect("a dispatch");
            done()
        });
    };
    dispatch_until("chat", &|| rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));
    rig.presence(ANN, "Busy", "InACall");
    dispatch_until("DND", &|| rig.host.has(0, |seen| seen.is_dnd("100", Dnd::On)));
    dispatch_until("chat", &|| rig.host.has(0, |seen| seen.is_chat("100", Chat::Dnd)));
    let mark = rig.host.mark();
    // The rest comes on the thread that stops.
    rig.stop();
    assert!(rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)), "{}", rig.host.told(mark));
    assert!(rig.host.has(mark, |seen| seen.is_chat("100", Chat::Released)), "{}", rig.host.told(mark));
    assert!(!rig.host.has(0, |seen| matches!(seen, Seen::ThreadStarted(_))), "no thread of the library calls the host");
    assert_eq!(kind(rig.instance.dispatch(Duration::ZERO, 1)), ErrorKind::State);
}

#[test]
fn other_modes_have_no_descriptor() {
    let rig = Rig::with_ann(|_| {});
    assert_eq!(kind(rig.instance.event_fd()), ErrorKind::State);
    assert_eq!(kind(rig.instance.dispatch(Duration::ZERO, 1)), ErrorKind::State);
    assert!(rig.host.has(0, |seen| matches!(seen, Seen::ThreadStarted(_))));
}

#[test]
fn shared_mode_serves_several_instances() {
    let rigs: Vec<Rig> = (0..3).map(|_| Rig::with_ann(|config| config["dispatch"] = json!({ "mode": "shared" }))).collect();
    rigs.iter().for_each(Rig::proves_alive);
    let mark = on_dnd(&rigs[0]);
    rigs[0].stop();
    assert!(rigs[0].host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)));
    rigs[1..].iter().for_each(Rig::proves_alive);
}

#[test]
fn pending_waits_for_the_acknowledgement() {
    let rig = Rig::with_ann(|_| {});
    let mark = rig.host.mark();
    rig.host.answer(|_, output, _| if matches!(output, Output::Dnd(_)) { Answer::Pending } else { Answer::Applied });
    rig.presence(ANN, "Busy", "InACall");
    let change = rig.host.dnd(mark, "100", Dnd::On);
    rig.host.chat(mark, "100", Chat::Dnd);
    rig.until("PENDING taken in", || rig.stats()["queues"]["pending"] == 1);
    assert_eq!(rig.instance.state_of("100").expect("Ann").dnd_acknowledged, None);
    assert_eq!(kind(rig.instance.acknowledge(change.change_id, Answer::Pending)), ErrorKind::InvalidArg);
    assert_eq!(kind(rig.instance.acknowledge(change.change_id + 2, Answer::Applied)), ErrorKind::NotFound);
    rig.instance.acknowledge(change.change_id, Answer::Applied).expect("awaited");
    assert_eq!(kind(rig.instance.acknowledge(change.change_id, Answer::Applied)), ErrorKind::NotFound);
    let state = rig.instance.state_of("100").expect("Ann");
    assert_eq!((state.dnd_acknowledged, state.dnd_owned), (Some(Dnd::On), true));
    assert_eq!(rig.host.count(mark, |seen| seen.is_dnd("100", Dnd::On)), 1);
}

#[test]
fn pending_without_an_end_is_offered_again() {
    let rig = Rig::with_ann(|config| config["dispatch"] = json!({ "ack_timeout_ms": 50 }));
    let mark = rig.host.mark();
    rig.host.answer(|_, _, _| Answer::Pending);
    rig.presence(ANN, "Busy", "InACall");
    let first = rig.host.dnd(mark, "100", Dnd::On);
    rig.host.event(mark, Kind::AcknowledgeTimedOut);
    let second = rig.host.mark();
    let again = rig.host.dnd(second, "100", Dnd::On);
    assert_eq!(again.change_id, first.change_id, "the id stays while the value does");
    assert!(again.attempt > first.attempt);
    rig.host.answer(|_, _, _| Answer::Applied);
    rig.until("applied", || rig.instance.state_of("100").expect("Ann").dnd_owned);
}

#[test]
fn retry_is_offered_again_newest_value_only() {
    let rig = Rig::with_ann(|_| {});
    let refuse = Arc::new(AtomicBool::new(true));
    let refusing = refuse.clone();
    rig.host.answer(move |_, output, _| {
        if matches!(output, Output::Dnd(_)) && refusing.load(Ordering::SeqCst) { Answer::Retry } else { Answer::Applied }
    });
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    let second = rig.host.wait(mark, "a second attempt", |seen| matches!(seen, Seen::Dnd(change) if change.attempt == 2));
    rig.presence(ANN, "Available", "Available");
    rig.host.chat(second, "100", Chat::Available);
    let mark = rig.host.mark();
    rig.instance.refresh(Some("100")).expect("a refresh");
    // Longer than the next attempt would have waited.
    std::thread::sleep(Duration::from_millis(4_500));
    assert!(!rig.host.has(mark, |seen| matches!(seen, Seen::Dnd(_))), "outdated: {}", rig.host.told(mark));
    refuse.store(false, Ordering::SeqCst);
    rig.proves_alive();
}

#[test]
fn a_host_that_always_refuses_is_named_and_heals() {
    let rig = Rig::with_ann(|_| {});
    rig.host.answer(|_, _, _| Answer::Retry);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    // Each refresh offers at once what was refused.
    for attempt in 1..=5 {
        rig.host.wait(mark, "an attempt", |seen| matches!(seen, Seen::Dnd(change) if change.attempt >= attempt));
        rig.instance.refresh(None).expect("a refresh");
    }
    let event = rig.host.event(mark, Kind::HostRefuses);
    assert_eq!(event.user_id.as_deref(), Some("100"));
    assert_eq!(rig.stats()["users"]["failing"], 1);
    rig.host.answer(|_, _, _| Answer::Applied);
    rig.instance.refresh(None).expect("a refresh");
    rig.host.event(mark, Kind::HostRecovered);
}

#[test]
fn gone_is_not_offered_again_until_put_again() {
    let rig = Rig::with_ann(|_| {});
    rig.host.answer(|_, _, _| Answer::Gone);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.event(mark, Kind::UserGone);
    let mark = rig.host.mark();
    rig.presence(ANN, "Away", "Away");
    rig.until("seen", || rig.explain("100")["presence"]["activity"] == "Away");
    rig.presence(ANN, "Busy", "InACall");
    rig.until("seen", || rig.explain("100")["presence"]["activity"] == "InACall");
    assert!(!rig.host.has(mark, |seen| matches!(seen, Seen::Dnd(_) | Seen::Chat(_))), "{}", rig.host.told(mark));
    rig.host.answer(|_, _, _| Answer::Applied);
    rig.instance.put_user(&user("100", ANN)).expect("a user");
    rig.host.dnd(mark, "100", Dnd::On);
}

#[test]
fn a_hanging_callback_makes_stop_time_out_and_then_end() {
    let rig = Rig::with_ann(|_| {});
    rig.host.hang(true);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    for _ in 0..2 {
        let begin = Instant::now();
        assert_eq!(kind(rig.instance.stop(Duration::from_millis(200))), ErrorKind::Timeout);
        assert!(begin.elapsed() < QUICK, "{:?}", begin.elapsed());
    }
    assert_eq!(kind(rig.instance.start()), ErrorKind::State);
    assert_eq!(kind(rig.instance.put_user(&user("101", BEN))), ErrorKind::State);
    assert_eq!(kind(rig.instance.destroy()), ErrorKind::State);
    assert!(rig.stats()["callbacks"]["running_ms"].as_u64().expect("a number") >= 200);
    rig.host.hang(false);
    rig.stop();
    let silent = rig.host.mark();
    assert!(rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)), "the answer that came late counts: {}", rig.host.told(mark));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(rig.host.mark(), silent);
}

#[test]
fn calls_inside_a_callback_are_answered() {
    let rig = Rig::with_ann(|_| {});
    let answers = Arc::new(Mutex::new(Vec::new()));
    let (instance, noted): (Arc<Instance>, _) = (rig.instance.clone(), answers.clone());
    rig.host.answer(move |user_id, output, _| {
        let mut noted = noted.lock().expect("no panic");
        noted.push(kind(instance.stop(Duration::from_secs(1))));
        noted.push(kind(instance.destroy()));
        noted.push(kind(instance.dispatch(Duration::ZERO, 1)));
        instance.put_user(&user("101", BEN)).expect("allowed");
        if output == Output::Dnd(Dnd::On) {
            instance.report_dnd(user_id, true, Origin::Seen).expect("allowed");
        }
        instance.refresh(None).expect("allowed");
        instance.set_log_level(Level::Info);
        assert!(instance.stats().starts_with('{') && instance.explain(None).is_ok());
        Answer::Applied
    });
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.until("answers", || !answers.lock().expect("no panic").is_empty());
    assert!(answers.lock().expect("no panic").iter().all(|kind| *kind == ErrorKind::Reentrant), "{answers:?}");
    rig.host.chat(mark, "101", Chat::Available);
    rig.host.answer(|_, _, _| Answer::Applied);
    let mark = rig.host.mark();
    rig.presence(ANN, "Available", "Available");
    rig.host.dnd(mark, "100", Dnd::Off);
    rig.proves_alive();
}

#[test]
fn statistics_are_what_their_page_says() {
    let rig = Rig::created(|_| {}, |_| {});
    let notify = teams_presence_sync::source::notify::STATS_FIELDS;
    let tables = [STATS_FIELDS, sync::STATS_FIELDS, event::STATS_FIELDS, store::STATS_FIELDS, notify];
    let check = |when: &str| {
        let (extra, missing) = docs::undocumented(&rig.stats(), &tables);
        assert!(extra.is_empty(), "{when}: not documented: {extra:?}");
        missing
    };
    check("new");
    rig.instance.start().expect("a start");
    rig.users(&[("100", ANN), ("101", "nobody@contoso.test"), ("102", "")]);
    rig.host.chat(0, "100", Chat::Available);
    rig.host.event(0, Kind::DirectoryReport);
    on_dnd(&rig);
    assert_eq!(check("running"), Vec::<&str>::new(), "documented but not there");
    let stats = rig.stats();
    let expected = [
        ("/state", json!("running")),
        ("/enabled", json!(true)),
        ("/users/total", json!(3)),
        ("/users/matched", json!(1)),
        ("/users/unknown", json!(1)),
        ("/users/no_address", json!(1)),
        ("/users/on_dnd", json!(1)),
        ("/users/owned", json!(1)),
        ("/users/availability/Busy", json!(1)),
        ("/tokens_fetched", json!(1)),
        ("/requests/token/200", json!(1)),
        ("/sign_in/method", json!("client_secret")),
        ("/callbacks/on_dnd", json!(1)),
        ("/callbacks/on_chat_state", json!(2)),
        ("/panics_caught", json!(0)),
    ];
    for (path, value) in expected {
        assert_eq!(stats.pointer(path), Some(&value), "{path} in {stats}");
    }
    assert!(stats["sign_in"]["token_age_ms"].is_u64() && stats["sweeps_ok"].as_u64() > Some(0));
    rig.stop();
    check("stopped");
    assert_eq!(rig.stats()["state"], "stopped");
}

#[test]
fn explanations_and_the_matching_report() {
    let rig = Rig::with_ann(|_| {});
    rig.instance.put_user(&user("101", "nobody@contoso.test")).expect("a user");
    rig.instance.put_user(&user("102", "")).expect("a user");
    rig.until("matching", || rig.matching("101") == "unknown");
    on_dnd(&rig);
    let ann = rig.explain("100");
    let expected = [
        ("/user_id", json!("100")),
        ("/email", json!(ANN)),
        ("/entra_object_id", json!(rig.sim.default_tenant().user_id(ANN))),
        ("/matched_by", json!("mail")),
        ("/standing", json!("served")),
        ("/presence/availability_text", json!("Busy")),
        ("/presence/activity", json!("InACall")),
        ("/presence/stale", json!(false)),
        ("/dnd/desired", json!("on")),
        ("/dnd/acknowledged", json!("on")),
        ("/dnd/owner", json!("ours")),
        ("/chat/acknowledged", json!("dnd")),
        ("/enabled", json!(true)),
    ];
    for (path, value) in expected {
        assert_eq!(ann.pointer(path), Some(&value), "{path} in {ann}");
    }
    assert!(ann["presence"]["age_ms"].is_u64() && ann["rules"].is_object(), "{ann}");
    assert_eq!(rig.explain("101")["standing"], "not_served");
    assert_eq!(kind(rig.instance.explain(Some("nobody"))), ErrorKind::NotFound);
    let report: Value = serde_json::from_str(&rig.instance.explain(None).expect("a report")).expect("JSON");
    assert_eq!(report["users"].as_array().map(Vec::len), Some(3));
    assert_eq!((&report["counts"]["matched"], &report["counts"]["unknown"]), (&json!(1), &json!(1)));
    assert_eq!(report["counts"]["no_address"], 1);
}
