//! Sign-in by what the surroundings give: a token file, the metadata service of a machine.

use super::*;

fn jwt_until(exp_s: i64) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(format!(r#"{{"iss":"i","sub":"s","exp":{exp_s}}}"#)))
}

fn in_an_hour() -> i64 {
    Clock::system().now().wall_ms / 1_000 + 3_600
}

#[tokio::test]
async fn a_token_file_is_read_anew_for_each_request() {
    let server = always(granted);
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("token");
    let first = jwt_until(in_an_hour());
    std::fs::write(&file, format!("{first}\n")).expect("written");
    let token = SecretSource::File(file.clone());
    let bench = Bench::new(settings(&server, Method::WorkloadIdentity { token }));
    bench.token().await.expect("signed in");
    let seen = server.last();
    assert_eq!(seen.field("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(seen.field("client_assertion").as_deref(), Some(first.as_str()));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(seen.field("client_assertion_type").as_deref(), Some(kind));
    assert_eq!(
        (seen.field("client_secret"), seen.field("scope").as_deref()),
        (None, Some("https://graph.microsoft.com/.default"))
    );
    // Kubernetes puts another one there.
    let second = jwt_until(in_an_hour() + 7_200);
    std::fs::write(&file, &second).expect("written");
    bench.clock.advance(61 * MINUTE);
    bench.token().await.expect("signed in again");
    assert_eq!(server.last().field("client_assertion").as_deref(), Some(second.as_str()));
    assert_eq!(bench.kinds(), [Kind::SignedIn]);
}

#[tokio::test]
async fn a_token_file_that_cannot_be_used_is_not_sent() {
    let server = always(granted);
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("token");
    let cases: [(Option<String>, &str); 7] = [
        (None, "No such file"),
        (Some(String::new()), "empty"),
        (Some("a secret, not a token".to_owned()), "no token of an issuer"),
        (Some("x".repeat(70_000)), "longer than 65536 bytes"),
        (Some(jwt_until(in_an_hour() - 3_600 - 600)), "ran out 10 minutes ago"),
        (Some(jwt_until(in_an_hour() - 3_600 - 90_000)), "ran out 25 hours ago"),
        (Some("e30.e30".to_owned()), "no token of an issuer"),
    ];
    for (content, words) in cases {
        let _ = std::fs::remove_file(&file);
        if let Some(content) = &content {
            std::fs::write(&file, content).expect("written");
        }
        let bench = Bench::new(settings(&server, Method::WorkloadIdentity { token: SecretSource::File(file.clone()) }));
        let error = bench.error().await.to_string();
        assert!(error.contains("auth.token_file") && error.contains(words) && error.contains("token"), "{words}: {error}");
        let event = bench.events().pop().expect("an event");
        assert!(event.kind == Kind::SecretUnreadable && event.json.contains(words), "{}", event.json);
        assert!(content.is_none_or(|content| content.is_empty() || !event.json.contains(&content)), "{}", event.json);
        assert_eq!(server.hits(), 0);
        // Once it is right, it works by itself.
        std::fs::write(&file, jwt_until(in_an_hour())).expect("written");
        bench.clock.advance(10_000);
        bench.token().await.expect("signed in");
        assert_eq!(bench.kinds(), [Kind::SignedIn]);
        server.seen.lock().expect("no panic").clear();
    }
}

#[tokio::test]
async fn a_token_that_is_not_trusted_waits_for_another_one() {
    let server = Loopback::start(|number, _| if number == 0 { refused(700213, "invalid_client") } else { granted() });
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("token");
    std::fs::write(&file, jwt_until(in_an_hour())).expect("written");
    let bench = Bench::new(settings(&server, Method::WorkloadIdentity { token: SecretSource::File(file.clone()) }));
    assert_eq!(bench.error().await.code(), Some(700213));
    let event = bench.events().pop().expect("an event");
    assert!(event.remedy.contains("Federated credentials"), "{}", event.remedy);
    bench.clock.advance(6_000);
    bench.error().await;
    assert_eq!(server.hits(), 1, "the same one is not sent again so soon");
    std::fs::write(&file, jwt_until(in_an_hour() + 1)).expect("written");
    bench.clock.advance(6_000);
    bench.token().await.expect("the other one");
}

fn by_machine(server: &Loopback, client_id: Option<&str>) -> Settings {
    let metadata = format!("http://{}", server.addr);
    // Entra itself is never asked.
    let login = "http://127.0.0.1:9".to_owned();
    Settings { login, ..settings(server, Method::ManagedIdentity { client_id: client_id.map(str::to_owned), metadata }) }
}

fn machine_token() -> Reply {
    let token = jwt(r#"{"roles":["Presence.Read.All"],"idtyp":"app"}"#);
    Reply::json(200, format!(r#"{{"access_token":"{token}","expires_in":"86399","expires_on":"1","token_type":"Bearer"}}"#))
}

#[tokio::test]
async fn the_machine_gives_the_token() {
    let server = always(machine_token);
    let bench = Bench::new(by_machine(&server, None));
    let token = bench.token().await.expect("signed in");
    assert!(token.claims().app_only && token.claims().has("Presence.Read.All"));
    let seen = server.last();
    let expected =
        "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com HTTP/1.1";
    assert_eq!((seen.line.as_str(), seen.header("metadata")), (expected, Some("true")));
    assert!(seen.header("x-forwarded-for").is_none() && seen.body.is_empty());
    assert!(bench.keeper.state().token_expires_in_ms.is_some_and(|left| left > 23 * 60 * MINUTE), "{:?}", bench.keeper);
    let other = Bench::new(by_machine(&server, Some("66666666-7777-8888-9999-aaaaaaaaaaaa")));
    other.token().await.expect("signed in");
    assert!(server.last().line.contains("&client_id=66666666-7777-8888-9999-aaaaaaaaaaaa "), "{}", server.last().line);
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_told() {
    for status in [404, 410, 429, 500, 503] {
        let server = Loopback::start(move |number, _| match number {
            0 => Reply::json(status, r#"{"error":"x","error_description":"updating"}"#),
            _ => machine_token(),
        });
        let bench = Bench::new(by_machine(&server, None));
        let error = bench.error().await;
        assert!(matches!(error, SignInError::Busy { .. }), "{status}: {error}");
        let event = bench.events().pop().expect("an event");
        assert_eq!(event.kind, Kind::EntraUnreachable);
        assert!(event.json.contains(&format!("{}", server.addr)) && event.json.contains("metadata service"), "{}", event.json);
        bench.clock.advance(1_000);
        bench.token().await.expect("the second time");
    }
    let answers = [
        (400, r#"{"error":"invalid_request","error_description":"Identity not found"}"#, "no such managed identity"),
        (
            400,
            r#"{"error":"invalid_request","error_description":"Required metadata header not specified"}"#,
            "refuses the request",
        ),
        (403, "<html>", "refuses the request"),
    ];
    for (status, body, cause) in answers {
        let server = always(move || Reply::json(status, body));
        let bench = Bench::new(by_machine(&server, None));
        let error = bench.error().await.to_string();
        assert!(error.contains(cause), "{error}");
        let event = bench.events().pop().expect("an event");
        assert!(event.kind == Kind::CredentialRefused && event.remedy.len() > 50, "{}", event.json);
        bench.clock.advance(30_000);
        bench.error().await;
        assert_eq!(server.hits(), 1, "not hammered");
    }
}

#[tokio::test]
async fn elsewhere_than_on_azure_there_is_no_such_service() {
    let server = always(machine_token);
    let gone = format!("http://{}", server.addr);
    drop(server);
    let server = always(machine_token);
    let method = Method::ManagedIdentity { client_id: None, metadata: gone.replace("127.0.0.1", "127.0.0.2") };
    let bench = Bench::new(settings(&server, method));
    assert!(matches!(bench.error().await, SignInError::Unreachable { .. }));
    assert_eq!((bench.kinds(), server.hits()), (vec![Kind::EntraUnreachable], 0));
}
