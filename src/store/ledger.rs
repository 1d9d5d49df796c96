//! The other side of the bargain: whoever knows what is to be kept of the users.

use crate::sync::{Commit, Found};

/// What the store asks of the engine, and tells it. Called on the store's thread, never under a lock of the store's; each call is short.
pub trait Ledger: Send + Sync {
    /// What is to be written now, if anything is. The next is asked for only after [`kept`](Self::kept), [`lost`](Self::lost) or
    /// [`found`](Self::found).
    fn take(&self) -> Option<Commit>;
    /// The commit that was taken last is on disk.
    fn kept(&self);
    /// The disk cannot be used; what was taken last is not on it.
    fn lost(&self);
    /// A file was opened, and holds this.
    fn found(&self, found: Found);
}
