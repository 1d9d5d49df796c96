//! One account, as the manager keeps it.

use std::sync::Arc;

use super::held::{ClientState, Held, Terms};
use super::life::Life;
use super::persons::Standing;
use super::step::Off;
use crate::graph::backoff::dice;
use crate::graph::subscriptions::{SubscriptionError, Why};
use crate::time::Moment;

/// An account that was refused is tried again with those who wait then.
const REFUSED_MS: u64 = 2 * 3_600_000;

/// How the sign-in of an account stands.
#[derive(Clone, Debug, Default)]
pub(in crate::source) struct SignsIn {
    pub(in crate::source) standing: Standing,
    /// Why nobody is signed in, if that is not for a moment only.
    pub(in crate::source) trouble: Option<String>,
}

/// See the module.
pub(super) struct Seat {
    pub(super) life: Life,
    /// Who signs in, and whether.
    pub(super) standing: Standing,
    /// Why nobody is signed in, if that is not for a moment only.
    pub(super) trouble: Option<String>,
    pub(super) wished: Option<Arc<Terms>>,
    /// A request is under way.
    pub(super) flying: bool,
    /// The last request about the subscription, if it failed.
    pub(super) failed: Option<SubscriptionError>,
    pub(super) failed_at: u64,
    /// When something is to be asked next, as far as is known (monotonic).
    pub(super) next_at: u64,
    /// Why the last subscription ended.
    pub(super) off: Option<Off>,
}

impl Seat {
    pub(super) fn new(held: Option<Held>, now: Moment) -> Seat {
        Seat {
            life: Life::new(held, ClientState::random, dice(), now),
            standing: Standing::default(),
            trouble: None,
            wished: None,
            flying: false,
            failed: None,
            failed_at: 0,
            next_at: 0,
            off: None,
        }
    }

    /// Takes over how its sign-in stands.
    pub(super) fn signs_in(&mut self, SignsIn { standing, trouble }: SignsIn) {
        self.trouble = trouble;
        self.life.signed_in(standing.usable());
        self.standing = standing;
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.standing.signed_in
    }

    /// Whether it can subscribe, as far as its sign-in goes.
    pub(super) fn is_usable(&self) -> bool {
        self.life.held().is_some() || self.standing.usable()
    }

    /// Whether Graph refused it lately in a way that waiting does not mend.
    pub(super) fn is_refused(&self, now: Moment) -> bool {
        let refused = self.failed.as_ref().is_some_and(|failed| matches!(failed.why, Why::Permission | Why::Quota));
        refused && self.life.held().is_none() && now.mono_ms < self.failed_at.saturating_add(REFUSED_MS)
    }

    /// Why there is no subscription, in the word of the event; `None` where that is only for a moment.
    pub(super) fn cause(&self) -> Option<&'static str> {
        if self.trouble.is_some() {
            return Some("sign_in");
        }
        let failed = self.failed.as_ref().map(|failed| match failed.why {
            Why::SignIn => "sign_in",
            Why::Handshake => "handshake",
            Why::Throttled(_) | Why::Unavailable => "outage",
            _ => "refused",
        });
        let off = match self.off {
            Some(Off::Lapsed) => Some("lapsed"),
            Some(Off::Removed) => Some("removed"),
            _ => None,
        };
        failed.or(off)
    }

    /// When it is tried again by itself, on the wall clock.
    pub(super) fn next_try(&self, now: Moment) -> i64 {
        if self.next_at == u64::MAX { now.wall_ms } else { now.wall_at(self.next_at.max(now.mono_ms)) }
    }

    /// The words of whoever refused.
    pub(super) fn detail(&self) -> String {
        let failed = || self.failed.as_ref().map(|failed| failed.error.facts.message.clone());
        self.trouble.clone().or_else(failed).unwrap_or_default()
    }
}
