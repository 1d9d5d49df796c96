//! Nothing that a document may hold makes reading panic, and no error grows beyond its bounds.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "mode",
        "auth",
        "method",
        "secret",
        "file",
        "env",
        "rules",
        "list",
        "sets",
        "when",
        "dnd",
        "dnd_on",
        "activity",
        "proxy",
        "url",
        "poll_interval_ms",
        "adaptive",
        "source",
        "notifications",
        "accounts",
        "listener",
        "Busy/InACall",
        "on",
        "presence_sync",
        "client_secret",
        "",
        "\u{0}",
        "ü",
    ]);
    let word = prop_oneof![words.prop_map(str::to_owned), ".{0,12}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A valid document that uses every object.
fn valid() -> Value {
    json!({
        "mode": "presence_sync", "tenant_id": "example.com", "client_id": "66666666-7777-8888-9999-aaaaaaaaaaaa",
        "auth": { "method": "password", "username": "a@b.c", "password": { "file": "p" }, "secret": "x" },
        "name": "n", "enabled": true, "cloud": "us_gov", "endpoints": { "login": "https://a", "graph": "http://127.0.0.1:1/" },
        "tls": { "ca_file": "c" }, "proxy": { "mode": "url", "url": "http://p:1", "username": "u", "password": { "env": "P" } },
        "source": { "mode": "poll", "poll_interval_ms": 300, "requests_per_30s": 3 },
        "rules": { "list": [ { "when": { "availability": ["Busy"], "activity": ["InACall"], "out_of_office": true }, "dnd": "on" } ],
                   "sets": { "a": [ { "queue": "keep", "chat": "keep", "hold_on_ms": 1, "hold_off_ms": 2 } ] } },
        "dnd": { "ownership": "force", "on_stop": "auto", "hold_on_ms": 1, "hold_off_ms": 1, "echo_ms": 1 },
        "stale": { "after_ms": 1000, "policy": "hold" }, "opt_out": ["101", "a@b.c"], "dry_run": true, "seats": { "limit": 5, "over_limit": "none" }, "state": { "dir": "d" },
        "dispatch": { "mode": "poll", "ack_timeout_ms": 99 }, "log": { "level": "trace" }
    })
}

/// The same of notifications.
fn with_notifications() -> Value {
    let secret = json!({ "file": "p" });
    let person = json!({ "method": "password", "username": "d@b.c", "password": secret });
    let mut document = valid();
    document["cloud"] = "global".into();
    document["stale"]["after_ms"] = 180_000.into();
    document["source"] = json!({
        "mode": "notifications", "poll_interval_ms": 300, "requests_per_30s": 3, "watchdog_interval_ms": 60_000, "notifications": {
            "url": "https://pbx.example.com/a?b=c", "content": "rich",
            "listener": { "address": "[::1]:8085", "certificate": secret, "key": secret }, "certificate": secret, "key": secret,
            "missing_tokens": "accept",
            "accounts": [ { "name": "b", "auth": { "method": "device_code" } }, { "name": "c", "auth": person } ]
        }
    });
    document
}

/// Replaces the value that stands at the `at`-th place (counted in depth first order).
fn replace(value: &mut Value, at: &mut usize, new: &Value) {
    if *at == 0 {
        *at = usize::MAX;
        *value = new.clone();
        return;
    }
    *at = at.saturating_sub(1);
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| {
            if *at < usize::MAX / 2 {
                replace(value, at, new)
            }
        }),
        Value::Array(list) => list.iter_mut().for_each(|value| {
            if *at < usize::MAX / 2 {
                replace(value, at, new)
            }
        }),
        _ => {}
    }
}

fn is_bounded(bytes: &[u8]) -> Result<(), TestCaseError> {
    match Config::parse(bytes) {
        Ok(parsed) => prop_assert!(parsed.config == parsed.config.clone() && parsed.warnings.len() <= 50),
        Err(error) => {
            prop_assert!(!error.problems().is_empty() && error.problems().len() <= ConfigError::MOST);
            prop_assert!(error.to_string().chars().all(|letter| letter == '\n' || !letter.is_control()), "{error:?}");
        }
    }
    Ok(())
}

#[test]
fn the_valid_document_is_valid() {
    assert_eq!(warnings(&valid().to_string()).len(), 1, "out of office in us_gov");
    let document = with_notifications().to_string();
    assert!(warnings(&document).is_empty() && schema_allows(&document), "{:?}", warnings(&document));
}

/// What is left out with a warning is accepted.
#[test]
fn an_empty_entry_of_a_list_of_texts_is_allowed() {
    let mut document = valid();
    document["opt_out"] = json!(["", "101"]);
    let document = document.to_string();
    assert!(warnings(&document).len() == 2 && schema_allows(&document), "{:?}", warnings(&document));
}

proptest! {
    #[test]
    fn any_document(value in any_json()) {
        is_bounded(value.to_string().as_bytes())?;
    }

    #[test]
    fn a_valid_document_with_one_value_replaced(at in 0_usize..90, new in any_json()) {
        for mut document in [valid(), with_notifications()] {
            replace(&mut document, &mut { at }, &new);
            let document = document.to_string();
            is_bounded(document.as_bytes())?;
            let refused = Config::parse(document.as_bytes()).is_err();
            prop_assert!(refused || schema_allows(&document), "the schema allows what is accepted");
        }
    }

    #[test]
    fn a_valid_document_with_some_bytes_changed(changes in prop::collection::vec((0_usize..2000, any::<u8>()), 1..6)) {
        let mut document = valid().to_string().into_bytes();
        for (at, byte) in changes {
            let at = at % document.len();
            document[at] = byte;
        }
        is_bounded(&document)?;
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        is_bounded(&bytes)?;
    }
}
