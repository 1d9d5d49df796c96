//! Each fault as a plain client meets it.

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Bench, body, start};
use serde_json::json;
use teams_presence_simulator::{EndpointClass, Fault, FaultAction, FaultBody, RetryAfter, TENANT_ID, TenantSpec};

const USERS: EndpointClass = EndpointClass::Users;

fn once(action: FaultAction) -> Fault {
    Fault::new(USERS, action).times(1)
}

#[tokio::test]
async fn statuses_with_every_retry_after_and_body() {
    let bench = start().await;
    let token = bench.token().await;
    let status = |status, retry_after, body| once(FaultAction::Status { status, retry_after, body, code: None });
    let table = [
        (status(429, Some(RetryAfter::Seconds(2)), FaultBody::Json), "2", "application/json"),
        (status(429, Some(RetryAfter::Decimal(2.128)), FaultBody::Json), "2.128", "application/json"),
        (status(503, Some(RetryAfter::Raw("soon".into())), FaultBody::Empty), "soon", ""),
        (status(503, None, FaultBody::Json), "", "application/json"),
        (status(504, None, FaultBody::Html), "", "text/html"),
        (status(500, None, FaultBody::Empty), "", ""),
        (status(403, None, FaultBody::Json), "", "application/json"),
        (status(410, None, FaultBody::Json), "", "application/json"),
    ];
    for (fault, retry_after, kind) in table {
        let FaultAction::Status { status, body: form, .. } = fault.action else { unreachable!("statuses only") };
        bench.sim.inject(fault);
        let response = bench.get(&token, "/v1.0/users").send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(
            (response.status().as_u16(), header("retry-after"), header("content-type")),
            (status, retry_after.into(), kind.into())
        );
        let text = response.text().await.expect("a body");
        match form {
            FaultBody::Empty => assert_eq!(text, ""),
            FaultBody::Html => assert!(text.starts_with("<html>")),
            FaultBody::Json => assert!(text.contains("\"innerError\""), "{text}"),
        }
    }
    bench.sim.inject(status(429, Some(RetryAfter::DateIn(7)), FaultBody::Json));
    let response = bench.get(&token, "/v1.0/users").send().await.expect("an answer");
    let date = |name: &str| httpdate::parse_http_date(response.headers()[name].to_str().expect("text")).expect("a date");
    assert_eq!(date("retry-after").duration_since(date("date")).expect("later"), Duration::from_secs(7));
    assert_eq!(bench.get_json(&token, "/v1.0/users").await.0, 200, "once means once");
}

#[tokio::test]
async fn an_answer_that_is_held_is_as_old_as_its_question() {
    let bench = start().await;
    let token = bench.token().await;
    let ann = bench.id("ann");
    bench.sim.set_presence("ann@contoso.test", "Busy", "InACall").expect("a presence");
    let hold = bench.sim.inject(Fault::new(EndpointClass::Presences, FaultAction::Hold).times(1));
    let asked = [ann.as_str()];
    let (held, ()) = tokio::join!(bench.presences(&token, &asked), async {
        while bench.sim.counters().faults == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bench.sim.set_presence("ann@contoso.test", "Away", "Away").expect("a presence");
        let passed = bench.presences(&token, &asked).await;
        assert_eq!(passed.1["value"][0]["availability"], "Away", "only one is held");
        bench.sim.clear_fault(hold);
    });
    assert_eq!((held.0, held.1["value"][0]["availability"].as_str()), (200, Some("Busy")));
}

#[tokio::test]
async fn scope_count_and_tenants() {
    let bench = start().await;
    let token = bench.token().await;
    let ann = bench.id("ann");
    bench.sim.inject(Fault::status(EndpointClass::Presences, 503).times(2));
    assert_eq!(bench.get_json(&token, "/v1.0/users").await.0, 200);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(bench.presences(&token, &[&ann]).await.0);
    }
    assert_eq!(seen, [503, 503, 200]);
    assert_eq!(bench.sim.counters().count(EndpointClass::Presences, 503), 2);

    bench.sim.add_tenant(TenantSpec { domains: vec!["other.test".into()], ..TenantSpec::default() }).expect("a tenant");
    bench.sim.inject(Fault::status(EndpointClass::Any, 500).in_tenant("other.test"));
    assert_eq!(bench.presences(&token, &[&ann]).await.0, 200);
    assert_eq!(bench.token_request("other.test", &[]).await.0, 500);
    bench.sim.inject(Fault::status(EndpointClass::Any, 502).in_tenant(TENANT_ID));
    assert_eq!(bench.presences(&token, &[&ann]).await.0, 502, "by the token's tenant");
    bench.sim.clear_faults();
    assert_eq!(bench.presences(&token, &[&ann]).await.0, 200);
    let brief = Fault { duration_ms: Some(5000), ..Fault::status(USERS, 503) };
    bench.sim.inject(brief);
    assert_eq!(bench.get_json(&token, "/v1.0/users").await.0, 503);
    bench.sim.advance(5000);
    assert_eq!(bench.get_json(&token, "/v1.0/users").await.0, 200);
}

#[tokio::test]
async fn tokens_refused_and_challenged() {
    let bench = start().await;
    let token = bench.token().await;
    let get = async || {
        let response = bench.get(&token, "/v1.0/users").send().await.expect("an answer");
        let challenge = response.headers().get("www-authenticate").map(|v| v.to_str().expect("text").to_owned());
        (response.status().as_u16(), challenge.unwrap_or_default(), body(response).await["error"]["code"].clone())
    };
    bench.sim.inject(once(FaultAction::InvalidToken));
    let (status, challenge, code) = get().await;
    assert!(status == 401 && challenge.starts_with("Bearer ") && code == "InvalidAuthenticationToken");
    bench.sim.inject(once(FaultAction::ClaimsChallenge));
    let (status, challenge, _) = get().await;
    assert!(status == 401 && challenge.contains("error=\"insufficient_claims\", claims=\"eyJ"), "{challenge}");
    bench.sim.inject(once(FaultAction::Forbidden { code: String::new() }));
    assert_eq!(get().await, (403, String::new(), json!("")));
    bench.sim.inject(once(FaultAction::Forbidden { code: "AccessDenied".into() }));
    assert_eq!(get().await, (403, String::new(), json!("AccessDenied")));
    assert_eq!(get().await.0, 200);
}

#[tokio::test]
async fn answers_that_are_no_answers() {
    let bench = start().await;
    let token = bench.token().await;
    let get = || bench.get(&token, "/v1.0/users").timeout(Duration::from_millis(700));
    bench.sim.inject(once(FaultAction::NotJson { content_type: "text/html".into(), body: "<p>hello".into() }));
    let response = get().send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.text().await.expect("a body")), (200, "<p>hello".into()));

    bench.sim.inject(once(FaultAction::Delay { ms: 300 }));
    let before = Instant::now();
    assert_eq!(get().send().await.expect("an answer").status(), 200);
    assert!(before.elapsed() >= Duration::from_millis(300));

    bench.sim.inject(once(FaultAction::Hang));
    assert!(get().send().await.expect_err("nothing").is_timeout());
    // An answer that never came is counted when the client goes, which takes the server a moment to see.
    let until = Instant::now() + Duration::from_secs(5);
    while bench.sim.counters().count(USERS, 0) == 0 {
        assert!(Instant::now() < until, "not counted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    bench.sim.inject(once(FaultAction::EndlessBody { interval_ms: 20, piece: 10 }));
    let mut response = get().send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.content_length()), (200, None));
    let mut got = 0;
    while let Ok(Some(piece)) = response.chunk().await {
        got += piece.len();
    }
    assert!(got > 50, "{got} bytes before the client gave up");

    bench.sim.inject(once(FaultAction::Truncated));
    let response = get().header("accept-encoding", "identity").send().await.expect("an answer");
    assert!(response.content_length().is_some_and(|n| n > 100));
    response.bytes().await.expect_err("cut off");
    bench.sim.inject(once(FaultAction::Truncated));
    let response = get().send().await.expect("an answer");
    assert!(response.headers().get("content-length").is_none(), "unpacked by the client");
    response.bytes().await.expect_err("cut off");
    assert_eq!(get().send().await.expect("an answer").status(), 200);
}

/// Speaks HTTP by hand, to see how the connection ends.
fn by_hand(bench: &Bench, token: &str) -> (Vec<u8>, std::io::Result<usize>) {
    let address = bench.sim.base_url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
    let request = format!("GET /v1.0/users HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut all = Vec::new();
    let end = stream.read_to_end(&mut all);
    (all, end)
}

#[tokio::test]
async fn connections_are_reset_and_cut() {
    let bench = start().await;
    let token = bench.token().await;
    let reset = |end: std::io::Result<usize>| end.expect_err("no clean end").kind() == std::io::ErrorKind::ConnectionReset;
    bench.sim.inject(once(FaultAction::ResetBefore));
    let (got, end) = by_hand(&bench, &token);
    assert!(got.is_empty() && reset(end));
    bench.sim.inject(once(FaultAction::ResetMid));
    let (got, end) = by_hand(&bench, &token);
    assert!(got.starts_with(b"HTTP/1.1 200 OK") && reset(end));
    bench.sim.inject(once(FaultAction::Truncated));
    let (got, end) = by_hand(&bench, &token);
    let text = String::from_utf8(got).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let length: usize =
        head.split("content-length: ").nth(1).and_then(|r| r.lines().next()).expect("a length").parse().expect("a number");
    assert!(end.is_ok() && body.len() == length / 2, "{} of {length}", body.len());
}
