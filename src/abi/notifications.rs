//! What the host's web server got for the library.

use std::ffi::{c_char, c_void};

use super::fault::Fault;
use super::guard::{ErrBuffer, guard};
use super::instances::with;
use super::status::{TPS_E_TOO_SMALL, tps_status};
use super::types::tps_sync;
use crate::source::notify::{MAX_BODY, Reply};

/// A query longer than this is none of Microsoft's: nothing is read of it.
const LONGEST_QUERY: usize = 64 * 1024;

/// Hands over what was posted to `source.notifications.url`, for a host that has a web server of its own. Without one configure
/// `source.notifications.listener` instead. Give every POST to that address, whoever sent it: what is not of Microsoft for this instance
/// is refused, and nothing else is believed. Answer the client with `*http_status` and the reply, at once: Microsoft waits 3 seconds.
///
/// The body is looked at, copied and put into a queue; what it means is found out later, on threads of the library.
///
/// | *http_status | meaning | body of the answer |
/// |---|---|---|
/// | 200 | Microsoft validates the address (`validationToken` in the query) | the reply, as `text/plain` |
/// | 202 | taken | none |
/// | 400 | not for this instance, or not a notification; no reason is told | none |
/// | 413 | longer than 4 MiB | none |
/// | 503 | the queue is full, or the instance stops: Microsoft sends it again | none |
///
/// @param sync        the instance
/// @param query       what stands behind the `?` of the address, as it was sent (not decoded); may be NULL if `query_len` is 0
/// @param query_len   its bytes
/// @param body        the body of the request; may be NULL if `body_len` is 0
/// @param body_len    its bytes
/// @param http_status out: what to answer, set with `TPS_OK` and `TPS_E_TOO_SMALL`, else untouched
/// @param reply       room for the body of the answer and a NUL; may be NULL if `*reply_len` is 0
/// @param reply_len   in: bytes of room, 4,100 always suffice; out: bytes of the reply, its NUL included, so that the body has one less
/// @return `TPS_OK`;
///         `TPS_E_TOO_SMALL` `*reply_len` tells the room needed, nothing was written. Only the 200 has a reply, so nothing is lost or
///         taken twice by calling again;
///         `TPS_E_STATE` not running, or `source.mode` is poll. Answer 503;
///         `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
///
/// Blocks: no. Threads: any number at once, also inside callbacks.
///
/// @code
/// void on_post(request *http) {  // for POST /graph/notify
///   char reply[4100];
///   size_t len = sizeof reply;
///   int32_t status = 503;
///   tps_deliver_notification(sync, http->query, strlen(http->query), http->body, http->body_len, &status, reply, &len);
///   answer(http, status, "text/plain", reply, status == 200 ? len - 1 : 0);
/// }
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_deliver_notification(
    sync: *mut tps_sync,
    query: *const c_char,
    query_len: usize,
    body: *const c_void,
    body_len: usize,
    http_status: *mut i32,
    reply: *mut c_char,
    reply_len: *mut usize,
) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(ErrBuffer::NONE, || unsafe {
        with(sync, |instance| {
            for (name, is_null) in [("http_status", http_status.is_null()), ("reply_len", reply_len.is_null())] {
                if is_null {
                    return Err(Fault::null(name));
                }
            }
            if reply.is_null() && reply_len.read_unaligned() != 0 {
                return Err(Fault::argument("reply", "NULL, but *reply_len is not 0"));
            }
            for (name, at, len) in [("query", query.cast::<c_void>(), query_len), ("body", body, body_len)] {
                if at.is_null() && len != 0 {
                    return Err(Fault::argument(name, "NULL, but its length is not 0"));
                }
            }
            // Lengths that are refused are not read by, not even a wild one.
            let answer = if query_len > LONGEST_QUERY || body_len > MAX_BODY {
                instance.deliver_notification("", b"").map(|_| bare(if body_len > MAX_BODY { 413 } else { 400 }))?
            } else {
                match std::str::from_utf8(bytes(query.cast(), query_len)) {
                    Ok(query) => instance.deliver_notification(query, bytes(body.cast(), body_len))?,
                    Err(_) => instance.deliver_notification("", b"").map(|_| bare(400))?,
                }
            };
            http_status.write_unaligned(i32::from(answer.status));
            write(&answer.body, reply, reply_len)
        })
    })
}

fn bare(status: u16) -> Reply {
    Reply { status, content_type: None, body: Vec::new() }
}

/// # Safety
/// `at` is NULL with `len` 0, or points to `len` bytes, unchanged while the result lives; `len` is below `isize::MAX`.
unsafe fn bytes<'a>(at: *const u8, len: usize) -> &'a [u8] {
    // SAFETY: promised by the caller.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(at, len) } }
}

/// Copies a reply and a NUL. Bytes, not a text: what Microsoft encoded comes back as it was. An empty one needs no room.
///
/// # Safety
/// `len` may be read and written; `*len` bytes may be written at `to`.
unsafe fn write(reply: &[u8], to: *mut c_char, len: *mut usize) -> Result<(), Fault> {
    // SAFETY: promised by the caller.
    let room = unsafe { len.read_unaligned() };
    let needed = reply.len() + 1;
    // SAFETY: promised by the caller.
    unsafe { len.write_unaligned(needed) };
    if room < needed {
        let empty = reply.is_empty();
        return if empty { Ok(()) } else { Err(Fault::new(TPS_E_TOO_SMALL, format!("*reply_len: {needed} bytes are needed"))) };
    }
    // SAFETY: `needed` bytes may be written.
    unsafe {
        std::ptr::copy_nonoverlapping(reply.as_ptr(), to.cast(), reply.len());
        to.add(reply.len()).write(0);
    }
    Ok(())
}
