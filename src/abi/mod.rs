//! The C boundary. Each file is read by cbindgen into `include/teams_presence_sync.h`; the doc comments here *are* the manual there.
//!
//! A call is short: [`guard`](self) around it (no panic leaves, `errno` stays, `err` is terminated), the handle looked up, the arguments read,
//! one call of [`Instance`](crate::instance::Instance), its answer as a status. Wrong arguments are named and change nothing.

#![allow(non_camel_case_types, reason = "C's names")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the doc comments are the C manual: what each pointer must be stands at its parameter"
)]

pub mod answers;
mod callbacks;
pub mod check;
pub mod event_codes;
mod fault;
mod guard;
mod handle;
mod instances;
mod layout;
pub mod lifecycle;
pub mod loop_;
pub mod mapping;
pub mod notifications;
pub mod questions;
pub mod reports;
pub mod sign_in;
pub mod status;
#[cfg(feature = "test-hooks")]
pub mod test_hooks;
mod text;
pub mod types;
mod versioned;
pub mod versions;
pub mod words;
