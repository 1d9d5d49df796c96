//! The preflight and what is remembered: a refused password is sent once, however often somebody checks; a person's sign-in is used, and
//! renewed, without asking anybody.

mod check_support;
mod instance_support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use check_support::{Report, config, fails_at, left_out, office, run, simulator};
use instance_support::create;
use serde_json::{Value, json};
use teams_presence_simulator::{Action, EndpointClass, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::check::{Step, Verdict};

fn by_password(simulator: &Simulator, password: &str) -> Value {
    let mut config = config(simulator);
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({"method": "password", "username": SERVICE_ACCOUNT, "password": password});
    config
}

fn by_code(simulator: &Simulator, dir: &Path) -> Value {
    let mut config = config(simulator);
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({"method": "device_code"});
    config["state"] = json!({"dir": dir});
    config
}

/// A directory as an instance would make it.
fn private() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).expect("its mode");
    dir
}

/// Requests to the token and the devicecode endpoint.
fn sign_ins(simulator: &Simulator) -> usize {
    simulator.requests().iter().filter(|request| request.endpoint == EndpointClass::Token).count()
}

fn remembered(report: &Report) -> bool {
    let line = report.line(Step::SignIn);
    assert_eq!(line.verdict, Verdict::Failed, "{line:?}");
    assert_eq!(line.facts["aadsts"], 50126, "{line:?}");
    left_out(report, &[Step::Permissions, Step::Users, Step::Presence], Step::SignIn);
    line.facts.get("remembered") == Some(&true.into())
}

#[test]
fn a_refused_password_is_sent_once_however_often_somebody_checks() {
    let simulator = simulator();
    let dir = private();
    let mut wrong = by_password(&simulator, "wrong");
    wrong["state"] = json!({"dir": dir.path()});
    assert!(!remembered(&run(&wrong, office())));
    for _ in 0..3 {
        let report = run(&wrong, office());
        assert!(remembered(&report), "{:?}", report.line(Step::SignIn));
        assert!(report.line(Step::SignIn).message.contains("nothing was sent"), "{:?}", report.line(Step::SignIn));
    }
    assert_eq!(sign_ins(&simulator), 1);
    let bytes = std::fs::read(dir.path().join("main.redb")).expect("the state");
    assert!(!bytes.windows(5).any(|bytes| bytes == b"wrong"), "the password is on disk");
    // An instance knows of it as well.
    let (instance, host) = create(&wrong);
    instance.set_users(office()).expect("users");
    instance.start().expect("a start");
    host.wait(0, "the refusal of before", |seen| seen.is_event(Kind::CredentialRefused));
    assert!(host.events(Kind::CredentialRefused)[0].json.contains(r#""remembered":true"#), "{}", host.told(0));
    // While it runs, its memory is used; and what the check learns, it keeps.
    assert!(remembered(&run(&wrong, office())));
    let mut other = wrong.clone();
    other["auth"]["password"] = "wrong too".into();
    assert!(!remembered(&run(&other, office())));
    assert!(remembered(&run(&other, office())));
    assert_eq!(sign_ins(&simulator), 2);
    instance.stop(Duration::from_secs(30)).expect("a stop");
    instance.destroy().expect("the end");
    assert!(remembered(&run(&other, office())));
    assert_eq!(sign_ins(&simulator), 2);
    // Another password is another matter, and the right one makes a wrong one no better.
    let mut right = wrong.clone();
    right["auth"]["password"] = SERVICE_PASSWORD.into();
    assert_eq!(run(&right, office()).verdict(Step::SignIn), Verdict::Ok);
    assert!(remembered(&run(&other, office())));
    assert_eq!(sign_ins(&simulator), 3);
}

#[test]
fn without_a_state_directory_the_process_remembers() {
    let simulator = simulator();
    let config = by_password(&simulator, "wrong");
    assert!(!remembered(&run(&config, office())));
    assert!(remembered(&run(&config, office())));
    // A directory that the first start makes is not made by a check.
    let dir = private();
    let later = dir.path().join("later");
    let mut config = by_password(&simulator, "wrong again");
    config["state"] = json!({"dir": later});
    let report = run(&config, office());
    assert!(!remembered(&report));
    assert!(report.line(Step::SignIn).message.contains("cannot be kept in state.dir"), "{:?}", report.line(Step::SignIn));
    assert!(!later.exists());
    assert_eq!(sign_ins(&simulator), 2);
}

#[test]
fn a_password_whose_memory_is_somebody_elses_is_not_sent() {
    let simulator = simulator();
    let dir = private();
    let mut config = by_password(&simulator, "wrong");
    config["state"] = json!({"dir": dir.path()});
    assert!(!remembered(&run(&config, office())));
    let lock = std::fs::OpenOptions::new().write(true).open(dir.path().join("main.lock")).expect("the lock");
    teams_presence_sync::sys::lock::hold(&lock).expect("free");
    let report = run(&config, office());
    let line = report.line(Step::SignIn);
    assert_eq!((line.verdict, &line.facts["tried"]), (Verdict::Warning, &json!(false)), "{line:?}");
    assert_eq!(report.verdict(Step::Summary), Verdict::Warning);
    left_out(&report, &[Step::Permissions, Step::Users, Step::Presence], Step::SignIn);
    assert_eq!(sign_ins(&simulator), 1);
    drop(lock);
    assert!(remembered(&run(&config, office())));
    // A file that cannot be read tells nothing either, and is left as it is.
    std::fs::write(dir.path().join("main.redb"), "no database").expect("written");
    assert_eq!(run(&config, office()).verdict(Step::SignIn), Verdict::Warning);
    assert_eq!(std::fs::read(dir.path().join("main.redb")).expect("there"), b"no database");
    assert_eq!(sign_ins(&simulator), 1);
}

/// Signs in as a person does, and leaves the sign-in in the directory.
fn sign_in_once(simulator: &Simulator, config: &Value) {
    let (instance, host) = create(config);
    instance.start().expect("a start");
    host.wait(0, "a code", |seen| seen.is_event(Kind::SignInRequired));
    for user_code in simulator.device_codes() {
        simulator.act(Action::DeviceCode { user_code, user: Some(SERVICE_ACCOUNT.to_owned()) }).expect("entered");
    }
    host.wait(0, "the sign-in", |seen| seen.is_event(Kind::SignedIn));
    instance.stop(Duration::from_secs(30)).expect("a stop");
    instance.destroy().expect("the end");
}

#[test]
fn a_stored_sign_in_is_used_and_renewed() {
    let simulator = simulator();
    simulator.oddities(|oddities| {
        oddities.device_interval_s = 1;
        // One that was used is worth nothing: what the check got instead must be on disk.
        oddities.refresh_once = true;
    });
    let dir = private();
    let config = by_code(&simulator, dir.path());
    // Nobody has signed in: nobody is asked to, and nothing is made.
    let report = run(&config, office());
    assert!(report.line(Step::SignIn).message.contains("no sign-in is stored"), "{:?}", report.line(Step::SignIn));
    assert_eq!((report.verdict(Step::SignIn), sign_ins(&simulator)), (Verdict::Warning, 0));
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 0);
    sign_in_once(&simulator, &config);
    for _ in 0..2 {
        simulator.clear_counters();
        let report = run(&config, office());
        assert_eq!(report.verdict(Step::SignIn), Verdict::Ok, "{:?}", report.line(Step::SignIn));
        assert_eq!(report.line(Step::Permissions).facts["kind"], "delegated");
        assert_eq!((report.verdict(Step::Users), report.verdict(Step::Presence)), (Verdict::Ok, Verdict::Ok));
        assert_eq!(sign_ins(&simulator), 1, "one renewal, no code");
    }
    let (instance, host) = create(&config);
    instance.set_users(office()).expect("users");
    instance.start().expect("a start");
    host.wait(0, "the sign-in of before", |seen| seen.is_event(Kind::SignedIn));
    assert!(host.events(Kind::SignInRequired).is_empty(), "{}", host.told(0));
    // While it runs, its token is used.
    simulator.clear_counters();
    let report = run(&config, office());
    assert_eq!((report.verdict(Step::SignIn), report.verdict(Step::Presence)), (Verdict::Ok, Verdict::Ok), "{:?}", report.lines);
    assert!(report.line(Step::SignIn).message.contains("running instance"), "{:?}", report.line(Step::SignIn));
    assert_eq!(sign_ins(&simulator), 0);
    instance.stop(Duration::from_secs(30)).expect("a stop");
    instance.destroy().expect("the end");
}

#[test]
fn a_stored_sign_in_that_is_over_or_in_use_is_told() {
    let simulator = simulator();
    simulator.oddities(|oddities| oddities.device_interval_s = 1);
    let dir = private();
    let config = by_code(&simulator, dir.path());
    sign_in_once(&simulator, &config);
    let lock = std::fs::OpenOptions::new().write(true).open(dir.path().join("main.lock")).expect("the lock");
    teams_presence_sync::sys::lock::hold(&lock).expect("free");
    let report = run(&config, office());
    assert_eq!(report.verdict(Step::SignIn), Verdict::Warning, "{:?}", report.lines);
    assert!(report.line(Step::SignIn).message.contains("in use"), "{:?}", report.line(Step::SignIn));
    drop(lock);
    simulator.clear_counters();
    simulator.default_tenant().revoke_tokens().expect("revoked");
    let report = run(&config, office());
    fails_at(&report, Step::SignIn, "no longer accepted");
    assert_eq!(report.line(Step::SignIn).facts["cause"], "lapsed");
    assert_eq!(sign_ins(&simulator), 1, "nobody is asked for a code");
}
