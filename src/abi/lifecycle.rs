//! From `tps_create` to `tps_destroy`.

use std::ffi::c_char;
use std::time::Duration;

use super::callbacks::HostTable;
use super::fault::Fault;
use super::guard::{ErrBuffer, guard};
use super::instances::{Held, INSTANCES, with, with_outside};
use super::status::tps_status;
use super::types::{tps_callbacks, tps_sync};
use super::versions::TPS_ABI_VERSION;
use super::{text, versioned};
use crate::host::reentrancy::in_callback;
use crate::instance::Instance;

/// Reads a configuration and makes an instance of it, in state New. Nothing is sent and no thread is started; a pair of `tps_create` and
/// `tps_destroy` is therefore the way to validate a configuration.
///
/// @param config_json the configuration: JSON in UTF-8, see docs/configuration.md; copied
/// @param config_len  its bytes, without a NUL, at most 1 MiB
/// @param callbacks   what to call; copied, only `user_data` must live on until `on_released`
/// @param out         the handle; NULL after an error
/// @param err         what was wrong, always ended by a NUL, cut at a character; may be NULL
/// @param err_len     room in `err`, in bytes; 512 is plenty
/// @return `TPS_OK`;
///         `TPS_E_CONFIG` the text names the path of the key and what is allowed, for instance
///         `rules.list[2].dnd: "onn" is not one of on, off, keep`;
///         `TPS_E_INVALID_ARG` a pointer is NULL or the text is not UTF-8;
///         `TPS_E_ABI` `callbacks` is of another major version or breaks the rules for struct_size;
///         `TPS_E_SYSTEM` no descriptor or memory is left
///
/// `on_released` runs once for each call whose `callbacks` could be read: now if this call fails, else inside `tps_destroy`.
///
/// Blocks: no; may read files named in the configuration. Threads: any, also inside callbacks and in a forked child.
///
/// @code
/// tps_callbacks callbacks = TPS_CALLBACKS_INIT;
/// callbacks.on_dnd = my_on_dnd;
/// tps_sync *sync;
/// char err[512];
/// if (tps_create(json, strlen(json), &callbacks, &sync, err, sizeof err) != TPS_OK) { log_error("%s", err); return -1; }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_create(
    config_json: *const c_char,
    config_len: usize,
    callbacks: *const tps_callbacks,
    out: *mut *mut tps_sync,
    err: *mut c_char,
    err_len: usize,
) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(unsafe { ErrBuffer::new(err, err_len) }, || unsafe {
        if !out.is_null() {
            out.write_unaligned(std::ptr::null_mut());
        }
        let table = versioned::read_one(callbacks, || "callbacks".to_owned())?;
        if table.abi_version != 0 && table.abi_version >> 16 != TPS_ABI_VERSION >> 16 {
            let (theirs, ours) = (table.abi_version >> 16, TPS_ABI_VERSION >> 16);
            return Err(Fault::abi(
                "callbacks.abi_version",
                format!("the host was compiled for major {theirs}, this is major {ours}"),
            ));
        }
        // From here on a failure drops the table, and with it runs on_released.
        let (host, release) = HostTable::new(table);
        if table.reserved != 0 {
            return Err(Fault::argument("callbacks.reserved", "not 0"));
        }
        if out.is_null() {
            return Err(Fault::null("out"));
        }
        let config = text::configuration(config_json, config_len)?;
        let instance = Instance::create(config, Box::new(host))?;
        out.write_unaligned(INSTANCES.insert(Held { instance, release })?);
        Ok(())
    })
}

/// Begins to work: New or Stopped becomes Running. Signs in, looks the users up and delivers the first decision for each of them, all in the
/// background; what goes wrong there comes as events. Allowed again after a stop.
///
/// @param sync    the instance
/// @param err     what was wrong; may be NULL
/// @param err_len room in `err`, in bytes
/// @return `TPS_OK`;
///         `TPS_E_STATE` it runs already, or a stop is not done;
///         `TPS_E_CONFIG` a file that the configuration names for TLS or the proxy cannot be used; nothing was started;
///         `TPS_E_LOCKED` another process works with the same `state.dir`; the text names it;
///         `TPS_E_SYSTEM` no thread or descriptor could be had; nothing was started;
///         `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no; touches the disk if `state.dir` is set. Never waits for the network or a callback. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_start(sync: *mut tps_sync, err: *mut c_char, err_len: usize) -> tps_status {
    // SAFETY: `err` is NULL or has `err_len` bytes; the host answers for it.
    guard(unsafe { ErrBuffer::new(err, err_len) }, || with(sync, |instance| Ok(instance.start()?)))
}

/// Takes a new configuration, whole or not at all. The users stay as they are. A new credential is tried while the old token still serves.
///
/// @param sync        the instance, in any state but Stopping
/// @param config_json the whole new configuration: JSON in UTF-8; copied
/// @param config_len  its bytes, without a NUL, at most 1 MiB
/// @param err         what was wrong, or the keys that need a restart; may be NULL
/// @param err_len     room in `err`, in bytes
/// @return `TPS_OK` the new configuration holds;
///         `TPS_E_NEEDS_RESTART` the text names the keys that an instance keeps for its life; nothing was changed;
///         `TPS_E_CONFIG` as in `tps_create`; nothing was changed;
///         `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no; may read files named in the configuration. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_reload(
    sync: *mut tps_sync,
    config_json: *const c_char,
    config_len: usize,
    err: *mut c_char,
    err_len: usize,
) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(unsafe { ErrBuffer::new(err, err_len) }, || {
        with(sync, |instance| Ok(instance.reload(unsafe { text::configuration(config_json, config_len)? })?))
    })
}

/// Switches the synchronisation off and on without a stop. Off: DND that the library switched on is released, chat states are released, no
/// request goes to Graph but by `tps_refresh`; `TPS_EVENT_ALL_RELEASED` tells when all of that is done. Not stored: a new instance begins
/// as its configuration says.
///
/// @param sync    the instance, in any state but Stopping
/// @param enabled 0 = off, anything else = on
/// @return `TPS_OK`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_set_enabled(sync: *mut tps_sync, enabled: i32) -> tps_status {
    guard(ErrBuffer::NONE, || with(sync, |instance| Ok(instance.set_enabled(enabled != 0)?)))
}

/// Ends the work: no request goes out any more, releases that `dnd.on_stop` asks for are offered once, answers that are owed are waited for
/// within the time and `dispatch.ack_timeout_ms`, and then no callback runs.
///
/// `TPS_OK` means: no callback of this instance is running and none will run until the next `tps_start`, but `on_released` from
/// `tps_destroy`. Anything else means: callbacks may still come; keep `user_data` and the code alive and call again.
///
/// @param sync       the instance, in any state; New becomes Stopped, Stopped stays
/// @param timeout_ms how long to wait, in milliseconds, 0 or more. 5000 is a good value. The call returns within about this time even while
///                   a callback, DNS or a disk hangs; where nothing hangs it takes up to a quarter of a second more to come to its end
/// @return `TPS_OK`;
///         `TPS_E_TIMEOUT` callbacks of the host (one that hangs, or all that are still due together) or a disk take longer than this
///         time, also a disk that another thread's `tps_start`, `tps_reload` or `tps_stop` waits for just now: call again. Nothing in the
///         network causes it, nor answers that are owed: they are given up in time;
///         `TPS_E_REENTRANT` called inside a callback: tell another thread to do it;
///         `TPS_E_INVALID_ARG` negative time; `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: up to `timeout_ms`. In `poll` mode it runs the remaining callbacks on the calling thread, so one of them that hangs holds it up.
/// Do not hold a lock here that a callback takes. Threads: any but inside callbacks; several may wait for the same stop.
///
/// @code
/// while ((status = tps_stop(sync, 5000)) == TPS_E_TIMEOUT) log_warning("waiting for callbacks");
/// if (status == TPS_OK) tps_destroy(sync);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_stop(sync: *mut tps_sync, timeout_ms: i32) -> tps_status {
    guard(ErrBuffer::NONE, || with_outside(sync, "tps_stop", |instance| Ok(instance.stop(milliseconds(timeout_ms)?)?)))
}

/// Frees an instance that is New or Stopped. The handle is of no use afterwards; calls that other threads make at the same time answer
/// `TPS_E_HANDLE` or what they would have answered before. The last thing this call does is `on_released`.
///
/// @param sync the instance
/// @return `TPS_OK`;
///         `TPS_E_STATE` it runs, or a stop is not done: stop it first; nothing was freed;
///         `TPS_E_REENTRANT` called inside a callback;
///         `TPS_E_HANDLE` destroyed already; `TPS_E_FORKED`
///
/// Blocks: no; waits only for calls of other threads that are under way. Threads: any but inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_destroy(sync: *mut tps_sync) -> tps_status {
    guard(ErrBuffer::NONE, || {
        drop(INSTANCES.get(sync)?);
        if in_callback() {
            return Err(Fault::reentrant("tps_destroy"));
        }
        let Held { instance, release } = INSTANCES.remove(sync, |held| Ok(held.instance.destroy()?))?;
        drop(instance);
        release.run();
        Ok(())
    })
}

/// A time given by the host.
pub(super) fn milliseconds(timeout_ms: i32) -> Result<Duration, Fault> {
    match u64::try_from(timeout_ms) {
        Ok(ms) => Ok(Duration::from_millis(ms)),
        Err(_) => Err(Fault::argument("timeout_ms", "negative")),
    }
}
