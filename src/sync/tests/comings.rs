//! Users who come, go, come back and change places, whatever the order in which host, directory and Graph answer.

use super::keep::Disk;
use super::*;

fn input(id: &str, email: &str) -> UserInput {
    UserInput { user_id: id.into(), email: Some(email.into()), ..UserInput::default() }
}

impl Office {
    fn answer_next(&mut self, answer: Answer) -> u64 {
        let Some(Delivery::Dnd(change)) = self.engine.next_delivery(self.moment()) else { panic!("a change of DND") };
        let now = self.moment();
        self.engine.answered(change.change_id, answer, now);
        change.change_id
    }

    /// The host's callback runs and has not come back.
    fn hand_out(&mut self) -> (u64, Dnd, Reason) {
        let Some(Delivery::Dnd(change)) = self.engine.next_delivery(self.moment()) else { panic!("a change of DND") };
        (change.change_id, change.value, change.reason)
    }

    fn remove(&mut self, id: &str) {
        let now = self.moment();
        assert!(self.engine.remove_user(id, now));
    }

    fn put_again(&mut self, id: &str) {
        let now = self.moment();
        self.engine.put_user(&user(id), now);
    }
}

fn ann_in_a_call() -> Office {
    let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office
}

#[test]
fn removed_and_put_again_before_the_release_went_out_changes_nothing() {
    let mut office = ann_in_a_call();
    office.remove("ann");
    office.put_again("ann");
    assert!(office.pass(800_000).is_empty(), "what is on stays on until there is news");
    assert!(office.state("ann").dnd_owned);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty());
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Rule #1"]);
}

#[test]
fn removed_and_put_again_without_news_is_released_when_it_is_stale() {
    let mut office = ann_in_a_call();
    office.remove("ann");
    office.put_again("ann");
    assert_eq!(dnd_only(office.pass(901_000)), ["ann dnd Off Stale #1"]);
}

#[test]
fn a_release_that_is_out_when_the_user_is_put_again_is_followed_by_what_is_wanted() {
    for (answer, wanted) in [
        (Answer::Applied, vec!["ann dnd On Rule #1"]),
        (Answer::Already, vec!["ann dnd On Rule #1"]),
        (Answer::Retry, vec![]),
        (Answer::Gone, vec!["ann dnd On Resync #1"]),
    ] {
        // Graph's answer before the host's, and after it.
        for graph_first in [true, false] {
            let mut office = ann_in_a_call();
            office.remove("ann");
            let (id, value, reason) = office.hand_out();
            assert_eq!((value, reason), (Dnd::Off, Reason::Removed));
            office.put_again("ann");
            let now = office.moment();
            if graph_first {
                office.teams("ann", "Busy", "InACall");
            }
            office.engine.answered(id, answer, now);
            if !graph_first {
                assert!(dnd_only(office.pass(5_000)).is_empty(), "{answer:?}: nothing is known of him yet");
                office.teams("ann", "Busy", "InACall");
            }
            assert_eq!(dnd_only(office.settle()), wanted, "{answer:?} {graph_first}");
            assert!(office.state("ann").dnd_owned && office.told(Kind::UserGone) == 0);
            office.teams("ann", "Available", "Available");
            assert_eq!(dnd_only(office.pass(1_000)), ["ann dnd Off Rule #1"], "{answer:?} {graph_first}");
        }
    }
}

#[test]
fn a_release_that_nobody_answers_is_followed_by_what_is_wanted_too() {
    let mut office = ann_in_a_call();
    office.remove("ann");
    let id = office.answer_next(Answer::Pending);
    office.put_again("ann");
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.pass(29_000)).is_empty(), "one change at a time");
    assert_eq!(dnd_only(office.pass(2_000)), ["ann dnd On Rule #1"], "the OFF may have been applied");
    assert!(!office.engine.acknowledge(id, Answer::Applied, office.moment()), "its answer comes too late to count");
    assert!(office.state("ann").dnd_owned);
}

#[test]
fn a_chat_state_that_nobody_answered_is_told_anew() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Available", "Available");
    office.settle();
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Away", "Away");
    office.settle();
    office.teams("ann", "Available", "Available");
    office.answers.clear();
    assert_eq!(office.pass(31_000), ["ann chat Available Resync #1"], "the host may show Away");
}

#[test]
fn gone_to_a_change_that_is_newer_than_the_put_still_ends_it() {
    let mut office = ann_in_a_call();
    office.remove("ann");
    let (old, ..) = office.hand_out();
    office.put_again("ann");
    office.teams("ann", "Busy", "InACall");
    let now = office.moment();
    office.engine.answered(old, Answer::Gone, now);
    office.answers.insert("ann".into(), Answer::Gone);
    office.settle();
    assert_eq!(office.told(Kind::UserGone), 1);
    office.teams("ann", "Available", "Available");
    assert!(office.pass(600_000).is_empty());
}

#[test]
fn gone_ends_a_removed_user_at_once() {
    let mut office = ann_in_a_call();
    office.answers.insert("ann".into(), Answer::Gone);
    office.remove("ann");
    assert_eq!(office.settle().len(), 1, "the chat state is not offered after it");
    assert_eq!(office.engine.stats(office.moment())["users"]["leaving"], 0);
    assert_eq!(office.told(Kind::ReleaseUndelivered), 0);
}

#[test]
fn an_answer_of_graph_for_a_removed_user_tells_the_host_nothing() {
    let mut office = Office::new("");
    office
        .engine
        .configure(Settings::new(&config(""), Outputs { dnd: true, queue: true, chat: true, presence: true }), office.moment());
    office.put(&["ann"]);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Retry);
    office.remove("ann");
    office.teams("ann", "Available", "Available");
    assert!(office.settle().iter().all(|line| !line.contains("presence")), "{:?}", office.log);
}

#[test]
fn a_late_answer_does_not_reach_who_has_the_place_now() {
    let mut office = ann_in_a_call();
    office.remove("ann");
    let first = office.answer_next(Answer::Pending);
    assert!(office.engine.acknowledge(first, Answer::Applied, office.moment()));
    office.settle();
    office.put(&["bob"]);
    office.teams("bob", "Busy", "InACall");
    assert!(!office.engine.acknowledge(first, Answer::Gone, office.moment()), "ann's place is bob's");
    assert_eq!(dnd_only(office.settle()), ["bob dnd On Resync #1"]);
}

#[test]
fn set_users_without_and_with_a_user_within_a_second() {
    for _ in 0..2 {
        let mut office = ann_in_a_call();
        office.put(&["bob"]);
        let now = office.moment();
        office.engine.set_users(vec![user("bob")], now);
        let (id, ..) = office.hand_out();
        office.engine.set_users(vec![user("ann"), user("bob")], now);
        office.engine.set_users(vec![user("bob")], now);
        office.engine.set_users(vec![user("ann")], now);
        office.engine.answered(id, Answer::Applied, now);
        office.teams("ann", "Busy", "InACall");
        assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
        assert!(office.engine.state("bob", now).is_err());
    }
}

#[test]
fn swapped_addresses_whatever_the_directory_answers_first() {
    for reverse in [false, true] {
        let mut office = Office::new(r#","dnd":{"hold_off_ms":0}"#);
        office.put(&["ann", "bob"]);
        office.teams("ann", "Busy", "InACall");
        office.teams("bob", "Available", "Available");
        office.settle();
        let now = office.moment();
        office.engine.set_users(vec![input("ann", "BOB@contoso.test"), input("bob", "Ann@contoso.test")], now);
        let mut asked = office.engine.addresses(Which::Pending);
        asked.sort();
        assert_eq!(asked.len(), 2, "both are searched anew: {asked:?}");
        office.teams("ann", "Busy", "InACall");
        office.teams("bob", "Available", "Available");
        assert!(office.settle().is_empty(), "whose presence it is, is not known yet; what is on stays on");
        let mut order = ["ann", "bob"];
        if reverse {
            order.reverse();
        }
        for person in order {
            office.find(person);
            office.teams("ann", "Busy", "InACall");
            office.teams("bob", "Available", "Available");
        }
        let mut log = dnd_only(office.settle());
        log.sort();
        assert_eq!(log, ["ann dnd Off Rule #1", "bob dnd On Rule #1"]);
        assert!(office.state("bob").dnd_owned && !office.state("ann").dnd_owned);
        assert_eq!(office.engine.polled().ids.len(), 2);
    }
}

#[test]
fn swapped_object_ids_swap_the_persons_at_once() {
    let mut office = Office::new(r#","dnd":{"hold_off_ms":0}"#);
    let named = |id: &str, person: &str| UserInput {
        user_id: id.into(),
        entra_object_id: Some(object_of(person).to_string().into()),
        ..UserInput::default()
    };
    let now = office.moment();
    office.engine.set_users(vec![named("1", "ann"), named("2", "bob")], now);
    office.teams("ann", "Busy", "InACall");
    office.teams("bob", "Available", "Available");
    office.settle();
    office.engine.set_users(vec![named("1", "bob"), named("2", "ann")], now);
    assert!(office.settle().is_empty());
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["2 dnd On Rule #1"]);
    office.teams("bob", "Available", "Available");
    assert_eq!(dnd_only(office.settle()), ["1 dnd Off Rule #1"]);
}

#[test]
fn a_swap_while_a_change_is_out_takes_its_answer() {
    let mut office = Office::new(r#","dnd":{"hold_off_ms":0}"#);
    office.put(&["ann", "bob"]);
    office.teams("ann", "Busy", "InACall");
    let id = office.answer_next(Answer::Pending);
    let now = office.moment();
    office.engine.set_users(vec![input("ann", "bob@contoso.test"), input("bob", "ann@contoso.test")], now);
    office.find("ann");
    office.find("bob");
    assert!(office.engine.acknowledge(id, Answer::Applied, now));
    assert!(office.state("ann").dnd_owned, "the host switched it on for the user, whoever stands behind him now");
    office.teams("ann", "Busy", "InACall");
    office.teams("bob", "Available", "Available");
    let mut log = dnd_only(office.settle());
    log.sort();
    assert_eq!(log, ["ann dnd Off Rule #1", "bob dnd On Resync #1"]);
}

#[test]
fn an_orphan_that_is_named_while_its_release_is_out() {
    let mut disk = Disk::default();
    disk.users.insert("ann".into(), Keeps::OWNED);
    let mut office = Office::after_crash("", &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.engine.set_users(vec![], now);
    let (id, value, reason) = office.hand_out();
    assert_eq!((value, reason), (Dnd::Off, Reason::Removed));
    office.engine.set_users(vec![user("ann")], now);
    office.engine.answered(id, Answer::Retry, now);
    office.find("ann");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
    assert!(office.state("ann").dnd_owned, "refused: it is ours still");
    office.flush(&mut disk);
    assert_eq!(disk.users["ann"], Keeps::OWNED);
}

#[test]
fn an_orphan_that_the_host_has_no_more_is_struck_out() {
    let mut disk = Disk::default();
    disk.users.insert("old".into(), Keeps::INTENDED.and(Keeps::OVERRIDDEN));
    let mut office = Office::after_crash("", &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.answers.insert("old".into(), Answer::Gone);
    office.engine.set_users(vec![user("ann")], now);
    assert_eq!(office.settle(), ["old dnd Off Removed #1"]);
    office.flush(&mut disk);
    assert!(disk.users.is_empty());
}

#[test]
fn a_release_whose_cause_is_over_is_not_offered_any_more() {
    // Seats, the switch, an account that is back: refused once, then served again before it was offered anew.
    type Act = fn(&mut Office, bool);
    let acts: [(&str, Act); 3] = [
        ("seats", |office, served| {
            let limit = if served { "" } else { r#","seats":{"limit":0}"# };
            let now = office.moment();
            office.engine.configure(settings(limit), now);
        }),
        ("switch", |office, served| {
            let now = office.moment();
            office.engine.set_enabled(served, now);
        }),
        ("account", |office, served| {
            let now = office.moment();
            let found = Resolution::Matched { object: object_of("ann"), by: MatchedBy::Mail };
            let answer = if served { found } else { Resolution::Unmatched(Unmatched::Disabled) };
            office.engine.resolve("ann@contoso.test", &answer, now);
        }),
    ];
    for (name, act) in acts {
        let mut office = Office::with_ann("");
        office.teams("ann", "Busy", "InACall");
        office.settle();
        office.answers.insert("ann".into(), Answer::Retry);
        act(&mut office, false);
        assert_eq!(dnd_only(office.settle()).len(), 1, "{name}");
        act(&mut office, true);
        assert!(dnd_only(office.pass(120_000)).is_empty(), "{name}: what is on stays on until there is news");
        office.answers.clear();
        office.teams("ann", "Busy", "InACall");
        assert!(dnd_only(office.settle()).is_empty() && office.state("ann").dnd_owned, "{name}");
    }
}

#[test]
fn gone_to_the_same_change_offered_again_after_the_put_counts() {
    let mut office = Office::with_ann("");
    office.answers.insert("ann".to_owned(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.put_user(&user("ann"), now);
    // The answer never comes; offered again it has its old number, and is newer than the put.
    office.answers.insert("ann".to_owned(), Answer::Gone);
    office.pass(31_000);
    let told = office.pass(120_000);
    assert!(told.is_empty(), "nothing after GONE: {told:?}");
}

/// "DND stays until the new one's first presence, at most `stale.after_ms`", whatever the policy says of silence.
#[test]
fn a_changed_address_ends_dnd_in_time_with_policy_hold_too() {
    let mut office = Office::with_ann(r#","stale":{"policy":"hold"}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.put_user(&input("ann", "new@contoso.test"), now);
    let found = Resolution::Matched { object: person(99), by: MatchedBy::Mail };
    office.engine.resolve("new@contoso.test", &found, now);
    assert!(office.pass(899_000).is_empty());
    assert_eq!(office.pass(2_000), ["ann dnd Off Stale #1", "ann chat Released Stale #1"]);
    // With the first presence of the new one the policy holds again.
    let now = office.moment();
    let raw = Raw { availability: Some("Busy"), activity: Some("InACall"), out_of_office: None };
    office.engine.observe(person(99), raw, Source::Poll, now);
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    assert!(office.pass(7_200_000).is_empty());
}

#[test]
fn an_override_is_known_when_the_user_was_removed_and_put_again() {
    let mut office = ann_in_a_call();
    office.pass(20_000);
    office.report("ann", false, Origin::Person);
    office.remove("ann");
    assert_eq!(office.pass(1_000), ["ann chat Released Removed #1"]);
    office.put(&["ann"]);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty(), "the person has said no");
    // Who does not come back is forgotten, and takes no seat meanwhile.
    office.remove("ann");
    office.pass(61_000);
    assert_eq!(office.engine.state("ann", office.moment()), Err(NoUser::NotFound));
}
