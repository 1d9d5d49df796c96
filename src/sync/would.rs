//! What hosts would have been told by now, and what of that administrators were told.

use crate::presence::{Chat, Dnd};

/// Summaries come at most so often, and single decisions are counted over so long.
pub(super) const MINUTE_MS: u64 = 60_000;
/// Decisions told singly in that time.
const SINGLES: u32 = 60;

/// What a user's host would have been told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Would {
    pub(super) dnd: Option<Dnd>,
    pub(super) queue: Option<Dnd>,
    pub(super) chat: Option<Chat>,
    /// Something was decided: what follows is a change.
    pub(super) decided: bool,
}

/// The engine's part of a dry run. Empty while there is none.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug, Default)]
pub(super) struct Rehearsal {
    /// By place in the roster.
    pub(super) would: Vec<Would>,
    /// When it began.
    pub(super) since: u64,
    /// When the next summary is due, if there is something to sum up.
    pub(super) summary_at: Option<u64>,
    /// When the last one was told.
    pub(super) summed_at: Option<u64>,
    pub(super) first: u64,
    pub(super) untold: u64,
    /// The minute in which single decisions are counted.
    pub(super) minute_from: u64,
    pub(super) singles: u32,
}

impl Rehearsal {
    /// One more may be told singly.
    pub(super) fn may_tell(&mut self, now: u64) -> bool {
        if now >= self.minute_from + MINUTE_MS {
            (self.minute_from, self.singles) = (now, 0);
        }
        self.singles < SINGLES
    }

    pub(super) fn sum_up_at(&mut self, at: u64) {
        let at = at.max(self.summed_at.map_or(0, |last| last + MINUTE_MS));
        self.summary_at = Some(self.summary_at.map_or(at, |known| known.min(at)));
    }
}
