//! The preflight: tries once, in the order in which it would matter, everything that an instance with this configuration needs.
//!
//! The work runs as one task on the process's runtime and sends a line for each step; the caller's thread hands the lines on, so that the
//! sink is never called elsewhere nor later. What is not done when the time is over is said to be so. Everything made for a check (token,
//! connections, Graph client) is its own, with two exceptions, for which a person or an account would have to pay: where a person signs in, the
//! token of a running instance or the stored sign-in is used; and a password that was refused is not sent again, see `memory`.
//!
//! One file a step; `target` says which servers are needed, `reach` holds the first requests to them, which three steps look at.

mod accounts;
mod clock;
mod configuration;
mod line;
mod memory;
mod names;
mod permissions;
mod person;
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
