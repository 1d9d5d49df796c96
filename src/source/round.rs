//! The two rounds of polling: those who are asked for at the poll interval, and those whose changes are sent, who are only watched.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::handle::Shared;
use super::notify::Hub;
use super::planner::{Pacing, Planner};
use super::sweep::requests;
use crate::presence::Guid;

/// Which round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// At `source.poll_interval_ms`. Everybody, where there are no notifications.
    Fast = 0,
    /// At `source.watchdog_interval_ms`.
    Watched = 1,
}

/// Both, in their order of importance.
pub(super) const BOTH: [Which; 2] = [Which::Fast, Which::Watched];

/// One of them.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) planner: Planner,
    /// Who is in it, sorted.
    pub(super) ids: Arc<[Guid]>,
    /// From which the sweep under way was planned.
    pub(super) swept: Arc<[Guid]>,
    /// The version of the list of people then.
    pub(super) version: u64,
    /// The interval that the configuration wants; 0 before it is known.
    wanted_ms: u64,
}

impl Round {
    fn new(adaptive: bool) -> Round {
        Round { planner: Planner::new(adaptive), ids: Arc::from([]), swept: Arc::from([]), version: 0, wanted_ms: 0 }
    }

    /// There is nobody in it, and nothing under way.
    pub(super) fn is_idle(&self) -> bool {
        self.ids.is_empty() && self.planner.is_idle()
    }
}

/// Both of them.
#[derive(Debug)]
pub(super) struct Rounds {
    both: [Round; 2],
    /// What they were made of: the version of the list of people, and how notifications divide them.
    made_of: (u64, u64),
}

impl std::ops::Index<Which> for Rounds {
    type Output = Round;
    fn index(&self, which: Which) -> &Round {
        &self.both[which as usize]
    }
}

impl std::ops::IndexMut<Which> for Rounds {
    fn index_mut(&mut self, which: Which) -> &mut Round {
        &mut self.both[which as usize]
    }
}

impl Rounds {
    pub(super) fn new(adaptive: bool) -> Rounds {
        Rounds { both: [Round::new(adaptive), Round::new(false)], made_of: (0, 0) }
    }

    /// The planners of both.
    pub(super) fn planners(&mut self) -> impl Iterator<Item = &mut Planner> {
        self.both.iter_mut().map(|round| &mut round.planner)
    }

    /// Requests under way.
    pub(super) fn flying(&self) -> usize {
        self.both.iter().map(|round| round.planner.flying()).sum()
    }

    /// Takes over the intervals that are wanted. A shorter one holds from now on, however long the one before still lasts.
    pub(super) fn follow(&mut self, shared: &Shared, now: u64) {
        for (which, wanted) in [(Which::Fast, &shared.interval_ms), (Which::Watched, &shared.watchdog_ms)] {
            let (round, wanted) = (&mut self[which], wanted.load(Relaxed));
            if wanted < std::mem::replace(&mut round.wanted_ms, wanted) {
                round.planner.sooner(wanted, now);
            }
        }
    }

    /// Sorts everybody into the two, where that may have changed.
    pub(super) fn divide(&mut self, people: &Arc<[Guid]>, version: u64, hub: Option<&Hub>, now: u64) {
        let made_of = (version, hub.map_or(0, |hub| hub.split(now)));
        if made_of == self.made_of {
            return;
        }
        self.made_of = made_of;
        let Some(hub) = hub else {
            self[Which::Fast].ids = people.clone();
            return;
        };
        let (fast, watched) = hub.divide(people, now);
        // Those of a subscription that is not trusted any more are asked for at once; who is new altogether is asked for anyhow.
        let fallen = fast.iter().any(|id| self[Which::Watched].ids.binary_search(id).is_ok());
        self[Which::Fast].ids = fast;
        self[Which::Watched].ids = watched;
        if fallen {
            self[Which::Fast].planner.hurry(now);
        }
    }

    /// The pace of a round within this budget.
    pub(super) fn pacing(&self, which: Which, shared: &Shared, stretch_percent: u64, per_30s: u32) -> Pacing {
        let pacing = |wanted: &AtomicU64, per_30s| Pacing { wanted_ms: wanted.load(Relaxed), stretch_percent, per_30s };
        let watched = pacing(&shared.watchdog_ms, per_30s);
        match which {
            Which::Watched => watched,
            Which::Fast => pacing(&shared.interval_ms, beside(per_30s, self[Which::Watched].ids.len(), watched)),
        }
    }
}

/// What is left of a budget when so many people are watched at this interval: they are few requests, spread evenly.
fn beside(per_30s: u32, watched: usize, watchdog: Pacing) -> u32 {
    if watched == 0 {
        return per_30s;
    }
    let interval = watchdog.interval_ms(watched).max(1);
    let taken = (requests(watched) as u64).saturating_mul(30_000).div_ceil(interval);
    per_30s.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watched_take_their_part() {
        let pacing = |wanted_ms| Pacing { wanted_ms, stretch_percent: 100, per_30s: 100 };
        assert_eq!(beside(100, 0, pacing(60_000)), 100);
        assert_eq!(beside(100, 650, pacing(60_000)), 99);
        assert_eq!(beside(100, 6_500, pacing(60_000)), 95);
        assert_eq!(beside(1, 6_500, pacing(1_000)), 1, "never none at all");
    }
}
