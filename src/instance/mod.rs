//! One instance: wiring and life.
//!
//! ```text
//! source, directory ─▶ Desk (engine) ─▶ Dispatch (outlet, gate) ─▶ host
//! ```
//!
//! [`Instance`] owns all of it. What talks to the network lives in a `Run`, made by start and dropped by stop; it knows the desk, never the
//! outlet, so nothing that outlives a stop can reach the host. `life` holds the states, `calls` what the host asks for, `reload` a new
//! configuration, `report` the questions.

mod accounts;
mod calls;
pub mod check;
mod core;
mod error;
mod expiry;
#[cfg(feature = "test-hooks")]
mod hooks;
mod keeper;
mod life;
mod notify;
mod reload;
mod report;
mod run;

pub use core::Instance;
pub use error::{Error, ErrorKind};
#[cfg(feature = "test-hooks")]
pub use life::Step;
pub use report::STATS_FIELDS;
