//! What the host tells.

use std::ffi::c_char;

use super::fault::Fault;
use super::guard::{ErrBuffer, guard};
use super::instances::with;
use super::status::tps_status;
use super::text;
use super::types::tps_sync;
use crate::sync::{Answer, Origin};

/// Answers a change that `on_dnd`, `on_queue_dnd` or `on_chat_state` answered with `TPS_ACK_PENDING`. May come before that callback has returned.
///
/// @param sync      the instance
/// @param change_id of the change
/// @param result    `TPS_ACK_*` but PENDING; an unknown number means RETRY
/// @return `TPS_OK`;
///         `TPS_E_NOT_FOUND` no such change waits: answered already, timed out and offered anew, replaced by a newer one, or ended by a
///         stop; nothing was changed. An answer that comes late, but before the change is offered again, still counts;
///         `TPS_E_INVALID_ARG` `result` is `TPS_ACK_PENDING`; `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_acknowledge(sync: *mut tps_sync, change_id: u64, result: i32) -> tps_status {
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| match Answer::from_number(result) {
            Answer::Pending => Err(Fault::argument("result", "TPS_ACK_PENDING is no answer")),
            answer => Ok(instance.acknowledge(change_id, answer)?),
        })
    })
}

/// Tells that the DND of a user was switched at the host. Report every change the host sees, the library's own included: it knows its own
/// echo, and takes anything else for a person's act, which it respects (docs/dnd.md). Report in the order of the changes, those that
/// `on_dnd` makes included: an OFF from before an ON that is reported after that ON was answered reads as switching ours off.
///
/// @param sync    the instance, in any state but Stopping
/// @param user_id the host's id of the user
/// @param on      0 = now off, anything else = now on
/// @param origin  `TPS_REPORT_SEEN` if the host cannot tell who did it, `TPS_REPORT_PERSON` if certainly a person did
/// @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_report_dnd(sync: *mut tps_sync, user_id: *const c_char, on: i32, origin: i32) -> tps_status {
    // SAFETY: `user_id` is NULL or a text; the host answers for it.
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| {
            let origin = origin_of(origin)?;
            let user_id = unsafe { text::required(user_id, || "user_id".to_owned())? };
            Ok(instance.report_dnd(user_id, on != 0, origin)?)
        })
    })
}

/// Tells that the DND for the calls of queues was switched at the host, as `tps_report_dnd` does for the user's own: the two have nothing to
/// do with each other. A host whose one key switches both reports both. It is remembered also where the user's rules say nothing
/// of the queue yet, and ignored where `on_queue_dnd` is NULL.
///
/// @param sync    the instance, in any state but Stopping
/// @param user_id the host's id of the user
/// @param on      0 = now off, anything else = now on
/// @param origin  `TPS_REPORT_SEEN` if the host cannot tell who did it, `TPS_REPORT_PERSON` if certainly a person did
/// @return as `tps_report_dnd`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_report_queue(sync: *mut tps_sync, user_id: *const c_char, on: i32, origin: i32) -> tps_status {
    // SAFETY: `user_id` is NULL or a text; the host answers for it.
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| {
            let origin = origin_of(origin)?;
            let user_id = unsafe { text::required(user_id, || "user_id".to_owned())? };
            Ok(instance.report_queue(user_id, on != 0, origin)?)
        })
    })
}

/// Tells that a user is in a call of the host's own, or no longer. A call of the telephone system may come back from Teams as Busy/InACall;
/// while the user is in one, and around it, `InACall` and `InAConferenceCall` decide nothing about him: the last decision stays, and what such
/// a presence decided in the 5 minutes before the report is taken back at once. After the end this lasts until a presence without the two
/// is seen, at most 5 minutes (docs/dnd.md, "Your own calls"). With `publish.calls` in the configuration the library itself shows the call in
/// Teams, and ends that with it (docs/graph.md, "Publishing").
///
/// A level, not a count: report 1 with the first call of a user, 0 when the last one has ended. Where several users share one address, the
/// person is in a call while any of them is. A report without end is forgotten after 4 hours; reporting 1 again counts them anew. A
/// report is remembered over a stop and a start, not beyond the process; removing the user forgets it.
///
/// ```c
/// void on_channel_up(const char *extension)   { tps_report_call(sync, extension, 1); }
/// void on_channel_down(const char *extension) { if (channels_of(extension) == 0) tps_report_call(sync, extension, 0); }
/// ```
///
/// @param sync    the instance, in any state but Stopping
/// @param user_id the host's id of the user
/// @param in_call 0 = in no call, anything else = in a call
/// @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_report_call(sync: *mut tps_sync, user_id: *const c_char, in_call: i32) -> tps_status {
    // SAFETY: `user_id` is NULL or a text; the host answers for it.
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| {
            let user_id = unsafe { text::required(user_id, || "user_id".to_owned())? };
            Ok(instance.report_call(user_id, in_call != 0)?)
        })
    })
}

/// Asks for news at once: the presence of one user, or of all and the directory too. What waits for a retry is offered at once. The answer
/// comes through the callbacks, if it is news. Calls in quick succession are joined, and all of them together take half of the request
/// budget at most. A user who is not found yet is asked for when he is, within a minute. Who has no seat is not asked for.
///
/// @param sync    the instance
/// @param user_id the host's id of the user; NULL for all
/// @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_STATE` not running; `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_refresh(sync: *mut tps_sync, user_id: *const c_char) -> tps_status {
    // SAFETY: `user_id` is NULL or a text; the host answers for it.
    guard(ErrBuffer::NONE, || with(sync, |instance| Ok(instance.refresh(unsafe { one_or_all(user_id)? })?)))
}

fn origin_of(number: i32) -> Result<Origin, Fault> {
    match number {
        0 => Ok(Origin::Seen),
        1 => Ok(Origin::Person),
        other => Err(Fault::argument("origin", &format!("{other} is not one of TPS_REPORT_*"))),
    }
}

/// NULL names all; an empty id names nobody.
///
/// # Safety
/// `user_id` is NULL or points to a text.
pub(super) unsafe fn one_or_all<'a>(user_id: *const c_char) -> Result<Option<&'a str>, Fault> {
    if user_id.is_null() {
        return Ok(None);
    }
    // SAFETY: promised by the caller.
    unsafe { text::required(user_id, || "user_id".to_owned()) }.map(Some)
}
