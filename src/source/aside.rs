//! Ids that Graph refuses, left out for a while. Pure.

use std::collections::HashMap;

use crate::presence::Guid;

/// An id set aside is tried again after this, doubling to [`MOST_MS`].
const FIRST_MS: u64 = 5 * 60_000;
const MOST_MS: u64 = 60 * 60_000;

struct Wait {
    until: u64,
    wait: u64,
}

/// The ids set aside.
#[derive(Default)]
pub(super) struct Aside(HashMap<Guid, Wait>);

impl Aside {
    /// Graph refuses this one. True for the first time.
    pub(super) fn refused(&mut self, id: Guid, now: u64) -> bool {
        let known = self.0.get(&id).map(|known| known.wait);
        let wait = known.map_or(FIRST_MS, |wait| (wait * 2).min(MOST_MS));
        self.0.insert(id, Wait { until: now.saturating_add(wait), wait });
        known.is_none()
    }

    /// Whether he may be asked for.
    pub(super) fn serves(&self, id: Guid, now: u64) -> bool {
        self.0.get(&id).is_none_or(|wait| wait.until <= now)
    }

    /// These were asked for and answered, but for those of whom `refused` says otherwise.
    pub(super) fn answered(&mut self, ids: &[Guid], refused: impl Fn(Guid) -> bool) {
        if !self.0.is_empty() {
            self.0.retain(|id, _| !ids.contains(id) || refused(*id));
        }
    }

    /// All of them are tried again at this moment at the latest.
    pub(super) fn again_by(&mut self, at: u64) {
        self.0.values_mut().for_each(|wait| wait.until = wait.until.min(at));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
