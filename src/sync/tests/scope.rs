//! For whom the library acts, and whether it acts at all: opt-out and dry run.

use super::*;

fn events(office: &mut Office, kind: Kind) -> Vec<serde_json::Value> {
    office.events.extend(office.engine.take_notices());
    let of = office.events.iter().filter(|event| event.kind == kind);
    of.map(|event| serde_json::from_str(&event.json).expect("JSON")).collect()
}

impl Office {
    fn asked(&mut self) -> (usize, usize) {
        (self.engine.addresses(Which::All).len(), self.engine.polled().ids.len())
    }
}

const ANN_OUT: &str = r#","opt_out":["ANN@Contoso.TEST"]"#;

#[test]
fn who_is_put_on_the_list_is_released_and_nothing_is_kept_or_asked() {
    let mut office = Office::new(r#","seats":{"limit":1}"#);
    office.put(&["ann", "bob"]);
    office.teams("ann", "Busy", "InACall");
    office.teams("bob", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"], "one seat");
    office.reload(r#","seats":{"limit":1},"opt_out":["ANN@Contoso.TEST","nobody","no.body@contoso.test"]"#);
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off OptedOut #1"]);
    assert_eq!(office.host["ann"], (Some(Dnd::Off), Some(Chat::Released)));
    let state = office.state("ann");
    assert_eq!((state.matched, state.availability, state.observed_at_ms), (false, crate::presence::Availability::Unknown, 0));
    assert_eq!(state.object_id, None, "what the directory said of him is forgotten");
    assert_eq!(office.asked(), (1, 1), "bob alone; he has the seat now");
    assert!(!office.engine.has_address("ann@contoso.test") && !office.engine.has_pending());
    assert!(office.engine.matched_ids(Some("ann")).is_empty() && office.engine.users_of(object_of("ann")).is_empty());
    office.teams("ann", "Busy", "InACall");
    office.find("ann");
    office.teams("bob", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["bob dnd On Resync #1"], "answers that were under way count for nothing");
    let explained = office.explain("ann");
    assert_eq!((&explained["matching"], &explained["because"]), (&"opted_out".into(), &"opted_out".into()));
    assert!(explained["presence"].is_null() && explained["if_enabled_now"]["prevented_by"] == "opted_out");
    let report = serde_json::to_value(office.engine.matching_report()).expect("JSON");
    assert_eq!((&report["counts"]["opted_out"], &report["counts"]["matched"]), (&1.into(), &1.into()));
    assert_eq!(report["users"][0]["matching"], "opted_out");
    assert_eq!(office.engine.stats(office.moment())["users"]["opted_out"], 1);
    let told = events(&mut office, Kind::OptedOut);
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["users"], &told[0]["entries_without_user"]), (&1.into(), &2.into()));
    assert_eq!(told[0]["unknown_user_ids"], serde_json::json!(["nobody"]), "addresses are not told");
}

#[test]
fn who_is_taken_off_the_list_is_followed_again() {
    let mut office = Office::new(ANN_OUT);
    let id = object_of("eve").to_string();
    let now = office.moment();
    office.engine.set_users(vec![user("ann"), UserInput { entra_object_id: Some(id.as_str().into()), ..user("eve") }], now);
    assert_eq!(office.engine.addresses(Which::All).len(), 0);
    office.reload(r#","opt_out":["ann","eve","eve"]"#);
    assert_eq!((office.asked(), office.engine.unchecked_ids().len(), office.engine.named_ids().len()), ((0, 0), 0, 0));
    office.teams("eve", "Busy", "InACall");
    assert!(office.settle().is_empty(), "named by object id and opted out");
    assert!(office.engine.leaves_alone(object_of("eve")) && !office.engine.leaves_alone(object_of("ann")));
    office.reload("");
    assert_eq!(office.engine.addresses(Which::Pending).len(), 1);
    assert_eq!(office.engine.unchecked_ids(), [object_of("eve")], "what the host named is still known");
    office.find("ann");
    office.teams("ann", "Busy", "InACall");
    office.teams("eve", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1", "eve dnd On Resync #1"]);
    assert_eq!(office.told(Kind::OptedOut), 3);
}

#[test]
fn a_new_address_may_be_on_the_list_and_an_old_one_off_it() {
    let mut office = Office::with_ann(r#","opt_out":["secret@contoso.test","103"]"#);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    let with = |email: &str| UserInput { email: Some(email.into()), ..user("ann") };
    office.engine.put_user(&with(" Secret@Contoso.test "), now);
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off OptedOut #1"]);
    assert_eq!(office.asked(), (0, 0));
    office.engine.put_user(&user("ann"), now);
    assert_eq!(office.asked().0, 1);
    office.find("ann");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()).len(), 1);
    // By id whoever he is, and a door phone is no matter of the list.
    office
        .engine
        .put_user(&UserInput { user_id: "103".into(), email: Some("x@contoso.test".into()), ..UserInput::default() }, now);
    assert_eq!(office.explain("103")["matching"], "opted_out");
    office.engine.put_user(&UserInput { user_id: "103".into(), ..UserInput::default() }, now);
    assert_eq!(office.explain("103")["matching"], "no_address");
}

#[test]
fn of_twins_only_the_one_on_the_list_is_left_alone() {
    let mut office = Office::new(r#","opt_out":["mobile"]"#);
    let twin = |id: &str| UserInput { user_id: id.into(), ..user("ann") };
    let now = office.moment();
    office.engine.set_users(vec![twin("desk"), twin("mobile")], now);
    office.find("ann");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["desk dnd On Resync #1"]);
    assert!(office.explain("mobile")["presence"].is_null());
}

#[test]
fn an_opted_out_user_of_an_earlier_run_is_released() {
    let mut disk = super::keep::Disk::default();
    disk.users.insert("ann".into(), Keeps::OWNED);
    let mut office = Office::after_crash(ANN_OUT, &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.engine.set_users(vec![UserInput { host_dnd: HostDnd::On, ..user("ann") }], now);
    assert_eq!(office.settle(), ["ann dnd Off OptedOut #1", "ann chat Released OptedOut #1"]);
}

#[test]
fn a_seat_lost_under_a_limit_that_is_gone_comes_back() {
    let mut office = Office::new(r#","seats":{"limit":1}"#);
    office.put(&["ann", "bob"]);
    let now = office.moment();
    office.engine.put_user(&UserInput { email: None, ..user("bob") }, now);
    office.reload("");
    office.put(&["bob"]);
    assert_eq!(office.explain("bob")["standing"], "served");
}

const DRY: &str = r#","dry_run":true,"dnd":{"hold_off_ms":0}"#;
const WET: &str = r#","dnd":{"hold_off_ms":0}"#;

#[test]
fn a_dry_run_releases_then_tells_and_sets_nothing() {
    let mut office = Office::with_ann(WET);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(1_000);
    let began = office.moment().wall_ms;
    office.reload(DRY);
    let delivery = office.engine.next_delivery(office.moment()).expect("the release");
    let Delivery::Dnd(change) = delivery else { panic!("{delivery:?}") };
    assert_eq!((change.value, change.reason, change.decided_at_ms), (Dnd::Off, Reason::DryRun, began));
    office.engine.answered(change.change_id, Answer::Applied, office.moment());
    assert_eq!(office.settle(), ["ann chat Released DryRun #1"]);
    assert!(!office.state("ann").dnd_owned);
    office.pass(10_000);
    let summary = events(&mut office, Kind::DryRunSummary);
    assert_eq!((summary.len(), &summary[0]["users"], &summary[0]["dnd_on"]), (1, &1.into(), &1.into()));
    assert_eq!((&summary[0]["chat"], &summary[0]["first"]), (&serde_json::json!(["dnd 1"]), &1.into()));
    assert!(events(&mut office, Kind::DryRunDecision).is_empty(), "his release is no decision");
    let would = office.explain("ann");
    assert_eq!((&would["if_enabled_now"]["dnd"], &would["dnd"]["wanted"]), (&"on".into(), &serde_json::Value::Null));

    office.teams("ann", "Available", "Available");
    office.teams("ann", "Available", "Available");
    office.pass(1_000);
    office.teams("ann", "DoNotDisturb", "Presenting");
    assert!(office.pass(120_000).is_empty(), "nothing is set");
    let told = events(&mut office, Kind::DryRunDecision);
    let words: Vec<_> =
        told.iter().map(|told| (told["user_id"].as_str(), told["would"].as_str(), told["dnd_rule"].as_str())).collect();
    assert_eq!(
        words,
        [(Some("ann"), Some("DND off, chat available"), Some("table")), (Some("ann"), Some("DND on, chat dnd"), Some("table"))]
    );
    assert_eq!((&told[1]["activity"], &told[1]["because"]), (&"Presenting".into(), &"rule".into()));
    assert_eq!(office.told(Kind::DryRunSummary), 1, "what was told singly is not summed up");
    assert_eq!(office.engine.stats(office.moment())["dry_run"], true);

    office.reload(WET);
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann chat Dnd Resync #1"], "as after a start");
    assert_eq!((office.told(Kind::DryRun), office.told(Kind::DryRunEnded)), (1, 1));
}

#[test]
fn a_dry_run_from_the_start_gives_back_what_an_earlier_run_left() {
    let mut disk = super::keep::Disk::default();
    disk.users.insert("ann".into(), Keeps::OWNED);
    disk.users.insert("old".into(), Keeps::OWNED);
    let mut office = Office::after_crash(DRY, &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.engine.set_users(vec![user("ann")], now);
    let mut log = office.settle();
    log.sort();
    let both = ["ann chat Released DryRun #1", "ann dnd Off DryRun #1", "old chat Released Removed #1", "old dnd Off Removed #1"];
    assert_eq!(log, both);
    assert_eq!(office.told(Kind::DryRun), 1);
    office.flush(&mut disk);
    assert!(disk.users.is_empty(), "{disk:?}");
}

#[test]
fn an_on_that_is_out_when_the_dry_run_begins_is_taken_back() {
    let mut office = Office::with_ann(WET);
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let id = office.last_id;
    office.reload(DRY);
    assert!(office.settle().is_empty());
    office.answers.clear();
    assert!(office.engine.acknowledge(id, Answer::Applied, office.moment()));
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off DryRun #1"]);
    assert_eq!(office.host["ann"].1, None, "the chat state is answered PENDING still");
}

#[test]
fn a_refused_release_of_a_dry_run_is_offered_again_and_leaving_it_takes_up_what_stands() {
    let mut office = Office::with_ann(WET);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.answers.insert("ann".into(), Answer::Retry);
    office.reload(DRY);
    office.pass(5_000);
    assert!(office.log.iter().any(|line| line == "ann dnd Off DryRun #2"), "{:?}", office.log);
    office.answers.clear();
    office.reload(WET);
    assert_eq!(office.settle(), ["ann dnd On Resync #1", "ann chat Dnd Resync #1"]);
    assert!(office.state("ann").dnd_owned);
}

#[test]
fn a_dry_run_leaves_persons_alone_and_tells_so() {
    let mut office = Office::with_ann(DRY);
    office.report("ann", true, Origin::Person);
    office.teams("ann", "Busy", "InACall");
    office.pass(20_000);
    let summary = events(&mut office, Kind::DryRunSummary);
    assert_eq!(summary[0]["dnd_on"], 0, "the DND is a person's");
    office.report("ann", false, Origin::Person);
    office.pass(1_000);
    let told = events(&mut office, Kind::DryRunDecision);
    assert!(told.is_empty(), "switched off in a call: an override {told:?}");
    assert_eq!(office.explain("ann")["dnd"]["overridden"], true);
    assert!(dnd_only(office.log.clone()).is_empty());
}

#[test]
fn disabling_and_staleness_are_told_in_a_dry_run() {
    let mut office = Office::with_ann(DRY);
    office.teams("ann", "Busy", "InACall");
    office.pass(901_000);
    let told = events(&mut office, Kind::DryRunDecision);
    assert_eq!(
        told.last().map(|told| (&told["would"], &told["because"])),
        Some((&"DND off, chat released".into(), &"stale".into()))
    );
    office.teams("ann", "Busy", "InACall");
    let now = office.moment();
    office.engine.set_enabled(false, now);
    let told = events(&mut office, Kind::DryRunDecision);
    assert_eq!(told.last().map(|told| &told["because"]), Some(&"disabled".into()));
    assert!(office.settle().is_empty());
}

#[test]
fn a_hundred_thousand_users_are_a_few_events() {
    let mut office = Office::new(DRY);
    let names: Vec<String> = (0..100_000).map(|n| format!("u{n}")).collect();
    let now = office.moment();
    office.engine.set_users(names.iter().map(|name| user(name)).collect(), now);
    names.iter().for_each(|name| office.find(name));
    office.settle();
    let before = office.events.len();
    for round in 0..30 {
        let (availability, activity) = if round % 2 == 0 { ("Busy", "InACall") } else { ("Available", "Available") };
        names.iter().step_by(37).for_each(|name| office.teams(name, availability, activity));
        office.pass(5_000);
    }
    office.pass(120_000);
    let (singles, summaries) = (office.told(Kind::DryRunDecision), office.told(Kind::DryRunSummary));
    assert!((60..=240).contains(&singles) && (2..=6).contains(&summaries), "{singles} {summaries}");
    let more = office.events[before..].iter().filter(|event| !matches!(event.kind, Kind::DryRunDecision | Kind::DryRunSummary));
    assert!(more.count() <= 3);
    let all = events(&mut office, Kind::DryRunSummary);
    let sum = |name: &str| all.iter().map(|event| event[name].as_u64().expect("a number")).sum::<u64>();
    let people = names.iter().step_by(37).count() as u64;
    assert_eq!(sum("first"), people);
    assert_eq!(sum("untold") + singles as u64, 29 * people, "nothing is lost in the count");
}

#[test]
fn a_place_that_is_given_to_another_begins_anew() {
    let mut office = Office::with_ann(DRY);
    office.teams("ann", "Busy", "InACall");
    office.pass(15_000);
    let now = office.moment();
    office.engine.remove_user("ann", now);
    office.put(&["bob"]);
    office.teams("bob", "Available", "Available");
    office.pass(60_000);
    let told = events(&mut office, Kind::DryRunDecision);
    let users: Vec<_> = told.iter().map(|told| (told["user_id"].as_str(), told["because"].as_str())).collect();
    assert_eq!(users, [(Some("ann"), Some("removed"))]);
    let summary = events(&mut office, Kind::DryRunSummary);
    assert_eq!(summary.last().map(|last| (&last["users"], &last["dnd_on"])), Some((&1.into(), &0.into())));
}
