//! Questions: one user's state, the matching report, numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::dnd::DndLane;
use super::engine::Engine;
use super::keeps::Keeps;
use super::roster::Slot;
use super::spelling::matched_by;
use super::terms::Owner;
use super::user::{MatchKind, Standing, Unmatched, User};
use crate::event::{StatField, gauge};
use crate::presence::{Activity, Availability, Chat, Dnd, Guid, GuidText};
use crate::time::Moment;

/// What `tps_get_state` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserState {
    /// Found in the directory.
    pub matched: bool,
    /// The base state last seen.
    pub availability: Availability,
    /// The detail last seen.
    pub activity: Activity,
    /// Out of office.
    pub out_of_office: bool,
    /// The presence is older than `stale.after_ms`.
    pub stale: bool,
    /// What the rules want.
    pub dnd_desired: Option<Dnd>,
    /// What the host is known to have.
    pub dnd_acknowledged: Option<Dnd>,
    /// This library switched it on.
    pub dnd_owned: bool,
    /// What the rules want for the calls of queues.
    pub queue_desired: Option<Dnd>,
    /// What the host is known to have for them.
    pub queue_acknowledged: Option<Dnd>,
    /// This library switched that on.
    pub queue_owned: bool,
    /// What the rules want.
    pub chat_desired: Option<Chat>,
    /// What the host has taken.
    pub chat_acknowledged: Option<Chat>,
    /// When the presence was last confirmed; 0 for never.
    pub observed_at_ms: i64,
    /// When the host last took a change; 0 for never.
    pub acknowledged_at_ms: i64,
    /// The Entra object id.
    pub object_id: Option<Guid>,
}

/// How every user was matched, for `tps_explain(NULL)`.
#[derive(Debug, Serialize)]
pub struct MatchingReport {
    counts: BTreeMap<&'static str, u64>,
    users: Vec<MatchingRow>,
}

#[derive(Debug, Serialize)]
struct MatchingRow {
    #[serde(serialize_with = "text")]
    user_id: Arc<str>,
    #[serde(serialize_with = "text_or_null")]
    email: Option<Arc<str>>,
    matching: &'static str,
    matched_by: Option<&'static str>,
    #[serde(serialize_with = "guid_text")]
    entra_object_id: Option<Guid>,
    seat: bool,
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn text_or_null<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

fn guid_text<S: Serializer>(object: &Option<Guid>, serializer: S) -> Result<S::Ok, S::Error> {
    object.as_ref().map(|object| object.text()).as_ref().map(GuidText::as_str).serialize(serializer)
}

/// Why a user cannot be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoUser {
    /// Neither an id nor an address of that name.
    NotFound,
    /// Several users have the address.
    Ambiguous,
}

/// The members that [`Engine::stats`] gives.
pub const STATS_FIELDS: &[StatField] = &[
    gauge("dry_run", "", "true while decisions are told but nothing is set"),
    gauge("users.total", "users", "handed over by the host and not removed"),
    gauge(
        "users.leaving",
        "users",
        "removed by the host, with something of ours still to be given back, or an echo still to come",
    ),
    gauge("users.matched", "users", "found in the directory"),
    gauge("users.pending", "users", "not searched yet"),
    gauge("users.unknown", "users", "nobody has their address"),
    gauge("users.ambiguous", "users", "several accounts have their address"),
    gauge("users.guest", "users", "only a guest account has their address"),
    gauge("users.disabled", "users", "only a disabled account has their address"),
    gauge("users.no_such_object", "users", "the object id handed over does not exist"),
    gauge("users.no_address", "users", "neither address nor object id"),
    gauge("users.invalid", "users", "malformed address or object id"),
    gauge("users.opted_out", "users", "on the opt-out list: not followed"),
    gauge("users.without_seat", "users", "left out because of `seats.limit`"),
    gauge("users.stale", "users", "presence older than `stale.after_ms`"),
    gauge("users.on_dnd", "users", "DND on at the host, as far as known"),
    gauge("users.owned", "users", "DND on at the host, switched on by this library"),
    gauge("users.intended", "users", "an ON was handed out, or is about to be, and its answer is not known"),
    gauge("users.overridden", "users", "a person switched our DND off; left alone"),
    gauge("users.on_queue_dnd", "users", "DND on for the calls of queues, as far as known"),
    gauge("users.queue_owned", "users", "the same, switched on by this library"),
    gauge("users.queue_intended", "users", "the same as `users.intended`, for the calls of queues"),
    gauge("users.queue_overridden", "users", "the same as `users.overridden`, for the calls of queues"),
    gauge("users.failing", "users", "the host refused the last offer of a change"),
    gauge("users.gone", "users", "the host answered that it has no such user"),
    gauge("users.in_call", "users", "the host reported them in a call of its own"),
    gauge("users.availability.*", "users", "last seen in this availability"),
    gauge("presence.oldest_ms", "ms", "age of the oldest presence of a served user; 0 when there is none"),
    gauge("presence.quiet_ms", "ms", "time since the last good answer about presence"),
    gauge("publish.sessions", "persons", "shown in Teams in a call by this library, or perhaps so"),
    gauge("queues.users", "users", "users with something for the host"),
    gauge("queues.pending", "changes", "changes answered PENDING whose acknowledgement is awaited"),
];

impl Engine {
    pub(super) fn find(&self, user_id_or_email: &str) -> Result<(Slot, &User), NoUser> {
        let there = |slot: &Slot| self.roster.get(*slot).is_some_and(|user| !user.only_echoes());
        let slot = match self.roster.by_id(user_id_or_email).filter(there) {
            Some(slot) => slot,
            None => {
                // Who was removed and still has something of ours is found by his id alone.
                let stays = |slot: &Slot| self.roster.get(*slot).is_some_and(|user| user.leaving.is_none());
                let mut hits = self.roster.by_address(user_id_or_email).filter(stays);
                let first = hits.next().ok_or(NoUser::NotFound)?;
                if hits.next().is_some() {
                    return Err(NoUser::Ambiguous);
                }
                first
            }
        };
        self.roster.get(slot).map(|user| (slot, user)).ok_or(NoUser::NotFound)
    }

    /// One user, by exact id first, then by address.
    pub fn state(&self, user_id_or_email: &str, now: Moment) -> Result<UserState, NoUser> {
        let (_, user) = self.find(user_id_or_email)?;
        let queue = user.queue.as_deref();
        let acknowledged_at = user.lanes().map(DndLane::acknowledged_at).fold(user.chat.acknowledged_at(), u64::max);
        Ok(UserState {
            matched: user.is_matched(),
            availability: user.presence.map_or(Availability::Unknown, |p| p.availability),
            activity: user.presence.map_or(Activity::Unknown, |p| p.activity),
            out_of_office: user.presence.is_some_and(|p| p.out_of_office),
            stale: user.stale,
            dnd_desired: user.dnd.desired(),
            dnd_acknowledged: user.dnd.acknowledged(),
            dnd_owned: user.dnd.owner() == Owner::Ours,
            queue_desired: queue.and_then(DndLane::desired),
            queue_acknowledged: queue.and_then(DndLane::acknowledged),
            queue_owned: queue.is_some_and(|lane| lane.owner() == Owner::Ours),
            chat_desired: user.chat.desired(),
            chat_acknowledged: user.chat.acknowledged(),
            observed_at_ms: user.presence.map_or(0, |_| now.wall_at(user.seen_at)),
            acknowledged_at_ms: if acknowledged_at == 0 { 0 } else { now.wall_at(acknowledged_at) },
            object_id: Some(user.object).filter(|id| *id != Guid(0)),
        })
    }

    /// The object ids of one user, or of all who have a seat: also while disabled, for a refresh by hand.
    pub fn matched_ids(&self, user_id: Option<&str>) -> Vec<Guid> {
        let wanted = |user: &&User| user.is_matched() && user.leaving.is_none() && user.seated;
        match user_id {
            Some(id) => self
                .roster
                .by_id(id)
                .and_then(|slot| self.roster.get(slot))
                .filter(wanted)
                .map(|user| user.object)
                .into_iter()
                .collect(),
            None => self.roster.iter().map(|(_, user)| user).filter(wanted).map(|user| user.object).collect(),
        }
    }

    /// Somebody who has a seat stands for this person.
    pub fn follows(&self, object: Guid) -> bool {
        let wanted = |user: &User| user.is_matched() && user.leaving.is_none() && user.seated;
        self.roster.by_object(object).any(|slot| self.roster.get(slot).is_some_and(wanted))
    }

    /// How every user was matched. A copy without texts of its own, to be written out as JSON without holding the engine up.
    pub fn matching_report(&self) -> MatchingReport {
        let row = |user: &User| MatchingRow {
            user_id: user.id.clone(),
            email: user.email.clone(),
            matching: user.matching.as_str(),
            matched_by: matched_by(user),
            entra_object_id: Some(user.object).filter(|object| *object != Guid(0)),
            seat: user.seated && user.matching != MatchKind::OptedOut,
        };
        let users = self.roster.iter().filter(|(_, user)| user.leaving.is_none()).map(|(_, user)| row(user)).collect();
        MatchingReport { counts: self.match_counts(), users }
    }

    /// How many users stand how with the directory, by the word of [`MatchKind::as_str`].
    pub fn match_counts(&self) -> BTreeMap<&'static str, u64> {
        let words = [
            MatchKind::Matched(super::MatchedBy::Mail),
            MatchKind::Pending,
            MatchKind::Unmatched(Unmatched::Unknown),
            MatchKind::Unmatched(Unmatched::Ambiguous),
            MatchKind::Unmatched(Unmatched::Guest),
            MatchKind::Unmatched(Unmatched::Disabled),
            MatchKind::Unmatched(Unmatched::Gone),
            MatchKind::NoAddress,
            MatchKind::Invalid,
            MatchKind::OptedOut,
        ];
        let mut counts: BTreeMap<&'static str, u64> = words.into_iter().map(|kind| (kind.as_str(), 0)).collect();
        for (_, user) in self.roster.iter().filter(|(_, user)| user.leaving.is_none()) {
            *counts.entry(user.matching.as_str()).or_default() += 1;
        }
        counts
    }

    /// The first `most` user ids that stand so with the directory, in the host's order.
    pub fn match_examples(&self, word: &str, most: usize) -> Vec<String> {
        let mut hits: Vec<(u32, &str)> = self
            .roster
            .iter()
            .filter(|(_, user)| user.leaving.is_none() && user.matching.as_str() == word)
            .map(|(_, user)| (user.order, &*user.id))
            .collect();
        hits.sort_unstable();
        hits.into_iter().take(most).map(|(_, id)| id.to_owned()).collect()
    }

    /// Numbers for `tps_stats`; see [`STATS_FIELDS`].
    pub fn stats(&self, now: Moment) -> Value {
        let mut users: Map<String, Value> =
            self.match_counts().into_iter().map(|(word, count)| (word.to_owned(), count.into())).collect();
        let mut availability: BTreeMap<&str, u64> = BTreeMap::new();
        let mut oldest = now.mono_ms;
        let mut count = |word: &str, counts: &dyn Fn(&User) -> bool| {
            let n = self.roster.iter().filter(|(_, user)| counts(user)).count();
            users.insert(word.to_owned(), (n as u64).into());
        };
        count("total", &|user| user.leaving.is_none());
        count("leaving", &|user| user.leaving.is_some());
        count("without_seat", &|user| user.counts_for_seats() && !user.seated);
        count("stale", &|user| user.stale);
        count("on_dnd", &|user| user.dnd.acknowledged() == Some(Dnd::On));
        count("owned", &|user| user.dnd.owner() == Owner::Ours);
        count("intended", &|user| user.dnd.keeps().has(Keeps::INTENDED));
        count("overridden", &|user| user.dnd.is_overridden(self.stands_until(user, now)));
        let queue = |user: &User, is: &dyn Fn(&DndLane) -> bool| user.queue.as_deref().is_some_and(is);
        count("on_queue_dnd", &|user| queue(user, &|lane| lane.acknowledged() == Some(Dnd::On)));
        count("queue_owned", &|user| queue(user, &|lane| lane.owner() == Owner::Ours));
        count("queue_intended", &|user| queue(user, &|lane| lane.keeps().has(Keeps::INTENDED)));
        count("queue_overridden", &|user| queue(user, &|lane| lane.is_overridden(self.stands_until(user, now))));
        count("failing", &|user| user.lanes().any(|lane| lane.offer().failures() > 0) || user.chat.offer().failures() > 0);
        count("gone", &|user| user.gone);
        for (_, user) in self.roster.iter() {
            if let Some(presence) = user.presence {
                *availability.entry(presence.availability.as_str()).or_default() += 1;
                if self.standing(user) == Standing::Served {
                    oldest = oldest.min(user.seen_at);
                }
            }
        }
        users.insert("in_call".to_owned(), self.users_in_call(now).into());
        users.insert("availability".to_owned(), json!(availability));
        json!({
            "dry_run": self.settings.dry_run,
            "users": users,
            "presence": { "oldest_ms": now.mono_ms - oldest, "quiet_ms": now.mono_ms.saturating_sub(self.last_good) },
            "publish": { "sessions": self.publications(now).0 },
            "queues": { "users": self.ready.len(), "pending": self.pending },
        })
    }
}
