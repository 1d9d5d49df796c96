//! What the sign-in remembers on disk: kept before it is used or told, and found when the disk is late.

mod instance_support;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{Action, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, Simulator};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::Instance;
use teams_presence_sync::presence::Chat;

fn by_code(config: &mut Value, place: &Path) {
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "device_code" });
    config["state"] = json!({ "dir": place });
}

fn by_wrong_password(config: &mut Value, place: &Path) {
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": "wrong-one" });
    config["state"] = json!({ "dir": place });
}

fn strict(sim: &Simulator) {
    sim.oddities(|oddities| {
        oddities.device_interval_s = 1;
        // A refresh token that was exchanged and not kept would be noticed.
        oddities.refresh_once = true;
    });
}

/// Somebody has signed in by a code; running.
fn signed_in(place: &Path) -> Rig {
    let rig = Rig::with(strict, |config| by_code(config, place));
    rig.users(&[("100", ANN)]);
    rig.until("a code", || !rig.sim.device_codes().is_empty());
    for user_code in rig.sim.device_codes() {
        rig.sim.act(Action::DeviceCode { user_code, user: Some(SERVICE_ACCOUNT.to_owned()) }).expect("typed");
    }
    rig.host.chat(0, "100", Chat::Available);
    rig
}

fn end(instance: &Instance) {
    instance.stop(Duration::from_secs(30)).expect("a stop");
    instance.destroy().expect("the end");
}

fn has(place: &Path, word: &[u8]) -> bool {
    let files = std::fs::read_dir(place).into_iter().flatten();
    let mut bytes = files.map(|file| std::fs::read(file.expect("a file").path()).unwrap_or_default());
    bytes.any(|bytes| bytes.windows(word.len()).any(|part| part == word))
}

#[test]
fn a_late_disk_does_not_hide_the_sign_in() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = signed_in(&place);
    rig.stop();
    let (instance, host) = create(&rig.config);
    instance.set_users(vec![user("100", ANN)]).expect("users");
    instance.disk_weather(true, false);
    instance.start().expect("a start, without its memory");
    host.wait(0, "the word", |seen| seen.is_event(Kind::StateUnavailable));
    instance.disk_weather(false, false);
    host.wait(0, "the stored sign-in", |seen| seen.is_event(Kind::SignedIn));
    host.chat(0, "100", Chat::Available);
    assert!(host.events(Kind::SignInRequired).is_empty(), "nobody is asked: {}", host.told(0));
    end(&instance);
}

#[test]
fn a_disk_that_comes_after_the_code_ends_the_code() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = signed_in(&place);
    rig.stop();
    let (instance, host) = create(&rig.config);
    instance.disk_weather(true, false);
    instance.start().expect("a start, without its memory");
    // Nobody waits for the disk for ever.
    instance.advance_clock(11_000);
    host.wait(0, "a code", |seen| seen.is_event(Kind::SignInRequired));
    instance.disk_weather(false, false);
    // Also where nobody wants a token.
    host.wait(0, "the stored sign-in", |seen| seen.is_event(Kind::SignedIn));
    let stats: Value = serde_json::from_str(&instance.stats()).expect("JSON");
    assert_eq!((stats["sign_in"]["phase"].as_str(), &stats["sign_in"]["user_code"]), (Some("signed_in"), &Value::Null));
    instance.set_users(vec![user("100", ANN)]).expect("users");
    host.chat(0, "100", Chat::Available);
    // The code is over without a word of its own: SIGNED_IN is the answer to it.
    instance.advance_clock(20 * 60_000);
    rig.until("a renewal", || {
        let stats: Value = serde_json::from_str(&instance.stats()).expect("JSON");
        stats["sign_in"]["phase"] == "signed_in"
    });
    assert!(host.events(Kind::SignInEnded).is_empty(), "{}", host.told(0));
    end(&instance);
}

#[test]
fn a_late_disk_does_not_hide_the_refusal_of_a_password() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = Rig::with(|_| {}, |config| by_wrong_password(config, &place));
    rig.users(&[("100", ANN)]);
    rig.host.wait(0, "the refusal", |seen| seen.is_event(Kind::CredentialRefused));
    rig.stop();
    let (instance, host) = create(&rig.config);
    instance.set_users(vec![user("100", ANN)]).expect("users");
    instance.disk_weather(true, false);
    instance.start().expect("a start, without its memory");
    host.wait(0, "the word", |seen| seen.is_event(Kind::StateUnavailable));
    instance.disk_weather(false, false);
    let event = host.event(0, Kind::CredentialRefused);
    assert!(event.json.contains(r#""remembered":true"#), "{}", event.json);
    assert_eq!(rig.sim.counters().tokens_refused.get(&50126), Some(&1));
    end(&instance);
}

#[test]
fn a_refused_password_is_on_disk_before_it_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = Rig::created(|_| {}, |config| by_wrong_password(config, &place));
    let (tell, told) = mpsc::channel();
    let seen = place.clone();
    rig.host.react(move |event| {
        if event.kind == Kind::CredentialRefused {
            // A host that ends its process here would leave this behind.
            let _ = tell.send(has(&seen, b"refused_credential"));
        }
    });
    rig.instance.start().expect("a start");
    rig.users(&[("100", ANN)]);
    assert!(told.recv_timeout(PATIENCE).expect("the refusal"), "told before it was written");
    assert!(!has(&place, b"wrong-one"), "the password is on disk");
}

/// Stopped as early as can be after the answer, round after round: the password is sent once all the same.
#[test]
fn a_host_that_stops_at_the_refusal_sends_the_password_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = Rig::created(|_| {}, |config| by_wrong_password(config, &place));
    for _ in 0..3 {
        let (instance, host) = create(&rig.config);
        let (stop, stopped) = mpsc::channel();
        host.react(move |event| {
            if event.kind == Kind::CredentialRefused {
                let _ = stop.send(());
            }
        });
        instance.set_users(vec![user("100", ANN)]).expect("users");
        instance.start().expect("a start");
        stopped.recv_timeout(PATIENCE).expect("the refusal");
        end(&instance);
    }
    assert_eq!(rig.sim.counters().tokens_refused.get(&50126), Some(&1));
}

#[test]
fn a_new_refresh_token_is_on_disk_before_it_replaces_the_old_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = signed_in(&place);
    // Of the access token that serves: the first one is 50 minutes old by then.
    let is_old = || rig.stats()["sign_in"]["token_age_ms"].as_u64().is_some_and(|age| age > 40 * 60_000);
    let renewals = || rig.sim.requests().iter().filter(|request| request.body.contains("grant_type=refresh_token")).count();
    rig.instance.disk_weather(true, false);
    rig.advance(50 * 60_000);
    rig.until("the renewal", || renewals() == 1);
    // The disk is waited for, though not for more than 2 s: what was seen later says nothing.
    let begin = Instant::now();
    let mut looks = 0;
    while begin.elapsed() < Duration::from_millis(800) {
        let old = is_old();
        if begin.elapsed() < Duration::from_millis(1_500) {
            assert!(old, "used before it was on disk");
            looks += 1;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(looks > 0);
    rig.instance.disk_weather(false, false);
    rig.until("the new token", || !is_old());
    // What a crash at this moment leaves behind: the newest, since the one before is good no more.
    let image = dir.path().join("image");
    std::fs::create_dir(&image).expect("made");
    for file in std::fs::read_dir(&place).expect("there") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), image.join(file.file_name())).expect("copied");
    }
    let mut config = rig.config.clone();
    config["state"] = json!({ "dir": image });
    let (instance, host): (Arc<Instance>, _) = create(&config);
    instance.start().expect("a start");
    host.wait(0, "the sign-in", |seen| seen.is_event(Kind::SignedIn) || seen.is_event(Kind::SignInRequired));
    assert!(host.events(Kind::SignInRequired).is_empty(), "{}", host.told(0));
    end(&instance);
}
