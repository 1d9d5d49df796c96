//! How much slower than wanted the service lets us ask. Pure.

use crate::event::{Draft, Event, Kind};

/// Grows by half with each 429 and shrinks by a tenth with each sweep without one.
const MOST_PERCENT: u64 = 800;

/// The pace of the sweeps.
#[derive(Debug)]
pub(super) struct Pace {
    percent: u64,
    throttled: bool,
    told: bool,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { percent: 100, throttled: false, told: false }
    }
}

impl Pace {
    /// By how much the interval is stretched; 100 = not at all.
    pub(super) fn stretch_percent(&self) -> u64 {
        self.percent
    }

    /// Graph asked for fewer requests since the last whole sweep.
    pub(super) fn is_throttled(&self) -> bool {
        self.throttled
    }

    /// Graph asked for fewer requests. Counts once per sweep.
    pub(super) fn throttled(&mut self) {
        if !std::mem::replace(&mut self.throttled, true) {
            self.percent = (self.percent * 3 / 2).min(MOST_PERCENT);
        }
    }

    /// A whole sweep was answered: it took `interval_ms`, where `wanted_ms` is configured. `budget_full`: the budget was used up or nearly
    /// so. Answers what to tell.
    pub(super) fn swept(&mut self, interval_ms: u64, wanted_ms: u64, budget_full: bool) -> Option<Draft> {
        if !std::mem::take(&mut self.throttled) {
            self.percent = (self.percent * 9 / 10).max(100);
        }
        // Small sweeps with a short interval are as long as one answer takes: no cause for an event below a second.
        let slow = interval_ms >= wanted_ms.saturating_mul(2) && interval_ms >= 1_000;
        if slow && !self.told {
            self.told = true;
            let cause = if budget_full && self.percent == 100 { "budget" } else { "service" };
            return Some(
                Event::new(Kind::IntervalStretched)
                    .with("interval_ms", interval_ms)
                    .with("wanted_ms", wanted_ms)
                    .with("cause", cause),
            );
        }
        if self.told && interval_ms <= wanted_ms.saturating_add(wanted_ms / 4) {
            self.told = false;
            return Some(Event::new(Kind::IntervalRestored).with("interval_ms", interval_ms));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(draft: Option<Draft>) -> Option<Kind> {
        draft.map(|draft| draft.at(0).kind)
    }

    #[test]
    fn refusals_stretch_and_quiet_restores() {
        let mut pace = Pace::default();
        for _ in 0..5 {
            pace.throttled();
        }
        assert_eq!(pace.stretch_percent(), 150, "once per sweep");
        assert_eq!(kind(pace.swept(7_500, 5_000, false)), None);
        assert_eq!(pace.stretch_percent(), 150);
        pace.throttled();
        assert_eq!(pace.stretch_percent(), 225);
        assert_eq!(kind(pace.swept(11_250, 5_000, false)), Some(Kind::IntervalStretched));
        assert_eq!(kind(pace.swept(11_250, 5_000, false)), None, "told once");
        for _ in 0..20 {
            pace.swept(6_500, 5_000, false);
        }
        assert_eq!(pace.stretch_percent(), 100);
        assert_eq!(kind(pace.swept(5_000, 5_000, false)), Some(Kind::IntervalRestored));
        for _ in 0..50 {
            pace.throttled();
            pace.swept(5_000, 5_000, false);
        }
        assert_eq!(pace.stretch_percent(), MOST_PERCENT);
    }

    #[test]
    fn the_cause_is_told_apart() {
        let cause = |draft: Option<Draft>| draft.map(|draft| draft.at(0).json.contains("\"budget\""));
        assert_eq!(cause(Pace::default().swept(10_000, 5_000, true)), Some(true));
        assert_eq!(cause(Pace::default().swept(10_000, 5_000, false)), Some(false));
        assert_eq!(cause(Pace::default().swept(900, 250, false)), None);
    }
}
