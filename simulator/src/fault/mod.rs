//! Faults: what goes wrong, where, how often.

mod apply;
pub(crate) mod board;
#[allow(clippy::module_inception, reason = "the module is about faults, the file about one")]
mod fault;

pub(crate) use apply::{Applied, finish, instead};
pub(crate) use board::{Struck, Target};
pub use fault::{EndpointClass, Fault, FaultAction, FaultBody, RetryAfter};
