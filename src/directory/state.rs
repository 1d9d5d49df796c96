//! Where following the directory stands: what is due when, and what the last round left.

use std::collections::HashMap;
use std::sync::Arc;

use super::memory::{Bookmark, Lesson};
use super::search::Manner;
use crate::graph::users::Profile;
use crate::presence::Guid;

const MINUTE: u64 = 60_000;
/// Between two questions for changes: a change acts within ten minutes even if the directory's own lists lag behind by one turn.
pub(super) const CHANGES_EVERY: u64 = 4 * MINUTE;
/// Everything anew where changes are not told.
pub(super) const RELIST_EVERY: u64 = 9 * MINUTE;
/// Everything anew with the basic profile only.
pub(super) const BASIC_EVERY: u64 = 30 * MINUTE;
/// Everything anew though changes are told: nobody promises that all of them are.
pub(super) const DAILY: u64 = 24 * 60 * MINUTE;
/// How long a directory that does not tell changes is not asked for them.
pub(super) const NOT_OFFERED_FOR: u64 = 6 * 60 * MINUTE;
/// A token is not renewed more often than this to see whether permissions were granted.
pub(super) const RENEW_EVERY: u64 = MINUTE;
pub(super) const NEVER: u64 = u64::MAX;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// All addresses.
    Everybody,
    /// Those never searched.
    Newcomers,
    /// Those whom changes of the directory concern.
    Changes,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) manner: Manner,
    /// The whole profile was refused; content with the basic one until then.
    pub(super) basic_until: u64,
    /// When a token was last renewed to see whether more is granted.
    pub(super) renewed_at: Option<u64>,
    pub(super) bookmark: Option<Bookmark>,
    /// Changes are not offered until then.
    pub(super) no_changes_until: u64,
    pub(super) everybody_at: u64,
    pub(super) changes_at: u64,
    pub(super) not_before: u64,
    pub(super) failures: u32,
    pub(super) outage_since: Option<u64>,
    /// The last failure was a 403: the next try needs a new token.
    pub(super) renew: bool,
    /// A report follows the next round of everybody.
    pub(super) report: bool,
    /// A round was asked for, whatever stands against it.
    pub(super) asked: bool,
    pub(super) limited_told: bool,
    pub(super) excess_told: bool,
    /// Addresses without a match that somebody has: a change of one of these may settle them.
    pub(super) unsettled: HashMap<String, (Arc<str>, Vec<Guid>)>,
    /// Looked at again with the next changes: lists may lag behind the changes that they are asked about.
    pub(super) again: Vec<Arc<str>>,
    /// What an earlier run knew was taken up, or is no longer needed.
    pub(super) resumed: bool,
    /// Everybody was searched since the start.
    pub(super) listed: bool,
    /// Not written down yet.
    pub(super) lessons: Vec<Lesson>,
}

impl State {
    pub(super) fn new() -> State {
        State {
            manner: Manner { profile: Profile::Whole, advanced: false, list_only: false },
            basic_until: 0,
            renewed_at: None,
            bookmark: None,
            no_changes_until: 0,
            everybody_at: NEVER,
            changes_at: NEVER,
            not_before: 0,
            failures: 0,
            outage_since: None,
            renew: false,
            report: true,
            asked: false,
            limited_told: false,
            excess_told: false,
            unsettled: HashMap::new(),
            again: Vec::new(),
            resumed: false,
            listed: false,
            lessons: Vec::new(),
        }
    }

    /// Everything anew at once, since changes cannot be followed from where they were.
    pub(super) fn anew(&mut self, now: u64) {
        (self.changes_at, self.everybody_at, self.bookmark) = (NEVER, now, None);
    }
}
