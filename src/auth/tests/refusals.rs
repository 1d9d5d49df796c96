//! Refused credentials.

use super::*;

/// Tries until `hours` are over and gives the minutes at which a request was sent.
async fn tries(bench: &Bench, server: &Loopback, hours: u64) -> Vec<u64> {
    let mut at = Vec::new();
    let mut hits = server.hits();
    for minute in 0..hours * 60 {
        bench.error().await;
        if server.hits() > hits {
            hits = server.hits();
            at.push(minute);
        }
        bench.clock.advance(MINUTE);
    }
    at
}

#[tokio::test]
async fn each_method_has_its_schedule() {
    for (method, code, expected) in [
        (by_secret(SECRET), 7000222, vec![0, 1, 6, 21, 81, 141, 201, 261]),
        (by_password("wrong", None), 50126, vec![0, 60, 120, 180, 240]),
        (by_password("wrong", None), 50053, vec![0, 240]),
        (by_secret(SECRET), 90055, vec![0, 1, 6, 21, 81, 141, 201, 261]),
        (by_password("wrong", None), 80001, vec![0, 1, 6, 21, 81, 141, 201, 261]),
    ] {
        let server = always(move || refused(code, "invalid_client"));
        let bench = Bench::new(settings(&server, method));
        assert_eq!(tries(&bench, &server, 5).await, expected, "AADSTS{code}");
        let events = bench.events();
        assert_eq!(events.len(), 1, "told once: {events:?}");
        assert_eq!(events[0].kind, Kind::CredentialRefused);
        assert!(events[0].json.contains(&format!("\"aadsts\":{code}")), "{}", events[0].json);
        assert!(events[0].json.contains("c0ffee"), "{}", events[0].json);
        assert!(!events[0].json.contains("presence@example.com"), "no address in events: {}", events[0].json);
        assert_eq!(bench.keeper.state().last_code(), Some(code));
    }
}

#[tokio::test]
async fn a_changed_file_is_tried_at_once_and_an_unchanged_one_is_not() {
    let server = Loopback::start(|_, seen| match seen.field("client_secret").as_deref() {
        Some("right") => granted(),
        _ => refused(7000215, "invalid_client"),
    });
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret");
    std::fs::write(&path, "wrong").expect("written");
    let bench = Bench::new(settings(&server, Method::ClientSecret(ClientSecret::new(SecretSource::File(path.clone())))));
    let error = bench.error().await;
    assert!(error.to_string().contains("secret is wrong (AADSTS7000215)"), "{error}");
    for _ in 0..5 {
        bench.clock.advance(6_000);
        bench.error().await;
    }
    assert_eq!(server.hits(), 1, "looked at, not sent");
    // Gone and back again is no change.
    std::fs::remove_file(&path).expect("removed");
    bench.clock.advance(5_000);
    assert!(matches!(bench.error().await, SignInError::BadSecret { .. }));
    std::fs::write(&path, "wrong").expect("written");
    bench.clock.advance(10_000);
    assert!(matches!(bench.error().await, SignInError::Refused { code: Some(7000215), .. }));
    assert_eq!(server.hits(), 1);
    std::fs::write(&path, "right").expect("written");
    bench.clock.advance(5_000);
    bench.token().await.expect("at once");
    assert_eq!(server.hits(), 2);
    assert_eq!(bench.kinds(), [Kind::CredentialRefused, Kind::SecretUnreadable, Kind::SignedIn]);
}

#[tokio::test]
async fn reload_with_the_same_credential_does_not_send_it_again() {
    let server = Loopback::start(|_, seen| match seen.field("password").as_deref() {
        Some("right") => granted(),
        _ => refused(50126, "invalid_grant"),
    });
    let bench = Bench::new(settings(&server, by_password("wrong", None)));
    bench.error().await;
    for _ in 0..5 {
        bench.keeper.replace(settings(&server, by_password("wrong", None)));
        assert!(matches!(bench.error().await, SignInError::Refused { code: Some(50126), .. }));
    }
    assert_eq!(server.hits(), 1, "a reload loop does not lock the account");
    bench.keeper.replace(settings(&server, by_password("right", None)));
    bench.token().await.expect("at once");
    assert_eq!(bench.kinds(), [Kind::CredentialRefused, Kind::SignedIn]);
}

#[tokio::test]
async fn the_old_token_serves_until_the_new_credential_has_signed_in() {
    let server = Loopback::start(|_, seen| match seen.field("client_secret").as_deref() {
        Some("wrong") => refused(7000215, "invalid_client"),
        _ => granted(),
    });
    let bench = Bench::new(settings(&server, by_secret("old")));
    assert_eq!(bench.serial().await, 1);
    bench.keeper.replace(settings(&server, by_secret("wrong")));
    assert_eq!(bench.serial().await, 1);
    bench.until(|| bench.keeper.state().last_code() == Some(7000215)).await;
    assert_eq!((bench.serial().await, server.hits()), (1, 2));
    let refusal = bench.events().pop().expect("an event");
    assert!(refusal.json.contains("serving_until_ms"), "{}", refusal.json);
    bench.keeper.replace(settings(&server, by_secret("new")));
    assert_eq!(bench.serial().await, 1);
    bench.until(|| bench.keeper.state().token_serial == Some(2)).await;
    assert_eq!(bench.kinds(), [Kind::SignedIn]);
    assert_eq!(server.last().field("client_secret").as_deref(), Some("new"));
}

#[tokio::test]
async fn another_cause_is_another_event() {
    let server = Loopback::start(|number, _| match number {
        0 | 1 => refused(7000215, "invalid_client"),
        2 => refused(7000222, "invalid_client"),
        _ => granted(),
    });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    for minutes in [1, 5, 15] {
        bench.error().await;
        bench.clock.advance(minutes * MINUTE);
    }
    bench.token().await.expect("accepted at last");
    assert_eq!(bench.kinds(), [Kind::CredentialRefused, Kind::CredentialRefused, Kind::SignedIn]);
}

#[tokio::test]
async fn an_unknown_number_and_no_number() {
    for (reply, code, word) in [
        (r#"{"error":"invalid_client","error_codes":[1234567]}"#, Some(1234567), "not accepted for this application"),
        (r#"{"error":"a_new_word"}"#, None, "does not know"),
        (r#"{"error_description":"AADSTS50076: more","error":7}"#, Some(50076), "second factor"),
    ] {
        let server = always(move || Reply::json(401, reply));
        let bench = Bench::new(settings(&server, by_secret(SECRET)));
        let error = bench.error().await;
        assert!(matches!(&error, SignInError::Refused { code: found, .. } if *found == code), "{error:?}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_told_with_its_offset() {
    let server = always(|| {
        let body = br#"{"error":"invalid_client","error_codes":[700024]}"#.to_vec();
        Reply::Whole(401, vec![("date", "Sun, 22 Nov 2020 12:00:00 GMT".into())], body)
    });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    let error = bench.error().await;
    assert_eq!(error.code(), Some(700024));
    bench.clock.advance(MINUTE);
    bench.error().await;
    let events = bench.events();
    assert_eq!((events.len(), events[0].kind), (1, Kind::ClockWrong), "{events:?}");
    assert!(events[0].json.contains("\"signing\":true"), "{}", events[0].json);
    let json: serde_json::Value = serde_json::from_str(&events[0].json).expect("JSON");
    let offset = json["offset_ms"].as_i64().expect("an offset");
    assert!((bench.clock.now().wall_ms - offset - 1_606_046_400_000).abs() < 2 * MINUTE as i64, "{offset}");

    let server = Loopback::start(|_, _| match granted() {
        Reply::Whole(status, mut headers, body) => {
            headers.push(("date", "Sun, 22 Nov 2020 12:00:00 GMT".to_owned()));
            Reply::Whole(status, headers, body)
        }
        other => other,
    });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    bench.token().await.expect("accepted all the same");
    assert_eq!(bench.kinds(), [Kind::SignedIn, Kind::ClockWrong]);
}

/// Answers with this machine's time less `behind`, seconds.
fn dated(code: Option<u32>, behind: u64) -> Reply {
    let theirs = std::time::SystemTime::now() - Duration::from_secs(behind);
    let reply = code.map_or_else(granted, |code| refused(code, "invalid_client"));
    match reply {
        Reply::Whole(status, mut headers, body) => {
            headers.push(("date", httpdate::fmt_http_date(theirs)));
            Reply::Whole(status, headers, body)
        }
        other => other,
    }
}

#[tokio::test]
async fn a_refusal_because_of_the_clock_ends_with_it() {
    let server = Loopback::start(|number, _| if number == 0 { dated(Some(700024), 120) } else { dated(None, 0) });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    bench.error().await;
    let events = bench.events();
    assert_eq!((events.len(), events[0].kind), (1, Kind::ClockWrong), "{events:?}");
    assert!(events[0].json.contains("\"signing\":true"));
    // The clock of the test runs ahead by the minute of the schedule: still too much to call it right.
    bench.clock.advance(MINUTE);
    bench.token().await.expect("accepted");
    assert_eq!(bench.kinds(), [Kind::SignedIn]);
}

#[tokio::test]
async fn causes_with_an_event_of_their_own() {
    for (code, error, kind, words) in [
        (90038, "invalid_request", Kind::TenantElsewhere, "another Microsoft cloud"),
        (900382, "invalid_request", Kind::TenantElsewhere, "us_gov"),
        (900432, "invalid_request", Kind::TenantElsewhere, "127.0.0.1"),
        (65001, "invalid_grant", Kind::ConsentMissing, "Grant admin consent"),
        (90094, "access_denied", Kind::ConsentMissing, "administrator"),
        (650057, "invalid_resource", Kind::ConsentMissing, "API permissions"),
        (90002, "invalid_request", Kind::CredentialRefused, "no such tenant"),
        (700016, "unauthorized_client", Kind::CredentialRefused, "client id"),
    ] {
        let server = Loopback::start(move |number, _| if number < 2 { refused(code, error) } else { granted() });
        let bench = Bench::new(settings(&server, by_secret(SECRET)));
        for minutes in [1, 5] {
            bench.error().await;
            bench.clock.advance(minutes * MINUTE);
        }
        bench.token().await.expect("accepted at last");
        let events = bench.events();
        let kinds: Vec<Kind> = events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [kind, Kind::SignedIn], "AADSTS{code}: {events:?}");
        let shown = format!("{} {} {}", events[0].message, events[0].remedy, events[0].json);
        assert!(shown.contains(words) && shown.contains(&code.to_string()), "{shown}");
        assert!(!shown.contains("presence@example.com"), "{shown}");
    }
}

#[tokio::test]
async fn a_clock_that_agrees_is_not_blamed() {
    let server = always(|| {
        let now = httpdate::fmt_http_date(std::time::SystemTime::now());
        Reply::Whole(401, vec![("date", now)], br#"{"error":"invalid_client","error_codes":[700024]}"#.to_vec())
    });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    bench.error().await;
    assert_eq!(bench.kinds(), [Kind::CredentialRefused]);
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let server = always(|| refused(50126, "invalid_grant"));
    let bench = Bench::new(settings(&server, by_password("p4ss-w0rd", Some("cl1ent-s3cret"))));
    let error = bench.error().await;
    let mut shown = format!("{error} {error:?} {:?} {:?}", bench.keeper, bench.keeper.state());
    shown.push_str(&format!("{:?}", settings(&server, by_password("p4ss-w0rd", Some("cl1ent-s3cret")))));
    for event in bench.events() {
        shown.push_str(&format!("{event:?}"));
    }
    while let Some(line) = bench.reporter.next_log() {
        shown.push_str(&line.message);
    }
    for hidden in ["p4ss-w0rd", "cl1ent-s3cret", "presence@example.com"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
