//! The fast lane: single people are asked for at once, but never at the cost of all others. Pure.
//!
//! Questions close together become one. The lane takes a quarter of the budget at most, however often it is asked to, and the sweeps leave
//! an eighth of it free, so that somebody whose telephone rings does not stand in line behind a hundred thousand others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::graph::MOST_IDS;
use crate::presence::Guid;

/// Requests for single people under way at once: one that hangs does not hold up the next.
const MOST_FLYING: usize = 3;
/// Who is asked for within this becomes one request.
const JOIN_MS: u64 = 25;
/// A request is as good as one sent now if it began so short ago and its answer is still out.
pub(super) const FRESH_MS: u64 = 250;
/// The lane's part of the budget.
const ONE_IN: u64 = 4;
/// Requests at once after a rest.
const BURST: u64 = 16;

/// Requests in 30 s that sweeps leave to the lane.
pub(super) fn reserve(limit: u32) -> u32 {
    limit / 8
}

/// Spends a quarter of a budget: some at once, the rest evenly.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// When all that was spent will have been earned again, microseconds.
    paid_us: u64,
}

impl Meter {
    /// When the next may go.
    pub(super) fn at(&self, limit: u32) -> u64 {
        let ahead = (BURST.min(u64::from(limit) / 64).max(1) - 1) * gap_us(limit);
        self.paid_us.saturating_sub(ahead).div_ceil(1_000)
    }

    /// So many go now.
    pub(super) fn spend(&mut self, requests: u64, now: u64, limit: u32) {
        self.paid_us = self.paid_us.max(now.saturating_mul(1_000)).saturating_add(requests.saturating_mul(gap_us(limit)));
    }
}

fn gap_us(limit: u32) -> u64 {
    30_000_000 * ONE_IN / u64::from(limit.max(1))
}

/// People to ask for, and since when somebody wants to know.
pub(super) type Wanted = BTreeMap<Guid, u64>;

/// A request under way, of the lane or a sweep.
#[derive(Debug)]
struct Flight {
    ids: Arc<[Guid]>,
    began: u64,
    single: bool,
}

impl Flight {
    /// Its answer does for who wants to know since then, if it is still out.
    fn does_for(&self, since: u64) -> bool {
        since <= self.began + FRESH_MS
    }
}

/// When the lane may go.
#[derive(Debug, Default)]
pub(super) struct Lane {
    meter: Meter,
    flights: Vec<Flight>,
    sent_at: Option<u64>,
    not_before: u64,
    /// People whose question was lost, to be asked for again from then on.
    again: BTreeSet<Guid>,
    again_at: u64,
}

impl Lane {
    /// When people may be taken from `wanted`: `u64::MAX` if none wait, or until an answer has come.
    pub(super) fn at(&mut self, wanted: &mut Wanted, now: u64, limit: u32) -> u64 {
        if now >= self.again_at {
            wanted.extend(std::mem::take(&mut self.again).into_iter().map(|id| (id, now)));
        }
        let again_at = if self.again.is_empty() { u64::MAX } else { self.again_at };
        if wanted.is_empty() || self.flights.iter().filter(|flight| flight.single).count() >= MOST_FLYING {
            return again_at;
        }
        let join = self.sent_at.map_or(0, |at| at + JOIN_MS);
        again_at.min(self.not_before.max(join).max(self.meter.at(limit)).max(now))
    }

    /// Takes whom to ask for now: nobody who is being asked for anyhow, and nobody for whom `may` says no, who is forgotten.
    pub(super) fn take(&mut self, wanted: &mut Wanted, now: u64, limit: u32, may: impl Fn(Guid) -> bool) -> Option<Vec<Guid>> {
        let mut held: BTreeSet<Guid> = BTreeSet::new();
        for flight in &self.flights {
            let fresh = |id: &&Guid| wanted.get(id).is_some_and(|since| flight.does_for(*since));
            held.extend(flight.ids.iter().filter(fresh));
        }
        let mut ids = Vec::new();
        wanted.retain(|id, _| {
            if ids.len() == MOST_IDS || held.contains(id) {
                return true;
            }
            if may(*id) {
                ids.push(*id);
            }
            false
        });
        if ids.is_empty() {
            return None;
        }
        self.meter.spend(1, now, limit);
        self.sent_at = Some(now);
        Some(ids)
    }

    /// A request goes now.
    pub(super) fn sent(&mut self, ids: Arc<[Guid]>, now: u64, single: bool) {
        self.flights.push(Flight { ids, began: now, single });
    }

    /// A request ended. If all went well, its answer was read at `read_at`, and whoever wanted to know before that has been told; who came
    /// between that and now asks for what may have changed since.
    pub(super) fn landed(&mut self, ids: &Arc<[Guid]>, read_at: Option<u64>, wanted: &mut Wanted) {
        let Some(at) = self.flights.iter().position(|flight| Arc::ptr_eq(&flight.ids, ids)) else { return };
        let flight = self.flights.swap_remove(at);
        let Some(read_at) = read_at else { return };
        if wanted.is_empty() {
            return;
        }
        for id in ids.iter() {
            if wanted.get(id).is_some_and(|since| flight.does_for(*since) && *since < read_at) {
                wanted.remove(id);
            }
        }
    }

    /// A question was lost: these are asked for again at `again_at`, others not before `not_before`.
    pub(super) fn lost(&mut self, ids: impl IntoIterator<Item = Guid>, not_before: u64, again_at: u64) {
        self.not_before = not_before;
        self.again.extend(ids);
        self.again_at = again_at;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(_: Guid) -> bool {
        true
    }

    /// What goes at this moment, if anything.
    fn go(lane: &mut Lane, wanted: &mut Wanted, now: u64, limit: u32) -> Option<Arc<[Guid]>> {
        if lane.at(wanted, now, limit) > now {
            return None;
        }
        let ids: Arc<[Guid]> = lane.take(wanted, now, limit, all)?.into();
        lane.sent(ids.clone(), now, true);
        Some(ids)
    }

    #[test]
    fn one_goes_at_once_and_the_next_ones_together() {
        let (mut lane, mut wanted) = (Lane::default(), Wanted::from([(Guid(1), 1_000)]));
        let first = go(&mut lane, &mut wanted, 1_000, 1_200).expect("at once");
        wanted.extend((2..20).map(|n| (Guid(n), 1_001)));
        assert_eq!(lane.at(&mut wanted, 1_001, 1_200), 1_025);
        assert_eq!(go(&mut lane, &mut wanted, 1_024, 1_200), None);
        assert_eq!(go(&mut lane, &mut wanted, 1_025, 1_200).map(|ids| ids.len()), Some(18), "though the first is still out");
        lane.landed(&first, Some(1_200), &mut wanted);
        assert_eq!(lane.at(&mut wanted, 1_200, 1_200), u64::MAX);
    }

    #[test]
    fn nobody_is_asked_for_twice_at_a_time_but_when_that_fails_or_lasts() {
        let (mut lane, mut wanted) = (Lane::default(), Wanted::default());
        let sweep: Arc<[Guid]> = (0..650).map(Guid).collect();
        lane.sent(sweep.clone(), 5_000, false);
        wanted.insert(Guid(7), 5_100);
        assert_eq!(go(&mut lane, &mut wanted, 5_100, 1_200), None, "he is being asked for");
        lane.landed(&sweep, None, &mut wanted);
        assert_eq!(go(&mut lane, &mut wanted, 5_150, 1_200).as_deref(), Some(&[Guid(7)][..]), "that failed");
        lane.sent(sweep.clone(), 6_000, false);
        wanted.extend([(Guid(7), 6_200), (Guid(8), 6_300)]);
        assert_eq!(go(&mut lane, &mut wanted, 6_300, 1_200).as_deref(), Some(&[Guid(8)][..]), "an old question says too little");
        lane.landed(&sweep, Some(6_400), &mut wanted);
        assert!(wanted.is_empty());
    }

    #[test]
    fn who_asks_once_the_answer_is_read_is_asked_for() {
        let (mut lane, mut wanted) = (Lane::default(), Wanted::default());
        let sweep: Arc<[Guid]> = (0..650).map(Guid).collect();
        lane.sent(sweep.clone(), 5_000, false);
        wanted.extend([(Guid(6), 5_019), (Guid(7), 5_020), (Guid(8), 5_060)]);
        assert_eq!(go(&mut lane, &mut wanted, 5_070, 1_200), None, "the answer has not been looked through yet");
        lane.landed(&sweep, Some(5_020), &mut wanted);
        assert_eq!(go(&mut lane, &mut wanted, 5_080, 1_200).as_deref(), Some(&[Guid(7), Guid(8)][..]));
    }

    #[test]
    fn a_hanging_request_does_not_hold_up_the_next() {
        let (mut lane, mut wanted) = (Lane::default(), Wanted::default());
        let mut gone = 0;
        for n in 0..10u64 {
            wanted.insert(Guid(n.into()), n * 1_000);
            gone += usize::from(go(&mut lane, &mut wanted, n * 1_000, 1_200).is_some());
        }
        assert_eq!((gone, wanted.len()), (MOST_FLYING, 7));
    }

    #[test]
    fn lost_questions_are_asked_again_when_it_is_time() {
        let (mut lane, mut wanted) = (Lane::default(), Wanted::default());
        lane.lost([Guid(1)], 2_000, 60_000);
        assert_eq!(lane.at(&mut wanted, 1_000, 1_200), 60_000);
        wanted.insert(Guid(2), 1_500);
        assert_eq!(lane.at(&mut wanted, 1_500, 1_200), 2_000);
        assert_eq!(lane.at(&mut wanted, 60_000, 1_200), 60_000);
        assert_eq!(go(&mut lane, &mut wanted, 60_000, 1_200).as_deref(), Some(&[Guid(1), Guid(2)][..]));
    }

    proptest! {
        /// However often somebody wants to know, the lane keeps to a quarter of the budget and a burst, and everybody has his turn.
        #[test]
        fn a_storm_costs_a_quarter(limit in 1..1_500u32, people in 1..2_000u128, each_ms in 1..40u64, answer_ms in 0..400u64) {
            let (mut lane, mut wanted) = (Lane::default(), Wanted::default());
            let (mut out, mut asked) = (std::collections::VecDeque::new(), 0u64);
            for now in (0..60_000).step_by(each_ms as usize) {
                wanted.insert(Guid(u128::from(now / each_ms) % people), now);
                while out.front().is_some_and(|(at, _)| *at <= now) {
                    let Some((_, ids)) = out.pop_front() else { break };
                    lane.landed(&ids, Some(now), &mut wanted);
                }
                if let Some(ids) = go(&mut lane, &mut wanted, now, limit) {
                    prop_assert!(!ids.is_empty() && ids.len() <= MOST_IDS);
                    asked += 1;
                    out.push_back((now + answer_ms, ids));
                }
            }
            prop_assert!(asked <= u64::from(limit) * 2 / ONE_IN + BURST + 1, "{asked} of {limit}");
            prop_assert!(asked > 0);
        }
    }
}
