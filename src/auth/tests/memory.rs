//! A refused credential across restarts.

use super::*;

/// Waits until a refusal is written down.
async fn noted(bench: &Bench, notes: &Notes) -> Vec<u8> {
    bench.until(|| notes.get(Shelf::SignIn, "refused_credential").is_some()).await;
    notes.get(Shelf::SignIn, "refused_credential").expect("a note").to_vec()
}

#[tokio::test]
async fn a_restart_loop_does_not_lock_the_account() {
    let server = always(|| refused(50126, "invalid_grant"));
    let (notes, clock) = (Notes::in_memory(), Clock::system());
    let bench = Bench::with(settings(&server, by_password("hunter2", None)), &notes, &clock);
    assert_eq!(bench.error().await.code(), Some(50126));
    let note = String::from_utf8(noted(&bench, &notes).await).expect("text");
    assert!(!note.contains("hunter2") && !note.contains("presence@example.com"), "{note}");
    for _ in 0..5 {
        clock.advance(10 * MINUTE);
        let bench = Bench::with(settings(&server, by_password("hunter2", None)), &notes, &clock);
        let error = bench.error().await;
        assert_eq!((error.code(), server.hits()), (Some(50126), 1), "{error}");
        let event = bench.events().pop().expect("an event");
        assert!(event.kind == Kind::CredentialRefused && event.json.contains(r#""remembered":true"#), "{}", event.json);
    }
    // Another password is another matter, at once.
    let other = Bench::with(settings(&server, by_password("hunter3", None)), &notes, &clock);
    other.error().await;
    assert_eq!(server.hits(), 2);
}

#[tokio::test]
async fn the_schedule_goes_on_where_it_was() {
    let server = always(|| refused(7000215, "invalid_client"));
    let (notes, clock) = (Notes::in_memory(), Clock::system());
    for wait in [1, 5, 15, 60, 60] {
        let before = notes.get(Shelf::SignIn, "refused_credential");
        let bench = Bench::with(settings(&server, by_secret(SECRET)), &notes, &clock);
        let hits = server.hits();
        bench.error().await;
        assert_eq!(server.hits(), hits + 1);
        bench.until(|| notes.get(Shelf::SignIn, "refused_credential") != before).await;
        clock.advance(wait * MINUTE - 5_000);
        let early = Bench::with(settings(&server, by_secret(SECRET)), &notes, &clock);
        early.error().await;
        assert_eq!(server.hits(), hits + 1, "not before {wait} minutes");
        clock.advance(6_000);
    }
}

#[tokio::test]
async fn what_is_accepted_is_remembered_no_more() {
    let server = Loopback::start(|number, _| if number == 0 { refused(7000215, "invalid_client") } else { granted() });
    let (notes, clock) = (Notes::in_memory(), Clock::system());
    let bench = Bench::with(settings(&server, by_secret(SECRET)), &notes, &clock);
    bench.error().await;
    noted(&bench, &notes).await;
    clock.advance(MINUTE + 1_000);
    let bench = Bench::with(settings(&server, by_secret(SECRET)), &notes, &clock);
    bench.token().await.expect("accepted");
    bench.until(|| notes.get(Shelf::SignIn, "refused_credential").is_none()).await;
}

#[tokio::test]
async fn a_clock_set_back_does_not_lock_out_for_ever() {
    let server = always(|| refused(50126, "invalid_grant"));
    let (notes, clock) = (Notes::in_memory(), Clock::system());
    let bench = Bench::with(settings(&server, by_password("p", None)), &notes, &clock);
    bench.error().await;
    let note = noted(&bench, &notes).await;
    // Written when the clock was a year ahead.
    let mut note: serde_json::Value = serde_json::from_slice(&note).expect("JSON");
    let ahead = note["at_ms"].as_i64().expect("a time") + 365 * 86_400_000;
    note["at_ms"] = ahead.into();
    drop(notes.put(Shelf::SignIn, "refused_credential", Some(note.to_string().as_bytes())));
    let bench = Bench::with(settings(&server, by_password("p", None)), &notes, &clock);
    bench.error().await;
    assert_eq!(server.hits(), 1);
    let dated = || {
        let note = notes.get(Shelf::SignIn, "refused_credential").expect("a note");
        serde_json::from_slice::<serde_json::Value>(&note).expect("JSON")["at_ms"].as_i64().expect("a time")
    };
    bench.until(|| dated() < ahead).await;
    // However often it restarts in between, the wait passes.
    for minutes in [30, 31] {
        clock.advance(minutes * MINUTE);
        let bench = Bench::with(settings(&server, by_password("p", None)), &notes, &clock);
        bench.error().await;
    }
    assert_eq!(server.hits(), 2);
}

#[tokio::test]
async fn a_note_that_makes_no_sense_is_no_note() {
    let server = always(granted);
    let notes = Notes::in_memory();
    for note in [
        &b""[..],
        b"{",
        br#"{"version":9}"#,
        br#"{"version":1,"salt":"!","hash":"","count":1,"error":"e","at_ms":0,"wait_ms":1}"#,
    ] {
        drop(notes.put(Shelf::SignIn, "refused_credential", Some(note)));
        let bench = Bench::with(settings(&server, by_secret(SECRET)), &notes, &Clock::system());
        bench.token().await.expect("a token");
    }
}

fn two(server: &Loopback, present: &str, next: &str) -> Settings {
    let next = Next { method: by_secret(next), expires_at_ms: None };
    let succession = Succession { expires_at_ms: None, next: Some(next) };
    Settings { succession, ..settings(server, by_secret(present)) }
}

#[tokio::test]
async fn a_credential_that_moves_to_another_place_keeps_its_history() {
    let server = Loopback::start(|_, seen| match seen.field("client_secret").as_deref() {
        Some("good") => granted(),
        _ => refused(7000215, "invalid_client"),
    });
    let (notes, clock) = (Notes::in_memory(), Clock::system());
    let count = || notes.names(Shelf::SignIn).len();
    let bench = Bench::with(two(&server, "old~one", "new~one"), &notes, &clock);
    assert_eq!(bench.error().await.code(), Some(7000215));
    bench.until(|| count() == 2).await;
    assert_eq!(server.hits(), 2);
    // The next one has taken the place of the present one, as the remedy says.
    let moved = Bench::with(settings(&server, by_secret("new~one")), &notes, &clock);
    assert_eq!((moved.error().await.code(), server.hits()), (Some(7000215), 2));
    let event = moved.events().pop().expect("an event");
    assert!(event.kind == Kind::CredentialRefused && event.json.contains(r#""remembered":true"#), "{}", event.json);
    let swapped = Bench::with(two(&server, "new~one", "old~one"), &notes, &clock);
    assert_eq!((swapped.error().await.code(), server.hits()), (Some(7000215), 2));
    // One that is accepted does not make the other one's refusal forgotten.
    let good = Bench::with(two(&server, "new~one", "good"), &notes, &clock);
    good.token().await.expect("signed in");
    assert_eq!((count(), server.hits()), (2, 3));
    // Refused anew, it stands there once.
    clock.advance(MINUTE + 1_000);
    let again = Bench::with(settings(&server, by_secret("new~one")), &notes, &clock);
    let before: Vec<_> = ["refused_credential", "refused_next_credential"].map(|name| notes.get(Shelf::SignIn, name)).into();
    again.error().await;
    let now =
        || -> Vec<_> { ["refused_credential", "refused_next_credential"].map(|name| notes.get(Shelf::SignIn, name)).into() };
    again.until(|| now() != before).await;
    assert_eq!(now().iter().zip(&before).filter(|(now, before)| now != before).count(), 1);
}
