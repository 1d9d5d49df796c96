//! Every kind of error, word by word: people search for these texts.

use super::*;
use crate::config::table::{Key, Shape, Table};

#[test]
fn each_kind_of_error() {
    let long_name = "x".repeat(65);
    let cases: &[(&str, &str)] = &[
        // wrong words, types and ranges
        (
            r#""rules": { "list": [ {"dnd":"on"}, {"dnd":"on"}, {"dnd":"onn"} ] }"#,
            r#"rules.list[2].dnd: "onn" is not one of on, off, keep"#,
        ),
        (
            r#""source": { "poll_interval_ms": "5s" }"#,
            r#"source.poll_interval_ms: "5s" is not a whole number of milliseconds (250 to 3600000)"#,
        ),
        (
            r#""source": { "poll_interval_ms": 249 }"#,
            "source.poll_interval_ms: 249 is not a whole number of milliseconds (250 to 3600000)",
        ),
        (
            r#""source": { "poll_interval_ms": -1 }"#,
            "source.poll_interval_ms: -1 is not a whole number of milliseconds (250 to 3600000)",
        ),
        (
            r#""source": { "poll_interval_ms": 0.5 }"#,
            "source.poll_interval_ms: 0.5 is not a whole number of milliseconds (250 to 3600000)",
        ),
        (
            r#""source": { "requests_per_30s": 1501 }"#,
            "source.requests_per_30s: 1501 is not a whole number of requests (1 to 1500)",
        ),
        (r#""enabled": "yes""#, r#"enabled: "yes" is not true or false"#),
        (r#""enabled": null"#, "enabled: null is not true or false"),
        (r#""log": [true]"#, "log: a list is not an object"),
        (r#""log": { "level": 3 }"#, "log.level: 3 is not one of error, warn, info, debug, trace"),
        (r#""state": { "dir": 7 }"#, "state.dir: a number is not the name of a file or directory"),
        (r#""state": { "dir": "" }"#, "state.dir: is empty; it names a file or directory"),
        (r#""state": { "dir": "a\u0000b" }"#, "state.dir: holds a NUL character, which no file name may"),
        (r#""dnd": { "hold_on_ms": 3600001 }"#, "dnd.hold_on_ms: 3600001 is not a whole number of milliseconds (0 to 3600000)"),
        (r#""name": "two words""#, r#"name: "two words" is not a name of 1 to 64 letters, digits, dots, dashes and underscores"#),
        // unknown keys
        (r#""sorce": {}"#, "sorce: unknown key; did you mean source?"),
        (r#""source": { "pollintervalms": 1 }"#, "source.pollintervalms: unknown key; did you mean poll_interval_ms?"),
        (r#""stale": { "colour": 1 }"#, "stale.colour: unknown key; allowed are after_ms, policy"),
        (
            r#""rules": { "list": [ { "when": { "activty": [] }, "dnd": "on" } ] }"#,
            "rules.list[0].when.activty: unknown key; did you mean activity?",
        ),
        (
            r#""proxy": { "mode": "url", "url": "http://p:1", "username": "u", "password": { "fille": "x", "env": "Y" } }"#,
            "proxy.password.fille: unknown key; did you mean file?",
        ),
        (
            r#""a\nb": 1, "enabled": true"#,
            r#""a\nb": unknown key; allowed are mode, tenant_id, client_id, auth, name, enabled, cloud, "#,
        ),
        // doubled keys
        (r#""log": { "level": "info", "level": "info" }"#, "log.level: stands here twice"),
        (r#""rules": { "sets": { "a": [], "a": [] } }"#, "rules.sets.a: stands here twice"),
        // clouds and hosts
        (
            r#""cloud": "china""#,
            r#"cloud: "china" is not one of global, us_gov, us_gov_dod: Microsoft's cloud in China (21Vianet) offers no presence interface"#,
        ),
        (
            r#""cloud": "germany""#,
            r#"cloud: "germany" is not one of global, us_gov, us_gov_dod: the German cloud was closed on 29 October 2021; its customers moved to global"#,
        ),
        (
            r#""endpoints": { "login": "http://10.0.0.1" }"#,
            "endpoints.login: has the scheme http; allowed: https, or http on this machine",
        ),
        (
            r#""endpoints": { "login": "ftp://a" }"#,
            "endpoints.login: has the scheme ftp; allowed: https, or http on this machine",
        ),
        (r#""endpoints": { "graph": "https://u:p@a" }"#, "endpoints.graph: must not hold a user or a password"),
        (r#""endpoints": { "graph": "https://a?b" }"#, "endpoints.graph: must not hold a query (?) or a fragment (#)"),
        (r##""endpoints": { "graph": "https://a#b" }"##, "endpoints.graph: must not hold a query (?) or a fragment (#)"),
        (
            r#""endpoints": { "graph": "graph.example.com" }"#,
            "endpoints.graph: is not an address such as https://host:port: relative URL without a base",
        ),
        // proxy
        (r#""proxy": { "mode": "url" }"#, "proxy.url: is missing; mode url needs the proxy's address, such as http://proxy:3128"),
        (r#""proxy": { "url": "http://p:1" }"#, r#"proxy.url: means something only with "mode": "url"; the mode is none"#),
        (
            r#""proxy": { "mode": "url", "url": "http://p:1", "password": "x" }"#,
            "proxy.username: is missing; a password needs its user",
        ),
        (r#""proxy": { "mode": "url", "url": "http://p:1/x" }"#, "proxy.url: must not hold a path"),
        (r#""proxy": { "mode": "url", "url": "socks5://p:1" }"#, "proxy.url: has the scheme socks5; allowed: http, https"),
        (
            r#""proxy": { "mode": "url", "url": "http://p:1", "username": "a:b" }"#,
            "proxy.username: is empty, or has a colon or control character in it",
        ),
        // source, stale
        (
            r#""source": { "mode": "notifications" }"#,
            "source.notifications: is missing; mode notifications needs it, with the url that Microsoft posts to",
        ),
        (
            r#""stale": { "after_ms": 14999 }"#,
            "stale.after_ms: 14999 is under three poll intervals; with this source.poll_interval_ms it is 15000 to 604800000",
        ),
        (
            r#""source": { "poll_interval_ms": 300001 }"#,
            "stale.after_ms: 900000 (the default) is under three poll intervals; with this source.poll_interval_ms it is 900003 to 604800000",
        ),
        // rules
        (
            r#""rules": { "dnd_on": [], "list": [] }"#,
            "rules.list: stands beside dnd_on; use one of them: dnd_on is short for a list",
        ),
        (r#""rules": { "list": [ { "queue": "no" } ] }"#, r#"rules.list[0].queue: "no" is not one of on, off, keep"#),
        (r#""rules": { "list": [ {} ] }"#, "rules.list[0]: names neither dnd nor queue nor chat, so it decides nothing"),
        (r#""rules": { "list": [ 7 ] }"#, "rules.list[0]: a number is not an object"),
        (r#""rules": { "list": {} }"#, "rules.list: an object is not a list"),
        (r#""rules": { "sets": { "a b": 1 } }"#, r#"rules.sets."a b": a number is not a list"#),
        (r#""rules": { "sets": { "": [] } }"#, r#"rules.sets."": is not a name of 1 to 256 bytes without control characters"#),
        (
            r#""rules": { "list": [ { "when": { "availability": [] }, "dnd": "on" } ] }"#,
            "rules.list[0].when.availability: is empty, so the rule would never apply; leave the key out to mean any",
        ),
        (
            r#""rules": { "list": [ { "when": { "availability": ["InACall"] }, "dnd": "on" } ] }"#,
            r#"rules.list[0].when.availability[0]: "InACall" is not one of Available, Away, BeRightBack, Busy, DoNotDisturb, Offline (it is a word of activity)"#,
        ),
        (
            r#""rules": { "list": [ { "when": { "activity": ["Busy", 3] }, "chat": "dnd" } ] }"#,
            "rules.list[0].when.activity[1]: 3 is not one of Available, Away, BeRightBack, Busy, DoNotDisturb, Focusing, InACall, ",
        ),
        (
            r#""rules": { "list": [ { "chat": "released" } ] }"#,
            r#"rules.list[0].chat: "released" is not one of available, away, dnd, extended_away, offline, release, keep"#,
        ),
        (
            r#""rules": { "dnd_on": ["Busy/Nope"] }"#,
            r#"rules.dnd_on[0]: "Busy/Nope" is not a state such as "DoNotDisturb", or an availability and an activity such as "Busy/InACall""#,
        ),
    ];
    for (extra, expected) in cases {
        let told = error(&with(extra));
        // A list of words at the end is checked by its beginning.
        assert!(told == *expected || (expected.ends_with(", ") && told.starts_with(expected)), "{extra}\n{told}\n{expected}");
    }
    assert!(error(&with(&format!(r#""name": "{long_name}""#))).starts_with("name: \"xxxxxxxx"));
}

#[test]
fn errors_of_signing_in() {
    let methods = "one of client_secret, certificate, password, device_code, workload_identity, managed_identity";
    let cases = [
        (r#"[]"#, "auth: a list is not an object".to_owned()),
        (r#"{}"#, format!("auth.method: is missing; it must be {methods}")),
        (r#"{ "method": "secret" }"#, format!("auth.method: \"secret\" is not {methods}")),
        (r#"{ "method": "client_secret" }"#, secret_missing("secret")),
        (r#"{ "method": "client_secret", "secret": "" }"#, "auth.secret: is empty".to_owned()),
        (
            r#"{ "method": "client_secret", "secret": {} }"#,
            "auth.secret: has neither file nor env; exactly one says where the secret lies".to_owned(),
        ),
        (
            r#"{ "method": "client_secret", "secret": { "file": "a", "env": "b" } }"#,
            "auth.secret: has both file and env; exactly one says where the secret lies".to_owned(),
        ),
        (
            r#"{ "method": "client_secret", "secret": { "env": "A=B" } }"#,
            "auth.secret.env: is not the name of an environment variable".to_owned(),
        ),
        (
            r#"{ "method": "client_secret", "secret": "a", "password": "b" }"#,
            "auth.password: unknown key; allowed are method, secret, expires_at, next, scope".to_owned(),
        ),
        (
            r#"{ "method": "certificate", "certificate": "/etc/c.pem", "key": { "file": "k" } }"#,
            "auth.certificate: is not PEM text, which begins with -----BEGIN; to name a file write {\"file\": \"path\"}"
                .to_owned(),
        ),
        (
            r#"{ "method": "password", "username": "nobody", "password": "x" }"#,
            "auth.username: is not a user principal name such as presence@example.com".to_owned(),
        ),
        (r#"{ "method": "managed_identity", "client_id": "x" }"#, "auth.client_id: is not a GUID such as ".to_owned()),
    ];
    for (auth, expected) in cases {
        let told = error(&with_auth(auth));
        assert!(told == expected || (expected.ends_with("such as ") && told.starts_with(&expected)), "{auth}\n{told}");
    }
    let told = error(&with_auth(r#"{ "method": "certificate" }"#));
    assert_eq!(told, format!("{}\n{}", secret_missing("certificate"), secret_missing("key")), "all that is missing at once");
}

fn secret_missing(key: &str) -> String {
    format!("auth.{key}: is missing; it must be a string, {{\"file\": \"path\"}} or {{\"env\": \"NAME\"}}")
}

#[test]
fn what_must_be_there() {
    let told = error("{}");
    let paths: Vec<&str> = told.lines().filter_map(|line| line.split_once(": is missing")).map(|(path, _)| path).collect();
    assert_eq!(paths, ["tenant_id", "client_id", "auth", "mode"]);
    let full = error(&with("").replace("presence_sync", "full_integration"));
    assert!(full.starts_with("mode: \"full_integration\" is not presence_sync: a client inside Teams"), "{full}");
}

#[test]
fn what_must_be_there_is_of_its_type() {
    for (key, allowed) in [
        ("mode", "presence_sync"),
        ("tenant_id", "a GUID or a verified domain such as example.onmicrosoft.com"),
        ("client_id", "a GUID"),
        ("auth", "an object"),
    ] {
        let document: serde_json::Value = serde_json::from_str(&with("")).expect("JSON");
        let mut document = document.as_object().expect("an object").clone();
        document.insert(key.to_owned(), serde_json::Value::Null);
        let document = serde_json::Value::Object(document).to_string();
        assert_eq!(error(&document), format!("{key}: null is not {allowed}"));
        assert!(!schema_allows(&document), "{key}: the schema refuses it too");
    }
}

#[test]
fn not_json_not_utf8_too_much() {
    let told = |bytes: &[u8]| Config::parse(bytes).expect_err("refused").to_string();
    assert_eq!(told(b"{\n  \"a\": tru }"), "the configuration is not JSON: line 2, column 11: expected true, false or null");
    assert_eq!(told(b""), "the configuration is empty");
    assert_eq!(told(b"\xef\xbb\xbf \n"), "the configuration is empty");
    assert!(told(b"{\"a\": 1").ends_with("line 1, column 7: the text ends inside an object"));
    let nul = "its length counts the text without the NUL at its end, and the text is UTF-8, not UTF-16";
    assert_eq!(told(b"{\n}\0"), format!("the configuration has a NUL byte at line 2, column 2; {nul}"));
    let levels = |count: usize| told(&[vec![b'['; count], vec![b']'; count]].concat());
    assert!(levels(127).ends_with("is a list, not an object") && levels(128).contains("nested deeper than 127 levels"));
    assert!(told(b"{} {}").contains("column 4: trailing characters"));
    assert_eq!(told(b"{\n \"\xff\": 1}"), "the configuration is not UTF-8: line 2, column 3");
    assert_eq!(told(b"[]"), "the configuration is a list, not an object");
    assert_eq!(told(b"\"s3cr~t\""), "the configuration is a string, not an object");
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert!(told(&deep).contains("nested deeper than 127 levels"), "{}", told(&deep));
    let large = format!("{}{}", with(""), " ".repeat(Config::LONGEST));
    assert!(told(large.as_bytes()).ends_with("at most 1048576 are allowed"));
}

#[test]
fn many_errors_are_counted() {
    let keys: Vec<String> = (0..1_000).map(|n| format!("\"k{n}\": 1")).collect();
    let told = error(&with(&keys.join(", ")));
    assert_eq!(told.lines().count(), ConfigError::MOST + 1);
    assert!(told.ends_with("and 980 more"));
}

#[test]
fn long_and_wild_values_are_shown_tamely() {
    let told = error(&with(&format!(r#""cloud": "{}\n\u202e""#, "\\\"".repeat(39))));
    assert!(told.lines().count() == 1 && told.contains('…') && !told.contains('\u{202e}'), "{told}");
}

/// Each key of each table refuses a value of a wrong type by its path. So each is really read.
#[test]
fn every_key_is_read() {
    let mut checked = 0;
    check_keys(&ROOT, "", &|inner| with(&inner), &mut checked);
    for table in auth::METHODS {
        let wrap = |inner: String| with_auth(&format!("{{ \"method\": \"{}\", {inner} }}", table.name));
        check_keys(table, "auth", &wrap, &mut checked);
    }
    assert!(checked > 60, "{checked}");
}

fn check_keys(table: &'static Table, path: &str, wrap: &dyn Fn(String) -> String, checked: &mut usize) {
    for key in table.keys {
        check_key(key, path, wrap, checked);
    }
}

fn check_key(key: &Key, path: &str, wrap: &dyn Fn(String) -> String, checked: &mut usize) {
    let (name, at) = (key.name, if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) });
    // These stand in the document already: a second one would be refused as such.
    if !["mode", "tenant_id", "client_id", "auth", "auth.method"].contains(&at.as_str()) {
        // null fits no shape.
        let document = wrap(format!("\"{name}\": null"));
        let told = error(&document);
        assert!(told.lines().any(|line| line.starts_with(&format!("{at}: null is not "))), "{at}: {told}");
        assert!(!super::schema_allows(&document), "{at}: the schema refuses it too");
        *checked += 1;
    }
    match key.shape {
        Shape::Object(table) => check_keys(table, &at, &|inner| wrap(format!("\"{name}\": {{ {inner} }}")), checked),
        Shape::List(Shape::Object(table)) => {
            check_keys(table, &format!("{at}[0]"), &|inner| wrap(format!("\"{name}\": [ {{ {inner} }} ]")), checked);
        }
        Shape::Named(Shape::List(Shape::Object(table))) => {
            let path = format!("{at}.x[0]");
            check_keys(table, &path, &|inner| wrap(format!("\"{name}\": {{ \"x\": [ {{ {inner} }} ] }}")), checked);
        }
        _ => {}
    }
}
