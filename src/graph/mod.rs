//! The few calls of Microsoft Graph, their errors and throttling.
//!
//! Each call is a small function of [`GraphClient`]. What a failure means is said by [`GraphError`], when to try again by
//! [`GraphError::pause_ms`], and what administrators hear of it by [`Health`].

mod application;
pub mod backoff;
mod client;
pub mod delta;
mod error;
mod health;
mod json;
mod link;
pub mod permission;
mod presence_reader;
mod presences;
mod session;
pub mod subscriptions;
pub mod users;

pub use client::{Endpoint, GraphClient, Parts};
pub use error::{Class, Facts, GraphError, Unreadable};
pub use health::{Area, Health};
pub use link::{Link, MOST_VALUES};
pub use presences::{MOST_IDS, PresenceAnswer};
