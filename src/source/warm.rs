//! Who changed lately, and how often it pays to look at them. Pure.
//!
//! With a given number of looks people wait least, on average, if each is looked at in proportion to the square root of how often he
//! changes. That is estimated from two things: a score of each person's own changes, in which each counts half as much with every
//! [`HALF_MS`], and how often people with and without a score were found changed of late. Where a score foretells nothing (everybody
//! telephones all day; everybody changes at the full hour) nobody is preferred.

use std::collections::{BTreeSet, HashMap};

use crate::presence::Guid;

/// A change counts half as much after this.
const HALF_MS: u64 = 15 * 60_000;
/// One in so many may be warm at most; beyond it those with the lowest scores are not. Bounds memory and work.
const ONE_IN: usize = 4;
/// What is left of earlier experience with each sweep.
const MEMORY: f64 = 0.95;
/// So many changes are taken to speak for no difference.
const DOUBT: f64 = 10.0;
/// Looks at one person in the time of one sweep.
const MOST_LOOKS: f64 = 8.0;
const NEVER: u64 = u64::MAX;
/// Rides are a little later than evenly spread, so that the last is not wasted right before the person's turn.
const LATE: f64 = 1.05;

#[derive(Clone, Copy, Debug)]
struct Heat {
    /// When the score will have fallen to one: fading changes no order between people.
    fades_at: u64,
    asked_at: u64,
    /// When he rides; [`NEVER`] where his turn comes sooner.
    due: u64,
}

impl Heat {
    fn score(&self, now: u64) -> f64 {
        ((self.fades_at as f64 - now as f64) / HALF_MS as f64).exp2()
    }
}

/// Changes found, and in what time (times score).
#[derive(Debug, Default)]
struct Tally {
    changes: f64,
    time: f64,
}

impl Tally {
    fn fade(&mut self) {
        self.changes *= MEMORY;
        self.time *= MEMORY;
    }
}

/// The people who changed lately.
#[derive(Debug, Default)]
pub(super) struct Warm {
    heat: HashMap<Guid, Heat>,
    by_due: BTreeSet<(u64, Guid)>,
    by_score: BTreeSet<(u64, Guid)>,
    most: usize,
    /// How long a sweep takes.
    round_ms: u64,
    /// How often somebody with score one changes, as a multiple of people without a score.
    lift: f64,
    warm: Tally,
    cold: Tally,
}

impl Warm {
    /// A sweep of so many people begins; the one before took `round_ms`.
    pub(super) fn begin(&mut self, people: usize, round_ms: u64, now: u64) {
        self.most = people / ONE_IN;
        self.round_ms = round_ms;
        self.lift = if self.cold.changes > 0.0 {
            let cold = self.cold.changes / self.cold.time;
            (self.warm.changes + DOUBT) / (self.warm.time * cold + DOUBT)
        } else {
            1.0
        };
        self.cold.fade();
        self.warm.fade();
        while let Some((fades_at, id)) = self.by_score.first().copied()
            && (fades_at + HALF_MS <= now || self.heat.len() > self.most)
        {
            self.forget(id);
        }
    }

    /// Nobody any more.
    pub(super) fn clear(&mut self) {
        *self = Warm::default();
    }

    /// A look showed something new about somebody.
    pub(super) fn changed(&mut self, id: Guid, now: u64) {
        let known = self.heat.get(&id).copied();
        let tally = if known.is_some() { &mut self.warm } else { &mut self.cold };
        tally.changes += 1.0;
        if self.most == 0 {
            return;
        }
        let score = 1.0 + known.map_or(0.0, |heat| heat.score(now));
        let heat =
            Heat { fades_at: now + (HALF_MS as f64 * score.log2()) as u64, asked_at: now, due: self.due_after(score, now) };
        match known {
            Some(_) => self.forget(id),
            None if self.heat.len() >= self.most => match self.by_score.first().copied() {
                Some((least, other)) if least < heat.fades_at => self.forget(other),
                _ => return,
            },
            None => {}
        }
        if heat.due != NEVER {
            self.by_due.insert((heat.due, id));
        }
        self.by_score.insert((heat.fades_at, id));
        self.heat.insert(id, heat);
    }

    fn forget(&mut self, id: Guid) {
        if let Some(heat) = self.heat.remove(&id) {
            self.by_due.remove(&(heat.due, id));
            self.by_score.remove(&(heat.fades_at, id));
        }
    }

    /// How many are due, `most` at most.
    pub(super) fn due(&self, now: u64, most: usize) -> usize {
        self.by_due.iter().take(most).take_while(|(due, _)| *due <= now).count()
    }

    /// These are looked at now because it is their turn.
    pub(super) fn looked(&mut self, ids: &[Guid], now: u64) {
        let mut others = ids.len();
        if !self.heat.is_empty() {
            for id in ids {
                others -= usize::from(self.look(*id, now));
            }
        }
        self.cold.time += others as f64 * self.round_ms as f64;
    }

    /// Adds the first `count` of those due; who may not ride is forgotten.
    pub(super) fn ride(&mut self, count: usize, now: u64, may: impl Fn(Guid) -> bool, ids: &mut Vec<Guid>) {
        for _ in 0..count {
            let Some((_, id)) = self.by_due.first().copied().filter(|(due, _)| *due <= now) else { return };
            if may(id) {
                self.look(id, now);
                ids.push(id);
            } else {
                self.forget(id);
            }
        }
    }

    fn look(&mut self, id: Guid, now: u64) -> bool {
        let Some(known) = self.heat.get(&id).copied() else { return false };
        let score = known.score(now);
        self.warm.time += now.saturating_sub(known.asked_at) as f64 * score;
        let due = self.due_after(score, now);
        if known.due != NEVER {
            self.by_due.remove(&(known.due, id));
        }
        if due != NEVER {
            self.by_due.insert((due, id));
        }
        self.heat.insert(id, Heat { asked_at: now, due, ..known });
        true
    }

    /// When somebody looked at now rides.
    fn due_after(&self, score: f64, now: u64) -> u64 {
        // One look more pays from √2 on.
        let looks = ((score * self.lift).sqrt() + 0.55).floor().min(MOST_LOOKS);
        if looks < 2.0 { NEVER } else { now + (self.round_ms as f64 * LATE / looks) as u64 + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn riders(warm: &mut Warm, now: u64) -> Vec<Guid> {
        let (count, mut ids) = (warm.due(now, 300), Vec::new());
        warm.ride(count, now, |_| true, &mut ids);
        ids
    }

    #[test]
    fn who_changes_often_rides_often_and_then_less() {
        let mut warm = Warm::default();
        warm.begin(1_000, 5_000, 0);
        warm.changed(Guid(1), 0);
        assert_eq!(riders(&mut warm, 4_900), [], "one change is not enough");
        for _ in 0..8 {
            warm.changed(Guid(2), 0);
        }
        let rides = (0..60).filter(|tenth| !riders(&mut warm, tenth * 100).is_empty()).count();
        assert_eq!(rides, 3, "eight changes: looked at three times in a round, of which one is his turn");
        warm.begin(1_000, 5_000, 59 * 60_000);
        assert_eq!((warm.heat.len(), riders(&mut warm, 59 * 60_000).len()), (1, 1), "still warm, and due");
        assert_eq!(riders(&mut warm, 60 * 60_000), [], "but it does not pay any more");
        warm.begin(1_000, 5_000, 3 * 60 * 60_000);
        assert!(warm.heat.is_empty() && warm.by_due.is_empty() && warm.by_score.is_empty());
    }

    #[test]
    fn a_score_that_foretells_nothing_makes_nobody_ride() {
        let mut warm = Warm::default();
        for round in 0..100u64 {
            let now = round * 5_000;
            warm.begin(1_000, 5_000, now);
            warm.looked(&(0..1_000).map(Guid).collect::<Vec<_>>(), now);
            // One after the other: who has just changed is the last to change again.
            (0..5).for_each(|n| warm.changed(Guid(u128::from((round * 5 + n) % 1_000)), now));
        }
        assert!(warm.lift < 0.5, "{}", warm.lift);
        assert_eq!(riders(&mut warm, 500_000), []);
    }

    #[test]
    fn a_score_that_foretells_much_makes_few_changes_enough() {
        let mut warm = Warm::default();
        for round in 0..100u64 {
            let now = round * 5_000;
            warm.begin(1_000, 5_000, now);
            warm.looked(&(0..1_000).map(Guid).collect::<Vec<_>>(), now);
            if round % 4 == 0 {
                (0..5).for_each(|n| warm.changed(Guid(n), now));
            }
            warm.changed(Guid(u128::from(500 + round)), now);
        }
        assert!(warm.lift > 2.0, "{}", warm.lift);
        assert!(riders(&mut warm, 500_000).contains(&Guid(3)));
    }

    #[test]
    fn only_a_quarter_is_kept_those_with_the_highest_scores() {
        let mut warm = Warm::default();
        warm.begin(1_000, 5_000, 0);
        for n in 0..300 {
            warm.changed(Guid(n), n as u64);
            warm.changed(Guid(n), 100_000 - n as u64);
        }
        assert_eq!((warm.heat.len(), warm.by_score.len()), (250, 250));
        warm.changed(Guid(999), 100_001);
        assert!(!warm.heat.contains_key(&Guid(999)), "one change is less than two");
        warm.begin(40, 5_000, 100_002);
        assert_eq!((warm.heat.len(), warm.by_due.len() <= 10), (10, true));
    }
}
