//! Which version is this, and what its numbers are called.

use std::ffi::c_char;

use super::status::{name_of, tps_status};

/// Major version in the upper 16 bits, minor in the lower. The header carries it in hexadecimal.
pub const TPS_ABI_VERSION: u32 = 0x0001_0000;

/// The version of the interface that the loaded library has, to compare with `TPS_ABI_VERSION`, which the host was compiled with: the
/// majors (`>> 16`) must be equal, and the library's minor should not be less than the host's.
///
/// @return major << 16 | minor
///
/// Blocks: no. Threads: any, also inside callbacks, before `tps_create` and after `fork`.
///
/// @code
/// if (tps_abi_version() >> 16 != TPS_ABI_VERSION >> 16) return refuse("another major version of libteams_presence_sync is installed");
/// @endcode
#[unsafe(no_mangle)]
pub extern "C" fn tps_abi_version() -> u32 {
    TPS_ABI_VERSION
}

/// The release of the library, for logs, for instance `"0.1.0"`. Nothing may be concluded from it about the interface.
///
/// @return a constant text, valid for the life of the process; never NULL
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub extern "C" fn tps_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The name of a status for logs, for instance `"TPS_E_STATE"`; `"TPS_E_?"` for a number this version does not know.
///
/// @param status what a call answered
/// @return a constant text, valid for the life of the process; never NULL
///
/// Blocks: no. Threads: any, also inside callbacks.
///
/// @code
/// tps_status status = tps_start(sync, err, sizeof err);
/// if (status != TPS_OK) fprintf(stderr, "%s: %s\n", tps_status_name(status), err);
/// @endcode
#[unsafe(no_mangle)]
pub extern "C" fn tps_status_name(status: tps_status) -> *const c_char {
    name_of(status).as_ptr()
}
