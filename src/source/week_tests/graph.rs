//! Graph as far as presence and subscriptions go: what it knows, and what it answers. When, and whether that arrives, the world decides.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::weather::{HOUR, MINUTE};
use crate::graph::subscriptions::{Subscription, Why};
use crate::presence::Guid;
use crate::source::notify::{Action, Answer};
use crate::time::timestamp;

/// The words that people go through.
pub(super) const WORDS: [(&str, &str); 6] = [
    ("Available", "Available"),
    ("Busy", "InACall"),
    ("Away", "Away"),
    ("DoNotDisturb", "Presenting"),
    ("Busy", "Busy"),
    ("BeRightBack", "BeRightBack"),
];

/// Microsoft's longest and least life of a subscription (change notifications for presence, 2026-08-15).
const LONGEST_MS: u64 = 60 * MINUTE;
const LEAST_MS: u64 = 45 * MINUTE;

/// A person, as Teams has him.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) id: Guid,
    pub(super) word: usize,
    pub(super) sequence: u64,
    pub(super) changed_at: u64,
}

/// A subscription.
#[derive(Clone, Debug)]
pub(super) struct There {
    pub(super) client_state: String,
    pub(super) users: Vec<Guid>,
    pub(super) url: String,
    pub(super) certificate_id: Option<String>,
    pub(super) ends_at: u64,
    /// Graph wants it authorised anew, and sends nothing until that is done.
    pub(super) unauthorized: bool,
    pub(super) ours: bool,
}

/// What was asked, in all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) polls: u64,
    pub(super) lists: u64,
    pub(super) created: u64,
    pub(super) renewed: u64,
    pub(super) deleted: u64,
    pub(super) refused: u64,
    pub(super) notified: u64,
    pub(super) most_ours: usize,
}

pub(super) struct Graph {
    pub(super) people: Vec<Person>,
    pub(super) subscriptions: BTreeMap<Guid, There>,
    pub(super) tally: Tally,
    /// It gives presence that is read a sequence number; presence that is sent.
    pub(super) numbers_read: bool,
    pub(super) numbers_sent: bool,
    /// It tells in its list whose secret is which.
    tells: bool,
    next_id: u128,
}

impl Graph {
    pub(super) fn new(people: usize, numbers_read: bool, numbers_sent: bool, tells: bool) -> Graph {
        let person = |n: usize| Person { id: Guid(1 + n as u128), word: 0, sequence: 1, changed_at: 0 };
        Graph {
            people: (0..people).map(person).collect(),
            subscriptions: BTreeMap::new(),
            tally: Tally::default(),
            numbers_read,
            numbers_sent,
            tells,
            next_id: 1_000,
        }
    }

    pub(super) fn person(&self, id: Guid) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// The presence as it stands in an answer or a content.
    pub(super) fn presence(person: &Person, numbered: bool) -> Value {
        let (availability, activity) = WORDS[person.word];
        let mut presence = json!({ "id": person.id.to_string(), "availability": availability, "activity": activity });
        if numbered {
            presence["sequenceNumber"] = format!("A{:010}", person.sequence).into();
        }
        presence
    }

    /// The answer to getPresencesByUserId.
    pub(super) fn read(&mut self, ids: &[Guid]) -> Vec<u8> {
        self.tally.polls += 1;
        let people = ids.iter().filter_map(|id| self.person(*id));
        let value: Vec<Value> = people.map(|person| Graph::presence(person, self.numbers_read)).collect();
        json!({ "value": value }).to_string().into_bytes()
    }

    pub(super) fn expire(&mut self, now: u64) {
        self.subscriptions.retain(|_, there| there.ends_at > now);
    }

    pub(super) fn ours(&self) -> impl Iterator<Item = (&Guid, &There)> {
        self.subscriptions.iter().filter(|(_, there)| there.ours)
    }

    pub(super) fn first_of_ours(&self) -> Option<Guid> {
        self.ours().next().map(|(id, _)| *id)
    }

    /// Somebody else's, in the place of ours.
    pub(super) fn rival(&mut self, now: u64) {
        self.subscriptions.clear();
        let there = There {
            client_state: "theirs".to_owned(),
            users: vec![Guid(1)],
            url: "https://rival.test/n".to_owned(),
            certificate_id: None,
            ends_at: now + HOUR,
            unauthorized: false,
            ours: false,
        };
        self.next_id += 1;
        self.subscriptions.insert(Guid(self.next_id), there);
    }

    /// Does it and answers: these four are all that can be asked, so `reauthorize` never comes within 10 minutes of a renewal. `wall`: Graph's clock. An account has one subscription of an application to presence.
    pub(super) fn ask(&mut self, action: &Action, url_answers: bool, now: u64, wall: i64) -> Result<Answer, Why> {
        let shown = |id: Guid, ends_at: u64| Subscription {
            id: Some(id),
            expires_at_ms: Some(wall + ends_at as i64 - now as i64),
            ..Subscription::default()
        };
        // An end that is too far ahead is refused, one that is too near is raised.
        let end = |expires_at_ms: i64| match u64::try_from(expires_at_ms - wall).unwrap_or(0) {
            ms if ms > LONGEST_MS => Err(Why::TooFar),
            ms => Ok(now + ms.max(LEAST_MS)),
        };
        let answer = match action {
            Action::List => {
                self.tally.lists += 1;
                let listed = self.subscriptions.iter().map(|(id, there)| {
                    let users: Vec<String> = there.users.iter().map(|user| format!("'{user}'")).collect();
                    Subscription {
                        resource: Some(format!("/communications/presences?$filter=id in ({})", users.join(","))),
                        client_state: self.tells.then(|| there.client_state.clone()),
                        url: Some(there.url.clone()),
                        certificate_id: there.certificate_id.clone(),
                        ..shown(*id, there.ends_at)
                    }
                });
                Ok(Answer::Listed(listed.collect()))
            }
            Action::Create { terms, client_state, expires_at_ms } => end(*expires_at_ms).and_then(|ends_at| {
                if !url_answers {
                    return Err(Why::Handshake);
                }
                if let Some(id) = self.subscriptions.keys().next() {
                    return Err(Why::Conflict(Some(*id)));
                }
                self.next_id += 1;
                let id = Guid(self.next_id);
                let there = There {
                    client_state: client_state.expose().to_owned(),
                    users: terms.users().to_vec(),
                    url: terms.url().to_owned(),
                    certificate_id: terms.certificate_id().map(str::to_owned),
                    ends_at,
                    unauthorized: false,
                    ours: true,
                };
                self.subscriptions.insert(id, there);
                self.tally.created += 1;
                Ok(Answer::Created(shown(id, ends_at)))
            }),
            Action::Renew { id, expires_at_ms } => end(*expires_at_ms).and_then(|ends_at| {
                let there = self.subscriptions.get_mut(id).ok_or(Why::NotFound)?;
                there.ends_at = ends_at;
                there.unauthorized = false;
                self.tally.renewed += 1;
                Ok(Answer::Renewed(shown(*id, ends_at)))
            }),
            Action::Delete { id } => {
                let gone = self.subscriptions.remove(id).ok_or(Why::NotFound);
                self.tally.deleted += u64::from(gone.is_ok());
                gone.map(|_| Answer::Deleted)
            }
        };
        self.tally.refused += u64::from(answer.is_err());
        self.tally.most_ours = self.tally.most_ours.max(self.ours().count());
        answer
    }

    /// One notification, as it is posted.
    pub(super) fn body(subscription: Guid, there: &There, person: Guid, wall: i64) -> Vec<u8> {
        let item = json!({
            "subscriptionId": subscription.to_string(), "clientState": there.client_state, "changeType": "updated",
            "resource": format!("communications/presences/{person}"), "subscriptionExpirationDateTime": timestamp(wall),
            "resourceData": { "@odata.type": "#microsoft.graph.presence", "id": person.to_string() },
        });
        json!({ "value": [item] }).to_string().into_bytes()
    }

    /// A word about the subscription itself.
    pub(super) fn word(subscription: Guid, client_state: &str, event: &str) -> Vec<u8> {
        let item = json!({
            "subscriptionId": subscription.to_string(), "clientState": client_state, "lifecycleEvent": event,
        });
        json!({ "value": [item] }).to_string().into_bytes()
    }
}
