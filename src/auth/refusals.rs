//! Which credentials Entra has refused, and how often.

use super::error::SignInError;
use crate::time::Moment;

/// A credential that was refused stays known until it is accepted, or so many others were refused after it.
const MOST: usize = 4;
/// The wall clock was set when it moved this much against the monotonic one.
pub(super) const CLOCK_SET_MS: i64 = 30_000;

/// A credential that Entra refused.
pub(super) struct Refusal {
    fingerprint: [u8; 32],
    pub(super) count: u32,
    pub(super) error: SignInError,
    /// Wall minus monotonic time, for a refusal because of the clock.
    pub(super) skew: Option<i64>,
    /// Not written down yet.
    pub(super) fresh: bool,
}

/// The refused credentials, each with its own schedule, the latest last.
#[derive(Default)]
pub(super) struct Refusals(Vec<Refusal>);

impl Refusals {
    pub(super) fn find(&self, fingerprint: &[u8; 32]) -> Option<&Refusal> {
        self.0.iter().find(|refusal| refusal.fingerprint == *fingerprint)
    }

    pub(super) fn find_mut(&mut self, fingerprint: &[u8; 32]) -> Option<&mut Refusal> {
        self.0.iter_mut().find(|refusal| refusal.fingerprint == *fingerprint)
    }

    /// One more refusal of this credential. `because_of_the_clock` lets a set clock end the wait.
    pub(super) fn add(&mut self, fingerprint: [u8; 32], count: u32, error: SignInError, because_of_the_clock: bool, now: Moment) {
        let skew = because_of_the_clock.then_some(now.wall_ms - now.mono_ms as i64);
        self.push(Refusal { fingerprint, count, error, skew, fresh: true });
    }

    /// A refusal of before the start.
    pub(super) fn recall(&mut self, fingerprint: [u8; 32], count: u32, error: SignInError) {
        self.push(Refusal { fingerprint, count, error, skew: None, fresh: false });
    }

    fn push(&mut self, refusal: Refusal) {
        self.forget(&refusal.fingerprint);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(refusal);
    }

    /// Nothing stands in the way of the next try.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// It was accepted.
    pub(super) fn forget(&mut self, fingerprint: &[u8; 32]) {
        self.0.retain(|refusal| refusal.fingerprint != *fingerprint);
    }

    /// Whether the clock was set since the last refusal, if that was because of it.
    pub(super) fn clock_was_set(&self, now: Moment) -> bool {
        self.0.last().is_some_and(|refusal| refusal.clock_was_set(now))
    }
}

impl Refusal {
    /// Whether it is too soon to send this credential again.
    pub(super) fn stands(&self, now: Moment) -> bool {
        now.mono_ms < self.error.next_try_mono_ms() && !self.clock_was_set(now)
    }

    fn clock_was_set(&self, now: Moment) -> bool {
        self.skew.is_some_and(|then| (now.wall_ms - now.mono_ms as i64 - then).abs() > CLOCK_SET_MS)
    }
}
