//! A request to Graph to show a person in a call, or no longer, and how it ended.

use crate::presence::Guid;

/// What is to be asked of Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Show the person in a call, for this long unless asked again.
    Set {
        /// In milliseconds.
        expiration_ms: u64,
    },
    /// Show it no longer.
    Clear,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The person.
    pub object: Guid,
    /// What is wanted.
    pub act: Act,
    pub(super) serial: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// As wanted, or a session to be cleared was not there any more.
    Done,
    /// Not, and not again before this many milliseconds.
    Failed {
        /// How long to leave it alone.
        pause_ms: u64,
        /// The request may have been carried out all the same: no answer came.
        perhaps: bool,
        /// It concerns all persons alike: sign-in, permission, outage, rate.
        everybody: bool,
    },
}
