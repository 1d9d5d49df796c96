//! Users whom the host named by object id. They are followed at once, for the host knows better than an address; whether there is such an
//! account, the directory is asked afterwards.

use super::engine::Engine;
use super::mapping::Turn;
use super::user::{MatchKind, MatchedBy, Unmatched, User};
use crate::presence::Guid;
use crate::time::Moment;

impl Engine {
    /// The object ids that the host named, each once, in ascending order.
    pub fn named_ids(&self) -> Vec<Guid> {
        let named = self.roster.iter().map(|(_, user)| user).filter(|user| is_named(user));
        let mut ids: Vec<Guid> = named.map(|user| user.object).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Those of them that the directory was not asked about yet.
    pub fn unchecked_ids(&mut self) -> Vec<Guid> {
        let Engine { unchecked, roster, .. } = self;
        unchecked.retain(|id| roster.by_object(*id).any(|slot| roster.get(slot).is_some_and(is_named)));
        unchecked.iter().copied().collect()
    }

    /// What the directory says of an object id that the host named: `None` for an active account. Answers whose match changed.
    pub fn check_named(&mut self, object: Guid, trouble: Option<Unmatched>, now: Moment) -> Vec<Turn> {
        // The first answer is the outcome of a search, as for an address; a later one is a change.
        let first = self.unchecked.remove(&object);
        let after = trouble.map_or(MatchKind::Matched(MatchedBy::Override), MatchKind::Unmatched);
        let slots: Vec<_> = self.roster.by_object(object).collect();
        let mut turns = Vec::new();
        for slot in slots {
            let Some(user) = self.roster.get_mut(slot).filter(|user| is_named(user) && user.matching != after) else { continue };
            let before = std::mem::replace(&mut user.matching, after);
            let before = if first { MatchKind::Pending } else { before };
            turns.push(Turn { user_id: user.id.clone(), before, after, object, hits: None });
            let seen_at = user.seen_at;
            self.polled = None;
            self.evaluate(slot, seen_at, now);
        }
        turns
    }

    /// The directory cannot tell about these: they are followed as the host said.
    pub fn take_as_named(&mut self, ids: &[Guid]) {
        ids.iter().for_each(|id| {
            self.unchecked.remove(id);
        });
    }
}

fn is_named(user: &User) -> bool {
    user.leaving.is_none() && user.is_named()
}
