//! Change notifications: what is read, what is refused, what is a slip.

use super::*;

const PERSON: &str = r#"{ "method": "device_code" }"#;
const APP: &str = r#"{ "method": "client_secret", "secret": "a" }"#;

/// A document whose main sign-in is this one, with these keys of `notifications` beside the address, and these of `source` and the root.
fn document(auth: &str, inner: &str, source: &str, root: &str) -> String {
    let comma = |text: &str| if text.is_empty() { String::new() } else { format!(", {text}") };
    let (inner, source, root) = (comma(inner), comma(source), comma(root));
    let url = r#""url": "https://pbx.example.com/n?a=b""#;
    let source = format!(r#""source": {{ "mode": "notifications", "notifications": {{ {url}{inner} }}{source} }}"#);
    with_auth(auth).replace(auth, &format!("{auth}, {source}{root}"))
}

fn person(inner: &str) -> String {
    document(PERSON, inner, "", "")
}

fn read(document: &str) -> Notifications {
    parse(document).source.notifications.unwrap_or_else(|| panic!("none in {document}"))
}

#[test]
fn defaults_of_notifications() {
    let read = read(&person(""));
    assert_eq!(read.url.as_str(), "https://pbx.example.com/n?a=b");
    assert_eq!((read.content, read.missing_tokens), (NotificationContent::Rich, MissingTokens::Refuse));
    assert!(read.listener.is_none() && read.key_pair.is_none() && read.accounts.is_empty());
    assert_eq!(parse(&person("")).source.longest_interval_ms(), 60_000);
    assert!(warnings(&person("")).is_empty());
}

#[test]
fn every_value_of_notifications_arrives() {
    let document = document(
        APP,
        r#""content": "rich", "missing_tokens": "accept", "certificate": { "file": "c" }, "key": { "env": "K" },
           "listener": { "address": "[::1]:8443", "certificate": { "file": "t" }, "key": { "file": "u" } },
           "accounts": [ { "name": "second", "auth": { "method": "device_code", "scope": "Presence.Read.All" } },
                         { "name": "Third.3", "auth": { "method": "password", "username": "x@y.z", "password": "p" } } ]"#,
        r#""watchdog_interval_ms": 5000"#,
        "",
    );
    let config = parse(&document);
    assert_eq!(config.source.watchdog_interval_ms, 5_000);
    let pair = |certificate: &str, key: SecretSource| KeyPair { certificate: SecretSource::File(certificate.into()), key };
    let read = read(&document);
    assert_eq!(read.missing_tokens, MissingTokens::Accept);
    assert_eq!(read.key_pair, Some(pair("c", SecretSource::Env("K".to_owned()))));
    let listener = read.listener.expect("a listener");
    assert_eq!(listener.address.to_string(), "[::1]:8443");
    assert_eq!(listener.tls, Some(pair("t", SecretSource::File("u".into()))));
    let names: Vec<&str> = read.accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["second", "Third.3"]);
    let second = config.of_account(&read.accounts[0]);
    assert_eq!((second.scope().as_str(), second.auth.method.name()), ("Presence.Read.All", MethodName::DeviceCode));
    assert_eq!((second.tenant_id.as_str(), second.login()), (config.tenant_id.as_str(), config.login()));
}

#[test]
fn what_is_refused() {
    let cases: &[(&str, &str)] = &[
        (r#""colour": 1"#, "source.notifications.colour: unknown key; allowed are url, content, listener, certificate, key, "),
        (r#""conten": "rich""#, "source.notifications.conten: unknown key; did you mean content?"),
        (r#""content": "full""#, r#"source.notifications.content: "full" is not one of rich, basic"#),
        (r#""missing_tokens": "allow""#, r#"source.notifications.missing_tokens: "allow" is not one of refuse, accept"#),
        (r#""certificate": { "file": "c" }"#, "source.notifications.key: is missing; certificate stands alone"),
        (r#""key": { "file": "c" }"#, "source.notifications.certificate: is missing; key stands alone"),
        (r#""certificate": "/a", "key": { "file": "c" }"#, "source.notifications.certificate: is not PEM text, "),
        (
            r#""content": "basic", "missing_tokens": "accept""#,
            r#"source.notifications.missing_tokens: means something only with "content": "rich"; the content is basic"#,
        ),
        (r#""listener": {}"#, "source.notifications.listener.address: is missing; it must be an address and a port such as "),
        (
            r#""listener": { "address": "[::]:1", "adress": "a" }"#,
            "source.notifications.listener.adress: unknown key; did you mean address?",
        ),
        (
            r#""listener": { "address": "localhost" }"#,
            r#"source.notifications.listener.address: "localhost" is not an address and a port such as 127.0.0.1:8085 or [::]:8443"#,
        ),
        (
            r#""listener": { "address": "0.0.0.0:1", "key": { "file": "a" } }"#,
            "source.notifications.listener.certificate: is missing; key stands alone",
        ),
        (r#""accounts": {}"#, "source.notifications.accounts: an object is not a list"),
        (r#""accounts": [7]"#, "source.notifications.accounts[0]: a number is not an object"),
        (r#""accounts": [ {} ]"#, "source.notifications.accounts[0].name: is missing; it must be a name of 1 to 64 letters, "),
        (
            r#""accounts": [ { "name": "", "auth": { "method": "device_code" } } ]"#,
            r#"source.notifications.accounts[0].name: "" is not a name of 1 to 64 letters, "#,
        ),
        (
            r#""accounts": [ { "name": "MAIN", "auth": { "method": "device_code" } } ]"#,
            "source.notifications.accounts[0].name: is main, which stands for the sign-in of auth; choose another name",
        ),
        (
            r#""accounts": [ { "name": "a", "auth": { "method": "device_code" } }, { "name": "A", "auth": { "method": "device_code" } } ]"#,
            r#"source.notifications.accounts[1].name: "A" stands in the list twice"#,
        ),
        (
            r#""accounts": [ { "name": "a", "auth": { "method": "device_code", "sekret": 1 } } ]"#,
            "source.notifications.accounts[0].auth.sekret: unknown key; allowed are method, scope",
        ),
        (
            r#""accounts": [ { "name": "a", "auth": { "method": "client_secret", "secret": "x" } } ]"#,
            r#"source.notifications.accounts[0].auth.method: "client_secret" signs in as the app, which cannot subscribe to presence; "#,
        ),
    ];
    for (inner, expected) in cases {
        let told = error(&person(inner));
        // The first of them, where one slip has several problems.
        let told = told.lines().next().unwrap_or_default();
        assert!(
            told == *expected || (expected.ends_with([' ', ';']) && told.starts_with(expected)),
            "{inner}\n{told}\n{expected}"
        );
    }
}

#[test]
fn addresses_that_microsoft_can_post_to() {
    let told = |url: &str| error(&person("").replace("https://pbx.example.com/n?a=b", url));
    assert!(told("pbx.example.com").starts_with("source.notifications.url: is not an address such as "));
    assert_eq!(
        told("http://pbx.example.com/"),
        "source.notifications.url: has the scheme http; allowed: https, or http on this machine"
    );
    assert_eq!(told("https://u:s3cr@a/"), "source.notifications.url: must not hold a user or a password");
    assert_eq!(told("https://a/#b"), "source.notifications.url: must not hold a fragment (#)");
    assert_eq!(told(&format!("https://a/{}", "x".repeat(2_000))), "source.notifications.url: is longer than 2000 bytes");
    for private in
        ["https://10.1.2.3/", "https://192.168.1.1/", "https://localhost:1/", "http://127.0.0.1:80/", "https://[fd00::1]/"]
    {
        let document = person("").replace("https://pbx.example.com/n?a=b", private);
        let expected =
            "source.notifications.url: names this machine or a private network, which Microsoft cannot reach from the internet";
        assert_eq!(warnings(&document), [expected]);
        let test = document.replacen("\"source\"", r#""endpoints": { "graph": "http://127.0.0.1:1" }, "source""#, 1);
        assert!(warnings(&test).is_empty(), "a stand-in may be anywhere");
    }
}

#[test]
fn slips_of_the_listener() {
    let told = |address: &str| warnings(&person(&format!(r#""listener": {{ "address": "{address}" }}"#)));
    assert!(told("127.0.0.1:8085").is_empty() && told("[::1]:1").is_empty());
    let at = "source.notifications.listener.address";
    assert_eq!(
        told("0.0.0.0:80"),
        [format!("{at}: listens beyond this machine without TLS: keep everybody but the reverse proxy away from it")]
    );
    assert_eq!(told("127.0.0.1:0"), [format!("{at}: takes any free port, which no reverse proxy knows")]);
}

#[test]
fn who_subscribes_is_a_person() {
    let account = |name: &str, auth: &str| format!(r#"{{ "name": "{name}", "auth": {auth} }}"#);
    let accounts = |list: &[String]| format!(r#""accounts": [{}]"#, list.join(", "));
    assert_eq!(
        read(&document(APP, &accounts(&[account("a", PERSON)]), "", "")).accounts.len(),
        1,
        "the app polls, a person subscribes"
    );
    let main = r#"auth.method: "client_secret" signs in as the app, which cannot subscribe to presence; with "mode": "notifications" use device_code or password, or name an account that does in source.notifications.accounts"#;
    assert_eq!(error(&document(APP, "", "", "")), main);
    let first = r#"source.notifications.accounts[0].auth.method: "client_secret" signs in as the app, which cannot subscribe to presence; use device_code or password"#;
    assert_eq!(error(&document(APP, &accounts(&[account("a", APP)]), "", "")), format!("{first}\n{main}"));
    assert_eq!(error(&document(APP, &accounts(&[account("a", APP), account("b", PERSON)]), "", "")), first);
    let password = |name: &str| format!(r#"{{ "method": "password", "username": "{name}", "password": "p" }}"#);
    let twice = error(&document(&password("x@y.z"), &accounts(&[account("a", &password("X@Y.z"))]), "", ""));
    let same = "is the same as that of main; Microsoft lets one person have one subscription of an app";
    assert_eq!(twice, format!("source.notifications.accounts[0].auth.username: {same}"));
    let twice = error(&person(&accounts(&[account("a", &password("x@y.z")), account("b", &password("x@y.z"))])));
    assert_eq!(twice, format!("source.notifications.accounts[1].auth.username: {}", same.replace("main", "a")));
    let many = |count: usize| accounts(&(0..count).map(|n| account(&format!("a{n}"), PERSON)).collect::<Vec<_>>());
    assert_eq!(read(&person(&many(20))).accounts.len(), 20);
    assert_eq!(error(&person(&many(21))), "source.notifications.accounts: has 21 entries; at most 20 are allowed");
}

#[test]
fn only_where_microsoft_sends_them() {
    for cloud in ["us_gov", "us_gov_dod"] {
        let told = error(&document(PERSON, "", "", &format!(r#""cloud": "{cloud}""#)));
        let expected = format!(
            "source.mode: \"notifications\" is for the cloud global only: Microsoft sends no notifications of presence in {cloud}; use poll"
        );
        assert_eq!(told, expected);
    }
}

#[test]
fn what_belongs_to_the_other_mode() {
    let told = error(&with(r#""source": { "watchdog_interval_ms": 60000, "notifications": { "url": "https://a" } }"#));
    let only = r#"means something only with "mode": "notifications"; the mode is poll"#;
    assert_eq!(told, format!("source.watchdog_interval_ms: {only}\nsource.notifications: {only}"));
    let told = error(&with_auth(PERSON).replace(PERSON, &format!(r#"{PERSON}, "source": {{ "mode": "notifications" }}"#)));
    assert_eq!(told, "source.notifications: is missing; mode notifications needs it, with the url that Microsoft posts to");
}

#[test]
fn intervals_go_together() {
    let told = error(&document(PERSON, "", r#""poll_interval_ms": 60001"#, ""));
    assert_eq!(
        told,
        "source.watchdog_interval_ms: 60000 (the default) is under source.poll_interval_ms; with this one it is 60001 to 3600000"
    );
    let told = error(&document(PERSON, "", r#""watchdog_interval_ms": 300001"#, ""));
    assert_eq!(
        told,
        "stale.after_ms: 900000 (the default) is under three watchdog intervals; with this source.watchdog_interval_ms it is 900003 to \
         604800000"
    );
    assert_eq!(parse(&document(PERSON, "", r#""watchdog_interval_ms": 300000"#, "")).stale.after_ms, 900_000);
}

#[test]
fn a_reload_leaves_the_kind_of_the_main_sign_in() {
    let accounts = r#""accounts": [ { "name": "a", "auth": { "method": "device_code" } } ]"#;
    let (person, app) = (parse(&document(PERSON, accounts, "", "")), parse(&document(APP, accounts, "", "")));
    assert_eq!(person.restart_keys(&app), ["auth.method"]);
    let other = parse(&document(&APP.replace("\"a\"", "\"b\""), accounts, "", ""));
    assert!(app.restart_keys(&other).is_empty());
    let poll = parse(&with_auth(APP));
    assert_eq!(person.restart_keys(&poll), ["source.mode"]);
}

#[test]
fn secrets_of_notifications_are_not_shown() {
    let pem = "-----BEGIN PRIVATE KEY-----\\ns3cr3t";
    let inner = format!(
        r#""certificate": "{pem}", "key": "{pem}", "listener": {{ "address": "127.0.0.1:1", "certificate": "{pem}", "key": "{pem}" }},
           "accounts": [ {{ "name": "a", "auth": {{ "method": "password", "username": "who@y.z", "password": "s3cr3t" }} }} ]"#
    );
    let shown = format!("{:?}", parse(&person(&inner)));
    assert!(!shown.contains("s3cr3t") && !shown.contains("who@"), "{shown}");
}
