//! Sign-in by a person, by a federated token and by the machine's identity, through a whole instance.

mod instance_support;

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{Action, AppSpec, FederatedSpec, Managed, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, Simulator, UserSpec};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::ErrorKind;
use teams_presence_sync::presence::{Chat, Dnd};

fn by_code(config: &mut Value) {
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "device_code" });
}

fn quick_codes(sim: &Simulator) {
    sim.oddities(|oddities| oddities.device_interval_s = 1);
}

fn typed(rig: &Rig, user: Option<&str>) {
    rig.until("a code", || !rig.sim.device_codes().is_empty());
    for user_code in rig.sim.device_codes() {
        rig.sim.act(Action::DeviceCode { user_code, user: user.map(str::to_owned) }).expect("typed");
    }
}

fn scopes(sim: &Simulator, scopes: &[&str]) {
    let scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let app = AppSpec { client_id: Some(PUBLIC_CLIENT_ID.to_owned()), scopes, ..AppSpec::default() };
    sim.default_tenant().put_app(app).expect("an app");
}

#[test]
fn delegated_permissions_are_looked_at_as_such() {
    let rig = Rig::with(
        |sim| {
            quick_codes(sim);
            scopes(sim, &["Presence.Read", "User.Read.All"]);
        },
        by_code,
    );
    rig.users(&[("100", ANN)]);
    typed(&rig, Some(SERVICE_ACCOUNT));
    rig.until("the missing permission", || !rig.host.events(Kind::PermissionMissing).is_empty());
    let event = rig.host.events(Kind::PermissionMissing).remove(0);
    assert!(event.json.contains("Presence.Read.All") && event.json.contains("delegated"), "{}", event.json);
    let stats = rig.stats();
    assert_eq!(
        (stats["sign_in"]["phase"].as_str(), stats["sign_in"]["method"].as_str()),
        (Some("signed_in"), Some("device_code"))
    );
    assert_eq!(stats["sign_in"]["account"].as_str(), rig.sim.default_tenant().user_id(SERVICE_ACCOUNT).as_deref());
}

#[test]
fn no_secret_of_a_sign_in_is_told_anywhere() {
    let rig = Rig::with(quick_codes, |config| {
        by_code(config);
        config["log"] = json!({ "level": "trace" });
    });
    rig.users(&[("100", ANN)]);
    rig.host.wait(0, "the code", |seen| seen.is_event(Kind::SignInRequired));
    let code = rig.stats()["sign_in"]["user_code"].as_str().expect("a code").to_owned();
    typed(&rig, Some(SERVICE_ACCOUNT));
    rig.host.chat(0, "100", Chat::Available);
    rig.proves_alive();
    // Used once more, so that the stored one was read as well.
    rig.stop();
    rig.instance.start().expect("a start");
    rig.until("the second sign-in", || rig.host.events(Kind::SignedIn).len() == 2);
    let mut told = format!("{}\n{}", rig.instance.stats(), rig.instance.explain(None).expect("a report"));
    let mut logged = String::new();
    for seen in rig.host.since(0) {
        match seen {
            Seen::Event(event) => told.push_str(&format!("{} {} {}\n", event.message, event.remedy, event.json)),
            Seen::Log(line) => logged.push_str(&format!("{line:?}\n")),
            _ => {}
        }
    }
    assert!(!logged.contains(&code), "the code is for the person: {logged}");
    // The simulator's refresh tokens begin so, and its access tokens are JWTs.
    for text in [&told, &logged] {
        let tail = |at: usize| text.as_bytes()[at + 2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        assert!(!text.match_indices("1.").any(|(at, _)| tail(at) > 40), "{text}");
        assert!(!text.contains("eyJ"), "{text}");
    }
    let forms: Vec<String> = rig.sim.requests().into_iter().map(|request| request.body).collect();
    assert!(forms.iter().any(|form| form.contains("grant_type=refresh_token")), "{forms:?}");
}

#[test]
fn an_account_that_may_not_is_told_with_the_reason() {
    let rig = Rig::with(
        |sim| {
            quick_codes(sim);
            let blocked = UserSpec { sign_in_error: Some(53003), ..UserSpec::default() };
            sim.default_tenant().update_user(SERVICE_ACCOUNT, blocked).expect("blocked");
        },
        by_code,
    );
    typed(&rig, Some(SERVICE_ACCOUNT));
    rig.until("the end", || !rig.host.events(Kind::SignInEnded).is_empty());
    let event = rig.host.events(Kind::SignInEnded).remove(0);
    assert!(event.json.contains("53003") && event.message.contains("device code flow"), "{}", event.message);
    assert!(event.remedy.contains("Authentication flows"), "{}", event.remedy);
    let stats = rig.stats();
    assert_eq!((stats["sign_in"]["phase"].as_str(), stats["sign_in"]["aadsts"].as_u64()), (Some("refused"), Some(53003)));
}

#[test]
fn a_consent_that_is_missing_at_a_code_has_its_own_event() {
    let rig = Rig::with(
        |sim| {
            quick_codes(sim);
            let blocked = UserSpec { sign_in_error: Some(65001), ..UserSpec::default() };
            sim.default_tenant().update_user(SERVICE_ACCOUNT, blocked).expect("blocked");
        },
        by_code,
    );
    typed(&rig, Some(SERVICE_ACCOUNT));
    let ended = rig.host.wait(0, "the end", |seen| seen.is_event(Kind::SignInEnded));
    let missing = rig.host.wait(0, "its cause", |seen| seen.is_event(Kind::ConsentMissing));
    assert!(missing < ended, "{}", rig.host.told(0));
    let event = rig.host.events(Kind::ConsentMissing).remove(0);
    assert!(event.json.contains("65001") && !event.json.contains("next_try_at_ms"), "{}", event.json);
}

#[test]
fn an_app_without_public_client_flows_is_told_what_to_switch() {
    // The usual app of the tests is confidential.
    let rig = Rig::with(|_| {}, |config| config["auth"] = json!({ "method": "device_code" }));
    rig.until("the refusal", || !rig.host.events(Kind::CredentialRefused).is_empty());
    let event = rig.host.events(Kind::CredentialRefused).remove(0);
    assert!(event.json.contains("7000218") && event.remedy.contains("Allow public client flows"), "{}", event.remedy);
}

#[test]
fn who_signs_in_without_a_person_cannot_be_asked() {
    let rig = Rig::with_ann(|_| {});
    for error in [rig.instance.sign_in(""), rig.instance.sign_out("")] {
        let error = error.expect_err("no person");
        assert_eq!(error.kind, ErrorKind::State);
        assert!(error.to_string().contains("client_secret"), "{error}");
    }
    rig.proves_alive();
}

#[test]
fn a_reload_from_secret_to_code_leaves_no_gap() {
    let rig = Rig::with(
        |sim| {
            quick_codes(sim);
            // One app that may do both.
            let app = AppSpec {
                client_id: Some(teams_presence_simulator::CLIENT_ID.to_owned()),
                scopes: Some(vec!["Presence.Read.All".into(), "User.Read.All".into()]),
                ..AppSpec::default()
            };
            sim.default_tenant().put_app(app).expect("an app");
        },
        |_| {},
    );
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    let public = AppSpec {
        client_id: Some(teams_presence_simulator::CLIENT_ID.to_owned()),
        public_client: Some(true),
        ..AppSpec::default()
    };
    rig.sim.default_tenant().put_app(public).expect("public now");
    let mut config = rig.config.clone();
    config["auth"] = json!({ "method": "device_code" });
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    rig.host.wait(0, "the code", |seen| seen.is_event(Kind::SignInRequired));
    rig.proves_alive();
    typed(&rig, Some(SERVICE_ACCOUNT));
    rig.until("the person", || rig.stats()["sign_in"]["phase"] == "signed_in" && rig.host.events(Kind::SignedIn).len() == 2);
    rig.proves_alive();
}

#[test]
fn a_federated_token_in_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("token");
    let claims = FederatedSpec { issuer: "https://issuer.test".into(), subject: "system:pbx".into(), audience: None };
    let trusted = claims.clone();
    let rig = Rig::with(
        move |sim| {
            let app = AppSpec {
                client_id: Some(teams_presence_simulator::CLIENT_ID.to_owned()),
                federated: Some(vec![trusted]),
                ..AppSpec::default()
            };
            sim.default_tenant().put_app(app).expect("an app");
        },
        |config| config["auth"] = json!({ "method": "workload_identity", "token_file": file }),
    );
    rig.users(&[("100", ANN)]);
    rig.until("the missing file", || !rig.host.events(Kind::SecretUnreadable).is_empty());
    let event = rig.host.events(Kind::SecretUnreadable).remove(0);
    assert!(event.json.contains("auth.token_file") && event.json.contains("No such file"), "{}", event.json);
    let token = rig.sim.act(Action::FederatedToken { claims, life_s: 3_600 }).expect("a token");
    std::fs::write(&file, token["token"].as_str().expect("a token")).expect("written");
    rig.host.chat(0, "100", Chat::Available);
    rig.proves_alive();
}

#[test]
fn the_identity_of_the_machine() {
    let rig = Rig::with(
        |_| {},
        |config| {
            config["auth"] = json!({ "method": "managed_identity" });
            config["endpoints"]["metadata"] = config["endpoints"]["login"].clone();
            // It would refuse what comes through one.
            config["proxy"] = json!({ "mode": "none" });
        },
    );
    rig.users(&[("100", ANN)]);
    rig.until("the refusal", || !rig.host.events(Kind::CredentialRefused).is_empty());
    let event = rig.host.events(Kind::CredentialRefused).remove(0);
    assert!(event.message.contains("no such managed identity"), "{}", event.message);
    let roles = Some(vec!["Presence.Read.All".to_owned(), "User.Read.All".to_owned()]);
    let identity = AppSpec { roles, managed: Some(Managed::System), ..AppSpec::default() };
    rig.sim.default_tenant().put_app(identity).expect("an identity");
    // Configured anew, it need not wait for its schedule.
    rig.stop();
    let (instance, host) = create(&rig.config);
    instance.start().expect("a start");
    instance.set_users(vec![user("100", ANN)]).expect("users");
    host.chat(0, "100", Chat::Available);
    rig.presence(ANN, "Busy", "InACall");
    host.wait(0, "DND", |seen| seen.is_dnd("100", Dnd::On));
    instance.stop(std::time::Duration::from_secs(30)).expect("a stop");
    let asked = rig.sim.requests();
    let asked = asked.iter().rev().find(|request| request.path == "/metadata/identity/oauth2/token").expect("asked");
    assert!(asked.headers.iter().any(|(name, value)| name == "metadata" && value == "true"), "{asked:?}");
}

#[test]
fn another_process_on_the_same_directory_is_signed_in_and_a_sign_out_lasts() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = Rig::with(quick_codes, |config| {
        by_code(config);
        config["state"] = json!({ "dir": place });
    });
    rig.users(&[("100", ANN)]);
    typed(&rig, Some(SERVICE_ACCOUNT));
    rig.host.chat(0, "100", Chat::Available);
    rig.stop();
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for file in std::fs::read_dir(&place).expect("a directory") {
        assert_eq!(mode(&file.expect("a file").path()), 0o600);
    }
    let again = || {
        let (instance, host) = create(&rig.config);
        instance.start().expect("a start");
        instance.set_users(vec![user("100", ANN)]).expect("users");
        (instance, host)
    };
    let ended = |instance: std::sync::Arc<teams_presence_sync::instance::Instance>| {
        instance.stop(std::time::Duration::from_secs(30)).expect("a stop");
        instance.destroy().expect("the end");
    };
    let (instance, host) = again();
    host.wait(0, "the sign-in of before", |seen| seen.is_event(Kind::SignedIn));
    assert!(host.events(Kind::SignInRequired).is_empty(), "{}", host.told(0));
    instance.sign_out("").expect("out");
    ended(instance);
    let (instance, host) = again();
    host.wait(0, "a code", |seen| seen.is_event(Kind::SignInRequired));
    ended(instance);
}

#[test]
fn a_refused_password_is_not_sent_again_by_the_next_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("teams");
    let rig = Rig::with(
        |_| {},
        |config| {
            config["client_id"] = PUBLIC_CLIENT_ID.into();
            config["auth"] = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": "wrong-one" });
            config["state"] = json!({ "dir": place });
        },
    );
    // Without anybody to follow, nobody signs in.
    rig.users(&[("100", ANN)]);
    rig.until("the refusal", || !rig.host.events(Kind::CredentialRefused).is_empty());
    // Written beside everything else.
    rig.until("the note", || {
        let files = std::fs::read_dir(&place).expect("a directory");
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.expect("a file").path()).unwrap_or_default();
            assert!(!bytes.windows(9).any(|bytes| bytes == b"wrong-one"), "the password is on disk");
            bytes.windows(18).any(|bytes| bytes == b"refused_credential")
        })
    });
    rig.stop();
    for _ in 0..3 {
        let (instance, host) = create(&rig.config);
        instance.set_users(vec![user("100", ANN)]).expect("users");
        instance.start().expect("a start");
        host.wait(0, "the refusal of before", |seen| seen.is_event(Kind::CredentialRefused));
        assert!(host.events(Kind::CredentialRefused)[0].json.contains(r#""remembered":true"#), "{}", host.told(0));
        instance.stop(std::time::Duration::from_secs(30)).expect("a stop");
        instance.destroy().expect("the end");
    }
    assert_eq!(rig.sim.counters().tokens_refused.get(&50126), Some(&1));
}
