//! What is written in one go, and what is read when a file is opened.

use std::collections::HashMap;
use std::sync::Arc;

use super::notes::NoteKey;
use crate::sync::{Commit, Keeps};

/// One transaction: all of it or nothing.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) commit: Commit,
    /// `None` strikes a note out.
    pub(super) notes: Vec<(NoteKey, Option<Arc<[u8]>>)>,
}

/// All that a file holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) users: Vec<(Arc<str>, Keeps)>,
    pub(super) notes: HashMap<NoteKey, Arc<[u8]>>,
    pub(super) last_good_ms: Option<i64>,
    /// What the last one to open the file wrote into it; 0 in a new file.
    pub(super) stamp: u64,
}
