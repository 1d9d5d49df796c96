//! One account, as the manager keeps it.

use std::sync::Arc;

use super::held::{ClientState, Held, Terms};
use super::keys::KeyPair;
use super::life::Life;
use super::step::{Answer, Asked, Off};
use crate::auth::Claims;
use crate::graph::GraphError;
use crate::graph::subscriptions::{SubscriptionError, Why};
use crate::time::Moment;

/// An account that was refused is tried again with those who wait then.
const REFUSED_MS: u64 = 2 * 3_600_000;

/// Whether the account has a token.
#[derive(Clone, Copy, Debug)]
pub(super) enum SignedIn {
    /// It is being found out.
    Asking,
    No {
        look_at: u64,
    },
    Yes {
        look_at: u64,
    },
}

/// What came back to the manager.
pub(super) enum Landing {
    Answered(usize, Asked, Result<Answer, SubscriptionError>),
    Claims(usize, Result<Claims, GraphError>),
    /// A new key, if it could be made.
    Key(Option<KeyPair>),
    /// Something was looked at for others.
    Looked,
}

/// See the module.
pub(super) struct Seat {
    pub(super) life: Life,
    pub(super) signed_in: SignedIn,
    /// Whether it was signed in when it was last known.
    pub(super) sign_in_error: Option<String>,
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
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        Seat {
            life: Life::new(held, ClientState::random, seed, now),
            signed_in: SignedIn::No { look_at: 0 },
            sign_in_error: None,
            wished: None,
            flying: false,
            failed: None,
            failed_at: 0,
            next_at: 0,
            off: None,
        }
    }

    pub(super) fn is_signed_in(&self) -> bool {
        match self.signed_in {
            SignedIn::Yes { .. } => true,
            // As it was before.
            SignedIn::Asking => self.sign_in_error.is_none(),
            SignedIn::No { .. } => false,
        }
    }

    /// Whether it can subscribe, as far as its sign-in goes.
    pub(super) fn is_usable(&self) -> bool {
        self.life.held().is_some() || self.is_signed_in()
    }

    /// Whether Graph refused it lately in a way that waiting does not mend.
    pub(super) fn is_refused(&self, now: Moment) -> bool {
        let refused = self.failed.as_ref().is_some_and(|failed| matches!(failed.why, Why::Permission | Why::Quota));
        refused && self.life.held().is_none() && now.mono_ms < self.failed_at.saturating_add(REFUSED_MS)
    }

    /// Why there is no subscription, in the word of the event; `None` where that is only for a moment.
    pub(super) fn cause(&self) -> Option<&'static str> {
        if self.sign_in_error.is_some() {
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
        let signing_in = match self.signed_in {
            SignedIn::No { look_at } => look_at,
            _ => u64::MAX,
        };
        let next = self.next_at.min(signing_in);
        if next == u64::MAX { now.wall_ms } else { now.wall_at(next.max(now.mono_ms)) }
    }

    /// The words of whoever refused.
    pub(super) fn detail(&self) -> String {
        let failed = || self.failed.as_ref().map(|failed| failed.error.facts.message.clone());
        self.sign_in_error.clone().or_else(failed).unwrap_or_default()
    }
}
