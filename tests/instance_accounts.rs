//! Several signed-in accounts in one instance: each with a code, a refusal and a memory of its own.

mod instance_support;

use std::path::Path;
use std::sync::Arc;

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{Action, EndpointClass, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, UserSpec};
use teams_presence_sync::event::{Event, Kind};
use teams_presence_sync::instance::{ErrorKind, Instance};
use teams_presence_sync::presence::Chat;

const SECOND: &str = "second-service@contoso.test";
const SECOND_PASSWORD: &str = "of-the-second-1";

fn prepare(sim: &Simulator) {
    sim.oddities(|oddities| oddities.device_interval_s = 1);
    let second = UserSpec { password: Some(SECOND_PASSWORD.to_owned()), ..person(SECOND) };
    sim.default_tenant().add_user(second).expect("a user");
}

/// The main sign-in by a password, and these accounts.
fn accounts(config: &mut Value, accounts: &[(&str, Value)]) {
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD });
    let list: Vec<Value> = accounts.iter().map(|(name, auth)| json!({ "name": name, "auth": auth })).collect();
    config["source"] = json!({
        "mode": "notifications", "poll_interval_ms": 250, "watchdog_interval_ms": 1_000,
        "notifications": { "url": "http://127.0.0.1:9/notify", "accounts": list },
    });
}

fn code() -> Value {
    json!({ "method": "device_code" })
}

fn password(password: &str) -> Value {
    json!({ "method": "password", "username": SECOND, "password": password })
}

fn account_of(event: &Event) -> Option<String> {
    let json: Value = serde_json::from_str(&event.json).expect("JSON");
    json["account"].as_str().map(str::to_owned)
}

fn events(host: &Host, kind: Kind, account: Option<&str>) -> Vec<Event> {
    host.events(kind).into_iter().filter(|event| account_of(event).as_deref() == account).collect()
}

/// What the statistics say of this account.
fn figures(instance: &Instance, name: &str) -> Value {
    let stats: Value = serde_json::from_str(&instance.stats()).expect("JSON");
    let list = stats["accounts"].as_array().expect("a list");
    list.iter().find(|account| account["name"] == name).unwrap_or_else(|| panic!("no {name} in {list:?}")).clone()
}

fn phase(instance: &Instance, name: &str) -> String {
    figures(instance, name)["phase"].as_str().unwrap_or_default().to_owned()
}

/// This person types the newest code of this account.
fn typed(rig: &Rig, host: &Host, account: &str, user: &str) {
    rig.until("a code", || !events(host, Kind::SignInRequired, Some(account)).is_empty());
    let event = events(host, Kind::SignInRequired, Some(account)).pop().expect("a code");
    let json: Value = serde_json::from_str(&event.json).expect("JSON");
    let user_code = json["user_code"].as_str().expect("a code").to_owned();
    rig.sim.act(Action::DeviceCode { user_code, user: Some(user.to_owned()) }).expect("typed");
}

fn again(config: &Value) -> (Arc<Instance>, Arc<Host>) {
    let (instance, host) = create(config);
    instance.set_users(vec![user("100", ANN)]).expect("users");
    instance.start().expect("a start");
    (instance, host)
}

fn ended(instance: &Instance) {
    instance.stop(PATIENCE).expect("a stop");
    instance.destroy().expect("the end");
}

fn files_hold(dir: &Path, words: &str) -> bool {
    std::fs::read_dir(dir).expect("a directory").any(|file| {
        let bytes = std::fs::read(file.expect("a file").path()).unwrap_or_default();
        bytes.windows(words.len()).any(|bytes| bytes == words.as_bytes())
    })
}

#[test]
fn each_account_signs_in_for_itself() {
    let rig = Rig::with(prepare, |config| accounts(config, &[("by-code", code()), ("by-password", password(SECOND_PASSWORD))]));
    rig.users(&[("100", ANN)]);
    rig.until("the password", || phase(&rig.instance, "by-password") == "signed_in");
    rig.until("the main one", || rig.stats()["sign_in"]["phase"] == "signed_in");
    rig.until("the code", || !events(&rig.host, Kind::SignInRequired, Some("by-code")).is_empty());
    let waiting = figures(&rig.instance, "by-code");
    assert_eq!((waiting["phase"].as_str(), waiting["error"].is_string()), (Some("waiting_for_person"), true), "{waiting}");
    let event = events(&rig.host, Kind::SignInRequired, Some("by-code")).remove(0);
    assert!(event.message.starts_with("Account by-code: A person must sign in: open "), "{}", event.message);
    assert!(event.json.contains(waiting["user_code"].as_str().expect("a code")), "{}", event.json);
    assert!(waiting["verification_uri"].is_string() && waiting["code_expires_at_ms"].is_i64(), "{waiting}");
    typed(&rig, &rig.host, "by-code", "eva@contoso.test");
    rig.until("the person", || phase(&rig.instance, "by-code") == "signed_in");
    let signed_in = figures(&rig.instance, "by-code");
    assert_eq!(signed_in["account"].as_str(), rig.sim.default_tenant().user_id("eva@contoso.test").as_deref());
    assert!(signed_in["token_age_ms"].is_u64() && signed_in["user_code"].is_null(), "{signed_in}");
    for account in [None, Some("by-code"), Some("by-password")] {
        rig.until("its event", || !events(&rig.host, Kind::SignedIn, account).is_empty());
        assert_eq!(events(&rig.host, Kind::SignedIn, account).len(), 1, "{account:?}: {}", rig.host.told(0));
    }
    // The main one is as it was without accounts.
    assert!(events(&rig.host, Kind::SignedIn, None)[0].message.starts_with("Signed in"), "{}", rig.host.told(0));
    assert!(rig.host.events(Kind::SamePerson).is_empty(), "{}", rig.host.told(0));
    rig.host.chat(0, "100", Chat::Available);
    rig.proves_alive();
    rig.stop();
    let idle = figures(&rig.instance, "by-code");
    assert_eq!(idle, json!({ "name": "by-code", "method": "device_code" }));
}

#[test]
fn one_refused_and_the_others_go_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let wrong = [("wrong", password("wrong-one")), ("by-code", code())];
    let rig = Rig::with(prepare, |config| {
        accounts(config, &wrong);
        config["state"] = json!({ "dir": place });
    });
    rig.users(&[("100", ANN)]);
    rig.until("the refusal", || !events(&rig.host, Kind::CredentialRefused, Some("wrong")).is_empty());
    let event = events(&rig.host, Kind::CredentialRefused, Some("wrong")).remove(0);
    assert!(event.message.starts_with("Account wrong: Microsoft Entra refuses the sign-in"), "{}", event.message);
    typed(&rig, &rig.host, "by-code", "eva@contoso.test");
    rig.until("the person", || phase(&rig.instance, "by-code") == "signed_in");
    let refused = figures(&rig.instance, "wrong");
    assert_eq!((refused["phase"].as_str(), refused["aadsts"].as_u64()), (Some("refused"), Some(50126)), "{refused}");
    rig.host.chat(0, "100", Chat::Available);
    rig.proves_alive();
    assert!(events(&rig.host, Kind::CredentialRefused, None).is_empty(), "{}", rig.host.told(0));
    rig.until("the note", || files_hold(&place, "wrong/refused_credential"));
    rig.stop();
    assert!(files_hold(&place, "by-code/refresh_token") && !files_hold(&place, "wrong-one"));
    // Remembered for that account, and no hindrance for the other, nor for the main one.
    for _ in 0..2 {
        let (instance, host) = again(&rig.config);
        rig.until("the refusal of before", || !events(&host, Kind::CredentialRefused, Some("wrong")).is_empty());
        let event = events(&host, Kind::CredentialRefused, Some("wrong")).remove(0);
        assert!(event.json.contains(r#""remembered":true"#), "{}", event.json);
        rig.until("the person of before", || phase(&instance, "by-code") == "signed_in");
        host.chat(0, "100", Chat::Available);
        ended(&instance);
    }
    assert_eq!(rig.sim.counters().tokens_refused.get(&50126), Some(&1));
}

#[test]
fn a_restart_signs_everybody_in_again_and_a_sign_out_is_of_one_account() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let both = [("one", code()), ("Two", code())];
    let rig = Rig::with(prepare, |config| {
        accounts(config, &both);
        config["state"] = json!({ "dir": place });
    });
    rig.users(&[("100", ANN)]);
    typed(&rig, &rig.host, "one", "eva@contoso.test");
    typed(&rig, &rig.host, "Two", "finn@contoso.test");
    rig.until("both", || ["one", "Two"].iter().all(|name| phase(&rig.instance, name) == "signed_in"));
    rig.stop();

    let (instance, host) = again(&rig.config);
    rig.until("both again", || ["one", "Two"].iter().all(|name| phase(&instance, name) == "signed_in"));
    assert!(host.events(Kind::SignInRequired).is_empty(), "{}", host.told(0));
    // Names in any casing, or the person's object id; what is unknown changes nothing.
    for call in [Instance::sign_in, Instance::sign_out] {
        assert_eq!(call(&instance, "three").expect_err("unknown").kind, ErrorKind::NotFound);
        // The main one has a password.
        for main in ["", "main", "MAIN"] {
            assert_eq!(call(&instance, main).expect_err("no person").kind, ErrorKind::State, "{main}");
        }
    }
    instance.sign_out("two").expect("out");
    rig.until("the sign-out", || phase(&instance, "Two") == "signed_out");
    let event = host.event(0, Kind::SignedOut);
    assert!(event.message.starts_with("Account Two: Signed out"), "{}", event.message);
    assert_eq!(phase(&instance, "one"), "signed_in");
    ended(&instance);

    let (instance, host) = again(&rig.config);
    rig.until("a code for the one", || events(&host, Kind::SignInRequired, Some("Two")).len() == 1);
    rig.until("the other", || phase(&instance, "one") == "signed_in");
    assert!(events(&host, Kind::SignInRequired, Some("one")).is_empty(), "{}", host.told(0));
    let finn = "finn@contoso.test";
    typed(&rig, &host, "Two", finn);
    rig.until("him", || phase(&instance, "Two") == "signed_in");
    let id = rig.sim.default_tenant().user_id(finn).expect("an id");
    instance.sign_out(&id).expect("by his id");
    rig.until("out", || phase(&instance, "Two") == "signed_out");
    ended(&instance);

    // What is remembered of an account goes with it.
    assert!(files_hold(&place, "one/refresh_token"));
    let mut config = rig.config.clone();
    accounts(&mut config, &[("Two", code())]);
    config["state"] = json!({ "dir": place });
    let (instance, _) = again(&config);
    ended(&instance);
    let (instance, host) = again(&rig.config);
    rig.until("a code", || events(&host, Kind::SignInRequired, Some("one")).len() == 1);
    ended(&instance);
}

#[test]
fn two_accounts_of_one_person_are_told() {
    let rig = Rig::with(prepare, |config| accounts(config, &[("one", code()), ("two", code())]));
    typed(&rig, &rig.host, "one", "eva@contoso.test");
    rig.until("one", || phase(&rig.instance, "one") == "signed_in");
    typed(&rig, &rig.host, "two", "eva@contoso.test");
    rig.until("the event", || !rig.host.events(Kind::SamePerson).is_empty());
    let event = rig.host.events(Kind::SamePerson).remove(0);
    let words = "The accounts two and one are signed in as the same person; two is not used.";
    assert_eq!((event.message.as_str(), account_of(&event).as_deref()), (words, Some("two")), "{event:?}");
    let same_as = |name: &str| figures(&rig.instance, name)["same_as"].clone();
    assert_eq!((same_as("one"), same_as("two")), (Value::Null, json!("one")));
    // Somebody else's sign-in ends it, and it was told once.
    rig.instance.sign_in("two").expect("a code");
    rig.until("another code", || events(&rig.host, Kind::SignInRequired, Some("two")).len() == 2);
    typed(&rig, &rig.host, "two", "finn@contoso.test");
    rig.until("somebody else", || same_as("two").is_null() && phase(&rig.instance, "two") == "signed_in");
    // The same as the main sign-in: that one comes first.
    rig.users(&[("100", ANN)]);
    rig.instance.sign_in("one").expect("a code");
    rig.until("a code", || events(&rig.host, Kind::SignInRequired, Some("one")).len() == 2);
    typed(&rig, &rig.host, "one", SERVICE_ACCOUNT);
    rig.until("the main one", || same_as("one") == json!("main"));
    rig.until("the event", || rig.host.events(Kind::SamePerson).len() == 2);
}

#[test]
fn nobody_signs_in_while_switched_off() {
    let rig = Rig::with(prepare, |config| {
        accounts(config, &[("by-password", password(SECOND_PASSWORD))]);
        config["enabled"] = false.into();
    });
    rig.users(&[("100", ANN)]);
    rig.instance.set_enabled(false).expect("off");
    rig.host.wait(0, "the end of it", |seen| seen.is_event(Kind::AllReleased));
    let sign_ins = || rig.sim.requests().iter().filter(|request| request.endpoint == EndpointClass::Token).count();
    assert_eq!(sign_ins(), 0);
    rig.instance.set_enabled(true).expect("on");
    rig.until("the sign-in", || phase(&rig.instance, "by-password") == "signed_in");
    assert!(sign_ins() > 0);
}

#[test]
fn a_corrected_password_file_of_one_account_is_tried_soon() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("password");
    std::fs::write(&file, "wrong-one").expect("written");
    let auth = json!({ "method": "password", "username": SECOND, "password": { "file": file } });
    let rig = Rig::with(prepare, |config| accounts(config, &[("by-file", auth)]));
    rig.until("the refusal", || phase(&rig.instance, "by-file") == "refused");
    std::fs::write(&file, SECOND_PASSWORD).expect("written");
    // An hour would be its turn otherwise.
    rig.until("the sign-in", || phase(&rig.instance, "by-file") == "signed_in");
    rig.until("its event", || !events(&rig.host, Kind::SignedIn, Some("by-file")).is_empty());
    assert_eq!(events(&rig.host, Kind::SignedIn, Some("by-file")).len(), 1, "{}", rig.host.told(0));
}

#[test]
fn no_secret_of_an_account_is_told_anywhere() {
    let rig = Rig::with(prepare, |config| {
        accounts(
            config,
            &[
                ("by-code", code()),
                ("by-password", password(SECOND_PASSWORD)),
                (
                    "wrong",
                    json!({
                        "method": "password", "username": "eva@contoso.test", "password": "not-evas-0"
                    }),
                ),
            ],
        );
        config["log"] = json!({ "level": "trace" });
    });
    rig.users(&[("100", ANN)]);
    typed(&rig, &rig.host, "by-code", "finn@contoso.test");
    let code = rig.sim.device_codes();
    rig.until("all", || ["by-code", "by-password"].iter().all(|name| phase(&rig.instance, name) == "signed_in"));
    rig.until("the refusal", || phase(&rig.instance, "wrong") == "refused");
    let mut told = rig.instance.stats();
    let mut logged = String::new();
    for seen in rig.host.since(0) {
        match seen {
            Seen::Event(event) => told.push_str(&format!("{} {} {}\n", event.message, event.remedy, event.json)),
            Seen::Log(line) => logged.push_str(&format!("{line:?}\n")),
            _ => {}
        }
    }
    assert!(code.iter().all(|code| !logged.contains(code)), "the code is for the person: {logged}");
    for text in [&told, &logged] {
        for secret in [SECOND_PASSWORD, SERVICE_PASSWORD, "not-evas-0", "eyJ", SECOND] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}
