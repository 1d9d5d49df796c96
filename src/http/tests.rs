use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::loopback::{Loopback, Reply};
use super::*;
use crate::event::Kind;

/// Knows no name.
struct NoNames;

impl reqwest::dns::Resolve for NoNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move { Err(format!("nobody is called {}", name.as_str()).into()) })
    }
}

fn client_with(ca: Option<&str>, proxy: Proxy) -> HttpClient {
    let roots = Arc::new(TrustedRoots::load(ca.map(str::as_bytes)).expect("roots"));
    HttpClient::new(HttpSettings { roots, proxy, resolver: Arc::new(NoNames) }).expect("a client")
}

fn client() -> HttpClient {
    client_with(None, Proxy::None)
}

fn get(url: url::Url) -> Request {
    Request { method: Method::GET, url, headers: HeaderMap::new(), body: None }
}

const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), max_body: 100_000 };

async fn failure(reply: impl Fn() -> Reply + Send + Sync + 'static, limits: Limits) -> TransportError {
    let server = Loopback::start(move |_, _| reply());
    let url = server.url("/path?token=hidden");
    let error = client().send(get(url), limits).await.expect_err("a fault");
    assert!(!error.message.contains("hidden"), "{error}");
    assert!(error.message.contains(&server.addr.to_string()), "the host is named: {error}");
    error
}

fn gzip_of_zeros(megabytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..megabytes {
        encoder.write_all(&vec![0; 1 << 20]).expect("memory");
    }
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn an_exchange_as_it_should_be() {
    let server = Loopback::start(|_, seen| {
        assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("teams-presence-sync/")));
        assert_eq!(seen.header("accept-encoding"), Some("gzip"));
        Reply::Whole(
            418,
            vec![("retry-after", "2.5".into()), ("date", "Sun, 22 Nov 2026 12:00:00 GMT".into()), ("location", "/away".into())],
            b"tea".to_vec(),
        )
    });
    let request = Request { method: Method::POST, body: Some(Bytes::from_static(b"hello")), ..get(server.url("/x")) };
    let response = client().send(request, LIMITS).await.expect("an answer");
    assert_eq!((response.status.as_u16(), &response.body[..]), (418, &b"tea"[..]));
    assert_eq!(response.retry_after(0), Some(Duration::from_millis(2_500)));
    assert_eq!(response.date_ms(), Some(1_795_348_800_000));
    assert_eq!(server.last().body, b"hello");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Loopback::start(|_, _| Reply::Whole(302, vec![("location", "http://127.0.0.1:1/".into())], Vec::new()));
    let response = client().send(get(server.url("/")), LIMITS).await.expect("an answer");
    assert_eq!((response.status.as_u16(), server.hits()), (302, 1));
}

#[tokio::test]
async fn each_transport_fault_has_its_kind() {
    use TransportErrorKind::*;
    let bytes = |text: &'static str| move || Reply::Bytes(text.as_bytes().to_vec());
    let error = failure(bytes(""), LIMITS).await;
    assert_eq!(error.kind, Reset, "closed without an answer: {error}");
    let error = failure(bytes("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"), LIMITS).await;
    assert_eq!(error.kind, Truncated, "{error}");
    let error = failure(bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhalf"), LIMITS).await;
    assert_eq!(error.kind, Truncated, "{error}");
    let error = failure(bytes("HTTP/1.1 200 OK\r\ncontent-le"), LIMITS).await;
    assert_eq!(error.kind, Reset, "broken off in the head: {error}");
    let error = failure(bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n"), LIMITS).await;
    assert_eq!(error.kind, Protocol, "{error}");
    let error = failure(bytes("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"), LIMITS).await;
    assert_eq!(error.kind, TooLarge, "{error}");
    let short = Limits { timeout: Duration::from_millis(300), ..LIMITS };
    let error = failure(|| Reply::Stall(Vec::new()), short).await;
    assert_eq!(error.kind, Timeout, "{error}");
    let drip = || Reply::Drip(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), b"x".to_vec(), Duration::from_millis(30));
    let error = failure(drip, short).await;
    assert_eq!(error.kind, Timeout, "slow body: {error}");
    assert!(error.message.contains("not complete"), "{error}");
    let endless = || Reply::Drip(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 10_000], Duration::ZERO);
    let error = failure(endless, LIMITS).await;
    assert_eq!(error.kind, TooLarge, "{error}");
}

#[tokio::test]
async fn the_size_counts_after_decompression() {
    let packed = |megabytes, cut: usize| {
        let body = gzip_of_zeros(megabytes);
        let body = body[..body.len() - cut].to_vec();
        Loopback::start(move |_, _| Reply::Whole(200, vec![("content-encoding", "gzip".into())], body.clone()))
    };
    let server = packed(64, 0);
    let error = client().send(get(server.url("/")), LIMITS).await.expect_err("a bomb");
    assert_eq!(error.kind, TransportErrorKind::TooLarge, "{error}");
    let server = packed(1, 0);
    let room = Limits { max_body: 1 << 20, ..LIMITS };
    assert_eq!(client().send(get(server.url("/")), room).await.expect("fits exactly").body.len(), 1 << 20);
    let server = packed(1, 20);
    let error = client().send(get(server.url("/")), room).await.expect_err("cut");
    assert_eq!(error.kind, TransportErrorKind::Truncated, "{error}");
    let server = Loopback::start(|_, _| Reply::Whole(200, vec![("content-encoding", "gzip".into())], b"not gzip".to_vec()));
    let error = client().send(get(server.url("/")), room).await.expect_err("rubbish");
    assert_eq!(error.kind, TransportErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn a_reset_while_reading_and_a_port_where_nobody_listens() {
    // Closing a socket with unread bytes sends RST.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let thread = std::thread::spawn(move || drop(listener.accept().expect("a connection").0));
    let request = Request {
        method: Method::POST,
        body: Some(Bytes::from(vec![0; 1 << 20])),
        ..get(format!("http://{addr}/").parse().expect("a url"))
    };
    let error = client().send(request, LIMITS).await.expect_err("a reset");
    assert_eq!(error.kind, TransportErrorKind::Reset, "{error}");
    thread.join().expect("no panic");
    // The listener is gone with its thread.
    let error = client().send(get(format!("http://{addr}/").parse().expect("a url")), LIMITS).await.expect_err("refused");
    assert_eq!(error.kind, TransportErrorKind::Connect, "{error}");
    assert!(error.message.contains("refused"), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let url = "http://nobody.invalid/?q=hidden".parse().expect("a url");
    let error = client().send(get(url), LIMITS).await.expect_err("no such name");
    assert_eq!(error.kind, TransportErrorKind::Dns, "{error}");
    assert!(error.message.starts_with("nobody.invalid: ") && !error.message.contains("hidden"), "{error}");
    assert!(error.message.contains("nobody is called"), "the cause is named: {error}");
}

#[tokio::test]
async fn connections_are_reused_unless_a_fresh_one_is_asked_for() {
    let server = Loopback::start(|_, _| Reply::json(200, "{}"));
    let client = client();
    for _ in 0..5 {
        client.send(get(server.url("/")), LIMITS).await.expect("an answer");
    }
    assert_eq!(server.connections.load(Ordering::Acquire), 1);
    client.send_fresh(get(server.url("/")), LIMITS).await.expect("an answer");
    assert_eq!(server.connections.load(Ordering::Acquire), 2);
    client.clone().send(get(server.url("/")), LIMITS).await.expect("an answer");
    assert_eq!(server.connections.load(Ordering::Acquire), 2, "later requests use the new one");
}

struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Authority {
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { issuer: rcgen::Issuer::new(params, key), pem }
    }

    fn server(&self, name: &str, not_after: (i32, u8, u8)) -> rustls::ServerConfig {
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(not_after.0, not_after.1, not_after.2);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate and its key")
    }
}

#[tokio::test]
async fn tls_with_an_own_authority_and_its_failures() {
    let authority = Authority::new();
    let https = |server: &Loopback| -> url::Url { format!("https://{}/", server.addr).parse().expect("a url") };
    let good = Loopback::start_tls(authority.server("127.0.0.1", (2090, 1, 1)), |_, _| Reply::json(200, "{}"));
    let trusting = client_with(Some(&authority.pem), Proxy::None);
    assert_eq!(trusting.send(get(https(&good)), LIMITS).await.expect("trusted").status.as_u16(), 200);

    let expect = async |client: &HttpClient, url: url::Url, word: &str| {
        let host = url.as_str().trim_start_matches("https://").trim_end_matches('/').to_owned();
        let error = client.send(get(url), LIMITS).await.expect_err("not trusted");
        assert_eq!((error.kind, &error.host), (TransportErrorKind::Tls, &host), "{error}");
        assert!(error.message.contains(word), "{error}");
        assert!(error.message.contains("127.0.0.1 showed"), "who was asked: {error}");
        error
    };
    let error = expect(&client_with(Some(&Authority::new().pem), Proxy::None), https(&good), "tls.ca_file").await;
    let (kind, _) = trouble(&error).expect("an event of its own");
    let Cause::Untrusted(Some(presented)) = error.cause else { panic!("{error:?}") };
    assert_eq!((kind, presented.asked.as_str()), (Kind::TlsUntrusted, "127.0.0.1"));
    assert_eq!((presented.issuer.as_str(), presented.names.clone()), ("rcgen self signed cert", vec!["127.0.0.1".to_owned()]));
    assert_eq!(presented.not_before_ms, 1_577_836_800_000);
    let other = Loopback::start_tls(authority.server("other.example", (2090, 1, 1)), |_, _| Reply::json(200, "{}"));
    let error = expect(&trusting, https(&other), "it names other.example").await;
    assert!(matches!(error.cause, Cause::BadCertificate(Flaw::OtherName, _)), "{error:?}");
    let old = Loopback::start_tls(authority.server("127.0.0.1", (2021, 1, 1)), |_, _| Reply::json(200, "{}"));
    let error = expect(&trusting, https(&old), "expired on 2021-01-01 00:00 UTC").await;
    assert!(matches!(error.cause, Cause::BadCertificate(Flaw::Expired, _)), "{error:?}");
    assert_eq!(trouble(&error).map(|(kind, _)| kind), Some(Kind::TlsCertificate));
    let plain = Loopback::start(|_, _| Reply::json(200, "{}"));
    let error = trusting.send(get(https(&plain)), LIMITS).await.expect_err("no TLS there");
    assert!(matches!(error.kind, TransportErrorKind::Tls | TransportErrorKind::Timeout), "{error}");
}

#[tokio::test]
async fn proxies() {
    let through = |addr: std::net::SocketAddr, user: Option<(&str, &str)>| {
        let user = user.map(|(name, password)| (name.to_owned(), password.to_owned().into()));
        client_with(None, Proxy::Url { url: format!("http://{addr}").parse().expect("a url"), user })
    };
    let target = || get("http://graph.invalid/x?q=1".parse().expect("a url"));
    let tunnel = || get("https://graph.invalid/x?q=1".parse().expect("a url"));

    let proxy = Loopback::start(|_, seen| match seen.header("proxy-authorization") {
        Some("Basic bWU6cDpA77ys") => Reply::json(200, "{}"),
        _ => Reply::json(407, "{}"),
    });
    let answer = through(proxy.addr, Some(("me", "p:@\u{ff2c}"))).send(target(), LIMITS).await.expect("let through");
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(proxy.last().line, "GET http://graph.invalid/x?q=1 HTTP/1.1");
    for request in [target(), tunnel()] {
        let error = through(proxy.addr, Some(("me", "secret-word"))).send(request, LIMITS).await.expect_err("407");
        assert_eq!(error.kind, TransportErrorKind::Proxy, "{error}");
        assert!(error.message.contains("407") && error.message.contains(&proxy.addr.to_string()), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret-word"), "{error}");
        assert_eq!(trouble(&error).map(|(kind, _)| kind), Some(Kind::ProxyPassword));
    }
    let refusing = Loopback::start(|_, _| Reply::json(403, "{}"));
    let error = through(refusing.addr, None).send(tunnel(), LIMITS).await.expect_err("403");
    assert_eq!(error.kind, TransportErrorKind::Proxy, "{error}");
    assert_eq!(trouble(&error).map(|(kind, _)| kind), Some(Kind::ProxyRefuses));
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let error = through(gone, None).send(tunnel(), LIMITS).await.expect_err("nobody there");
    assert_eq!(error.kind, TransportErrorKind::Proxy, "{error}");
    assert!(error.message.contains(&gone.to_string()), "{error}");
}

#[tokio::test]
async fn a_hanging_peer_costs_no_more_than_the_limit() {
    let server = Loopback::start(|_, _| Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab".to_vec()));
    let began = Instant::now();
    let limits = Limits { timeout: Duration::from_millis(200), ..LIMITS };
    let error = client().send(get(server.url("/")), limits).await.expect_err("a stall");
    assert_eq!(error.kind, TransportErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < LIMITS.timeout);
}

#[test]
fn a_ca_file_with_several_certificates_and_bad_ones() {
    let (one, two) = (Authority::new().pem, Authority::new().pem);
    let load = |pem: &str| TrustedRoots::load(Some(pem.as_bytes())).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(load(&format!("a comment\n{one}\n\n# another\r\n{two}")), Ok(()));
    for (pem, words) in [
        (String::new(), "no certificate"),
        ("no PEM".to_owned(), "no certificate"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned(), "no certificate"),
        (format!("{one}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "certificate 2: "),
        (format!("{one}-----BEGIN CERTIFICATE-----\nÄÄ\n-----END CERTIFICATE-----\n"), "certificate 2: "),
        (one.replace("-----END CERTIFICATE-----", ""), "certificate 1: "),
    ] {
        let error = load(&pem).expect_err("no CA file");
        assert!(error.contains(words), "{error}\n{pem}");
    }
}

#[test]
fn whatever_a_server_shows_can_be_described() {
    let asked = rustls_pki_types::ServerName::try_from("graph.example").expect("a name");
    let whole = CertificateDer::from_pem_slice(Authority::new().pem.as_bytes()).expect("PEM");
    for end in 0..whole.len() {
        let cut = CertificateDer::from(whole[..end].to_vec());
        assert_eq!(super::cause::Presented::read(&cut, &asked).issuer, "(unreadable)");
        assert_eq!(not_after_ms(&cut), None);
        let mut bent = whole.to_vec();
        bent[end] ^= 0x55;
        let presented = super::cause::Presented::read(&CertificateDer::from(bent), &asked);
        assert!(presented.asked == "graph.example" && presented.issuer.len() < 1_000);
    }
    assert_eq!(not_after_ms(&whole), crate::time::parse_date("4096-01-01"), "rcgen's year 4096");
}
