//! What of the host's calls is to stand in Teams.

use super::*;
use crate::sync::{Act, Publication, Published};

const MINUTE: u64 = 60_000;
const PUBLISH: &str = r#","publish":{"calls":true}"#;
const SET: Act = Act::Set { expiration_ms: 10 * MINUTE };

impl Office {
    fn in_call(&mut self, id: &str, in_call: bool) {
        let now = self.moment();
        assert!(self.engine.report_call(id, in_call, now));
    }

    fn next(&mut self) -> Option<Publication> {
        let now = self.moment();
        self.engine.next_publication(now)
    }

    fn end(&mut self, publication: &Publication, outcome: Published) {
        let (sent_at, now) = (self.now, self.moment());
        self.engine.published(publication, outcome, sent_at, now);
    }

    /// What is asked of Graph until nothing is due, all of it answered well.
    fn publish(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        while let Some(publication) = self.next() {
            acts.push(publication.act);
            self.end(&publication, Published::Done);
        }
        acts
    }

    /// Lets time pass, publishing what is due on the way: minute of the act and the act.
    fn publish_for(&mut self, ms: u64) -> Vec<(u64, Act)> {
        let (begin, mut acts) = (self.now, Vec::new());
        while self.now < begin + ms {
            acts.extend(self.publish().into_iter().map(|act| ((self.now - begin) / MINUTE, act)));
            self.pass(5_000);
        }
        acts
    }

    fn standing(&self) -> usize {
        self.engine.publications(self.moment()).0
    }
}

fn ready(extra: &str) -> Office {
    let mut office = Office::with_ann(extra);
    office.teams("ann", "Available", "Available");
    office.settle();
    office
}

const fn failed(pause_ms: u64, perhaps: bool, everybody: bool) -> Published {
    Published::Failed { pause_ms, perhaps, everybody }
}

#[test]
fn nothing_is_published_unasked() {
    let mut office = ready("");
    office.in_call("ann", true);
    assert_eq!((office.publish(), office.engine.publication_due()), (vec![], None));
}

#[test]
fn a_call_is_set_refreshed_and_cleared() {
    let mut office = ready(PUBLISH);
    assert_eq!(office.engine.publication_due(), None);
    office.in_call("ann", true);
    office.in_call("ann", true);
    // At once, and again long before it would end.
    let acts = office.publish_for(20 * MINUTE);
    assert_eq!(acts, [(0, SET), (6, SET), (13, SET)]);
    office.in_call("ann", false);
    assert_eq!(office.publish(), [Act::Clear]);
    assert_eq!((office.publish_for(30 * MINUTE), office.standing(), office.engine.publication_due()), (vec![], 0, None));
}

#[test]
fn it_comes_back_and_switches_nothing_however_late() {
    let mut office = ready(PUBLISH);
    office.in_call("ann", true);
    office.publish();
    office.pass_polled(20_000, "ann", "Available", "Available");
    office.in_call("ann", false);
    office.publish();
    // Teams shows the short call when it is over: that it has not shown it before proves nothing.
    assert_eq!(dnd_only(office.pass_polled(2 * MINUTE, "ann", "Available", "Available")), [""; 0]);
    assert_eq!(dnd_only(office.pass_polled(30_000, "ann", "Busy", "InACall")), [""; 0]);
    office.pass_polled(5_000, "ann", "Available", "Available");
    // Shown and gone: the next is Teams' own.
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn what_graph_refused_does_not_come_back() {
    let mut office = ready(PUBLISH);
    office.in_call("ann", true);
    let publication = office.next().expect("a request");
    office.end(&publication, failed(MINUTE, false, true));
    office.in_call("ann", false);
    office.teams("ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    assert_eq!(office.publish_for(2 * MINUTE), [], "there is nothing to clear");
}

#[test]
fn one_request_at_a_time_and_the_newest_wish_after_it() {
    let mut office = ready(PUBLISH);
    office.in_call("ann", true);
    let set = office.next().expect("a request");
    office.in_call("ann", false);
    office.in_call("ann", true);
    office.in_call("ann", false);
    assert_eq!(office.next(), None, "the first is under way");
    office.end(&set, Published::Done);
    office.end(&set, failed(1, false, true));
    assert_eq!(office.publish(), [Act::Clear]);
}

#[test]
fn a_request_without_an_answer_may_have_been_carried_out() {
    let mut office = ready(PUBLISH);
    office.in_call("ann", true);
    let set = office.next().expect("a request");
    office.end(&set, failed(3_000, true, true));
    office.in_call("ann", false);
    assert_eq!(office.next(), None);
    office.pass(3_000);
    assert_eq!(office.publish(), [Act::Clear]);
    // A clear that goes on failing ends with the session.
    office.in_call("ann", true);
    office.publish();
    office.in_call("ann", false);
    let mut tries = 0;
    for _ in 0..11 {
        while let Some(clear) = office.next() {
            tries += 1;
            office.end(&clear, failed(MINUTE, true, true));
        }
        office.pass(MINUTE);
    }
    assert!((9..=11).contains(&tries), "{tries}");
    assert_eq!((office.next(), office.standing(), office.engine.publication_due()), (None, 0, None));
}

#[test]
fn what_concerns_all_holds_all_up_and_what_concerns_one_does_not() {
    let mut office = Office::new(PUBLISH);
    office.put(&["ann", "ben", "cleo"]);
    for id in ["ann", "ben", "cleo"] {
        office.in_call(id, true);
    }
    let first = office.next().expect("a request");
    office.end(&first, failed(15_000, false, false));
    assert_eq!(office.engine.publication_failures(first.object), (0, 1));
    assert_eq!(office.publish().len(), 2, "the others go on");
    office.pass(15_000);
    let again = office.next().expect("the first again");
    assert_eq!(again.object, first.object);
    office.end(&again, failed(MINUTE, false, true));
    assert_eq!(office.engine.publication_failures(first.object).0, 1);
    office.in_call("ben", false);
    office.in_call("cleo", false);
    assert_eq!(office.next(), None);
    assert_eq!(office.engine.publication_due(), Some(office.now + MINUTE));
    office.pass(MINUTE);
    assert_eq!(office.publish().len(), 3);
    assert_eq!(office.engine.publication_failures(first.object), (0, 0));
    // A reload may bring the consent.
    office.in_call("ann", false);
    office.in_call("ben", true);
    let refused = office.next().expect("a request");
    office.end(&refused, failed(MINUTE, false, true));
    assert_eq!(office.next(), None);
    office.engine.hurry_publications();
    assert!(office.next().is_some());
}

#[test]
fn whatever_ends_the_user_clears() {
    type End = fn(&mut Office);
    let ends: [(&str, End); 7] = [
        ("removed", |office| {
            let now = office.moment();
            office.engine.remove_user("ann", now);
        }),
        ("not named any more", |office| {
            let now = office.moment();
            office.engine.set_users(vec![user("ben")], now);
        }),
        ("disabled", |office| {
            let now = office.moment();
            office.engine.set_enabled(false, now);
        }),
        ("not found any more", |office| {
            let now = office.moment();
            office.engine.resolve("ann@contoso.test", &Resolution::Unmatched(Unmatched::Disabled), now);
        }),
        ("switched off", |office| {
            let now = office.moment();
            office.engine.configure(settings(""), now);
        }),
        ("no seat", |office| {
            let now = office.moment();
            office.engine.configure(settings(r#","publish":{"calls":true},"seats":{"limit":0}"#), now);
        }),
        ("stop", |office| {
            let now = office.moment();
            office.engine.begin_stop(now);
        }),
    ];
    for (what, act) in ends {
        let mut office = ready(PUBLISH);
        office.in_call("ann", true);
        assert_eq!(office.publish(), [SET], "{what}");
        act(&mut office);
        assert_eq!(office.publish(), [Act::Clear], "{what}");
        assert_eq!(office.standing(), 0, "{what}");
    }
    // And what was taken away for a while comes again while the call lasts.
    let mut office = ready(PUBLISH);
    office.in_call("ann", true);
    office.publish();
    for enabled in [false, true] {
        let now = office.moment();
        office.engine.set_enabled(enabled, now);
        assert_eq!(office.publish(), [if enabled { SET } else { Act::Clear }]);
    }
    let now = office.moment();
    office.engine.configure(settings(r#","publish":{"calls":true,"expiration_ms":300000}"#), now);
    assert_eq!(office.publish(), [], "another expiration counts from the next request on");
}

#[test]
fn one_person_is_published_once() {
    let mut office = Office::new(PUBLISH);
    let at = office.moment();
    for id in ["desk", "mobile"] {
        let input = UserInput { email: Some("ann@contoso.test".into()), ..user(id) };
        office.engine.put_user(&input, at);
    }
    office.engine.resolve("ann@contoso.test", &Resolution::Matched { object: object_of("ann"), by: MatchedBy::Mail }, at);
    office.in_call("desk", true);
    office.in_call("mobile", true);
    assert_eq!(office.publish(), [SET]);
    office.in_call("desk", false);
    assert_eq!(office.publish(), []);
    // Another person behind the user in the call: the first is cleared, the second shown.
    office.engine.resolve("ann@contoso.test", &Resolution::Matched { object: object_of("bea"), by: MatchedBy::Mail }, at);
    let mut acts = Vec::new();
    while let Some(publication) = office.next() {
        acts.push((publication.object, publication.act));
        office.end(&publication, Published::Done);
    }
    acts.sort_by_key(|(object, _)| *object == object_of("bea"));
    assert_eq!(acts, [(object_of("ann"), Act::Clear), (object_of("bea"), SET)]);
    office.in_call("mobile", false);
    assert_eq!(office.publish(), [Act::Clear]);
}

#[test]
fn what_a_stop_left_is_cleared_by_the_next_start() {
    let mut office = ready(PUBLISH);
    office.in_call("ann", true);
    office.publish();
    office.in_call("ann", false);
    let clear = office.next().expect("a request");
    assert_eq!(clear.act, Act::Clear);
    // The stop has no time for the answer.
    let now = office.moment();
    office.engine.begin_stop(now);
    office.engine.abandon_publications(now);
    office.stopped();
    assert_eq!(office.standing(), 1);
    office.end(&clear, Published::Done);
    assert_eq!(office.standing(), 1, "nobody listens to that any more");
    office.pass(MINUTE);
    let now = office.moment();
    office.engine.start(now);
    assert_eq!(office.publish(), [Act::Clear]);
    // A set of which nobody knows how it ended.
    office.in_call("ann", true);
    office.next().expect("a request");
    let now = office.moment();
    office.engine.begin_stop(now);
    office.engine.abandon_publications(now);
    office.stopped();
    assert_eq!(office.standing(), 1);
    office.pass(10 * MINUTE);
    assert_eq!(office.standing(), 0, "it ended by itself");
}

#[test]
fn a_forgotten_call_is_cleared() {
    let mut office = ready(PUBLISH);
    office.in_call("ann", true);
    let acts = office.publish_for(241 * MINUTE);
    assert_eq!(acts.last(), Some(&(240, Act::Clear)));
    assert_eq!(acts.len(), 37, "a set each 6:40 minutes, and the clear");
}

/// Of the crashed process before this one Teams still shows a call; the host says that there is none.
#[test]
fn what_a_crash_left_is_cleared_by_the_word_of_the_host() {
    // Before anything was seen: it decides nothing, and goes.
    let mut office = Office::with_ann(PUBLISH);
    office.in_call("ann", false);
    assert_eq!(office.publish(), [], "nothing is to be seen yet");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), [""; 0]);
    assert_eq!(office.publish(), [Act::Clear]);
    assert_eq!(dnd_only(office.pass_polled(2 * MINUTE, "ann", "Busy", "InACall")), [""; 0], "shown late");
    office.teams("ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"], "a call of Teams");
    assert_eq!((office.publish(), office.standing()), (vec![], 0));
    // After it was seen: it may be a call of Teams, so what it decided stands.
    let mut office = Office::with_ann(PUBLISH);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.in_call("ann", false);
    assert_eq!((dnd_only(office.settle()), office.publish()), (vec![], vec![Act::Clear]));
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Rule #1"]);
}

#[test]
fn before_its_first_presence_what_was_on_at_the_crash_stays_on() {
    // Said before the start, too: a host may tell of its calls with its users.
    let mut office = Office::stopped_new(PUBLISH);
    let now = office.moment();
    office.engine.put_user(&UserInput { host_dnd: HostDnd::OnOurs, ..user("ann") }, now);
    office.in_call("ann", false);
    office.engine.start(now);
    office.find("ann");
    assert_eq!(office.pass_polled(4 * MINUTE, "ann", "Busy", "InACall"), [""; 0]);
    assert_eq!(office.publish(), [Act::Clear]);
    // It is Teams' own: that is so five minutes after the report, as after any.
    assert_eq!(dnd_only(office.pass_polled(2 * MINUTE, "ann", "Busy", "InACall")), ["ann dnd On Resync #1"]);
}

#[test]
fn that_there_is_no_call_means_nothing_else() {
    // Nothing is published, Teams shows no call, or the session would have ended by itself.
    let mut office = Office::with_ann("");
    office.in_call("ann", false);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
    let mut office = ready(PUBLISH);
    office.in_call("ann", false);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
    office.pass_polled(11 * MINUTE, "ann", "Busy", "InACall");
    office.in_call("ann", false);
    assert_eq!((dnd_only(office.settle()), office.publish()), (vec![], vec![]));
}
