//! The control API, scripts and the program.

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Bench, body, start};
use serde_json::{Value, json};
use teams_presence_simulator::{Script, office_day};

async fn post(bench: &Bench, name: &str, value: Value) -> (u16, Value) {
    let response =
        bench.http.post(bench.url(&format!("/_control/{name}"))).body(value.to_string()).send().await.expect("an answer");
    (response.status().as_u16(), body(response).await)
}

async fn view(bench: &Bench, name: &str) -> Value {
    body(bench.http.get(bench.url(&format!("/_control/{name}"))).send().await.expect("an answer")).await
}

#[tokio::test]
async fn the_world_is_changed_over_http() {
    let bench = start().await;
    let (status, tenant) = post(&bench, "tenant", json!({"domains": ["fabrikam.test"]})).await;
    assert_eq!(status, 200, "{tenant}");
    let (_, app) = post(
        &bench,
        "app",
        json!({"tenant": "fabrikam.test", "app": {"secrets": [{"value": "s"}], "roles": ["Presence.Read.All", "User.Read.All"]}}),
    )
    .await;
    let client_id = app["client_id"].as_str().expect("a client id");
    let users = json!({"tenant": "fabrikam.test", "bulk": {"count": 1000, "pattern": "user{n}@fabrikam.test"},
        "users": [{"user_principal_name": "zoe@fabrikam.test", "proxy_addresses": ["SMTP:z@fabrikam.test"]}]});
    let (status, answer) = post(&bench, "users", users).await;
    assert_eq!(status, 200, "{answer}");
    let zoe = answer["ids"][0].as_str().expect("an id").to_owned();
    let presence = json!({"tenant": "fabrikam.test", "user": "zoe@fabrikam.test", "availability": "Busy", "activity": "InACall"});
    assert_eq!(post(&bench, "presence", presence).await, (200, json!({})));
    let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", "s"), ("scope", common::SCOPE)];
    let (_, token) = bench.token_request("fabrikam.test", &form).await;
    let token = token["access_token"].as_str().expect("a token");
    assert_eq!(bench.presences(token, &[&zoe]).await.1["value"][0]["activity"], "InACall");
    assert_eq!(view(&bench, "info").await["tenants"][1]["users"], 1001);

    let many = json!([
        {"do": "all_presences", "tenant": "fabrikam.test", "availability": "Away", "activity": "Away"},
        {"do": "update_user", "tenant": "fabrikam.test", "user": "zoe@fabrikam.test", "set": {"user_principal_name": "zoe2@fabrikam.test"}},
        {"do": "oddities", "set": {"casing": "camel", "presence_limit": 0}},
        {"do": "fault", "endpoint": "users", "count": 1, "action": {"kind": "status", "status": 418}},
        {"do": "delete_user", "tenant": "fabrikam.test", "user": "user1@fabrikam.test"},
        {"do": "random_presences", "count": 5},
        {"do": "advance_clock", "ms": 1000},
    ]);
    let (status, answers) = post(&bench, "do", many).await;
    assert_eq!((status, &answers[3]["fault"]), (200, &json!(1)), "{answers}");
    assert_eq!(view(&bench, "faults").await[0]["action"]["status"], 418);
    assert_eq!(view(&bench, "oddities").await["casing"], "camel");
    assert_eq!(bench.presences(token, &[&zoe]).await.1["value"][0]["activity"], "away");
    assert_eq!(bench.get_json(token, "/v1.0/users/zoe2@fabrikam.test").await.0, 418);
    assert_eq!(bench.get_json(token, "/v1.0/users/zoe2@fabrikam.test").await.0, 200);
    assert_eq!(bench.get_json(token, "/v1.0/users/user1@fabrikam.test").await.0, 404);
    let counters = view(&bench, "counters").await;
    assert_eq!((&counters["by_endpoint"]["users 418"], &counters["faults"]), (&json!(1), &json!(1)));
    assert_eq!(view(&bench, "requests?limit=1").await[0]["path"], "/v1.0/users/user1@fabrikam.test");
    assert_eq!(post(&bench, "clear-counters", json!({})).await.0, 200);
    assert_eq!(view(&bench, "counters").await["requests"], 0);
    let pem = bench.http.get(bench.url("/_control/ca.pem")).send().await.expect("an answer").text().await.expect("text");
    assert_eq!(pem, bench.sim.ca_pem());
}

#[tokio::test]
async fn wrong_actions_are_named() {
    let bench = start().await;
    for (name, value, wanted) in [
        ("dance", json!({}), "dance"),
        ("presence", json!({"user": "nobody@contoso.test", "availability": "Busy"}), "nobody@contoso.test"),
        ("fault", json!({"endpoint": "moon", "action": {"kind": "hang"}}), "moon"),
        ("fault", json!({"action": {"kind": "hang", "typo": 1}}), "typo"),
        ("oddities", json!({"set": {"cassing": "camel"}}), "cassing"),
        ("fault", json!({"action": {"kind": "truncated", "count": 1}}), "count"),
        ("presence", json!({"user": "ann@contoso.test", "availabilty": "Busy"}), "availabilty"),
        ("presences", json!({"list": [{"user": "ann@contoso.test", "activty": "Busy"}]}), "list[0].activty"),
        ("clear-faults", json!({"faults": 1}), "faults"),
        ("users", json!({"bulk": {"count": 1, "pattern": "u@x"}}), "{n}"),
        ("users", json!({"tenant": "moon.test"}), "moon.test"),
        ("app", json!({"app": {"client_id": "x"}}), "client_id"),
        ("app", json!({"app": {"certificates": ["x"]}}), "certificate"),
        ("tenant", json!({}), "domains"),
        ("tenant", json!({"domains": ["contoso.test"]}), "exists"),
    ] {
        let (status, answer) = post(&bench, name, value).await;
        assert!(status == 400 && answer["error"].as_str().is_some_and(|e| e.contains(wanted)), "{name} {wanted}: {answer}");
    }
}

#[test]
fn scripts_say_which_line_is_wrong() {
    let good =
        "# a comment\n\n{\"at_ms\":5,\"do\":\"clear_faults\"}\n{\"do\":\"presence\",\"user\":\"a\",\"availability\":\"Busy\"}\n";
    let script = Script::parse(good).expect("a script");
    assert_eq!((script.lines().len(), script.lines()[0].at_ms, script.length()), (2, 0, Duration::from_millis(5)));
    let error = Script::parse("{\"do\":\"clear_faults\"}\n{\"do\":\"dance\"}").expect_err("refused").to_string();
    assert!(error.contains("line 2") && error.contains("dance"), "{error}");
    let day = office_day();
    assert!(day.lines().len() > 60 && day.length() == Duration::from_secs(60));
}

#[test]
fn the_program() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name);
    std::fs::write(
        path("script"),
        "{\"at_ms\":200,\"do\":\"presence\",\"user\":\"hugo@contoso.test\",\"availability\":\"Levitating\"}\n",
    )
    .expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_teams-presence-simulator"))
        .args(["--exit-with-stdin", "--users", "10", "--day", "office", "--speed", "2"])
        .arg("--ca-out")
        .arg(path("ca"))
        .arg("--ready-file")
        .arg(path("ready"))
        .arg("--config-out")
        .arg(path("config"))
        .arg("--script")
        .arg(path("script"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("standard output")).read_line(&mut line).expect("a line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(std::fs::read_to_string(path("ready")).expect("the ready file"), line);
    assert!(std::fs::read_to_string(path("ca")).expect("the CA").starts_with("-----BEGIN CERTIFICATE-----"));
    let config = std::fs::read_to_string(path("config")).expect("the configuration");
    let config: Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!((&config["tenant_id"], &config["endpoints"]["graph"]), (&ready["tenant_id"], &ready["http"]));
    let address = ready["http"].as_str().expect("an address").trim_start_matches("http://").to_owned();
    let get = |path: &str| {
        let mut stream = std::net::TcpStream::connect(&address).expect("connected");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
        std::io::read_to_string(stream).expect("an answer")
    };
    assert!(get("/_control/info").contains("\"users\":20"));
    let until = Instant::now() + Duration::from_secs(5);
    while !get("/_control/users").contains("Levitating") {
        assert!(Instant::now() < until, "the script did not run");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(child.stdin.take());
    let until = Instant::now() + Duration::from_secs(5);
    let status = loop {
        if let Some(status) = child.try_wait().expect("waited") {
            break status;
        }
        assert!(Instant::now() < until, "still there after its standard input ended");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success());

    let mut child = Command::new(env!("CARGO_BIN_EXE_teams-presence-simulator")).stdout(Stdio::piped()).spawn().expect("started");
    BufReader::new(child.stdout.take().expect("standard output")).read_line(&mut line).expect("a line");
    assert!(Command::new("kill").arg(child.id().to_string()).status().expect("kill").success());
    assert!(child.wait().expect("ended").success(), "SIGTERM is a clean end");

    let wrong =
        Command::new(env!("CARGO_BIN_EXE_teams-presence-simulator")).args(["--script", "/nonexistent"]).output().expect("run");
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("/nonexistent"));
}
