//! The presence of every user of a tenant: 24 bytes each, the rare parts boxed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sessions::{Preferred, Session, aggregate};
use super::words::{Word, Words};
use crate::clock::Millis;

/// A user's presence as the Teams clients report it. What is left out keeps its value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PresenceSpec {
    /// Any word; null for JSON null.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub availability: Option<Option<String>>,
    /// Any word; null for JSON null.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub activity: Option<Option<String>>,
    /// `outOfOfficeSettings.isOutOfOffice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_office: Option<bool>,
    /// `outOfOfficeSettings.message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_office_message: Option<String>,
    /// The text of `statusMessage`; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// `workLocation.workLocationType`; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_location: Option<String>,
    /// Leave this user out of every bulk answer; single reads answer 404.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<bool>,
}

/// Tells an absent key from null.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

impl PresenceSpec {
    /// The two words.
    pub fn new(availability: &str, activity: &str) -> Self {
        Self { availability: Some(Some(availability.into())), activity: Some(Some(activity.into())), ..Self::default() }
    }
}

/// The rare parts of a presence.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) out_of_office: bool,
    pub(crate) out_of_office_message: Option<String>,
    pub(crate) status_message: Option<Value>,
    pub(crate) work_location: Option<String>,
    pub(crate) missing: bool,
    pub(crate) sessions: Vec<Session>,
    pub(crate) preferred: Option<Preferred>,
}

#[derive(Debug)]
struct Record {
    availability: Word,
    activity: Word,
    sequence: u32,
    extra: Option<Box<Extra>>,
}

/// One user's presence as it is now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) availability: Option<&'a str>,
    pub(crate) activity: Option<&'a str>,
    pub(crate) sequence: u32,
    pub(crate) extra: Option<&'a Extra>,
}

/// What `setPresence` and its siblings do.
#[derive(Debug)]
pub(crate) enum Change {
    Session(Session),
    ClearSession { session_id: u128, gone_at: Millis },
    Preferred(Preferred),
    ClearPreferred,
    StatusMessage(Option<Value>),
}

/// Presence by user index.
#[derive(Debug, Default)]
pub(crate) struct PresenceStore {
    words: Words,
    records: Vec<Record>,
    sequence: u32,
    /// Who was written to since somebody asked last.
    written: Vec<u32>,
    /// When sessions and preferred states of whom may turn into something else by themselves.
    turns: BTreeSet<(Millis, u32)>,
}

impl PresenceStore {
    fn record(&mut self, index: u32) -> &mut Record {
        let index = index as usize;
        if self.records.len() <= index {
            // Nobody has signed in yet: Offline.
            let offline = self.words.intern("Offline");
            self.records.resize_with(index + 1, || Record { availability: offline, activity: offline, sequence: 0, extra: None });
        }
        self.sequence += 1;
        let record = &mut self.records[index];
        record.sequence = self.sequence;
        // Whoever is told twice in a row is looked at once.
        if self.written.last().is_none_or(|&last| last as usize != index) {
            self.written.push(u32::try_from(index).unwrap_or(u32::MAX));
        }
        record
    }

    /// Who was written to since the last call.
    pub(crate) fn take_written(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.written)
    }

    /// When the next state may turn into another one by itself.
    pub(crate) fn next_turn(&self) -> Option<Millis> {
        self.turns.first().map(|&(at, _)| at)
    }

    /// Lets time pass up to the next turn that is due, and tells whose state is another one from then on. Such a change is a version
    /// of its own. `None`: nothing is due.
    pub(crate) fn turn(&mut self, now: Millis) -> Option<(Millis, u32)> {
        while let Some(&(at, index)) = self.turns.first().filter(|(at, _)| *at <= now) {
            self.turns.pop_first();
            let words = |seen: Seen<'_>| (seen.availability.map(str::to_owned), seen.activity.map(str::to_owned));
            if words(self.seen(index, at - 1)) != words(self.seen(index, at)) {
                self.sequence += 1;
                self.records[index as usize].sequence = self.sequence;
                return Some((at, index));
            }
        }
        None
    }

    /// Sets what the Teams clients of a user report.
    pub(crate) fn set(&mut self, index: u32, spec: &PresenceSpec) {
        let word = |words: &mut Words, text: &Option<String>| text.as_deref().map_or(Word::NULL, |t| words.intern(t));
        let availability = spec.availability.as_ref().map(|t| word(&mut self.words, t));
        let activity = spec.activity.as_ref().map(|t| word(&mut self.words, t));
        let record = self.record(index);
        record.availability = availability.unwrap_or(record.availability);
        record.activity = activity.unwrap_or(record.activity);
        let rare = spec.out_of_office.is_some()
            || spec.out_of_office_message.is_some()
            || spec.status_message.is_some()
            || spec.work_location.is_some()
            || spec.missing.is_some();
        if !rare {
            return;
        }
        let extra = record.extra.get_or_insert_default();
        extra.out_of_office = spec.out_of_office.unwrap_or(extra.out_of_office);
        extra.missing = spec.missing.unwrap_or(extra.missing);
        if let Some(text) = &spec.out_of_office_message {
            extra.out_of_office_message = Some(text.clone()).filter(|t| !t.is_empty());
        }
        if let Some(text) = &spec.status_message {
            extra.status_message =
                (!text.is_empty()).then(|| serde_json::json!({"message": {"content": text, "contentType": "text"}}));
        }
        if let Some(kind) = &spec.work_location {
            extra.work_location = Some(kind.clone()).filter(|t| !t.is_empty());
        }
    }

    /// Applies a write of the Graph API. Answers false when there was no such session.
    pub(crate) fn apply(&mut self, index: u32, change: Change, now: Millis) -> bool {
        let applied = self.change(index, change, now);
        let extra = self.records.get(index as usize).and_then(|r| r.extra.as_deref());
        let turns = extra.into_iter().flat_map(|e| {
            let preferred = e.preferred.as_ref().map(|p| p.expires);
            e.sessions.iter().flat_map(Session::turns).chain(preferred)
        });
        self.turns.extend(turns.filter(|&at| at > now).map(|at| (at, index)));
        applied
    }

    fn change(&mut self, index: u32, change: Change, now: Millis) -> bool {
        let extra = self.record(index).extra.get_or_insert_default();
        extra.sessions.retain(|s| !s.is_over(now));
        match change {
            Change::Session(mut session) => {
                let live = extra.sessions.iter().position(|s| s.session_id == session.session_id && s.gone_at.is_none());
                if let Some(old) = live.map(|at| &mut extra.sessions[at]) {
                    if (old.availability, old.activity) == (session.availability, session.activity) {
                        session.shows_at = session.shows_at.min(old.shows_at);
                        old.gone_at = Some(now);
                    } else {
                        old.gone_at = Some(session.shows_at);
                    }
                }
                extra.sessions.retain(|s| !s.is_over(now));
                extra.sessions.push(session);
            }
            Change::ClearSession { session_id, gone_at } => {
                let live = extra.sessions.iter_mut().find(|s| s.session_id == session_id && s.gone_at.is_none());
                let Some(session) = live else { return false };
                session.gone_at = Some(gone_at);
                extra.sessions.retain(|s| !s.is_over(now));
            }
            Change::Preferred(preferred) => extra.preferred = Some(preferred),
            Change::ClearPreferred => extra.preferred = None,
            Change::StatusMessage(message) => extra.status_message = message,
        }
        true
    }

    /// What the world sees of a user.
    pub(crate) fn seen(&self, index: u32, now: Millis) -> Seen<'_> {
        let Some(record) = self.records.get(index as usize) else {
            return Seen { availability: Some("Offline"), activity: Some("Offline"), sequence: 0, extra: None };
        };
        let mut seen = Seen {
            availability: self.words.text(record.availability),
            activity: self.words.text(record.activity),
            sequence: record.sequence,
            extra: record.extra.as_deref(),
        };
        if let Some(extra) = seen.extra.filter(|e| !e.sessions.is_empty() || e.preferred.is_some()) {
            let client = (seen.availability.unwrap_or("PresenceUnknown"), seen.activity.unwrap_or("PresenceUnknown"));
            let (availability, activity) = aggregate(client, &extra.sessions, extra.preferred.as_ref(), now);
            seen.availability = Some(availability);
            seen.activity = Some(activity);
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Record>() <= 24, "{}", size_of::<Record>());
    }

    #[test]
    fn unset_users_are_offline_and_nulls_stay_null() {
        let mut store = PresenceStore::default();
        assert_eq!(store.seen(7, 0).availability, Some("Offline"));
        store.set(3, &PresenceSpec::new("Busy", "InACall"));
        assert_eq!((store.seen(3, 0).availability, store.seen(2, 0).activity), (Some("Busy"), Some("Offline")));
        let spec: PresenceSpec = serde_json::from_str(r#"{"availability":null,"missing":true}"#).expect("a presence");
        store.set(3, &spec);
        let seen = store.seen(3, 0);
        assert_eq!((seen.availability, seen.activity), (None, Some("InACall")));
        assert!(seen.extra.is_some_and(|e| e.missing));
    }

    #[test]
    fn clearing_a_session_that_is_not_there_is_told() {
        let mut store = PresenceStore::default();
        let session = session(0, 100, 0);
        let clear = || Change::ClearSession { session_id: 9, gone_at: 50 };
        assert!(store.apply(0, Change::Session(session), 0));
        assert_eq!(store.seen(0, 50).activity, Some("InACall"));
        assert_eq!(store.seen(0, 100).activity, Some("Offline"));
        assert!(store.apply(0, clear(), 50));
        assert!(!store.apply(0, clear(), 50));
    }

    #[test]
    fn time_makes_versions_of_its_own() {
        let mut store = PresenceStore::default();
        assert!(store.apply(0, Change::Session(session(0, 1_000, 100)), 0));
        assert_eq!((store.take_written(), store.take_written()), (vec![0], vec![]));
        assert_eq!((store.next_turn(), store.turn(99)), (Some(100), None));
        let before = store.seen(0, 99).sequence;
        assert_eq!(store.turn(5_000), Some((100, 0)));
        assert_eq!(store.seen(0, 100).sequence, before + 1);
        assert_eq!((store.turn(5_000), store.turn(5_000)), (Some((1_000, 0)), None), "a call does not fade");
    }

    fn session(set_at: Millis, expires: Millis, shows_at: Millis) -> Session {
        Session { session_id: 9, availability: "Busy", activity: "InACall", set_at, expires, shows_at, gone_at: None }
    }

    #[test]
    fn what_is_written_may_show_late() {
        let mut store = PresenceStore::default();
        let seen = |store: &PresenceStore, now| store.seen(0, now).activity.map(str::to_owned);
        assert!(store.apply(0, Change::Session(session(0, 1_000, 100)), 0));
        // Refreshed before it shows, cleared before it shows: each comes as late.
        assert!(store.apply(0, Change::Session(session(50, 1_050, 150)), 50));
        assert!(store.apply(0, Change::ClearSession { session_id: 9, gone_at: 180 }, 80));
        assert!(!store.apply(0, Change::ClearSession { session_id: 9, gone_at: 190 }, 90), "cleared is cleared");
        let states: Vec<_> = [0, 99, 100, 179, 180].into_iter().filter_map(|now| seen(&store, now)).collect();
        assert_eq!(states, ["Offline", "Offline", "InACall", "InACall", "Offline"]);
    }
}
