//! What the host answers.

use super::*;

#[test]
fn refused_changes_come_again_and_others_go_on() {
    let mut office = Office::with_ann("");
    office.put(&["bob"]);
    office.answers.insert("ann".into(), Answer::Retry);
    office.teams("ann", "Busy", "InACall");
    office.teams("bob", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1", "bob dnd On Rule #1"].map(|s| s.replace("Rule", "Resync")));
    let log = dnd_only(office.pass(70_000));
    assert!((6..=8).contains(&log.len()), "{log:?}");
    assert_eq!(office.told(Kind::HostRefuses), 2, "DND and chat, once each");
    office.answers.clear();
    office.pass(61_000);
    assert_eq!(office.told(Kind::HostRecovered), 2);
    assert!(office.state("ann").dnd_owned);
}

#[test]
fn only_the_newest_value_is_offered_again() {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.answers.insert("ann".into(), Answer::Retry);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.pass(120_000)).is_empty(), "an ON that the host refused leaves nothing to take back");
}

#[test]
fn a_refusal_ends_with_the_decision_that_was_refused() {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.answers.insert("ann".into(), Answer::Retry);
    office.teams("ann", "Busy", "InACall");
    office.pass(40_000);
    let refused = office.last_id;
    office.teams("ann", "Available", "Available");
    office.settle();
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()).len(), 1, "offered at once");
    assert_ne!(office.last_id, refused, "and as a new change");
    assert!(!office.engine.acknowledge(refused, Answer::Applied, office.moment()));
}

#[test]
fn an_on_that_timed_out_is_taken_back() {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.pass(29_999)).is_empty(), "one change at a time");
    office.answers.clear();
    assert_eq!(dnd_only(office.pass(1)), ["ann dnd Off Rule #1"]);
    assert_eq!(office.told(Kind::AcknowledgeTimedOut), 2, "DND and chat");
}

#[test]
fn acknowledgements_late_double_missing_outdated() {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.step();
    let first = office.last_id;
    office.pass(30_500);
    assert!(office.engine.acknowledge(first, Answer::Applied, office.moment()), "late, but not yet offered anew");
    assert!(office.state("ann").dnd_owned);
    assert!(!office.engine.acknowledge(first, Answer::Applied, office.moment()), "double");
    office.teams("ann", "Available", "Available");
    office.step();
    while office.last_id == first {
        assert!(office.step());
    }
    assert!(!office.engine.acknowledge(first, Answer::Applied, office.moment()), "outdated");
    assert!(!office.engine.acknowledge(0, Answer::Applied, office.moment()), "never given out");
    assert!(!office.engine.acknowledge(u64::MAX, Answer::Applied, office.moment()), "never given out");
    assert!(office.engine.acknowledge(office.last_id, Answer::Applied, office.moment()));
    assert!(!office.state("ann").dnd_owned);
}

#[test]
fn a_newer_value_waits_for_the_answer() {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let id = office.last_id;
    office.teams("ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.settle()).is_empty());
    office.answers.clear();
    office.engine.acknowledge(id, Answer::Applied, office.moment());
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Rule #1"], "only the newest");
}

#[test]
fn gone_is_gone_until_put_again() {
    let mut office = Office::with_ann("");
    office.answers.insert("ann".into(), Answer::Gone);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle().len(), 1, "after GONE the chat state is not offered either");
    assert_eq!(office.told(Kind::UserGone), 1);
    office.teams("ann", "Away", "Away");
    assert!(office.pass(600_000).is_empty());
    office.answers.clear();
    let now = office.moment();
    office.engine.put_user(&user("ann"), now);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
}

#[test]
fn refresh_and_put_hurry_what_was_refused() {
    for put in [false, true] {
        let mut office = Office::with_ann("");
        office.answers.insert("ann".into(), Answer::Retry);
        office.teams("ann", "Busy", "InACall");
        office.pass(40_000);
        office.answers.clear();
        let now = office.moment();
        if put {
            office.engine.put_user(&user("ann"), now);
        } else {
            assert!(office.engine.hurry(Some("ann"), now) && !office.engine.hurry(Some("bob"), now));
        }
        assert_eq!(dnd_only(office.settle()).len(), 1, "at once");
    }
}

#[test]
fn presence_comes_before_the_change_of_the_same_observation() {
    let mut office = Office::new("");
    office
        .engine
        .configure(Settings::new(&config(""), Outputs { dnd: true, chat: true, presence: true, queue: true }), office.moment());
    office.put(&["ann", "bob"]);
    office.teams("ann", "Busy", "InACall");
    office.teams("bob", "Busy", "InACall");
    let log = office.settle();
    for id in ["ann", "bob"] {
        let of: Vec<&str> =
            log.iter().filter(|line| line.starts_with(id)).map(|line| line.split(' ').nth(1).unwrap_or_default()).collect();
        assert_eq!(of, ["presence", "dnd", "chat"]);
    }
    office.teams("ann", "Busy", "InACall");
    assert!(office.settle().is_empty(), "no news");
}
