//! Change notifications, from the simulator's Graph to the host.

mod instance_support;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{EndpointClass, Fault, FaultAction, SERVICE_ACCOUNT, Simulator, Tamper, UserSpec};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::ErrorKind;
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::Source;

fn quick(sim: &Simulator) {
    sim.oddities(|oddities| {
        oddities.notify.latency_ms = 0;
        oddities.notify.batch_ms = 0;
    });
}

/// Ann and Ben, subscribed.
fn subscribed(content: &str, prepare: impl FnOnce(&Simulator), change: impl FnOnce(&mut Value)) -> Rig {
    let rig = Rig::with(
        |sim| {
            quick(sim);
            prepare(sim);
        },
        |config| {
            notified(config, content);
            change(config);
        },
    );
    rig.users(&[("100", ANN), ("101", BEN)]);
    rig.host.chat(0, "100", Chat::Available);
    rig.until_later("a subscription", || living(&rig).len() == 1);
    rig
}

fn last_source(rig: &Rig, mark: usize, user: &str) -> Option<Source> {
    let seen = rig.host.since(mark);
    seen.iter().rev().find_map(|seen| match seen {
        Seen::Presence(view) if &*view.user_id == user => Some(view.source),
        _ => None,
    })
}

#[test]
fn a_rich_notification_is_faster_than_the_poll() {
    let rig = subscribed("rich", |_| {}, |_| {});
    told_by_notification(&rig);
    rig.unharmed();
}

/// Trusted: those subscribed are polled at the watchdog's interval.
fn trusted(rig: &Rig) {
    rig.until_later("trust", || rig.stats()["notifications"]["subscribed"] == 2);
}

fn presence_requests(rig: &Rig) -> usize {
    rig.sim.requests().iter().filter(|request| request.path.contains("getPresencesByUserId")).count()
}

fn subscription_requests(rig: &Rig, method: &str) -> usize {
    rig.sim.requests().iter().filter(|request| request.path.contains("/subscriptions") && request.method == method).count()
}

/// Time in steps of some seconds: an hour in a few seconds of ours.
fn hours_later(rig: &Rig, hours: u64, mut each: impl FnMut()) {
    for _ in 0..hours * 360 {
        rig.advance(10_000);
        std::thread::sleep(Duration::from_millis(4));
        each();
    }
}

#[test]
fn a_basic_notification_is_one_question_for_all_whom_it_is_about() {
    let rig = subscribed("basic", |_| {}, |_| {});
    trusted(&rig);
    let (mark, asked) = (rig.host.mark(), presence_requests(&rig));
    rig.presence(ANN, "Busy", "InACall");
    rig.presence(BEN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.host.dnd(mark, "101", Dnd::On);
    assert!(presence_requests(&rig) - asked <= 2, "{} requests", presence_requests(&rig) - asked);
    assert_eq!(last_source(&rig, mark, "100"), Some(Source::Notification));
    rig.unharmed();
}

/// Contents are opened side by side.
#[test]
fn what_came_in_one_post_is_told_in_its_order() {
    let rig = subscribed("rich", |_| {}, |_| {});
    trusted(&rig);
    rig.sim.oddities(|oddities| oddities.notify.batch_ms = 3_600_000);
    // Without numbers each is read again; no answer is to come between them.
    rig.sim.inject(Fault::new(EndpointClass::Presences, FaultAction::Hang));
    let words = ["InACall", "InAMeeting", "Busy", "InAConferenceCall"];
    let mark = rig.host.mark();
    for round in 0..5 {
        for word in words {
            rig.presence(ANN, "Busy", word);
            rig.presence(BEN, if round % 2 == 0 { "Away" } else { "BeRightBack" }, word);
        }
    }
    rig.presence(ANN, "DoNotDisturb", "Presenting");
    let posts = rig.sim.deliveries().len();
    rig.sim.oddities(|oddities| oddities.notify.batch_ms = 0);
    rig.until("the last of them", || {
        rig.host.has(mark, |seen| matches!(seen, Seen::Presence(view) if &*view.activity_text == "Presenting"))
    });
    rig.until("its answer", || rig.sim.deliveries().len() > posts);
    let post = rig.sim.deliveries().remove(posts);
    assert_eq!((post.items, post.status), (41, Some(202)));
    // What was overtaken may be left out. Whatever is told stands behind what was told before it.
    let told = rig.host.since(mark).into_iter().filter_map(|seen| match seen {
        Seen::Presence(view) if &*view.user_id == "100" => Some(view.activity_text.to_string()),
        _ => None,
    });
    let mut sent = (0..20).map(|n| words[n % 4]).chain(["Presenting"]);
    for word in told {
        assert!(sent.any(|it| it == word), "{word} is out of order: {}", rig.host.told(mark));
    }
    rig.sim.clear_faults();
    rig.unharmed();
}

#[test]
fn a_stop_ends_the_subscription() {
    let rig = subscribed("rich", |_| {}, |_| {});
    rig.instance.stop(Duration::from_secs(10)).expect("a stop");
    assert_eq!(living(&rig), Vec::<String>::new());
    rig.instance.start().expect("a start");
    rig.until_later("another", || living(&rig).len() == 1);
    rig.sim.inject(Fault::new(EndpointClass::Subscriptions, FaultAction::Hang));
    let begin = Instant::now();
    rig.instance.stop(Duration::from_secs(4)).expect("a stop");
    assert!(begin.elapsed() < Duration::from_secs(4), "Graph that hangs costs half of the time: {:?}", begin.elapsed());
}

#[test]
fn lost_notifications_are_found_and_made_good() {
    let rig = subscribed("rich", |_| {}, |_| {});
    trusted(&rig);
    rig.host.event(0, Kind::NotificationsOn);
    assert_eq!(rig.explain("100")["notifications"]["subscribed"], true);
    assert_eq!(rig.explain("100")["notifications"]["account"], "main");
    let (before, mark) = (living(&rig), rig.host.mark());
    rig.sim.inject(Fault::tamper(Tamper::Silent));
    rig.presence(ANN, "Busy", "InACall");
    rig.until_later("the watchdog's poll", || rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)));
    assert_eq!(last_source(&rig, mark, "100"), Some(Source::Poll));
    rig.until_later("the finding", || !rig.host.events(Kind::NotificationsMissed).is_empty());
    let missed = rig.host.events(Kind::NotificationsMissed).remove(0);
    assert!(missed.json.contains("\"resubscribed\":\"yes\""), "{}", missed.json);
    rig.until_later("another subscription", || living(&rig).len() == 1 && living(&rig) != before);
    rig.until("its acceptance", || rig.explain("100")["notifications"]["polled_because"] == "unproved");
    assert_eq!(rig.stats()["notifications"]["subscribed"], 0);
    rig.sim.clear_faults();
    let ons = rig.host.events(Kind::NotificationsOn).len();
    let mut busy = false;
    rig.until_later("trust again", || {
        busy = !busy;
        rig.presence(ANN, "Busy", if busy { "InACall" } else { "Busy" });
        rig.stats()["notifications"]["subscribed"] == 2
    });
    rig.until("the event", || rig.host.events(Kind::NotificationsOn).len() == ons + 1);
    rig.unharmed();
}

#[test]
fn it_is_renewed_again_and_again() {
    let rig = subscribed("rich", |_| {}, |_| {});
    let id = living(&rig);
    let mut gaps = 0;
    let left_ms = || {
        let alive = rig.sim.subscriptions().into_iter().find(|it| it.state == "alive");
        alive.map_or(0, |it| it.expires_ms - rig.sim.now())
    };
    hours_later(&rig, 3, || {
        // On a busy machine time stands still until what is due is done: renewed with 15 minutes left.
        rig.until("a renewal", || left_ms() > 14 * 60_000);
        gaps += usize::from(living(&rig) != id);
    });
    assert_eq!((gaps, subscription_requests(&rig, "POST")), (0, 1), "{}", rig.host.told(0));
    assert!((4..12).contains(&subscription_requests(&rig, "PATCH")), "{}", subscription_requests(&rig, "PATCH"));
    assert_eq!(rig.host.events(Kind::NotificationsOn).len(), 1);
    told_by_notification(&rig);
    rig.unharmed();
}

/// A poll learns nothing meanwhile, or it might be the first.
fn told_by_notification(rig: &Rig) {
    told_of(rig, "100", ANN);
}

fn told_of(rig: &Rig, user: &str, address: &str) {
    let unasked = rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
    let mark = rig.host.mark();
    rig.presence(address, "Busy", "InACall");
    rig.host.dnd(mark, user, Dnd::On);
    assert_eq!(last_source(rig, mark, user), Some(Source::Notification));
    rig.sim.clear_fault(unasked);
}

#[test]
fn a_restart_takes_over_what_the_state_file_knows() {
    let dir = tempfile::tempdir().expect("a directory");
    let rig = subscribed("rich", |_| {}, |config| config["state"] = json!({ "dir": dir.path() }));
    let id = living(&rig);
    // The note of the subscription is written no later than what is told by it.
    rig.until("the subscription", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    told_by_notification(&rig);
    let mark = rig.host.mark();
    rig.presence(ANN, "Available", "Available");
    rig.host.dnd(mark, "100", Dnd::Off);
    rig.until("the disk", || rig.stats()["state_file"]["waiting"] == 0);
    let rig = rig.died_and_begun_again();
    rig.until_later("a renewal", || subscription_requests(&rig, "PATCH") == 1);
    rig.until("news", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    assert_eq!((living(&rig), subscription_requests(&rig, "POST")), (id, 1));
    told_by_notification(&rig);
}

#[test]
fn one_that_stands_in_the_way_is_ended_or_taken_over() {
    let rig = subscribed("rich", |_| {}, |_| {});
    // Without memory its keys are gone, so that it must be made anew.
    let rig = rig.died_and_begun_again();
    rig.until_later("another", || subscription_requests(&rig, "POST") >= 3 && living(&rig).len() == 1);
    rig.until("news", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    told_by_notification(&rig);
    assert!(rig.host.events(Kind::SubscriptionRefused).is_empty(), "{}", rig.host.told(0));
}

fn refused_for(prepare: impl FnOnce(&Simulator), cause: &str, mend: impl FnOnce(&Rig)) {
    let rig = Rig::with(prepare, |config| {
        notified(config, "rich");
        config["source"]["poll_interval_ms"] = 500.into();
    });
    rig.users(&[("100", ANN), ("101", BEN)]);
    rig.host.chat(0, "100", Chat::Available);
    rig.until_later("the refusal", || !rig.host.events(Kind::SubscriptionRefused).is_empty());
    let refused = rig.host.events(Kind::SubscriptionRefused).remove(0);
    assert!(refused.json.contains(&format!("\"cause\":\"{cause}\"")), "{}", refused.json);
    rig.until("the other event", || !rig.host.events(Kind::NotificationsOff).is_empty());
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    assert_eq!(last_source(&rig, mark, "100"), Some(Source::Poll), "polling serves");
    mend(&rig);
    let end = Instant::now() + PATIENCE;
    while living(&rig).is_empty() && Instant::now() < end {
        rig.advance(10_000);
        std::thread::sleep(Duration::from_millis(10));
    }
    rig.until_later("trust", || !rig.host.events(Kind::NotificationsOn).is_empty());
    assert_eq!(rig.host.events(Kind::SubscriptionRefused).len(), 1, "told once");
    rig.unharmed();
}

#[test]
fn a_missing_permission_is_told_and_polling_serves() {
    let refuse = |sim: &Simulator| {
        let mut fault = Fault::status(EndpointClass::Subscriptions, 403);
        fault.method = Some("POST".to_owned());
        sim.inject(fault);
    };
    refused_for(refuse, "permission", |rig| rig.sim.clear_faults());
}

#[test]
fn a_quota_is_told_and_polling_serves() {
    let full = |sim: &Simulator| sim.oddities(|oddities| oddities.notify.quota = 0);
    refused_for(full, "quota", |rig| rig.sim.oddities(|oddities| oddities.notify.quota = 10_000));
}

#[test]
fn what_was_tampered_with_never_decides() {
    let rig = subscribed("rich", |_| {}, |_| {});
    trusted(&rig);
    // Graph answers nothing about presence: whatever is learnt came by notification.
    rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
    let how = [
        Tamper::WrongClientState { value: None },
        Tamper::OtherTenant,
        Tamper::UnknownSubscription,
        Tamper::WrongHmac,
        Tamper::WrongCertificateId { id: "another".to_owned() },
        Tamper::WrongKey,
        Tamper::WrongPlaintext,
        Tamper::TokensNull,
        Tamper::TokensMissing,
        Tamper::TokensEmpty,
        Tamper::TokensGarbage,
        Tamper::TokenExpired,
        Tamper::TokenAudience,
        Tamper::TokenIssuer,
        Tamper::TokenCaller,
        Tamper::TokenStranger,
        Tamper::TokenUnsigned,
        Tamper::NotJson,
        Tamper::CutBody,
    ];
    let silent = rig.sim.inject(Fault::tamper(Tamper::Silent));
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.sim.clear_fault(silent);
    for how in how {
        let before = rig.stats()["notifications"]["intake"]["posts"].as_u64();
        rig.sim.notify(ANN, Some(how.clone())).expect("sent");
        rig.until("the post", || rig.stats()["notifications"]["intake"]["posts"].as_u64() > before);
        std::thread::sleep(Duration::from_millis(60));
        assert!(!rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)), "{how:?} decided");
    }
    rig.sim.notify(ANN, None).expect("sent");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.until_later("the event", || !rig.host.events(Kind::NotificationsForeign).is_empty());
    rig.unharmed();
}

#[test]
fn a_tenant_named_by_its_domain_is_known_by_its_token() {
    let rig = subscribed("rich", |_| {}, |config| config["tenant_id"] = "contoso.test".into());
    let count = |what: &str| rig.stats()["notifications"]["intake"][what].as_u64();
    let (posts, taken) = (count("posts"), count("taken"));
    rig.sim.notify(ANN, Some(Tamper::OtherTenant)).expect("sent");
    rig.until("the post", || count("posts") > posts);
    rig.until("its refusal", || count("foreign_items") == Some(1));
    assert_eq!(count("taken"), taken);
    told_by_notification(&rig);
    rig.unharmed();
}

#[test]
fn a_port_that_is_taken_is_told_and_tried_again() {
    let port = Mutex::new(None);
    let rig = Rig::with(quick, |config| {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address");
        notified(config, "rich");
        config["source"]["notifications"]["url"] = format!("http://{address}/graph/notify").into();
        config["source"]["notifications"]["listener"]["address"] = address.to_string().into();
        *port.lock().expect("no panic") = Some(taken);
    });
    rig.users(&[("100", ANN), ("101", BEN)]);
    let failed = rig.host.event(0, Kind::ListenerFailed);
    assert!(failed.json.contains("\"step\":\"bind\""), "{}", failed.json);
    drop(port.lock().expect("no panic").take());
    let recovered = rig.host.event(0, Kind::ListenerRecovered);
    assert!(recovered.json.contains("\"step\":\"bind\""), "{}", recovered.json);
    rig.host.chat(0, "100", Chat::Available);
    rig.until_later("a subscription", || living(&rig).len() == 1);
    told_by_notification(&rig);
    rig.unharmed();
}

#[test]
fn the_state_decides_whether_anything_is_taken() {
    let rig = Rig::created(quick, |config| notified(config, "rich"));
    let state = |rig: &Rig| rig.instance.deliver_notification("", b"{}").map(|reply| reply.status).map_err(|error| error.kind);
    assert_eq!(state(&rig), Err(ErrorKind::State));
    rig.instance.start().expect("a start");
    assert_eq!(state(&rig), Ok(400));
    rig.instance.stop(Duration::from_secs(5)).expect("a stop");
    assert_eq!(state(&rig), Err(ErrorKind::State));
    let polled = Rig::new();
    assert_eq!(state(&polled), Err(ErrorKind::State));
}

#[test]
fn what_graph_says_about_a_subscription_is_heeded() {
    let rig = subscribed("rich", |_| {}, |_| {});
    trusted(&rig);
    let id = living(&rig);
    rig.advance(120_000);
    rig.sim.lifecycle(None, "reauthorizationRequired").expect("sent");
    rig.until_later("a renewal", || subscription_requests(&rig, "PATCH") == 1);
    let asked = presence_requests(&rig);
    rig.sim.lifecycle(None, "missed").expect("sent");
    rig.until("a look at everybody", || presence_requests(&rig) > asked);
    rig.sim.end_subscription(None).expect("ended");
    assert_eq!(living(&rig), Vec::<String>::new());
    rig.until_later("the end is noticed and another made", || living(&rig).len() == 1 && living(&rig) != id);
    rig.until("news", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    told_by_notification(&rig);
    rig.unharmed();
}

#[test]
fn a_service_account_is_polled_and_that_is_told() {
    let rig = subscribed("rich", |_| {}, |_| {});
    rig.users(&[("100", ANN), ("101", BEN), ("102", SERVICE_ACCOUNT)]);
    rig.until_later("the event", || !rig.host.events(Kind::NotSubscribed).is_empty());
    let told = rig.host.events(Kind::NotSubscribed).remove(0);
    assert!(told.json.contains("\"service_accounts\":1") && told.json.contains("[\"102\"]"), "{}", told.json);
    let explained = rig.explain("102")["notifications"].clone();
    assert_eq!(explained["polled_because"], "service_account");
    let members: Vec<&String> = explained.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["account", "polled_because", "subscribed"], "as docs/explain.md says");
    rig.until_later("trust", || rig.explain("100")["notifications"]["subscribed"] == true);
    let figures = rig.stats()["notifications"].clone();
    assert_eq!((&figures["subscribed"], &figures["polled"], &figures["service_accounts"]), (&json!(2), &json!(1), &json!(1)));
    rig.unharmed();
}

#[test]
fn switched_off_nobody_is_subscribed() {
    let rig = subscribed("rich", |_| {}, |_| {});
    trusted(&rig);
    rig.instance.set_enabled(false).expect("off");
    rig.until("the end", || living(&rig).is_empty());
    // What was under way comes to its end.
    let mut asked = (0, Instant::now());
    rig.until("silence", || {
        let now = rig.sim.requests().len();
        if now != asked.0 || rig.sim.counters().in_flight > 0 {
            asked = (now, Instant::now());
        }
        asked.1.elapsed() > Duration::from_millis(500)
    });
    let asked = asked.0;
    for _ in 0..200 {
        rig.advance(10_000);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(rig.sim.requests().len(), asked, "nothing is asked");
    rig.instance.set_enabled(true).expect("on");
    rig.until_later("a subscription", || living(&rig).len() == 1);
    rig.until("news", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    told_by_notification(&rig);
}

#[test]
fn those_who_are_watched_are_polled_seldom_and_the_others_as_ever() {
    let rig = subscribed("rich", |_| {}, |config| config["source"]["poll_interval_ms"] = 2_000.into());
    trusted(&rig);
    let asked = presence_requests(&rig);
    let mut seconds = 0;
    rig.until("looks at the watchdog's interval", || {
        rig.advance(1_000);
        seconds += 1;
        presence_requests(&rig) - asked >= 5
    });
    assert!(seconds >= 3 * 60, "5 looks in {seconds} s at the watchdog's interval of a minute");
    rig.users(&[("100", ANN), ("101", BEN), ("102", CLEO)]);
    rig.until_later("Cleo", || rig.explain("102")["notifications"]["polled_because"] == "waiting");
    let mut intervals = 0;
    for _ in 0..20 {
        let asked = presence_requests(&rig);
        // An answer has a second of ours before more time passes.
        rig.until("a look at Cleo", || {
            rig.advance(2_000);
            intervals += 1;
            let end = Instant::now() + Duration::from_secs(1);
            while presence_requests(&rig) == asked && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(2));
            }
            presence_requests(&rig) > asked
        });
    }
    assert!(intervals < 200, "20 looks in {intervals} intervals; at the watchdog's it would be 600");
    rig.unharmed();
}

#[test]
fn an_account_that_is_not_signed_in_is_told_and_its_people_are_polled() {
    let rig = subscribed("rich", |_| {}, |config| config["source"]["poll_interval_ms"] = 1_000.into());
    trusted(&rig);
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    rig.sim.inject(Fault::aadsts(50126));
    rig.until_later("the end", || !rig.host.events(Kind::NotificationsOff).is_empty());
    let off = rig.host.events(Kind::NotificationsOff).remove(0);
    assert!(off.json.contains("\"cause\":\"sign_in\"") || off.json.contains("\"cause\":\"lapsed\""), "{}", off.json);
    assert_eq!(rig.explain("100")["notifications"]["subscribed"], false);
    rig.unharmed();
}

#[test]
fn two_accounts_hold_more_than_one_can() {
    const SECOND: &str = "second-service@contoso.test";
    let rig = Rig::with(
        |sim| {
            quick(sim);
            let tenant = sim.default_tenant();
            tenant.add_users(700, "user{n}@contoso.test").expect("users");
            let second = UserSpec {
                user_principal_name: Some(SECOND.to_owned()),
                password: Some("s3cond".to_owned()),
                ..UserSpec::default()
            };
            tenant.add_user(second).expect("a user");
        },
        |config| {
            notified(config, "rich");
            let auth = json!({ "method": "password", "username": SECOND, "password": "s3cond" });
            config["source"]["notifications"]["accounts"] = json!([{ "name": "second", "auth": auth }]);
        },
    );
    let all: Vec<(String, String)> = (1..=700).map(|n| (n.to_string(), format!("user{n}@contoso.test"))).collect();
    rig.users(&all.iter().map(|(id, address)| (id.as_str(), address.as_str())).collect::<Vec<_>>());
    rig.until_later("two subscriptions", || living(&rig).len() == 2);
    let sizes: Vec<usize> = rig.sim.subscriptions().iter().filter(|it| it.state == "alive").map(|it| it.users).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 700, "{sizes:?}");
    rig.until_later("trust", || rig.stats()["notifications"]["subscribed"] == 700);
    for user in ["1", "350", "700"] {
        told_of(&rig, user, &format!("user{user}@contoso.test"));
    }
    rig.instance.stop(Duration::from_secs(10)).expect("a stop");
    assert_eq!(living(&rig), Vec::<String>::new());
}
