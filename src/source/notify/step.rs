//! The words between the life of a subscription and whoever drives it.

use std::sync::Arc;

use super::held::{ClientState, Held, Terms};
use crate::graph::subscriptions::{Subscription, Why};
use crate::presence::Guid;

/// What to ask Graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// What subscriptions there are.
    List,
    /// A new one.
    Create {
        /// What it is to be.
        terms: Arc<Terms>,
        /// Its secret.
        client_state: ClientState,
        /// Its end: milliseconds since 1970-01-01 UTC.
        expires_at_ms: i64,
    },
    /// Another end.
    Renew {
        /// Which.
        id: Guid,
        /// Its end: milliseconds since 1970-01-01 UTC.
        expires_at_ms: i64,
    },
    /// To end it.
    Delete {
        /// Which.
        id: Guid,
    },
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this, and tell the answer.
    Do(Action),
    /// Nothing before this moment (monotonic), or before something else is told; `u64::MAX`: only then.
    Wait(u64),
    /// Stopped: nothing is left to do.
    Done,
}

/// What Graph answered to the action handed out last.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Action::List`].
    Listed(Vec<Subscription>),
    /// To [`Action::Create`].
    Created(Subscription),
    /// To [`Action::Renew`].
    Renewed(Subscription),
    /// To [`Action::Delete`].
    Deleted,
    /// To any of them.
    Failed(Why),
    /// The request was dropped before an answer came.
    Dropped,
}

/// What changed, for events, the registry and the pace of polling. To be taken after each call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Notifications of this subscription are to be believed from now on.
    On(Arc<Held>),
    /// It lives on to another end.
    Renewed(Arc<Held>),
    /// There is none any more. Also of one that was remembered and never told as [`On`](News::On).
    Off {
        /// Which it was.
        id: Guid,
        /// Why.
        cause: Off,
    },
    /// Graph refused this.
    Refused {
        /// What was asked.
        step: Asked,
        /// What the refusal means.
        why: Why,
        /// When it is tried again (monotonic).
        next_try_ms: u64,
    },
}

/// Why there is no subscription any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Another takes its place at once, or none is wished for.
    Replaced,
    /// It could not be renewed in time.
    Lapsed,
    /// Graph does not know it any more, or said that it removed it.
    Removed,
    /// Stopping.
    Stopped,
}

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// [`Action::List`]
    List,
    /// [`Action::Create`]
    Create,
    /// [`Action::Renew`]
    Renew,
    /// [`Action::Delete`]
    Delete,
}
