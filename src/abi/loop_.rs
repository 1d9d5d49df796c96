//! The host's own loop, and the log level.

use super::fault::Fault;
use super::guard::{ErrBuffer, guard, guard_number};
use super::instances::{with, with_outside};
use super::lifecycle::milliseconds;
use super::status::tps_status;
use super::types::tps_sync;
use crate::event::Level;

/// The descriptor that is readable while something waits for `tps_dispatch`. It stays the same through stop and start. The library owns it:
/// watch it, but neither read nor close it; it is closed by `tps_destroy`.
///
/// @param sync the instance
/// @return the descriptor, 0 or more; or a status below 0: `TPS_E_STATE` the instance is not in `poll` mode, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_event_fd(sync: *mut tps_sync) -> i32 {
    guard_number(|| with(sync, |instance| Ok(instance.event_fd()?)))
}

/// Runs callbacks on the calling thread: waits for the first thing, then hands out what is there. For `"dispatch": {"mode": "poll"}`.
///
/// @param sync       the instance, Running
/// @param timeout_ms how long to wait for the first thing, in milliseconds, 0 or more; 0 = do not wait
/// @param max_events at most so many callbacks; 0 = 1,024
/// @return how many callbacks ran, 0 or more; or a status below 0:
///         `TPS_E_STATE` not Running, or not in `poll` mode; a waiting call comes back when a stop begins, the next one answers this;
///         `TPS_E_REENTRANT` called inside a callback; `TPS_E_INVALID_ARG` negative time; `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: up to `timeout_ms`, and as long as the callbacks it runs. Threads: any but inside callbacks; several may call at once, their
/// callbacks still come one after the other.
///
/// @code
/// struct pollfd fd = { tps_event_fd(sync), POLLIN, 0 };
/// while (running) {
///   poll(&fd, 1, -1);
///   if (tps_dispatch(sync, 0, 0) < 0) break;
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_dispatch(sync: *mut tps_sync, timeout_ms: i32, max_events: u32) -> i32 {
    guard_number(|| {
        with_outside(sync, "tps_dispatch", |instance| {
            let ran = instance.dispatch(milliseconds(timeout_ms)?, max_events)?;
            Ok(i32::try_from(ran).unwrap_or(i32::MAX))
        })
    })
}

/// How much `on_log` is told from now on, in place of `log.level` of the configuration.
///
/// @param sync  the instance
/// @param level `TPS_LOG_*`; `TPS_LOG_TRACE` falls back by itself after 30 minutes
/// @return `TPS_OK`; `TPS_E_INVALID_ARG` no such level; `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_set_log_level(sync: *mut tps_sync, level: i32) -> tps_status {
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| {
            let level =
                Level::from_number(level).ok_or_else(|| Fault::argument("level", &format!("{level} is not one of TPS_LOG_*")))?;
            instance.set_log_level(level);
            Ok(())
        })
    })
}
