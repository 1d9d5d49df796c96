//! The times of a subscription that lives, on the monotonic clock.

use std::sync::Arc;

use super::held::Held;
use crate::graph::subscriptions::LONGEST_LIFE_MS;
use crate::time::Moment;

const MINUTE: u64 = 60_000;
/// So much must be left when it is renewed at the latest.
pub const RENEW_AHEAD_MS: u64 = 15 * MINUTE;
/// Graph never gives less than 45 minutes by its clock. Where less than this seems left right after an answer, our clock is ahead of
/// Graph's, and this is assumed.
const SHORTEST_MS: u64 = 10 * MINUTE;

/// A subscription with its times.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) held: Arc<Held>,
    /// It was told as believed. One that was remembered or found is not before it was renewed.
    pub(super) told: bool,
    pub(super) made_at: u64,
    pub(super) ends_at: u64,
    pub(super) renew_at: u64,
    pub(super) renewed_at: u64,
    /// Graph does not renew it, or nobody trusts it: to be ended and made anew at this moment.
    pub(super) replace_at: u64,
}

impl Lease {
    /// One that Graph just made.
    pub(super) fn made(held: Held, now: Moment, dice: u64) -> Lease {
        let mut lease = Lease {
            held: Arc::new(held),
            told: true,
            made_at: now.mono_ms,
            ends_at: 0,
            renew_at: 0,
            renewed_at: now.mono_ms,
            replace_at: u64::MAX,
        };
        lease.schedule(now, dice);
        lease
    }

    /// One that was remembered or found, to be renewed at once. `None` where it has ended.
    pub(super) fn taken_over(held: Held, now: Moment) -> Option<Lease> {
        let left = u64::try_from(held.expires_at_ms.saturating_sub(now.wall_ms)).ok().filter(|left| *left > 0)?;
        Some(Lease {
            held: Arc::new(held),
            told: false,
            // It is as old as can be: its end says nothing against the next one.
            made_at: 0,
            ends_at: now.mono_ms + left.min(LONGEST_LIFE_MS),
            renew_at: now.mono_ms,
            renewed_at: 0,
            replace_at: u64::MAX,
        })
    }

    /// Graph gave it another end.
    pub(super) fn renewed(&mut self, expires_at_ms: i64, now: Moment, dice: u64) {
        self.held = Arc::new(Held { expires_at_ms, ..(*self.held).clone() });
        self.renewed_at = now.mono_ms;
        self.replace_at = u64::MAX;
        self.schedule(now, dice);
    }

    /// Renewed at about half of its time, at the latest [`RENEW_AHEAD_MS`] before its end.
    fn schedule(&mut self, now: Moment, dice: u64) {
        let left = u64::try_from(self.held.expires_at_ms.saturating_sub(now.wall_ms)).unwrap_or(0);
        let left = left.clamp(SHORTEST_MS, LONGEST_LIFE_MS);
        let about_half = left / 2 - dice % (left / 10);
        self.ends_at = now.mono_ms + left;
        self.renew_at = now.mono_ms + about_half.min(left.saturating_sub(RENEW_AHEAD_MS)).max(MINUTE);
    }

    /// When something is to be done about it at the latest.
    pub(super) fn next_at(&self) -> u64 {
        self.renew_at.min(self.replace_at).min(self.ends_at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::held::{ClientState, Terms};
    use super::*;
    use crate::presence::Guid;

    fn held(expires_at_ms: i64) -> Held {
        let terms = Arc::new(Terms::new("u", None, [Guid(1)]));
        Held { id: Guid(9), client_state: ClientState::random(), terms, expires_at_ms }
    }

    #[test]
    fn renewed_at_about_half_and_never_late() {
        let now = Moment { mono_ms: 1_000, wall_ms: 50_000 };
        for dice in [0, 1, 12_345_678_901, u64::MAX] {
            for minutes in 1..120_i64 {
                let lease = Lease::made(held(now.wall_ms + minutes * MINUTE as i64), now, dice);
                let (left, until) = (lease.ends_at - now.mono_ms, lease.renew_at - now.mono_ms);
                assert!((SHORTEST_MS..=LONGEST_LIFE_MS).contains(&left));
                assert!(until <= left / 2 && (until <= left.saturating_sub(RENEW_AHEAD_MS) || until == MINUTE), "{minutes}");
                assert!(left < 30 * MINUTE || until >= left * 2 / 5, "{minutes}: not much too early");
            }
        }
    }

    #[test]
    fn what_has_ended_is_not_taken_over() {
        let now = Moment { mono_ms: 1_000, wall_ms: 50_000 };
        assert!(Lease::taken_over(held(50_000), now).is_none() && Lease::taken_over(held(i64::MIN), now).is_none());
        let lease = Lease::taken_over(held(i64::MAX), now).expect("it lives");
        assert_eq!((lease.renew_at, lease.ends_at, lease.told), (1_000, 1_000 + LONGEST_LIFE_MS, false));
    }
}
