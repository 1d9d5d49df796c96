//! The end of a credential, told in time; the coming one takes over.

use super::*;
use crate::auth::rotation::Which;
use crate::auth::settings::Next;
use crate::auth::watch::{Marks, Seen as Read, Watch};
use crate::auth::watch_graph::Trait;
use crate::config::MethodName;

const DAY: i64 = 86_400_000;
/// 2026-11-22 12:00 UTC.
const NOW: i64 = 1_795_348_800_000;

fn told(event: Option<crate::event::Draft>) -> Option<serde_json::Value> {
    let reporter = Reporter::new(Level::Error, Clock::system(), Arc::new(|| {}));
    reporter.event_now(event?);
    let event = reporter.next_event().expect("the event");
    let json: serde_json::Value = serde_json::from_str(&event.json).expect("JSON");
    Some(serde_json::json!([event.kind.code(), json["days_left"], json["source"]]))
}

/// A year, an hour at a time: which days are told.
fn a_year(watch: &mut Watch, from: i64, days: i64) -> Vec<i64> {
    let mut all = Vec::new();
    for hour in 0..days * 24 {
        if let Some(event) = told(watch.tick(from + hour * DAY / 24)) {
            assert_eq!(event[0], 104, "{event}");
            all.push(event[1].as_i64().expect("days"));
        }
    }
    all
}

#[test]
fn told_at_each_point_and_daily_after_the_end() {
    let end = NOW + 40 * DAY;
    let mut watch = Watch::new(MethodName::ClientSecret, Some(end), None);
    assert_eq!(a_year(&mut watch, NOW, 44), [30, 15, 7, 3, 1, 0, -1, -2, -3]);
    // At a start inside a window: once, and then by the points.
    let mut watch = Watch::new(MethodName::ClientSecret, Some(NOW + 10 * DAY + DAY / 2), None);
    assert_eq!(a_year(&mut watch, NOW, 9), [10, 7, 3]);
    let mut watch = Watch::new(MethodName::ClientSecret, Some(NOW - 100 * DAY - 1), None);
    assert_eq!(a_year(&mut watch, NOW, 2), [-101, -102]);
    assert_eq!(a_year(&mut Watch::new(MethodName::Password, None, None), NOW, 100), [0i64; 0]);
}

#[test]
fn the_timer_is_never_late_and_never_busy() {
    for (left, wait) in [
        (31 * DAY, DAY),
        (30 * DAY + 5, 5),
        (30 * DAY, DAY),
        (16 * DAY - 7, DAY - 7),
        (DAY / 2, DAY / 2),
        (0, DAY),
        (-1, DAY - 1),
        (-DAY, DAY),
        (i64::MAX / 2, DAY),
    ] {
        let watch = Watch::new(MethodName::ClientSecret, Some(NOW.saturating_add(left)), None);
        assert_eq!(watch.next_tick_ms(NOW), wait as u64, "{left}");
    }
    assert_eq!(Watch::new(MethodName::ClientSecret, None, None).next_tick_ms(NOW), DAY as u64);
}

fn read(fingerprint: u8, certificate_end_ms: Option<i64>, mark: Option<Trait>) -> Read {
    Read { fingerprint: [fingerprint; 32], marks: Marks { certificate_end_ms, mark } }
}

fn secret(hint: &str, end_ms: i64) -> AppCredential {
    AppCredential { hint: Some(hint.to_owned()), end_ms, ..AppCredential::default() }
}

#[test]
fn what_is_sure_goes_before_what_was_written_down_and_that_before_a_guess() {
    let mut watch = Watch::new(MethodName::ClientSecret, Some(NOW + 10 * DAY), None);
    let source = |watch: &Watch| watch.expiry().map(|expiry| (expiry.source, expiry.days_left(NOW)));
    assert_eq!(source(&watch), Some((ExpirySource::Configuration, 10)));
    watch.signed_in(Which::Present, read(1, None, Some(Trait::of_secret("Q3p~rest"))));
    assert!(watch.wants_graph(0));
    // Others' secrets: a guess that does not outweigh the configuration.
    watch.graph_said(Some(&[secret("abc", NOW + 700 * DAY)]), NOW, 5);
    assert_eq!(source(&watch), Some((ExpirySource::Configuration, 10)));
    assert!(!watch.wants_graph(DAY as u64) && watch.wants_graph(DAY as u64 + 5), "once a day");
    let list = [secret("abc", NOW + 700 * DAY), secret("Q3p", NOW - DAY), secret("Q3p", NOW + 20 * DAY)];
    watch.graph_said(Some(&list), NOW, 5);
    assert_eq!(source(&watch), Some((ExpirySource::Graph, 20)));
    watch.graph_said(None, NOW, 6);
    assert_eq!(source(&watch), Some((ExpirySource::Graph, 20)), "not told is not told otherwise");
    // Another secret: what Graph said was of the other.
    watch.signed_in(Which::Present, read(2, None, Some(Trait::of_secret("new"))));
    assert_eq!(source(&watch), Some((ExpirySource::Configuration, 10)));
    assert!(watch.wants_graph(7));

    let mut guessing = Watch::new(MethodName::ClientSecret, None, None);
    guessing.signed_in(Which::Present, read(1, None, Some(Trait::of_secret("Q3p"))));
    guessing.graph_said(Some(&[secret("abc", NOW + 7 * DAY), secret("abd", NOW - DAY)]), NOW, 5);
    assert_eq!(source(&guessing), Some((ExpirySource::Graph, 7)));
}

#[test]
fn a_certificate_tells_by_itself_and_the_registration_can_only_shorten_it() {
    let mut watch = Watch::new(MethodName::Certificate, Some(NOW + 2 * DAY), None);
    let mark = Trait::Thumbprint("q+/8rLA=".to_owned());
    // Before it has signed in, for a certificate that ran out never will.
    watch.read(Which::Present, read(1, Some(NOW - DAY), Some(mark.clone())));
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([104, -1, "certificate"])));
    assert!(!watch.wants_graph(0), "no token to ask with");
    watch.signed_in(Which::Present, read(2, Some(NOW + 90 * DAY), Some(mark)));
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([110, 90, "certificate"])), "renewed");
    assert_eq!(told(watch.tick(NOW)), None);
    let entry = |thumbprint: &str, end_ms| AppCredential {
        certificate: true,
        thumbprint: Some(thumbprint.to_owned()),
        end_ms,
        ..AppCredential::default()
    };
    watch.graph_said(Some(&[entry("AAAA", NOW + DAY), entry("q-_8rLA", NOW + 5 * DAY)]), NOW, 1);
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([104, 5, "graph"])));
    watch.graph_said(Some(&[entry("q+/8rLA=", NOW + 900 * DAY)]), NOW, 1);
    assert_eq!(watch.expiry().map(|expiry| expiry.days_left(NOW)), Some(90));
}

#[test]
fn a_reload_with_another_date() {
    let mut watch = Watch::new(MethodName::ClientSecret, Some(NOW + 5 * DAY), None);
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([104, 5, "configuration"])));
    watch.configure(Watch::new(MethodName::ClientSecret, Some(NOW + 5 * DAY), None));
    assert_eq!(told(watch.tick(NOW)), None, "told already");
    watch.configure(Watch::new(MethodName::ClientSecret, Some(NOW + 6 * DAY), None));
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([104, 6, "configuration"])), "another date");
    watch.configure(Watch::new(MethodName::ClientSecret, None, None));
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([110, null, null])));
    // Of the next one, once it is in use.
    watch.configure(Watch::new(MethodName::ClientSecret, Some(NOW - DAY), Some(Some(NOW + 400 * DAY))));
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([104, -1, "configuration"])));
    watch.signed_in(Which::Next, read(3, None, None));
    assert_eq!(told(watch.tick(NOW)), Some(serde_json::json!([110, 400, "configuration"])));
}

fn with_next(server: &Loopback, present: Method, next: Method) -> Settings {
    let succession = Succession { expires_at_ms: None, next: Some(Next { method: next, expires_at_ms: None }) };
    Settings { succession, ..settings(server, present) }
}

/// Refuses every secret but those in the list.
fn accepts(good: &'static [&'static str], code: u32) -> Loopback {
    Loopback::start(move |_, seen| {
        let given = seen.field("client_secret").or_else(|| seen.field("password")).unwrap_or_default();
        if good.contains(&given.as_str()) { granted() } else { refused(code, "invalid_client") }
    })
}

fn sent(server: &Loopback) -> Vec<String> {
    let seen = server.seen.lock().expect("no panic");
    seen.iter().filter_map(|seen| seen.field("client_secret").or_else(|| seen.field("password"))).collect()
}

#[tokio::test]
async fn the_coming_secret_takes_over_at_once_and_stays() {
    let server = accepts(&["coming"], 7000222);
    let bench = Bench::new(with_next(&server, by_secret("expired"), by_secret("coming")));
    assert_eq!(bench.serial().await, 1);
    assert_eq!(sent(&server), ["expired", "coming"]);
    let events = bench.events();
    let kinds: Vec<Kind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::CredentialSwitched, Kind::SignedIn], "one warning, no alarm: {events:?}");
    assert!(events[0].json.contains("\"to\":\"auth.next\"") && events[0].json.contains("7000222"), "{}", events[0].json);
    assert_eq!(bench.keeper.state().credential, "auth.next");
    // For a week: the refused one is not sent again while the other works.
    for serial in 2..9 {
        bench.clock.advance(24 * 60 * MINUTE);
        assert_eq!(bench.serial().await, serial);
    }
    assert!(sent(&server)[2..].iter().all(|secret| secret == "coming"), "{:?}", sent(&server));
    assert_eq!(bench.kinds(), []);
    // Moved to its place: told, nothing refused.
    bench.keeper.replace(settings(&server, by_secret("coming")));
    bench.serial().await;
    bench.until(|| bench.keeper.state().credential == "auth").await;
    assert_eq!(bench.kinds(), [Kind::CredentialSwitched, Kind::SignedIn]);
}

#[tokio::test]
async fn what_does_not_lie_in_the_credential_is_not_tried_with_another() {
    for (code, tries) in [(700016, 1), (90002, 1), (7000112, 1), (50053, 1), (53003, 1), (900382, 1), (7000215, 2), (700027, 2)] {
        let server = always(move || refused(code, "invalid_client"));
        let bench = Bench::new(with_next(&server, by_secret("one"), by_secret("two")));
        assert_eq!(bench.error().await.code(), Some(code));
        assert_eq!(server.hits(), tries, "AADSTS{code}");
        for _ in 0..5 {
            bench.clock.advance(6_000);
            bench.error().await;
        }
        assert_eq!(server.hits(), tries, "AADSTS{code}: not hammered");
    }
}

#[tokio::test]
async fn both_refused_each_keeps_its_schedule() {
    let server = always(|| refused(7000215, "invalid_client"));
    let bench = Bench::new(with_next(&server, by_secret("one"), by_secret("two")));
    bench.error().await;
    for (minutes, hits) in [(1, 4), (5, 6), (15, 8), (60, 10), (60, 12)] {
        bench.clock.advance(minutes * MINUTE - 1_000);
        bench.error().await;
        assert_eq!(server.hits(), hits - 2, "a second too soon for {minutes} minutes");
        bench.clock.advance(2_000);
        bench.error().await;
        assert_eq!(server.hits(), hits, "after {minutes} minutes");
    }
    assert_eq!(bench.kinds(), [Kind::CredentialRefused]);
}

#[tokio::test]
async fn two_causes_that_take_turns_are_told_once_each() {
    let server = Loopback::start(|_, seen| match seen.field("client_secret").as_deref() {
        Some("one") => refused(7000222, "invalid_client"),
        _ => refused(7000215, "invalid_client"),
    });
    let bench = Bench::new(with_next(&server, by_secret("one"), by_secret("two")));
    for minutes in [0, 2, 6, 16, 61, 61] {
        bench.clock.advance(minutes * MINUTE);
        bench.error().await;
    }
    assert_eq!(server.hits(), 12);
    assert_eq!(bench.kinds(), [Kind::CredentialRefused, Kind::CredentialRefused]);
}

#[tokio::test]
async fn a_changed_present_credential_comes_back_into_use() {
    let server = accepts(&["coming", "renewed"], 7000215);
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret");
    std::fs::write(&path, "old").expect("written");
    let present = Method::ClientSecret(ClientSecret::new(SecretSource::File(path.clone())));
    let bench = Bench::new(with_next(&server, present, by_secret("coming")));
    bench.serial().await;
    assert_eq!(bench.keeper.state().credential, "auth.next");
    std::fs::write(&path, "renewed").expect("written");
    bench.clock.advance(2 * 60 * MINUTE);
    assert_eq!(bench.serial().await, 2);
    assert_eq!(sent(&server), ["old", "coming", "renewed"]);
    assert_eq!(bench.keeper.state().credential, "auth");
    // And a file that cannot be read is no reason to stop either.
    std::fs::remove_file(&path).expect("removed");
    bench.clock.advance(2 * 60 * MINUTE);
    assert_eq!(bench.serial().await, 3);
    let events = bench.events();
    let to: Vec<&str> = events.iter().filter(|event| event.kind == Kind::CredentialSwitched).map(|event| &*event.json).collect();
    assert_eq!(to.len(), 3, "{events:?}");
    assert!(to[1].contains("\"to\":\"auth\"") && to[2].contains(&path.display().to_string()), "{to:?}");
    assert!(!events.iter().any(|event| event.kind == Kind::SecretUnreadable), "{events:?}");
}

#[tokio::test]
async fn the_coming_password_takes_over_and_a_locked_account_does_not() {
    let server = accepts(&["coming"], 50126);
    let bench = Bench::new(with_next(&server, by_password("old", None), by_password("coming", None)));
    assert_eq!(bench.serial().await, 1);
    assert_eq!(sent(&server), ["old", "coming"]);
    let locked = accepts(&["coming"], 50053);
    let bench = Bench::new(with_next(&locked, by_password("old", None), by_password("coming", None)));
    assert_eq!(bench.error().await.code(), Some(50053));
    assert_eq!(sent(&locked), ["old"]);
}

#[tokio::test]
async fn a_changed_file_is_told_as_signed_in_once() {
    let server = accepts(&["one", "two"], 7000215);
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret");
    std::fs::write(&path, "one").expect("written");
    let bench = Bench::new(settings(&server, Method::ClientSecret(ClientSecret::new(SecretSource::File(path.clone())))));
    bench.serial().await;
    std::fs::write(&path, "two").expect("written");
    for _ in 0..3 {
        bench.clock.advance(2 * 60 * MINUTE);
        bench.serial().await;
    }
    assert_eq!(sent(&server), ["one", "two", "two", "two"]);
    assert_eq!(bench.kinds(), [Kind::SignedIn, Kind::SignedIn]);
}
