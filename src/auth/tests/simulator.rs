//! Through TLS, HTTP/2 and the process-wide parts, against the simulator, which decodes forms and checks credentials by itself.

use std::time::Instant;

use http::{HeaderMap, Method as Verb};
use teams_presence_simulator::{
    CLIENT_ID, CLIENT_SECRET, Options, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, TENANT_ID,
};

use super::*;
use crate::http::{Limits, Request};
use crate::process::{ClientKey, Process};

fn keeper(simulator: &Simulator, http: HttpClient, client_id: &str, method: Method) -> TokenKeeper {
    let settings = Settings {
        method,
        tenant_id: TENANT_ID.to_owned(),
        client_id: client_id.to_owned(),
        login: simulator.https_url().trim_end_matches('/').to_owned(),
        // The simulator is its own Graph.
        scope: "https://graph.microsoft.com/.default".to_owned(),
        succession: Succession::default(),
        name: None,
    };
    let clock = Clock::system();
    let reporter = Reporter::new(Level::Error, clock.clone(), Arc::new(|| {}));
    TokenKeeper::new(settings, http, clock, reporter, Arc::default())
}

#[test]
fn the_whole_way_over_tls_and_http2() {
    let simulator = Simulator::spawn_blocking_thread(Options::default()).expect("a simulator");
    let dir = tempfile::tempdir().expect("a directory");
    let ca_file = dir.path().join("ca.pem");
    std::fs::write(&ca_file, simulator.ca_pem()).expect("written");
    let process = Process::acquire().expect("a runtime");
    let key = ClientKey {
        tenant_id: TENANT_ID.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        hosts: simulator.https_url().to_owned(),
        ca_file: Some(ca_file),
        proxy: Proxy::None,
    };
    let http = process.client(key).expect("a client");
    let work = async {
        let app = keeper(&simulator, http.clone(), CLIENT_ID, by_secret(CLIENT_SECRET));
        let token = app.token().await.expect("signed in with the secret");
        assert!(token.claims().app_only && token.claims().has("Presence.Read.All"), "{:?}", token.claims());
        let person = Method::Password { username: SERVICE_ACCOUNT.to_owned(), password: inline(SERVICE_PASSWORD), secret: None };
        let person = keeper(&simulator, http.clone(), PUBLIC_CLIENT_ID, person);
        let token = person.token().await.expect("signed in with the password");
        assert!(!token.claims().app_only, "{:?}", token.claims());
        let wrong = keeper(&simulator, http.clone(), CLIENT_ID, by_secret("wrong"));
        assert_eq!(wrong.token().await.expect_err("refused").code(), Some(7000215));

        // HTTP/2 must not wait for windows or acknowledgements.
        let token = app.token().await.expect("the same");
        let mut headers = HeaderMap::new();
        headers.insert(http::header::AUTHORIZATION, format!("Bearer {}", token.expose()).parse().expect("a header"));
        let url: url::Url =
            format!("{}/v1.0/users?$top=999", simulator.https_url().trim_end_matches('/')).parse().expect("a url");
        let limits = Limits { timeout: Duration::from_secs(10), max_body: 16 << 20 };
        let mut took = Vec::new();
        for _ in 0..40 {
            let began = Instant::now();
            let request = Request { method: Verb::GET, url: url.clone(), headers: headers.clone(), body: None };
            let answer = http.send(request, limits).await.expect("an answer");
            assert_eq!(answer.status.as_u16(), 200);
            assert!(answer.body.len() > 1_000);
            took.push(began.elapsed());
        }
        took.sort();
        took[took.len() / 2]
    };
    simulator.default_tenant().add_users(900, "user{n}@contoso.test").expect("users");
    let median: Duration = process.handle().block_on(work);
    assert!(median < Duration::from_millis(400), "{median:?} a request, in a debug build");
    assert!(simulator.requests().iter().all(|request| request.version == "HTTP/2.0"));
}
