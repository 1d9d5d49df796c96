//! What is thought of an endpoint: in time, slow, or so slow that it gets nothing.

use std::collections::VecDeque;

use super::oddity::NotifyOddities;
use crate::clock::Millis;

/// The window of answers, and how long a verdict lasts.
const TEN_MINUTES: Millis = 600_000;

/// The verdict on an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    #[default]
    Fine,
    /// New notifications come ten minutes later.
    Slow,
    /// New notifications are dropped.
    Drop,
}

#[derive(Debug)]
struct Sample {
    at: Millis,
    slow: bool,
    very_slow: bool,
}

/// The answers of one endpoint in the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Health {
    answers: VecDeque<Sample>,
    verdict: Verdict,
    until: Millis,
}

impl Health {
    /// An answer, or a time-out, after so many milliseconds.
    pub(super) fn note(&mut self, now: Millis, took_ms: u64, odd: &NotifyOddities) {
        let (slow, very_slow) = (took_ms >= odd.first_timeout_ms, took_ms >= odd.retry_timeout_ms);
        self.answers.push_back(Sample { at: now, slow, very_slow });
        while self.answers.front().is_some_and(|s| now - s.at >= TEN_MINUTES || s.at > now) {
            self.answers.pop_front();
        }
        let all = self.answers.len();
        if !odd.endpoint_rules || all < odd.endpoint_rule_answers || self.verdict(now) != Verdict::Fine {
            return;
        }
        let count = |which: fn(&Sample) -> bool| self.answers.iter().filter(|s| which(s)).count();
        self.verdict = match (count(|s| s.very_slow) * 100 > all * 15, count(|s| s.slow) * 100 > all * 10) {
            (true, _) => Verdict::Drop,
            (false, true) => Verdict::Slow,
            _ => return,
        };
        self.until = now + TEN_MINUTES;
    }

    pub(super) fn verdict(&self, now: Millis) -> Verdict {
        if now < self.until { self.verdict } else { Verdict::Fine }
    }
}

/// How much later than usual a slow endpoint is served.
pub(super) const SLOW_DELAY: Millis = TEN_MINUTES;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_decide() {
        let odd = NotifyOddities::default();
        let after = |quick: usize, slow: usize, very: usize| {
            let mut health = Health::default();
            for (count, took) in [(quick, 5), (slow, 3_000), (very, 10_000)] {
                (0..count).for_each(|_| health.note(0, took, &odd));
            }
            [health.verdict(1), health.verdict(600_000)]
        };
        assert_eq!(after(18, 2, 0), [Verdict::Fine; 2], "exactly a tenth");
        assert_eq!(after(8, 1, 0), [Verdict::Fine; 2], "too few");
        assert_eq!(after(17, 3, 0), [Verdict::Slow, Verdict::Fine]);
        assert_eq!(after(8, 0, 2), [Verdict::Drop, Verdict::Fine]);
    }

    #[test]
    fn old_answers_are_forgotten() {
        let odd = NotifyOddities::default();
        let mut health = Health::default();
        (0..9).for_each(|_| health.note(0, 3_000, &odd));
        (0..10).for_each(|_| health.note(600_000, 5, &odd));
        assert_eq!(health.verdict(600_000), Verdict::Fine);
    }
}
