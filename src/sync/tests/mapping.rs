//! Who is served.

use super::*;

fn input(id: &str, email: &str) -> UserInput {
    UserInput { user_id: id.into(), email: Some(email.into()), ..UserInput::default() }
}

#[test]
fn removed_users_are_released_and_forgotten() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    assert!(office.engine.remove_user("ann", now));
    assert!(!office.engine.remove_user("ann", now), "once");
    assert_eq!(office.settle(), ["ann dnd Off Removed #1", "ann chat Released Removed #1"]);
    office.pass(10_001);
    assert_eq!(office.engine.state("ann", office.moment()), Err(NoUser::NotFound), "as soon as no echo of it can come any more");
}

#[test]
fn a_release_that_nobody_takes_is_given_up_after_a_quarter_of_an_hour() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Retry);
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.pass(899_000);
    assert_eq!(office.told(Kind::ReleaseUndelivered), 0);
    office.pass(2_000);
    assert_eq!(office.told(Kind::ReleaseUndelivered), 1);
    assert_eq!(office.engine.state("ann", office.moment()), Err(NoUser::NotFound));
    assert_eq!(office.engine.stats(office.moment())["users"]["leaving"], 0);
}

#[test]
fn removed_and_put_again_keeps_what_stands() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.engine.put_user(&user("ann"), now);
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty());
    assert!(office.state("ann").dnd_owned);
}

#[test]
fn set_users_removes_who_is_not_named() {
    let mut office = Office::new("");
    office.put(&["ann", "bob", "eve"]);
    let now = office.moment();
    office.engine.set_users(vec![user("eve"), user("ann"), user("ann"), user("new")], now);
    assert!(office.engine.state("bob", now).is_err() && office.engine.state("new", now).is_ok());
    assert!(office.state("ann").matched, "known addresses need no new search");
    assert_eq!(office.engine.addresses(Which::Pending), [std::sync::Arc::from("new@contoso.test")]);
    assert_eq!(office.told(Kind::UserInvalid), 1, "the second entry with one id");
}

#[test]
fn data_faults_are_accepted_and_told() {
    let mut office = Office::new("");
    let users = vec![
        UserInput { user_id: "door".into(), ..UserInput::default() },
        input("odd", "not an address"),
        UserInput { entra_object_id: Some("xyz".into()), ..user("bad") },
        UserInput { rule_set: Some("nobody".into()), ..user("ann") },
    ];
    let now = office.moment();
    office.engine.set_users(users, now);
    assert_eq!((office.told(Kind::UserInvalid), office.told(Kind::RuleSetUnknown)), (3, 1));
    assert_eq!(office.engine.addresses(Which::All).len(), 1);
    let counts = office.engine.match_counts();
    assert_eq!((counts["no_address"], counts["invalid"], counts["pending"]), (1, 2, 1));
}

#[test]
fn an_object_id_beats_the_address() {
    let mut office = Office::new("");
    let now = office.moment();
    let id = object_of("somebody").to_string().to_uppercase();
    office.engine.put_user(&UserInput { entra_object_id: Some(id.into()), ..user("ann") }, now);
    assert!(office.engine.addresses(Which::All).is_empty());
    office.teams("somebody", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()).len(), 1);
    office.engine.put_user(&user("ann"), now);
    assert!(!office.state("ann").matched && office.state("ann").dnd_owned, "searched anew; what is on stays for the moment");
}

#[test]
fn twins_share_a_person() {
    let mut office = Office::new("");
    let now = office.moment();
    office.engine.set_users(vec![input("desk", "ann@contoso.test"), input("mobile", "Ann@Contoso.test")], now);
    assert_eq!(office.engine.addresses(Which::All).len(), 1);
    let turns =
        office.engine.resolve("ANN@CONTOSO.TEST", &Resolution::Matched { object: object_of("ann"), by: MatchedBy::Upn }, now);
    assert_eq!(turns.len(), 2);
    assert_eq!(office.engine.polled().ids.len(), 1);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["desk dnd On Resync #1", "mobile dnd On Resync #1"]);
    assert_eq!(office.engine.state("ann@contoso.test", now), Err(NoUser::Ambiguous));
    assert!(office.engine.state("desk", now).is_ok());
}

#[test]
fn a_whole_answer_is_taken_in_like_its_entries_one_by_one() {
    let raw = |n: usize| Raw { availability: Some(["Busy", "Available", "DoNotDisturb"][n % 3]), ..Raw::default() };
    for people in [0, 1, 15, 16, 17, 32, 40] {
        // Every fifth is nobody's, every seventh belongs to twins.
        let office = || {
            let mut office = Office::new("");
            let now = office.moment();
            for n in (0..people).filter(|n| n % 5 != 0) {
                for twin in 0..1 + usize::from(n % 7 == 0) {
                    let object = Some(person(n as u128 + 1).to_string().into());
                    let user_id = format!("{n} {twin}").into();
                    office.engine.put_user(&UserInput { user_id, entra_object_id: object, ..UserInput::default() }, now);
                }
            }
            office
        };
        let (mut whole, mut single) = (office(), office());
        let answer = |shift: usize| (0..people).map(move |n| (person(n as u128 + 1), raw(n + shift)));
        for (round, shift) in [0, 0, 1].into_iter().enumerate() {
            let (mut news, mut singly_news) = (Vec::new(), Vec::new());
            whole.engine.observe_all(answer(shift), Source::Poll, whole.moment(), |id| news.push(id));
            let now = single.moment();
            singly_news
                .extend(answer(shift).filter(|(id, raw)| single.engine.observe(*id, *raw, Source::Poll, now)).map(|(id, _)| id));
            assert_eq!(news, singly_news, "{people} people");
            // Twins come in no order of their own.
            let (mut told, mut singly) = (whole.settle(), single.settle());
            told.sort_unstable();
            singly.sort_unstable();
            assert_eq!(told, singly, "{people} people");
            assert_eq!(told.is_empty(), people < 2 || round == 1, "{people} people: news goes out, the same again does not");
        }
    }
}

#[test]
fn another_address_drops_the_old_person_but_not_the_dnd() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.put_user(&input("ann", "anna@contoso.test"), now);
    office.teams("ann", "Available", "Available");
    assert!(dnd_only(office.pass(60_000)).is_empty(), "the old person's presence counts no more");
    let found = Resolution::Matched { object: object_of("anna"), by: MatchedBy::Mail };
    office.engine.resolve("anna@contoso.test", &found, office.moment());
    assert!(dnd_only(office.settle()).is_empty());
    office.teams("anna", "Available", "Available");
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Rule #1"]);
}

#[test]
fn swapped_addresses_swap_the_persons() {
    let mut office = Office::new(r#","dnd":{"hold_off_ms":0}"#);
    office.put(&["ann", "bob"]);
    office.teams("ann", "Busy", "InACall");
    office.teams("bob", "Available", "Available");
    office.settle();
    let now = office.moment();
    office.engine.set_users(vec![input("ann", "bob@contoso.test"), input("bob", "ann@contoso.test")], now);
    office.find("ann");
    office.find("bob");
    office.teams("ann", "Busy", "InACall");
    office.teams("bob", "Available", "Available");
    let mut log = dnd_only(office.settle());
    log.sort();
    assert_eq!(log, ["ann dnd Off Rule #1", "bob dnd On Rule #1"]);
}

#[test]
fn newly_unmatched_users_are_released() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let turns = office.engine.resolve("ann@contoso.test", &Resolution::Unmatched(Unmatched::Disabled), office.moment());
    assert_eq!(turns.len(), 1);
    assert_eq!(office.settle(), ["ann dnd Off Unmatched #1", "ann chat Released Unmatched #1"]);
    assert!(office.engine.polled().ids.is_empty());
}

#[test]
fn the_first_have_seats() {
    let mut office = Office::new(r#","seats":{"limit":2}"#);
    let now = office.moment();
    office.engine.set_users(
        vec![user("ann"), UserInput { user_id: "door".into(), ..UserInput::default() }, user("bob"), user("eve")],
        now,
    );
    for id in ["ann", "bob", "eve"] {
        office.find(id);
        office.teams(id, "Busy", "InACall");
    }
    let mut log = dnd_only(office.settle());
    log.sort();
    assert_eq!(log, ["ann dnd On Resync #1", "bob dnd On Resync #1"]);
    assert_eq!((office.told(Kind::SeatsExceeded), office.engine.polled().ids.len()), (1, 2));
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.teams("eve", "Busy", "InACall");
    let mut log = dnd_only(office.settle());
    log.sort();
    assert_eq!(log, ["ann dnd Off Removed #1", "eve dnd On Resync #1"], "the next one moves up");
    assert_eq!(office.told(Kind::SeatsRestored), 1);
    // The order of the last set_users counts.
    let now = office.moment();
    office.engine.set_users(vec![user("eve"), user("new"), user("bob")], now);
    assert_eq!(dnd_only(office.settle()), ["bob dnd Off Seats #1"]);
}

#[test]
fn nobody_is_served_over_the_limit_where_configured() {
    let mut office = Office::new(r#","seats":{"limit":2,"over_limit":"none"}"#);
    office.put(&["ann", "bob"]);
    assert_eq!(office.told(Kind::SeatsNear), 1);
    for id in ["ann", "bob"] {
        office.teams(id, "Busy", "InACall");
    }
    assert_eq!(dnd_only(office.settle()).len(), 2);
    office.put(&["eve"]);
    let mut log = dnd_only(office.settle());
    log.sort();
    assert_eq!(log, ["ann dnd Off Seats #1", "bob dnd Off Seats #1"]);
    let now = office.moment();
    office.engine.remove_user("eve", now);
    for id in ["ann", "bob"] {
        office.teams(id, "Busy", "InACall");
    }
    assert_eq!(dnd_only(office.settle()).len(), 2);
}

#[test]
fn a_thousand_puts_over_the_limit_are_a_few_events() {
    let mut office = Office::new(r#","seats":{"limit":2}"#);
    let now = office.moment();
    let ids: Vec<String> = (0..1_000).map(|n| format!("u{n:04}")).collect();
    ids.iter().for_each(|id| office.engine.put_user(&user(id), now));
    office.settle();
    let told = office.told(Kind::SeatsExceeded);
    // One for each that can be named, then at 32, 64, ... of those left out.
    assert!((20..=28).contains(&told), "{told}");
    let stats = office.engine.stats(now);
    assert_eq!(stats["users"]["without_seat"], 998);
    // Whoever goes makes room for the next in the row, whichever of them it is.
    for id in ids.iter().take(500).chain(&ids[900..]) {
        assert!(office.engine.remove_user(id, now));
    }
    for id in &ids[500..900] {
        office.find(id);
    }
    let mut seated = |id: &str| office.engine.polled().ids.contains(&object_of(id));
    assert!(seated("u0500") && seated("u0501") && !seated("u0502"));
    assert_eq!(office.engine.stats(now)["users"]["without_seat"], 398);
    office.engine.set_users(ids.iter().take(10).map(|id| user(id)).collect(), now);
    office.settle();
    let told = office.told(Kind::SeatsExceeded);
    office.engine.set_users(ids.iter().take(9).map(|id| user(id)).collect(), now);
    office.settle();
    assert_eq!(office.told(Kind::SeatsExceeded), told + 1, "a whole mapping tells its number exactly");
}

#[test]
fn who_comes_and_goes_leaves_no_place_in_the_row() {
    let mut office = Office::new("");
    let now = office.moment();
    office.put(&["ann"]);
    for _ in 0..5_000 {
        office.put(&["bob"]);
        office.teams("bob", "Busy", "InACall");
        assert!(office.engine.remove_user("bob", now));
    }
    assert_eq!(office.engine.match_counts()["matched"], 1);
    assert!(office.engine.ready.len() <= 128, "{}", office.engine.ready.len());
    office.put(&["bob"]);
    office.teams("bob", "Busy", "InACall");
    office.teams("ann", "Busy", "InACall");
    let mut log = dnd_only(office.settle());
    log.sort();
    assert_eq!(log, ["ann dnd On Resync #1", "bob dnd On Resync #1"], "each once, although places were left behind");
}

#[test]
fn a_newcomer_with_the_address_of_somebody_found_is_searched() {
    let mut office = Office::with_ann("");
    let now = office.moment();
    office.engine.put_user(&UserInput { email: Some("ANN@contoso.test".into()), ..user("second") }, now);
    assert!(office.engine.has_pending());
    let addresses = office.engine.addresses(Which::Pending);
    assert_eq!(addresses, [std::sync::Arc::from("ANN@contoso.test")]);
    assert_eq!(office.engine.addresses(Which::All).len(), 1, "one address, however spelled");
    let found = Resolution::Matched { object: object_of("ann"), by: MatchedBy::Mail };
    assert_eq!(office.engine.resolve(&addresses[0], &found, now).len(), 1, "only the newcomer turns");
    assert!(!office.engine.has_pending() && office.engine.addresses(Which::Pending).is_empty());
}

#[test]
fn a_rule_set_that_a_reload_brings_is_taken_and_one_it_takes_away_comes_back() {
    let agents = r#","rules":{"sets":{"agents":[{"when":{"availability":["Busy"]},"dnd":"on"}]}}"#;
    let mut office = Office::new("");
    let agent = UserInput { rule_set: Some("agents".into()), ..user("ann") };
    for _ in 0..3 {
        let now = office.moment();
        office.engine.put_user(&agent, now);
    }
    assert_eq!(office.told(Kind::RuleSetUnknown), 1, "once per user and name");
    office.find("ann");
    office.teams("ann", "Busy", "Busy");
    assert!(dnd_only(office.settle()).is_empty());
    let now = office.moment();
    for round in 1..=2 {
        office.engine.configure(settings(agents), now);
        assert_eq!(dnd_only(office.settle()).len(), 1, "on");
        assert_eq!(office.told(Kind::RuleSetUnknown), round);
        office.engine.configure(settings(r#","dnd":{"hold_off_ms":0}"#), now);
        assert_eq!(dnd_only(office.settle()).len(), 1, "off: the default rules");
        assert_eq!(office.told(Kind::RuleSetUnknown), round + 1, "taken away: told");
    }
}

#[test]
fn an_address_names_those_who_stay() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Retry);
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.settle();
    office.engine.put_user(&input("successor", "ann@contoso.test"), now);
    assert!(office.engine.state("ann@contoso.test", now).is_ok(), "the one removed is no second one");
    assert!(office.engine.state("ann", now).is_ok(), "but can be asked for by id until his release is taken");
}

#[test]
fn who_has_no_seat_is_not_asked_for_by_hand_either() {
    let mut office = Office::new(r#","seats":{"limit":1}"#);
    office.put(&["ann", "bob"]);
    assert_eq!(office.engine.matched_ids(None), [object_of("ann")]);
    assert!(office.engine.matched_ids(Some("bob")).is_empty());
    let now = office.moment();
    office.engine.set_enabled(false, now);
    assert_eq!(office.engine.matched_ids(Some("ann")), [object_of("ann")], "disabled: by hand, yes");
}

/// A long hold and a host that refuses again and again set one timer after the other.
#[test]
fn timers_are_bounded_by_users() {
    let mut office = Office::with_ann(r#","dnd":{"hold_on_ms":3600000}"#);
    office.answers.insert("ann".into(), Answer::Retry);
    for n in 0..2_000u32 {
        office.teams("ann", ["Busy", "DoNotDisturb"][n as usize % 2], "InACall");
        office.pass(1_700);
    }
    assert!(office.engine.timers.len() <= 2 + 64 + 1, "{}", office.engine.timers.len());
}

#[test]
fn a_removed_user_is_there_until_his_release_was_answered() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    assert!(office.engine.remove_user("ann", now));
    assert!(office.engine.state("ann", now).is_ok(), "the release is still to be offered");
    assert!(office.engine.hurry(Some("ann"), now));
    office.settle();
    let now = office.moment();
    assert_eq!(office.engine.state("ann", now), Err(NoUser::NotFound), "he is kept for the echo only");
    assert!(office.engine.explain("ann", now).is_err());
    assert!(!office.engine.hurry(Some("ann"), now));
    assert!(!office.engine.remove_user("ann", now));
    assert!(office.engine.report_dnd("ann", false, Origin::Seen, now), "the echo of the release is taken");
    office.put(&["ann"]);
    assert!(office.engine.state("ann", office.moment()).is_ok());
}

#[test]
fn who_is_to_be_told_as_a_report_came_with_a_whole_mapping() {
    let mut office = Office::new("");
    let now = office.moment();
    office.engine.put_user(&user("ann"), now);
    assert!(!office.engine.take_handed_over(), "one by one is told one by one");
    office.find("ann");
    office.engine.set_users(vec![user("ann")], now);
    assert!(!office.engine.take_handed_over(), "nobody to search");
    office.engine.set_users(vec![user("ann"), user("ben")], now);
    assert!(office.engine.take_handed_over());
    assert!(!office.engine.take_handed_over(), "once");
    let by_object = UserInput { entra_object_id: Some(person(9).to_string().into()), ..user("cleo") };
    office.find("ben");
    office.engine.set_users(vec![user("ann"), user("ben"), by_object], now);
    assert!(office.engine.take_handed_over(), "an object id is asked about too");
}
