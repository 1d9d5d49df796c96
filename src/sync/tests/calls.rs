//! The host's own calls: what comes back from Teams of them decides nothing.

use super::*;

const MINUTE: u64 = 60_000;

impl Office {
    fn call(&mut self, id: &str, in_call: bool) {
        let now = self.moment();
        assert!(self.engine.report_call(id, in_call, now));
    }
}

fn available() -> Office {
    let mut office = Office::with_ann("");
    office.teams("ann", "Available", "Available");
    office.settle();
    office
}

#[test]
fn a_call_that_comes_back_from_teams_switches_nothing() {
    let mut office = available();
    office.call("ann", true);
    // It shows minutes later, as either of the two, and stays a while after the end.
    assert_eq!(dnd_only(office.pass_polled(3 * MINUTE, "ann", "Available", "Available")), [""; 0]);
    let log = office.pass_polled(20 * MINUTE, "ann", "Busy", "InACall");
    assert_eq!(log, [""; 0], "chat is decided by the same presence as DND");
    office.call("ann", false);
    assert_eq!(dnd_only(office.pass_polled(3 * MINUTE, "ann", "Busy", "InAConferenceCall")), [""; 0]);
    assert_eq!(office.pass_polled(MINUTE, "ann", "Available", "Available"), [""; 0]);
    // The next one is a call of Teams.
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn a_presence_before_its_report_is_taken_back_at_once() {
    for delay in [0, 1_000, 4 * MINUTE] {
        let mut office = available();
        office.teams("ann", "Busy", "InACall");
        assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
        office.pass_polled(delay, "ann", "Busy", "InACall");
        office.call("ann", true);
        // No hold: a report.
        assert_eq!(office.settle(), ["ann dnd Off Rule #1", "ann chat Available Rule #1"], "{delay}");
        assert_eq!(office.pass_polled(10 * MINUTE, "ann", "Busy", "InACall"), [""; 0]);
        office.call("ann", false);
        assert_eq!(office.pass_polled(4 * MINUTE, "ann", "Busy", "InACall"), [""; 0]);
        assert_eq!(office.pass_polled(4 * MINUTE, "ann", "Available", "Available"), [""; 0]);
    }
}

#[test]
fn a_presence_still_held_back_is_forgotten() {
    let mut office = Office::with_ann(r#","dnd":{"hold_on_ms":5000}"#);
    office.teams("ann", "Available", "Available");
    office.settle();
    office.teams("ann", "Busy", "InACall");
    office.pass(1_000);
    office.call("ann", true);
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "Busy", "InACall")), [""; 0]);
}

#[test]
fn a_teams_call_of_long_before_keeps_what_it_decided() {
    let mut office = available();
    office.teams("ann", "Busy", "InACall");
    office.pass_polled(6 * MINUTE, "ann", "Busy", "InACall");
    office.call("ann", true);
    assert_eq!(dnd_only(office.pass_polled(3 * MINUTE, "ann", "Busy", "InAConferenceCall")), [""; 0]);
    assert_eq!(office.dnd("ann"), Some(Dnd::On));
    // What the presence says beside a call is heard as ever.
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "Available", "Available")), ["ann dnd Off Rule #1"]);
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "DoNotDisturb", "Presenting")), ["ann dnd On Rule #1"]);
    // The last decision stays.
    assert_eq!(office.pass_polled(MINUTE, "ann", "Busy", "InACall"), [""; 0]);
}

#[test]
fn dnd_in_teams_is_dnd_in_a_call_too() {
    let mut office = available();
    office.call("ann", true);
    office.teams("ann", "DoNotDisturb", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn five_minutes_after_the_end_it_is_a_teams_call() {
    let mut office = available();
    office.call("ann", true);
    office.pass_polled(MINUTE, "ann", "Busy", "InACall");
    office.call("ann", false);
    assert_eq!(dnd_only(office.pass_polled(5 * MINUTE - 5_000, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(dnd_only(office.pass(5_000)), ["ann dnd On Rule #1"], "by time alone");
    // The next call of the host's may be what it was: what was decided a moment ago is taken back.
    office.pass_polled(MINUTE, "ann", "Busy", "InACall");
    office.call("ann", true);
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Rule #1"]);
}

#[test]
fn another_presence_after_the_end_ends_it() {
    let mut office = available();
    office.call("ann", true);
    office.pass_polled(MINUTE, "ann", "Available", "Available");
    office.call("ann", false);
    // Seen again as it was: nothing changed, and yet it was seen.
    office.teams("ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn no_information_is_no_other_presence() {
    let mut office = available();
    office.call("ann", true);
    office.call("ann", false);
    office.teams("ann", "PresenceUnknown", "PresenceUnknown");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), [""; 0]);
}

#[test]
fn whatever_the_order_the_end_is_the_same() {
    // Begin and end of the call, begin and end of its shadow: in every order in which begin is before end, with every delay.
    let orders = ["RrPp", "RPrp", "RPpr", "PRrp", "PRpr", "PpRr"];
    for order in orders {
        for gap in [0, 5_000, 2 * MINUTE, 4 * MINUTE] {
            let mut office = Office::with_ann(r#","dnd":{"hold_off_ms":0}"#);
            office.teams("ann", "Available", "Available");
            let mut shown = ("Available", "Available");
            for act in order.chars() {
                match act {
                    'R' => office.call("ann", true),
                    'r' => office.call("ann", false),
                    'P' => shown = ("Busy", "InACall"),
                    _ => shown = ("Available", "Available"),
                }
                office.teams("ann", shown.0, shown.1);
                office.settle();
                if act == 'R' || act == 'P' && order.starts_with("RP") {
                    assert_ne!(office.dnd("ann"), Some(Dnd::On), "{order} {gap} {act}");
                }
                office.pass_polled(gap, "ann", shown.0, shown.1);
            }
            office.pass_polled(MINUTE, "ann", shown.0, shown.1);
            assert_ne!(office.dnd("ann"), Some(Dnd::On), "{order} {gap}");
            assert_eq!(office.state("ann").chat_desired, Some(Chat::Available), "{order} {gap}");
            assert!(!office.state("ann").dnd_owned, "{order} {gap}");
        }
    }
}

#[test]
fn a_person_is_in_a_call_while_any_of_his_users_is() {
    let mut office = Office::new("");
    let at = office.moment();
    for id in ["desk", "mobile"] {
        let input = UserInput { email: Some("ann@contoso.test".into()), ..user(id) };
        office.engine.put_user(&input, at);
    }
    let found = Resolution::Matched { object: object_of("ann"), by: MatchedBy::Mail };
    office.engine.resolve("ann@contoso.test", &found, at);
    office.teams("ann", "Available", "Available");
    office.settle();
    office.call("desk", true);
    office.call("mobile", true);
    office.call("desk", false);
    assert_eq!(dnd_only(office.pass_polled(10 * MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(office.explain("desk")["in_call"], true);
    assert_eq!(office.explain("desk")["own_call"]["presence_ignored"], true);
    office.call("mobile", false);
    assert_eq!(office.explain("desk")["in_call"], false);
    assert_eq!(dnd_only(office.pass_polled(4 * MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "Busy", "InACall")).len(), 2, "both, when the five minutes are over");
    // Who goes takes his call with him.
    office.pass_polled(6 * MINUTE, "ann", "Available", "Available");
    office.call("desk", true);
    office.pass_polled(MINUTE, "ann", "Busy", "InACall");
    let now = office.moment();
    assert!(office.engine.remove_user("desk", now));
    assert_eq!(dnd_only(office.settle()), ["mobile dnd On Rule #1"]);
}

#[test]
fn a_user_who_becomes_that_person_shares_the_call() {
    let mut office = available();
    office.call("ann", true);
    let now = office.moment();
    let twin = UserInput { entra_object_id: Some(object_of("ann").to_string().into()), ..user("second") };
    office.engine.put_user(&twin, now);
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(office.explain("second")["own_call"]["reported_for"], serde_json::json!(["ann"]));
    // Another person behind the user who is in the call: the call goes with him.
    let other = UserInput { email: Some("bob@contoso.test".into()), ..user("ann") };
    let now = office.moment();
    office.engine.put_user(&other, now);
    office.find("bob");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["second dnd On Resync #1"]);
    office.teams("bob", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), [""; 0]);
}

#[test]
fn a_report_without_end_is_forgotten_after_four_hours() {
    let mut office = available();
    office.call("ann", true);
    office.pass_polled(3 * 60 * MINUTE, "ann", "Busy", "InACall");
    // Said again: counted anew.
    office.call("ann", true);
    assert_eq!(dnd_only(office.pass_polled(240 * MINUTE - 5_000, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(office.explain("ann")["in_call"], true);
    office.pass(5_000);
    assert_eq!(office.explain("ann")["in_call"], false);
    // As after any end.
    assert_eq!(dnd_only(office.pass_polled(4 * MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(dnd_only(office.pass_polled(MINUTE + 5_000, "ann", "Busy", "InACall")), ["ann dnd On Rule #1"]);
}

#[test]
fn what_decides_nothing_is_still_news_of_today() {
    let mut office = available();
    office.call("ann", true);
    office.pass_polled(60 * MINUTE, "ann", "Busy", "InACall");
    assert!(!office.state("ann").stale);
    assert_eq!(office.told(Kind::Stale), 0);
    assert_eq!(office.state("ann").activity, crate::presence::Activity::InACall);
    // Silence makes it old as any other, and what is on then is released.
    office.pass(16 * MINUTE);
    assert!(office.state("ann").stale);
}

#[test]
fn a_call_does_not_end_an_override() {
    let mut office = available();
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.report("ann", false, Origin::Person);
    office.call("ann", true);
    assert_eq!(dnd_only(office.pass_polled(10 * MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(office.explain("ann")["dnd"]["overridden"], true);
    office.call("ann", false);
    // The same Teams call, five minutes after: the person has said no.
    assert_eq!(dnd_only(office.pass_polled(6 * MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    office.pass_polled(MINUTE + 5_000, "ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn nothing_known_before_is_given_back() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann chat Dnd Resync #1"]);
    office.call("ann", true);
    assert_eq!(office.settle(), ["ann dnd Off Rule #1", "ann chat Released Rule #1"]);
    assert_eq!(office.pass_polled(10 * MINUTE, "ann", "Busy", "InACall"), [""; 0]);
    office.call("ann", false);
    assert_eq!(office.pass_polled(MINUTE, "ann", "Available", "Available"), ["ann chat Available Rule #1"]);
    // The other order: nothing is said at all.
    let mut office = Office::with_ann("");
    office.call("ann", true);
    assert_eq!(office.pass_polled(10 * MINUTE, "ann", "Busy", "InACall"), [""; 0]);
}

#[test]
fn reports_outlive_a_stop_and_a_pause() {
    let mut office = available();
    office.call("ann", true);
    let now = office.moment();
    office.engine.set_enabled(false, now);
    office.pass(MINUTE);
    let now = office.moment();
    office.engine.set_enabled(true, now);
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    office.stopped();
    office.call("ann", true);
    let now = office.moment();
    office.engine.start(now);
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    office.call("ann", false);
    assert_eq!(dnd_only(office.pass_polled(6 * MINUTE, "ann", "Busy", "InACall")), ["ann dnd On Resync #1"]);
}

#[test]
fn unknown_and_removed_users() {
    let mut office = available();
    let now = office.moment();
    assert!(!office.engine.report_call("nobody", true, now));
    office.call("ann", false);
    office.call("ann", true);
    assert_eq!(office.engine.stats(now)["users"]["in_call"], 1);
    assert!(office.engine.remove_user("ann", now));
    office.settle();
    assert_eq!(office.engine.stats(now)["users"]["in_call"], 0);
    office.put(&["ann"]);
    assert_eq!(office.explain("ann")["in_call"], false);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
}

/// DoNotDisturb outranks Busy in what Teams shows (Microsoft, presence-setpresence), so Busy proves that it is over, whoever's call that is.
#[test]
fn a_dnd_of_teams_that_ends_behind_a_call_ends_within_five_minutes() {
    let mut office = available();
    office.call("ann", true);
    office.pass_polled(2 * MINUTE, "ann", "Busy", "InACall");
    office.teams("ann", "DoNotDisturb", "Focusing");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    office.pass_polled(3 * MINUTE, "ann", "DoNotDisturb", "Focusing");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.pass_polled(5 * MINUTE - 5_000, "ann", "Busy", "InACall")), [""; 0], "the last decision stays");
    assert_eq!(dnd_only(office.pass(5_000 + 10_000)), ["ann dnd Off Rule #1"], "by time alone, after the hold");
    assert_eq!(office.pass_polled(30 * MINUTE, "ann", "Busy", "InACall"), [""; 0]);
    assert_eq!(office.explain("ann")["own_call"]["presence_ignored"], true);
    // The next DND is DND again, and what follows the end of the call is as ever.
    office.teams("ann", "DoNotDisturb", "Presenting");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    office.teams("ann", "Busy", "InACall");
    office.call("ann", false);
    assert_eq!(dnd_only(office.pass_polled(4 * MINUTE, "ann", "Busy", "InACall")), [""; 0]);
    assert_eq!(dnd_only(office.pass_polled(MINUTE, "ann", "Available", "Available")), ["ann dnd Off Rule #1"]);
}

#[test]
fn an_override_of_a_dnd_that_ended_behind_a_call_ends_too() {
    let mut office = available();
    office.call("ann", true);
    office.teams("ann", "DoNotDisturb", "Focusing");
    office.settle();
    office.report("ann", false, Origin::Person);
    office.pass_polled(5 * MINUTE, "ann", "Busy", "InACall");
    assert_eq!(office.explain("ann")["dnd"]["overridden"], true);
    office.pass_polled(2 * MINUTE, "ann", "Busy", "InACall");
    assert_eq!(office.explain("ann")["dnd"]["overridden"], false);
    office.teams("ann", "DoNotDisturb", "Focusing");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}
