//! The life of one user, checked against the engine itself.
//!
//! A world ([`world`]) stands around the real [`Engine`](crate::sync::Engine): Teams, a telephone system ([`host`]), a disk, a directory, time. It
//! knows what the engine cannot: whose DND is really on. After each act of a life ([`acts`]) it looks whether docs/dnd.md still holds
//! ([`invariants`]), and from there lets all become quiet to see whether it ends well ([`quiet`]).
//!
//! [`exhaustive`] takes every life up to a length, [`random`] long ones. [`faults`] are wrong rules that both must find.

#![allow(clippy::print_stdout, reason = "says how far it came")]

mod acts;
mod book;
mod exhaustive;
mod faults;
mod fingerprint;
mod host;
mod invariants;
mod link;
mod process;
mod quiet;
mod random;
mod world;
