//! Signing in by the program: the code, where the sign-in is kept, what it is good for, and refusals that nobody waits for.

mod cli_support;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::time::Duration;

use cli_support::{Following, Ran, Rig};
use serde_json::json;
use teams_presence_simulator::{Action, Fault, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD};

#[test]
fn login_is_for_device_codes() {
    let rig = Rig::new();
    let ran = Ran::of(rig.command(&["login"]).output().expect("it runs"));
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("client_secret: it signs in without a person"), "{}", ran.err);
}

#[test]
fn login_by_a_device_code() {
    let rig = Rig::new();
    rig.scopes(&["Presence.Read.All", "User.Read.All"]);
    rig.config(json!({"client_id": PUBLIC_CLIENT_ID, "auth": {"method": "device_code"}}));
    let mut login = Following::start(rig.command(&["login"]));
    login.expect(&["in any browser and enter the code"]);
    login.expect(&[]);
    let code = login.expect(&["    "]).trim().to_owned();
    assert!(rig.simulator.device_codes().contains(&code));
    let user = Some(SERVICE_ACCOUNT.to_owned());
    rig.simulator.act(Action::DeviceCode { user_code: code, user }).expect("entered");
    let line = login.expect(&["Signed in"]);
    assert!(line.contains("Presence.Read.All"), "{line}");
    let ran = login.end();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("state.dir is not set"), "{}", ran.err);

    let mut login = Following::start(rig.command(&["login"]));
    let code = {
        login.expect(&["in any browser"]);
        login.expect(&[]);
        login.expect(&["    "]).trim().to_owned()
    };
    rig.simulator.act(Action::DeviceCode { user_code: code, user: None }).expect("declined");
    let ran = login.end();
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    // A directory that somebody works with: the telephone system, or this other login.
    rig.config(json!({"client_id": PUBLIC_CLIENT_ID, "auth": {"method": "device_code"}, "state": {"dir": rig.path("state")}}));
    let mut login = Following::start(rig.command(&["login"]));
    login.expect(&["in any browser"]);
    let second = Ran::of(rig.command(&["login"]).output().expect("it runs"));
    assert_eq!(second.code, Some(3), "{}", second.out);
    assert!(second.err.contains("If the telephone system runs with it"), "{}", second.err);
    let check = Ran::of(rig.command(&["check"]).output().expect("it runs"));
    assert!(check.out.contains("in use by process"), "{}", check.out);
    login.signal("-TERM");
    assert_eq!(login.end().code, Some(3));
}

/// Starts a login and enters its code.
fn login_of(rig: &Rig, words: &[&str]) -> Following {
    rig.simulator.oddities(|oddities| oddities.device_interval_s = 1);
    let mut login = Following::start(rig.command(words));
    login.expect(&["in any browser"]);
    login.expect(&[]);
    let user_code = login.expect(&["    "]).trim().to_owned();
    let user = Some(SERVICE_ACCOUNT.to_owned());
    rig.simulator.act(Action::DeviceCode { user_code, user }).expect("entered");
    login
}

#[test]
fn login_keeps_the_sign_in_and_shows_what_it_is_good_for() {
    let rig = Rig::new();
    rig.scopes(&["Presence.Read.All", "User.Read.All"]);
    let auth = json!({"method": "device_code"});
    let with = |dir: PathBuf| json!({"client_id": PUBLIC_CLIENT_ID, "auth": auth, "state": {"dir": dir}});
    rig.config(with(rig.path("state")));
    let mut login = login_of(&rig, &["login", "--user", "1=ann@contoso.test"]);
    for words in [
        &["[ ok ] permissions", "(delegated)"][..],
        &["[ ok ] users", "1 of 1 found"],
        &["[ ok ] presence", "1 of 1"],
        &["Kept in ", "/state."],
    ] {
        login.expect(words);
    }
    let ran = login.end();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    // It is there: the check signs in with it and asks nobody.
    let ran = rig.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("the stored sign-in"), "{}", ran.out);

    // What is missing is told at once; the sign-in is kept all the same.
    rig.scopes(&["User.Read.All"]);
    rig.config(with(rig.path("other")));
    let mut login = login_of(&rig, &["login"]);
    login.expect(&["[FAIL] permissions", "missing: Presence.Read.All (delegated)"]);
    login.expect(&["Kept in "]);
    assert_eq!(login.end().code, Some(2));
}

/// The main sign-in by a secret, further accounts by a code and by a password.
fn with_accounts(rig: &Rig) {
    let accounts = json!([
        { "name": "second", "auth": { "method": "device_code" } },
        { "name": "third", "auth": { "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD } },
    ]);
    rig.config(json!({
        "client_id": PUBLIC_CLIENT_ID, "auth": { "method": "device_code" }, "state": { "dir": rig.path("state") },
        "source": { "mode": "notifications", "notifications": {
            "url": "http://127.0.0.1:9/notify", "listener": { "address": "127.0.0.1:1" }, "accounts": accounts,
        } },
    }));
}

#[test]
fn login_of_a_further_account() {
    let rig = Rig::new();
    rig.scopes(&["Presence.Read.All", "User.Read.All"]);
    with_accounts(&rig);
    for (words, expected) in [("fourth", "there are second, third"), ("third", "the account third is password")] {
        let ran = Ran::of(rig.command(&["login", "--account", words]).output().expect("it runs"));
        assert_eq!(ran.code, Some(3), "{}", ran.err);
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    rig.simulator.oddities(|oddities| oddities.device_interval_s = 1);
    let mut login = Following::start(rig.command(&["login", "--account", "Second"]));
    login.expect(&["in any browser"]);
    login.expect(&[]);
    let user_code = login.expect(&["    "]).trim().to_owned();
    let user = Some("eva@contoso.test".to_owned());
    rig.simulator.act(Action::DeviceCode { user_code, user }).expect("entered");
    login.expect(&["Signed in. Permissions: ", "Presence.Read.All"]);
    login.expect(&["[ ok ] accounts", "signed in by device_code"]);
    login.expect(&["Kept in "]);
    let ran = login.end();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    // It is that account's, and no other's.
    let ran = rig.run(&["check"]);
    let line = ran.out.lines().find(|line| line.contains("] accounts")).expect("a line");
    assert!(line.contains("[ ok ]") && line.contains("second: signed in by device_code: the stored sign-in"), "{line}");
    assert!(line.contains("third: signed in by password"), "{line}");
    assert!(ran.out.contains("no sign-in is stored"), "{}", ran.out);
    // The main one is one of its own.
    let ran = login_of(&rig, &["login"]).end();
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let ran = rig.run(&["check"]);
    let line = ran.out.lines().find(|line| line.contains("] accounts")).expect("a line");
    assert!(line.contains("[warn]") && line.contains("third") && line.contains("the same person as main"), "{line}");
}

#[test]
fn login_says_so_where_the_sign_in_cannot_be_kept() {
    let rig = Rig::new();
    rig.scopes(&["Presence.Read.All", "User.Read.All"]);
    rig.config(json!({"client_id": PUBLIC_CLIENT_ID, "auth": {"method": "device_code"}, "state": {"dir": "/proc/nothing"}}));
    let mut login = login_of(&rig, &["login"]);
    login.expect(&["Signed in"]);
    let ran = login.end();
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        !ran.out.contains("Kept") && ran.err.contains("NOT kept") && ran.err.contains("/proc/nothing"),
        "{}{}",
        ran.out,
        ran.err
    );
}

/// Whatever event tells it: a sign-in that is refused is not waited for.
#[test]
fn a_sign_in_that_is_refused_is_not_waited_for() {
    for (code, auth) in [
        (90038, json!({"method": "device_code"})),
        (65001, json!({"method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD})),
    ] {
        let rig = Rig::new();
        let person = auth["method"] == "device_code";
        rig.config(json!({"client_id": PUBLIC_CLIENT_ID, "auth": auth}));
        rig.simulator.inject(Fault::aadsts(code));
        // Waited for, each would take its whole time and end with 3.
        let commands: &[&[&str]] = if person {
            &[&["login", "--timeout", "600"], &["explain", "101", "--timeout", "600"]]
        } else {
            &[&["explain", "101", "--timeout", "600"]]
        };
        for words in commands {
            let mut command = rig.command(words);
            if words[0] == "explain" {
                command.arg("--users").arg(rig.path("users.csv"));
            }
            let ran = Following::start(command).end();
            assert_eq!(ran.code, Some(2), "{words:?}: {}{}", ran.out, ran.err);
            assert!(!ran.err.is_empty(), "{words:?}: no word of why");
        }
    }
}

#[test]
fn explain_shows_a_code_at_once_and_waits_for_it() {
    let rig = Rig::new();
    rig.simulator.oddities(|oddities| oddities.device_interval_s = 1);
    rig.simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("set");
    rig.config(json!({"client_id": PUBLIC_CLIENT_ID, "auth": {"method": "device_code"}}));
    let mut command = rig.command(&["explain", "101", "--timeout", "5", "--json"]);
    command.arg("--users").arg(rig.path("users.csv"));
    let mut child = command.spawn().expect("it runs");
    let mut err = BufReader::new(child.stderr.take().expect("its complaints"));
    let mut shown = String::new();
    while !shown.contains("Waiting for the sign-in") {
        assert!(err.read_line(&mut shown).expect("text") > 0, "it ended: {shown}");
    }
    // Well beyond the time that was given: a person needs longer than a request.
    std::thread::sleep(Duration::from_secs(6));
    let user_code = rig.simulator.device_codes().pop().expect("a code");
    assert!(shown.contains(&user_code), "{shown}");
    rig.simulator.act(Action::DeviceCode { user_code, user: Some(SERVICE_ACCOUNT.to_owned()) }).expect("entered");
    let output = child.wait_with_output().expect("it ends");
    let ran = Ran::of(output);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert_eq!(ran.lines()[0]["dnd"]["desired"], "on");
}
