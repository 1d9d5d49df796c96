//! The queue's DND: the rules of the direct one, apart from it.

use super::*;

/// Busy and do not disturb: on for queues. The direct DND follows the default table.
pub(super) const RULES: &str = r#","dnd":{"hold_off_ms":0},"rules":{"list":[
    {"when":{"availability":["Busy","DoNotDisturb"]},"queue":"on"},{"when":{"availability":["BeRightBack"]},"queue":"keep"}]}"#;
pub(super) const WITHOUT: &str = r#","dnd":{"hold_off_ms":0}"#;

pub(super) fn explained(office: &Office, id: &str) -> serde_json::Value {
    office.engine.explain(id, office.moment()).expect("a user")
}

#[test]
fn the_two_are_apart() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    assert_eq!(office.settle(), ["ann queue On Resync #1", "ann chat Dnd Resync #1"], "a meeting is no direct DND");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Rule #1"]);
    let state = office.state("ann");
    assert_eq!((state.dnd_owned, state.queue_owned), (true, true));
    assert_eq!((state.queue_desired, state.queue_acknowledged), (Some(Dnd::On), Some(Dnd::On)));
    office.teams("ann", "BeRightBack", "BeRightBack");
    assert_eq!(office.settle(), ["ann dnd Off Rule #1", "ann chat Away Rule #1"], "keep");
    office.teams("ann", "Available", "Available");
    assert_eq!(office.settle(), ["ann queue Off Rule #1", "ann chat Available Rule #1"], "what no rule decides is off");
    assert!(!office.state("ann").queue_owned);
    let rules = &explained(&office, "ann")["rules"]["queue"];
    assert_eq!((rules["says"].as_str(), rules["fired"].as_str()), (Some("off"), Some("table")));
}

#[test]
fn dnd_then_queue_then_chat() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann queue On Resync #1", "ann chat Dnd Resync #1"]);
}

#[test]
fn without_a_word_there_is_nothing() {
    let mut office = Office::with_ann(WITHOUT);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.teams("ann", "Available", "Available");
    assert!(queue_only(office.settle()).is_empty());
    let state = office.state("ann");
    assert_eq!((state.queue_desired, state.queue_acknowledged, state.queue_owned), (None, None, false));
    let explained = explained(&office, "ann");
    assert!(explained["queue"].is_null() && explained["rules"]["queue"].is_null());
    let roster = office.engine.roster.iter().map(|(_, user)| user.queue.is_some()).collect::<Vec<_>>();
    assert_eq!(roster, [false], "and it costs nothing");
}

#[test]
fn a_set_speaks_for_its_own_users() {
    let rules = r#","dnd":{"hold_off_ms":0},"rules":{"sets":{"agents":[{"when":{"availability":["Away"]},"queue":"on"}]}}"#;
    let mut office = Office::with_ann(rules);
    let now = office.moment();
    office.engine.put_user(&UserInput { rule_set: Some("agents".into()), ..user("bob") }, now);
    office.find("bob");
    for id in ["ann", "bob"] {
        office.teams(id, "Away", "Away");
    }
    assert_eq!(queue_only(office.settle()), ["bob queue On Resync #1"]);
    // He loses the set, and with it the word.
    office.put(&["bob"]);
    assert_eq!(queue_only(office.settle()), ["bob queue Off Rule #1"]);
    assert!(explained(&office, "bob")["queue"].is_null());
}

#[test]
fn a_rules_holds_are_for_both() {
    let rules = r#","dnd":{"hold_off_ms":0},"rules":{"list":[
        {"when":{"availability":["Busy"]},"dnd":"on","queue":"on","hold_on_ms":5000},{"dnd":"off","queue":"off","hold_off_ms":7000}]}"#;
    let mut office = Office::with_ann(rules);
    office.teams("ann", "Busy", "Busy");
    assert!(dnd_only(office.pass(4_999)).is_empty() && office.queue.is_empty());
    assert_eq!(office.pass(1), ["ann dnd On Resync #1", "ann queue On Resync #1"]);
    office.teams("ann", "Away", "Away");
    assert!(queue_only(office.pass(6_999)).is_empty());
    assert_eq!(office.pass(1), ["ann dnd Off Rule #1", "ann queue Off Rule #1"]);
}

#[test]
fn a_persons_is_never_taken() {
    let mut office = Office::with_ann(RULES);
    office.report_queue("ann", true, Origin::Person);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann chat Dnd Resync #1"], "it stands as wanted already");
    office.teams("ann", "Available", "Available");
    assert!(queue_only(office.pass(600_000)).is_empty());
    assert_eq!(office.dnd("ann"), Some(Dnd::Off), "the direct one was ours");
}

#[test]
fn already_is_a_persons() {
    let mut office = Office::with_ann(RULES);
    office.answers.insert(queue_of("ann"), Answer::Already);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let state = office.state("ann");
    assert_eq!((state.queue_acknowledged, state.queue_owned, state.dnd_owned), (Some(Dnd::On), false, true));
    office.teams("ann", "Available", "Available");
    assert!(queue_only(office.pass(60_000)).is_empty());
}

#[test]
fn an_echo_in_one_is_none_in_the_other() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.report_queue("ann", true, Origin::Seen);
    assert!(office.state("ann").queue_owned, "the echo");
    office.report_queue("ann", true, Origin::Seen);
    let state = office.state("ann");
    assert!(!state.queue_owned && state.dnd_owned, "the second report is a person's, and says nothing of the direct one");
    // The direct one's echo is still to come.
    office.report("ann", true, Origin::Seen);
    assert!(office.state("ann").dnd_owned);
}

#[test]
fn an_override_is_of_one_lane() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(20_000);
    office.report_queue("ann", false, Origin::Seen);
    assert_eq!(explained(&office, "ann")["queue"]["overridden"], true);
    assert_eq!(explained(&office, "ann")["dnd"]["overridden"], false);
    assert!(office.pass_polled(120_000, "ann", "Busy", "InACall").is_empty(), "left alone while the call lasts");
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Rule #1"]);
    office.pass_polled(30_000, "ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Rule #1", "ann chat Dnd Rule #1"], "half a minute was not enough");
    // Neither a restart nor a reload that takes the word away for a while ends it.
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    office.stopped();
    office.engine.start(now);
    office.reload(WITHOUT);
    office.reload(RULES);
    office.teams("ann", "Busy", "InACall");
    assert!(queue_only(office.settle()).is_empty());
    office.teams("ann", "Available", "Available");
    office.pass_polled(65_000, "ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(queue_only(office.settle()), ["ann queue On Rule #1"]);
}

#[test]
fn what_one_is_refused_does_not_hold_up_the_other() {
    let mut office = Office::with_ann(RULES);
    office.answers.insert(queue_of("ann"), Answer::Retry);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann queue On Resync #1", "ann chat Dnd Resync #1"]);
    assert_eq!(office.pass(3_000), ["ann queue On Resync #2", "ann queue On Resync #3"]);
    let stats = office.engine.stats(office.moment());
    assert_eq!((stats["users"]["failing"].as_u64(), stats["users"]["owned"].as_u64()), (Some(1), Some(1)));
    assert_eq!(stats["users"]["queue_owned"].as_u64(), Some(0));
    office.pass(20_000);
    assert_eq!(office.told(Kind::HostRefuses), 1);
    let told = office.events.iter().find(|event| event.kind == Kind::HostRefuses).expect("told");
    assert!(told.json.contains(r#""output":"queue""#), "{}", told.json);
    office.answers.clear();
    let now = office.moment();
    assert!(office.engine.hurry(Some("ann"), now));
    assert_eq!(queue_only(office.settle()).len(), 1);
    assert_eq!(office.told(Kind::HostRecovered), 1);
}

#[test]
fn pending_is_waited_for_and_an_on_without_answer_is_taken_back() {
    let mut office = Office::with_ann(RULES);
    office.answers.insert(queue_of("ann"), Answer::Pending);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    let id = office.last_id;
    assert!(office.engine.awaits_answers());
    assert!(office.engine.acknowledge(id, Answer::Applied, office.moment()));
    assert!(office.state("ann").queue_owned && !office.engine.awaits_answers());
    assert!(!office.engine.acknowledge(id | 3, Answer::Applied, office.moment()), "no such output");

    let mut office = Office::with_ann(RULES);
    office.answers.insert(queue_of("ann"), Answer::Pending);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    office.teams("ann", "Available", "Available");
    assert!(queue_only(office.pass(29_999)).is_empty(), "one at a time");
    assert_eq!(queue_only(office.pass(1)), ["ann queue Off Rule #1"], "it may have been applied");
    assert_eq!(office.told(Kind::AcknowledgeTimedOut), 1);
}

#[test]
fn the_first_decision_is_delivered_again_after_a_start() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    let now = office.moment();
    office.engine.stopped(now);
    office.engine.start(now);
    office.answers.insert(queue_of("ann"), Answer::Already);
    office.teams("ann", "Busy", "InAMeeting");
    assert_eq!(queue_only(office.settle()), ["ann queue On Resync #1"]);
    assert!(office.state("ann").queue_owned, "the record stays");
}

#[test]
fn host_facts() {
    let cases = [
        (HostDnd::Off, vec!["ann queue On Resync #1"], true),
        (HostDnd::On, vec![], true),
        (HostDnd::OnOurs, vec![], true),
        (HostDnd::Unknown, vec![], true),
    ];
    for (fact, want, owned) in cases {
        let mut office = Office::with_ann(RULES);
        office.teams("ann", "Busy", "InAMeeting");
        office.settle();
        let now = office.moment();
        office.engine.put_user(&UserInput { host_queue_dnd: fact, ..user("ann") }, now);
        assert_eq!(office.settle(), want, "{fact:?}");
        assert_eq!(office.state("ann").queue_owned, owned, "{fact:?}");
    }
    // Ours by the host's mark, although no rule speaks of it: nobody would ever say off. A person's is left alone.
    for (fact, want) in [(HostDnd::OnOurs, vec!["ann queue Off Rule #1"]), (HostDnd::On, vec![])] {
        let mut office = Office::new(WITHOUT);
        let now = office.moment();
        office.engine.put_user(&UserInput { host_queue_dnd: fact, ..user("ann") }, now);
        office.find("ann");
        assert_eq!(queue_only(office.settle()), want, "{fact:?}");
    }
}

/// What ends a user's service, and the reason that the host is told.
type End = (&'static str, fn(&mut Office));

#[test]
fn whatever_ends_gives_both_back_and_chat_with_them() {
    let ends: [End; 6] = [
        ("Disabled", |office| {
            let now = office.moment();
            office.engine.set_enabled(false, now);
        }),
        ("Removed", |office| {
            let now = office.moment();
            office.engine.remove_user("ann", now);
        }),
        ("Unmatched", |office| {
            let now = office.moment();
            office.engine.resolve("ann@contoso.test", &Resolution::Unmatched(Unmatched::Unknown), now);
        }),
        ("Stale", |office| {
            office.now += 900_001;
            let now = office.moment();
            office.engine.tick(now);
        }),
        ("Stopping", |office| {
            let now = office.moment();
            office.engine.begin_stop(now);
        }),
        ("Seats", |office| office.reload(&format!(r#"{RULES},"seats":{{"limit":0}}"#))),
    ];
    for (reason, end) in ends {
        for (activity, both) in [("InACall", true), ("InAMeeting", false)] {
            let mut office = Office::with_ann(RULES);
            office.teams("ann", "Busy", activity);
            office.settle();
            end(&mut office);
            let mut want = vec![format!("ann queue Off {reason} #1"), format!("ann chat Released {reason} #1")];
            if both {
                want.insert(0, format!("ann dnd Off {reason} #1"));
            }
            assert_eq!(office.settle(), want);
            assert_eq!(office.told(Kind::AllReleased), usize::from(reason == "Disabled"));
        }
    }
}

#[test]
fn all_released_waits_for_the_queue_too() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert(queue_of("ann"), Answer::Retry);
    let now = office.moment();
    office.engine.set_enabled(false, now);
    office.settle();
    assert_eq!(office.told(Kind::AllReleased), 0);
    office.answers.clear();
    office.pass(60_000);
    assert_eq!(office.told(Kind::AllReleased), 1);
}

#[test]
fn a_refused_release_is_named() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    office.answers.insert(queue_of("ann"), Answer::Retry);
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    assert_eq!(office.told(Kind::ReleaseUndelivered), 1);
    // And one of a removed user after its time.
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    office.answers.insert(queue_of("ann"), Answer::Retry);
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.pass(15 * 60_000 - 1);
    assert_eq!((office.told(Kind::ReleaseUndelivered), office.engine.roster.len()), (0, 1));
    office.pass(1);
    assert_eq!((office.told(Kind::ReleaseUndelivered), office.engine.roster.len()), (1, 0));
}

#[test]
fn gone_is_gone_in_both() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert(queue_of("ann"), Answer::Gone);
    office.teams("ann", "Available", "Available");
    office.settle();
    office.teams("ann", "Busy", "InACall");
    assert!(office.pass(60_000).is_empty());
    assert_eq!(office.told(Kind::UserGone), 1);
    office.answers.clear();
    office.put(&["ann"]);
    let again = office.settle();
    assert!(
        again.contains(&"ann queue On Resync #1".to_owned()) && again.contains(&"ann dnd On Resync #1".to_owned()),
        "{again:?}"
    );
}

#[test]
fn a_word_that_a_reload_takes_away_is_taken_back() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    office.reload(WITHOUT);
    assert_eq!(office.settle(), ["ann queue Off Rule #1"], "nobody would ever say off");
    assert!(explained(&office, "ann")["queue"].is_null());
    office.reload(RULES);
    assert_eq!(office.settle(), ["ann queue On Resync #1"]);
    // What a person switched on stays his, whether or not a rule spoke of it when he did.
    let mut office = Office::with_ann(WITHOUT);
    office.report_queue("ann", true, Origin::Person);
    office.reload(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    office.teams("ann", "Available", "Available");
    assert!(queue_only(office.pass(600_000)).is_empty());
    office.reload(WITHOUT);
    office.report_queue("ann", false, Origin::Person);
    assert!(explained(&office, "ann")["queue"].is_null(), "nothing to remember");
}

#[test]
fn a_word_taken_away_is_refused_and_comes_again() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    office.answers.insert(queue_of("ann"), Answer::Retry);
    office.reload(WITHOUT);
    assert_eq!(office.pass(3_000), ["ann queue Off Rule #1", "ann queue Off Rule #2", "ann queue Off Rule #3"]);
    office.answers.clear();
    assert_eq!(queue_only(office.pass(60_000)).len(), 1);
}

#[test]
fn another_person_behind_the_address() {
    let mut office = Office::with_ann(RULES);
    office.teams("ann", "Busy", "InAMeeting");
    office.settle();
    let now = office.moment();
    office.engine.put_user(&UserInput { email: Some("eve@contoso.test".into()), ..user("ann") }, now);
    assert!(office.pass(60_000).is_empty(), "stands until the first news of the new one");
    office.find("eve");
    office.teams("eve", "Available", "Available");
    assert_eq!(queue_only(office.settle()), ["ann queue Off Rule #1"]);
}

#[test]
fn force_lets_teams_lead_here_too() {
    let mut office = Office::with_ann(&RULES.replace(r#""hold_off_ms":0"#, r#""hold_off_ms":0,"ownership":"force""#));
    office.teams("ann", "Available", "Available");
    assert_eq!(queue_only(office.settle()), ["ann queue Off Resync #1"], "whoever set it");
    office.pass(20_000);
    office.report_queue("ann", true, Origin::Person);
    assert!(queue_only(office.pass_polled(60_000, "ann", "Away", "Away")).is_empty(), "stands until desired next changes");
}

#[test]
fn without_the_callback_nothing_is_decided() {
    let mut office = Office::stopped_new(RULES);
    let outputs = Outputs { dnd: true, chat: true, presence: false, queue: false };
    office.engine = Engine::new(Settings::new(&config(RULES), outputs), true, 1);
    let now = office.moment();
    office.engine.start(now);
    office.put(&["ann"]);
    office.report_queue("ann", true, Origin::Person);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann chat Dnd Resync #1"]);
    assert_eq!(office.state("ann").queue_desired, None);
    assert!(explained(&office, "ann")["queue"].is_null());
}
