//! Renewal by the refresh token: what ends it, what only stands in the way, what must not get lost.

use super::*;

#[tokio::test]
async fn a_sign_in_that_has_ended_is_told_with_its_cause() {
    for (code, word) in [(50173, "revoked"), (700082, "long time"), (70043, "frequency"), (50057, "disabled"), (50078, "run out")]
    {
        let server = entra(move |number, seen| match (number, grant(seen).as_str()) {
            (0, _) => signed_in("r"),
            (_, "refresh_token") => refused(code, if code == 50078 { "interaction_required" } else { "invalid_grant" }),
            _ => pending(),
        });
        let notes = Notes::in_memory();
        let bench = Bench::with(by_person(&server), &notes, &Clock::system());
        bench.asked().await;
        bench.poll(&server, 5).await;
        assert_eq!(bench.serial().await, 1);
        bench.events();
        bench.clock.advance(50 * MINUTE);
        assert_eq!(bench.serial().await, 1, "the old token serves");
        bench.until(|| bench.keeper.state().phase == Phase::WaitingForPerson).await;
        assert_eq!(bench.serial().await, 1, "also while a code waits");
        let event = bench.events().pop().expect("an event");
        let json: serde_json::Value = serde_json::from_str(&event.json).expect("JSON");
        assert_eq!((event.kind, json["aadsts"].as_u64()), (Kind::SignInRequired, Some(code.into())), "{}", event.json);
        assert!(json["cause"].as_str().is_some_and(|cause| cause.contains(word)), "{}", event.json);
        assert!(notes.get(Shelf::SignIn, "refresh_token").is_none(), "never sent again");
        bench.clock.advance(10 * MINUTE);
        assert!(matches!(bench.error().await, SignInError::PersonNeeded { .. }));
        let uses = server.seen.lock().expect("no panic").iter().filter(|seen| grant(seen) == "refresh_token").count();
        assert_eq!(uses, 1);
    }
}

#[tokio::test]
async fn a_policy_in_the_way_keeps_the_sign_in() {
    let server = entra(|number, _| match number {
        0 => signed_in("r-0"),
        1 | 2 => refused(53003, "access_denied"),
        _ => signed_in("r-1"),
    });
    let notes = Notes::in_memory();
    let bench = Bench::with(by_person(&server), &notes, &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    bench.events();
    bench.clock.advance(60 * MINUTE);
    for wait in [1, 5] {
        let error = bench.error().await;
        assert_eq!(error.code(), Some(53003), "{error}");
        assert_eq!(bench.keeper.state().phase, Phase::Refused);
        bench.clock.advance(wait * MINUTE);
    }
    bench.token().await.expect("the administrator has changed the policy");
    let events = bench.events();
    let kinds: Vec<Kind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::CredentialRefused, Kind::SignedIn]);
    assert!(events[0].message.contains("device code flow"), "{}", events[0].message);
    assert!(events[0].remedy.contains("Authentication flows"), "{}", events[0].remedy);
    assert_eq!(server.last().field("refresh_token").as_deref(), Some("r-0"));
}

/// What is exchanged for a new refresh token may be worth nothing from then on; so the new one is kept also where a reload came in between.
#[tokio::test]
async fn a_reload_during_a_renewal_keeps_the_rotated_token() {
    let gate = Arc::new((std::sync::Mutex::new(false), std::sync::Condvar::new()));
    let held = gate.clone();
    let server = entra(move |number, seen| {
        if number == 1 {
            let open = held.0.lock().expect("whole");
            drop(held.1.wait_while(open, |open| !*open).expect("whole"));
        }
        assert!(number == 0 || seen.field("refresh_token") == Some(format!("r-{}", number - 1)), "{seen:?}");
        signed_in(&format!("r-{number}"))
    });
    let notes = Notes::in_memory();
    let bench = Bench::with(by_person(&server), &notes, &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    bench.clock.advance(50 * MINUTE);
    bench.token().await.expect("the old one");
    bench.until(|| server.hits() == 3).await;
    let scope = "https://graph.microsoft.com/Presence.Read.All offline_access".to_owned();
    bench.keeper.replace(Settings { scope, ..by_person(&server) });
    *gate.0.lock().expect("whole") = true;
    gate.1.notify_all();
    let stored = || String::from_utf8_lossy(&notes.get(Shelf::SignIn, "refresh_token").expect("a note")).into_owned();
    bench.until(|| stored().contains("r-1")).await;
    // The next renewal goes on from there.
    while bench.serial().await < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(stored().contains("r-2"), "{}", stored());
}
