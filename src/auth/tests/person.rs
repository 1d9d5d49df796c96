//! Device code: the person's part, the refresh token, and what ends them.

mod renewal;

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const MINUTE_S: u64 = 60;

fn code() -> Reply {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Reply::json(
        200,
        format!(
            r#"{{"device_code":"device-{count}","user_code":"USER{count}","verification_uri":"https://microsoft.com/devicelogin",
                "expires_in":900,"interval":5,"message":"To sign in, open the page and enter USER{count}."}}"#
        ),
    )
}

fn is_code(seen: &Seen) -> bool {
    seen.line.contains("/devicecode")
}

fn grant(seen: &Seen) -> String {
    seen.field("grant_type").unwrap_or_else(|| "none".to_owned()).rsplit(':').next().unwrap_or_default().to_owned()
}

/// Answers a request for a code with one, and everything else by `other`, which gets the number of such requests before.
fn entra(other: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Loopback {
    let count = AtomicUsize::new(0);
    Loopback::start(move |_, seen| if is_code(seen) { code() } else { other(count.fetch_add(1, Ordering::SeqCst), seen) })
}

fn by_person(server: &Loopback) -> Settings {
    Settings { scope: "https://graph.microsoft.com/.default offline_access".to_owned(), ..settings(server, Method::DeviceCode) }
}

fn pending() -> Reply {
    refused(70016, "authorization_pending")
}

impl Bench {
    /// Lets the next question to Entra come, and waits until it was answered.
    async fn poll(&self, server: &Loopback, seconds: u64) {
        let before = server.hits();
        self.clock.advance(seconds * 1_000);
        for _ in 0..200 {
            // Under load the pause may have begun only now.
            if server.hits() > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
            if server.hits() == before {
                self.clock.advance(1_000);
            }
        }
        assert!(server.hits() > before, "no question came: {:?}", self.keeper);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }

    /// A code is out.
    async fn asked(&self) -> Event {
        self.keeper.begin();
        self.until(|| self.keeper.state().phase == Phase::WaitingForPerson).await;
        self.events().pop().expect("an event")
    }
}

#[tokio::test]
async fn a_person_signs_in_and_need_not_come_back() {
    let server = entra(|number, seen| match (number, grant(seen).as_str()) {
        (0 | 1, "device_code") => pending(),
        (2, "device_code") => signed_in("refresh-1"),
        (3, "refresh_token") => signed_in("refresh-2"),
        (_, other) => panic!("not expected: {other}"),
    });
    let (notes, clock) = (Notes::in_memory(), Clock::system());
    let bench = Bench::with(by_person(&server), &notes, &clock);
    let event = bench.asked().await;
    let first = server.last();
    assert!(first.line.starts_with("POST /11111111-2222-3333-4444-555555555555/oauth2/v2.0/devicecode "), "{}", first.line);
    assert_eq!(first.field("client_id").as_deref(), Some("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"));
    assert_eq!(first.field("scope").as_deref(), Some("https://graph.microsoft.com/.default offline_access"));
    let shown = bench.keeper.state().prompt.expect("a code");
    let json: serde_json::Value = serde_json::from_str(&event.json).expect("JSON");
    assert_eq!((event.kind, json["user_code"].as_str()), (Kind::SignInRequired, Some(shown.user_code.as_str())));
    assert_eq!(json["verification_uri"], "https://microsoft.com/devicelogin");
    assert_eq!(json["expires_at_ms"], shown.expires_at_ms);
    assert!(json["message"].as_str().is_some_and(|text| text.contains(&shown.user_code)) && json["cause"].is_null());
    assert!(!format!("{:?}", bench.keeper).contains(&shown.user_code), "{:?}", bench.keeper);

    let error = bench.error().await;
    assert!(matches!(error, SignInError::PersonNeeded { waiting: true, .. }), "{error}");
    bench.poll(&server, 5).await;
    let asked = server.last();
    assert_eq!(
        (grant(&asked).as_str(), asked.field("device_code").as_deref().map(|c| &c[..7])),
        ("device_code", Some("device-"))
    );
    bench.poll(&server, 5).await;
    bench.poll(&server, 5).await;
    let token = bench.token().await.expect("signed in");
    assert!(!token.claims().app_only && token.claims().has("Presence.Read.All"), "{:?}", token.claims());
    let state = bench.keeper.state();
    assert_eq!((state.phase, state.prompt, state.account.as_deref()), (Phase::SignedIn, None, Some("0b5e")));
    assert_eq!(bench.kinds(), [Kind::SignedIn]);
    assert_eq!(server.hits(), 4);

    // Renewed ahead by the refresh token; the new one takes its place.
    clock.advance(50 * MINUTE);
    assert_eq!(bench.serial().await, 1);
    bench.until(|| bench.keeper.state().token_serial == Some(2)).await;
    assert_eq!(server.last().field("refresh_token").as_deref(), Some("refresh-1"));
    assert_eq!(server.last().field("scope").as_deref(), Some("https://graph.microsoft.com/.default offline_access"));
    assert_eq!(bench.kinds(), []);
    let note = notes.get(Shelf::SignIn, "refresh_token").expect("a note");
    assert!(String::from_utf8_lossy(&note).contains("refresh-2"));
}

#[tokio::test]
async fn after_a_start_the_stored_sign_in_is_used_and_nobody_is_asked() {
    let server = entra(|number, _| signed_in(&format!("refresh-{number}")));
    let (notes, clock) = (Notes::in_memory(), Clock::system());
    let bench = Bench::with(by_person(&server), &notes, &clock);
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    drop(bench);
    let bench = Bench::with(by_person(&server), &notes, &clock);
    bench.keeper.begin();
    bench.token().await.expect("by the refresh token");
    assert_eq!((bench.kinds(), server.hits()), (vec![Kind::SignedIn], 3));
    assert_eq!(server.last().field("refresh_token").as_deref(), Some("refresh-0"));
    // Another tenant's instance on the same notes is not signed in by it.
    let other = Settings { tenant_id: "99999999-2222-3333-4444-555555555555".to_owned(), ..by_person(&server) };
    let other = Bench::with(other, &notes, &clock);
    assert_eq!(other.asked().await.kind, Kind::SignInRequired);
}

#[tokio::test]
async fn whoever_is_slowed_down_asks_less_often() {
    let server = entra(|number, _| match number {
        0 => Reply::json(400, r#"{"error":"slow_down"}"#),
        _ => pending(),
    });
    let bench = Bench::new(by_person(&server));
    bench.asked().await;
    bench.poll(&server, 5).await;
    let hits = server.hits();
    bench.clock.advance(9_000);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.hits(), hits, "10 s now, not 5");
    bench.poll(&server, 1).await;
    bench.clock.advance(9_000);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.hits(), hits + 1, "and from now on");
}

#[tokio::test]
async fn declined_run_out_refused() {
    for (reply, word, code) in [
        (refused(65004, "authorization_declined"), "declined", Some(65004)),
        (Reply::json(400, r#"{"error":"access_denied"}"#), "declined", None),
        (refused(70020, "expired_token"), "ran out", Some(70020)),
        (refused(53003, "access_denied"), "forbids the device code flow", Some(53003)),
        (refused(50105, "invalid_grant"), "not assigned", Some(50105)),
        (refused(65001, "invalid_grant"), "consent", Some(65001)),
        (refused(90094, "access_denied"), "consent", Some(90094)),
        (refused(7000218, "invalid_client"), "registered as confidential", Some(7000218)),
    ] {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = entra(move |_, _| reply.lock().expect("no panic").take().unwrap_or_else(|| signed_in("r")));
        let bench = Bench::new(by_person(&server));
        bench.asked().await;
        bench.poll(&server, 5).await;
        bench.until(|| bench.keeper.state().phase == Phase::Refused).await;
        let mut events = bench.events();
        let event = events.pop().expect("an event");
        assert_eq!(event.kind, Kind::SignInEnded, "{}", event.json);
        // A missing consent has an event of its own, wherever it is met.
        let before: Vec<Kind> = events.iter().map(|event| event.kind).collect();
        assert_eq!(before, if matches!(code, Some(65001 | 90094)) { vec![Kind::ConsentMissing] } else { vec![] }, "{code:?}");
        for event in &events {
            assert!(event.json.contains("65001") || event.json.contains("90094"), "{}", event.json);
            assert!(!event.json.contains("next_try_at_ms") && event.message.contains("consent"), "{}", event.json);
        }
        assert!(event.message.contains(word) && event.remedy.contains("tps_sign_in"), "{} {}", event.message, event.remedy);
        let error = bench.error().await;
        assert!(matches!(error, SignInError::PersonNeeded { waiting: false, .. }), "{error}");
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(word), "{error}");
        // Nothing goes out by itself, however long it takes.
        let hits = server.hits();
        bench.clock.advance(48 * 60 * MINUTE);
        bench.error().await;
        assert_eq!((server.hits(), bench.kinds()), (hits, vec![]));
        // On request there is a new code, and with it one signs in.
        bench.keeper.sign_in("").expect("asked");
        bench.until(|| bench.keeper.state().phase == Phase::WaitingForPerson).await;
        bench.poll(&server, 5).await;
        bench.token().await.expect("signed in");
        assert_eq!(bench.kinds(), [Kind::SignInRequired, Kind::SignedIn]);
    }
}

#[tokio::test]
async fn a_code_that_nobody_uses_runs_out() {
    let server = entra(|_, _| pending());
    let bench = Bench::new(by_person(&server));
    bench.asked().await;
    bench.clock.advance(15 * MINUTE_S * 1_000);
    bench.until(|| bench.keeper.state().phase == Phase::Refused).await;
    let event = bench.events().pop().expect("an event");
    assert!(event.kind == Kind::SignInEnded && event.message.contains("ran out"), "{}", event.message);
    assert!(bench.keeper.state().prompt.is_none());
}

#[tokio::test]
async fn an_outage_while_a_code_waits_ends_neither() {
    let server = entra(|number, _| match number {
        0 => Reply::Bytes(Vec::new()),
        1 => Reply::Whole(503, vec![("retry-after", "30".to_owned())], b"busy".to_vec()),
        2 => pending(),
        _ => signed_in("r"),
    });
    let bench = Bench::new(by_person(&server));
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.until(|| matches!(bench.keeper.state().error, Some(SignInError::Unreachable { .. }))).await;
    assert_eq!(bench.kinds(), [Kind::EntraUnreachable]);
    assert_eq!(bench.keeper.state().phase, Phase::WaitingForPerson);
    bench.poll(&server, 6).await;
    let hits = server.hits();
    bench.clock.advance(20_000);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.hits(), hits, "as long as the server asks for");
    bench.poll(&server, 15).await;
    bench.until(|| matches!(bench.keeper.state().error, Some(SignInError::PersonNeeded { .. }))).await;
    assert!(bench.kinds().contains(&Kind::EntraRecovered));
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
}

#[tokio::test]
async fn a_code_that_is_refused_is_not_asked_for_again_at_once() {
    let server = Loopback::start(|_, _| refused(700016, "unauthorized_client"));
    let bench = Bench::new(by_person(&server));
    bench.keeper.begin();
    assert_eq!(bench.error().await.code(), Some(700016));
    bench.error().await;
    assert_eq!((server.hits(), bench.kinds()), (1, vec![Kind::CredentialRefused]));
    // A person's wish is another matter.
    bench.keeper.sign_in("").expect("asked");
    bench.until(|| server.hits() == 2 && bench.keeper.state().last_code() == Some(700016)).await;
    bench.clock.advance(MINUTE + 1_000);
    bench.error().await;
    assert_eq!(server.hits(), 3);
}

#[tokio::test]
async fn a_wish_for_a_code_comes_true_once() {
    let server = entra(|_, _| pending());
    let bench = Bench::new(by_person(&server));
    let first = bench.asked().await;
    bench.keeper.sign_in("").expect("asked");
    assert_eq!(bench.events().pop().expect("the same again").json, first.json);
    assert_eq!(server.hits(), 1);
    bench.clock.advance(4_000);
    bench.clock.advance(2_000);
    bench.until(|| server.hits() == 2).await;
    bench.keeper.sign_in("").expect("asked");
    bench.until(|| bench.keeper.state().prompt.is_some_and(|prompt| !first.json.contains(&prompt.user_code))).await;
    // The code of before is asked about no more.
    bench.poll(&server, 5).await;
    let last = server.last().field("device_code").expect("a code");
    bench.poll(&server, 5).await;
    assert_eq!(server.last().field("device_code").as_deref(), Some(last.as_str()));
    assert_eq!(bench.keeper.sign_in("somebody").expect_err("unknown"), NoPerson::Account);
    assert_eq!(bench.keeper.sign_out("somebody").expect_err("unknown"), NoPerson::Account);
}

#[tokio::test]
async fn a_new_code_that_nobody_uses_does_not_end_the_sign_in_of_before() {
    let server = entra(|number, seen| match (number, grant(seen).as_str()) {
        (0, _) => signed_in("r-0"),
        (_, "refresh_token") => signed_in("r-1"),
        _ => pending(),
    });
    let notes = Notes::in_memory();
    let bench = Bench::with(by_person(&server), &notes, &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    assert_eq!(bench.serial().await, 1);
    bench.clock.advance(46 * MINUTE);
    bench.events();
    bench.keeper.sign_in("").expect("asked");
    bench.until(|| bench.keeper.state().phase == Phase::WaitingForPerson).await;
    assert_eq!(bench.kinds(), [Kind::SignInRequired]);
    // Renewed while the code waits.
    bench.clock.advance(5 * MINUTE);
    assert_eq!(bench.serial().await, 1);
    bench.until(|| bench.keeper.state().token_serial == Some(2)).await;
    assert_eq!(bench.keeper.state().phase, Phase::WaitingForPerson);
    bench.clock.advance(15 * MINUTE);
    bench.until(|| bench.keeper.state().phase == Phase::SignedIn).await;
    assert!(bench.kinds().contains(&Kind::SignInEnded));
    // And after it.
    bench.clock.advance(3 * 60 * MINUTE);
    assert_eq!(bench.serial().await, 3);
    assert_eq!(server.last().field("refresh_token").as_deref(), Some("r-1"));
}

#[tokio::test]
async fn a_sign_in_that_ends_while_a_code_waits_asks_for_no_second_one() {
    let server = entra(|number, seen| match (number, grant(seen).as_str()) {
        (0, _) => signed_in("r-0"),
        (_, "refresh_token") => refused(50173, "invalid_grant"),
        _ => pending(),
    });
    let bench = Bench::with(by_person(&server), &Notes::in_memory(), &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    bench.clock.advance(50 * MINUTE);
    bench.events();
    bench.keeper.sign_in("").expect("asked");
    bench.until(|| bench.keeper.state().phase == Phase::WaitingForPerson).await;
    bench.clock.advance(10 * MINUTE);
    assert!(matches!(bench.error().await, SignInError::PersonNeeded { waiting: true, .. }));
    assert_eq!(bench.kinds(), [Kind::SignInRequired]);
    let codes = server.seen.lock().expect("no panic").iter().filter(|seen| is_code(seen)).count();
    assert_eq!(codes, 2);
}

#[tokio::test]
async fn an_outage_does_not_end_the_wish_for_a_code() {
    let asked = AtomicUsize::new(0);
    let server = Loopback::start(move |_, seen| match is_code(seen).then(|| asked.fetch_add(1, Ordering::SeqCst)) {
        Some(1) => Reply::Bytes(Vec::new()),
        Some(_) => code(),
        None => signed_in("r"),
    });
    let bench = Bench::with(by_person(&server), &Notes::in_memory(), &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    bench.events();
    bench.clock.advance(6_000);
    bench.keeper.sign_in("").expect("asked");
    bench.until(|| matches!(bench.keeper.state().error, Some(SignInError::Unreachable { .. }))).await;
    assert_eq!(bench.serial().await, 1, "what is held serves");
    bench.clock.advance(2_000);
    assert_eq!(bench.serial().await, 1);
    bench.until(|| bench.keeper.state().phase == Phase::WaitingForPerson).await;
    bench.poll(&server, 5).await;
    bench.until(|| bench.keeper.state().token_serial == Some(2)).await;
}

#[tokio::test]
async fn a_sign_in_without_a_refresh_token_is_doubtful() {
    let server = entra(|_, _| granted());
    let notes = Notes::in_memory();
    drop(notes.put(Shelf::SignIn, "refresh_token", Some(b"somebody else's")));
    let bench = Bench::with(by_person(&server), &notes, &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    assert_eq!(bench.kinds(), [Kind::CredentialDoubtful, Kind::SignedIn]);
    assert!(notes.get(Shelf::SignIn, "refresh_token").is_none());
    bench.clock.advance(60 * MINUTE);
    bench.token().await.expect_err("a person again");
    assert_eq!(bench.kinds(), [Kind::SignInRequired]);
}

#[tokio::test]
async fn signing_out_forgets_and_stays_so() {
    let server = entra(|_, _| signed_in("r"));
    let notes = Notes::in_memory();
    let bench = Bench::with(by_person(&server), &notes, &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    bench.events();
    bench.keeper.sign_out("0B5E").expect("by the id of the account");
    let state = bench.keeper.state();
    assert_eq!((state.phase, state.token_serial, state.account), (Phase::SignedOut, None, None));
    assert!(notes.get(Shelf::SignIn, "refresh_token").is_none());
    let hits = server.hits();
    bench.clock.advance(600 * MINUTE);
    assert!(bench.error().await.to_string().contains("signed out"));
    assert_eq!((server.hits(), bench.kinds()), (hits, vec![Kind::SignedOut]));
    bench.keeper.sign_in("").expect("asked");
    bench.until(|| bench.keeper.state().phase == Phase::WaitingForPerson).await;
    bench.poll(&server, 5).await;
    assert_eq!(bench.serial().await, 2);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_sign_out_is_of_no_use() {
    let server = entra(|number, _| {
        if number == 1 {
            std::thread::sleep(Duration::from_millis(300));
        }
        signed_in("late")
    });
    let notes = Notes::in_memory();
    let bench = Bench::with(by_person(&server), &notes, &Clock::system());
    bench.asked().await;
    bench.poll(&server, 5).await;
    bench.token().await.expect("signed in");
    bench.clock.advance(50 * MINUTE);
    bench.token().await.expect("the old one");
    bench.until(|| server.hits() == 3).await;
    bench.keeper.sign_out("").expect("out");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((bench.keeper.state().phase, bench.keeper.state().token_serial), (Phase::SignedOut, None));
    assert!(notes.get(Shelf::SignIn, "refresh_token").is_none());
}

#[tokio::test]
async fn methods_without_a_person_say_so() {
    let server = always(granted);
    let bench = Bench::new(settings(&server, by_secret(SECRET)));
    bench.keeper.begin();
    let error = bench.keeper.sign_in("").expect_err("no person");
    assert_eq!(error.to_string(), "auth.method is client_secret: it signs in by itself, no person does");
    assert!(bench.keeper.sign_out("").is_err());
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn with_the_last_clone_nobody_is_waited_for() {
    let server = entra(|_, _| pending());
    let bench = Bench::new(by_person(&server));
    bench.asked().await;
    let Bench { keeper, clock, .. } = bench;
    let core = Arc::downgrade(&keeper.core_for_tests());
    drop(keeper);
    let hits = server.hits();
    for _ in 0..200 {
        if core.upgrade().is_none() {
            clock.advance(60_000);
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(server.hits(), hits);
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("somebody still waits");
}
