//! How long to wait before the next try. Nothing here sleeps: whoever calls Graph has its own schedule.

use super::error::{Class, GraphError};

const SECOND: u64 = 1_000;
/// Without a token one is asked for this often, however far off the sign-in's own next try: it sends nothing before that, but sees a
/// corrected file, a clock that was set and the credential of a reload.
const SIGN_IN_LOOK: u64 = 2 * SECOND;

/// Doubles from `first_ms` to `most_ms` with `failures` in a row (from 1), less up to a quarter by `dice`, so that many instances that
/// failed together do not return together.
pub fn doubling(first_ms: u64, most_ms: u64, failures: u32, dice: u64) -> u64 {
    let shift = failures.saturating_sub(1).min(16);
    let full = first_ms.saturating_mul(1 << shift).min(most_ms);
    full - dice % (full / 4 + 1)
}

/// Random bits for [`doubling`].
pub fn dice() -> u64 {
    #[cfg(test)]
    if let Some(thrown) = loaded::throw() {
        return thrown;
    }
    uuid::Uuid::new_v4().as_u64_pair().1
}

/// Dice that fall the same way in each run of a test.
#[cfg(test)]
pub(crate) mod loaded {
    use std::cell::Cell;

    thread_local!(static STATE: Cell<u64> = const { Cell::new(0) });

    /// From now on, on this thread.
    pub(crate) fn load(seed: u64) {
        STATE.set(seed | 1);
    }

    pub(super) fn throw() -> Option<u64> {
        let mut dice = STATE.get();
        if dice == 0 {
            return None;
        }
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        STATE.set(dice);
        Some(dice)
    }
}

impl GraphError {
    /// How long the caller should leave this kind of request alone after `failures` failures in a row, in milliseconds.
    pub fn pause_ms(&self, failures: u32, now_mono_ms: u64) -> u64 {
        match &self.class {
            Class::SignIn { next_try_mono_ms } => next_try_mono_ms.saturating_sub(now_mono_ms).clamp(SECOND, SIGN_IN_LOOK),
            Class::Throttled { retry_after, .. } => u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX),
            // Consent takes effect with a new token; asking once a minute is slow enough for Entra, too.
            Class::Forbidden(_) if failures <= 15 => 60 * SECOND,
            Class::Forbidden(_) => 300 * SECOND,
            Class::Unavailable => doubling(2 * SECOND, 60 * SECOND, failures, dice()),
            Class::Transport(_) | Class::Unreadable | Class::TooLarge => doubling(SECOND, 60 * SECOND, failures, dice()),
            Class::Unauthorized | Class::BadRequest | Class::NotFound | Class::Gone => {
                doubling(15 * SECOND, 300 * SECOND, failures, dice())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_is_bounded_and_scattered() {
        for failures in 0..100 {
            for dice in [0, 1, 7_919, u64::MAX] {
                let wait = doubling(2_000, 60_000, failures, dice);
                assert!((1_500..=60_000).contains(&wait), "{failures} {dice}: {wait}");
            }
        }
        assert_eq!([1, 2, 3, 6, 20].map(|failures| doubling(2_000, 60_000, failures, 0)), [2_000, 4_000, 8_000, 60_000, 60_000]);
        assert!(dice() != dice());
    }
}
