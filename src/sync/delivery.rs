//! What goes out to the host, and what comes back.

use std::sync::Arc;

use crate::presence::{Activity, Availability, Chat, Dnd, Guid};

/// Where an observation came from. Numbers are `TPS_SOURCE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    /// A poll answer.
    Poll = 1,
    /// A change notification.
    Notification = 2,
}

/// Why a change is asked for. Numbers are `TPS_REASON_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// A rule decided so.
    Rule = 1,
    /// First decision after a start, or the host's own word said otherwise.
    Resync = 2,
    /// The presence is too old.
    Stale = 3,
    /// The instance was disabled.
    Disabled = 4,
    /// The host removed the user.
    Removed = 5,
    /// The directory knows nobody of that address any more.
    Unmatched = 6,
    /// No seat is left.
    Seats = 7,
    /// The instance stops.
    Stopping = 8,
    /// Dry run was switched on.
    DryRun = 9,
    /// The user was put on the opt-out list.
    OptedOut = 10,
}

/// The host's answer to a change. Numbers are `TPS_ACK_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Answer {
    /// Done.
    Applied = 0,
    /// Not done, host unchanged: offer it again.
    Retry = 1,
    /// `tps_acknowledge` follows.
    Pending = 2,
    /// It already stood so.
    Already = 3,
    /// The host has no such user.
    Gone = 4,
}

impl Answer {
    /// Reads the number a host answered; anything unknown means [`Answer::Retry`].
    pub fn from_number(number: i32) -> Answer {
        match number {
            0 => Answer::Applied,
            2 => Answer::Pending,
            3 => Answer::Already,
            4 => Answer::Gone,
            _ => Answer::Retry,
        }
    }
}

/// Who a report says did it. Numbers are `TPS_REPORT_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The host cannot tell.
    Seen,
    /// Certainly a person.
    Person,
}

/// A person's presence as it is shown to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceView {
    /// The host's id of the user.
    pub user_id: Arc<str>,
    /// The address the host gave, if any.
    pub email: Option<Arc<str>>,
    /// The Entra object id.
    pub object_id: Guid,
    /// The base state.
    pub availability: Availability,
    /// The detail.
    pub activity: Activity,
    /// The base state as Graph spelled it.
    pub availability_text: Arc<str>,
    /// The detail as Graph spelled it.
    pub activity_text: Arc<str>,
    /// Out of office.
    pub out_of_office: bool,
    /// Poll or notification.
    pub source: Source,
    /// When it was observed.
    pub observed_at_ms: i64,
}

/// A change of one output of one user that the host is asked to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// Names this change in `tps_acknowledge`; kept while the same value is offered again.
    pub change_id: u64,
    /// The host's id of the user.
    pub user_id: Arc<str>,
    /// The address the host gave, if any.
    pub email: Option<Arc<str>>,
    /// The newest presence, if there is one.
    pub presence: Option<Box<PresenceView>>,
    /// When it was decided.
    pub decided_at_ms: i64,
    /// What is asked for.
    pub value: T,
    /// Why.
    pub reason: Reason,
    /// 1 for the first offer of this value.
    pub attempt: u32,
}

/// One thing for the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A presence was seen. Needs no answer.
    Presence(Box<PresenceView>),
    /// Switch do-not-disturb.
    Dnd(Box<Change<Dnd>>),
    /// Switch do-not-disturb for the calls of queues.
    Queue(Box<Change<Dnd>>),
    /// Set the chat state.
    Chat(Box<Change<Chat>>),
}
