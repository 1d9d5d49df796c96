//! What is asked of the host, and what it may answer and tell.

/// `tps_dnd_change.dnd`: calls ring.
pub const TPS_DND_OFF: i32 = 1;
/// `tps_dnd_change.dnd`: calls do not ring.
pub const TPS_DND_ON: i32 = 2;

/// Reachable.
pub const TPS_CHAT_AVAILABLE: i32 = 1;
/// Not at the desk.
pub const TPS_CHAT_AWAY: i32 = 2;
/// Wants no messages.
pub const TPS_CHAT_DND: i32 = 3;
/// Away for long (XMPP `xa`).
pub const TPS_CHAT_EXTENDED_AWAY: i32 = 4;
/// Not there.
pub const TPS_CHAT_OFFLINE: i32 = 5;
/// The library says nothing any more: the host's own logic applies.
pub const TPS_CHAT_RELEASED: i32 = 6;

/// `tps_user.host_dnd` and `host_queue_dnd`: the DND is off as the user is handed over, whoever owned it before.
pub const TPS_HOST_DND_OFF: i32 = 1;
/// `tps_user.host_dnd` and `host_queue_dnd`: it is on. Whose it is, the library's record decides; without a record it is a person's.
pub const TPS_HOST_DND_ON: i32 = 2;
/// `tps_user.host_dnd` and `host_queue_dnd`: it is on, and the host kept a mark that this library switched it on.
pub const TPS_HOST_DND_ON_OURS: i32 = 3;

/// Answer of `on_dnd`, `on_queue_dnd` and `on_chat_state`: done. Any number not listed here means RETRY.
pub const TPS_ACK_APPLIED: i32 = 0;
/// Not done, the host is unchanged: offered again after 1 s, doubling to 60 s; the newest value only.
pub const TPS_ACK_RETRY: i32 = 1;
/// Not known yet: `tps_acknowledge` follows, within `dispatch.ack_timeout_ms` (30 s), or it counts as RETRY.
pub const TPS_ACK_PENDING: i32 = 2;
/// It already stood so: acknowledged, but not owned by the library.
pub const TPS_ACK_ALREADY: i32 = 3;
/// No such user here: nothing of him is offered again until he is put again.
pub const TPS_ACK_GONE: i32 = 4;

/// Origin of a report: the host cannot tell who did it.
pub const TPS_REPORT_SEEN: i32 = 0;
/// Origin of a report: certainly a person.
pub const TPS_REPORT_PERSON: i32 = 1;
