//! What a call answers.

use std::ffi::CStr;

/// What every call answers: 0 is success, a negative number an error. Compare with `TPS_OK`; be ready for numbers that are not listed
/// here, since later versions may add some.
pub type tps_status = i32;

/// Done.
pub const TPS_OK: i32 = 0;
/// An argument is wrong: NULL where something must be, not UTF-8, a negative time, an empty id, a nonzero `reserved`. The text names it,
/// for instance `users[17].email: not UTF-8`. Nothing was changed. A programming mistake of the host.
pub const TPS_E_INVALID_ARG: i32 = -1;
/// The configuration is wrong. The text names the path of the key and what is allowed. Nothing was changed.
pub const TPS_E_CONFIG: i32 = -2;
/// No such instance: the handle is NULL, was never given out, or its instance was destroyed.
pub const TPS_E_HANDLE: i32 = -3;
/// Not in this state: see the table of states on the first page.
pub const TPS_E_STATE: i32 = -4;
/// Called inside a callback, of whichever instance, where it would wait for itself. Tell a thread of yours to do it.
pub const TPS_E_REENTRANT: i32 = -5;
/// `tps_stop` only: a callback of the host or the disk has not come back in time. Callbacks may still run: keep `user_data` alive and call
/// again.
pub const TPS_E_TIMEOUT: i32 = -6;
/// The buffer is too small; `*len` tells the size needed. Nothing was written.
pub const TPS_E_TOO_SMALL: i32 = -7;
/// No such user, or no such change is waiting for an answer.
pub const TPS_E_NOT_FOUND: i32 = -8;
/// Several users have this e-mail address: ask by `user_id`.
pub const TPS_E_AMBIGUOUS: i32 = -9;
/// The new configuration differs in keys that an instance keeps for its life, running or not; the text names them. Nothing was changed:
/// stop, destroy and create anew.
pub const TPS_E_NEEDS_RESTART: i32 = -10;
/// The caller was compiled for another major version, or a `struct_size` breaks the rules of guarantee 7.
pub const TPS_E_ABI: i32 = -11;
/// The handle was made before a `fork`, in the parent. It is of no use in the child; `tps_create` works there.
pub const TPS_E_FORKED: i32 = -12;
/// Another process, or another instance of this one, works with the same state directory. The text names its process id.
pub const TPS_E_LOCKED: i32 = -13;
/// The operating system refused something: a thread, a descriptor, memory. The text tells which.
pub const TPS_E_SYSTEM: i32 = -14;
/// A fault of this library, caught at its boundary. The call may have been done in part; the instance goes on. Report it.
pub const TPS_E_INTERNAL: i32 = -99;

pub(super) const fn name_of(status: tps_status) -> &'static CStr {
    match status {
        TPS_OK => c"TPS_OK",
        TPS_E_INVALID_ARG => c"TPS_E_INVALID_ARG",
        TPS_E_CONFIG => c"TPS_E_CONFIG",
        TPS_E_HANDLE => c"TPS_E_HANDLE",
        TPS_E_STATE => c"TPS_E_STATE",
        TPS_E_REENTRANT => c"TPS_E_REENTRANT",
        TPS_E_TIMEOUT => c"TPS_E_TIMEOUT",
        TPS_E_TOO_SMALL => c"TPS_E_TOO_SMALL",
        TPS_E_NOT_FOUND => c"TPS_E_NOT_FOUND",
        TPS_E_AMBIGUOUS => c"TPS_E_AMBIGUOUS",
        TPS_E_NEEDS_RESTART => c"TPS_E_NEEDS_RESTART",
        TPS_E_ABI => c"TPS_E_ABI",
        TPS_E_FORKED => c"TPS_E_FORKED",
        TPS_E_LOCKED => c"TPS_E_LOCKED",
        TPS_E_SYSTEM => c"TPS_E_SYSTEM",
        TPS_E_INTERNAL => c"TPS_E_INTERNAL",
        _ => c"TPS_E_?",
    }
}
