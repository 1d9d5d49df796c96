//! The operating system, where `unsafe` is needed: clocks, signals, eventfd, fork, pid.
//!
//! Linux is what is tested; other Unix systems compile where the call exists.

pub mod clock;
pub mod errno;
pub mod eventfd;
pub mod fork;
pub mod lock;
pub mod primitives;
pub mod signal;
pub mod user;
