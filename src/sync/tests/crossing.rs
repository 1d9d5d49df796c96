//! What crosses on its way: a person's act and our change, a release and the user's return, a decision and its successor. The model check
//! (`model`) found each of these.

use super::*;

/// Hands out the next change of DND without answering it.
fn hand_out(office: &mut Office) -> u64 {
    loop {
        match office.engine.next_delivery(office.moment()).expect("a change of DND") {
            Delivery::Dnd(change) => return change.change_id,
            Delivery::Chat(change) => office.engine.answered(change.change_id, Answer::Applied, office.moment()),
            Delivery::Queue(_) | Delivery::Presence(_) => {}
        }
    }
}

#[test]
fn a_person_who_switched_on_and_off_again_does_not_take_our_on() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    let id = hand_out(&mut office);
    let now = office.moment();
    office.engine.answered(id, Answer::Pending, now);
    office.report("ann", true, Origin::Person);
    office.report("ann", false, Origin::Person);
    let now = office.moment();
    assert!(office.engine.acknowledge(id, Answer::Applied, now));
    assert!(office.state("ann").dnd_owned, "what the host did last was our change");
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Rule #1"]);
}

/// The same at a host that cannot tell who it was: of two ONs the second is a person's, as docs/dnd.md says, whichever was whose.
#[test]
fn of_two_ons_seen_while_ours_is_out_the_second_counts_as_a_persons() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    let id = hand_out(&mut office);
    let now = office.moment();
    office.engine.answered(id, Answer::Pending, now);
    for on in [true, false, true] {
        office.report("ann", on, Origin::Seen);
    }
    let now = office.moment();
    assert!(office.engine.acknowledge(id, Answer::Applied, now));
    assert!(!office.state("ann").dnd_owned);
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.pass(60_000)).is_empty(), "a person's is left alone");
}

#[test]
fn a_report_is_newer_than_already() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    let id = hand_out(&mut office);
    // It was on before; while the callback runs, a person switches it off.
    office.report("ann", false, Origin::Person);
    let now = office.moment();
    office.engine.answered(id, Answer::Already, now);
    assert_eq!(office.state("ann").dnd_acknowledged, Some(Dnd::Off));
    office.pass_polled(75_000, "ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"], "the next call");
}

#[test]
fn an_off_of_a_person_counts_where_nobody_knew_that_it_was_on() {
    let mut office = Office::with_ann("");
    office.answers.insert("ann".into(), Answer::Retry);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.report("ann", false, Origin::Person);
    office.answers.clear();
    assert!(dnd_only(office.pass(600_000)).is_empty(), "an override");
}

#[test]
fn on_as_a_fact_while_our_on_is_out_does_not_make_it_a_persons() {
    for fact in [HostDnd::On, HostDnd::Unknown, HostDnd::OnOurs] {
        let mut office = Office::with_ann("");
        office.answers.insert("ann".into(), Answer::Pending);
        office.teams("ann", "Busy", "InACall");
        office.settle();
        let now = office.moment();
        office.engine.put_user(&UserInput { host_dnd: fact, ..user("ann") }, now);
        office.pass(30_000);
        office.answers.clear();
        office.teams("ann", "Available", "Available");
        assert_eq!(dnd_only(office.pass(60_000)).len(), 1, "{fact:?}: the host may have done it, so its OFF follows");
    }
}

#[test]
fn an_on_that_was_not_taken_is_not_offered_once_the_rules_say_otherwise() {
    let away = r#","rules":{"list":[{"when":{"availability":["Away"]},"dnd":"keep"}]}"#;
    for (availability, activity) in [("Available", "Available"), ("Away", "Away")] {
        let mut office = Office::with_ann(away);
        office.answers.insert("ann".into(), Answer::Retry);
        office.teams("ann", "Busy", "InACall");
        office.settle();
        office.answers.clear();
        office.teams("ann", availability, activity);
        assert!(dnd_only(office.pass(60_000)).is_empty(), "{availability}: also not in the hold before off");
        office.teams("ann", "Busy", "InACall");
        assert_eq!(dnd_only(office.settle()).len(), 1);
    }
}

#[test]
fn who_comes_back_before_the_release_was_taken_keeps_what_is_on() {
    let leave_and_return: [fn(&mut Office); 3] = [
        |office| {
            let now = office.moment();
            office.engine.remove_user("ann", now);
            office.settle();
            office.put(&["ann"]);
        },
        |office| {
            let now = office.moment();
            office.engine.set_enabled(false, now);
            office.settle();
            office.engine.set_enabled(true, now);
        },
        |office| {
            let now = office.moment();
            office.engine.resolve("ann@contoso.test", &Resolution::Unmatched(Unmatched::Unknown), now);
            office.settle();
            office.find("ann");
        },
    ];
    for (at, and_back) in leave_and_return.iter().enumerate() {
        let mut office = Office::with_ann("");
        office.teams("ann", "Busy", "InACall");
        office.settle();
        office.answers.insert("ann".into(), Answer::Retry);
        and_back(&mut office);
        office.answers.clear();
        assert!(dnd_only(office.pass(4_000)).is_empty(), "{at}: until there is news");
        office.teams("ann", "Busy", "InACall");
        assert!(dnd_only(office.settle()).is_empty(), "{at}");
        assert!(office.state("ann").dnd_owned, "{at}");
    }
}

#[test]
fn echoes_are_known_when_the_user_was_removed_and_put_again() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.settle();
    office.put(&["ann"]);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()).len(), 1);
    // A host that reports everything, two seconds late: on, off, on.
    office.pass(2_000);
    for on in [true, false] {
        office.report("ann", on, Origin::Seen);
        assert!(office.state("ann").dnd_owned, "not a person's act");
    }
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Rule #1"]);
}

#[test]
fn who_waits_for_an_echo_only_is_forgotten_without_a_word() {
    let mut office = Office::with_ann(r#","dnd":{"echo_ms":3600000}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.pass(901_000);
    assert_eq!(office.engine.state("ann", office.moment()), Err(NoUser::NotFound));
    assert_eq!(office.told(Kind::ReleaseUndelivered), 0);
}

#[test]
fn an_off_whose_answer_never_came_may_have_been_done() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Rule #1"]);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.pass(29_999)).is_empty(), "one change at a time");
    office.answers.insert("ann".into(), Answer::Already);
    assert_eq!(dnd_only(office.pass(1)), ["ann dnd On Rule #1"], "it may be off");
    assert!(office.state("ann").dnd_owned, "and if not, it is still ours");
}

#[test]
fn an_override_that_is_over_is_not_remembered() {
    use super::keep::Disk;
    let mut disk = Disk::default();
    let mut office = Office::after_crash(r#","dnd":{"hold_off_ms":60000}"#, &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.put(&["ann"]);
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    office.settle();
    office.teams("ann", "Available", "Available");
    office.pass_polled(50_000, "ann", "Available", "Available");
    office.report("ann", false, Origin::Person);
    office.flush(&mut disk);
    assert_eq!(disk.users.get("ann"), Some(&Keeps::OVERRIDDEN));
    office.pass_polled(180_000, "ann", "Available", "Available");
    office.flush(&mut disk);
    assert_eq!(disk.users.get("ann"), None);
}

/// APPLIED to an OFF behind a person's ON: nobody can say which was last. What is not known is offered, and the answer tells.
#[test]
fn an_off_that_crosses_a_persons_on_leaves_nothing_known() {
    for (is, owner) in [(Answer::Already, "person"), (Answer::Applied, "ours")] {
        let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
        office.teams("ann", "Busy", "InACall");
        office.settle();
        office.pass(20_000);
        office.teams("ann", "Available", "Available");
        let id = hand_out(&mut office);
        office.report("ann", true, Origin::Person);
        let now = office.moment();
        office.engine.answered(id, Answer::Applied, now);
        assert_eq!(office.state("ann").dnd_acknowledged, None);
        assert!(dnd_only(office.pass_polled(60_000, "ann", "Available", "Available")).is_empty(), "a person's may be on");
        office.answers.insert("ann".into(), is);
        office.teams("ann", "Busy", "InACall");
        assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
        assert_eq!(office.explain("ann")["dnd"]["owner"], owner);
    }
}
