//! Presence: a compact store, the aggregation of sessions, and the JSON that is written straight into the answer.

mod sessions;
mod store;
mod words;
mod write;

pub(crate) use sessions::{Preferred, Session};
pub(crate) use store::{Change, PresenceStore, Seen};
pub(crate) use write::{View, write_entry};

pub use store::PresenceSpec;
