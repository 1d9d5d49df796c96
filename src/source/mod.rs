//! Where presence comes from: polling. And the way back to Teams: publishing.

mod ask;
mod bisect;
mod handle;
mod lane;
pub mod notify;
mod pace;
mod planner;
mod poll;
mod publish;
mod sweep;
mod warm;

pub use handle::{PollHandle, Polling};
pub use planner::{Pacing, Planner, Portion, Swept};
pub use poll::Poll;
pub use publish::{Farewell, Publisher};
