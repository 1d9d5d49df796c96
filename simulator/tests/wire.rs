//! TLS, HTTP/2, compression, shutdown, speed.

mod common;

use std::time::{Duration, Instant};

use common::{SCOPE, start};
use reqwest::{Certificate, Client, Version};
use serde_json::json;
use teams_presence_simulator::{CLIENT_ID, CLIENT_SECRET, DOMAIN, EndpointClass, Fault, FaultAction, Options, Simulator};

fn trusting(sim: &Simulator) -> reqwest::ClientBuilder {
    let ca = Certificate::from_pem(sim.ca_pem().as_bytes()).expect("a certificate");
    Client::builder().no_proxy().tls_certs_only([ca])
}

#[tokio::test]
async fn https_speaks_both_versions() {
    let bench = start().await;
    let url = format!("{}/_control/info", bench.sim.https_url());
    let version = async |client: reqwest::ClientBuilder| {
        client.build().expect("a client").get(&url).send().await.expect("an answer").version()
    };
    assert_eq!(version(trusting(&bench.sim)).await, Version::HTTP_2);
    assert_eq!(version(trusting(&bench.sim).http1_only()).await, Version::HTTP_11);
    bench.sim.oddities(|odd| odd.http2 = false);
    assert_eq!(version(trusting(&bench.sim)).await, Version::HTTP_11);
    bench.http.get(&url).send().await.expect_err("a client that does not know the authority");
    let port = bench.sim.https_url().rsplit(':').next().expect("a port").parse().expect("a number");
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    for name in ["localhost", "graph.microsoft.com", "login.microsoftonline.com"] {
        let client = trusting(&bench.sim).resolve(name, address).build().expect("a client");
        let response = client.get(format!("https://{name}:{port}/_control/info")).send().await;
        assert_eq!(response.expect("an answer").status(), 200, "{name}");
    }
}

#[tokio::test]
async fn faults_over_http2() {
    let bench = start().await;
    let client = trusting(&bench.sim).timeout(Duration::from_secs(5)).build().expect("a client");
    let url = format!("{}/v1.0/users", bench.sim.https_url());
    let token = bench.token().await;
    let get = async || client.get(&url).bearer_auth(&token).send().await;
    assert_eq!(get().await.expect("an answer").version(), Version::HTTP_2);
    for action in [FaultAction::Truncated, FaultAction::ResetMid] {
        bench.sim.inject(Fault::new(EndpointClass::Users, action).times(1));
        let response = get().await;
        assert!(match response {
            Ok(response) => response.bytes().await.is_err(),
            Err(_) => true,
        });
        assert_eq!(get().await.expect("a new connection").status(), 200);
    }
}

#[tokio::test]
async fn compression_is_asked_for() {
    let bench = start().await;
    let token = bench.token().await;
    bench.sim.default_tenant().add_users(650, "u{n}@contoso.test").expect("users");
    let ids: Vec<String> =
        (1..=650).map(|n| bench.sim.default_tenant().user_id(&format!("u{n}@contoso.test")).expect("an id")).collect();
    let plain = Client::builder().no_proxy().no_gzip().build().expect("a client");
    let post = async |gzip: bool| {
        let mut request = plain
            .post(bench.url("/v1.0/communications/getPresencesByUserId"))
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .body(json!({ "ids": ids }).to_string());
        if gzip {
            request = request.header("accept-encoding", "gzip");
        }
        let response = request.send().await.expect("an answer");
        (response.headers().contains_key("content-encoding"), response.bytes().await.expect("a body").len())
    };
    let (coded, whole) = post(false).await;
    assert!(!coded && whole > 100_000, "{whole}");
    let (coded, small) = post(true).await;
    assert!(coded && small * 5 < whole, "{small} of {whole}");
    bench.sim.oddities(|odd| odd.gzip = false);
    assert_eq!(post(true).await, (false, whole));
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    bench.sim.oddities(|odd| odd.gzip = true);
    assert_eq!(bench.presences(&token, &ids).await.1["value"].as_array().map(Vec::len), Some(650), "a client that unpacks");
}

#[tokio::test]
async fn the_recorder_sees_everything_but_secrets() {
    let bench = start().await;
    let token = bench.token().await;
    let ann = bench.id("ann");
    bench.presences(&token, &[&ann]).await;
    let requests = bench.sim.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].body.contains("client_secret=***"));
    let last = &requests[1];
    assert_eq!((last.method.as_str(), last.status, last.endpoint), ("POST", 200, EndpointClass::Presences));
    assert!(last.body.contains(&ann) && last.headers.iter().all(|(name, _)| name != "authorization"));
    assert!(!format!("{requests:?}").contains(&token));
    bench.sim.keep_requests(0);
    bench.presences(&token, &[&ann]).await;
    assert!(bench.sim.requests().is_empty() && bench.sim.counters().requests == 3);
}

#[test]
fn a_simulator_without_a_runtime_ends_with_its_handle() {
    let sim = Simulator::spawn_blocking_thread(Options::default()).expect("a simulator");
    let address = sim.base_url().trim_start_matches("http://").to_owned();
    let held = std::net::TcpStream::connect(&address).expect("connected");
    let before = Instant::now();
    drop(sim);
    assert!(before.elapsed() < Duration::from_secs(2));
    std::net::TcpStream::connect(&address).expect_err("nobody listens");
    drop(held);
}

#[test]
fn only_loopback_is_listened_on() {
    let options = Options { http: Some("0.0.0.0:0".parse().expect("an address")), ..Options::default() };
    let error = Simulator::spawn_blocking_thread(options).expect_err("refused").to_string();
    assert!(error.contains("0.0.0.0:0") && error.contains("loopback"), "{error}");
}

#[tokio::test]
async fn many_at_once_are_counted() {
    let bench = start().await;
    let form =
        [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("scope", SCOPE)];
    bench.sim.inject(Fault::new(EndpointClass::Token, FaultAction::Delay { ms: 200 }));
    let one = || bench.token_request(DOMAIN, &form);
    let (a, b, c) = tokio::join!(one(), one(), one());
    assert_eq!((a.0, b.0, c.0), (200, 200, 200));
    assert_eq!((bench.sim.counters().in_flight_max, bench.sim.counters().tokens_issued), (3, 3));
}
