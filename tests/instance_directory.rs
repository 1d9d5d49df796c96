//! Finding users across restarts and outages of the directory, and when permissions change, through a whole instance.

mod instance_support;

use std::time::Duration;

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{EndpointClass, Fault, FaultAction, FaultBody, Simulator, UserSpec};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::Instance;
use teams_presence_sync::presence::{Chat, Dnd};

fn away(sim: &Simulator) {
    for class in [EndpointClass::Users, EndpointClass::Delta] {
        let action = FaultAction::Status { status: 503, retry_after: None, body: FaultBody::Html, code: None };
        sim.inject(Fault::new(class, action));
    }
}

/// The number of the last request.
fn mark(sim: &Simulator) -> u64 {
    sim.requests().last().map_or(0, |request| request.number)
}

/// Questions to the directory after `mark`: for changes, and all others.
fn questions(sim: &Simulator, mark: u64) -> (usize, usize) {
    let asked: Vec<String> =
        sim.requests().into_iter().filter(|request| request.number > mark).map(|request| request.path).collect();
    let changes = asked.iter().filter(|path| path.contains("/users/delta")).count();
    (changes, asked.iter().filter(|path| path.contains("/users")).count() - changes)
}

fn object_of(instance: &Instance, user: &str) -> Value {
    let explained: Value = serde_json::from_str(&instance.explain(Some(user)).expect("a user")).expect("JSON");
    explained["entra_object_id"].clone()
}

fn end(instance: &Instance) {
    instance.stop(Duration::from_secs(30)).expect("a stop");
    instance.destroy().expect("the end");
}

/// Ann and Ben were found, and it is on disk.
fn known(dir: &std::path::Path) -> Rig {
    let place = dir.join("teams");
    let rig = Rig::with(|_| {}, |config| config["state"] = json!({ "dir": place }));
    rig.users(&[("100", ANN), ("200", BEN)]);
    rig.host.chat(0, "100", Chat::Available);
    rig.host.wait(0, "the report", |seen| seen.is_event(Kind::DirectoryReport));
    rig.stop();
    let files = std::fs::read_dir(&place).expect("there").map(|file| std::fs::read(file.expect("a file").path()).expect("read"));
    for file in files {
        for word in [ANN, BEN, "contoso.test"] {
            assert!(!file.windows(word.len()).any(|part| part == word.as_bytes()), "{word} is on disk");
        }
    }
    rig
}

#[test]
fn after_a_restart_presence_comes_while_the_directory_is_away() {
    let dir = tempfile::tempdir().expect("a directory");
    let rig = known(dir.path());
    away(&rig.sim);
    rig.presence(ANN, "Busy", "InACall");
    let (instance, host) = create(&rig.config);
    instance.start().expect("a start");
    // A new colleague does not keep those who are known from being served.
    instance.set_users(vec![user("100", ANN), user("200", BEN), user("300", CLEO)]).expect("users");
    host.dnd(0, "100", Dnd::On);
    host.chat(0, "200", Chat::Available);
    host.wait(0, "the word", |seen| seen.is_event(Kind::DirectoryUnavailable));
    assert_eq!(object_of(&instance, "300"), Value::Null);
    rig.sim.clear_faults();
    instance.refresh(None).expect("running");
    host.chat(0, "300", Chat::Available);
    end(&instance);
}

#[test]
fn a_restart_asks_for_changes_and_not_for_everybody() {
    let dir = tempfile::tempdir().expect("a directory");
    let rig = known(dir.path());
    let tenant = rig.sim.default_tenant();
    // While it was down, Ben left and another one got his address.
    tenant.delete_user(BEN).expect("gone");
    let other = UserSpec { mail: Some(BEN.to_owned()), ..person("benjamin@contoso.test") };
    let other = tenant.add_user(other).expect("somebody");
    let before = mark(&rig.sim);
    let (instance, host) = create(&rig.config);
    instance.start().expect("a start");
    instance.set_users(vec![user("100", ANN), user("200", BEN)]).expect("users");
    host.wait(0, "the report", |seen| seen.is_event(Kind::DirectoryReport));
    rig.until("the other one", || object_of(&instance, "200").as_str() == Some(&other));
    let (changes, others) = questions(&rig.sim, before);
    assert!(changes > 0 && others > 0, "{changes} {others}");
    let asked_for_ann = rig
        .sim
        .requests()
        .iter()
        .any(|request| request.number > before && request.path.contains("/users") && request.query.contains("ann"));
    assert!(!asked_for_ann, "only those whom the changes concern are looked at");
    end(&instance);
    // Where nothing has changed, nothing else is asked.
    let before = mark(&rig.sim);
    let (instance, host) = create(&rig.config);
    instance.start().expect("a start");
    instance.set_users(vec![user("100", ANN), user("200", BEN)]).expect("users");
    host.wait(0, "the report", |seen| seen.is_event(Kind::DirectoryReport));
    host.chat(0, "100", Chat::Available);
    assert_eq!(questions(&rig.sim, before), (1, 0));
    end(&instance);
}

#[test]
fn a_permission_granted_later_is_seen_when_somebody_asks() {
    let rig = Rig::with(|sim| set_roles(sim, &["Presence.Read.All", "User.ReadBasic.All"]), |_| {});
    rig.users(&[("100", ANN)]);
    rig.host.wait(0, "the limit", |seen| seen.is_event(Kind::DirectoryLimited));
    rig.host.chat(0, "100", Chat::Available);
    let tokens = || rig.sim.counters().tokens_issued;
    let before = tokens();
    set_roles(&rig.sim, &["Presence.Read.All", "User.Read.All"]);
    let (changes, _) = questions(&rig.sim, 0);
    assert_eq!(changes, 0, "nothing to follow with the lesser permission");
    rig.instance.refresh(None).expect("running");
    rig.until("the whole directory", || questions(&rig.sim, 0).0 > 0);
    assert_eq!(tokens(), before + 1, "one new token");
    rig.proves_alive();
}
