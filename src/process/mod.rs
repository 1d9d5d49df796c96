//! What a process has once, however many instances it runs: the runtime, the resolver, the request budgets and the HTTP clients.
//!
//! The first [`Process::acquire`] makes the runtime, the drop of the last handle gives it back. All of it is kept per process
//! id: a forked child never touches what its parent had.

mod budget;
mod clients;
mod dispatcher;
pub mod resolver;
mod runtime;
mod shared;

#[cfg(test)]
mod tests;

pub use budget::{BudgetShare, WINDOW_MS};
pub use clients::{CaFile, ClientError, ClientKey};
pub use dispatcher::shared_dispatcher;
pub use runtime::{Process, ProcessError};
