use std::time::Duration;

use super::*;
use crate::http::Proxy;
use crate::sys::signal;

fn key(tenant: &str) -> ClientKey {
    ClientKey {
        tenant_id: tenant.to_owned(),
        client_id: "app".to_owned(),
        hosts: "https://a https://b".to_owned(),
        ca_file: None,
        proxy: Proxy::None,
    }
}

#[test]
fn runtime_threads_block_signals_and_the_end_may_come_from_a_task() {
    let process = Process::acquire().expect("a runtime");
    let again = Process::acquire().expect("the same");
    let (tell, told) = std::sync::mpsc::channel();
    let inside = process.clone();
    process.handle().spawn(async move {
        let worker = (signal::is_blocked(libc::SIGPIPE), std::thread::current().name().map(str::to_owned));
        let blocking = tokio::task::spawn_blocking(|| signal::is_blocked(libc::SIGPIPE)).await.expect("no panic");
        tell.send((worker, blocking)).expect("somebody listens");
        // Perhaps the last handle, dropped on the runtime's own thread.
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(inside);
    });
    let (worker, blocking) = told.recv_timeout(Duration::from_secs(5)).expect("the task ran");
    assert_eq!(worker, (true, Some("tps-worker".to_owned())));
    assert!(blocking);
    drop((process, again));
    std::thread::sleep(Duration::from_millis(150));
    let next = Process::acquire().expect("a runtime again");
    let (tell, told) = std::sync::mpsc::channel();
    next.handle().spawn(async move { tell.send(()) });
    told.recv_timeout(Duration::from_secs(5)).expect("it runs");
}

#[test]
fn clients_are_shared_by_key_and_forgotten() {
    let process = Process::acquire().expect("a runtime");
    let one = process.client(key("t1")).expect("a client");
    assert!(one.same_pool(&process.client(key("t1")).expect("a client")));
    assert!(!one.same_pool(&process.client(key("t2")).expect("a client")));
    let proxied = ClientKey {
        proxy: Proxy::Url { url: "http://127.0.0.1:1".parse().expect("a url"), user: Some(("u".into(), "p".to_owned().into())) },
        ..key("t1")
    };
    let through = process.client(proxied.clone()).expect("a client");
    assert!(!one.same_pool(&through));
    assert!(!format!("{proxied:?} {through:?}").contains("\"p\""));
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named() {
    let process = Process::acquire().expect("a runtime");
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("ca.pem");
    let ask = || process.client(ClientKey { ca_file: Some(path.clone()), ..key("ca") });
    let missing = ask().expect_err("no such file").to_string();
    assert!(missing.contains("ca.pem") && missing.contains("tls.ca_file"), "{missing}");
    std::fs::write(&path, "no pem in here").expect("written");
    assert!(matches!(ask(), Err(ClientError::CaFileContents { source: crate::http::TlsError::NoCertificate, .. })));
    let first = rcgen::generate_simple_self_signed(vec!["one.example".into()]).expect("a certificate");
    std::fs::write(&path, first.cert.pem()).expect("written");
    let client = ask().expect("a client");
    assert!(client.same_pool(&ask().expect("the same")));
    let second = rcgen::generate_simple_self_signed(vec!["two.example".into()]).expect("a certificate");
    std::fs::write(&path, second.cert.pem()).expect("written");
    assert!(!client.same_pool(&ask().expect("a changed file is a new client")));
}

#[test]
fn the_key_of_a_configuration() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("password");
    let json = format!(
        r#"{{"mode":"presence_sync","tenant_id":"11111111-2222-3333-4444-555555555555","client_id":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
             "auth":{{"method":"client_secret","secret":"s"}},
             "proxy":{{"mode":"url","url":"http://127.0.0.1:3128","username":"me","password":{{"file":{path:?}}}}}}}"#
    );
    let config = crate::config::Config::parse(json.as_bytes()).expect("a configuration").config;
    let error = ClientKey::of(&config).expect_err("no such file").to_string();
    assert!(error.starts_with("proxy.password: ") && error.contains("password"), "{error}");
    std::fs::write(&path, "geheim\n").expect("written");
    let key = ClientKey::of(&config).expect("a key");
    assert_eq!(key.hosts, "https://login.microsoftonline.com https://graph.microsoft.com");
    let Proxy::Url { user: Some((name, password)), .. } = &key.proxy else { panic!("{key:?}") };
    assert_eq!((name.as_str(), secrecy::ExposeSecret::expose_secret(password)), ("me", "geheim"));
    assert!(!format!("{key:?}").contains("geheim"));
}

#[test]
fn a_hanging_name_delays_neither_another_tenant_nor_the_end() {
    use crate::http::loopback::{Loopback, Reply};
    use crate::http::{Limits, Request, TransportErrorKind};

    resolver::hang("stuck.test");
    let server = Loopback::start(|_, _| Reply::json(200, "{}"));
    let process = Process::acquire().expect("a runtime");
    let (stuck, well) = (process.client(key("stuck")).expect("a client"), process.client(key("well")).expect("a client"));
    let limits = Limits { timeout: Duration::from_secs(20), max_body: 100 };
    let get = |url: String| Request {
        method: ::http::Method::GET,
        url: url.parse().expect("a url"),
        headers: ::http::HeaderMap::new(),
        body: None,
    };
    let waiting = process.handle().spawn({
        let (stuck, request) = (stuck.clone(), get("http://stuck.test/".to_owned()));
        async move { stuck.send(request, limits).await }
    });
    let url = format!("http://localhost:{}/", server.addr.port());
    let began = std::time::Instant::now();
    for _ in 0..20 {
        let answer = process.handle().block_on(well.send(get(url.clone()), limits)).expect("untouched");
        assert_eq!(answer.status.as_u16(), 200);
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let error = process.handle().block_on(waiting).expect("no panic").expect_err("no address");
    assert_eq!(error.kind, TransportErrorKind::Dns, "{error}");
    // Still hanging: giving the runtime back does not wait for it.
    let again = process.handle().spawn(async move { stuck.send(get("http://stuck.test/".to_owned()), limits).await });
    let began = std::time::Instant::now();
    drop((well, process));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    again.abort();
    resolver::release("stuck.test");
}
