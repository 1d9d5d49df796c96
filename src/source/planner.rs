//! Which ids go in which request, and when. Pure: time is an argument.
//!
//! Fixed polling asks for everybody once per interval, in the fewest and most equal requests. Adaptive polling sends as many requests
//! at the same distance, but fills each: people who changed lately ride along, the others take turns, so that each is seen at
//! least every second interval.

use std::sync::Arc;

use super::lane::FRESH_MS;
pub use super::sweep::Portion;
use super::sweep::{Sweep, interval_ms, requests};
use super::warm::Warm;
use crate::presence::Guid;

/// A sweep that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Everybody was asked for and answered.
    pub whole: bool,
    /// It was given up for one that goes faster, and counts for nothing.
    pub cut: bool,
    /// From its first request to its last answer.
    pub took_ms: u64,
    /// How long as many requests took as would have asked for everybody once: people who ride along make a round longer, not slower.
    pub interval_ms: u64,
    /// It went as fast as it could.
    pub hurried: bool,
}

/// Plans the looks at all users.
#[derive(Debug, Default)]
pub struct Planner {
    adaptive: bool,
    sweep: Option<Sweep>,
    next_sweep_at: u64,
    hurry: bool,
    resume_at: Option<Guid>,
    /// How long the last round took with people riding along.
    round_ms: u64,
    warm: Warm,
}

/// What decides how long one round takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// `source.poll_interval_ms`.
    pub wanted_ms: u64,
    /// By how much it is stretched; 100 = not at all.
    pub stretch_percent: u64,
    /// Requests in 30 s.
    pub per_30s: u32,
}

impl Pacing {
    /// The interval for so many people, milliseconds.
    pub fn interval_ms(&self, people: usize) -> u64 {
        interval_ms(self.wanted_ms, self.stretch_percent, people, self.per_30s)
    }
}

impl Planner {
    /// The first sweep hurries: nothing is known about anybody.
    pub fn new(adaptive: bool) -> Planner {
        Planner { adaptive, hurry: true, ..Planner::default() }
    }

    /// Fixed or adaptive from the next sweep on.
    pub fn set_adaptive(&mut self, adaptive: bool) {
        self.adaptive = adaptive;
        if !adaptive {
            self.warm.clear();
        }
    }

    /// The next sweep begins at this moment, or when the one under way ends, and goes as fast as it can.
    pub fn hurry(&mut self, now: u64) {
        (self.next_sweep_at, self.hurry) = (now, true);
    }

    /// The same, and does not wait for a sweep that takes its time.
    pub fn at_once(&mut self, now: u64) {
        if let Some(sweep) = &mut self.sweep {
            if !sweep.hurries() {
                sweep.cut();
            } else if sweep.started_at + FRESH_MS >= now {
                return;
            }
        }
        self.hurry(now);
    }

    /// Sweeps follow each other more quickly from now on: this one counts from now, not from when the last one began.
    pub fn sooner(&mut self, interval_ms: u64, now: u64) {
        if let Some(sweep) = self.sweep.as_mut().filter(|sweep| !sweep.hurries()) {
            sweep.cut();
        }
        self.next_sweep_at = self.next_sweep_at.min(now.saturating_add(interval_ms));
    }

    /// No sweep is under way.
    pub fn is_idle(&self) -> bool {
        self.sweep.is_none()
    }

    /// When the next request of the sweep may go, or the next sweep; `None` while answers are waited for.
    pub fn next_at(&self) -> Option<u64> {
        match &self.sweep {
            Some(sweep) => sweep.next_at(),
            None => Some(self.next_sweep_at),
        }
    }

    /// Requests of the sweep on their way.
    pub fn flying(&self) -> usize {
        self.sweep.as_ref().map_or(0, |sweep| sweep.flying)
    }

    /// Begins a sweep of these people, sorted by id.
    pub fn begin(&mut self, ids: Arc<[Guid]>, now: u64, pacing: Pacing) {
        let interval = pacing.interval_ms(ids.len());
        let hurry = std::mem::take(&mut self.hurry);
        let over = if hurry { 0 } else { interval };
        // After a hurried one the next begins when its first request is due: its last ones are then due after an interval.
        let pause = if hurry { interval / requests(ids.len()).max(1) as u64 } else { interval };
        self.next_sweep_at = now.saturating_add(pause);
        if ids.is_empty() {
            return;
        }
        let from = self.resume_at.take().unwrap_or(Guid(0));
        let people = ids.len();
        let sweep = Sweep::plan(ids, from, now, over, self.adaptive);
        if sweep.is_shared() {
            self.warm.begin(people, if self.round_ms == 0 { interval } else { self.round_ms }, now);
        } else {
            self.warm.clear();
        }
        self.sweep = Some(sweep);
    }

    /// The next request, which goes now.
    pub fn take(&mut self, now: u64) -> Option<Portion> {
        let sweep = self.sweep.as_mut()?;
        let portion = sweep.take(now, &mut self.warm)?;
        if sweep.is_shared() {
            self.next_sweep_at = sweep.slot_at();
        }
        Some(portion)
    }

    /// A request that began with the id `first` ended.
    pub fn landed(&mut self, first: Guid, failed: bool) {
        if let Some(sweep) = &mut self.sweep {
            sweep.flying = sweep.flying.saturating_sub(1);
            if failed {
                sweep.give_up(first);
            }
        }
    }

    /// An answer showed something new about somebody.
    pub fn changed(&mut self, id: Guid, now: u64) {
        if self.adaptive {
            self.warm.changed(id, now);
        }
    }

    /// Ends the sweep if it is over.
    pub fn end(&mut self, now: u64) -> Option<Swept> {
        let sweep = self.sweep.take_if(|sweep| sweep.is_over())?;
        self.resume_at = sweep.resume_at();
        if sweep.is_shared() && !sweep.cut && sweep.failed.is_none() {
            self.round_ms = sweep.slot_at().saturating_sub(sweep.started_at);
        }
        let took_ms = now.saturating_sub(sweep.started_at);
        Some(Swept {
            whole: sweep.failed.is_none() && !sweep.cut,
            cut: sweep.failed.is_none() && sweep.cut,
            took_ms,
            interval_ms: sweep.interval_of(took_ms),
            hurried: sweep.hurries(),
        })
    }

    /// The sweep that failed is tried again at this moment at the latest.
    pub fn again_at(&mut self, at: u64, hurry: bool) {
        self.next_sweep_at = self.next_sweep_at.min(at);
        self.hurry |= hurry;
    }
}

#[cfg(test)]
#[path = "planner_tests.rs"]
mod tests;
