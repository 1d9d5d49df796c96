//! What `tps_explain` tells of one user.

use serde_json::{Value, json};

use super::*;

impl Office {
    fn wall(&self, ago_ms: u64) -> i64 {
        self.moment().wall_ms - ago_ms as i64
    }
}

/// The members, in order, with those of the inner objects: a contract with whoever reads the JSON.
fn members(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for (name, value) in value.as_object().expect("an object") {
        out.push(name.clone());
        if let Value::Object(inner) = value {
            out.extend(inner.keys().map(|inner| format!("{name}.{inner}")));
        }
    }
    out
}

#[test]
fn every_member_is_documented() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(1);
    office.teams("ann", "PresenceUnknown", "PresenceUnknown");
    let page = include_str!("../../../docs/explain.md");
    for member in members(&office.explain("ann")) {
        assert!(page.contains(&format!("| `{member}` |")), "docs/explain.md does not tell of {member}");
    }
    for inner in ["value", "for_ms", "acts_at_ms"] {
        assert!(page.contains(&format!("`{inner}`")), "{inner}");
    }
    // And nothing stands there that is not told. Of notifications the instance tells (tests/instance_notify.rs).
    let mut told = members(&office.explain("ann"));
    let of_instance = ["notifications", "notifications.subscribed", "notifications.account", "notifications.polled_because"];
    told.extend(of_instance.map(str::to_owned));
    for line in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let name = line.split('`').next().expect("a name");
        assert!(told.iter().any(|member| member == name), "docs/explain.md tells of {name}, which is not there");
    }
}

#[test]
fn the_last_answer_of_graph_with_its_age() {
    let mut office = Office::with_ann("");
    office.teams("ann", "busy", "inACall");
    office.pass(3_000);
    let why = office.explain("ann");
    assert_eq!((&why["presence"]["availability_text"], &why["presence"]["age_ms"]), (&"busy".into(), &3_000.into()));
    assert_eq!(why["no_information"], Value::Null);
    for _ in 0..2 {
        office.teams("ann", "PresenceUnknown", "PresenceUnknown");
        office.pass(5_000);
    }
    let why = office.explain("ann");
    let expected = json!({
        "availability_text": "PresenceUnknown", "since_ms": office.wall(10_000), "answered_at_ms": office.wall(5_000), "age_ms": 5_000
    });
    assert_eq!((&why["no_information"], &why["presence"]["age_ms"]), (&expected, &13_000.into()));
    office.teams("ann", "busy", "inACall");
    assert_eq!(office.explain("ann")["no_information"], Value::Null, "it speaks again");
}

#[test]
fn holds_tell_when_they_act() {
    let mut office = Office::with_ann(r#","rules":{"list":[{"when":{"activity":["Presenting"]},"dnd":"on","hold_on_ms":4000}]}"#);
    office.teams("ann", "DoNotDisturb", "Presenting");
    office.pass(1_000);
    let why = office.explain("ann");
    let acts_at_ms = office.wall(0) + 3_000;
    assert_eq!(why["dnd"]["held_back"], json!({ "value": "on", "for_ms": 1_000, "acts_at_ms": acts_at_ms }));
    assert_eq!(why["rules"]["dnd"]["fired"], "list[0]");
    assert_eq!(why["rules"]["chat"]["fired"], "table");
    office.pass(3_000);
    assert_eq!(dnd_only(office.log.clone()).len(), 1, "and then it does");
}

#[test]
fn an_override_tells_since_when_and_until_when() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.pass(60_000);
    office.report("ann", false, Origin::Person);
    office.pass(5_000);
    let dnd = office.explain("ann")["dnd"].clone();
    assert_eq!((&dnd["overridden"], &dnd["overridden_since_ms"]), (&true.into(), &office.wall(5_000).into()));
    assert_eq!(dnd["override_ends_at_ms"], Value::Null, "the rules say on");
    office.teams("ann", "Available", "Available");
    assert_eq!(office.explain("ann")["dnd"]["override_ends_at_ms"], office.wall(0) + 60_000);
    office.pass_polled(70_000, "ann", "Available", "Available");
    let dnd = office.explain("ann")["dnd"].clone();
    assert_eq!((&dnd["overridden"], &dnd["overridden_since_ms"]), (&false.into(), &Value::Null));
}

#[test]
fn an_override_of_an_earlier_run_began_before() {
    let mut disk = super::keep::Disk::default();
    disk.users.insert("ann".into(), Keeps::OVERRIDDEN);
    let mut office = Office::after_crash("", &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.put(&["ann"]);
    assert_eq!(office.explain("ann")["dnd"]["overridden_since_ms"], 0);
}

#[test]
fn the_hosts_last_answer_and_the_next_offer() {
    let mut office = Office::with_ann("");
    assert_eq!(office.explain("ann")["dnd"]["last_answer"], Value::Null);
    office.answers.insert("ann".into(), Answer::Retry);
    office.teams("ann", "Busy", "InACall");
    office.pass(1_500);
    let dnd = office.explain("ann")["dnd"].clone();
    assert_eq!((&dnd["last_answer"], &dnd["attempt"], &dnd["failures"]), (&"retry".into(), &2.into(), &2.into()));
    assert_eq!((&dnd["last_offered"], &dnd["wanted"]), (&"on".into(), &json!({ "value": "on", "reason": "resync" })));
    let next = dnd["next_offer_at_ms"].as_i64().expect("a time");
    assert!((office.wall(0)..office.wall(0) + 2_000).contains(&next), "{next}");
    office.answers.insert("ann".into(), Answer::Pending);
    office.pass(2_000);
    let dnd = office.explain("ann")["dnd"].clone();
    assert_eq!((&dnd["last_answer"], &dnd["out"], &dnd["next_offer_at_ms"]), (&"pending".into(), &"on".into(), &Value::Null));
    assert!(dnd["answer_due_at_ms"].as_i64().is_some_and(|at| at > office.wall(0)));
    office.pass(30_000);
    assert_eq!(office.explain("ann")["dnd"]["intended"], true);
    office.answers.clear();
    office.pass(60_000);
    let dnd = office.explain("ann")["dnd"].clone();
    assert_eq!((&dnd["last_answer"], &dnd["owner"], &dnd["wanted"]), (&"applied".into(), &"ours".into(), &Value::Null));
}

#[test]
fn an_answer_that_stays_out_is_told_as_timed_out() {
    let mut office = Office::with_ann("");
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    office.now += 30_000;
    let now = office.moment();
    office.engine.tick(now);
    assert_eq!(office.explain("ann")["dnd"]["last_answer"], "timed_out");
}

#[test]
fn what_would_change_if_it_were_enabled_now() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let now = office.moment();
    office.engine.set_enabled(false, now);
    office.settle();
    office.pass(60_000);
    let would = office.explain("ann")["if_enabled_now"].clone();
    let expected = json!({ "prevented_by": null, "dnd": "on", "queue": null, "chat": "dnd", "presence_age_ms": 60_000, "hold_ms": 0, "queue_hold_ms": 0 });
    assert_eq!(would, expected);
    assert_eq!(office.explain("ann")["dnd"]["wanted"], Value::Null, "and nothing is asked of the host meanwhile");
    office.pass(900_000);
    assert_eq!(office.explain("ann")["if_enabled_now"]["prevented_by"], "stale");
    let now = office.moment();
    office.engine.set_enabled(true, now);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    let would = office.explain("ann")["if_enabled_now"].clone();
    assert_eq!((&would["dnd"], &would["chat"]), (&Value::Null, &Value::Null), "it is so already");
    office.teams("ann", "Available", "Available");
    let would = office.explain("ann")["if_enabled_now"].clone();
    assert_eq!((&would["dnd"], &would["hold_ms"]), (&"off".into(), &10_000.into()), "held back by a hold");
    let before = office.log.len();
    let _ = office.explain("ann");
    assert_eq!(dnd_only(office.pass(9_000)).len(), 0);
    assert_eq!(dnd_only(office.pass(1_000)).len(), 1, "asking changes nothing: {:?}", &office.log[before..]);
}

#[test]
fn who_would_not_be_served_either_way() {
    let mut office = Office::new(r#","seats":{"limit":1},"enabled":true"#);
    office.put(&["ann", "bob"]);
    let now = office.moment();
    office.engine.put_user(&UserInput { user_id: "door".into(), ..UserInput::default() }, now);
    let prevented = |office: &Office, id: &str| office.explain(id)["if_enabled_now"]["prevented_by"].clone();
    assert_eq!(prevented(&office, "ann"), "no_presence");
    assert_eq!(prevented(&office, "bob"), "seats");
    assert_eq!(prevented(&office, "door"), "unmatched");
}

#[test]
fn what_would_change_knows_of_calls_and_of_the_queues_hold() {
    let rules = r#","rules":{"list":[{"when":{"activity":["InACall"]},"dnd":"on"},{"when":{"availability":["Busy"]},"queue":"on","hold_on_ms":7000}]}"#;
    let would = |office: &Office| office.explain("ann")["if_enabled_now"].clone();
    let mut office = Office::with_ann(&format!(r#"{rules},"dry_run":true"#));
    office.teams("ann", "Available", "Available");
    office.settle();
    let now = office.moment();
    office.engine.report_call("ann", true, now);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    assert_eq!((&would(&office)["dnd"], &would(&office)["queue"]), (&Value::Null, &Value::Null), "a call of the host's");
    assert_eq!(would(&office)["prevented_by"], Value::Null);
    // Behind a call of which nothing else is known, nothing would be asked.
    let mut office = Office::with_ann(rules);
    let now = office.moment();
    office.engine.report_call("ann", true, now);
    office.teams("ann", "Busy", "InACall");
    office.settle();
    assert_eq!(would(&office)["prevented_by"], "own_call");
    office.engine.set_enabled(false, now);
    assert_eq!(would(&office)["prevented_by"], "own_call", "the first presence would be one of the call");
    let mut office = Office::with_ann(&format!(r#"{rules},"dry_run":true"#));
    office.teams("ann", "Busy", "Busy");
    assert_eq!((&would(&office)["queue"], &would(&office)["queue_hold_ms"]), (&"on".into(), &7_000.into()));
}
