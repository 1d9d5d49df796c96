//! The token cache.

use super::*;

#[tokio::test]
async fn many_callers_one_request() {
    let server = Loopback::start(|_, _| {
        std::thread::sleep(Duration::from_millis(150));
        granted()
    });
    let bench = Arc::new(Bench::new(settings(&server, by_secret(SECRET))));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let bench = bench.clone();
            tokio::spawn(async move { bench.serial().await })
        })
        .collect();
    // One gives up; the others still get their token.
    callers[0].abort();
    for caller in callers.into_iter().skip(1) {
        assert_eq!(caller.await.expect("no panic"), 1);
    }
    assert_eq!(server.hits(), 1);
    let token = bench.token().await.expect("the same");
    assert!(token.claims().has("Presence.Read.All"));
    let events = bench.events();
    assert_eq!((events.len(), events[0].kind), (1, Kind::SignedIn));
    assert!(events[0].json.contains("client_secret") && events[0].json.contains("Presence.Read.All"), "{}", events[0].json);
}

#[tokio::test]
async fn a_token_is_renewed_ahead_and_the_old_one_serves_meanwhile() {
    let server = Loopback::start(|number, _| match number {
        1 => Reply::Whole(503, Vec::new(), b"<html>".to_vec()),
        _ => granted(),
    });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    assert_eq!(bench.serial().await, 1);
    bench.clock.advance(40 * MINUTE);
    assert_eq!((bench.serial().await, server.hits()), (1, 1));
    bench.clock.advance(9 * MINUTE);
    assert_eq!(bench.serial().await, 1, "the old one serves while the new one is fetched");
    bench.until(|| server.hits() == 2 && bench.keeper.state().error.is_some()).await;
    assert_eq!(bench.serial().await, 1, "and when that fails");
    assert_eq!(server.hits(), 2, "which is not repeated at once");
    bench.clock.advance(2_000);
    assert_eq!(bench.serial().await, 1);
    bench.until(|| bench.keeper.state().token_serial == Some(2)).await;
    assert_eq!(bench.kinds(), [Kind::SignedIn], "one missed renewal is no event, a renewal neither");
    let state = bench.keeper.state();
    assert!(state.error.is_none() && state.token_expires_in_ms.is_some_and(|left| left > 50 * MINUTE), "{state:?}");
}

#[tokio::test]
async fn an_old_token_is_not_used_after_its_end() {
    let server = Loopback::start(|number, _| if number == 0 { granted() } else { Reply::Bytes(Vec::new()) });
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    bench.token().await.expect("a token");
    bench.clock.advance(60 * MINUTE);
    assert!(matches!(bench.error().await, SignInError::Unreachable { .. }));
    assert_eq!(bench.keeper.state().token_serial, None);
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once_and_then_slowly() {
    let server = always(granted);
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    let first = bench.token().await.expect("a token");
    bench.keeper.rejected(&first);
    // Several requests were under way with it.
    bench.keeper.rejected(&first);
    let second = bench.token().await.expect("a token");
    assert_eq!((second.serial(), server.hits()), (2, 2));
    bench.keeper.rejected(&second);
    for wait in [1, 5, 15, 60, 60] {
        let error = bench.error().await;
        assert!(matches!(error, SignInError::TokenRejected { .. }), "{error}");
        let hits = server.hits();
        bench.clock.advance(wait * MINUTE - 2_000);
        bench.error().await;
        assert_eq!(server.hits(), hits, "not before {wait} minutes");
        bench.clock.advance(2_000);
        let next = bench.token().await.expect("a try");
        assert_eq!(server.hits(), hits + 1);
        bench.keeper.rejected(&next);
    }
    // A token that served for a while was good: the next refusal begins anew.
    bench.clock.advance(60 * MINUTE);
    let good = bench.token().await.expect("a token");
    bench.clock.advance(11 * MINUTE);
    bench.keeper.rejected(&good);
    bench.token().await.expect("at once");
}

#[tokio::test]
async fn with_the_last_clone_a_request_is_given_up() {
    let server = always(|| Reply::Stall(Vec::new()));
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    let waiting = tokio::spawn({
        let keeper = bench.keeper.clone();
        async move { keeper.token().await }
    });
    bench.until(|| server.hits() == 1).await;
    waiting.abort();
    let Bench { keeper, clock, .. } = bench;
    let core = Arc::downgrade(&keeper.core_for_tests());
    drop(keeper);
    for _ in 0..200 {
        if core.upgrade().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the request goes on: {clock:?}");
}

#[tokio::test]
async fn hostile_answers_with_200() {
    let bomb = vec![b'x'; 1 << 20];
    for (reply, word) in [
        (Reply::json(200, "<html>Sign in to the WiFi</html>"), "JSON"),
        (Reply::json(200, "{}"), "JSON"),
        (Reply::json(200, "[1]"), "JSON"),
        (Reply::json(200, ""), "without a body"),
        (Reply::json(200, r#"{"access_token":"a\r\nx: y","expires_in":1}"#), "usable"),
        (Reply::json(200, format!(r#"{{"access_token":"{}"}}"#, "a".repeat(100_000))), "usable"),
        (Reply::json(200, bomb.iter().map(|byte| *byte as char).collect::<String>()), "larger"),
        (Reply::Whole(302, vec![("location", "http://captive.example/".into())], b"moved".to_vec()), "redirect"),
        (Reply::Whole(404, Vec::new(), b"<html><b>Not here</b>".to_vec()), "404"),
        (Reply::json(403, r#"{"message":"forbidden"}"#), "403"),
    ] {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = always(move || reply.lock().expect("no panic").take().expect("one request"));
        let bench = Bench::new(settings(&server, by_secret(SECRET)));
        let error = bench.error().await;
        assert!(error.to_string().contains(word), "{error} is not {word}");
        assert!(matches!(error, SignInError::Busy { .. } | SignInError::Unreachable { .. }), "{error}");
        assert_eq!(bench.kinds(), [Kind::EntraUnreachable]);
    }
}
