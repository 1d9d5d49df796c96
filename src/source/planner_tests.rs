//! What the planner promises, whoever changes when and whatever fails.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::graph::MOST_IDS;

fn people(count: usize) -> Arc<[Guid]> {
    (0..count as u128).map(Guid).collect()
}

fn pacing(wanted_ms: u64) -> Pacing {
    Pacing { wanted_ms, stretch_percent: 100, per_30s: 1_500 }
}

/// One run of the planner on a simulated clock.
struct Run {
    planner: Planner,
    ids: Arc<[Guid]>,
    /// As it was when the sweep under way began.
    listed: Arc<[Guid]>,
    pacing: Pacing,
    answer_ms: u64,
    now: u64,
    flying: VecDeque<(u64, Guid, bool)>,
    /// When each request went.
    sent: Vec<u64>,
    /// When each person was last asked for, and answered.
    asked: Vec<Option<u64>>,
    longest_ms: u64,
    swept: u64,
}

impl Run {
    fn new(adaptive: bool, count: usize, wanted_ms: u64, answer_ms: u64) -> Run {
        let (planner, ids) = (Planner::new(adaptive), people(count));
        let (flying, sent, asked) = (VecDeque::new(), Vec::new(), vec![None; 4_000]);
        Run {
            planner,
            listed: ids.clone(),
            ids,
            pacing: pacing(wanted_ms),
            answer_ms,
            now: 0,
            flying,
            sent,
            asked,
            longest_ms: 0,
            swept: 0,
        }
    }

    fn interval(&self) -> u64 {
        self.pacing.interval_ms(self.ids.len())
    }

    fn spacing(&self) -> u64 {
        self.interval().div_ceil(self.ids.len().div_ceil(MOST_IDS).max(1) as u64)
    }

    /// Goes on for so long. `outcome` tells of each request whether it fails, and who changed.
    fn go_on(&mut self, ms: u64, mut outcome: impl FnMut(&Portion) -> (bool, Vec<Guid>)) -> Result<(), TestCaseError> {
        let until = self.now + ms;
        while self.now < until {
            while let Some((_, first, failed)) = self.flying.pop_front_if(|(at, ..)| *at <= self.now) {
                self.planner.landed(first, failed);
            }
            if let Some(swept) = self.planner.end(self.now) {
                self.swept += 1;
                if !swept.whole {
                    self.planner.again_at(self.now, swept.hurried);
                }
            }
            if self.planner.is_idle() && self.planner.next_at().is_some_and(|at| at <= self.now) {
                self.listed = self.ids.clone();
                self.planner.begin(self.ids.clone(), self.now, self.pacing);
            }
            while self.planner.next_at().is_some_and(|at| at <= self.now) {
                let Some(portion) = self.planner.take(self.now) else { break };
                let (failed, news) = outcome(&portion);
                self.check(&portion)?;
                if !failed {
                    self.answered(&portion);
                    news.into_iter().for_each(|id| self.planner.changed(id, self.now));
                }
                self.sent.push(self.now);
                self.flying.push_back((self.now + self.answer_ms, portion.ids[0], failed));
            }
            let next = [self.flying.front().map(|(at, ..)| *at), self.planner.next_at()];
            self.now = next.into_iter().flatten().min().unwrap_or(until).max(self.now + 1);
        }
        Ok(())
    }

    fn check(&self, portion: &Portion) -> Result<(), TestCaseError> {
        prop_assert!(!portion.ids.is_empty() && portion.ids.len() <= MOST_IDS, "{}", portion.ids.len());
        let mut once = portion.ids.clone();
        once.sort_unstable();
        prop_assert!(once.windows(2).all(|pair| pair[0] < pair[1]), "nobody twice in a request");
        prop_assert!(once.iter().all(|id| self.listed.binary_search(id).is_ok()), "nobody else");
        Ok(())
    }

    fn answered(&mut self, portion: &Portion) {
        for id in portion.ids.iter().filter(|id| self.ids.binary_search(id).is_ok()) {
            let before = self.asked[id.0 as usize].replace(self.now).unwrap_or(self.now);
            self.longest_ms = self.longest_ms.max(self.now - before);
        }
    }

    /// The longest that anybody waited, or waits still.
    fn longest(&self) -> u64 {
        let waits = self.ids.iter().map(|id| self.now - self.asked[id.0 as usize].unwrap_or(0));
        waits.max().unwrap_or(0).max(self.longest_ms)
    }
}

/// Who changes: of the people of a request each with this chance in a thousand, more likely those with a low id.
fn changes(portion: &Portion, dice: &mut u64, per_mille: u64, eager: u128) -> Vec<Guid> {
    let mut roll = || {
        *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*dice >> 33) % 1_000
    };
    portion.ids.iter().filter(|id| roll() < if id.0 < eager { per_mille * 10 } else { per_mille }).copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Two intervals at most (one without `adaptive`), and no more requests than fixed polling.
    #[test]
    fn nobody_waits_longer_than_promised_and_nothing_costs_more(
        count in 1..3_500usize,
        wanted_ms in 250..20_000u64,
        adaptive: bool,
        per_mille in 0..100u64,
        eager in 0..3_000u128,
        seed: u64,
    ) {
        let mut dice = seed;
        let mut run = Run::new(adaptive, count, wanted_ms, 0);
        let (interval, spacing) = (run.interval(), run.spacing());
        run.go_on(interval * 20, |portion| (false, changes(portion, &mut dice, per_mille, eager)))?;
        let most = if adaptive && count > MOST_IDS { 2 * interval } else { interval };
        prop_assert!(run.longest() <= most + spacing + 2, "{} of {most}", run.longest());
        let mut fixed = Run::new(false, count, wanted_ms, 0);
        fixed.go_on(interval * 20, |_| (false, Vec::new()))?;
        prop_assert!(run.sent.len() <= fixed.sent.len() + 1, "{} instead of {}", run.sent.len(), fixed.sent.len());
        // The first sweep hurries; from then on also in each part of the time.
        let requests = count.div_ceil(MOST_IDS);
        for pair in run.sent[requests..].windows(requests + 1) {
            prop_assert!(pair[requests] - pair[0] + 1 >= interval, "{} in less than {interval} ms: {pair:?}", requests + 1);
        }
        prop_assert!(run.swept >= 9 && (adaptive || run.swept >= 19), "{}", run.swept);
    }

    /// Slow answers hold each sweep up by one of them.
    #[test]
    fn slow_answers_cost_their_time_once_a_sweep(count in 651..3_500usize, answer_ms in 0..400u64, per_mille in 0..100u64, seed: u64) {
        let mut dice = seed;
        let mut run = Run::new(true, count, 5_000, answer_ms);
        run.go_on(100_000, |portion| (false, changes(portion, &mut dice, per_mille, 200)))?;
        prop_assert!(run.longest() <= 10_000 + run.spacing() + 2 * answer_ms + 2, "{}", run.longest());
    }

    /// People come and go: who is new takes his turn before others, so a changed list costs them a little, but no third interval.
    #[test]
    fn a_changed_list_makes_nobody_wait_for_three_intervals(
        count in 700..2_600usize,
        changes_of_list in prop::collection::vec((0..50usize, 0..50u128, 4_000..20_000u64), 1..8),
        per_mille in 0..100u64,
        seed: u64,
    ) {
        let mut dice = seed;
        let mut run = Run::new(true, count, 5_000, 0);
        run.go_on(10_000, |_| (false, Vec::new()))?;
        for (less, first, wait) in changes_of_list {
            let before = std::mem::replace(&mut run.ids, (first..first + (count - less) as u128).map(Guid).collect());
            // The poll loop asks for newcomers at once.
            for id in run.ids.iter().filter(|id| before.binary_search(id).is_err()) {
                run.asked[id.0 as usize] = Some(run.now);
            }
            run.go_on(wait, |portion| (false, changes(portion, &mut dice, per_mille, 900)))?;
        }
        prop_assert!(run.longest() < 15_000, "{}", run.longest());
    }

    /// Whatever fails: everybody is asked for with success before long.
    #[test]
    fn failures_make_nobody_be_forgotten(count in 1..3_000usize, adaptive: bool, percent in 1..60u64, seed: u64) {
        let mut dice = seed | 1;
        let mut run = Run::new(adaptive, count, 1_000, 40);
        run.go_on(60_000, |portion| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((dice >> 33) % 100 < percent, changes(portion, &mut dice, 20, 100))
        })?;
        prop_assert!(run.ids.iter().all(|id| run.asked[id.0 as usize].is_some()));
        run.go_on(4_000, |_| (false, Vec::new()))?;
        let waits = run.ids.iter().map(|id| run.now - run.asked[id.0 as usize].unwrap_or(0)).max();
        prop_assert!(waits <= Some(3_000), "{waits:?} after it has ended");
    }
}

#[test]
fn a_look_at_once_cuts_what_takes_its_time_and_joins_what_has_just_begun() {
    let mut planner = Planner::new(false);
    planner.begin(people(2_000), 0, pacing(5_000));
    let mut hurried = 0;
    while planner.next_at().is_some_and(|at| at == 0) && planner.take(0).is_some() {
        hurried += 1;
    }
    assert_eq!(hurried, 4, "nothing is known yet");
    planner.at_once(100);
    (0..4).for_each(|n| planner.landed(Guid(n * 500), false));
    assert!(planner.end(150).is_some_and(|swept| swept.whole && swept.hurried));
    assert_eq!(planner.next_at(), Some(1_250), "it had just begun");
    planner.begin(people(2_000), 5_000, pacing(5_000));
    assert!(planner.take(5_000).is_some());
    planner.at_once(5_400);
    assert_eq!(planner.next_at(), None, "one answer is out");
    planner.landed(Guid(0), false);
    assert!(planner.end(5_500).is_some_and(|swept| swept.cut && !swept.whole));
    assert_eq!(planner.next_at(), Some(5_400));
    planner.begin(people(2_000), 5_500, pacing(5_000));
    assert_eq!(planner.take(5_500).map(|portion| portion.ids[0]), Some(Guid(500)), "on from where it was cut");
    assert_eq!(planner.next_at(), Some(5_500), "and all at once");
}

#[test]
fn with_adaptive_off_or_few_people_nobody_rides() {
    for (adaptive, count) in [(false, 2_000), (true, 650)] {
        let mut run = Run::new(adaptive, count, 5_000, 50);
        run.go_on(100_000, |portion| {
            assert_eq!(portion.riders, 0);
            (false, vec![Guid(1), Guid(2), Guid(3)])
        })
        .expect("all in order");
        assert!(run.planner.round_ms == 0 && run.longest() <= 5_200, "{}", run.longest());
    }
}

#[test]
fn who_telephones_all_day_is_looked_at_more_often() {
    let mut run = Run::new(true, 3_900, 5_000, 50);
    let mut rides = 0;
    run.go_on(300_000, |portion| {
        rides += portion.riders;
        let busy = portion.ids.iter().filter(|id| id.0 % 10 == 0);
        (false, busy.enumerate().filter(|(n, _)| n % 20 == 0).map(|(_, id)| *id).collect())
    })
    .expect("all in order");
    assert!(rides > 10_000, "{rides}");
}

#[test]
fn a_shorter_interval_holds_from_now_on() {
    const HOUR: u64 = 3_600_000;
    let whole = |planner: &mut Planner, now: u64| {
        planner.begin(people(1_400), now, pacing(HOUR));
        while let Some(portion) = planner.take(now) {
            planner.landed(portion.ids[0], false);
        }
        planner.end(now)
    };
    let mut planner = Planner::new(false);
    assert!(whole(&mut planner, 0).expect("hurried").whole);
    let due = planner.next_at().expect("another");
    assert!(due >= HOUR / 3, "{due}");
    planner.sooner(30_000, 1_000);
    assert_eq!(planner.next_at(), Some(31_000));
    planner.sooner(HOUR, 2_000);
    assert_eq!(planner.next_at(), Some(31_000), "nothing is put off");
    // One that is spread over an hour is given up for it.
    planner.begin(people(1_400), 31_000, pacing(HOUR));
    let first = planner.take(31_000).expect("the first request");
    planner.landed(first.ids[0], false);
    assert!(planner.end(31_000).is_none() && planner.next_at() > Some(60_000));
    planner.sooner(30_000, 32_000);
    assert!(planner.end(32_000).expect("given up").cut);
    assert_eq!(planner.next_at(), Some(62_000));
}
