//! Entra out of reach.

use super::*;

#[tokio::test]
async fn an_outage_is_told_once_and_so_is_its_end() {
    let server = Loopback::start(|number, _| if number < 4 { Reply::Bytes(Vec::new()) } else { granted() });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    for _ in 0..4 {
        let error = bench.error().await;
        let wait = error.next_try_mono_ms() - bench.clock.mono_ms();
        assert!((500..=60_000).contains(&wait), "{wait}");
        assert_eq!(bench.error().await, error, "no request before its time");
        bench.clock.advance(wait + 1);
    }
    bench.token().await.expect("a token");
    assert_eq!(server.hits(), 5);
    let events = bench.events();
    let kinds: Vec<Kind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::EntraUnreachable, Kind::EntraRecovered, Kind::SignedIn]);
    assert!(
        events[0].json.contains("\"stage\":\"request\"") && events[0].json.contains(&server.addr.to_string()),
        "{}",
        events[0].json
    );
}

#[tokio::test]
async fn each_stage_has_its_word() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let server = always(|| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()));
    let mut refused = settings(&server, by_secret(SECRET));
    refused.login = format!("http://{gone}");
    let mut unknown = refused.clone();
    unknown.login = "http://login.invalid".to_owned();
    for (settings, stage) in [(settings(&server, by_secret(SECRET)), "body"), (refused, "connect")] {
        let bench = Bench::new(settings);
        let error = bench.error().await;
        assert!(matches!(error, SignInError::Unreachable { .. }), "{error:?}");
        let event = bench.events().pop().expect("an event");
        assert!(event.json.contains(&format!("\"stage\":\"{stage}\"")), "{}", event.json);
    }
    let bench = Bench::new(unknown);
    bench.error().await;
    let event = bench.events().pop().expect("an event");
    assert_eq!(event.kind, Kind::NameUnresolved);
    assert!(
        event.json.contains("\"host\":\"login.invalid\"") && event.remedy.contains("getent hosts login.invalid"),
        "{event:?}"
    );
}

#[tokio::test]
async fn retry_after_is_heeded_in_each_form() {
    for (status, header, at_least, at_most) in [
        (429, Some("120"), 119_000, 120_000),
        (503, Some("2.5"), 2_000, 2_500),
        (429, Some("Sun, 22 Nov 2099 12:00:00 GMT"), 3_590_000, 3_600_000),
        (503, None, 500, 1_000),
        (504, Some("soon"), 500, 1_000),
    ] {
        let server = always(move || {
            let headers = header.map(|value| ("retry-after", value.to_owned())).into_iter().collect();
            Reply::Whole(status, headers, b"<html>later</html>".to_vec())
        });
        let bench = Bench::new(settings(&server, by_secret(SECRET)));
        let error = bench.error().await;
        assert!(matches!(error, SignInError::Busy { status: found, .. } if found == status), "{error:?}");
        let wait = error.next_try_mono_ms() - bench.clock.mono_ms();
        assert!((at_least..=at_most).contains(&wait), "{status} {header:?}: {wait}");
        let event = bench.events().pop().expect("an event");
        assert!(event.json.contains("\"stage\":\"status\""), "{}", event.json);
    }
}

#[tokio::test]
async fn passing_troubles_of_entra_do_not_count_as_refusals() {
    let server = Loopback::start(|number, _| match number {
        0 => refused(90033, "temporarily_unavailable"),
        1 => Reply::json(500, r#"{"error":"invalid_client","error_codes":[7000215]}"#),
        2 => Reply::json(400, r#"{"error":"temporarily_unavailable"}"#),
        _ => granted(),
    });
    let bench = Bench::new(settings(&server, by_password("right", None)));
    for _ in 0..3 {
        let error = bench.error().await;
        assert!(matches!(error, SignInError::Busy { .. }), "{error:?}");
        bench.clock.advance(60_000);
    }
    bench.token().await.expect("within minutes, though it is a password");
}
