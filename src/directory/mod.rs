//! From e-mail addresses to Entra's object ids, kept right while the directory changes.
//!
//! Few addresses are asked for by filters, many by reading all users once; then the directory's own list of changes says whom to look at
//! again. What an address stands for is decided here in [`matching`], not by the directory's filter.

mod address;
mod changes;
mod follow;
pub mod matching;
mod memory;
mod named;
mod once;
mod report;
mod resume;
mod search;
mod state;
mod turns;

pub use address::askable;
pub use follow::{Directory, DirectoryHandle};
pub use memory::Memory;
pub use once::{look_up_once, search_once};
