//! `docs/configuration.md`, made from the tables of keys, from examples that a test parses, and from the errors that really come.

use std::fmt::Write;

use super::dispatch::{DISPATCH, LOG, STATE};
use super::rules_read::{RULE, WHEN};
use super::secret::SECRET;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::{Config, ROOT, auth, cloud, dnd, network, notifications, publish, rules_read, seats, source, stale};

const HEAD: &str = "\
<!-- Made from src/config. Refresh: TPS_UPDATE_DOCS=1 cargo test --test generated_docs -->
# Configuration

One JSON document configures one instance: `tps_create` and `tps_reload` take it as text. Four keys are needed, everything else has a
default. `docs/config.schema.json` says the same for editors and for programs that build a form.

- Unknown keys, keys that stand twice and values of a wrong type are refused, at every depth. `null` is no value; leave the key out.
- The document is UTF-8, at most 1 MiB. Paths below are written from the root: `rules.list[2].dnd`.
- To check a document without applying it, call `tps_create` and `tps_destroy`. All that is wrong is told at once, one problem to a line.
- What is valid for one version stays valid, and keeps its meaning, for all later ones with the same major number.
";

const SMALLEST: &str = r#"{
  "mode": "presence_sync",
  "tenant_id": "11111111-2222-3333-4444-555555555555",
  "client_id": "66666666-7777-8888-9999-aaaaaaaaaaaa",
  "auth": { "method": "client_secret", "secret": { "file": "/etc/pbx/teams-secret" } }
}"#;

const LARGER: &str = r#"{
  "mode": "presence_sync",
  "tenant_id": "example.onmicrosoft.com",
  "client_id": "66666666-7777-8888-9999-aaaaaaaaaaaa",
  "auth": { "method": "client_secret", "secret": { "env": "TEAMS_SECRET" } },
  "name": "head-office",
  "proxy": { "mode": "url", "url": "http://proxy.example.com:3128", "username": "pbx", "password": { "file": "/etc/pbx/proxy-password" } },
  "source": { "poll_interval_ms": 10000 },
  "rules": {
    "list": [
      { "when": { "out_of_office": true }, "chat": "extended_away" },
      { "when": { "activity": ["Presenting", "InAConferenceCall"] }, "dnd": "on", "hold_off_ms": 30000 },
      { "when": { "availability": ["Offline"] }, "dnd": "keep", "chat": "offline" }
    ],
    "sets": {
      "agents": [ { "when": { "availability": ["Busy", "DoNotDisturb"] }, "dnd": "on", "queue": "on", "chat": "dnd" } ]
    }
  },
  "dnd": { "ownership": "strict", "on_stop": "release", "hold_on_ms": 2000, "hold_off_ms": 10000 },
  "stale": { "after_ms": 600000, "policy": "release" },
  "publish": { "calls": true, "expiration_ms": 900000 },
  "seats": { "limit": 250, "over_limit": "first" },
  "state": { "dir": "/var/lib/pbx/teams" },
  "log": { "level": "info" }
}"#;

const WITH_NOTIFICATIONS: &str = "\
Microsoft posts each change to `url`; a reverse proxy with a certificate that the world trusts passes it on to the listener. Polling goes on
beside it, slowly for those whose changes come. Without `listener` the telephone system has a web server of its own and calls
`tps_deliver_notification`.
";

const NOTIFIED: &str = r#"{
  "mode": "presence_sync",
  "tenant_id": "11111111-2222-3333-4444-555555555555",
  "client_id": "66666666-7777-8888-9999-aaaaaaaaaaaa",
  "auth": { "method": "device_code" },
  "source": {
    "mode": "notifications",
    "poll_interval_ms": 5000,
    "watchdog_interval_ms": 60000,
    "notifications": {
      "url": "https://pbx.example.com/graph/notify",
      "listener": { "address": "127.0.0.1:8085" }
    }
  },
  "state": { "dir": "/var/lib/pbx/teams" }
}"#;

const RULES_SHORT: &str = r#"{
  "mode": "presence_sync",
  "tenant_id": "11111111-2222-3333-4444-555555555555",
  "client_id": "66666666-7777-8888-9999-aaaaaaaaaaaa",
  "auth": { "method": "client_secret", "secret": { "file": "/etc/pbx/teams-secret" } },
  "rules": { "dnd_on": ["DoNotDisturb", "Busy/InACall", "Busy/InAConferenceCall", "InAMeeting"] }
}"#;

const SECRETS: &str = "\
A secret is given in one of three ways:

| form | example |
|---|---|
| in the document | `\"secret\": \"the value\"` |
| in a file | `\"secret\": {\"file\": \"/etc/pbx/teams-secret\"}` |
| in an environment variable | `\"secret\": {\"env\": \"TEAMS_SECRET\"}` |

A file or variable is read anew for each sign-in, so a rotated secret needs neither reload nor restart. It is UTF-8, at most 64 KiB; one
line end at the end is cut. A relative file name counts from the working directory of the telephone system. No secret is written to logs,
events, statistics or errors. Any character may stand in a secret.
";

/// An example of each method; the value of `auth`.
fn auth_example(method: &str) -> &'static str {
    match method {
        "client_secret" => r#"{ "method": "client_secret", "secret": { "file": "/etc/pbx/teams-secret" } }"#,
        "certificate" => {
            r#"{ "method": "certificate", "certificate": { "file": "/etc/pbx/teams.crt" }, "key": { "file": "/etc/pbx/teams.key" } }"#
        }
        "password" => {
            r#"{ "method": "password", "username": "presence@example.com", "password": { "file": "/etc/pbx/teams-password" } }"#
        }
        "device_code" => r#"{ "method": "device_code" }"#,
        "workload_identity" => {
            r#"{ "method": "workload_identity", "token_file": "/var/run/secrets/azure/tokens/azure-identity-token" }"#
        }
        _ => r#"{ "method": "managed_identity" }"#,
    }
}

/// A whole document with this `auth`.
fn with_auth(auth: &str) -> String {
    SMALLEST.replace(auth_example("client_secret"), auth)
}

/// The tables after the root and the sign-in, with the path each stands under.
static OBJECTS: &[(&str, &Table)] = &[
    ("endpoints", &cloud::ENDPOINTS),
    ("tls", &network::TLS),
    ("proxy", &network::PROXY),
    ("source", &source::SOURCE),
    ("source.notifications", &notifications::NOTIFICATIONS),
    ("source.notifications.listener", &notifications::LISTENER),
    ("source.notifications.accounts[]", &notifications::ACCOUNT),
    ("rules", &rules_read::RULES),
    ("rules.list[]", &RULE),
    ("rules.list[].when", &WHEN),
    ("dnd", &dnd::DND),
    ("stale", &stale::STALE),
    ("publish", &publish::PUBLISH),
    ("seats", &seats::SEATS),
    ("state", &STATE),
    ("dispatch", &DISPATCH),
    ("log", &LOG),
];

/// What is often wrong, as a piece of the smallest document and what stands there instead.
const MISTAKES: &[(&str, &str)] = &[
    (r#""mode": "presence_sync""#, r#""mode": "full_integration""#),
    (r#""mode": "presence_sync","#, ""),
    ("11111111-2222-3333-4444-555555555555", "common"),
    ("66666666-7777-8888-9999-aaaaaaaaaaaa", "my-app"),
    (r#"{ "file": "/etc/pbx/teams-secret" }"#, r#""0a1b2c3d-1111-2222-3333-444455556666""#),
    (r#"{ "file": "/etc/pbx/teams-secret" }"#, "17"),
    (r#""secret": {"#, r#""sekret": {"#),
    (r#" } }"#, r#" } }, "cloud": "china""#),
    (r#" } }"#, r#" } }, "source": { "poll_interval_ms": "5s" }"#),
    (r#" } }"#, r#" } }, "source": { "poll_interval_ms": 600000 }"#),
    (
        r#"{ "method": "client_secret", "secret": { "file": "/etc/pbx/teams-secret" } }"#,
        r#"{ "method": "device_code" }, "publish": { "calls": true }"#,
    ),
    (r#" } }"#, r#" } }, "rules": { "list": [ { "dnd": "onn" } ] }"#),
    (r#" } }"#, r#" } }, "rules": { "dnd_on": ["InHolography"] }"#),
    (r#" } }"#, r#" } }, "endpoints": { "graph": "http://graph.example.com" }"#),
    (r#" } }"#, r#" } }, "cloud": "global", "cloud": "us_gov""#),
    (r#" } }"#, " }"),
];

/// `docs/configuration.md`.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    let _ = write!(page, "\n## The smallest document\n\n```json\n{SMALLEST}\n```\n");
    let _ = write!(page, "\n## A larger one\n\n```json\n{LARGER}\n```\n");
    let _ = write!(page, "\n## With change notifications\n\n{WITH_NOTIFICATIONS}\n```json\n{NOTIFIED}\n```\n");
    let _ = write!(page, "\n## Secrets\n\n{SECRETS}");
    page.push_str("\n## Taking over a change\n\n`tps_reload` is atomic: the whole new document holds, or nothing changes. In the tables below ");
    page.push_str("**reload** says whether a running\ninstance takes a change of the key over (`yes`), or answers `TPS_E_NEEDS_RESTART` and names ");
    page.push_str("the key (`restart`): then stop, destroy and create it anew.\n\n## All keys\n\n### The root\n\n");
    keys(&ROOT, &mut page);
    for (path, table) in OBJECTS {
        let _ = write!(page, "\n### {}\n\n{}\n\n", heading(path), table.about);
        keys(table, &mut page);
        if *path == "rules" {
            let _ = write!(page, "\nMeetings too, the short way:\n\n```json\n{RULES_SHORT}\n```\n");
        }
    }
    let _ = write!(page, "\n### A secret as an object\n\n{}\n\n", SECRET.about);
    keys(&SECRET, &mut page);
    page.push_str("\n## Signing in\n\n`auth.method` tells the method; the other keys of `auth` depend on it.\n");
    for table in auth::METHODS {
        let example = with_auth(auth_example(table.name));
        let _ = write!(page, "\n### {}\n\n{}\n\n```json\n{example}\n```\n\n", table.name, table.about);
        let tag = format!("| `method` | `{}` |", table.name);
        let mut rows = String::new();
        keys(table, &mut rows);
        // Of the words of the tag only this method's own belongs here.
        let row = format!("| `method` | {} |", kind(&table.keys[0].shape));
        page.push_str(&rows.replace(&row, &tag));
        if let Some((_, next)) = auth::NEXTS.iter().find(|(method, _)| method.as_str() == table.name) {
            let _ = write!(page, "\n`auth.next`:\n\n");
            keys(next, &mut page);
        }
    }
    errors(&mut page);
    page
}

fn heading(path: &str) -> String {
    match path {
        "rules.list[]" => "A rule: rules.list[], rules.sets.*[]".to_owned(),
        "rules.list[].when" => "A condition: when".to_owned(),
        _ => path.to_owned(),
    }
}

fn keys(table: &Table, page: &mut String) {
    page.push_str("| key | type | default | reload | meaning |\n|---|---|---|---|---|\n");
    for key in table.keys {
        let (kind, absent, reload) = (kind(&key.shape), absent(key), reload(key));
        let _ = writeln!(page, "| `{}` | {kind} | {absent} | {reload} | {} |", key.name, cell(key.meaning));
    }
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Flag => "`true`, `false`".to_owned(),
        Shape::Whole { min, max, unit } => format!("{unit}, {min} to {max}"),
        Shape::Word(words) | Shape::GraphWord(words) => {
            words().iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        Shape::Text(form) => cell(form),
        Shape::Path => "file or directory".to_owned(),
        Shape::Secret => "a secret".to_owned(),
        Shape::Object(_) | Shape::OneOf(..) => "object".to_owned(),
        Shape::List(element) => format!("list of: {}", kind_inside(element)),
        Shape::Named(_) => "object: name to list of rules".to_owned(),
    }
}

fn kind_inside(element: &Shape) -> String {
    match element {
        Shape::Object(table) => table.name.to_owned(),
        other => kind(other),
    }
}

fn absent(key: &Key) -> String {
    match key.absent {
        Absent::Refused => "**needed**".to_owned(),
        Absent::Means(words) => cell(words),
        Absent::Flag(flag) => format!("`{flag}`"),
        Absent::Whole(number) => format!("`{number}`"),
        Absent::Word(word) => format!("`{word}`"),
    }
}

fn reload(key: &Key) -> &'static str {
    match key.reload {
        Reload::Yes => "yes",
        Reload::Restart => "restart",
        Reload::Inside => "by key",
    }
}

fn errors(page: &mut String) {
    page.push_str(
        "\n## Errors\n\nAn error names the path, what was found and what is allowed. A value that may be a secret is never ",
    );
    page.push_str("repeated. These are the answers to\nsome frequent mistakes, made in the smallest document:\n\n| instead of | stands | answer |\n");
    page.push_str("|---|---|---|\n");
    for (right, wrong) in MISTAKES {
        let answer = match Config::parse(SMALLEST.replacen(right, wrong, 1).as_bytes()) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        };
        let wrong =
            if wrong.is_empty() { "nothing".to_owned() } else { format!("`{}`", wrong.trim_start_matches(" } }, ").trim()) };
        let right = if right.trim() == "} }" { "the end".to_owned() } else { format!("`{right}`") };
        let _ = writeln!(page, "| {} | {} | `{}` |", cell(&right), cell(&wrong), cell(&answer));
    }
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', "`<br>`")
}
