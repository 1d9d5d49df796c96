//! The certificate that the listener for notifications shows: broken, near its end, renewed on disk.

mod instance_support;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_sync::event::Kind;

const DAY_S: u64 = 86_400;
const HOUR_MS: u64 = 3_600_000;

/// Certificate and key that end in so many days, an hour more.
fn pair(folder: &Path, days: u64) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec!["pbx.contoso.test".to_owned()]).expect("a name");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + Duration::from_secs(days * DAY_S + 3_600);
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("cert.pem"), certificate.pem()).expect("written");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
}

fn listening(folder: &Path) -> Rig {
    let rig = Rig::with(
        |_| {},
        |config| {
            notified(config, "basic");
            let listener = &mut config["source"]["notifications"]["listener"];
            listener["certificate"] = json!({ "file": folder.join("cert.pem") });
            listener["key"] = json!({ "file": folder.join("key.pem") });
        },
    );
    rig.users(&[("100", ANN)]);
    rig
}

/// An hour passes at each look. Not in one leap: what sleeps must have begun to.
fn until_hours_later(rig: &Rig, what: &str, mut done: impl FnMut() -> bool) {
    rig.until(what, || {
        let over = done();
        if !over {
            rig.advance(HOUR_MS);
        }
        over
    });
}

fn fields(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

#[test]
fn an_end_that_is_near_is_told_until_it_is_renewed() {
    let folder = tempfile::tempdir().expect("a folder");
    pair(folder.path(), 10);
    let rig = listening(folder.path());
    let first = fields(&rig.host.event(0, Kind::ListenerCertificateExpiring).json);
    assert_eq!(first["days_left"], 10);
    assert!(first["certificate"].as_str().is_some_and(|file| file.ends_with("cert.pem")), "{first}");
    until_hours_later(&rig, "the next point", || rig.host.events(Kind::ListenerCertificateExpiring).len() == 2);
    let next = fields(&rig.host.events(Kind::ListenerCertificateExpiring)[1].json);
    assert!(next["days_left"].as_i64().is_some_and(|days| days < 7), "{next}");
    assert_eq!(rig.host.events(Kind::ListenerRecovered).len(), 0);
    // Nobody connects: it is looked at nevertheless.
    pair(folder.path(), 4_000);
    until_hours_later(&rig, "the renewal", || !rig.host.events(Kind::ListenerRecovered).is_empty());
    assert_eq!(fields(&rig.host.events(Kind::ListenerRecovered)[0].json)["step"], "expiring");
    rig.unharmed();
}

#[test]
fn a_certificate_that_ends_late_is_no_news() {
    let folder = tempfile::tempdir().expect("a folder");
    pair(folder.path(), 90);
    let rig = listening(folder.path());
    rig.host.event(0, Kind::SubscriptionRefused);
    assert_eq!(rig.host.events(Kind::ListenerCertificateExpiring).len(), 0);
    until_hours_later(&rig, "the first point", || !rig.host.events(Kind::ListenerCertificateExpiring).is_empty());
    let first = fields(&rig.host.events(Kind::ListenerCertificateExpiring)[0].json);
    assert!(first["days_left"].as_i64().is_some_and(|days| days < 30), "{first}");
    rig.unharmed();
}

#[test]
fn a_broken_one_is_told_at_the_start_and_when_it_changes_and_so_is_its_repair() {
    let folder = tempfile::tempdir().expect("a folder");
    pair(folder.path(), 90);
    std::fs::write(folder.path().join("cert.pem"), "nothing").expect("written");
    let rig = listening(folder.path());
    let failed = fields(&rig.host.event(0, Kind::ListenerFailed).json);
    assert_eq!(failed["step"], "certificate");
    assert!(failed["detail"].as_str().is_some_and(|why| why.contains("cert.pem")), "{failed}");
    pair(folder.path(), 90);
    rig.until_later("the repair", || rig.host.events(Kind::ListenerRecovered).len() == 1);
    assert_eq!(fields(&rig.host.events(Kind::ListenerRecovered)[0].json)["step"], "certificate");
    std::fs::write(folder.path().join("key.pem"), "nothing").expect("written");
    until_hours_later(&rig, "the next trouble", || rig.host.events(Kind::ListenerFailed).len() == 2);
    pair(folder.path(), 4_000);
    until_hours_later(&rig, "its end", || {
        let recovered = rig.host.events(Kind::ListenerRecovered);
        recovered.iter().filter(|event| event.json.contains("\"step\":\"certificate\"")).count() == 2
    });
    rig.unharmed();
}
