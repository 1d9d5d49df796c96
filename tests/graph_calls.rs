//! Single calls of Graph against the simulator: what each answer means.

mod graph_support;

use std::time::{Duration, Instant};

use graph_support::{Rig, person};
use teams_presence_simulator::{Casing, EndpointClass, Fault, FaultAction, FaultBody, Nulls, Profile, RetryAfter, UnknownIds};
use teams_presence_sync::graph::permission::Finding;
use teams_presence_sync::graph::users::{self, By, Profile as Select};
use teams_presence_sync::graph::{Class, GraphError, PresenceAnswer};
use teams_presence_sync::presence::Guid;

use EndpointClass::{Presences, Users};

fn ask(rig: &Rig, ids: &[Guid]) -> Result<PresenceAnswer, GraphError> {
    let mut answer = PresenceAnswer::default();
    rig.run(rig.client.presences(ids, &mut answer)).map(|()| answer)
}

fn refused(rig: &Rig, fault: FaultAction) -> GraphError {
    let number = rig.sim.inject(Fault::new(Presences, fault));
    let error = ask(rig, &[rig.id("ann@contoso.test")]).expect_err("refused");
    rig.sim.clear_fault(number);
    error
}

fn status(status: u16, retry_after: Option<RetryAfter>, body: FaultBody) -> FaultAction {
    FaultAction::Status { status, retry_after, body, code: None }
}

#[test]
fn presences_in_every_shape_that_graph_may_choose() {
    let rig = Rig::new();
    let ids: Vec<Guid> = ["ann", "ben", "cleo"].iter().map(|name| rig.id(&format!("{name}@contoso.test"))).collect();
    rig.sim.set_presence("ben@contoso.test", "Busy", "InACall").expect("set");
    let words = |ids: &[Guid]| {
        let answer = ask(&rig, ids).expect("an answer");
        let mut seen: Vec<(Guid, String, String)> = answer
            .iter()
            .map(|(id, raw)| (id, raw.availability.unwrap_or("-").to_lowercase(), raw.activity.unwrap_or("-").to_lowercase()))
            .collect();
        seen.sort();
        seen
    };
    let plain = words(&ids);
    assert_eq!(plain.len(), 3);
    assert!(plain.contains(&(ids[1], "busy".to_owned(), "inacall".to_owned())));
    rig.sim.oddities(|odd| {
        odd.shuffle = true;
        odd.wrong_case_ids = true;
        odd.casing = Casing::Camel;
        odd.profile = Profile::UsGov;
        odd.nulls = Nulls::Optional;
    });
    assert_eq!(words(&ids), plain, "order, case and missing fields change nothing");
    rig.sim.oddities(|odd| odd.nulls = Nulls::All);
    assert!(words(&ids).iter().all(|(_, availability, _)| availability == "-"));
    rig.sim.oddities(|odd| *odd = Default::default());
    let stranger = [ids[0], Guid(7)];
    assert_eq!(words(&stranger).len(), 1, "who is missing is missing");
    rig.sim.oddities(|odd| odd.unknown_ids = UnknownIds::PresenceUnknown);
    assert_eq!(words(&stranger).len(), 2);
    rig.sim.oddities(|odd| odd.unknown_ids = UnknownIds::NotFound);
    assert_eq!(ask(&rig, &stranger).expect_err("refused").class, Class::NotFound);
}

#[test]
fn requests_carry_what_microsoft_asks_for() {
    let rig = Rig::new();
    for _ in 0..2 {
        ask(&rig, &[rig.id("ann@contoso.test")]).expect("an answer");
    }
    let requests: Vec<_> = rig.sim.requests().into_iter().filter(|request| request.endpoint == Presences).collect();
    let ids: Vec<&str> = requests
        .iter()
        .map(|request| {
            let header = |name: &str| request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            assert_eq!(header("content-type"), Some("application/json"));
            assert_eq!(header("accept"), Some("application/json"));
            header("client-request-id").expect("an id of ours")
        })
        .collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1], "fresh each time");
    assert!(ids.iter().all(|id| id.parse::<Guid>().is_ok()));
    assert_eq!(rig.sim.counters().tokens_issued, 1, "one token serves both");
}

#[test]
fn a_401_costs_one_renewal_and_one_more_try() {
    let rig = Rig::new();
    let ann = rig.id("ann@contoso.test");
    ask(&rig, &[ann]).expect("an answer");
    rig.sim.default_tenant().revoke_tokens().expect("revoked");
    // Tokens bear whole seconds; one of the same second counts as revoked, too.
    rig.sim.advance(1_500);
    ask(&rig, &[ann]).expect("answered with the new token");
    assert_eq!(rig.sim.counters().tokens_issued, 2);
    // Now and then a token is refused; one that has served was good, however young.
    for tokens in 3..6 {
        rig.sim.inject(Fault::new(Presences, FaultAction::InvalidToken).times(1));
        ask(&rig, &[ann]).expect("answered with the new token");
        assert_eq!(rig.sim.counters().tokens_issued, tokens);
    }
    for fault in [FaultAction::InvalidToken, FaultAction::ClaimsChallenge] {
        let rig = Rig::new();
        rig.sim.inject(Fault::new(Presences, fault));
        let error = ask(&rig, &[ann]).expect_err("refused");
        assert_eq!(error.class, Class::Unauthorized);
        assert_eq!(rig.sim.counters().count(Presences, 401), 2, "asked twice, not more");
        assert_eq!(rig.sim.counters().tokens_issued, 2);
        assert!(!error.facts.code.is_empty(), "{error}");
        // Asked again at once, nothing is sent: the sign-in waits by itself.
        let error = ask(&rig, &[ann]).expect_err("refused");
        assert!(matches!(error.class, Class::SignIn { .. }), "{error}");
        assert_eq!(rig.sim.counters().count(Presences, 401), 2);
    }
}

#[test]
fn a_403_names_what_is_missing() {
    let rig = Rig::new();
    let ann = rig.id("ann@contoso.test");
    rig.roles(&["User.Read.All"]);
    let Class::Forbidden(diagnosis) = ask(&rig, &[ann]).expect_err("refused").class else { panic!("not a 403") };
    assert_eq!(
        (diagnosis.finding, diagnosis.kind(), diagnosis.need.least()),
        (Finding::Missing, "application", "Presence.Read.All")
    );
    assert_eq!(diagnosis.granted, ["User.Read.All"]);

    let rig = Rig::new();
    for code in ["Forbidden", ""] {
        let error = refused(&rig, FaultAction::Forbidden { code: code.to_owned() });
        let Class::Forbidden(diagnosis) = &error.class else { panic!("not a 403") };
        assert_eq!(diagnosis.finding, Finding::RefusedThough, "{error}");
    }
}

#[test]
fn retry_after_in_every_form() {
    let stated = |form: RetryAfter, status_code: u16| {
        let rig = Rig::new();
        let error = refused(&rig, status(status_code, Some(form), FaultBody::Json));
        let Class::Throttled { retry_after, stated } = error.class else { panic!("{error}") };
        assert!(stated);
        let left = rig.client.presence_budget().pause_left(rig.clock.mono_ms());
        assert!(u128::from(left) <= retry_after.as_millis() && u128::from(left) + 2_000 > retry_after.as_millis(), "{left}");
        retry_after.as_secs_f64()
    };
    assert_eq!(stated(RetryAfter::Seconds(10), 429), 10.0);
    assert!((stated(RetryAfter::Decimal(2.128), 429) - 2.128).abs() < 0.01);
    assert!((8.0..=20.0).contains(&stated(RetryAfter::DateIn(20), 429)));
    assert_eq!(stated(RetryAfter::Seconds(7), 503), 7.0, "503 with a time is the same");
    for form in [None, Some(RetryAfter::Raw("soon".to_owned()))] {
        let rig = Rig::new();
        let error = refused(&rig, status(429, form, FaultBody::Html));
        let Class::Throttled { retry_after, stated } = error.class else { panic!("{error}") };
        assert!(!stated && (1.5..=2.0).contains(&retry_after.as_secs_f64()), "{retry_after:?}");
        assert_eq!(error.facts.status, Some(429));
    }
}

#[test]
fn gateway_errors_ask_for_a_new_connection() {
    let rig = Rig::new();
    let connections = || rig.sim.counters().connections;
    let good = || {
        let before = connections();
        ask(&rig, &[rig.id("ann@contoso.test")]).expect("an answer");
        connections() - before
    };
    for (code, body) in [(503, FaultBody::Html), (504, FaultBody::Empty)] {
        // A connection goes back to the pool a moment after its answer: one of a few calls in a row finds it there.
        assert!((0..50).any(|_| good() == 0), "the old connection");
        let error = refused(&rig, status(code, None, body));
        assert_eq!((&error.class, error.facts.status), (&Class::Unavailable, Some(code)));
        assert_eq!(good(), 1, "a new one");
    }
    assert_eq!(refused(&rig, status(500, None, FaultBody::Json)).class, Class::Unavailable);
    assert_eq!(refused(&rig, status(400, None, FaultBody::Json)).class, Class::BadRequest);
    assert_eq!(refused(&rig, status(410, None, FaultBody::Json)).class, Class::Gone);
}

#[test]
fn answers_that_are_none() {
    let rig = Rig::new();
    for fault in [FaultAction::ResetBefore, FaultAction::ResetMid, FaultAction::Truncated] {
        let error = refused(&rig, fault.clone());
        assert!(matches!(error.class, Class::Transport(_)), "{fault:?}: {error}");
        assert!(error.is_outage());
    }
    let portal =
        refused(&rig, FaultAction::NotJson { content_type: "text/html".to_owned(), body: "<html>Hotel</html>".to_owned() });
    assert_eq!((&portal.class, portal.stage()), (&Class::Unreadable, "body"));
    let endless = refused(&rig, FaultAction::EndlessBody { interval_ms: 1, piece: 4 << 20 });
    assert_eq!(endless.class, Class::TooLarge);
}

#[test]
fn a_call_that_is_given_up_ends_at_once() {
    let rig = Rig::new();
    let ann = [rig.id("ann@contoso.test")];
    ask(&rig, &ann).expect("an answer");
    rig.sim.inject(Fault::new(Presences, FaultAction::Hang));
    let begin = Instant::now();
    let outcome = rig.run(async {
        let mut answer = PresenceAnswer::default();
        tokio::time::timeout(Duration::from_millis(100), rig.client.presences(&ann, &mut answer)).await.is_err()
    });
    assert!(outcome && begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn odd_addresses_are_found() {
    let odd = [
        "o'brien@contoso.test",
        "a+b@contoso.test",
        "x#y@contoso.test",
        "q&r=s;t@contoso.test",
        "müller@contoso.test",
        "50%@contoso.test",
    ];
    let rig = Rig::with(
        |sim| {
            for address in odd {
                sim.add_user(person(address)).expect("a user");
            }
        },
        1_200,
    );
    for by in [By::Mail, By::Upn, By::Proxy] {
        for advanced in [false, true] {
            let link = users::with_addresses(rig.client.root(), Select::Whole, by, &odd, advanced);
            let page = rig.run(rig.client.users(&link)).expect("a page");
            let mut found: Vec<&str> = page.users.iter().filter_map(|user| user.mail.as_deref()).collect();
            found.sort_unstable();
            let mut expected = odd;
            expected.sort_unstable();
            assert_eq!(found, expected, "{by:?}");
        }
    }
    let ids: Vec<Guid> = odd.iter().map(|address| rig.id(address)).collect();
    let page = rig.run(rig.client.users(&users::with_ids(rig.client.root(), Select::Basic, &ids))).expect("a page");
    assert_eq!(page.users.len(), odd.len());
}

#[test]
fn the_token_never_goes_to_another_host() {
    let rig = Rig::new();
    let hostile = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    hostile.set_nonblocking(true).expect("nonblocking");
    let at = hostile.local_addr().expect("bound");
    let body = format!(r#"{{"value":[],"@odata.nextLink":"http://{at}/v1.0/users?$skiptoken=x"}}"#);
    rig.sim.inject(Fault::new(Users, FaultAction::NotJson { content_type: "application/json".to_owned(), body }));
    let error = rig.run(rig.client.users(&users::all(rig.client.root(), Select::Whole))).expect_err("refused");
    assert_eq!(error.class, Class::Unreadable);
    assert!(error.to_string().contains("leads elsewhere"), "{error}");
    assert!(hostile.accept().is_err(), "nobody called there");
}
