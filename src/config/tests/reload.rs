//! What a reload cannot take over is what the documentation says.

use super::*;
use crate::config::table::{Key, Reload, Shape, Table};

/// For each key that is no object two pieces of a document that differ in it alone.
const CHANGES: &[(&str, &str, &str)] = &[
    ("name", "", r#""name": "b""#),
    ("enabled", "", r#""enabled": false"#),
    ("cloud", "", r#""cloud": "us_gov""#),
    ("endpoints.login", "", r#""endpoints": { "login": "https://a" }"#),
    ("endpoints.graph", "", r#""endpoints": { "graph": "https://a" }"#),
    ("endpoints.metadata", "", r#""endpoints": { "metadata": "http://127.0.0.1:1" }"#),
    ("tls.ca_file", "", r#""tls": { "ca_file": "a" }"#),
    ("proxy.mode", "", r#""proxy": { "mode": "system" }"#),
    ("proxy.url", r#""proxy": { "mode": "url", "url": "http://a" }"#, r#""proxy": { "mode": "url", "url": "http://b" }"#),
    (
        "proxy.username",
        r#""proxy": { "mode": "url", "url": "http://a" }"#,
        r#""proxy": { "mode": "url", "url": "http://a", "username": "u" }"#,
    ),
    (
        "proxy.password",
        r#""proxy": { "mode": "url", "url": "http://a", "username": "u", "password": "a" }"#,
        r#""proxy": { "mode": "url", "url": "http://a", "username": "u", "password": "b" }"#,
    ),
    ("source.poll_interval_ms", "", r#""source": { "poll_interval_ms": 6000 }"#),
    ("source.adaptive", "", r#""source": { "adaptive": true }"#),
    ("source.requests_per_30s", "", r#""source": { "requests_per_30s": 6 }"#),
    ("rules.dnd_on", "", r#""rules": { "dnd_on": [] }"#),
    ("rules.list", "", r#""rules": { "list": [ { "dnd": "on" } ] }"#),
    ("rules.sets", "", r#""rules": { "sets": { "a": [] } }"#),
    ("dnd.ownership", "", r#""dnd": { "ownership": "force" }"#),
    ("dnd.on_stop", "", r#""dnd": { "on_stop": "hold" }"#),
    ("dnd.hold_on_ms", "", r#""dnd": { "hold_on_ms": 1 }"#),
    ("dnd.hold_off_ms", "", r#""dnd": { "hold_off_ms": 1 }"#),
    ("dnd.echo_ms", "", r#""dnd": { "echo_ms": 1 }"#),
    ("stale.after_ms", "", r#""stale": { "after_ms": 100000 }"#),
    ("stale.policy", "", r#""stale": { "policy": "hold" }"#),
    ("publish.calls", "", r#""publish": { "calls": true }"#),
    ("publish.expiration_ms", "", r#""publish": { "expiration_ms": 300000 }"#),
    ("seats.limit", "", r#""seats": { "limit": 1 }"#),
    ("seats.over_limit", "", r#""seats": { "over_limit": "none" }"#),
    ("opt_out", "", r#""opt_out": ["101"]"#),
    ("dry_run", "", r#""dry_run": true"#),
    ("state.dir", "", r#""state": { "dir": "a" }"#),
    ("dispatch.mode", "", r#""dispatch": { "mode": "poll" }"#),
    ("dispatch.ack_timeout_ms", "", r#""dispatch": { "ack_timeout_ms": 10 }"#),
    ("log.level", "", r#""log": { "level": "info" }"#),
];

/// Keys with one value only, and those of every document, which the second test changes.
const APART: &[&str] = &["mode", "source.mode", "tenant_id", "client_id", "auth"];

/// The same for what stands beside the mode `notifications`: pieces of `notifications`, and of `source` behind a bar.
const OF_NOTIFICATIONS: &[(&str, &str, &str)] = &[
    ("source.watchdog_interval_ms", "", r#"| "watchdog_interval_ms": 61000"#),
    ("source.notifications.url", r#""url": "https://a""#, r#""url": "https://b""#),
    ("source.notifications.content", "", r#""content": "basic""#),
    (
        "source.notifications.listener.address",
        r#""listener": { "address": "127.0.0.1:1" }"#,
        r#""listener": { "address": "127.0.0.1:2" }"#,
    ),
    (
        "source.notifications.listener.certificate",
        r#""listener": { "address": "127.0.0.1:1", "certificate": { "file": "a" }, "key": { "file": "k" } }"#,
        r#""listener": { "address": "127.0.0.1:1", "certificate": { "file": "b" }, "key": { "file": "k" } }"#,
    ),
    (
        "source.notifications.listener.key",
        r#""listener": { "address": "127.0.0.1:1", "certificate": { "file": "a" }, "key": { "file": "k" } }"#,
        r#""listener": { "address": "127.0.0.1:1", "certificate": { "file": "a" }, "key": { "file": "l" } }"#,
    ),
    (
        "source.notifications.certificate",
        r#""certificate": { "file": "a" }, "key": { "file": "k" }"#,
        r#""certificate": { "file": "b" }, "key": { "file": "k" }"#,
    ),
    (
        "source.notifications.key",
        r#""certificate": { "file": "a" }, "key": { "file": "k" }"#,
        r#""certificate": { "file": "a" }, "key": { "file": "l" }"#,
    ),
    ("source.notifications.missing_tokens", "", r#""missing_tokens": "accept""#),
    (
        "source.notifications.accounts",
        r#""accounts": [ { "name": "b", "auth": { "method": "device_code" } } ]"#,
        r#""accounts": [ { "name": "c", "auth": { "method": "device_code" } } ]"#,
    ),
];

/// A document with one of these pieces.
fn document(path: &str, piece: &str) -> String {
    if !OF_NOTIFICATIONS.iter().any(|(name, ..)| *name == path) {
        return with(piece);
    }
    let (inner, beside) = piece.split_once('|').unwrap_or((piece, ""));
    let comma = |text: &str| if text.trim().is_empty() { "" } else { ", " };
    let url = if inner.contains("\"url\"") { "" } else { r#", "url": "https://a""# };
    let accounts =
        if inner.contains("accounts") { "" } else { r#", "accounts": [ { "name": "z", "auth": { "method": "device_code" } } ]"# };
    let inner = format!("{inner}{url}{accounts}");
    let inner = inner.trim_start_matches(", ");
    with(&format!(r#""source": {{ "mode": "notifications", "notifications": {{ {inner} }}{}{beside} }}"#, comma(beside)))
}

fn leaves(table: &'static Table, path: &str, out: &mut Vec<(String, &'static Key)>) {
    for key in table.keys {
        let path = format!("{path}{}", key.name);
        match key.shape {
            Shape::Object(table) => leaves(table, &format!("{path}."), out),
            _ => out.push((path, key)),
        }
    }
}

#[test]
fn every_key_is_taken_over_or_named() {
    let mut keys = Vec::new();
    leaves(&ROOT, "", &mut keys);
    for (path, key) in keys.iter().filter(|(path, _)| !APART.contains(&path.as_str())) {
        let changes = CHANGES.iter().chain(OF_NOTIFICATIONS).find(|(name, ..)| name == path);
        let (_, before, after) = changes.unwrap_or_else(|| panic!("no change for {path}"));
        let (before, after) = (parse(&document(path, before)), parse(&document(path, after)));
        assert!(before != after, "{path} makes a difference");
        let named = before.restart_keys(&after);
        let expected = if path.starts_with("proxy.") { "proxy" } else { path.as_str() };
        let expected = if key.reload == Reload::Restart { vec![expected] } else { vec![] };
        assert_eq!(named, expected, "{path}");
    }
}

#[test]
fn tenant_and_app_need_a_restart_and_the_credential_does_not() {
    let before = parse(&with(""));
    let other = with("").replace("1111-2222", "1111-0000").replace("66666666", "77777777");
    assert_eq!(before.restart_keys(&parse(&other)), ["tenant_id", "client_id"]);
    assert_eq!(before.restart_keys(&parse(&with_auth(r#"{ "method": "device_code" }"#))), [] as [&str; 0]);
    assert!(before != parse(&with_auth(r#"{ "method": "client_secret", "secret": "other" }"#)), "a new secret is seen");
    assert!(before == parse(&with("")));
    let same = with("").replace("66666666-7777-8888-9999-AAAAAAAAAAAA", "66666666-7777-8888-9999-aaaaaaaaaaaa");
    assert!(before == parse(&same), "casing of a GUID is no change");
}
