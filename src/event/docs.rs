//! The pages made from the catalogue and from the tables of statistics.

use std::fmt::Write;

use serde_json::Value;

use super::{Kind, StatField};

const GROUPS: &[(i32, &str)] = &[
    (1, "Sign-in"),
    (2, "Finding users"),
    (3, "Microsoft Graph"),
    (4, "Presence"),
    (5, "State directory"),
    (6, "Telephone system and users"),
    (9, "The library itself"),
];

const EVENTS_HEAD: &str = "\
<!-- Made from src/event/catalogue. Refresh: TPS_UPDATE_DOCS=1 cargo test --test generated_docs -->
# Events

An event tells the administrator that something changed which needs, or may need, a person. The telephone system gets it through
`on_event` with a stable code, a severity, one English sentence, a remedy and the same as JSON; it decides where to show it.

- Codes never change their meaning; later versions add codes and JSON members. Treat a code you do not know by its severity.
- `error`: something does not work, in whole or for the user named. `warning`: it works, but look before it does not. `info`: nothing to do.
- A condition is reported once, not at every attempt, and a second event tells when it is over.
- The JSON always has `code` and `name`, and `user_id` where one user is concerned. Users are named by the telephone system's own id, never
  by an e-mail address. Secrets are in no event. Lists carry at most 50 elements, texts at most 1024 bytes.
- An event of a sign-in (1xx) that is about one of `source.notifications.accounts` has its name as `account` in the JSON and before the
  sentence. Its keys, such as `auth.password`, are then those of that account. Without `account` it is about the sign-in of `auth`.
- Times are milliseconds since 1970-01-01 UTC.
";

/// `docs/events.md`.
pub fn events_markdown() -> String {
    let mut page = EVENTS_HEAD.to_owned();
    page.push_str("\n| code | name | severity | sentence |\n|---|---|---|---|\n");
    for kind in Kind::ALL {
        let (code, name, entry) = (kind.code(), short_name(*kind), kind.entry());
        let sentence = cell(&as_code(entry.sentence));
        let _ =
            writeln!(page, "| [{code}](#{code}-{}) | {name} | {} | {sentence} |", name.to_lowercase(), entry.severity.as_str());
    }
    for (hundred, title) in GROUPS {
        let _ = write!(page, "\n## {hundred}xx: {title}\n");
        for kind in Kind::ALL.iter().filter(|kind| kind.code() / 100 == *hundred) {
            event_section(*kind, &mut page);
        }
    }
    page
}

fn event_section(kind: Kind, page: &mut String) {
    let entry = kind.entry();
    let _ = write!(
        page,
        "\n### {} {}\n\n`{}`, {}\n\n> {}\n\n{}\n\n**What to do.** {}\n",
        kind.code(),
        short_name(kind),
        kind.name(),
        entry.severity.as_str(),
        as_code(entry.sentence),
        entry.meaning,
        as_code(entry.remedy),
    );
    if !entry.fields.is_empty() {
        page.push_str("\n| JSON member | type | meaning |\n|---|---|---|\n");
        for field in entry.fields {
            let maybe = if field.always { "" } else { "; may be missing" };
            let _ = writeln!(page, "| `{}` | {}{maybe} | {} |", field.name, field.holds.as_str(), cell(field.meaning));
        }
    }
}

fn short_name(kind: Kind) -> &'static str {
    kind.name().trim_start_matches("TPS_EVENT_")
}

/// Placeholders as code. Where one already stands inside code it is left alone.
fn as_code(template: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(template.len());
    for letter in template.chars() {
        match letter {
            '`' => inside = !inside,
            '{' if !inside => out.push('`'),
            _ => {}
        }
        out.push(letter);
        if letter == '}' && !inside {
            out.push('`');
        }
    }
    out
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

const STATS_HEAD: &str = "\
<!-- Made from the tables of statistics in the source. Refresh: TPS_UPDATE_DOCS=1 cargo test --test generated_docs -->
# Statistics

`tps_stats` answers one JSON object. Counters only grow, from 0 at `tps_create`; gauges tell how things stand now. Later versions add
members and change none. A member whose name varies is written `*`.
";

/// `docs/stats.md`, from the tables of all parts: a title and its fields each.
pub fn stats_markdown(groups: &[(&str, &[StatField])]) -> String {
    let mut page = STATS_HEAD.to_owned();
    for (title, fields) in groups {
        let _ = write!(page, "\n## {title}\n\n| member | kind | unit | meaning |\n|---|---|---|---|\n");
        for field in *fields {
            let _ =
                writeln!(page, "| `{}` | {} | {} | {} |", field.path, field.measure.as_str(), field.unit, cell(field.meaning));
        }
    }
    page
}

/// The members of `value` that no table documents, and the documented ones without `*` that it lacks. Both empty is how it should be.
pub fn undocumented(value: &Value, tables: &[&[StatField]]) -> (Vec<String>, Vec<&'static str>) {
    let fields: Vec<&StatField> = tables.iter().flat_map(|table| table.iter()).collect();
    let mut paths = Vec::new();
    leaves(value, String::new(), &mut paths);
    let fits = |pattern: &str, path: &str| {
        let (mut pattern, mut path) = (pattern.split('.'), path.split('.'));
        loop {
            match (pattern.next(), path.next()) {
                (None, None) => return true,
                (Some(expected), Some(found)) if expected == "*" || expected == found => {}
                _ => return false,
            }
        }
    };
    let missing = fields.iter().filter(|field| !field.path.contains('*') && !paths.iter().any(|path| fits(field.path, path)));
    let missing = missing.map(|field| field.path).collect();
    let extra = paths.into_iter().filter(|path| !fields.iter().any(|field| fits(field.path, path))).collect();
    (extra, missing)
}

/// The paths of everything that is not an object. An object without members is no leaf: it is a class that has not been counted yet.
fn leaves(value: &Value, path: String, out: &mut Vec<String>) {
    let Value::Object(members) = value else { return out.push(path) };
    for (name, value) in members {
        leaves(value, if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, out);
    }
}
