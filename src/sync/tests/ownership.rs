//! Whose DND it is.

use super::*;

#[test]
fn on_and_off_with_the_default_rules() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Available", "Available");
    assert_eq!(office.settle(), ["ann chat Available Resync #1"], "off is not ours to ask for");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Rule #1", "ann chat Dnd Rule #1"]);
    office.teams("ann", "Available", "Available");
    assert_eq!(office.settle(), ["ann chat Available Rule #1"], "off is held for ten seconds");
    assert_eq!(office.pass(10_000), ["ann dnd Off Rule #1"]);
    assert!(!office.state("ann").dnd_owned);
}

#[test]
fn a_hold_is_broken_by_a_return() {
    let mut office = Office::with_ann("");
    office.teams("ann", "DoNotDisturb", "DoNotDisturb");
    office.settle();
    for _ in 0..5 {
        office.teams("ann", "Busy", "Busy");
        assert!(dnd_only(office.pass(9_000)).is_empty());
        office.teams("ann", "Busy", "InACall");
        assert!(dnd_only(office.pass(9_000)).is_empty());
    }
    assert_eq!(office.dnd("ann"), Some(Dnd::On));
}

#[test]
fn a_persons_dnd_is_never_taken() {
    let mut office = Office::with_ann("");
    office.report("ann", true, Origin::Person);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty(), "it stands as wanted already");
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.pass(600_000)).is_empty());
    assert_eq!(office.dnd("ann"), Some(Dnd::On));
}

#[test]
fn already_without_a_record_is_a_persons() {
    let mut office = Office::with_ann("");
    office.answers.insert("ann".into(), Answer::Already);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let state = office.state("ann");
    assert_eq!((state.dnd_acknowledged, state.dnd_owned), (Some(Dnd::On), false));
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.pass(60_000)).is_empty());
}

#[test]
fn already_after_a_restart_keeps_the_owner() {
    let mut office = Office::with_ann(r#","dnd":{"on_stop":"hold"}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.begin_stop(now);
    assert!(dnd_only(office.settle()).is_empty(), "hold");
    office.stopped();
    office.engine.start(now);
    office.answers.insert("ann".into(), Answer::Already);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
    assert!(office.state("ann").dnd_owned);
}

#[test]
fn the_echo_of_our_own_change_is_no_act() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.report("ann", true, Origin::Seen);
    assert!(office.state("ann").dnd_owned, "the echo");
    office.report("ann", true, Origin::Seen);
    assert!(!office.state("ann").dnd_owned, "only the first report is the echo");
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.pass(60_000)).is_empty());
}

#[test]
fn an_echo_comes_within_its_time_and_never_from_a_person() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(10_001);
    office.report("ann", true, Origin::Seen);
    assert!(!office.state("ann").dnd_owned, "too late for an echo");

    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.report("ann", true, Origin::Person);
    assert!(!office.state("ann").dnd_owned);
}

#[test]
fn both_values_may_echo_at_once() {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.teams("ann", "Available", "Available");
    office.settle();
    // The host's reports come late: of both changes, in their order.
    let now = office.moment();
    office.engine.report_dnd("ann", true, Origin::Seen, now);
    office.engine.report_dnd("ann", false, Origin::Seen, now);
    assert_eq!(office.state("ann").dnd_acknowledged, Some(Dnd::Off));
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    assert!(office.state("ann").dnd_owned);
}

#[test]
fn an_override_lasts_until_the_rules_said_off_for_a_minute() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(20_000);
    office.report("ann", false, Origin::Seen);
    assert!(dnd_only(office.pass_polled(120_000, "ann", "Busy", "InACall")).is_empty(), "left alone while the call lasts");
    office.teams("ann", "Available", "Available");
    office.pass_polled(30_000, "ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.pass_polled(30_000, "ann", "Busy", "InACall")).is_empty(), "half a minute off was not enough");
    office.teams("ann", "Available", "Available");
    office.pass_polled(65_000, "ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn neither_keep_nor_silence_nor_toggling_ends_an_override() {
    let rules = r#","rules":{"list":[{"when":{"availability":["Away"]},"dnd":"keep"}]}"#;
    let mut office = Office::with_ann(rules);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(20_000);
    office.report("ann", false, Origin::Person);
    office.pass_polled(90_000, "ann", "Away", "Away");
    office.pass_polled(90_000, "ann", "PresenceUnknown", "PresenceUnknown");
    let now = office.moment();
    office.engine.set_enabled(false, now);
    office.pass(90_000);
    let now = office.moment();
    office.engine.set_enabled(true, now);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty());
    let explained = office.engine.explain("ann", office.moment()).expect("ann");
    assert_eq!(explained["dnd"]["overridden"], true);
}

#[test]
fn switching_off_ones_own_dnd_in_a_call_is_respected_too() {
    let mut office = Office::with_ann("");
    office.report("ann", true, Origin::Person);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.report("ann", false, Origin::Person);
    assert!(dnd_only(office.pass_polled(60_000, "ann", "Busy", "InACall")).is_empty());
}

#[test]
fn host_facts() {
    let cases =
        [(HostDnd::Off, vec!["ann dnd On Resync #1"], false), (HostDnd::On, vec![], true), (HostDnd::OnOurs, vec![], true)];
    for (fact, want, _) in cases {
        let mut office = Office::with_ann("");
        office.teams("ann", "Busy", "InACall");
        office.settle();
        let now = office.moment();
        office.engine.put_user(&UserInput { host_dnd: fact, ..user("ann") }, now);
        assert_eq!(dnd_only(office.settle()), want, "{fact:?}");
        assert!(office.state("ann").dnd_owned, "{fact:?}: the record stays, or we set it anew");
    }
}

#[test]
fn a_mark_of_the_host_makes_it_ours_and_is_released() {
    let mut office = Office::new("");
    let now = office.moment();
    office.engine.put_user(&UserInput { host_dnd: HostDnd::OnOurs, ..user("ann") }, now);
    office.find("ann");
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Resync #1"]);
    // One that never shows a presence is given back when its age is over.
    let mut office = Office::new("");
    let now = office.moment();
    office.engine.put_user(&UserInput { host_dnd: HostDnd::OnOurs, ..user("ann") }, now);
    office.find("ann");
    assert!(dnd_only(office.pass(899_000)).is_empty());
    assert_eq!(dnd_only(office.pass(2_000)), ["ann dnd Off Stale #1"]);
}

#[test]
fn force_lets_teams_lead() {
    let mut office = Office::with_ann(r#","dnd":{"ownership":"force","hold_off_ms":0}"#);
    office.host.insert("ann".into(), (Some(Dnd::On), None));
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Resync #1"], "whoever set it");
    office.pass(20_000);
    office.report("ann", true, Origin::Person);
    assert!(dnd_only(office.pass_polled(60_000, "ann", "Away", "Away")).is_empty(), "stands until desired next changes");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Rule #1"]);
}

#[test]
fn a_person_who_switches_on_while_ours_is_on_its_way_keeps_it() {
    let mut office = Office::with_ann("");
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.step();
    let id = office.last_id;
    office.report("ann", true, Origin::Person);
    assert!(office.engine.acknowledge(id, Answer::Applied, office.moment()));
    assert!(!office.state("ann").dnd_owned);
}

#[test]
fn what_a_fact_sets_right_has_reason_resync() {
    for (ownership, fact) in [("strict", HostDnd::OnOurs), ("force", HostDnd::On)] {
        let mut office = Office::with_ann(&format!(r#","dnd":{{"ownership":"{ownership}"}}"#));
        office.teams("ann", "Available", "Available");
        office.pass(20_000);
        let now = office.moment();
        office.engine.put_user(&UserInput { host_dnd: fact, ..user("ann") }, now);
        assert_eq!(dnd_only(office.settle()), ["ann dnd Off Resync #1"], "{ownership}");
        // The next is a rule's again.
        office.teams("ann", "Busy", "InACall");
        assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"], "{ownership}");
    }
    // A person's is left alone, and what is on for a call is asked for as ever.
    let mut office = Office::with_ann("");
    office.teams("ann", "Available", "Available");
    office.pass(20_000);
    let now = office.moment();
    office.engine.put_user(&UserInput { host_dnd: HostDnd::On, ..user("ann") }, now);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.pass_polled(60_000, "ann", "Busy", "InACall")).is_empty());
}

#[test]
fn a_manual_change_under_force_stands_until_teams_says_something_else() {
    let force = r#","dnd":{"ownership":"force","hold_off_ms":0}"#;
    for silence in [true, false] {
        let mut office = Office::with_ann(force);
        office.teams("ann", "Busy", "InACall");
        office.pass(20_000);
        office.report("ann", false, Origin::Person);
        if silence {
            office.pass(1_000_000);
        } else {
            let now = office.moment();
            office.engine.set_enabled(false, now);
            office.pass(1_000);
            let now = office.moment();
            office.engine.set_enabled(true, now);
        }
        office.teams("ann", "Busy", "InACall");
        assert!(dnd_only(office.settle()).is_empty(), "desired is what it was");
        office.teams("ann", "Available", "Available");
        assert!(dnd_only(office.settle()).is_empty(), "off it is");
        office.teams("ann", "Busy", "InACall");
        assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    }
    // A start delivers desired to all.
    let mut office = Office::with_ann(force);
    office.teams("ann", "Busy", "InACall");
    office.pass(20_000);
    office.report("ann", false, Origin::Person);
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    office.stopped();
    office.engine.start(now);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
}

/// With polls more than a minute apart the rules say off between two of them as well.
#[test]
fn an_override_ends_after_a_minute_however_seldom_teams_is_asked() {
    let mut office = Office::with_ann(r#","source":{"poll_interval_ms":120000}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(20_000);
    office.report("ann", false, Origin::Person);
    office.pass(100_000);
    office.teams("ann", "Available", "Available");
    office.pass(59_000);
    assert_eq!(office.explain("ann")["dnd"]["overridden"], true);
    office.pass(61_000);
    assert_eq!(office.explain("ann")["dnd"]["overridden"], false);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    // An answer that does not come in its time says nothing.
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.pass(20_000);
    office.report("ann", false, Origin::Person);
    office.teams("ann", "Available", "Available");
    office.pass(300_000);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty());
}

#[test]
fn off_as_a_fact_ends_what_a_person_changed_under_force() {
    let mut office = Office::with_ann(r#","dnd":{"ownership":"force"}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(20_000);
    office.report("ann", false, Origin::Person);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty(), "a person's change stands until Teams' next one");
    let now = office.moment();
    office.engine.put_user(&UserInput { host_dnd: HostDnd::Off, ..user("ann") }, now);
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"], "off means that desired is delivered again");
}
