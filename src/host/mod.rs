//! The way back to the host: what it can be told, and the gate through which every callback goes.
//!
//! ```text
//! Feed ──▶ Outlet (gate, panics, timing) ──▶ HostCallbacks
//!            ▲
//!         Service: serve, drain, close        driven by  dispatcher (a thread) | driven (tps_dispatch) | shared (one thread for many)
//! ```

mod bell;
mod callbacks;
mod counters;
mod desk;
mod dispatch;
mod dispatcher;
mod driven;
mod feed;
mod gate;
mod outlet;
pub mod reentrancy;
mod service;
mod shared;
#[cfg(test)]
mod tests;

pub use bell::Bell;
pub use callbacks::{HostCallbacks, Wants};
pub use counters::OutletStats;
pub use desk::{Desk, Wake};
pub use dispatch::{Dispatch, Mode, Waker};
pub use driven::NotServing;
pub use feed::Feed;
pub use gate::{Gate, NoPass, Pass};
pub use outlet::{Outlet, Pumped, What, words_of};
pub use service::Finished;
pub use shared::SharedDispatcher;
