//! How long a report may be the echo of our own change, where that change was never answered.

use super::*;

/// Ours is on; its OFF is out, and nobody answers.
fn an_off_unanswered() -> Office {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Rule #1"]);
    office
}

#[test]
fn an_off_that_nobody_answered_does_not_swallow_a_persons_off_for_ever() {
    let mut office = an_off_unanswered();
    office.pass(29_000);
    office.teams("ann", "Busy", "InACall");
    office.answers.insert("ann".into(), Answer::Already);
    assert_eq!(dnd_only(office.pass(1_000)), ["ann dnd On Rule #1"]);
    assert!(office.state("ann").dnd_owned);
    office.pass_polled(3_600_000, "ann", "Busy", "InACall");
    office.report("ann", false, Origin::Seen);
    assert!(!office.state("ann").dnd_owned, "a person's act");
    assert_eq!(office.explain("ann")["dnd"]["overridden"], true);
}

#[test]
fn an_on_that_nobody_answered_does_not_swallow_a_persons_on_for_ever() {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(30_000);
    office.answers.insert("ann".into(), Answer::Already);
    office.teams("ann", "Available", "Available");
    office.pass(60_000);
    assert_eq!(office.state("ann").dnd_acknowledged, Some(Dnd::Off));
    office.pass_polled(3_600_000, "ann", "Available", "Available");
    office.report("ann", true, Origin::Seen);
    assert_eq!(office.explain("ann")["dnd"]["owner"], "person");
}

#[test]
fn an_off_that_is_given_up_waits_no_longer_for_its_echo() {
    let mut office = an_off_unanswered();
    let now = office.moment();
    // The cause is over, and the rules have no opinion: nothing is asked that an answer could follow.
    office.reload(r#","rules":{"list":[{"when":{"availability":["Available"]},"dnd":"keep"}]}"#);
    assert!(office.engine.remove_user("ann", now));
    office.engine.put_user(&user("ann"), now);
    office.teams("ann", "Available", "Available");
    office.pass(30_000);
    office.pass_polled(3_600_000, "ann", "Available", "Available");
    assert!(office.state("ann").dnd_owned);
    office.report("ann", false, Origin::Seen);
    assert!(!office.state("ann").dnd_owned, "a person's act");
}

#[test]
fn a_change_that_is_owed_an_answer_may_still_echo() {
    let mut office = Office::with_ann("");
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    // Its time is over, it is to be offered again, and an acknowledgement would still count.
    for _ in 0..4 {
        office.now = office.engine.next_deadline().expect("a deadline");
        let now = office.moment();
        office.engine.tick(now);
        office.settle();
    }
    office.pass(20_000);
    office.report("ann", true, Origin::Seen);
    assert_ne!(office.explain("ann")["dnd"]["owner"], "person");
}

#[test]
fn a_stop_ends_the_wait_for_an_echo() {
    let mut office = Office::with_ann(r#","dnd":{"on_stop":"hold","hold_off_ms":0}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Available", "Available");
    office.settle();
    let now = office.moment();
    office.engine.begin_stop(now);
    office.stopped();
    office.answers.clear();
    office.engine.start(now);
    office.teams("ann", "Busy", "InACall");
    office.pass_polled(3_600_000, "ann", "Busy", "InACall");
    office.report("ann", false, Origin::Seen);
    assert!(!office.state("ann").dnd_owned, "a person's act");
}
