//! Where presence comes from: polling and change notifications. And the way back to Teams: publishing.

mod aside;
mod ask;
mod bisect;
mod handle;
mod lane;
mod later;
pub mod notify;
mod pace;
mod planner;
mod poll;
mod publish;
mod question;
mod round;
mod sweep;
mod warm;
#[cfg(test)]
mod week_tests;

pub use handle::{PollHandle, Polling};
pub use planner::{Pacing, Planner, Portion, Swept};
pub use poll::Poll;
pub use publish::{Farewell, Publisher};
