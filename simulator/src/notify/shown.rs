//! How a user is seen, as far as it makes a change.

use serde_json::Value;

use crate::presence::Seen;

/// What of a presence makes a change.
#[derive(Debug)]
pub(super) struct Shown {
    availability: Option<String>,
    activity: Option<String>,
    rest: String,
}

impl Shown {
    pub(super) fn of(seen: Seen<'_>) -> Self {
        let rest = seen.extra.map(|e| {
            let message = e.status_message.as_ref().map(Value::to_string);
            format!("{} {:?} {message:?} {:?}", e.out_of_office, e.out_of_office_message, e.work_location)
        });
        let text = |word: Option<&str>| word.map(str::to_owned);
        // Somebody whose rare parts were never written has the same as somebody whose rare parts are empty.
        let rest = rest.filter(|r| r != "false None None None").unwrap_or_default();
        Self { availability: text(seen.availability), activity: text(seen.activity), rest }
    }

    pub(super) fn is_news(&self, before: Option<&Self>, words_only: bool) -> bool {
        before.is_none_or(|b| {
            (&b.availability, &b.activity) != (&self.availability, &self.activity) || !words_only && b.rest != self.rest
        })
    }
}
