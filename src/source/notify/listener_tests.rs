use std::time::Instant;

use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::super::intake::Room;
use super::super::registry::Registry;
use super::*;
use crate::presence::Guid;
use crate::time::Clock;

const SOON: Duration = Duration::from_secs(20);

fn short() -> ListenerLimits {
    let (first, body) = (Duration::from_millis(300), Duration::from_millis(300));
    ListenerLimits {
        connections: 8,
        first,
        body,
        grace: Duration::from_millis(300),
        shared_bytes: 6 << 20,
        ..ListenerLimits::default()
    }
}

/// Patient enough for a slow machine, where time is not the subject.
fn patient() -> ListenerLimits {
    ListenerLimits { grace: Duration::from_millis(300), ..ListenerLimits::default() }
}

fn settings(limits: ListenerLimits) -> ListenerSettings {
    ListenerSettings { address: "127.0.0.1:0".parse().expect("an address"), path: "/graph/notify".into(), tls: None, limits }
}

struct Running {
    address: SocketAddr,
    intake: Intake,
    gauge: ListenerGauge,
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn start(settings: ListenerSettings) -> Running {
    start_with(settings, Room::default()).await
}

async fn start_with(settings: ListenerSettings, room: Room) -> Running {
    let registry = Registry::new();
    registry.set(Guid(1), "secret", "main", 0);
    let intake = Intake::new(registry, None, Clock::system(), room);
    let listener = Listener::bind(settings, intake.clone(), Tell::default()).await.expect("bound");
    let (address, gauge, cancel) = (listener.local_addr(), listener.gauge(), CancellationToken::new());
    let task = tokio::spawn(listener.run(cancel.clone()));
    Running { address, intake, gauge, cancel, task }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// One exchange on a connection of its own.
    async fn ask(&self, request: &[u8]) -> Answer {
        exchange(&mut self.connect().await, request).await.expect("an answer")
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(SOON, self.task).await.expect("stopped").expect("no panic");
    }
}

fn ours() -> Vec<u8> {
    json!({ "value": [{ "subscriptionId": Guid(1).to_string(), "clientState": "secret", "lifecycleEvent": "missed" }] })
        .to_string()
        .into_bytes()
}

fn post_to(target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: pbx\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn post(body: &[u8]) -> Vec<u8> {
    post_to("/graph/notify", body)
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &[u8]) -> Option<Answer> {
    // The other side may answer and close before it has read everything.
    let _ = stream.write_all(request).await;
    answer_of(stream).await
}

async fn answer_of(stream: &mut (impl AsyncRead + Unpin)) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = tokio::time::timeout(SOON, stream.read_u8()).await.expect("an answer or an end").ok()?;
        head.push(byte);
    }
    let head = String::from_utf8(head).expect("a head").to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split('\r').next())
        .map_or(0, |n| n.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Answer { status, head, body })
}

/// Whether the other side closes, and when.
async fn end_of(stream: &mut (impl AsyncRead + Unpin)) -> Duration {
    let (begin, mut rest) = (Instant::now(), Vec::new());
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await.expect("an end");
    begin.elapsed()
}

#[tokio::test]
async fn notifications_are_taken_and_the_handshake_is_answered() {
    let server = start(settings(patient())).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        let answer = exchange(&mut stream, &post(&ours())).await.expect("an answer");
        assert_eq!((answer.status, answer.body.len()), (202, 0), "one connection for many");
    }
    assert_eq!(server.intake.stats().items, 3);
    let answer = server.ask(&post_to("/graph/notify?tenant=a&validationToken=Validation%3a+ok%3F", b"")).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"Validation: ok?"[..]));
    assert!(answer.head.contains("content-type: text/plain\r\n") && answer.head.contains("nosniff"), "{}", answer.head);
    // Two halves of a body, and a body in chunks.
    let whole = post(&ours());
    let mut stream = server.connect().await;
    stream.write_all(&whole[..whole.len() - 5]).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(exchange(&mut stream, &whole[whole.len() - 5..]).await.expect("an answer").status, 202);
    let chunked = format!("POST /graph/notify HTTP/1.1\r\nhost: pbx\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n", ours().len());
    let chunked = [chunked.as_bytes(), &ours(), b"\r\n0\r\n\r\n"].concat();
    assert_eq!(server.ask(&chunked).await.status, 202);
    server.stop().await;
}

#[tokio::test]
async fn only_post_and_only_the_path() {
    let server = start(settings(patient())).await;
    for target in
        ["/", "/graph", "/graph/notify/", "/graph/notify/x", "/graph/notif", "/GRAPH/notify", "/graph/%6eotify", "//graph/notify"]
    {
        let answer = server.ask(&post_to(target, &ours())).await;
        assert_eq!((answer.status, answer.body.len()), (404, 0), "{target}");
    }
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let request = format!("{method} /graph/notify?validationToken=x HTTP/1.1\r\nhost: pbx\r\ncontent-length: 0\r\n\r\n");
        let answer = server.ask(request.as_bytes()).await;
        assert_eq!((answer.status, answer.body.len()), (405, 0), "{method}");
    }
    assert_eq!(server.intake.stats().posts, 0);
    server.stop().await;
    for path in ["/{id}/x", "/a{*rest}", "/:id", "/*all", "no/slash", "", "/a%20b", "/{", "/}}{"] {
        let settings = ListenerSettings { path: path.into(), ..settings(patient()) };
        let server = start(settings).await;
        let literal = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        assert_eq!(server.ask(&post_to(&literal, &ours())).await.status, 202, "{path}");
        assert_eq!(server.ask(&post_to("/1/x", &ours())).await.status, 404, "{path}");
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_not_ours_learns_nothing() {
    let server = start(settings(patient())).await;
    let item = |subscription: u128, state: &str| {
        json!({ "value": [{ "subscriptionId": Guid(subscription).to_string(), "clientState": state }] }).to_string().into_bytes()
    };
    let mut seen = std::collections::BTreeSet::new();
    for body in [item(1, "wrong"), item(2, "secret"), b"{}".to_vec(), b"garbage".to_vec(), Vec::new(), vec![b'['; 200_000]] {
        let answer = server.ask(&post(&body)).await;
        assert_eq!((answer.status, answer.body.len()), (400, 0));
        seen.insert(answer.head.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("|"));
    }
    assert_eq!(seen.len(), 1, "one answer for every cause: {seen:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_row_of_garbage_costs_the_connection() {
    let server = start(settings(patient())).await;
    let mut stream = server.connect().await;
    let mut answers = 0;
    while let Some(answer) = exchange(&mut stream, &post(b"garbage")).await {
        answers += 1;
        assert_eq!((answer.status, answer.head.contains("connection: close")), (400, answers == 16));
        assert!(answers <= 16);
    }
    assert_eq!(answers, 16);
    server.stop().await;
}

#[tokio::test]
async fn bodies_are_bounded() {
    let server = start(settings(patient())).await;
    let head = format!("POST /graph/notify HTTP/1.1\r\nhost: pbx\r\ncontent-length: {}\r\n\r\n", MAX_BODY + 1);
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.expect("sent");
    let (mut reading, mut writing) = stream.into_split();
    let sender = tokio::spawn(async move { while writing.write_all(&[b' '; 65_536]).await.is_ok() {} });
    assert_eq!(answer_of(&mut reading).await.expect("an answer").status, 413);
    drop(reading);
    tokio::time::timeout(SOON, sender).await.expect("the connection is closed").expect("no panic");
    // The largest that is allowed: judged, not taken.
    assert_eq!(server.ask(&post(&vec![b' '; MAX_BODY])).await.status, 400);
    let header = format!("POST /graph/notify HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(server.ask(header.as_bytes()).await.status, 431);
    server.stop().await;
}

#[tokio::test]
async fn long_bodies_share_room_and_short_ones_need_none() {
    let desk = Desk { intake: intake(), limits: patient(), room: Semaphore::new(1 << 20) };
    let length = async |length: usize| desk.read(Body::from(vec![b' '; length])).await.map(|(body, _)| body.len());
    assert_eq!(length(MAX_BODY).await, Err(Reply::bare(503)), "more than there is");
    assert_eq!(length(1 << 20).await, Ok(1 << 20));
    assert_eq!(desk.room.available_permits(), 1 << 20, "given back");
    // Somebody who sends no end.
    let begun = futures_util::stream::iter([Ok::<_, Infallible>(bytes::Bytes::from(vec![b' '; 1 << 20]))]);
    let mut hog = Box::pin(desk.read(Body::from_stream(begun.chain(futures_util::stream::pending()))));
    assert!(timeout(Duration::from_millis(50), &mut hog).await.is_err());
    assert_eq!(length(512 << 10).await, Err(Reply::bare(503)));
    for _ in 0..100 {
        assert_eq!(length(FREE_BYTES).await, Ok(FREE_BYTES));
    }
    drop(hog);
    assert_eq!(length(512 << 10).await, Ok(512 << 10));
    let huge = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(bytes::Bytes::from_static(&[b' '; 1 << 15])));
    let desk = Desk { room: Semaphore::new(8 << 20), ..desk };
    assert_eq!(desk.read(Body::from_stream(huge)).await.err(), Some(Reply::bare(413)));
}

#[tokio::test]
async fn the_slow_are_cut_off() {
    let server = start(settings(short())).await;
    let (mut silent, mut half, mut slow) = (server.connect().await, server.connect().await, server.connect().await);
    half.write_all(b"POST /graph/notify HTTP/1.1\r\nhost:").await.expect("sent");
    slow.write_all(b"POST /graph/notify HTTP/1.1\r\nhost: pbx\r\ncontent-length: 500\r\n\r\n{").await.expect("sent");
    assert_eq!(answer_of(&mut slow).await.expect("an answer").status, 408);
    for stream in [&mut silent, &mut half, &mut slow] {
        end_of(stream).await;
    }
    // A byte at a time does not help.
    let mut drip = server.connect().await;
    let begin = Instant::now();
    while drip.write_all(b"P").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(begin.elapsed() < SOON);
    }
    // A proven one may be idle for longer.
    let mut good = server.connect().await;
    assert_eq!(exchange(&mut good, &post(&ours())).await.expect("an answer").status, 202);
    tokio::time::sleep(short().first * 3).await;
    assert_eq!(exchange(&mut good, &post(&ours())).await.expect("still open").status, 202);
    server.stop().await;
}

#[tokio::test]
async fn a_crowd_does_not_keep_graph_out() {
    let limits = ListenerLimits { connections: 8, ..patient() };
    let server = start(settings(limits)).await;
    let mut good = server.connect().await;
    assert_eq!(exchange(&mut good, &post(&ours())).await.expect("an answer").status, 202);
    let mut crowd = Vec::new();
    for number in 0..60 {
        let mut stream = server.connect().await;
        stream.write_all(b"POST /graph/no").await.expect("sent");
        crowd.push(stream);
        if number % 10 == 9 {
            assert_eq!(server.ask(&post(&ours())).await.status, 202, "a new connection finds a place");
            assert_eq!(exchange(&mut good, &post(&ours())).await.expect("kept").status, 202);
        }
    }
    let stats = server.gauge.read();
    assert!(stats.open <= 8 && stats.evicted >= 50 && stats.accepted >= 67, "{stats:?}");
    end_of(&mut crowd[0]).await;
    server.stop().await;
}

#[tokio::test]
async fn a_full_queue_is_told_and_holds_nobody_up() {
    let server = start_with(settings(patient()), Room { items: 2, bytes: 1 << 20 }).await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(server.ask(&post(&ours())).await.status);
    }
    assert_eq!(answers, [202, 202, 503, 503]);
    server.intake.try_next().expect("one");
    assert_eq!(server.ask(&post(&ours())).await.status, 202);
    server.stop().await;
}

#[tokio::test]
async fn garbage_in_bulk_leaves_the_listener_as_it_was() {
    let server = start(settings(patient())).await;
    let mut random: u64 = 88_172_645_463_325_252;
    for number in 0..300_usize {
        let garbage: Vec<u8> = (0..number % 70)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random as u8
            })
            .collect();
        let mut stream = server.connect().await;
        let _ = stream.write_all(&garbage).await;
        if number % 3 == 0 {
            let _ = stream.write_all(&post(&garbage)).await;
        }
        if number % 50 == 0 {
            assert_eq!(server.ask(&post(&ours())).await.status, 202);
        }
    }
    let empty = async {
        while server.gauge.read().open > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, empty).await.expect("every place is given back");
    assert_eq!(server.intake.stats().items, 6);
    server.stop().await;
}

#[tokio::test]
async fn the_stop_is_bounded_and_lets_requests_end() {
    let server = start(settings(ListenerLimits { grace: Duration::from_secs(10), ..ListenerLimits::default() })).await;
    let address = server.address;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    assert_eq!(exchange(&mut idle, &post(&ours())).await.expect("an answer").status, 202);
    let whole = post(&ours());
    busy.write_all(&whole[..whole.len() - 1]).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.cancel.cancel();
    end_of(&mut idle).await;
    assert_eq!(exchange(&mut busy, &whole[whole.len() - 1..]).await.expect("ended in peace").status, 202);
    end_of(&mut busy).await;
    server.stop().await;
    let again = Listener::bind(ListenerSettings { address, ..settings(short()) }, intake(), Tell::default()).await;
    drop(again.expect("the port is free"));

    let server = start(settings(patient())).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"POST /graph/notify HTTP/1.1\r\ncontent-length: 9\r\n\r\n").await.expect("sent");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begin = Instant::now();
    server.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(9), "not the ten seconds of a body");
    end_of(&mut stuck).await;

    let server = start(settings(patient())).await;
    let mut open = server.connect().await;
    assert_eq!(exchange(&mut open, &post(&ours())).await.expect("an answer").status, 202);
    server.task.abort();
    end_of(&mut open).await;
}

fn intake() -> Intake {
    Intake::new(Registry::new(), None, Clock::system(), Room::default())
}

#[tokio::test]
async fn an_address_that_cannot_be_taken() {
    let server = start(settings(short())).await;
    let taken = ListenerSettings { address: server.address, ..settings(short()) };
    let error = Listener::bind(taken, intake(), Tell::default()).await.expect_err("taken");
    assert!(matches!(&error, ListenerError::Bind { kind: io::ErrorKind::AddrInUse, .. }), "{error:?}");
    assert!(error.to_string().contains(&server.address.to_string()) && error.to_string().contains("another"), "{error}");
    let absent = ListenerSettings { address: "192.0.2.1:80".parse().expect("an address"), ..settings(short()) };
    let error = Listener::bind(absent, intake(), Tell::default()).await.expect_err("not ours");
    assert!(matches!(error, ListenerError::Bind { kind: io::ErrorKind::AddrNotAvailable, .. }), "{error:?}");
    server.stop().await;
}

fn trusting(certificate: &[u8]) -> tokio_rustls::TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.to_vec().into()).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config).into()
}

#[tokio::test]
async fn https_with_a_certificate_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["pbx.example.com".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let tls = Some((SecretSource::File(certificate.clone()), SecretSource::File(key)));
    let server = start(ListenerSettings { tls: tls.clone(), ..settings(short()) }).await;
    let name = rustls_pki_types::ServerName::try_from("pbx.example.com").expect("a name");
    let stream = server.connect().await;
    let mut stream = trusting(made.cert.der()).connect(name, stream).await.expect("a handshake");
    assert_eq!(exchange(&mut stream, &post(&ours())).await.expect("an answer").status, 202);
    // Neither silence nor plain text in place of the handshake holds a connection open.
    let mut silent = server.connect().await;
    end_of(&mut silent).await;
    let mut plain = server.connect().await;
    plain.write_all(&post(&ours())).await.expect("sent");
    end_of(&mut plain).await;
    assert_eq!(server.intake.stats().items, 1);
    server.stop().await;
    std::fs::write(&certificate, "nothing").expect("written");
    let error =
        Listener::bind(ListenerSettings { tls, ..settings(short()) }, intake(), Tell::default()).await.expect_err("refused");
    assert!(matches!(&error, ListenerError::Certificate(why) if why.contains("cert.pem")), "{error}");
}
