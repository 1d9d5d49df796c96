//! The preflight: tries once, in the order in which it would matter, everything that an instance with this configuration needs.
//!
//! The work runs as one task on the process's runtime and sends a line for each step; the caller's thread hands the lines on, so that the
//! sink is never called elsewhere nor later. What is not done when the time is over is said to be so. Everything made for a check (token,
//! connections, Graph client) is its own: a running instance of the same tenant is neither asked nor disturbed.
//!
//! One file a step; `target` says which servers are needed, `reach` holds the first requests to them, which three steps look at.

mod clock;
mod configuration;
mod line;
mod names;
mod permissions;
mod presence;
mod proxy;
mod reach;
mod run;
mod sign_in;
mod state_directory;
mod tally;
mod target;
mod tls;
mod trouble;
mod users;
mod work;

pub use line::{Line, SCHEMA, Step, Verdict};
pub use run::{Outcome, check};
