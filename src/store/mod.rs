//! What outlives the process.
//!
//! One file per instance in `state.dir`, written by one thread that is there only while there is something to write. Beside what the
//! engine keeps of its users, other modules keep small notes here by name: a refresh token, a refused credential, a delta link. Where
//! there is no state directory the notes live as long as the instance does.
//!
//! ```text
//! store (handle) → keeper (the thread) → disk (what is open) → file (redb) → backend (bytes)
//!                                                            → lock, place (who, where)
//! ```

mod backend;
mod batch;
mod disk;
mod file;
mod format;
mod keeper;
mod ledger;
mod lock;
mod notes;
mod place;
mod stats;
#[allow(clippy::module_inception, reason = "the store's handle is the store")]
mod store;
mod trouble;
mod visit;

#[cfg(test)]
mod tests;

pub use format::FORMAT;
pub use ledger::Ledger;
pub use notes::{Lost, Notes, Receipt, Shelf};
pub use place::Place;
pub use stats::STATS_FIELDS;
pub use store::{NotOpened, Store};
pub use visit::{Borrowed, NoVisit, Visit};

#[cfg(any(test, feature = "test-hooks"))]
pub use backend::Weather;
