//! Start, stop, enable, silence, age.

use super::*;

#[test]
fn nothing_goes_out_before_start() {
    let mut engine = Engine::new(settings(""), true, 1);
    let now = Moment { mono_ms: START, wall_ms: 0 };
    engine.put_user(&user("ann"), now);
    engine.resolve("ANN@contoso.test", &Resolution::Matched { object: object_of("ann"), by: MatchedBy::Mail }, now);
    engine.observe(
        object_of("ann"),
        Raw { availability: Some("Busy"), activity: Some("InACall"), out_of_office: None },
        Source::Poll,
        now,
    );
    assert_eq!(engine.next_delivery(now), None);
    assert_eq!(engine.next_deadline(), None);
}

#[test]
fn the_first_decision_after_a_start_is_delivered() {
    let mut office = Office::with_ann(r#","dnd":{"on_stop":"hold"}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    office.stopped();
    office.engine.start(now);
    assert!(office.settle().is_empty(), "an old presence decides nothing");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann chat Dnd Resync #1"]);
}

#[test]
fn a_stop_offers_each_release_once() {
    let mut office = Office::with_ann("");
    office.put(&["bob", "eve"]);
    for id in ["ann", "bob"] {
        office.teams(id, "Busy", "InACall");
    }
    office.teams("eve", "Available", "Available");
    office.settle();
    office.answers.insert("bob".into(), Answer::Retry);
    let now = office.moment();
    office.engine.begin_stop(now);
    let log = office.pass(120_000);
    assert_eq!(
        log,
        [
            "ann dnd Off Stopping #1",
            "bob dnd Off Stopping #1",
            "eve chat Released Stopping #1",
            "ann chat Released Stopping #1",
            "bob chat Released Stopping #1"
        ]
    );
    assert_eq!(office.told(Kind::ReleaseUndelivered), 1);
    office.stopped();
    assert_eq!(office.engine.next_delivery(office.moment()), None);
}

#[test]
fn a_stop_waits_for_pending_answers() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Pending);
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    assert!(office.engine.awaits_answers());
    assert!(office.engine.acknowledge(office.last_id, Answer::Applied, now));
    office.stopped();
    assert!(!office.engine.awaits_answers());
    assert!(!office.state("ann").dnd_owned);
}

#[test]
fn a_stop_that_waits_no_longer_takes_back_and_names() {
    // An OFF that nobody acknowledges: named.
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Pending);
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    assert_eq!(office.told(Kind::ReleaseUndelivered), 0, "answers are awaited");
    office.engine.give_up_answers(now);
    assert!(!office.engine.awaits_answers());
    assert!(office.settle().is_empty(), "each release is offered once");
    assert_eq!(office.told(Kind::ReleaseUndelivered), 1);

    // An ON that nobody acknowledges may have been applied: its OFF goes out.
    let mut office = Office::with_ann("");
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.begin_stop(now);
    assert!(office.settle().is_empty(), "one change at a time");
    office.answers.clear();
    office.engine.give_up_answers(now);
    assert_eq!(office.settle(), ["ann dnd Off Stopping #1", "ann chat Released Stopping #1"]);
    assert_eq!(office.told(Kind::ReleaseUndelivered), 0);
}

#[test]
fn a_release_left_over_from_a_stop_has_its_time_after_the_next_start() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Retry);
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.settle();
    office.engine.begin_stop(now);
    office.settle();
    office.stopped();
    office.now += 3_600_000;
    office.engine.start(office.moment());
    office.pass(30_000);
    assert!(office.engine.state("ann", office.moment()).is_ok(), "still offered");
    office.answers.clear();
    office.pass(60_000);
    assert_eq!(office.dnd("ann"), Some(Dnd::Off));
    assert!(office.engine.state("ann", office.moment()).is_err());
}

#[test]
fn where_owned_dnd_is_released_chat_is_too() {
    let mut office = Office::with_ann(r#","rules":{"list":[{"when":{},"chat":"keep"}]}"#);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Resync #1"]);
    let now = office.moment();
    office.engine.set_enabled(false, now);
    assert_eq!(office.settle(), ["ann dnd Off Disabled #1", "ann chat Released Disabled #1"]);
    office.engine.set_enabled(true, now);
    office.engine.set_enabled(false, now);
    assert!(office.settle().is_empty(), "once");
}

#[test]
fn disabling_releases_and_says_when_it_is_done() {
    let mut office = Office::with_ann("");
    office.put(&["bob"]);
    office.report("bob", true, Origin::Person);
    for id in ["ann", "bob"] {
        office.teams(id, "Busy", "InACall");
    }
    office.settle();
    let now = office.moment();
    office.engine.set_enabled(false, now);
    assert!(office.engine.polled().ids.is_empty());
    assert_eq!(office.told(Kind::AllReleased), 0);
    let log = office.settle();
    assert_eq!(dnd_only(log), ["ann dnd Off Disabled #1"], "a person's stays");
    assert_eq!(office.told(Kind::AllReleased), 1);
    office.pass(3_600_000);
    assert_eq!((office.told(Kind::SourceQuiet), office.told(Kind::Stale)), (0, 0), "silence is right while disabled");
    let now = office.moment();
    office.engine.set_enabled(true, now);
    assert!(office.settle().is_empty(), "an hour-old presence decides nothing");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn silence_is_told_then_released_then_recovered() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(59_000);
    assert_eq!(office.told(Kind::SourceQuiet), 0);
    office.pass(2_000);
    assert_eq!(office.told(Kind::SourceQuiet), 1);
    assert!(dnd_only(office.pass(800_000)).is_empty());
    assert_eq!(dnd_only(office.pass(60_000)), ["ann dnd Off Stale #1"]);
    assert_eq!(office.told(Kind::Stale), 1);
    assert!(office.state("ann").stale);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    assert_eq!(office.told(Kind::SourceRecovered), 1);
    assert!(!office.state("ann").stale);
}

#[test]
fn hold_keeps_what_stands_in_silence() {
    let mut office = Office::with_ann(r#","stale":{"policy":"hold"}"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    assert!(office.pass(7_200_000).is_empty());
    assert_eq!(office.told(Kind::Stale), 1);
}

#[test]
fn no_information_does_not_renew_the_age() {
    let mut office = Office::with_ann("");
    office.teams("ann", "DoNotDisturb", "DoNotDisturb");
    office.settle();
    let log = office.pass_polled(960_000, "ann", "PresenceUnknown", "PresenceUnknown");
    assert_eq!(dnd_only(log), ["ann dnd Off Stale #1"]);
    assert_eq!(office.told(Kind::SourceQuiet), 0, "answers came");
    office.teams("ann", "Holography", "Busy");
    office.teams("ann", "Holography", "Busy");
    assert_eq!(office.told(Kind::UnknownWord), 1, "once per word");
}

#[test]
fn a_reload_decides_anew_and_keeps_the_owner() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    let now = office.moment();
    office.engine.configure(settings(r#","rules":{"dnd_on":["Busy"]}"#), now);
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    office.engine.configure(settings(r#","dnd":{"hold_off_ms":0}"#), now);
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Rule #1"]);
}

#[test]
fn idle_engines_ask_for_no_timer() {
    let office = Office::new("");
    let deadline = office.engine.next_deadline();
    assert!(deadline.is_none_or(|at| at >= START + 30_000), "{deadline:?}");
}

#[test]
fn who_was_handed_over_long_before_the_start_is_not_stale_by_it() {
    let mut office = Office::stopped_new("");
    let now = office.moment();
    office.engine.set_users(vec![UserInput { host_dnd: HostDnd::OnOurs, ..user("ann") }], now);
    // A host that reads its users when the machine boots, and starts an hour later; Graph is slow to answer.
    office.now += 3_600_000;
    office.engine.start(office.moment());
    office.find("ann");
    assert!(dnd_only(office.pass(899_000)).is_empty(), "nobody has asked for him before the start");
    assert_eq!(dnd_only(office.pass(2_000)), ["ann dnd Off Stale #1"]);
    // Nor by a second start.
    let mut office = Office::with_ann("");
    office.pass(600_000);
    let now = office.moment();
    office.engine.begin_stop(now);
    office.stopped();
    office.now += 3_600_000;
    office.engine.start(office.moment());
    office.pass(600_000);
    assert!(!office.state("ann").stale);
}

#[test]
fn out_of_office_that_is_not_said_any_more_is_over() {
    let observed = |office: &mut Office, activity: &str, out_of_office: Option<bool>| {
        let now = office.moment();
        let raw = Raw { availability: Some("Away"), activity: Some(activity), out_of_office };
        office.engine.observe(object_of("ann"), raw, Source::Poll, now);
        office.state("ann").out_of_office
    };
    let mut office = Office::with_ann("");
    assert!(observed(&mut office, "Away", Some(true)));
    assert!(observed(&mut office, "Away", Some(true)));
    assert!(!observed(&mut office, "Away", None), "null and absent say: not out of office");
    assert!(observed(&mut office, "Away", Some(true)), "and back, with the same words");
    assert!(!observed(&mut office, "Away", Some(false)));
    // A word says it too, where the settings are never sent.
    for said in [None, Some(false), None] {
        assert!(observed(&mut office, "OutOfOffice", said), "{said:?}");
    }
    assert!(!observed(&mut office, "Away", None));
}

#[test]
fn all_released_is_told_where_it_was_disabled_from_the_start() {
    use super::keep::Disk;
    let mut disk = Disk::default();
    disk.users.insert("ann".into(), Keeps::OWNED);
    let mut office = Office::after_crash(r#","enabled":false"#, &disk, START);
    let now = office.moment();
    office.engine.set_enabled(false, now);
    office.engine.start(now);
    office.settle();
    assert_eq!(office.told(Kind::AllReleased), 0);
    office.engine.set_enabled(false, now);
    assert_eq!(office.told(Kind::AllReleased), 0, "what an earlier run left is not given back before its user is named");
    office.engine.set_users(vec![user("ann")], now);
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Disabled #1"]);
    assert_eq!(office.told(Kind::AllReleased), 1);
    // Who asks again is answered again.
    office.engine.set_enabled(false, now);
    assert_eq!(office.told(Kind::AllReleased), 2);
    office.pass(60_000);
    assert_eq!(office.told(Kind::AllReleased), 2);
}
