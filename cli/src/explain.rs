//! `tps explain`.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;
use teams_presence_sync::event::{Event, Kind, Severity};
use teams_presence_sync::sync::{HostDnd, UserInput};

use crate::arguments;
use crate::end::{End, FAILED, Failure, GOOD, Outcome, UNUSABLE};
use crate::screen::{complain, plain};
use crate::session::{Session, is_trouble};
use crate::settings::Memory;
use crate::{settings, sign_in, users};

/// How often the instance is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// No code is waited for longer.
const LONGEST_CODE: Duration = Duration::from_secs(3_600);

pub(crate) fn run(options: &arguments::Explain) -> Outcome {
    let own = settings::own(&options.config.config, Memory::None)?;
    let (user_id, users) = choose(&options.who, users::read(&options.users)?)?;
    let mut end = End::prepare()?;
    let session = Session::start(&own.json, users)?;
    let patience = Duration::from_secs(options.timeout.into());
    let mut deadline = Instant::now() + patience;
    let mut worst: Vec<Event> = Vec::new();
    let (mut refused, mut asked) = (false, false);
    let found = loop {
        for event in session.events() {
            match event.kind {
                // At once, and on standard error: what was asked for goes to standard output alone.
                Kind::SignInRequired => {
                    complain(&sign_in::invitation(&event));
                    deadline = deadline.max(Instant::now() + life_of_code(&event));
                    asked = true;
                }
                Kind::SignedIn if asked => deadline = Instant::now() + patience,
                _ if is_trouble(&event) => worst.push(event),
                _ => {}
            }
        }
        let all = session.explain(&user_id);
        if let Some(all) = all.filter(is_settled) {
            break Some(all);
        }
        // A sign-in that is refused stays so for a minute at least.
        refused = worst.iter().any(|event| sign_in::is_over(event.kind));
        if refused || Instant::now() >= deadline {
            break None;
        }
        if end.asked_within(LOOK) {
            return Ok(UNUSABLE);
        }
    };
    let (known, all) = (found.is_some(), found.or_else(|| session.explain(&user_id)));
    session.stop()?;
    worst.sort_by_key(|event| std::cmp::Reverse(event.severity() == Severity::Error));
    for event in worst.iter().filter(|event| !known || event.severity() == Severity::Error) {
        complain(&format!("{} {}", event.message, event.remedy));
    }
    let Some(all) = all else { return Err(Failure::Words(format!("{user_id}: no such user"))) };
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{all}")?;
    } else {
        out.write_all(readable(&all, now_ms()).as_bytes())?;
    }
    out.flush()?;
    if refused {
        return Ok(FAILED);
    }
    if !known {
        complain(&format!("{}: no presence seen within {} s", plain(&user_id), options.timeout));
        return Ok(UNUSABLE);
    }
    Ok(if all["matching"] == "matched" || !all["presence"].is_null() { GOOD } else { FAILED })
}

/// How long the code that this event shows can still be used.
fn life_of_code(event: &Event) -> Duration {
    let end = sign_in::fields(event)["expires_at_ms"].as_i64().unwrap_or(0);
    Duration::from_millis(u64::try_from(end.saturating_sub(now_ms())).unwrap_or(0)).min(LONGEST_CODE)
}

/// The user of this id, or the only one with this address; without a list, the address itself.
fn choose(who: &str, users: Vec<UserInput>) -> Result<(String, Vec<UserInput>), Failure> {
    if users.iter().any(|user| *user.user_id == *who) {
        return Ok((who.to_owned(), users));
    }
    let hits: Vec<&str> = users
        .iter()
        .filter(|user| user.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(who)))
        .map(|user| &*user.user_id)
        .collect();
    match hits[..] {
        [only] => {
            let only = only.to_owned();
            Ok((only, users))
        }
        [_, _, ..] => Err(Failure::Words(format!("{who}: several users have this address: {}; name one by id", hits.join(", ")))),
        [] if who.contains('@') && users.is_empty() => {
            let user = UserInput {
                user_id: who.into(),
                email: Some(who.into()),
                entra_object_id: None,
                rule_set: None,
                host_dnd: HostDnd::Unknown,
                host_queue_dnd: HostDnd::Unknown,
            };
            Ok((who.to_owned(), vec![user]))
        }
        [] => Err(Failure::Words(format!(
            "{who}: no such user in the list; give --users, --user {who}=EMAIL, or an e-mail address"
        ))),
    }
}

/// Whether more will not come by waiting.
fn is_settled(all: &Value) -> bool {
    match all["matching"].as_str() {
        Some("matched") => !all["presence"].is_null() || all["standing"] == "not_served",
        Some("pending") | None => false,
        Some(_) => true,
    }
}

fn readable(all: &Value, now_ms: i64) -> String {
    let mut out = String::new();
    let mut line = |name: &str, words: String| out.push_str(&format!("{name:<16}{words}\n"));
    line("user", text(&all["user_id"]));
    line("address", text(&all["email"]));
    line(
        "in Entra",
        match all["matching"].as_str() {
            Some("matched") => format!("found by {}: {}", text(&all["matched_by"]), text(&all["entra_object_id"])),
            _ => format!("{}: {}", text(&all["matching"]), means(all["matching"].as_str().unwrap_or_default())),
        },
    );
    if all["standing"] != "served" {
        line("standing", format!("{} ({})", text(&all["standing"]), text(&all["because"])));
    }
    let presence = &all["presence"];
    if presence.is_null() {
        line("Teams", "no presence seen".to_owned());
    } else {
        let office = if presence["out_of_office"] == true { ", out of office" } else { "" };
        let stale = if presence["stale"] == true { ", too old to act on" } else { "" };
        let words = format!("{}/{}{office}", text(&presence["availability_text"]), text(&presence["activity_text"]));
        line("Teams", format!("{words}, {} old{stale}", age(presence["age_ms"].as_u64().unwrap_or(0))));
    }
    let silent = &all["no_information"];
    if !silent.is_null() {
        let word = match text(&silent["availability_text"]) {
            word if word.is_empty() => "nothing".to_owned(),
            word => word,
        };
        line(
            "",
            format!("the newest answer was {word}, {} ago: it decides nothing", age(silent["age_ms"].as_u64().unwrap_or(0))),
        );
    }
    if !all["rule_set"].is_null() {
        line("rule set", text(&all["rule_set"]));
    }
    for (output, name) in [("dnd", "DND"), ("queue", "queue DND"), ("chat", "chat")] {
        let (rule, state) = (&all["rules"][output], &all[output]);
        if state.is_null() {
            // No rule speaks of it.
            continue;
        }
        if !rule.is_null() {
            line(&format!("{name} rule"), format!("says {} (by {})", text(&rule["says"]), text(&rule["fired"])));
        }
        let held = &state["held_back"];
        let acts_in = held["acts_at_ms"].as_i64().unwrap_or(0).saturating_sub(now_ms).max(0).unsigned_abs();
        let waits = match held {
            Value::Null => String::new(),
            _ => format!(", {} is held back for another {}", text(&held["value"]), age(acts_in)),
        };
        line(name, format!("{}{waits}", text(&state["desired"])));
    }
    if all["dry_run"] == true {
        line("dry run", "nothing would be set in the telephone system".to_owned());
    }
    line("", "Shown as if this were the telephone system; nothing was set.".to_owned());
    out
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

fn means(matching: &str) -> &'static str {
    match matching {
        "unknown" => "nobody in Entra has this address",
        "ambiguous" => "several accounts have this address; give an object id",
        "guest" => "only a guest account has this address",
        "disabled" => "only a disabled account has this address",
        "no_address" => "neither address nor object id was given",
        "invalid" => "the address or object id is malformed",
        "opted_out" => "on the opt-out list of the configuration; nobody asks for him",
        "pending" => "not searched yet",
        _ => "not found",
    }
}

/// Milliseconds since 1970.
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A time in the unit that people would take.
pub(crate) fn age(ms: u64) -> String {
    match ms / 1_000 {
        s @ 0..=119 => format!("{s} s"),
        s @ 120..=7_199 => format!("{} min", s / 60),
        s => format!("{} h", s / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_in_the_way_is_readable() {
        let all = json!({
            "user_id": "101", "email": "a@b", "matching": "matched", "matched_by": "mail", "entra_object_id": "x", "standing": "served",
            "presence": { "availability_text": "Busy", "activity_text": "InACall", "age_ms": 4_000 },
            "no_information": { "availability_text": "PresenceUnknown", "age_ms": 1_000 },
            "rules": { "dnd": { "says": "on", "fired": "table" } },
            "dnd": {
                "desired": "off", "acknowledged": "off", "owner": "nobody", "held_back": { "value": "on", "acts_at_ms": 13_000 },
            },
            "chat": { "desired": "dnd" }, "dry_run": true,
        });
        let shown = readable(&all, 10_000);
        for words in [
            "the newest answer was PresenceUnknown, 1 s ago",
            "off, on is held back for another 3 s",
            "dry run         nothing would be set",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
    }

    #[test]
    fn ages() {
        assert_eq!([0, 1_999, 119_999, 120_000, 7_200_000].map(age), ["0 s", "1 s", "119 s", "2 min", "2 h"]);
    }

    #[test]
    fn who_is_meant() {
        let user = |id: &str, email: &str| UserInput {
            user_id: id.into(),
            email: Some(email.into()),
            entra_object_id: None,
            rule_set: None,
            host_dnd: HostDnd::Unknown,
            host_queue_dnd: HostDnd::Unknown,
        };
        let list = || vec![user("1", "a@b"), user("2", "c@d"), user("3", "C@d")];
        let chosen = |who: &str| choose(who, list()).map(|(id, users)| (id, users.len())).ok();
        assert_eq!(chosen("2"), Some(("2".to_owned(), 3)));
        assert_eq!(chosen("A@B"), Some(("1".to_owned(), 3)));
        assert_eq!((chosen("c@d"), chosen("x@y"), chosen("9")), (None, None, None));
        assert_eq!(choose("x@y", Vec::new()).map(|(id, users)| (id, users.len())).ok(), Some(("x@y".to_owned(), 1)));
    }
}
