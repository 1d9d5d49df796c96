//! One request for presences, and what came of it.

use std::sync::Arc;

use super::ask::Landed;
use super::round::Which;
use crate::graph::PresenceAnswer;
use crate::presence::Guid;

/// Whom to ask for.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) ids: Arc<[Guid]>,
    /// The round whose sweep it is a part of; `None`: for single people.
    pub(super) round: Option<Which>,
    /// The host named somebody of these: they are asked for also while the instance is disabled.
    pub(super) by_hand: bool,
    pub(super) divide: bool,
    pub(super) sent_at: u64,
}

/// What came of it.
pub(super) struct Landing {
    pub(super) question: Question,
    /// `None` where the instance was disabled meanwhile.
    pub(super) landed: Option<Landed>,
    pub(super) answer: PresenceAnswer,
}

/// What is next.
pub(super) enum Next {
    /// Ask this.
    Send(Question),
    /// Nothing before this moment.
    At(u64),
}
