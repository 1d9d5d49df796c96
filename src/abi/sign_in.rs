//! Sign-in that needs a person.

use std::ffi::c_char;

use super::fault::Fault;
use super::guard::{ErrBuffer, guard};
use super::instances::with;
use super::status::tps_status;
use super::text;
use super::types::tps_sync;

/// Asks for a code by which a person signs in, with `auth.method` device_code, or with that of one of `source.notifications.accounts`. `TPS_EVENT_SIGN_IN_REQUIRED` brings page and code, and
/// `tps_stats` shows them while they wait (`sign_in`, `accounts`); `TPS_EVENT_SIGNED_IN` or `TPS_EVENT_SIGN_IN_ENDED` follows. A start does this by
/// itself where no sign-in is stored; call it when a code has run out or was declined, after `tps_sign_out`, or to sign in as somebody else:
/// until the new sign-in, the old one serves.
///
/// A code that waits already is worthless afterwards, unless it is younger than 5 seconds: then it is told again.
///
/// @param sync    the instance
/// @param account which sign-in: NULL, "" or "main" for that of `auth`; else a name of `source.notifications.accounts`, in any casing, or the object
///                id of who is signed in, as `tps_stats` shows it. Events name a further account in their JSON (`account`) and sentence
/// @return `TPS_OK` a code is on its way; what goes wrong comes as an event;
///         `TPS_E_STATE` not running, or the method of this account signs in without a person;
///         `TPS_E_NOT_FOUND` no account of this name, nobody signed in with this id; `TPS_E_INVALID_ARG` not UTF-8; `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
///
/// @code
/// static void on_event(void *user_data, const tps_event *event) {
///   if (event->code == TPS_EVENT_SIGN_IN_REQUIRED) show_to_administrator(event->message); // page and code
///   if (event->code == TPS_EVENT_SIGN_IN_ENDED) offer_button("Get a new code");           // its handler: tps_sign_in(sync, NULL)
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_sign_in(sync: *mut tps_sync, account: *const c_char) -> tps_status {
    // SAFETY: `account` is NULL or a text; the host answers for it.
    guard(ErrBuffer::NONE, || with(sync, |instance| Ok(instance.sign_in(unsafe { named(account)? })?)))
}

/// Forgets the sign-in of a person: the stored refresh token is struck out, also on disk, and the access token is used no longer. A code
/// that waits is worthless. No request goes out any more until `tps_sign_in` or the next start, which asks for a code.
/// `TPS_EVENT_SIGNED_OUT` follows. Microsoft is not told: to end the sign-in there too, revoke the account's sessions in the Entra admin
/// center.
///
/// @param sync    the instance
/// @param account as in `tps_sign_in`
/// @return as `tps_sign_in`
///
/// Blocks: no; the disk is written in the background, `tps_stop` waits for it. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_sign_out(sync: *mut tps_sync, account: *const c_char) -> tps_status {
    // SAFETY: `account` is NULL or a text; the host answers for it.
    guard(ErrBuffer::NONE, || with(sync, |instance| Ok(instance.sign_out(unsafe { named(account)? })?)))
}

/// NULL and an empty name stand for the sign-in of `auth`.
///
/// # Safety
/// `account` is NULL or points to a text.
unsafe fn named<'a>(account: *const c_char) -> Result<&'a str, Fault> {
    // SAFETY: promised by the caller.
    Ok(unsafe { text::optional(account, || "account".to_owned()) }?.unwrap_or_default())
}
