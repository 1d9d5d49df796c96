//! What the host may ask.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::guard::{ErrBuffer, guard};
use super::instances::with;
use super::reports::one_or_all;
use super::status::tps_status;
use super::types::{tps_state, tps_sync};
use super::{text, versioned};
use crate::sync::UserState;

/// How one user stands. For a display; decisions come through the callbacks.
///
/// @param sync             the instance
/// @param user_id_or_email the host's id of the user, tried first and byte by byte, or his e-mail address in any casing
/// @param out              filled; `struct_size` must be set (`TPS_STATE_INIT`). Untouched after an error
/// @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_AMBIGUOUS` several users have this address;
///         `TPS_E_ABI` a wrong `struct_size`; `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
///
/// @code
/// tps_state state = TPS_STATE_INIT;
/// if (tps_get_state(sync, "101", &state) == TPS_OK && state.dnd_owned) puts("101 is on DND because of Teams");
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_get_state(sync: *mut tps_sync, user_id_or_email: *const c_char, out: *mut tps_state) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(ErrBuffer::NONE, || unsafe {
        with(sync, |instance| {
            let size = versioned::size_at(out.cast_const(), &|| "out".to_owned())?;
            let name = text::required(user_id_or_email, || "user_id_or_email".to_owned())?;
            let state = instance.state_of(name)?;
            versioned::fill(out, size, &raw(&state));
            Ok(())
        })
    })
}

/// Why one user stands as he does, as a JSON object for support: address, object id and how it was found, Teams' last words and their age,
/// the rule that decided, holds, desired, acknowledged, owner, overrides, intents, the host's last answer and the next offer, and what would
/// change if the instance were enabled now. docs/explain.md describes each member; members may be added. Or, for all, the matching report:
/// who was found, who was not and why.
///
/// @param sync    the instance
/// @param user_id the host's id of the user; NULL for the matching report
/// @param buf     room for the text and its NUL; may be NULL if `*len` is 0
/// @param len     in: bytes of room; out: bytes of the whole answer, its NUL included
/// @return `TPS_OK`;
///         `TPS_E_TOO_SMALL` `*len` tells the room needed, nothing was written. The answer may have grown by the next call: ask in a loop;
///         `TPS_E_NOT_FOUND` no such user; `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
///
/// @code
/// size_t len = 0;
/// char *text = NULL;
/// while (tps_explain(sync, "101", text, &len) == TPS_E_TOO_SMALL) text = realloc(text, len);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_explain(
    sync: *mut tps_sync,
    user_id: *const c_char,
    buf: *mut c_char,
    len: *mut usize,
) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(ErrBuffer::NONE, || unsafe { with(sync, |instance| text::answer(&instance.explain(one_or_all(user_id)?)?, buf, len)) })
}

/// Figures for monitoring, as a JSON object; docs/stats.md describes each field. Counters never go back. They are read one after the
/// other, so sums need not agree to the last unit.
///
/// @param sync the instance
/// @param buf  room for the text and its NUL; may be NULL if `*len` is 0
/// @param len  in: bytes of room; out: bytes of the whole answer, its NUL included
/// @return as `tps_explain`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_stats(sync: *mut tps_sync, buf: *mut c_char, len: *mut usize) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(ErrBuffer::NONE, || unsafe { with(sync, |instance| text::answer(&instance.stats(), buf, len)) })
}

fn raw(state: &UserState) -> tps_state {
    // SAFETY: integers and an array of them; zero is a valid value of each.
    let mut raw: tps_state = unsafe { MaybeUninit::zeroed().assume_init() };
    raw.matched = i32::from(state.matched);
    raw.availability = state.availability as i32;
    raw.activity = state.activity as i32;
    raw.out_of_office = i32::from(state.out_of_office);
    raw.stale = i32::from(state.stale);
    raw.dnd_desired = state.dnd_desired.map_or(0, |dnd| dnd as i32);
    raw.dnd_acknowledged = state.dnd_acknowledged.map_or(0, |dnd| dnd as i32);
    raw.dnd_owned = i32::from(state.dnd_owned);
    raw.chat_desired = state.chat_desired.map_or(0, |chat| chat as i32);
    raw.chat_acknowledged = state.chat_acknowledged.map_or(0, |chat| chat as i32);
    raw.queue_desired = state.queue_desired.map_or(0, |dnd| dnd as i32);
    raw.queue_acknowledged = state.queue_acknowledged.map_or(0, |dnd| dnd as i32);
    raw.queue_owned = i32::from(state.queue_owned);
    raw.observed_at_ms = state.observed_at_ms;
    raw.acknowledged_at_ms = state.acknowledged_at_ms;
    if let Some(id) = state.object_id {
        // 36 characters; the rest of the 40 stays zero.
        for (to, from) in raw.entra_object_id.iter_mut().zip(id.text().as_str().bytes()) {
            *to = from as c_char;
        }
    }
    raw
}
