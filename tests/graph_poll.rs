//! The poll loop against the simulator: everybody, at the right pace, whatever fails.

mod graph_support;

use std::time::{Duration, Instant};

use graph_support::{Rig, agents, pause, seen, user};
use teams_presence_simulator::{Casing, EndpointClass, Fault, FaultAction, FaultBody, RetryAfter, UnknownIds};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::Guid;
use teams_presence_sync::source::{Poll, Polling};

use EndpointClass::Presences;

#[test]
fn many_users_take_few_requests() {
    let rig = Rig::new();
    agents(&rig, 1_400);
    rig.sim.oddities(|odd| odd.shuffle = true);
    rig.poll(300);
    rig.until("everybody", || seen(&rig, 1_400, "Available"));
    rig.sim.default_tenant().set_all("Busy", "InACall").expect("set");
    rig.until("the change", || seen(&rig, 1_400, "Busy"));
    let counters = rig.sim.counters();
    assert!(counters.max_ids <= 650 && counters.max_ids >= 460, "{}", counters.max_ids);
    let sweeps = counters.count(Presences, 200).div_ceil(3);
    assert!(counters.ids_asked <= sweeps * 1_400);
    assert_eq!(counters.tokens_issued, 1);
}

#[test]
fn requests_of_a_sweep_are_spread_and_sweeps_never_overlap() {
    let rig = Rig::new();
    agents(&rig, 1_400);
    rig.poll(900);
    rig.until("four sweeps", || rig.sim.counters().count(Presences, 200) >= 12);
    let times: Vec<i64> =
        rig.sim.requests().iter().filter(|request| request.endpoint == Presences).map(|request| request.at_ms).collect();
    // The first sweep hurries, since nothing is known; from the second on a request every 300 ms. A busy machine may delay one, which
    // brings the next closer to it, so not each gap is judged.
    let gaps: Vec<i64> = times[4..12].windows(2).map(|pair| pair[1] - pair[0]).collect();
    let close = gaps.iter().filter(|gap| **gap < 150).count();
    assert!(close <= gaps.len() / 2 && gaps.iter().sum::<i64>() >= 200 * gaps.len() as i64, "{gaps:?}");
    rig.sim.inject(Fault::new(Presences, FaultAction::Delay { ms: 1_500 }));
    pause(4_000);
    let counters = rig.sim.counters();
    assert!(counters.in_flight_max <= 3, "{}", counters.in_flight_max);
    rig.await_event(Kind::IntervalStretched);
}

#[test]
fn who_opts_out_is_not_asked_for_even_in_the_sweep_under_way() {
    let rig = Rig::new();
    let mut ids = agents(&rig, 1_400);
    let presences = || rig.sim.counters().count(Presences, 200);
    rig.poll(3_000);
    // The first sweep hurries; of the second the first of three requests is out.
    rig.until("the second sweep", || presences() >= 4);
    let people = ids.clone();
    ids.sort_unstable();
    let number = |id: &Guid| people.iter().position(|other| other == id).expect("one of them") + 1;
    let last: Vec<String> = ids[1_000..].iter().map(|id| number(id).to_string()).collect();
    rig.reload(serde_json::json!({ "opt_out": last }));
    let bodies = || -> Vec<String> {
        rig.sim.requests().iter().filter(|request| request.endpoint == Presences).map(|request| request.body.clone()).collect()
    };
    // The one that may have been under way is not judged.
    let from = bodies().len() + 1;
    rig.until("the end of the sweep and the next one", || bodies().len() >= from + 3);
    let named = ids[1_000..].iter().filter(|id| bodies()[from..].iter().any(|body| body.contains(&id.to_string()))).count();
    assert_eq!(named, 0, "who opted out is left out");
    for n in &last {
        assert_eq!(rig.matching(n), "opted_out");
    }
}

#[test]
fn a_poisonous_id_is_found_and_the_others_go_on() {
    let rig = Rig::new();
    let ids = agents(&rig, 700);
    let bad = [ids[3], ids[600]];
    rig.sim.oddities(|odd| odd.poison_ids = bad.iter().map(ToString::to_string).collect());
    rig.poll(300);
    rig.until("everybody else", || (1..=700).filter(|n| rig.availability(&n.to_string()) == "Available").count() == 698);
    rig.until("both are told", || rig.events(Kind::ObjectIdRefused).len() == 2);
    let mut told: Vec<String> =
        rig.events(Kind::ObjectIdRefused).iter().filter_map(|event| event.user_id.as_deref().map(str::to_owned)).collect();
    told.sort();
    assert_eq!(told, ["4", "601"]);
    let refused = rig.sim.counters().count(Presences, 400);
    assert!(refused <= 45, "{refused}");
    rig.sim.default_tenant().set_all("Away", "Away").expect("set");
    rig.until("the others go on", || rig.availability("1") == "Away");
    assert_eq!(rig.sim.counters().count(Presences, 400), refused, "set aside");
    // Tried again rarely, and taken back when it is answered.
    rig.sim.oddities(|odd| odd.poison_ids.clear());
    rig.clock.advance(6 * 60_000);
    rig.until("taken back", || rig.availability("4") == "Away" && rig.availability("601") == "Away");
}

#[test]
fn a_refusal_of_everything_is_not_hammered() {
    let rig = Rig::new();
    agents(&rig, 650);
    rig.sim.inject(Fault::status(Presences, 400));
    rig.poll(250);
    rig.await_event(Kind::RequestRefused);
    let refused = rig.sim.counters().total(Presences);
    assert!(refused <= 45, "{refused}");
    pause(1_000);
    assert_eq!(rig.sim.counters().total(Presences), refused, "a pause");
    assert_eq!(rig.events(Kind::ObjectIdRefused).len(), 0, "no id is to blame");
    rig.clock.advance(20_000);
    rig.until("another try", || rig.sim.counters().total(Presences) > refused);
    pause(300);
    assert_eq!(rig.sim.counters().total(Presences), refused + 1, "not divided again");
    rig.sim.clear_faults();
    rig.clock.advance(60_000);
    rig.until("recovery", || seen(&rig, 650, "Available"));
}

#[test]
fn throttling_is_obeyed_and_told_once() {
    let rig = Rig::new();
    agents(&rig, 10);
    let action =
        FaultAction::Status { status: 429, retry_after: Some(RetryAfter::Seconds(30)), body: FaultBody::Json, code: None };
    rig.sim.inject(Fault::new(Presences, action).times(2));
    rig.poll(250);
    let event = rig.await_event(Kind::Throttled);
    assert!(event.json.contains("30000"), "{}", event.json);
    pause(700);
    assert_eq!(rig.sim.counters().total(Presences), 1, "nothing is sent in the pause");
    rig.clock.advance(30_500);
    rig.until("the second refusal", || rig.sim.counters().count(Presences, 429) == 2);
    pause(300);
    rig.clock.advance(30_500);
    rig.until("answers", || seen(&rig, 10, "Available"));
    rig.await_event(Kind::ThrottlingEnded);
    assert_eq!(rig.events(Kind::Throttled).len(), 1);
}

#[test]
fn an_outage_is_told_once_and_ends_by_itself() {
    for action in [
        FaultAction::Status { status: 503, retry_after: None, body: FaultBody::Html, code: None },
        FaultAction::ResetBefore,
        FaultAction::Truncated,
        FaultAction::NotJson { content_type: "text/html".to_owned(), body: "<html>".to_owned() },
    ] {
        let rig = Rig::new();
        agents(&rig, 10);
        let fault = rig.sim.inject(Fault::new(Presences, action.clone()));
        rig.poll(250);
        rig.until("the outage", || {
            rig.clock.advance(1_000);
            pause(20);
            !rig.events(Kind::GraphUnreachable).is_empty()
        });
        rig.sim.clear_fault(fault);
        rig.until("the end", || {
            rig.clock.advance(5_000);
            pause(20);
            seen(&rig, 10, "Available")
        });
        rig.await_event(Kind::GraphRecovered);
        assert_eq!(rig.events(Kind::GraphUnreachable).len(), 1, "{action:?}");
    }
}

#[test]
fn a_long_wait_for_the_sign_in_does_not_make_the_next_failure_costly() {
    let rig = Rig::new();
    agents(&rig, 10);
    let entra = rig.sim.inject(Fault::status(EndpointClass::Token, 503));
    rig.sim.inject(Fault::status(Presences, 500).times(1));
    rig.poll(250);
    for _ in 0..30 {
        rig.clock.advance(2_500);
        pause(20);
    }
    rig.sim.clear_fault(entra);
    rig.until("the lost question", || {
        rig.clock.advance(500);
        rig.sim.counters().count(Presences, 500) == 1
    });
    // Only real time from here on: one lost answer costs a second or two.
    rig.until("everybody", || seen(&rig, 10, "Available"));
}

#[test]
fn failures_are_spaced_further_and_further() {
    let rig = Rig::new();
    agents(&rig, 10);
    rig.sim.inject(Fault::status(Presences, 500));
    rig.poll(250);
    rig.until("the first", || rig.sim.counters().total(Presences) >= 1);
    pause(1_000);
    assert_eq!(rig.sim.counters().total(Presences), 1);
    for so_far in 2..=3 {
        rig.clock.advance(120_000);
        rig.until("another try", || rig.sim.counters().total(Presences) == so_far);
        pause(200);
    }
    rig.clock.advance(4_000);
    pause(300);
    assert_eq!(rig.sim.counters().total(Presences), 3, "eight seconds by now");
}

#[test]
fn a_missing_permission_is_asked_for_slowly_and_its_consent_noticed() {
    let rig = Rig::new();
    rig.roles(&["User.Read.All"]);
    agents(&rig, 10);
    rig.poll(250);
    let event = rig.await_event(Kind::PermissionMissing);
    assert!(event.message.contains("Presence.Read.All") && event.json.contains("\"application\""), "{event:?}");
    pause(700);
    assert_eq!(rig.sim.counters().total(Presences), 1);
    rig.roles(&["User.Read.All", "Presence.Read.All"]);
    rig.until("the consent", || {
        rig.clock.advance(60_000);
        pause(100);
        seen(&rig, 10, "Available")
    });
    assert!(rig.sim.counters().count(Presences, 403) <= 3);
    rig.await_event(Kind::PermissionGranted);
    assert_eq!(rig.events(Kind::PermissionMissing).len(), 1);
}

#[test]
fn missing_entries_are_no_information() {
    let rig = Rig::new();
    agents(&rig, 3);
    rig.poll(250);
    rig.until("everybody", || seen(&rig, 3, "Available"));
    rig.sim.default_tenant().delete_user("agent2@contoso.test").expect("deleted");
    rig.sim.default_tenant().set_all("Busy", "Busy").expect("set");
    rig.until("the others", || rig.availability("1") == "Busy" && rig.availability("3") == "Busy");
    pause(600);
    assert_eq!(rig.availability("2"), "Available", "what was known stays");
    rig.sim.oddities(|odd| odd.unknown_ids = UnknownIds::PresenceUnknown);
    pause(600);
    assert_eq!(rig.availability("2"), "Available");
    rig.sim.oddities(|odd| {
        odd.casing = Casing::Camel;
        odd.wrong_case_ids = true;
        odd.swapped_fields = true;
    });
    rig.sim.set_presence("agent1@contoso.test", "DoNotDisturb", "Presenting").expect("set");
    rig.until("another spelling", || rig.availability("1") == "DoNotDisturb");
}

#[test]
fn it_ends_at_once_when_cancelled() {
    let rig = Rig::new();
    agents(&rig, 10);
    rig.sim.inject(Fault::new(Presences, FaultAction::Hang));
    let polling = Polling { interval_ms: 250, adaptive: false, watchdog_ms: 60_000 };
    let poll = Poll::new(rig.client.clone(), rig.desk.clone(), polling);
    let task = rig.process.handle().spawn(poll.run(rig.cancel.clone()));
    rig.until("a request under way", || rig.sim.counters().in_flight > 0);
    rig.cancel.cancel();
    // The request itself would hang for longer.
    rig.run(async { tokio::time::timeout(Duration::from_secs(10), task).await }).expect("in time").expect("no panic");
}

#[test]
fn the_budget_is_never_exceeded() {
    let rig = Rig::with(|sim| sim.oddities(|odd| odd.presence_limit = 20), 20);
    agents(&rig, 10);
    let poll = rig.poll(250);
    for _ in 0..12 {
        poll.refresh([Guid(7)]);
        pause(100);
    }
    pause(1_000);
    assert!(rig.sim.counters().total(Presences) <= 20);
    assert_eq!(rig.sim.counters().throttled, 0);
}

#[test]
fn from_address_to_presence() {
    let rig = Rig::new();
    rig.poll(3_600_000);
    rig.directory();
    rig.set_users(vec![user("1", "ann.archer@contoso.test"), user("2", "ben@contoso.test")]);
    rig.until("both", || seen(&rig, 2, "Available"));
}

#[test]
fn a_failed_sweep_is_tried_again_after_the_pause_however_long_the_interval() {
    let rig = Rig::new();
    agents(&rig, 10);
    rig.sim.inject(Fault::new(Presences, FaultAction::ResetBefore).times(2));
    rig.poll(3_600_000);
    rig.until("everybody", || {
        rig.clock.advance(50);
        seen(&rig, 10, "Available")
    });
    // Two failures, one good answer; then the interval holds.
    assert_eq!(rig.sim.counters().count(Presences, 200), 1);
    rig.clock.advance(3_000_000);
    pause(300);
    assert_eq!(rig.sim.counters().count(Presences, 200), 1);
}

#[test]
fn adaptive_polling_looks_more_often_at_those_who_change() {
    let rig = Rig::new();
    agents(&rig, 1_400);
    rig.poll_so(Polling { interval_ms: 600, adaptive: true, watchdog_ms: 60_000 });
    rig.until("everybody", || seen(&rig, 1_400, "Available"));
    let before = rig.sim.counters();
    let begin = Instant::now();
    for n in 0..20 {
        let presence = if n % 2 == 0 { ("Busy", "InACall") } else { ("Available", "Available") };
        for agent in 1..=20 {
            rig.sim.set_presence(&format!("agent{agent}@contoso.test"), presence.0, presence.1).expect("set");
        }
        rig.until("the change", || seen(&rig, 20, presence.0));
    }
    let after = rig.sim.counters();
    let requests = after.total(Presences) - before.total(Presences);
    let fixed = begin.elapsed().as_millis() as u64 / 200 + 2;
    assert!(requests <= fixed, "{requests} instead of {fixed}");
    assert!(after.max_ids <= 650, "{}", after.max_ids);
    assert!(after.ids_asked - before.ids_asked > requests * 600, "requests are full");
    rig.sim.default_tenant().set_all("Away", "Away").expect("set");
    rig.until("everybody else", || seen(&rig, 1_400, "Away"));
    assert_eq!(rig.events(Kind::IntervalStretched).len(), 0);
}
