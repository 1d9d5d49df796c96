//! What the host can be told. The C boundary implements it; tests do too.

use crate::event::{Event, LogLine};
use crate::presence::{Chat, Dnd};
use crate::sync::{Answer, Change, PresenceView};

/// The host's callbacks as safe Rust. Only the [`Outlet`](super::Outlet) calls them, one at a time, never under a lock.
///
/// A method the host has not set does nothing; for a change it answers [`Answer::Applied`].
pub trait HostCallbacks: Send + Sync {
    /// `on_dnd`
    fn dnd(&self, change: &Change<Dnd>) -> Answer;
    /// `on_queue_dnd`
    fn queue_dnd(&self, change: &Change<Dnd>) -> Answer;
    /// `on_chat_state`
    fn chat(&self, change: &Change<Chat>) -> Answer;
    /// `on_presence`
    fn presence(&self, presence: &PresenceView);
    /// `on_event`
    fn event(&self, event: &Event);
    /// `on_log`
    fn log(&self, line: &LogLine);
    /// `on_thread_start`, on the library thread that will call the host.
    fn thread_started(&self, name: &str);
    /// `on_thread_stop`, on that thread, as its last callback.
    fn thread_stopped(&self, name: &str);
    /// Which outputs the host wants at all.
    fn wants(&self) -> Wants;
}

/// The callbacks that are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// `on_dnd`
    pub dnd: bool,
    /// `on_queue_dnd`
    pub queue: bool,
    /// `on_chat_state`
    pub chat: bool,
    /// `on_presence`
    pub presence: bool,
    /// `on_event`
    pub event: bool,
    /// `on_log`
    pub log: bool,
}
