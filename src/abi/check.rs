//! The preflight.

use std::ffi::{c_char, c_void};

use super::fault::Fault;
use super::guard::{ErrBuffer, guard};
use super::lifecycle::milliseconds;
use super::status::{TPS_E_CONFIG, TPS_E_INTERNAL, TPS_E_TIMEOUT, tps_status};
use super::types::{tps_text_fn, tps_user};
use super::{mapping, text};
use crate::instance::check::{Line, Outcome, check};

/// Tries once, step by step, all that an instance with this configuration and these users needs, and says for each step how it went and
/// what to do where it fails. For an administrator's "test" button, for an installer, for support. docs/checking.md describes each line.
///
/// The sink gets one JSON object a call, without line ends, in this order; a step that cannot be tried is told as skipped, so there are
/// always these eleven, unless the answer says that nothing was told:
///
/// `configuration`, `name_resolution`, `proxy`, `tls`, `clock`, `sign_in`, `permissions`, `users`, `presence`, `state_directory`, `summary`
///
/// Where the configuration names accounts in `source.notifications.accounts`, a twelfth stands before `state_directory`: `accounts`, with one
/// object for each in its facts.
///
/// Each object begins with the members `step`, `verdict`, `message`, `remedy` in this order and with this spelling, so that a host without
/// a JSON reader can look for `"verdict":"failed"`. `verdict` is `ok`, `warning` (it works, somebody should look at it), `failed` or `skipped`;
/// `message` and `remedy` are English, one line, `remedy` may be empty; `facts` holds the same for programs; `took_ms` is how long it took.
/// The verdict of `summary` is the worst one: failed, warning or ok. Later versions add members, facts and steps. Nothing told holds a secret
/// or an e-mail address; users are named by `user_id`.
///
/// @param config_json the configuration, as for `tps_create`
/// @param config_len  its bytes, without a NUL
/// @param users       whom to look up, an array as for `tps_set_users`; may be NULL if `count` is 0
/// @param count       elements, 0 to 1,000,000
/// @param timeout_ms  how long all may take together, in milliseconds, 0 or more. 60000 is a good value for some thousand users. 0 looks at the
///                    configuration only
/// @param sink        called on the calling thread, before this call returns and never after; must not be NULL. Functions of this header
///                    may be called in it
/// @param context     handed to the sink as it is
/// @return `TPS_OK` the check ran to its end, whatever it found: the verdict of `summary` says whether all is well;
///         `TPS_E_CONFIG` the configuration is refused: the first line names every problem, all others are skipped;
///         `TPS_E_TIMEOUT` the time was over first: the step that hung is told as failed, the ones after it as skipped;
///         `TPS_E_REENTRANT` called inside a callback; nothing was told;
///         `TPS_E_INVALID_ARG`, `TPS_E_ABI` an argument or an element of `users` breaks the rules of the interface; nothing was told;
///         `TPS_E_SYSTEM` no thread could be had; nothing was told
///
/// It signs in with a token of its own and sends a credential once. A password that Entra refused, here or in an instance, is not sent again
/// before its time (an hour as a rule): `state.dir` remembers it, without one this process does. Where a running instance of another process
/// holds `state.dir`, a password is not sent at all. With `device_code` the stored sign-in is used and renewed, or the token of the instance that
/// runs in this process; nobody is asked for a code. For this the state is held for a moment, in which a `tps_start` waits. The check waits
/// for its turn in the request budget that running instances with the same tenant and application share, and lowers nobody's limit; otherwise it
/// leaves them alone. Nothing else is kept: no thread, descriptor or file, but for a name server or disk that hangs, whose thread ends with
/// the hang.
///
/// Blocks: up to `timeout_ms`, and as long as the sink. Not for the thread that serves a loop. Threads: any but inside callbacks; needs no
/// instance, and may run beside any number of them.
///
/// @code
/// static void print_line(void *context, const char *text, size_t len) {
///   if (strstr(text, "\"verdict\":\"failed\"") != NULL) *(int *)context = 1;
///   printf("%.*s\n", (int)len, text);
/// }
/// ...
/// int failed = 0;
/// tps_check(json, strlen(json), users, count, 60000, print_line, &failed);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tps_check(
    config_json: *const c_char,
    config_len: usize,
    users: *const tps_user,
    count: usize,
    timeout_ms: i32,
    sink: tps_text_fn,
    context: *mut c_void,
) -> tps_status {
    // SAFETY: each pointer is NULL or what its parameter says; the host answers for it.
    guard(ErrBuffer::NONE, || unsafe {
        let config = text::configuration(config_json, config_len)?;
        let sink = sink.ok_or_else(|| Fault::null("sink"))?;
        let timeout = milliseconds(timeout_ms)?;
        let users = mapping::read_all(users, count)?;
        let tell = |line: &Line| {
            let mut texts = text::Texts::default();
            let at = texts.push(&line.to_json());
            sink(context, texts.pointer(at), texts.len(at));
        };
        match check(config, users, timeout, tell)? {
            Outcome::Complete => Ok(()),
            Outcome::ConfigRefused => Err(Fault::new(TPS_E_CONFIG, "")),
            Outcome::TimedOut => Err(Fault::new(TPS_E_TIMEOUT, "")),
            Outcome::Broken => Err(Fault::new(TPS_E_INTERNAL, "")),
        }
    })
}
