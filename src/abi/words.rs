//! The families of numbers that travel in fields.

/// Not known: no presence yet, or a word that this version does not know. 0 is "unknown / none / default" in every family and every field.
/// Hosts must bear values they do not know.
pub const TPS_AVAILABILITY_UNKNOWN: i32 = 0;
/// Reachable. `AvailableIdle` arrives as this; its word stays in `availability_text`.
pub const TPS_AVAILABILITY_AVAILABLE: i32 = 1;
/// Away from the machine.
pub const TPS_AVAILABILITY_AWAY: i32 = 2;
/// Away for a moment.
pub const TPS_AVAILABILITY_BE_RIGHT_BACK: i32 = 3;
/// Occupied; the activity says with what. `BusyIdle` arrives as this.
pub const TPS_AVAILABILITY_BUSY: i32 = 4;
/// Wants no calls.
pub const TPS_AVAILABILITY_DO_NOT_DISTURB: i32 = 5;
/// Not signed in, or hidden.
pub const TPS_AVAILABILITY_OFFLINE: i32 = 6;

/// None, or a word that this version does not know; the word itself is in `activity_text`.
pub const TPS_ACTIVITY_UNKNOWN: i32 = 0;
/// As the availability.
pub const TPS_ACTIVITY_AVAILABLE: i32 = 1;
/// As the availability.
pub const TPS_ACTIVITY_AWAY: i32 = 2;
/// As the availability.
pub const TPS_ACTIVITY_BE_RIGHT_BACK: i32 = 3;
/// Busy by hand or by the calendar.
pub const TPS_ACTIVITY_BUSY: i32 = 4;
/// Set by hand.
pub const TPS_ACTIVITY_DO_NOT_DISTURB: i32 = 5;
/// Focus time.
pub const TPS_ACTIVITY_FOCUSING: i32 = 6;
/// In a call with one other person.
pub const TPS_ACTIVITY_IN_A_CALL: i32 = 7;
/// In a call with several others.
pub const TPS_ACTIVITY_IN_A_CONFERENCE_CALL: i32 = 8;
/// In a meeting of the calendar.
pub const TPS_ACTIVITY_IN_A_MEETING: i32 = 9;
/// Idle; also `AvailableInactive`.
pub const TPS_ACTIVITY_INACTIVE: i32 = 10;
/// Not signed in.
pub const TPS_ACTIVITY_OFFLINE: i32 = 11;
/// Appears offline by choice.
pub const TPS_ACTIVITY_OFF_WORK: i32 = 12;
/// Out of office.
pub const TPS_ACTIVITY_OUT_OF_OFFICE: i32 = 13;
/// Shares the screen.
pub const TPS_ACTIVITY_PRESENTING: i32 = 14;
/// Only urgent messages come through.
pub const TPS_ACTIVITY_URGENT_INTERRUPTIONS_ONLY: i32 = 15;

/// `tps_presence.source`: a poll answer.
pub const TPS_SOURCE_POLL: i32 = 1;
/// `tps_presence.source`: a change notification.
pub const TPS_SOURCE_NOTIFICATION: i32 = 2;

/// Something does not work. The default level.
pub const TPS_LOG_ERROR: i32 = 1;
/// Something may stop working.
pub const TPS_LOG_WARN: i32 = 2;
/// What an administrator did or would want to have seen.
pub const TPS_LOG_INFO: i32 = 3;
/// Each decision. Lines of this level and the next may name e-mail addresses.
pub const TPS_LOG_DEBUG: i32 = 4;
/// Each step. Falls back by itself after 30 minutes.
pub const TPS_LOG_TRACE: i32 = 5;

/// `tps_event.severity`: nothing to do.
pub const TPS_SEVERITY_INFO: i32 = 1;
/// `tps_event.severity`: works, but somebody should look before it does not.
pub const TPS_SEVERITY_WARNING: i32 = 2;
/// `tps_event.severity`: does not work, in whole or for the user named.
pub const TPS_SEVERITY_ERROR: i32 = 3;

/// Why a change is asked for: a rule decided so.
pub const TPS_REASON_RULE: i32 = 1;
/// The first decision after a start, or `tps_user.host_dnd` said otherwise.
pub const TPS_REASON_RESYNC: i32 = 2;
/// The presence is older than `stale.after_ms`.
pub const TPS_REASON_STALE: i32 = 3;
/// The instance was disabled.
pub const TPS_REASON_DISABLED: i32 = 4;
/// The host removed the user.
pub const TPS_REASON_REMOVED: i32 = 5;
/// Entra knows nobody of that address any more, or has disabled the account.
pub const TPS_REASON_UNMATCHED: i32 = 6;
/// No seat is left for the user.
pub const TPS_REASON_SEATS: i32 = 7;
/// The instance stops.
pub const TPS_REASON_STOPPING: i32 = 8;
/// Dry run was switched on.
pub const TPS_REASON_DRY_RUN: i32 = 9;
/// The user was put on the opt-out list.
pub const TPS_REASON_OPTED_OUT: i32 = 10;
