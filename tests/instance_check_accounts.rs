//! The preflight of further accounts: each sign-in by itself, what its token carries, and who is behind it.

mod check_support;
mod instance_support;

use check_support::{config, office, run, simulator};
use instance_support::{PATIENCE, create};
use serde_json::{Value, json};
use teams_presence_simulator::{Action, AppSpec, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, UserSpec};
use teams_presence_sync::event::{Event, Kind};
use teams_presence_sync::instance::check::{Step, Verdict};

const SECOND: &str = "second-service@contoso.test";
const SECOND_PASSWORD: &str = "of-the-second-1";

fn by_password(name: &str, username: &str, password: &str) -> Value {
    json!({ "name": name, "auth": { "method": "password", "username": username, "password": password } })
}

/// The main sign-in by a code that nobody has entered, and these accounts.
fn with(simulator: &Simulator, accounts: &[Value]) -> Value {
    let second = UserSpec {
        user_principal_name: Some(SECOND.to_owned()),
        password: Some(SECOND_PASSWORD.to_owned()),
        ..UserSpec::default()
    };
    simulator.default_tenant().add_user(second).expect("a user");
    let mut config = config(simulator);
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "device_code" });
    config["source"] = json!({
        "mode": "notifications", "notifications": { "url": "http://127.0.0.1:9/notify", "accounts": accounts },
    });
    config
}

fn scopes(simulator: &Simulator, scopes: &[&str]) {
    let scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let app = AppSpec { client_id: Some(PUBLIC_CLIENT_ID.to_owned()), scopes, ..AppSpec::default() };
    simulator.default_tenant().put_app(app).expect("an app");
}

#[test]
fn each_account_is_tried_and_told() {
    let simulator = simulator();
    scopes(&simulator, &["Presence.Read.All", "User.Read.All"]);
    let good = by_password("good", SERVICE_ACCOUNT, SERVICE_PASSWORD);
    let wrong = by_password("wrong", SECOND, "wrong-one");
    let unseen = json!({ "name": "unseen", "auth": { "method": "device_code" } });
    let config = with(&simulator, &[good, wrong, unseen]);
    let report = run(&config, office());
    let line = report.line(Step::Accounts);
    assert_eq!(line.verdict, Verdict::Failed, "{line:?}");
    for words in ["good: signed in by password", "wrong: sign-in refused", "AADSTS50126", "unseen: not tried"] {
        assert!(line.message.contains(words), "{words}: {line:?}");
    }
    assert!(line.remedy.contains("Set state.dir") && line.remedy.contains("tps login --account unseen"), "{line:?}");
    let list = line.facts["accounts"].as_array().expect("a list");
    let verdicts: Vec<&str> = list.iter().filter_map(|account| account["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["ok", "failed", "warning"], "{line:?}");
    assert_eq!((&list[1]["aadsts"], &list[0]["method"]), (&json!(50126), &json!("password")), "{line:?}");
    assert!(!line.to_json().contains("wrong-one"), "{line:?}");
    // The wrong one is not sent again.
    let again = run(&config, office());
    assert_eq!(again.line(Step::Accounts).facts["accounts"][1]["remembered"], true, "{:?}", again.lines);
    assert_eq!(simulator.counters().tokens_refused.get(&50126), Some(&1));
}

#[test]
fn what_an_account_lacks_and_who_it_is() {
    let simulator = simulator();
    scopes(&simulator, &["User.Read.All", "Mail.Read"]);
    let config = with(&simulator, &[by_password("one", SECOND, SECOND_PASSWORD)]);
    let report = run(&config, office());
    let line = report.line(Step::Accounts);
    assert_eq!(line.verdict, Verdict::Failed, "{line:?}");
    assert!(line.message.contains("missing: Presence.Read.All (delegated)"), "{line:?}");
    assert!(line.message.contains("more than needed: Mail.Read"), "{line:?}");
    assert!(line.remedy.contains("Delegated permissions: Presence.Read.All"), "{line:?}");

    scopes(&simulator, &["Presence.Read.All", "User.Read.All"]);
    let mut config = config;
    config["auth"] = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD });
    assert_eq!(run(&config, office()).verdict(Step::Summary), Verdict::Ok);
}

/// All sign in by a code, so that only their names tell them apart.
#[test]
fn the_accounts_of_a_running_instance_are_used_each_for_itself() {
    let simulator = simulator();
    scopes(&simulator, &["Presence.Read.All", "User.Read.All"]);
    simulator.oddities(|oddities| oddities.device_interval_s = 1);
    let dir = tempfile::tempdir().expect("a directory");
    let account = |name: &str| json!({ "name": name, "auth": { "method": "device_code" } });
    let mut config = with(&simulator, &[account("one"), account("two"), account("three")]);
    config["state"] = json!({ "dir": dir.path().join("teams") });
    let (instance, host) = create(&config);
    instance.start().expect("a start");
    let typed = |name: &str, user: &str| {
        let named = format!(r#""account":"{name}""#);
        let event = |kind| host.events(kind).into_iter().find(|event: &Event| event.json.contains(&named));
        let until = |kind| {
            let begin = std::time::Instant::now();
            loop {
                match event(kind) {
                    Some(event) => return event,
                    None => assert!(begin.elapsed() < PATIENCE, "{name}: {}", host.told(0)),
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        };
        let json: Value = serde_json::from_str(&until(Kind::SignInRequired).json).expect("JSON");
        let user_code = json["user_code"].as_str().expect("a code").to_owned();
        simulator.act(Action::DeviceCode { user_code, user: Some(user.to_owned()) }).expect("typed");
        until(Kind::SignedIn);
    };
    typed("one", "eva@contoso.test");
    typed("two", "finn@contoso.test");
    let report = run(&config, office());
    let line = report.line(Step::Accounts);
    for words in
        ["one: signed in by device_code: the sign-in of the running instance", "two: signed in by device_code: the sign-in"]
    {
        assert!(line.message.contains(words), "{words}: {line:?}");
    }
    assert!(line.message.contains("three: not tried: the running instance waits for a person"), "{line:?}");
    assert!(!line.to_json().contains("same_as"), "{line:?}");
    instance.stop(PATIENCE).expect("a stop");
    instance.destroy().expect("the end");
    // The stored ones, one after the other.
    let report = run(&config, office());
    let line = report.line(Step::Accounts);
    for words in ["one: signed in by device_code: the stored sign-in", "two: signed in by device_code: the stored sign-in"] {
        assert!(line.message.contains(words), "{words}: {line:?}");
    }
    assert!(line.message.contains("three: not tried: with a device code a person has to sign in"), "{line:?}");
}
