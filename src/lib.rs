//! teams-presence-sync: Microsoft Teams presence inside telephone systems.
//!
//! The map of the crate. Each line may use the lines below it, never one above (`tests/layering.rs` checks):
//!
//! | module | what lives there |
//! |---|---|
//! | `abi` | the C boundary: one short function per C call |
//! | `instance` | wiring and life of one instance: create, start, reload, stop; explain; stats |
//! | `source` | where presence comes from: polling and change notifications; the way back |
//! | `directory` | e-mail address to Entra object id |
//! | `graph` | the few Graph calls, their errors and throttling |
//! | `auth` | one file per grant, token cache, clouds, the AADSTS catalogue |
//! | `process` | what a process has once: runtime, resolver, budgets and HTTP clients |
//! | `http` | transport, TLS, proxy, Retry-After |
//! | `host` | the way back: outlet (the gate), dispatcher thread, host-driven dispatch |
//! | `store` | what outlives the process: ownership, intents, notes |
//! | `sync` | the heart, pure: roster, rules, ownership, reconcile, seats, age |
//! | `config` | JSON to typed configuration, schema, secrets, reload difference |
//! | `event` | the catalogue of events, log facade, counters |
//! | `presence` | the domain's words: availability, activity, normalisation |
//! | `time` | the clock (simulated in tests) |
//! | `sys` | signals, eventfd, fork, pid |
//!
//! The product is the C library; the Rust items are public only so that tests, benches and the command-line companion can reach them.

#[cfg(not(panic = "unwind"))]
compile_error!("panics must unwind: a panic that cannot be caught at the C boundary would end the host process");

pub mod abi;
pub mod auth;
pub mod config;
pub mod directory;
pub mod event;
pub mod graph;
pub mod host;
pub mod http;
pub mod instance;
pub mod presence;
pub mod process;
pub mod source;
pub mod store;
pub mod sync;
pub mod sys;
pub mod time;
