//! Which users there are.

use std::ffi::c_char;

use super::fault::Fault;
use super::guard::{ErrBuffer, guard};
use super::instances::with;
use super::status::tps_status;
use super::types::{tps_sync, tps_user};
use super::{text, versioned};
use crate::sync::{HostDnd, UserInput};

/// More than any telephone system has; keeps a length in bytes from being taken for a count.
const MOST_USERS: usize = 1_000_000;

/// Hands over the whole mapping: who is not named in it counts as removed, and what the library switched on for him is released. Order
/// matters where seats are limited: the first ones are served.
///
/// @param sync    the instance, in any state but Stopping
/// @param users   an array; every element has the `struct_size` of the first. Copied. May be NULL if `count` is 0
/// @param count   elements, 0 to 1,000,000
/// @param err     which argument was wrong, for instance `users[17].email: not UTF-8`; may be NULL
/// @param err_len room in `err`, in bytes
/// @return `TPS_OK`, also where single users cannot be served: events tell which and why;
///         `TPS_E_INVALID_ARG` or `TPS_E_ABI` an element breaks the rules of the interface; nothing was changed;
///         `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
///
/// @code
/// tps_user users[2] = { TPS_USER_INIT, TPS_USER_INIT };
/// users[0].user_id = "101"; users[0].email = "anna@example.com";
/// users[1].user_id = "102"; users[1].email = "bert@example.com";
/// tps_set_users(sync, users, 2, err, sizeof err);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_set_users(
    sync: *mut tps_sync,
    users: *const tps_user,
    count: usize,
    err: *mut c_char,
    err_len: usize,
) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(unsafe { ErrBuffer::new(err, err_len) }, || {
        with(sync, |instance| Ok(instance.set_users(unsafe { read_all(users, count)? })?))
    })
}

/// Adds one user, or replaces what is known of him. What waits for a retry is offered at once.
///
/// @param sync    the instance, in any state but Stopping
/// @param user    copied
/// @param err     which argument was wrong; may be NULL
/// @param err_len room in `err`, in bytes
/// @return as `tps_set_users`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_put_user(
    sync: *mut tps_sync,
    user: *const tps_user,
    err: *mut c_char,
    err_len: usize,
) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(unsafe { ErrBuffer::new(err, err_len) }, || {
        with(sync, |instance| {
            let name = || "user".to_owned();
            let user = unsafe { take(versioned::read_one(user, name)?, &name)? };
            Ok(instance.put_user(&user)?)
        })
    })
}

/// Removes one user. DND that the library switched on for him is released, his chat state likewise; that is offered for 15 minutes. Until it
/// is answered `tps_get_state`, `tps_explain` and `tps_refresh` still know him by his id, then they answer `TPS_E_NOT_FOUND`. Reports about
/// him are taken for `dnd.echo_ms` longer: the echo of the release may come late.
///
/// @param sync    the instance, in any state but Stopping
/// @param user_id the host's id of the user
/// @return `TPS_OK`; `TPS_E_NOT_FOUND` there is none; `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any, also inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_remove_user(sync: *mut tps_sync, user_id: *const c_char) -> tps_status {
    // SAFETY: `user_id` is NULL or a text; the host answers for it.
    guard(ErrBuffer::NONE, || {
        with(sync, |instance| Ok(instance.remove_user(unsafe { text::required(user_id, || "user_id".to_owned())? })?))
    })
}

/// # Safety
/// `users` is NULL or `count` elements of the size that the first one tells may be read.
pub(super) unsafe fn read_all(users: *const tps_user, count: usize) -> Result<Vec<UserInput>, Fault> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if users.is_null() {
        return Err(Fault::argument("users", "NULL, but count is not 0"));
    }
    if count > MOST_USERS {
        return Err(Fault::argument("count", &format!("{count} is more than {MOST_USERS}")));
    }
    // SAFETY: there is a first element.
    let size = unsafe { versioned::size_at(users, &|| "users[0]".to_owned())? };
    (0..count)
        .map(|index| {
            let name = || format!("users[{index}]");
            // SAFETY: the caller promised `count` elements of this size.
            unsafe {
                let element = users.byte_add(index * size);
                let its_size = element.cast::<usize>().read_unaligned();
                if its_size != size {
                    let problem = format!("{its_size}, but users[0] has {size}");
                    return Err(Fault::abi(&format!("users[{index}].struct_size"), problem));
                }
                take(versioned::read(element, size, &name)?, &name)
            }
        })
        .collect()
}

/// # Safety
/// The pointers of `user` are NULL or point to texts.
unsafe fn take(user: tps_user, name: &impl Fn() -> String) -> Result<UserInput, Fault> {
    let fact = |number: i32, field: &str| match number {
        0 => Ok(HostDnd::Unknown),
        1 => Ok(HostDnd::Off),
        2 => Ok(HostDnd::On),
        3 => Ok(HostDnd::OnOurs),
        other => Err(Fault::argument(&format!("{}.{field}", name()), &format!("{other} is not one of TPS_HOST_DND_*"))),
    };
    let host_dnd = fact(user.host_dnd, "host_dnd")?;
    let host_queue_dnd = fact(user.host_queue_dnd, "host_queue_dnd")?;
    for (number, field) in [(user.reserved, "reserved"), (user.reserved_queue, "reserved_queue")] {
        if number != 0 {
            return Err(Fault::argument(&format!("{}.{field}", name()), "not 0"));
        }
    }
    let boxed = |at, field: &str| {
        // SAFETY: promised by the caller.
        unsafe { text::optional(at, || format!("{}.{field}", name())) }.map(|text| text.map(Box::from))
    };
    Ok(UserInput {
        // SAFETY: promised by the caller.
        user_id: unsafe { text::required(user.user_id, || format!("{}.user_id", name()))? }.into(),
        email: boxed(user.email, "email")?,
        entra_object_id: boxed(user.entra_object_id, "entra_object_id")?,
        rule_set: boxed(user.rule_set, "rule_set")?,
        host_dnd,
        host_queue_dnd,
    })
}
