//! Single people, and who is asked for when: by name, in storms, while nobody is to be asked for.

mod graph_support;

use std::time::{Duration, Instant};

use graph_support::{Rig, agents, by_object, pause, seen, settled, user};
use teams_presence_simulator::{EndpointClass, Fault, FaultAction};
use teams_presence_sync::presence::Dnd;
use teams_presence_sync::source::Polling;

use EndpointClass::Presences;

#[test]
fn single_people_are_asked_for_at_once() {
    let rig = Rig::new();
    let ids = agents(&rig, 10);
    let poll = rig.poll(3_600_000);
    rig.until("the first sweep", || seen(&rig, 10, "Available"));
    rig.sim.set_presence("agent3@contoso.test", "DoNotDisturb", "Presenting").expect("set");
    poll.refresh([ids[2]]);
    rig.until("the one", || rig.availability("3") == "DoNotDisturb");
    assert_eq!(rig.sim.counters().total(Presences), 2);
    // A user who is added is asked for at once, too.
    let ann = rig.id("ann@contoso.test");
    rig.put_user(by_object("ann", &ann.to_string()));
    rig.until("the new one", || rig.availability("ann") == "Available");
    assert_eq!(rig.sim.counters().ids_asked, 12);
    rig.sim.default_tenant().set_all("Away", "Away").expect("set");
    poll.sweep_now();
    rig.until("everybody", || seen(&rig, 10, "Away"));
    rig.sim.default_tenant().set_all("Busy", "Busy").expect("set");
    poll.set(Polling { interval_ms: 250, adaptive: false, watchdog_ms: 60_000 });
    poll.sweep_now();
    rig.until("everybody again", || seen(&rig, 10, "Busy"));
    rig.sim.default_tenant().set_all("Offline", "Offline").expect("set");
    rig.until("the new interval", || seen(&rig, 10, "Offline"));
}

#[test]
fn a_lost_question_for_single_people_is_asked_again_however_long_the_interval() {
    let rig = Rig::new();
    agents(&rig, 10);
    rig.poll(3_600_000);
    rig.until("the first sweep", || seen(&rig, 10, "Available"));
    rig.sim.inject(Fault::new(Presences, FaultAction::ResetBefore).times(2));
    let ann = rig.id("ann@contoso.test");
    rig.put_user(by_object("ann", &ann.to_string()));
    rig.until("the new one", || rig.availability("ann") == "Available");
    let answered = rig.sim.counters().count(Presences, 200);
    rig.clock.advance(60_000);
    pause(300);
    assert_eq!(rig.sim.counters().count(Presences, 200), answered, "and then no more");
}

#[test]
fn a_disabled_instance_asks_for_nobody_but_when_told() {
    let rig = Rig::new();
    rig.desk.with(|engine, now| engine.set_enabled(false, now));
    let ids = agents(&rig, 3);
    let poll = rig.poll(250);
    pause(600);
    assert_eq!(rig.sim.counters().requests, 0);
    poll.refresh([ids[0]]);
    rig.until("the one", || rig.sim.counters().count(Presences, 200) == 1);
    pause(400);
    assert_eq!(rig.sim.counters().count(Presences, 200), 1);
    assert_eq!(rig.sim.counters().ids_asked, 1, "nobody else");
    rig.desk.with_roster(|engine, now| engine.set_enabled(true, now));
    rig.until("everybody", || seen(&rig, 3, "Available"));
}

/// Holds every answer back, so that requests are under way for long.
fn slow(rig: &Rig, ms: u64) {
    rig.sim.inject(Fault::new(Presences, FaultAction::Delay { ms }));
}

#[test]
fn refreshes_close_together_are_one_request() {
    let rig = Rig::new();
    let ids = agents(&rig, 100);
    let poll = rig.poll(3_600_000);
    rig.until("the first sweep", || seen(&rig, 100, "Available"));
    rig.sim.default_tenant().set_all("Busy", "InACall").expect("set");
    ids.iter().for_each(|id| poll.refresh([*id]));
    rig.until("everybody", || seen(&rig, 100, "Busy"));
    // The first may have gone before the others were named.
    assert!(rig.sim.counters().total(Presences) <= 4, "{}", rig.sim.counters().total(Presences));
}

#[test]
fn who_is_being_asked_for_is_not_asked_for_again() {
    let rig = Rig::new();
    let ids = agents(&rig, 10);
    slow(&rig, 1_500);
    let poll = rig.poll(3_600_000);
    rig.until("the first sweep on its way", || rig.sim.counters().in_flight == 1);
    let begin = Instant::now();
    poll.refresh([ids[3]]);
    poll.refresh([ids[3]]);
    let joined = begin.elapsed() < Duration::from_millis(200);
    rig.until("its answer", || seen(&rig, 10, "Available"));
    pause(300);
    if joined {
        assert_eq!(rig.sim.counters().total(Presences), 1);
    }
    rig.sim.clear_faults();
    poll.refresh([ids[3]]);
    rig.until("a question of its own", || rig.sim.counters().ids_asked == 11);
}

#[test]
fn a_storm_of_refreshes_keeps_to_its_share_and_starves_no_sweep() {
    let rig = Rig::with(|sim| sim.oddities(|odd| odd.presence_limit = 120), 120);
    let ids = agents(&rig, 10);
    let poll = rig.poll(1_000);
    rig.until("the first sweep", || seen(&rig, 10, "Available"));
    let first = rig.sim.counters().total(Presences);
    let begin = Instant::now();
    for n in 0..100_000 {
        poll.refresh([ids[n % 10]]);
        if n % 100 == 0 {
            pause(3);
        }
    }
    let asked = rig.sim.counters().total(Presences) - first;
    let seconds = begin.elapsed().as_secs() + 1;
    // One sweep a second; a quarter of 120 in 30 s is one question a second, after a burst of one.
    assert!(asked <= 2 * seconds + 4, "{asked} requests in {seconds} s");
    assert!(rig.sim.counters().throttled == 0);
    rig.sim.default_tenant().set_all("Away", "Away").expect("set");
    rig.until("everybody, by sweep or by name", || seen(&rig, 10, "Away"));
    assert!(rig.client.counters().to_json()["sweeps_ok"].as_u64() >= Some(seconds / 2));
    for _ in 0..1_000 {
        poll.sweep_now();
    }
    pause(500);
    assert!(rig.sim.counters().total(Presences) - first <= asked + 8, "looks at everybody by hand are counted, too");
    // Somebody whose telephone rings now does not wait for the budget's window.
    rig.sim.set_presence("agent5@contoso.test", "DoNotDisturb", "Presenting").expect("set");
    poll.refresh([ids[4]]);
    rig.until("the one", || rig.availability("5") == "DoNotDisturb");
}

#[test]
fn a_budget_that_is_used_up_by_sweeps_leaves_room_for_one() {
    // 4 requests a sweep, 32 in 30 s: a sweep takes 4.3 s, and the first ones hurry.
    let rig = Rig::with(|sim| sim.oddities(|odd| odd.presence_limit = 32), 32);
    let ids = agents(&rig, 2_600);
    let poll = rig.poll(250);
    rig.until("everybody", || seen(&rig, 2_600, "Available"));
    for _ in 0..40 {
        rig.clock.advance(200);
        pause(5);
    }
    let before = rig.sim.counters().ids_asked;
    poll.refresh([ids[7]]);
    rig.until("the one", || (before + 1..before + 2_600).contains(&rig.sim.counters().ids_asked));
    assert_eq!(rig.sim.counters().throttled, 0);
}

#[test]
fn a_user_who_was_asked_about_too_early_is_asked_for_when_found() {
    let rig = Rig::new();
    agents(&rig, 3);
    let poll = rig.poll(3_600_000);
    rig.until("the first sweep", || seen(&rig, 3, "Available"));
    rig.sim.default_tenant().set_all("Busy", "InACall").expect("set");
    // Somebody who is known already under another number: his match brings nobody new.
    rig.put_user(user("twin", "agent2@contoso.test"));
    poll.refresh_when_found("twin");
    poll.refresh_when_found("nobody");
    pause(200);
    assert_eq!(rig.availability("2"), "Available", "not found yet");
    rig.directory();
    rig.until("both", || rig.availability("twin") == "Busy" && rig.availability("2") == "Busy");
    assert_eq!(rig.availability("1"), "Available", "nobody else");
}

#[test]
fn switching_off_ends_the_dividing_of_a_batch() {
    let rig = Rig::new();
    let ids = agents(&rig, 650);
    rig.sim.oddities(|odd| odd.poison_ids = vec![ids[3].to_string(), ids[600].to_string()]);
    slow(&rig, 200);
    rig.poll(250);
    let asked = || rig.sim.counters().total(Presences);
    rig.until("the first parts", || asked() >= 3);
    rig.desk.with_roster(|engine, now| engine.set_enabled(false, now));
    let before = asked();
    assert!(settled(asked) <= before + 1, "the one that may have been on its way, of twenty");
    rig.desk.with_roster(|engine, now| engine.set_enabled(true, now));
    rig.until("everybody else", || (1..=650).filter(|n| rig.availability(&n.to_string()) == "Available").count() == 648);
}

#[test]
fn who_is_asked_for_by_hand_is_asked_for_however_soon_after_switching_off() {
    let rig = Rig::new();
    let ids = agents(&rig, 10);
    let poll = rig.poll(3_600_000);
    rig.until("the first sweep", || seen(&rig, 10, "Available"));
    slow(&rig, 500);
    // On its way when the switch comes, and asked for by the host.
    poll.refresh([ids[1]]);
    rig.until("the question", || rig.sim.counters().in_flight == 1);
    rig.desk.with_roster(|engine, now| engine.set_enabled(false, now));
    poll.refresh([ids[2]]);
    rig.until("both", || rig.sim.counters().count(Presences, 200) == 3);
    assert_eq!(rig.sim.counters().ids_asked, 12);
}

#[test]
fn a_person_who_comes_twice_is_as_the_last_entry_says() {
    let rig = Rig::new();
    rig.sim.oddities(|odd| odd.doubled_entries = true);
    agents(&rig, 3);
    rig.poll(250);
    rig.until("three sweeps", || seen(&rig, 3, "Available") && rig.sim.counters().count(Presences, 200) >= 3);
    for id in ["1", "2", "3"] {
        let state = rig.desk.with(|engine, now| engine.state(id, now)).expect("the user");
        assert_eq!(state.dnd_desired, Some(Dnd::Off), "{id}: the call of the first entry is over");
    }
}
