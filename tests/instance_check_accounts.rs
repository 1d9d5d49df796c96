//! The preflight of further accounts: each sign-in by itself, what its token carries, and who is behind it.

mod check_support;

use check_support::{config, office, run, simulator};
use serde_json::{Value, json};
use teams_presence_simulator::{AppSpec, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, UserSpec};
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
