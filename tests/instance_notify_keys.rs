//! The keys for contents, the proof of who sends, and what is never told of either.

mod instance_support;

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{EndpointClass, Fault, SERVICE_PASSWORD, Tamper, Tokens};
use teams_presence_sync::event::{Kind, Level};
use teams_presence_sync::presence::{Chat, Dnd};

const DAY_MS: u64 = 86_400_000;

/// The name of the certificate of the subscription that lives.
fn certificate(rig: &Rig) -> Option<String> {
    rig.sim.subscriptions().into_iter().find(|it| it.state == "alive")?.certificate_id
}

fn off_by_notification(rig: &Rig) {
    let (mark, applied) = (rig.host.mark(), worker(rig, "applied"));
    rig.presence(ANN, "Available", "Available");
    rig.host.dnd(mark, "100", Dnd::Off);
    rig.until("the notification", || worker(rig, "applied") > applied);
}

#[test]
fn a_key_is_replaced_while_its_subscription_lives() {
    let rig = subscribed("rich", |_| {}, |_| {});
    // Two hours before its time: what the jump ended is made anew under the same key.
    let first = certificate(&rig).expect("a certificate");
    rig.advance(90 * DAY_MS - 2 * 3_600_000);
    rig.until_later("a subscription", || certificate(&rig).as_ref() == Some(&first));
    trusted(&rig);
    told_by_notification(&rig);
    rig.until("it is written down", || !bodies(&rig).is_empty());
    let old = bodies(&rig).pop().expect("a body");
    assert_eq!(worker(&rig, "undecrypted"), 0);
    let made = subscription_requests(&rig, "POST");
    // Time in steps, so that it lives until then.
    rig.until("the other key", || {
        rig.advance(20_000);
        certificate(&rig).is_some_and(|it| it != first)
    });
    assert!(subscription_requests(&rig, "POST") > made);
    rig.until("news", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    // What was encrypted for the old key still opens: it is known to be a repetition, which only the decrypted text shows.
    let ignored = worker(&rig, "ignored");
    assert_eq!(post(&rig, &old), 202);
    rig.until("it is taken in", || worker(&rig, "ignored") > ignored);
    assert_eq!((worker(&rig, "undecrypted"), worker(&rig, "unproved")), (0, 0));
    off_by_notification(&rig);
    assert_eq!((worker(&rig, "undecrypted"), worker(&rig, "unproved")), (0, 0), "and so does what is encrypted for the new one");
    rig.unharmed();
}

/// Certificate and key as PEM.
fn pair() -> (String, String) {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).expect("a key");
    let names = vec!["pbx.contoso.test".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).expect("a name").self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn a_supplied_pair_is_used_and_after_a_restart_again() {
    let (certificate_pem, key_pem) = pair();
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("key.pem");
    std::fs::write(&file, &key_pem).expect("written");
    let rig = subscribed(
        "rich",
        |_| {},
        |config| {
            config["source"]["notifications"]["certificate"] = certificate_pem.as_str().into();
            config["source"]["notifications"]["key"] = json!({ "file": file });
            config["state"] = json!({ "dir": dir.path().join("state") });
        },
    );
    let name = certificate(&rig);
    assert!(name.is_some());
    told_by_notification(&rig);
    assert_eq!((worker(&rig, "undecrypted"), worker(&rig, "unproved")), (0, 0));
    rig.unharmed();
    rig.stop();
    rig.instance.start().expect("a start");
    rig.until_later("another", || certificate(&rig).is_some());
    assert_eq!(certificate(&rig), name);
    rig.until("news", || rig.stats()["notifications"]["accounts"]["main"]["state"] != "off");
    off_by_notification(&rig);
    assert_eq!((worker(&rig, "undecrypted"), worker(&rig, "unproved")), (0, 0));
}

#[test]
fn a_listener_without_its_certificate_is_told_and_heals() {
    let dir = tempfile::tempdir().expect("a directory");
    let (certificate, key) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
    let rig = Rig::with(quick, |config| {
        notified(config, "rich");
        let notifications = &mut config["source"]["notifications"];
        notifications["url"] = notifications["url"].as_str().expect("a URL").replace("http://", "https://").into();
        notifications["listener"]["certificate"] = json!({ "file": certificate });
        notifications["listener"]["key"] = json!({ "file": key });
    });
    rig.users(&[("100", ANN), ("101", BEN)]);
    let failed = rig.host.event(0, Kind::ListenerFailed);
    assert!(failed.json.contains("\"step\":\"certificate\"") && failed.json.contains("certificate.pem"), "{}", failed.json);
    let (certificate_pem, key_pem) = rig.sim.certificate(&["127.0.0.1"]).expect("a certificate");
    std::fs::write(&key, key_pem).expect("written");
    std::fs::write(&certificate, certificate_pem).expect("written");
    rig.host.chat(0, "100", Chat::Available);
    rig.until_later("a subscription", || living(&rig).len() == 1);
    told_by_notification(&rig);
    assert_eq!(rig.host.events(Kind::ListenerFailed).len(), 1, "told once");
    rig.unharmed();
}

#[test]
fn whether_missing_tokens_are_accepted_is_taken_over_by_a_reload() {
    let rig = subscribed("rich", |sim| sim.oddities(|oddities| oddities.notify.tokens = Tokens::Null), |_| {});
    trusted(&rig);
    // Graph answers nothing about presence: whatever is learnt came by notification.
    rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
    let mark = rig.host.mark();
    let reload = |policy: &str| {
        let mut config = rig.config.clone();
        config["source"]["notifications"]["missing_tokens"] = policy.into();
        rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    };
    rig.presence(ANN, "Busy", "InACall");
    rig.until("it is taken in", || worker(&rig, "reread") > 0);
    assert!(!rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)), "refused by default");
    assert!(worker(&rig, "unproved") > 0);
    reload("accept");
    rig.sim.notify(ANN, None).expect("sent");
    rig.host.dnd(mark, "100", Dnd::On);
    reload("refuse");
    let unproved = worker(&rig, "unproved");
    let (mark, reread) = (rig.host.mark(), worker(&rig, "reread"));
    rig.presence(ANN, "Available", "Available");
    rig.until("it is taken in", || worker(&rig, "reread") > reread);
    assert!(!rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)));
    assert!(worker(&rig, "unproved") > unproved);
    rig.unharmed();
}

#[test]
fn the_watchdogs_interval_is_taken_over_by_a_reload() {
    let rig = subscribed(
        "rich",
        |_| {},
        |config| {
            config["source"]["watchdog_interval_ms"] = 3_600_000.into();
            config["stale"] = json!({ "after_ms": 3 * 3_600_000 });
        },
    );
    trusted(&rig);
    let mut config = rig.config.clone();
    config["source"]["watchdog_interval_ms"] = 30_000.into();
    rig.instance.reload(config.to_string().as_bytes()).expect("a reload");
    // Three looks in less than half of the hour that it was before.
    for _ in 0..3 {
        let asked = presence_requests(&rig);
        let begun = rig.sim.now();
        rig.until("a look", || {
            if rig.sim.now() - begun < 10 * 60_000 {
                rig.advance(1_000);
            }
            presence_requests(&rig) > asked
        });
    }
    rig.unharmed();
}

/// The value of a member, wherever it stands in what was asked of Graph.
fn asked(rig: &Rig, member: &str) -> Vec<String> {
    let bodies = rig.sim.requests().into_iter().filter(|it| it.path.ends_with("/subscriptions") && it.method == "POST");
    let values = bodies.filter_map(|it| serde_json::from_str::<Value>(&it.body).ok()?[member].as_str().map(str::to_owned));
    values.collect()
}

#[test]
fn no_secret_of_notifications_is_ever_told() {
    const IN_THE_URL: &str = "s3cret-in-the-query";
    let (certificate_pem, key_pem) = pair();
    let dir = tempfile::tempdir().expect("a directory");
    let mut said = Said(String::new());
    let rig = subscribed(
        "rich",
        |_| {},
        |config| {
            config["log"]["level"] = "trace".into();
            config["state"] = json!({ "dir": dir.path() });
            let notifications = &mut config["source"]["notifications"];
            notifications["certificate"] = certificate_pem.into();
            notifications["key"] = key_pem.as_str().into();
            notifications["url"] = format!("{}?code={IN_THE_URL}", notifications["url"].as_str().expect("a URL")).into();
        },
    );
    rig.instance.set_log_level(Level::Trace);
    trusted(&rig);
    told_by_notification(&rig);
    for how in [
        Tamper::WrongClientState { value: Some("wrong".to_owned()) },
        Tamper::WrongHmac,
        Tamper::WrongKey,
        Tamper::WrongPlaintext,
        Tamper::TokensGarbage,
        Tamper::TokenExpired,
        Tamper::TokenStranger,
        Tamper::NotJson,
        Tamper::CutBody,
        Tamper::Duplicate { times: 2, gap_ms: 0 },
    ] {
        let posts = rig.stats()["notifications"]["intake"]["posts"].as_u64();
        rig.sim.notify(ANN, Some(how)).expect("sent");
        rig.until("the post", || rig.stats()["notifications"]["intake"]["posts"].as_u64() > posts);
    }
    // Everything about a subscription fails once, and it is lost and found.
    for method in ["PATCH", "POST"] {
        let refused = rig.host.events(Kind::SubscriptionRefused).len();
        let mut fault = Fault::status(EndpointClass::Subscriptions, 400).times(1);
        fault.method = Some(method.to_owned());
        rig.sim.inject(fault);
        rig.sim.lifecycle(None, "reauthorizationRequired").expect("sent");
        rig.until("the refusal", || {
            rig.advance(20_000);
            rig.host.events(Kind::SubscriptionRefused).len() > refused
        });
    }
    rig.until("another", || {
        rig.advance(20_000);
        living(&rig).len() == 1
    });
    rig.sim.lifecycle(None, "missed").expect("sent");
    trusted(&rig);
    rig.sim.inject(Fault::tamper(Tamper::Silent));
    rig.presence(ANN, "Available", "Available");
    rig.until_later("the miss", || !rig.host.events(Kind::NotificationsMissed).is_empty());
    said.by(&rig.instance, &rig.host);
    rig.stop();
    said.by(&rig.instance, &rig.host);
    for kind in ["NotificationsOn", "SubscriptionRefused", "NotificationsForeign", "NotificationsMissed", "level: Trace"] {
        assert!(said.0.contains(kind), "{kind} was provoked");
    }
    let secrets = asked(&rig, "clientState");
    assert!(secrets.len() >= 2, "{secrets:?}");
    secrets.iter().for_each(|secret| said.never_holds("a clientState", secret));
    let lines: Vec<&str> = key_pem.lines().filter(|line| line.len() == 64).collect();
    assert!(lines.len() > 20, "a key of 2048 bits");
    lines.iter().for_each(|line| said.never_holds("the private key", line));
    said.never_holds("a token", "eyJ");
    said.never_holds("the password", SERVICE_PASSWORD);
    said.never_holds("the secret in the URL", IN_THE_URL);
}
