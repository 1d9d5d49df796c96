//! When to try again. Pure: time and chance are arguments.

use std::time::Duration;

use super::aadsts::Class;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// How carefully a credential is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// Client secret, certificate: a new one takes minutes to spread in Entra, and no account can be locked.
    Application,
    /// A person's password: wrong tries lock the account.
    Password,
}

/// Milliseconds from the refusal number `refusals` (1 = the first) to the next try.
pub(super) fn after_refusal(care: Care, class: Class, refusals: u32) -> u64 {
    match (class, care) {
        (Class::Locked, _) => 4 * HOUR,
        (Class::Refused | Class::Pending, Care::Password) => HOUR,
        _ => match refusals {
            0 | 1 => MINUTE,
            2 => 5 * MINUTE,
            3 => 15 * MINUTE,
            _ => HOUR,
        },
    }
}

/// Milliseconds after the failure number `failures` (1 = the first) of the way or of the service: 1 s doubling to 60 s, less up to a
/// quarter by `chance` (0..=1), never less than the server asks for.
pub(super) fn after_failure(failures: u32, retry_after: Option<Duration>, chance: f64) -> u64 {
    let full = 1_000u64 << failures.saturating_sub(1).min(6);
    let wait = (full.min(MINUTE) as f64 * (1.0 - 0.25 * chance.clamp(0.0, 1.0))) as u64;
    // Never below a second: failures that come at once must not become a storm.
    wait.max(1_000).max(retry_after.map_or(0, |asked| asked.as_millis() as u64))
}

/// Until when a token is used and from when on a new one is fetched, milliseconds after it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) renew_after: u64,
    pub(super) usable_for: u64,
}

/// A token without a usable `expires_in` is used this long.
const UNSTATED: u64 = 5 * MINUTE;
/// Longest life believed: tokens under continuous access evaluation last up to 28 h.
const LONGEST: u64 = 48 * HOUR;
/// A shorter life than this is not believed: each call would ask for a token.
const SHORTEST: u64 = 5_000;

/// Renewed a fifth of its life before the end, at least 5 minutes, at most half; up to a tenth of that earlier by `chance` (0..=1), so
/// that many instances do not ask together. Not used in its last half minute: a request takes time to arrive.
pub(super) fn life(expires_in_s: Option<u64>, chance: f64) -> Life {
    let stated = expires_in_s.filter(|s| *s > 0);
    let whole = stated.map_or(UNSTATED, |s| s.saturating_mul(1_000)).clamp(SHORTEST, LONGEST);
    let ahead = (whole / 5).max(5 * MINUTE).min(whole / 2);
    let jitter = (ahead as f64 * 0.1 * chance.clamp(0.0, 1.0)) as u64;
    Life { renew_after: whole - ahead - jitter, usable_for: whole - (whole / 10).min(30_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_credential_is_not_hammered() {
        let minutes = |care, class| [1, 2, 3, 4, 5, 100].map(|n| after_refusal(care, class, n) / MINUTE);
        assert_eq!(minutes(Care::Application, Class::Refused), [1, 5, 15, 60, 60, 60]);
        assert_eq!(minutes(Care::Application, Class::Clock), [1, 5, 15, 60, 60, 60]);
        assert_eq!(minutes(Care::Password, Class::Refused), [60; 6]);
        assert_eq!(minutes(Care::Password, Class::Locked), [240; 6]);
        assert_eq!(minutes(Care::Application, Class::Locked), [240; 6]);
        assert_eq!(minutes(Care::Password, Class::Slow), [1, 5, 15, 60, 60, 60]);
    }

    #[test]
    fn failures_back_off_to_a_minute_and_heed_the_server() {
        let none = [1, 2, 3, 4, 5, 6, 7, 1_000, u32::MAX].map(|n| after_failure(n, None, 0.0) / 1_000);
        assert_eq!(none, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(after_failure(7, None, 1.0), 45_000);
        assert_eq!(after_failure(1, None, 1.0), 1_000);
        assert_eq!(after_failure(1, Some(Duration::from_secs(90)), 0.5), 90_000);
        assert_eq!(after_failure(7, Some(Duration::ZERO), 0.0), 60_000);
    }

    #[test]
    fn a_token_is_renewed_ahead_whatever_its_stated_life() {
        assert_eq!(life(Some(3_600), 0.0), Life { renew_after: 48 * MINUTE, usable_for: 3_570_000 });
        assert_eq!(life(Some(3_600), 1.0).renew_after, 48 * MINUTE - 72_000);
        for stated in [None, Some(0), Some(1), Some(10), Some(61), Some(300), Some(86_400), Some(u64::MAX)] {
            let life = life(stated, 1.0);
            assert!(life.renew_after >= 2_000 && life.renew_after < life.usable_for, "{stated:?}: {life:?}");
            assert!(life.usable_for <= LONGEST);
        }
        for stated in [10, 30, 61, 300] {
            assert!(life(Some(stated), 0.0).usable_for < stated * 1_000, "{stated}: not used longer than it lives");
        }
    }
}
