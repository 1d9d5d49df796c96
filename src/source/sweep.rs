//! One look at everybody: which ids go together, and when. Pure.

use std::sync::Arc;

use super::warm::Warm;
use crate::graph::MOST_IDS;
use crate::presence::Guid;

/// With adaptive polling nobody waits longer than this many intervals for his turn: less than the three after which presence may count
/// as stale at the earliest.
pub(super) const MOST_INTERVALS: usize = 2;

/// One look at everybody. The ids form a ring, in their order; a sweep goes round it once.
#[derive(Debug)]
pub(super) struct Sweep {
    ids: Arc<[Guid]>,
    /// The place at which it began.
    from: usize,
    /// Ids in one request.
    size: usize,
    /// Of these at least so many from the ring; the rest may be people who changed lately. As `size`: nobody rides.
    least: usize,
    /// How many of the ring have been asked for, or given up.
    taken: usize,
    /// Requests so far.
    sent: usize,
    /// When it began.
    pub(super) started_at: u64,
    /// Between two requests, microseconds: thousands of people a second leave less than a millisecond.
    spacing_us: u64,
    next_us: u64,
    /// Requests on their way.
    pub(super) flying: usize,
    /// The first id of the request that failed.
    pub(super) failed: Option<Guid>,
    /// Given up for one that goes faster.
    pub(super) cut: bool,
}

/// One request of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Whom to ask for, each once.
    pub ids: Vec<Guid>,
    /// How many of them, at the end, are there because they changed lately.
    pub riders: usize,
}

impl Sweep {
    /// Goes round `ids`, which are sorted, beginning with the first that is not before `from`, in requests that keep
    /// `interval_ms / requests(ids)` apart (0 = as fast as the budget gives). The first goes at once. `shared`: requests are full and have
    /// room for people who changed lately; else they are as few and as equal as can be.
    pub(super) fn plan(ids: Arc<[Guid]>, from: Guid, now: u64, interval_ms: u64, shared: bool) -> Sweep {
        let from = ids.partition_point(|id| *id < from) % ids.len().max(1);
        let requests = requests(ids.len()).max(1);
        // Equal portions: 651 ids are two requests of 326 and 325.
        let equal = ids.len().div_ceil(requests).max(1);
        let (size, least) = if shared && requests > 1 && interval_ms > 0 {
            (MOST_IDS, ids.len().div_ceil(requests * MOST_INTERVALS))
        } else {
            (equal, equal)
        };
        let spacing_us = interval_ms.saturating_mul(1_000).div_ceil(requests as u64);
        let next_us = now.saturating_mul(1_000);
        Sweep {
            ids,
            from,
            size,
            least,
            taken: 0,
            sent: 0,
            started_at: now,
            spacing_us,
            next_us,
            flying: 0,
            failed: None,
            cut: false,
        }
    }

    /// When the next request may go; `None` when none waits.
    pub(super) fn next_at(&self) -> Option<u64> {
        (self.taken < self.ids.len() && !self.is_given_up()).then(|| self.slot_at())
    }

    /// When the request after the last one may go, of this sweep or the next.
    pub(super) fn slot_at(&self) -> u64 {
        self.next_us.div_ceil(1_000)
    }

    /// Takes the next request, which goes now.
    pub(super) fn take(&mut self, now: u64, warm: &mut Warm) -> Option<Portion> {
        let all = self.ids.len();
        if self.taken >= all || self.is_given_up() {
            return None;
        }
        let shared = self.is_shared();
        // A shared request is full: what is left at the end of the round begins the next.
        let left = if shared { all } else { all - self.taken };
        let begin = (self.from + self.taken) % all;
        let most = self.size - self.least;
        let due = if shared { warm.due(now, most) } else { 0 };
        let mut count = (self.size - due).min(left);
        let mut ids: Vec<Guid> = Vec::with_capacity(self.size.min(left + due));
        self.copy(begin, count, &mut ids);
        let mut riders = 0;
        if shared {
            warm.looked(&ids, now);
            // Some of those due have just had their turn: there is room for others.
            let more = (self.size - count - warm.due(now, self.size - count)).min(left - count);
            self.copy(begin + count, more, &mut ids);
            warm.looked(&ids[count..], now);
            count += more;
            warm.ride(self.size - count, now, |id| self.ids.binary_search(&id).is_ok(), &mut ids);
            riders = ids.len() - count;
        }
        self.taken += count;
        self.sent += 1;
        self.flying += 1;
        // Late ones do not make the following ones bunch.
        let now_us = now.saturating_mul(1_000);
        self.next_us = self.next_us.max(now_us.saturating_sub(self.spacing_us)).saturating_add(self.spacing_us);
        Some(Portion { ids, riders })
    }

    /// So many of the ring, from this place on.
    fn copy(&self, from: usize, count: usize, into: &mut Vec<Guid>) {
        // To the end of the list and on from its beginning.
        let (wrapped, ahead) = self.ids.split_at(from % self.ids.len());
        let ahead = &ahead[..count.min(ahead.len())];
        into.extend_from_slice(ahead);
        into.extend_from_slice(&wrapped[..count - ahead.len()]);
    }

    /// The request that begins with `first` failed: nothing more is asked in this sweep.
    pub(super) fn give_up(&mut self, first: Guid) {
        self.failed.get_or_insert(first);
    }

    /// Nothing more is asked in this sweep, because another follows at once.
    pub(super) fn cut(&mut self) {
        self.cut |= self.taken < self.ids.len();
    }

    fn is_given_up(&self) -> bool {
        self.failed.is_some() || self.cut
    }

    /// Where the next sweep begins: what is refused now must not be last for ever, and a full request may have begun the next round.
    pub(super) fn resume_at(&self) -> Option<Guid> {
        let next = || self.ids[(self.from + self.taken) % self.ids.len()];
        self.failed.or_else(|| (self.cut || self.is_shared()).then(next))
    }

    /// How long a round of the fewest requests would have taken if all of its requests took so long.
    pub(super) fn interval_of(&self, took_ms: u64) -> u64 {
        took_ms.saturating_mul(requests(self.ids.len()).min(self.sent) as u64) / self.sent.max(1) as u64
    }

    /// There is room for people who changed lately.
    pub(super) fn is_shared(&self) -> bool {
        self.least < self.size
    }

    /// It goes as fast as it can.
    pub(super) fn hurries(&self) -> bool {
        self.spacing_us == 0
    }

    /// Nothing waits and nothing flies.
    pub(super) fn is_over(&self) -> bool {
        (self.taken >= self.ids.len() || self.is_given_up()) && self.flying == 0
    }
}

/// The fewest requests in which so many can be asked for.
pub(super) fn requests(ids: usize) -> usize {
    ids.div_ceil(MOST_IDS)
}

/// How long one sweep takes at least: what is wanted, stretched by what the service showed, and what the budget allows.
pub(super) fn interval_ms(wanted_ms: u64, stretch_percent: u64, ids: usize, per_30s: u32) -> u64 {
    let by_budget = (requests(ids) as u64 * 30_000).div_ceil(u64::from(per_30s.max(1)));
    (wanted_ms.saturating_mul(stretch_percent) / 100).max(by_budget)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn ids(count: usize) -> Arc<[Guid]> {
        (0..count as u128).map(Guid).collect()
    }

    fn take(sweep: &mut Sweep, now: u64) -> Option<(u128, usize)> {
        sweep.take(now, &mut Warm::default()).map(|portion| (portion.ids[0].0, portion.ids.len()))
    }

    #[test]
    fn requests_are_few_equal_and_spread() {
        let mut sweep = Sweep::plan(ids(651), Guid(0), 1_000, 5_000, false);
        assert_eq!(sweep.next_at(), Some(1_000));
        assert_eq!(take(&mut sweep, 1_000), Some((0, 326)));
        assert_eq!(sweep.next_at(), Some(3_500));
        assert_eq!(take(&mut sweep, 3_600), Some((326, 325)));
        assert_eq!((sweep.next_at(), sweep.is_over()), (None, false));
        sweep.flying = 0;
        assert!(sweep.is_over());
        assert_eq!(sweep.resume_at(), None);
        let mut sweep = Sweep::plan(ids(650), Guid(0), 0, 5_000, true);
        assert_eq!((take(&mut sweep, 0), sweep.next_at()), (Some((0, 650)), None), "one request holds everybody");
        assert!(Sweep::plan(ids(0), Guid(3), 0, 5_000, true).is_over());
    }

    #[test]
    fn shared_requests_are_full_and_go_on_where_the_last_round_ended() {
        let mut sweep = Sweep::plan(ids(700), Guid(0), 0, 5_000, true);
        assert_eq!(take(&mut sweep, 0), Some((0, 650)));
        assert_eq!(take(&mut sweep, 2_500), Some((650, 650)));
        assert_eq!((sweep.next_at(), sweep.slot_at(), sweep.resume_at()), (None, 5_000, Some(Guid(600))));
        assert_eq!(sweep.interval_of(5_100), 5_100);
        assert!(!Sweep::plan(ids(700), Guid(0), 0, 0, true).is_shared(), "in a hurry nobody is asked for twice");
        // Whoever was there may be gone: on with the next.
        let mut sweep = Sweep::plan([Guid(5), Guid(7), Guid(9)].into(), Guid(6), 0, 5_000, false);
        assert_eq!(sweep.take(0, &mut Warm::default()).map(|portion| portion.ids), Some(vec![Guid(7), Guid(9), Guid(5)]));
        assert_eq!(take(&mut Sweep::plan(ids(3), Guid(77), 0, 5_000, false), 0), Some((0, 3)));
    }

    #[test]
    fn a_late_request_does_not_make_the_others_bunch() {
        let mut sweep = Sweep::plan(ids(650 * 5), Guid(0), 0, 5_000, false);
        take(&mut sweep, 0);
        take(&mut sweep, 10_000);
        assert!(sweep.next_at() >= Some(10_000));
    }

    #[test]
    fn a_sweep_that_is_cut_or_fails_asks_no_more() {
        let mut sweep = Sweep::plan(ids(2_000), Guid(0), 0, 5_000, false);
        take(&mut sweep, 0);
        sweep.cut();
        assert_eq!((sweep.next_at(), take(&mut sweep, 9_000), sweep.is_over()), (None, None, false));
        assert_eq!(sweep.resume_at(), Some(Guid(500)));
        sweep.give_up(Guid(0));
        assert_eq!(sweep.resume_at(), Some(Guid(0)), "what failed comes first");
    }

    #[test]
    fn the_budget_and_the_service_stretch() {
        assert_eq!(interval_ms(5_000, 100, 650, 1_200), 5_000);
        assert_eq!(interval_ms(250, 100, 100_000, 1_200), 3_850);
        assert_eq!(interval_ms(5_000, 150, 1, 1_200), 7_500);
        assert_eq!(interval_ms(250, 100, 1, 0), 30_000);
    }

    proptest! {
        #[test]
        fn everybody_once_wherever_it_begins(count in 0..3_000usize, from in 0..4_000u128, interval in 0..9_000u64) {
            let all = ids(count);
            let mut sweep = Sweep::plan(all.clone(), Guid(from), 0, interval, false);
            let mut seen = Vec::new();
            while let Some(Portion { ids, riders }) = sweep.take(0, &mut Warm::default()) {
                prop_assert!(!ids.is_empty() && ids.len() <= MOST_IDS && riders == 0);
                seen.extend(ids);
            }
            prop_assert_eq!(seen.first().copied(), all.get(if from < count as u128 { from as usize } else { 0 }).copied());
            prop_assert_eq!(seen.len(), count);
            prop_assert_eq!(seen.into_iter().collect::<HashSet<_>>().len(), count);
        }
    }
}
