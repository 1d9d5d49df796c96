//! The program itself, against a simulator: exit codes, formats, how it ends, and what it never prints.

mod cli_support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cli_support::{Following, Ran, Rig};
use serde_json::{Value, json};
use teams_presence_simulator::{AppSpec, CLIENT_ID, CLIENT_SECRET, EndpointClass, Fault, FaultAction};

#[test]
fn check_tells_by_its_exit_code() {
    let rig = Rig::new();
    let good = rig.run(&["check"]);
    assert_eq!(good.code, Some(0), "{}{}", good.out, good.err);
    assert!(good.out.lines().filter(|line| line.starts_with("[ ok ]")).count() == 11, "{}", good.out);
    assert!(!good.out.contains('@'), "no addresses: {}", good.out);

    let warned = Ran::of(
        rig.command(&["check", "--user", "1=ann@contoso.test", "--user", "2=nobody@contoso.test"]).output().expect("it runs"),
    );
    assert_eq!(warned.code, Some(1), "{}", warned.out);
    assert!(warned.out.contains("[warn] users") && warned.out.contains("-> "), "{}", warned.out);

    rig.simulator.inject(Fault::aadsts(7000215));
    let failed = rig.run(&["check"]);
    assert_eq!(failed.code, Some(2), "{}", failed.out);
    assert!(failed.out.contains("[FAIL] sign_in") && failed.out.contains("[skip] presence"), "{}", failed.out);
    rig.simulator.clear_faults();

    rig.simulator.inject(Fault::new(EndpointClass::Token, FaultAction::Hang));
    let late = rig.run(&["check", "--timeout", "1"]);
    assert_eq!(late.code, Some(3), "{}", late.out);
    assert!(late.out.contains("not finished within 1000 ms"), "{}", late.out);
    rig.simulator.clear_faults();

    // One that nobody asked before: the request that hung is counted when its connection ends, whenever that is.
    let untouched = Rig::new();
    assert_eq!(untouched.run(&["check", "--timeout", "0"]).code, Some(0));
    assert_eq!(untouched.simulator.counters().requests, 0);
    rig.config(json!({"cluod": "global"}));
    let refused = rig.run(&["check", "--timeout", "0"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.out.contains("cluod"), "{}", refused.out);
}

/// The environment may hold a proxy's password and the secret itself: both are used, neither is shown.
#[test]
fn check_by_the_environment() {
    let rig = Rig::new();
    rig.config(json!({"auth": {"method": "client_secret", "secret": {"env": "TPS_TEST_SECRET"}}, "proxy": {"mode": "system"}}));
    let check = |proxy: Option<&str>, secret: Option<&str>| {
        let mut command = rig.command(&["check", "--user", "1=ann@contoso.test"]);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "TPS_TEST_SECRET"] {
            command.env_remove(name);
        }
        command.envs(proxy.map(|proxy| ("http_proxy", proxy))).envs(secret.map(|secret| ("TPS_TEST_SECRET", secret)));
        let ran = Ran::of(command.output().expect("it runs"));
        assert!(!ran.out.contains("geheim"), "{}", ran.out);
        ran
    };
    let ran = check(None, Some(CLIENT_SECRET));
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let ran = check(Some("http://user:geheim@127.0.0.1:9"), Some(CLIENT_SECRET));
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.out.contains("[FAIL] proxy"), "{}", ran.out);
    let ran = check(None, None);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.out.contains("TPS_TEST_SECRET: not set"), "{}", ran.out);
    let ran = check(None, Some("geheim"));
    assert!(ran.out.contains("the client secret is wrong"), "{}", ran.out);
}

/// The proxy of the environment and its exceptions are read for each host, as the requests are sent.
#[test]
fn check_heeds_the_exceptions_from_the_proxy() {
    let rig = Rig::new();
    let check = |environment: &[(&str, &str)]| {
        let mut command = rig.command(&["check", "--json", "--user", "1=ann@contoso.test"]);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        Ran::of(command.envs(environment.iter().copied()).output().expect("it runs"))
    };
    let step = |ran: &Ran, name: &str| ran.lines().into_iter().find(|line| line["step"] == name).expect("each step has a line");
    // Excepted hosts are looked up here, not by the proxy. No label is longer than 63: refused without asking anybody.
    let label = "x".repeat(70);
    let (login, graph) = (format!("https://{label}.example"), format!("https://graph.{label}.example"));
    rig.config(json!({"proxy": {"mode": "system"}, "endpoints": {"login": login, "graph": graph}}));
    let excepted = format!("{label}.example");
    let ran = check(&[("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", &excepted)]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert_eq!(step(&ran, "name_resolution")["verdict"], "failed", "{}", ran.out);
    assert_eq!(step(&ran, "summary")["facts"]["first_failed"], "name_resolution", "{}", ran.out);
    // One host by the proxy, the other straight.
    let login = rig.simulator.base_url().to_owned();
    let auth = json!({"method": "client_secret", "secret": CLIENT_SECRET, "scope": format!("{login}/.default")});
    let endpoints = json!({"login": login, "graph": "https://graph.example"});
    rig.config(json!({"proxy": {"mode": "system"}, "auth": auth, "endpoints": endpoints}));
    let ran = check(&[("HTTPS_PROXY", "http://127.0.0.1:9"), ("HTTP_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "127.0.0.1")]);
    assert_eq!((ran.code, step(&ran, "proxy")["verdict"].as_str()), (Some(2), Some("failed")), "{}", ran.out);
    assert_eq!(step(&ran, "sign_in")["verdict"], "ok", "straight to the login host: {}", ran.out);
    assert_eq!(step(&ran, "users")["facts"]["needs"], "proxy", "{}", ran.out);
    // All excepted: no proxy is in the way.
    rig.config(json!({"proxy": {"mode": "system"}}));
    let ran = check(&[("HTTP_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "127.0.0.1")]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(step(&ran, "proxy")["message"].as_str().is_some_and(|words| words.contains("NO_PROXY")), "{}", ran.out);
}

#[test]
fn check_as_json_is_a_line_a_step() {
    let rig = Rig::new();
    let grant = Some(vec!["User.Read.All".to_owned()]);
    let app = AppSpec { client_id: Some(CLIENT_ID.into()), roles: grant, ..AppSpec::default() };
    rig.simulator.default_tenant().put_app(app).expect("granted");
    let ran = rig.run(&["check", "--json"]);
    assert_eq!(ran.code, Some(2));
    let lines = ran.lines();
    let steps: Vec<&str> = lines.iter().map(|line| line["step"].as_str().expect("a step")).collect();
    assert_eq!(
        steps,
        [
            "configuration",
            "name_resolution",
            "proxy",
            "tls",
            "clock",
            "sign_in",
            "permissions",
            "users",
            "presence",
            "state_directory",
            "summary"
        ]
    );
    for line in &lines {
        let members: Vec<&String> = line.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["facts", "message", "remedy", "step", "took_ms", "verdict"]);
    }
    assert_eq!(lines[6]["facts"]["missing"], json!(["Presence.Read.All"]));
    assert_eq!((&lines[10]["verdict"], &lines[10]["facts"]["first_failed"]), (&json!("failed"), &json!("permissions")));
}

#[test]
fn what_cannot_be_carried_out_ends_with_3() {
    let rig = Rig::new();
    let tps = || Command::new(env!("CARGO_BIN_EXE_tps"));
    for words in
        [&["chek"][..], &["check"], &[], &["check", "--config", "/nonexistent/config.json"], &["check", "--timeout", "x"]]
    {
        let ran = Ran::of(tps().args(words).output().expect("it runs"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{words:?}: {}", ran.err);
        assert!(!ran.err.is_empty(), "{words:?}");
    }
    assert_eq!(Ran::of(tps().arg("--help").output().expect("it runs")).code, Some(0));
    assert_eq!(Ran::of(tps().arg("--version").output().expect("it runs")).code, Some(0));
    rig.write("users.csv", "101,a@b,c,d\n");
    let ran = rig.run(&["check"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("users.csv: line 1: 4 fields"), "{}", ran.err);
    rig.config(json!({"tenant_id": "common"}));
    rig.write("users.csv", "101,a@b\n");
    let ran = rig.run(&["watch", "--for", "1"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("tenant_id"), "{}", ran.err);
}

#[test]
fn the_configuration_may_come_from_standard_input() {
    let rig = Rig::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tps"));
    command.args(["check", "--config", "-"]).stdin(std::fs::File::open(rig.path("config.json")).expect("readable"));
    let ran = Ran::of(command.output().expect("it runs"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[test]
fn the_schema_is_the_published_one() {
    let ran = Ran::of(Command::new(env!("CARGO_BIN_EXE_tps")).arg("schema").output().expect("it runs"));
    assert_eq!(ran.code, Some(0));
    let published =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/config.schema.json")).expect("the schema");
    assert_eq!(ran.out.trim(), published.trim());
}

#[test]
fn explain_one_user() {
    let rig = Rig::new();
    rig.simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("set");
    for who in ["101", "ANN@contoso.test"] {
        let ran = rig.run(&["explain", who]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        for words in ["Busy/InACall", "found by mail", "DND rule        says on (by table)", "nothing was set"] {
            assert!(ran.out.contains(words), "{words}: {}", ran.out);
        }
    }
    let ran = rig.run(&["explain", "101", "--json"]);
    assert_eq!((ran.code, &ran.lines()[0]["dnd"]["desired"]), (Some(0), &json!("on")));
    let ran = Ran::of(rig.command(&["explain", "ben@contoso.test"]).output().expect("it runs"));
    assert_eq!(ran.code, Some(0), "without a list, by address: {}", ran.err);
    let ran = Ran::of(rig.command(&["explain", "nobody@contoso.test"]).output().expect("it runs"));
    assert_eq!(ran.code, Some(2));
    assert!(ran.out.contains("nobody in Entra has this address"), "{}", ran.out);
    assert_eq!(rig.run(&["explain", "999"]).code, Some(3));
    rig.simulator.inject(Fault::aadsts(7000222));
    let ran = rig.run(&["explain", "101"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("secret has expired"), "{}", ran.err);
}

#[test]
fn watch_tells_changes_and_ends_when_asked() {
    let rig = Rig::new();
    rig.simulator.set_presence("ann@contoso.test", "Available", "Available").expect("set");
    for (signal, json) in [("-TERM", false), ("-INT", true)] {
        let mut command = rig.command(if json { &["watch", "--json"] } else { &["watch"] });
        command.arg("--users").arg(rig.path("users.csv"));
        let mut watch = Following::start(command);
        watch.expect(&["101", "Available/Available", "off"]);
        rig.simulator.set_presence("ann@contoso.test", "DoNotDisturb", "Presenting").expect("set");
        let line = watch.expect(&["101", "DoNotDisturb/Presenting", "on"]);
        if json {
            let line: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!((&line["type"], &line["dnd"], &line["chat"]), (&json!("user"), &json!("on"), &json!("dnd")));
        }
        watch.signal(signal);
        let ran = watch.end();
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
        assert!(json || ran.out.contains("nothing is set in any telephone system"), "{}", ran.out);
        rig.simulator.set_presence("ann@contoso.test", "Available", "Available").expect("set");
    }
}

#[test]
fn watch_ends_with_its_reader() {
    let rig = Rig::new();
    let mut child = rig.command(&["watch", "--json", "--user", "1=ann@contoso.test"]).spawn().expect("it runs");
    drop(child.stdout.take());
    // Each change is a line that nobody reads.
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut busy = false;
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("it does not end");
        }
        busy = !busy;
        let (availability, activity) = if busy { ("Busy", "InACall") } else { ("Available", "Available") };
        rig.simulator.set_presence("ann@contoso.test", availability, activity).expect("set");
        std::thread::sleep(Duration::from_millis(300));
    };
    assert_eq!(status.code(), Some(0));
}

/// The telephone system's memory is not touched by those who only look.
#[test]
fn the_state_directory_is_left_alone() {
    let rig = Rig::new();
    let state = rig.path("state");
    std::fs::create_dir(&state).expect("made");
    rig.config(json!({"state": {"dir": state}}));
    assert_eq!(rig.run(&["explain", "101"]).code, Some(0));
    assert_eq!(rig.run(&["watch", "--for", "1"]).code, Some(0));
    assert!(matches!(rig.run(&["check"]).code, Some(0 | 1)));
    assert_eq!(std::fs::read_dir(&state).expect("readable").count(), 0);
}

/// Somebody looks: the table is drawn over itself.
#[test]
fn watch_draws_a_table_in_a_terminal() {
    let rig = Rig::new();
    rig.simulator.set_presence("ann@contoso.test", "Available", "Available").expect("set");
    let quoted = |path: std::path::PathBuf| format!("'{}'", path.display());
    let line = format!(
        "'{}' watch --for 120 --config {} --users {}",
        env!("CARGO_BIN_EXE_tps"),
        quoted(rig.path("config.json")),
        quoted(rig.path("users.csv"))
    );
    // script(1) gives the program a terminal.
    let mut command = Command::new("script");
    command.args(["-qefc", &line, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR");
    let mut watch = Following::start({
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    });
    watch.expect(&["\u{1b}[2J\u{1b}[H", "tps watch (dry: nothing is set)"]);
    watch.expect(&["user", "Teams", "rule", "DND", "chat", "age"]);
    watch.expect(&["101", "Available/Available", "off", "\u{1b}[K"]);
    rig.simulator.set_presence("ann@contoso.test", "DoNotDisturb", "Presenting").expect("set");
    watch.expect(&["101", "DoNotDisturb/Presenting", "on"]);
    watch.expect(&["\u{1b}[J\u{1b}[H", "all 2 users found"]);
    watch.child.kill().expect("ours");
    watch.child.wait().expect("it ends");
    assert_eq!(watch.seen.matches("\u{1b}[2J").count(), 1, "cleared once, then drawn over");
}
