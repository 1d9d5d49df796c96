//! The preflight, against a simulator in which one thing at a time is wrong: the step that fails, and that the rest says why it was left out.

mod check_support;

use std::time::{Duration, Instant};

use check_support::{config, fails_at, left_out, office, run, run_for, simulator, user};
use serde_json::json;
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, EndpointClass, Fault, FaultAction, FaultBody, Managed, PUBLIC_CLIENT_ID, PresenceSpec, RetryAfter,
    SERVICE_ACCOUNT, SERVICE_PASSWORD, TENANT_ID, UserSpec,
};
use teams_presence_sync::instance::check::{Outcome, Step, Verdict};

#[test]
fn all_is_well() {
    let simulator = simulator();
    simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("set");
    let report = run(&config(&simulator), office());
    for line in &report.lines {
        assert_eq!(line.verdict, Verdict::Ok, "{line:?}");
    }
    assert_eq!(report.line(Step::Users).facts["matched"], 3);
    assert_eq!(report.line(Step::Presence).facts["told"], 3);
    assert_eq!(report.line(Step::Permissions).facts["missing"], json!([]));
    let counters = simulator.counters();
    assert_eq!(counters.count(EndpointClass::Token, 200), 1);
    assert_eq!(counters.count(EndpointClass::Presences, 200), 1);
}

#[test]
fn a_refused_configuration_ends_it() {
    let report =
        run_for(&json!({"mode": "presence_sync", "tenant_id": "common", "client_id": 7}), office(), Duration::from_secs(60));
    assert_eq!(report.outcome, Outcome::ConfigRefused);
    fails_at(&report, Step::Configuration, "tenant_id");
    assert!(report.line(Step::Configuration).facts["problems"].as_array().expect("a list").len() >= 3);
    left_out(&report, &Step::ALL[1..], Step::Configuration);
}

#[test]
fn slips_are_warnings() {
    let simulator = simulator();
    let mut config = config(&simulator);
    config["cloud"] = "us_gov".into();
    config["rules"] = json!({"list": [{"when": {"out_of_office": true}, "chat": "extended_away"}]});
    let report = run_for(&config, Vec::new(), Duration::ZERO);
    assert_eq!((report.outcome, report.verdict(Step::Configuration)), (Outcome::TimedOut, Verdict::Warning));
    assert_eq!(report.verdict(Step::SignIn), Verdict::Skipped);
    assert_eq!(simulator.counters().requests, 0, "no time, no request");
}

#[test]
fn names_that_do_not_exist() {
    let simulator = simulator();
    let mut config = config(&simulator);
    // No label is longer than 63: refused without asking anybody.
    config["endpoints"]["login"] = format!("https://{}.example", "x".repeat(70)).into();
    let report = run(&config, office());
    fails_at(&report, Step::NameResolution, "not found");
    left_out(&report, &[Step::SignIn], Step::NameResolution);
    left_out(&report, &[Step::Permissions, Step::Users, Step::Presence], Step::SignIn);
    // The other host answers: what can be said is said.
    assert_eq!(report.verdict(Step::Clock), Verdict::Ok);
    assert_eq!(report.verdict(Step::StateDirectory), Verdict::Ok);
}

#[test]
fn proxies() {
    let simulator = simulator();
    let mut config = config(&simulator);
    config["proxy"] = json!({"mode": "url", "url": "http://127.0.0.1:9"});
    let report = run(&config, office());
    fails_at(&report, Step::Proxy, "proxy");
    left_out(&report, &[Step::Tls, Step::Clock, Step::SignIn], Step::Proxy);

    let asks =
        proxy("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n");
    config["proxy"]["url"] = asks.as_str().into();
    fails_at(&run(&config, office()), Step::Proxy, "user name and password");
    config["proxy"]["url"] = format!("http://{}.example:3128", "x".repeat(70)).into();
    let report = run(&config, office());
    fails_at(&report, Step::NameResolution, "not found");
    left_out(&report, &[Step::Proxy, Step::Tls, Step::Clock, Step::SignIn], Step::NameResolution);

    config["proxy"]["url"] = asks.into();
    config["endpoints"]["login"] = simulator.https_url().into();
    let report = run(&config, office());
    fails_at(&report, Step::Proxy, "user name and password");
    assert!(report.line(Step::Proxy).remedy.contains("proxy.username"));

    config["proxy"]["username"] = "u".into();
    config["proxy"]["password"] = json!({"file": "/nonexistent/password"});
    let report = run(&config, office());
    fails_at(&report, Step::Proxy, "/nonexistent/password");
    left_out(&report, &[Step::Tls, Step::SignIn], Step::Proxy);
}

/// A proxy that answers everything with these bytes.
fn proxy(answer: &'static str) -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut head = [0; 4096];
                while let Ok(1..) = stream.read(&mut head) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[test]
fn connection_and_tls() {
    let simulator = simulator();
    let mut config = config(&simulator);
    config["endpoints"]["login"] = "http://127.0.0.1:9".into();
    let report = run(&config, office());
    fails_at(&report, Step::Tls, "refused");
    left_out(&report, &[Step::SignIn], Step::Tls);

    // An authority that nobody knows: a gateway that opens TLS.
    config["endpoints"] = json!({"login": simulator.https_url(), "graph": simulator.https_url()});
    let report = run(&config, office());
    fails_at(&report, Step::Tls, "authority that is not trusted");
    assert_eq!(report.line(Step::Tls).facts["servers"]["login"]["trouble"], "untrusted");
    assert!(report.line(Step::Tls).remedy.contains("tls.ca_file"));

    let directory = tempfile::tempdir().expect("a directory");
    let ca = directory.path().join("ca.pem");
    config["tls"] = json!({"ca_file": ca});
    let report = run(&config, office());
    fails_at(&report, Step::Tls, "ca.pem");
    left_out(&report, &[Step::SignIn], Step::Tls);
    std::fs::write(&ca, simulator.ca_pem()).expect("written");
    let report = run(&config, office());
    assert_eq!(report.verdict(Step::Summary), Verdict::Ok, "{:?}", report.lines);
    assert!(report.line(Step::Tls).message.contains("TLS verified"));

    // A server whose certificate is over.
    let (expired, expired_ca) = expired();
    std::fs::write(&ca, expired_ca).expect("written");
    config["endpoints"]["login"] = expired.into();
    let report = run(&config, office());
    fails_at(&report, Step::Tls, "expired");
    assert_eq!(report.line(Step::Tls).facts["servers"]["login"]["trouble"], "expired");
}

/// A TLS server with a certificate of 2020, and its authority.
fn expired() -> (String, String) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).expect("an authority");
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().expect("a key");
    let mut leaf = CertificateParams::default();
    leaf.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().expect("an address")));
    leaf.not_before = date_time_ymd(2020, 1, 1);
    leaf.not_after = date_time_ymd(2020, 2, 1);
    let cert = leaf.signed_by(&key, &issuer).expect("a certificate");
    let server = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], rustls_pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a server");
    let server = std::sync::Arc::new(server);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut session = rustls::ServerConnection::new(server.clone()).expect("a session");
            // The client ends it.
            let _ = session.complete_io(&mut stream);
        }
    });
    (url, ca_cert.pem())
}

#[test]
fn a_wrong_clock() {
    let simulator = simulator();
    simulator.advance(3 * 60_000);
    let report = run(&config(&simulator), office());
    assert_eq!((report.verdict(Step::Clock), report.verdict(Step::Summary)), (Verdict::Warning, Verdict::Warning));
    assert!(report.line(Step::Clock).message.contains("behind"), "{:?}", report.line(Step::Clock));
    simulator.advance(57 * 60_000);
    let mut config = config(&simulator);
    assert_eq!(run(&config, office()).verdict(Step::Clock), Verdict::Warning, "a secret works all the same");
    config["auth"] = json!({"method": "certificate", "certificate": {"file": "/nonexistent"}, "key": {"file": "/nonexistent"}});
    let report = run(&config, office());
    assert_eq!(report.verdict(Step::Clock), Verdict::Failed);
    assert_eq!(report.line(Step::SignIn).facts["cause"], "credential_unreadable");
}

#[test]
fn refused_credentials_are_sent_once() {
    let simulator = simulator();
    for (code, words) in
        [(7000215, "secret is wrong"), (7000222, "expired"), (50076, "factor"), (90002, "no such tenant"), (65001, "consent")]
    {
        simulator.clear_faults();
        simulator.clear_counters();
        simulator.inject(Fault::aadsts(code));
        let report = run(&config(&simulator), office());
        let line = report.line(Step::SignIn);
        assert_eq!((line.verdict, &line.facts["aadsts"]), (Verdict::Failed, &json!(code)), "{line:?}");
        assert!(line.message.contains(words) || line.remedy.contains(words), "{words:?}: {line:?}");
        left_out(&report, &[Step::Permissions, Step::Users, Step::Presence], Step::SignIn);
        let tokens = simulator.requests().iter().filter(|request| request.endpoint == EndpointClass::Token).count();
        assert_eq!(tokens, 1);
    }
    simulator.clear_faults();
    simulator.clear_counters();
    let mut config = config(&simulator);
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({"method": "password", "username": SERVICE_ACCOUNT, "password": "wrong"});
    fails_at(&run(&config, office()), Step::SignIn, "50126");
    assert_eq!(simulator.requests().iter().filter(|request| request.endpoint == EndpointClass::Token).count(), 1);
    config["auth"]["password"] = SERVICE_PASSWORD.into();
    let report = run(&config, office());
    assert_eq!(report.line(Step::Permissions).facts["kind"], "delegated");
    assert_eq!(report.verdict(Step::Presence), Verdict::Ok);
    config["auth"] = json!({"method": "device_code"});
    let report = run(&config, office());
    assert_eq!(report.verdict(Step::SignIn), Verdict::Warning);
    left_out(&report, &[Step::Permissions, Step::Users, Step::Presence], Step::SignIn);
}

/// A machine with an identity never asks the login host: it may be blocked, and must not be looked at.
#[test]
fn a_managed_identity() {
    let simulator = simulator();
    let roles = Some(vec!["Presence.Read.All".to_owned(), "User.Read.All".to_owned()]);
    let identity = AppSpec { roles, managed: Some(Managed::System), ..AppSpec::default() };
    simulator.default_tenant().put_app(identity).expect("an identity");
    let mut config = config(&simulator);
    config["auth"] = json!({"method": "managed_identity"});
    // No label is longer than 63: refused without asking anybody.
    config["endpoints"]["login"] = format!("https://{}.example", "x".repeat(70)).into();
    config["endpoints"]["metadata"] = simulator.base_url().into();
    let report = run(&config, office());
    assert_eq!(report.verdict(Step::Summary), Verdict::Ok, "{:?}", report.lines);
    assert_eq!(report.line(Step::Clock).facts["compared_with"], simulator.base_url().trim_start_matches("http://"));
    assert!(report.line(Step::Tls).facts["servers"]["metadata"]["status"].is_u64(), "{:?}", report.line(Step::Tls));
    // A metadata service that is not there: this is no machine in Azure.
    config["endpoints"]["metadata"] = "http://127.0.0.1:9".into();
    let report = run(&config, office());
    fails_at(&report, Step::Tls, "127.0.0.1:9");
    assert!(report.line(Step::Tls).remedy.contains("virtual machine in Azure"), "{:?}", report.line(Step::Tls));
    left_out(&report, &[Step::SignIn], Step::Tls);
}

#[test]
fn a_credential_that_ends_soon() {
    let simulator = simulator();
    let mut config = config(&simulator);
    let in_days = |days: i64| teams_presence_sync::time::utc(simulator.now() + days * 86_400_000)[..10].to_owned();
    config["auth"]["expires_at"] = in_days(5).into();
    let report = run(&config, office());
    let line = report.line(Step::SignIn);
    assert_eq!((line.verdict, report.verdict(Step::Presence)), (Verdict::Warning, Verdict::Ok), "{line:?}");
    assert!(line.message.contains("expires on"), "{line:?}");
    config["auth"]["expires_at"] = in_days(200).into();
    assert_eq!(run(&config, office()).verdict(Step::SignIn), Verdict::Ok);
}

#[test]
fn a_sign_in_that_answers_uselessly() {
    let simulator = simulator();
    let page = FaultAction::NotJson { content_type: "text/html".into(), body: "<html>Accept the terms</html>".into() };
    simulator.inject(Fault::new(EndpointClass::Token, page));
    let report = run(&config(&simulator), office());
    fails_at(&report, Step::SignIn, "not the JSON of a token");
    assert_eq!(report.line(Step::SignIn).facts["cause"], "not_useful");
    simulator.clear_faults();
    simulator.inject(Fault::new(
        EndpointClass::Token,
        FaultAction::Status { status: 503, retry_after: Some(RetryAfter::Seconds(100)), body: FaultBody::Html, code: None },
    ));
    fails_at(&run(&config(&simulator), office()), Step::SignIn, "503");
    simulator.clear_faults();
    simulator.inject(Fault::new(EndpointClass::Token, FaultAction::ResetBefore));
    fails_at(&run(&config(&simulator), office()), Step::SignIn, "cannot be reached");
}

#[test]
fn missing_and_excess_permissions() {
    let simulator = simulator();
    let grant = |roles: &[&str]| {
        let roles = Some(roles.iter().map(|role| (*role).to_owned()).collect());
        simulator
            .default_tenant()
            .put_app(AppSpec { client_id: Some(CLIENT_ID.into()), roles, ..AppSpec::default() })
            .expect("granted");
    };
    grant(&["User.Read.All"]);
    let report = run(&config(&simulator), office());
    fails_at(&report, Step::Permissions, "Presence.Read.All");
    assert_eq!(report.verdict(Step::Users), Verdict::Ok);
    assert_eq!(report.line(Step::Presence).facts["status"], 403);
    grant(&[]);
    let report = run(&config(&simulator), office());
    fails_at(&report, Step::Permissions, "Presence.Read.All, User.Read.All");
    assert_eq!(report.line(Step::Users).facts["status"], 403);
    assert_eq!(report.verdict(Step::Presence), Verdict::Skipped);
    grant(&["User.Read.All", "Directory.ReadWrite.All"]);
    let line = run(&config(&simulator), office()).line(Step::Permissions).clone();
    assert!(line.message.contains("missing: Presence.Read.All") && line.message.contains("Directory.ReadWrite.All"), "{line:?}");
    grant(&["Presence.Read.All", "User.Read.All", "Directory.ReadWrite.All"]);
    let report = run(&config(&simulator), office());
    assert_eq!(report.line(Step::Permissions).facts["excess"], json!(["Directory.ReadWrite.All"]));
    assert_eq!((report.verdict(Step::Permissions), report.verdict(Step::Summary)), (Verdict::Warning, Verdict::Warning));
    grant(&["Presence.Read.All", "User.ReadBasic.All"]);
    let report = run(&config(&simulator), office());
    assert_eq!(report.line(Step::Permissions).facts["recommended"], json!(["User.Read.All"]));
    assert_eq!(report.line(Step::Users).facts["profile"], "basic");
}

#[test]
fn users_who_are_not_found() {
    let simulator = simulator();
    let twice = |upn: &str| UserSpec {
        user_principal_name: Some(upn.into()),
        mail: Some("shared@contoso.test".into()),
        ..UserSpec::default()
    };
    simulator.add_user(twice("one@contoso.test")).expect("added");
    simulator.add_user(twice("two@contoso.test")).expect("added");
    let tenant = simulator.default_tenant();
    tenant.update_user("ben@contoso.test", UserSpec { enabled: Some(false), ..UserSpec::default() }).expect("disabled");
    let ann = tenant.user_id("ann@contoso.test").expect("ann");
    let mut by_id = user("6", None);
    by_id.entra_object_id = Some(ann.into());
    let mut gone = user("7", None);
    gone.entra_object_id = Some("aaaaaaaa-0000-0000-0000-eeeeeeeeeeee".into());
    let users = vec![
        user("1", Some("cleo@contoso.test")),
        user("2", Some("nobody@contoso.test")),
        user("3", Some("shared@contoso.test")),
        user("4", Some("ben@contoso.test")),
        user("5", None),
        by_id,
        gone,
        user("8", Some("no address")),
        user("1", Some("dev@contoso.test")),
    ];
    let report = run(&config(&simulator), users);
    let line = report.line(Step::Users);
    assert_eq!(line.verdict, Verdict::Warning, "{line:?}");
    for (name, ids) in [
        ("unmatched_users", "2"),
        ("ambiguous_users", "3"),
        ("disabled_users", "4"),
        ("invalid_users", "8"),
        ("no_such_object_users", "7"),
    ] {
        assert_eq!(line.facts[name], json!([ids]), "{name}: {line:?}");
    }
    assert_eq!((&line.facts["without_address"], &line.facts["matched"]), (&json!(1), &json!(2)));
    assert!(line.facts["notices"].to_string().contains("duplicate_user_id"), "{line:?}");
    assert_eq!(report.line(Step::Presence).facts["asked"], 2, "cleo and ann");

    let report = run(&config(&simulator), vec![user("2", Some("nobody@contoso.test"))]);
    fails_at(&report, Step::Users, "0 of 1");
    assert_eq!(report.verdict(Step::Presence), Verdict::Skipped);
    let report = run(&config(&simulator), Vec::new());
    assert_eq!((report.verdict(Step::Users), report.verdict(Step::Summary)), (Verdict::Skipped, Verdict::Ok));
    let report = run(&config(&simulator), vec![user("5", None)]);
    assert_eq!((report.verdict(Step::Users), report.verdict(Step::Presence)), (Verdict::Ok, Verdict::Skipped));
}

#[test]
fn presence_that_does_not_come() {
    let simulator = simulator();
    simulator.inject(Fault::new(EndpointClass::Presences, FaultAction::Forbidden { code: "Forbidden".into() }));
    let report = run(&config(&simulator), office());
    fails_at(&report, Step::Presence, "403");
    assert!(report.line(Step::Presence).remedy.contains("Conditional Access"));
    simulator.clear_faults();
    simulator.inject(Fault::status(EndpointClass::Presences, 429));
    fails_at(&run(&config(&simulator), office()), Step::Presence, "429");
    simulator.clear_faults();
    simulator
        .default_tenant()
        .put_presence("ben@contoso.test", PresenceSpec { missing: Some(true), ..PresenceSpec::default() })
        .expect("set");
    let report = run(&config(&simulator), office());
    assert_eq!(report.line(Step::Presence).facts["without_presence_users"], json!(["ben"]), "{:?}", report.line(Step::Presence));
}

#[test]
fn the_state_directory() {
    let simulator = simulator();
    let mut config = config(&simulator);
    config["state"] = json!({"dir": "/proc/nothing/here"});
    let report = run(&config, office());
    fails_at(&report, Step::StateDirectory, "/proc");
    assert_eq!(report.verdict(Step::Presence), Verdict::Ok);
}

#[test]
fn the_time_is_kept_whatever_hangs() {
    for endpoint in [EndpointClass::Discovery, EndpointClass::Token, EndpointClass::Users, EndpointClass::Presences] {
        let simulator = simulator();
        let directory = tempfile::tempdir().expect("a directory");
        simulator.inject(Fault::new(endpoint, FaultAction::Hang));
        let mut config = config(&simulator);
        config["state"] = json!({"dir": directory.path()});
        let hung = match endpoint {
            EndpointClass::Discovery => Step::Tls,
            EndpointClass::Token => Step::SignIn,
            EndpointClass::Users => Step::Users,
            _ => Step::Presence,
        };
        // A busy machine may not come so far in the first time; the time given is kept all the same.
        let mut tries = [1_500, 6_000, 24_000].into_iter();
        let (ms, report) = loop {
            let ms = tries.next().expect("so far even a busy machine comes");
            let begun = Instant::now();
            let report = run_for(&config, office(), Duration::from_millis(ms));
            assert_eq!(report.outcome, Outcome::TimedOut);
            assert!(begun.elapsed() < Duration::from_millis(ms + 10_000), "{:?}", begun.elapsed());
            if report.verdict(hung) == Verdict::Failed {
                break (ms, report);
            }
        };
        fails_at(&report, hung, &format!("not finished within {ms} ms"));
        assert_eq!(report.line(Step::Summary).facts["complete"], false);
        // What needs no network is known all the same.
        assert!(
            report.line(Step::StateDirectory).message.contains("usable")
                || report.line(Step::StateDirectory).verdict == Verdict::Warning
        );
    }
}

/// A running instance has its own budget setting; a check must neither lower it nor pass it by.
#[test]
fn beside_a_running_instance() {
    use teams_presence_sync::process::Process;
    let simulator = simulator();
    let process = Process::acquire().expect("a runtime");
    let share = process.budget(TENANT_ID, CLIENT_ID, simulator.base_url(), 900);
    let mut config = config(&simulator);
    config["source"] = json!({"requests_per_30s": 10});
    let report = run(&config, office());
    assert_eq!((report.verdict(Step::Summary), share.limit()), (Verdict::Ok, 900));
}
