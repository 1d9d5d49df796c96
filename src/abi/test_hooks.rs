//! `tps_test_*`, declared in tests/c/tps_test_hooks.h, never in the real header. Only with the feature `test-hooks`.

use std::ffi::c_char;

use super::fault::Fault;
use super::guard::{ErrBuffer, guard};
use super::instances::with;
use super::status::tps_status;
use super::text;
use super::types::tps_sync;
use crate::instance::Step;
use crate::process::resolver;

/// Moves the clock of one instance ahead.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_test_advance_clock(sync: *mut tps_sync, ms: u64) -> tps_status {
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| {
            instance.advance_clock(ms);
            Ok(())
        })
    })
}

/// Makes code of the library panic: 1 in the next callback, 2 in this call with the engine locked, 3 in a task of the runtime,
/// 4 in the next start, 5 in the next reload.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_test_panic(sync: *mut tps_sync, place: i32) -> tps_status {
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| {
            match place {
                1 => instance.panic_in_callback(),
                2 => instance.panic_in_engine(),
                3 => instance.panic_in_task()?,
                4 => instance.panic_in_step(Step::Start),
                5 => instance.panic_in_step(Step::Reload),
                other => return Err(Fault::argument("place", &format!("{other} is not one of TPS_TEST_PANIC_*"))),
            }
            Ok(())
        })
    })
}

/// Makes the look-ups of a host name hang, or lets them go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_test_hang_name(host: *const c_char, hang: i32) -> tps_status {
    // SAFETY: `host` is NULL or a text; the test answers for it.
    guard(ErrBuffer::NONE, || {
        let host = unsafe { text::required(host, || "host".to_owned())? };
        if hang != 0 {
            resolver::hang(host)
        } else {
            resolver::release(host)
        }
        Ok(())
    })
}

/// What the disk under `state.dir` does from now on: 0 works, 1 does not come back from a write, 2 is full.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_test_disk(sync: *mut tps_sync, weather: i32) -> tps_status {
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| {
            instance.disk_weather(weather == 1, weather == 2);
            Ok(())
        })
    })
}
