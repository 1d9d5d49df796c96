//! The life of a credential on a moving clock: told in time, rotated without a gap, from each source. Needs `test-hooks`.

mod instance_support;

use std::path::Path;

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, CLIENT_SECRET, EndpointClass, Fault, FaultAction, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD,
    SecretSpec, Simulator, UserSpec,
};
use teams_presence_sync::event::{Event, Kind};
use teams_presence_sync::presence::{Chat, Dnd};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// A secret in Entra that ends so long after now on the simulator's clock.
fn secret(sim: &Simulator, value: &str, ends_in: i64) -> SecretSpec {
    SecretSpec { value: value.to_owned(), expires_ms: Some(sim.now() + ends_in) }
}

fn put_secrets(sim: &Simulator, secrets: Vec<SecretSpec>) {
    let app = AppSpec { client_id: Some(CLIENT_ID.to_owned()), secrets: Some(secrets), ..AppSpec::default() };
    sim.default_tenant().put_app(app).expect("an app");
}

/// Presence is old after each leap of an hour; that is not what is tested here.
fn patient(config: &mut Value) {
    config["stale"] = json!({ "after_ms": 24 * HOUR, "policy": "hold" });
}

fn date(sim: &Simulator, days: i64) -> String {
    let at = sim.now() / 86_400_000 + days;
    // The test's own calendar: days since 1970 to a date, by counting.
    let (mut year, mut left) = (1970, at);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while left >= 365 + i64::from(leap(year)) {
        left -= 365 + i64::from(leap(year));
        year += 1;
    }
    let months = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = months
        .iter()
        .scan(0, |sum, days| {
            *sum += days;
            Some(*sum)
        })
        .take_while(|sum| *sum <= left)
        .count();
    let day = left - months[..month].iter().sum::<i64>();
    format!("{year:04}-{:02}-{:02}", month + 1, day + 1)
}

fn days_told(rig: &Rig, kind: Kind) -> Vec<i64> {
    rig.host.events(kind).iter().map(|event| member(event, "days_left").as_i64().expect("days")).collect()
}

fn member(event: &Event, name: &str) -> Value {
    serde_json::from_str::<Value>(&event.json).expect("JSON")[name].clone()
}

/// Days pass, an hour at a time; each leap waits until the instance has looked at presence again.
fn days_pass(rig: &Rig, days: u64) {
    for _ in 0..days * 24 {
        rig.advance(HOUR);
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
}

#[test]
fn a_configured_date_is_told_in_time_and_shown() {
    let rig = Rig::with(
        |_| {},
        |config| {
            patient(config);
            config["auth"]["expires_at"] = "2031-05-04T03:02:01Z".into();
        },
    );
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    let stats = rig.stats();
    assert_eq!(stats["sign_in"]["credential_source"], "configuration");
    assert_eq!(stats["sign_in"]["credential_expires_at_ms"], 1_935_630_121_000i64);
    assert_eq!(stats["sign_in"]["credential"], "auth");
    assert!(rig.host.events(Kind::CredentialExpiring).is_empty());
    let mut soon = rig.config.clone();
    soon["auth"]["expires_at"] = date(&rig.sim, 5).into();
    rig.instance.reload(soon.to_string().as_bytes()).expect("a reload");
    rig.until_later("the event of a date that is near", || !rig.host.events(Kind::CredentialExpiring).is_empty());
    let first = days_told(&rig, Kind::CredentialExpiring)[0];
    assert!((3..5).contains(&first), "{first} days");
    days_pass(&rig, 8);
    rig.until_later("the daily one after the end", || days_told(&rig, Kind::CredentialExpiring).contains(&-3));
    let told = days_told(&rig, Kind::CredentialExpiring);
    assert!(told.windows(2).all(|pair| pair[1] < pair[0]), "never twice: {told:?}");
    assert!([1, 0, -1, -2, -3].iter().all(|days| told.contains(days) || told.contains(&(days - 1))), "{told:?}");
    let event = rig.host.events(Kind::CredentialExpiring).pop().expect("one");
    assert!(event.message.contains("client secret") && event.message.contains("UTC"), "{}", event.message);
    let mut later = rig.config.clone();
    later["auth"]["expires_at"] = date(&rig.sim, 400).into();
    rig.instance.reload(later.to_string().as_bytes()).expect("a reload");
    rig.until_later("the end of it", || !rig.host.events(Kind::CredentialRenewed).is_empty());
    assert!(rig.stats()["sign_in"]["credential_days_left"].as_i64().expect("days") >= 398);
    rig.unharmed();
}

#[test]
fn the_app_registration_tells_the_end_of_this_very_secret() {
    let roles = ["Presence.Read.All", "User.Read.All", "Application.Read.All"];
    let prepare = |sim: &Simulator| {
        set_roles(sim, &roles);
        put_secrets(sim, vec![secret(sim, CLIENT_SECRET, 12 * DAY as i64), secret(sim, "another", 500 * DAY as i64)]);
    };
    let rig = Rig::with(prepare, patient);
    rig.users(&[("100", ANN)]);
    rig.until_later("the event", || !rig.host.events(Kind::CredentialExpiring).is_empty());
    let event = rig.host.events(Kind::CredentialExpiring).remove(0);
    assert_eq!((member(&event, "source"), member(&event, "days_left")), (json!("graph"), json!(11)), "{}", event.json);
    assert_eq!(rig.stats()["sign_in"]["credential_source"], "graph");
    assert!(!rig.host.has(0, |seen| seen.is_event(Kind::PermissionExcess)), "it is used");
    let asked = rig.sim.counters().total(EndpointClass::Applications);
    rig.advance(20 * HOUR);
    rig.proves_alive();
    assert_eq!(rig.sim.counters().total(EndpointClass::Applications), asked, "once a day");
    // A longer end, as after a renewal under the same value: found out within a day.
    put_secrets(&rig.sim, vec![secret(&rig.sim, CLIENT_SECRET, 300 * DAY as i64)]);
    rig.until("the end of it", || {
        rig.advance(HOUR / 4);
        !rig.host.events(Kind::CredentialRenewed).is_empty()
    });
    rig.unharmed();
}

#[test]
fn the_app_registration_is_not_asked_while_the_following_is_switched_off() {
    let roles = ["Presence.Read.All", "User.Read.All", "Application.Read.All"];
    let rig = Rig::with(|sim| set_roles(sim, &roles), patient);
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    let asked = || rig.sim.counters().total(EndpointClass::Applications);
    rig.instance.set_enabled(false).expect("running");
    rig.host.event(0, Kind::AllReleased);
    for _ in 0..60 {
        rig.advance(60_000);
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    assert_eq!(asked(), 0);
    rig.instance.set_enabled(true).expect("running");
    rig.until_later("the question", || asked() == 1);
    rig.unharmed();
}

#[test]
fn who_may_not_read_the_registration_is_not_told_of_it() {
    for roles in
        [&["Presence.Read.All", "User.Read.All"][..], &["Presence.Read.All", "User.Read.All", "Application.Read.All"][..]]
    {
        let rig = Rig::with(
            |sim| {
                set_roles(sim, roles);
                // With the permission, Graph refuses all the same.
                sim.inject(Fault::status(EndpointClass::Applications, 403));
            },
            patient,
        );
        rig.users(&[("100", ANN)]);
        rig.host.chat(0, "100", Chat::Available);
        for _ in 0..100 {
            rig.advance(HOUR / 2);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        rig.proves_alive();
        let asked = rig.sim.counters().total(EndpointClass::Applications);
        assert!(if roles.len() == 2 { asked == 0 } else { (1..=4).contains(&asked) }, "{asked} times in two days");
        for kind in [Kind::PermissionMissing, Kind::RequestRefused, Kind::CredentialExpiring] {
            assert!(rig.host.events(kind).is_empty(), "{}", rig.host.told(0));
        }
        assert_eq!(rig.stats()["sign_in"]["credential_days_left"], Value::Null);
    }
}

/// A certificate of so many days from now, and its key.
fn certificate(dir: &Path, name: &str, days: i64) -> (std::path::PathBuf, std::path::PathBuf, String) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key");
    let mut params = rcgen::CertificateParams::new(vec![]).expect("parameters");
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let now = std::time::SystemTime::now();
    params.not_before = (now - std::time::Duration::from_secs(86_400)).into();
    params.not_after = (now + std::time::Duration::from_secs(days.unsigned_abs() * 86_400)).into();
    let pem = params.self_signed(&key).expect("a certificate").pem();
    let (certificate_file, key_file) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
    std::fs::write(&certificate_file, &pem).expect("written");
    std::fs::write(&key_file, key.serialize_pem()).expect("written");
    (certificate_file, key_file, pem)
}

#[test]
fn a_certificate_tells_its_own_end_and_the_next_one_takes_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let (present, present_key, present_pem) = certificate(dir.path(), "present", 4);
    let (next, next_key, next_pem) = certificate(dir.path(), "next", 300);
    let register = |sim: &Simulator, pems: &[&String]| {
        let certificates = Some(pems.iter().map(|pem| (*pem).clone()).collect());
        let app = AppSpec { client_id: Some(CLIENT_ID.to_owned()), certificates, ..AppSpec::default() };
        sim.default_tenant().put_app(app).expect("an app");
    };
    let rig = Rig::with(
        |sim| register(sim, &[&present_pem, &next_pem]),
        |config| {
            patient(config);
            config["auth"] = json!({
                "method": "certificate", "certificate": { "file": present }, "key": { "file": present_key },
                "next": { "certificate": { "file": next }, "key": { "file": next_key } },
            });
        },
    );
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    let event = rig.host.event(0, Kind::CredentialExpiring);
    assert_eq!((member(&event, "source"), member(&event, "days_left")), (json!("certificate"), json!(3)), "{}", event.json);
    assert_eq!((member(&event, "what"), member(&event, "next")), (json!("certificate"), json!(true)));
    // Taken out of the registration: the next one signs in at once, and the clock of its end is another.
    register(&rig.sim, &[&next_pem]);
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.until_later("DND", || rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)));
    let event = rig.host.event(0, Kind::CredentialSwitched);
    assert_eq!(member(&event, "to"), "auth.next", "{}", event.json);
    assert!(rig.host.events(Kind::CredentialRefused).is_empty(), "{}", rig.host.told(0));
    rig.until_later("renewed", || !rig.host.events(Kind::CredentialRenewed).is_empty());
    assert_eq!(rig.stats()["sign_in"]["credential"], "auth.next");
    rig.unharmed();
}

/// Every change of presence arrives while the secret ends and the next one takes over.
#[test]
fn the_next_secret_takes_over_when_the_present_one_expires_and_no_change_is_lost() {
    let rig = Rig::with(
        |sim| put_secrets(sim, vec![secret(sim, CLIENT_SECRET, 2 * DAY as i64), secret(sim, "the next one", 200 * DAY as i64)]),
        |config| {
            patient(config);
            config["auth"]["expires_at"] = "2020-01-01".into();
            config["auth"]["next"] = json!({ "secret": "the next one" });
        },
    );
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    for hour in 0..72 {
        let mark = rig.host.mark();
        let (availability, activity, dnd) =
            if hour % 2 == 0 { ("Busy", "InACall", Dnd::On) } else { ("Available", "Available", Dnd::Off) };
        rig.presence(ANN, availability, activity);
        rig.until(&format!("the change of hour {hour}"), || rig.host.has(mark, |seen| seen.is_dnd("100", dnd)));
        rig.advance(HOUR);
    }
    assert_eq!(rig.host.events(Kind::CredentialSwitched).len(), 1, "{}", rig.host.told(0));
    assert!(rig.host.events(Kind::CredentialRefused).is_empty(), "{}", rig.host.told(0));
    assert_eq!(rig.sim.counters().tokens_refused.values().sum::<u64>(), 1, "the expired one was sent once");
    rig.unharmed();
}

#[test]
fn secret_certificate_and_password_are_rotated_by_their_files_without_a_gap() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("credential");
    std::fs::write(&file, CLIENT_SECRET).expect("written");
    let rig = Rig::with(
        |_| {},
        |config| {
            patient(config);
            config["auth"]["secret"] = json!({ "file": file });
        },
    );
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    // Both are good for a time, the file changes, then the old one is taken out.
    set_secrets(&rig.sim, &[CLIENT_SECRET, "rotated"]);
    std::fs::write(&file, "rotated\n").expect("written");
    let mark = rig.host.mark();
    for _ in 0..8 {
        rig.advance(HOUR / 4);
        rig.proves_alive();
    }
    set_secrets(&rig.sim, &["rotated"]);
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    rig.proves_alive();
    assert_eq!(rig.host.count(mark, |seen| seen.is_event(Kind::SignedIn)), 1, "{}", rig.host.told(mark));
    assert!(rig.host.events(Kind::CredentialRefused).is_empty());
    // Taken out before the file changed: refused, and good within seconds of the change.
    set_secrets(&rig.sim, &["third"]);
    // A token that is refused so soon after another one was would be an accident of Graph's.
    rig.advance(HOUR / 4);
    rig.proves_alive();
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    rig.until("the refusal", || !rig.host.events(Kind::CredentialRefused).is_empty());
    std::fs::write(&file, "third").expect("written");
    let before = rig.sim.now();
    rig.until_later("the sign-in", || rig.host.count(mark, |seen| seen.is_event(Kind::SignedIn)) == 2);
    let took = rig.sim.now() - before;
    assert!(took < 30_000, "{took} ms: looked at every 5 s, not with the next try a minute later");
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.until("a change at once", || rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)));
    rig.unharmed();
}

#[test]
fn a_password_is_rotated_by_the_next_one() {
    let rig = Rig::with(
        |_| {},
        |config| {
            patient(config);
            config["client_id"] = PUBLIC_CLIENT_ID.into();
            config["auth"] = json!({
                "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD, "next": { "password": "later#1" },
            });
        },
    );
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    let password = UserSpec { password: Some("later#1".to_owned()), ..UserSpec::default() };
    rig.sim.default_tenant().update_user(SERVICE_ACCOUNT, password).expect("a new password");
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    rig.proves_alive();
    assert_eq!(member(&rig.host.event(0, Kind::CredentialSwitched), "to"), "auth.next");
    assert_eq!(rig.sim.counters().tokens_refused.values().sum::<u64>(), 1);
    assert!(!rig.host.told(0).contains("later#1") && !rig.host.told(0).contains(SERVICE_PASSWORD));
}

#[test]
fn graph_that_refuses_presence_though_permitted_is_told_as_that() {
    let rig = Rig::with_ann(patient);
    rig.sim.inject(Fault::new(
        EndpointClass::Presences,
        FaultAction::Status { status: 403, retry_after: None, body: teams_presence_simulator::FaultBody::Json, code: None },
    ));
    rig.until_later("the event", || !rig.host.events(Kind::PresenceRefused).is_empty());
    let event = rig.host.events(Kind::PresenceRefused).remove(0);
    assert!(event.remedy.contains("Licenses") && event.remedy.contains("Conditional Access"), "{}", event.remedy);
    rig.sim.clear_faults();
    rig.until_later("the end of it", || !rig.host.events(Kind::PresenceAllowed).is_empty());
    assert_eq!(rig.host.events(Kind::PresenceRefused).len(), 1);
    assert!(rig.host.events(Kind::PermissionMissing).is_empty());
    rig.unharmed();
}

/// A wrong password waits for an hour; a reload, and a changed file, do not.
#[test]
fn a_new_credential_ends_every_wait_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("password");
    std::fs::write(&file, "wrong").expect("written");
    let rig = Rig::with(
        |_| {},
        |config| {
            patient(config);
            config["client_id"] = PUBLIC_CLIENT_ID.into();
            config["auth"] = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": { "file": file } });
        },
    );
    rig.users(&[("100", ANN)]);
    rig.until("the refusal", || !rig.host.events(Kind::CredentialRefused).is_empty());
    std::fs::write(&file, "wrong too").expect("written");
    rig.until_later("the second refusal", || rig.sim.counters().tokens_refused.values().sum::<u64>() == 2);
    // In real time, without any help of the moving clock.
    let mut good = rig.config.clone();
    good["auth"]["password"] = SERVICE_PASSWORD.into();
    rig.instance.reload(good.to_string().as_bytes()).expect("a reload");
    rig.until("presence", || rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));
    rig.proves_alive();
    assert_eq!(rig.sim.counters().tokens_refused.values().sum::<u64>(), 2);
}
