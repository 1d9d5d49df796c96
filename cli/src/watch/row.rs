//! One user as he is shown.

use std::time::Instant;

use serde_json::{Value, json};

use crate::explain::age;
use crate::screen::{fit, plain};

/// One user.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) user_id: String,
    /// What a change is measured by.
    shown: Option<Shown>,
    age_ms: Option<u64>,
    changed: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    teams: String,
    rule: String,
    dnd: String,
    chat: String,
}

impl Row {
    pub(crate) fn new(user_id: &str) -> Row {
        Row { user_id: user_id.to_owned(), shown: None, age_ms: None, changed: None }
    }

    /// Takes over what the instance says; true where it differs.
    pub(crate) fn update(&mut self, all: &Value, now: Instant) -> bool {
        let text = |value: &Value| value.as_str().map(plain);
        let presence = &all["presence"];
        let teams = if presence.is_null() {
            match all["matching"].as_str() {
                Some("pending") => "(resolving)".to_owned(),
                Some("matched") => "(no presence yet)".to_owned(),
                other => format!("({})", other.unwrap_or("?")),
            }
        } else {
            let words =
                [text(&presence["availability_text"]), text(&presence["activity_text"])].map(Option::unwrap_or_default).join("/");
            if presence["out_of_office"] == true { format!("{words} OOF") } else { words }
        };
        let wanted = |state: &Value| text(&state["desired"]).unwrap_or_else(|| "-".to_owned());
        let held = text(&all["dnd"]["held_back"]["value"]).map(|value| format!(" ({value} held)")).unwrap_or_default();
        let shown = Shown {
            teams,
            rule: text(&all["rules"]["dnd"]["fired"]).unwrap_or_else(|| "-".to_owned()),
            dnd: wanted(&all["dnd"]) + &held,
            chat: wanted(&all["chat"]),
        };
        self.age_ms = presence["age_ms"].as_u64();
        let differs = self.shown.as_ref() != Some(&shown);
        if differs {
            // What is first seen is no change.
            self.changed = self.shown.is_some().then_some(now);
            self.shown = Some(shown);
        }
        differs
    }

    /// When it last changed while somebody looked.
    pub(crate) fn changed(&self) -> Option<Instant> {
        self.changed
    }

    /// The names of the columns.
    pub(crate) fn heading() -> String {
        columns(["user", "Teams", "rule", "DND", "chat", "age"])
    }

    pub(crate) fn line(&self) -> String {
        let Some(shown) = &self.shown else { return plain(&self.user_id) };
        let age = self.age_ms.map_or_else(|| "-".to_owned(), age);
        columns([&plain(&self.user_id), &shown.teams, &shown.rule, &shown.dnd, &shown.chat, &age])
    }

    pub(crate) fn json(&self) -> Value {
        let shown = self.shown.as_ref();
        json!({
            "type": "user",
            "user_id": self.user_id,
            "teams": shown.map(|shown| &shown.teams),
            "rule": shown.map(|shown| &shown.rule),
            "dnd": shown.map(|shown| &shown.dnd),
            "chat": shown.map(|shown| &shown.chat),
            "age_ms": self.age_ms,
        })
    }
}

fn columns([user, teams, rule, dnd, chat, age]: [&str; 6]) -> String {
    format!("{} {} {} {} {} {age}", fit(user, 22), fit(teams, 30), fit(rule, 8), fit(dnd, 13), fit(chat, 13))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let mut row = Row::new("10\u{1b}1");
        let now = Instant::now();
        let mut all = json!({
            "matching": "pending", "presence": null, "rules": null, "dnd": {"desired": null, "held_back": null}, "chat": {"desired": null},
        });
        assert!(row.update(&all, now) && !row.update(&all, now));
        assert!(row.changed().is_none() && row.line().contains("(resolving)"));
        all["presence"] = json!({"availability_text": "Busy", "activity_text": "InACall", "age_ms": 1_000});
        all["matching"] = "matched".into();
        all["rules"] = json!({"dnd": {"fired": "table"}});
        all["dnd"] = json!({"desired": "on", "held_back": {"value": "off", "for_ms": 3}});
        all["chat"]["desired"] = "dnd".into();
        assert!(row.update(&all, now));
        assert_eq!(row.line().split_whitespace().collect::<Vec<_>>()[..4], ["10\\u{1b}1", "Busy/InACall", "table", "on"]);
        assert!(row.line().ends_with("1 s"), "{}", row.line());
        all["presence"]["age_ms"] = 9_000.into();
        assert!(!row.update(&all, now), "an age is no change");
        assert_eq!(row.json()["teams"], "Busy/InACall");
    }
}
