//! Users whose match changed, as many as are told one by one.

use crate::sync::{MatchKind, Turn};

/// More outcomes than this at once are told as a report, not singly.
pub(super) const MOST_SINGLES: usize = 20;

/// Matches that changed: as many as are ever told singly, and how many there were.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) first: Vec<Turn>,
    pub(super) pending: usize,
    pub(super) others: usize,
}

impl Turns {
    pub(super) fn add(&mut self, turn: Turn) {
        let count = if was_pending(&turn) { &mut self.pending } else { &mut self.others };
        *count += 1;
        if *count <= MOST_SINGLES {
            self.first.push(turn);
        }
    }
}

pub(super) fn was_pending(turn: &Turn) -> bool {
    turn.before == MatchKind::Pending
}
