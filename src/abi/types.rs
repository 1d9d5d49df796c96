//! The structs that cross the boundary. No padding anywhere; `layout.rs` holds them to it.

use std::ffi::{c_char, c_void};

/// One instance. A handle is an id with a generation, never an address: one that is stale or made up answers `TPS_E_HANDLE`, one that was
/// inherited through `fork` answers `TPS_E_FORKED`. Any thread may use it at any time, `tps_destroy` included.
#[derive(Debug)]
pub struct tps_sync {
    _never_made: [u8; 0],
}

/// Takes a text from the library.
///
/// @param context what was given with the function
/// @param text UTF-8, ended by a NUL byte; valid during the call
/// @param len bytes of `text` without the NUL
pub type tps_text_fn = Option<unsafe extern "C" fn(context: *mut c_void, text: *const c_char, len: usize)>;

/// One user of the telephone system, handed over by `tps_set_users` or `tps_put_user`. The library copies everything before the call
/// returns. All texts are UTF-8, ended by a NUL byte, at most 65,535 bytes.
///
/// What is wrong with the data of one user is no reason to refuse the call: a missing or malformed e-mail address, a malformed object
/// id or a second entry with the same `user_id` are told by an event, and that entry is not served; an unknown rule set is told by an
/// event, and the default rules hold. An object id is followed at once; if Entra has no such account, an event says so and the user is not
/// served. A door phone without an address is normal: hand it over too, nothing has to be done about its event, which is one for all of them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tps_user {
    /// `sizeof(tps_user)`; `TPS_USER_INIT` and `TPS_INIT` set it. All elements of an array have the same.
    pub struct_size: usize,
    /// The host's own id of the user: any text, not empty, unique among the users of this instance, compared byte by byte. Never NULL.
    pub user_id: *const c_char,
    /// The address by which Entra knows the person: mail, user principal name or proxy address, in any casing. NULL or "" if there is none.
    pub email: *const c_char,
    /// The Entra object id (a GUID) where the host knows it; beats the address. NULL or "" if not.
    pub entra_object_id: *const c_char,
    /// The name of a set in `rules.sets` of the configuration. NULL or "" for the default rules.
    pub rule_set: *const c_char,
    /// How the host's DND stands as the user is handed over: 0 = not said, or `TPS_HOST_DND_*`. A fact, not an act: it is read at each
    /// `tps_set_users` and `tps_put_user`.
    pub host_dnd: i32,
    /// 0.
    pub reserved: i32,
    /// How the host's DND for the calls of queues stands: 0 = not said, or `TPS_HOST_DND_*`, read like `host_dnd`. Where the user's rules
    /// say nothing of the queue, `TPS_HOST_DND_ON_OURS` is switched off. Not looked at where `on_queue_dnd` is NULL.
    pub host_queue_dnd: i32,
    /// 0.
    pub reserved_queue: i32,
}

/// What Teams shows of a person. Valid, with all its texts, for the duration of the callback.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tps_presence {
    /// The size the library filled. Read only fields that lie below it.
    pub struct_size: usize,
    /// The host's id of the user. Never NULL.
    pub user_id: *const c_char,
    /// The address as the host gave it; NULL if the user was found by his object id alone.
    pub email: *const c_char,
    /// The Entra object id, lower case. Never NULL.
    pub entra_object_id: *const c_char,
    /// The availability as Graph spelled it, for instance "BusyIdle". Never NULL.
    pub availability_text: *const c_char,
    /// The activity as Graph spelled it; "" if there was none. Never NULL.
    pub activity_text: *const c_char,
    /// `TPS_AVAILABILITY_*`
    pub availability: i32,
    /// `TPS_ACTIVITY_*`
    pub activity: i32,
    /// 1 if the person is out of office, else 0. Independent of the availability.
    pub out_of_office: i32,
    /// `TPS_SOURCE_*`
    pub source: i32,
    /// When it was observed: milliseconds since 1970-01-01 UTC.
    pub observed_at_ms: i64,
}

/// Asks the host to switch a do-not-disturb of one user: the user's own in `on_dnd`, that for the calls of queues in `on_queue_dnd`. Valid, with all it points to, for the duration of the callback.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tps_dnd_change {
    /// The size the library filled. Read only fields that lie below it.
    pub struct_size: usize,
    /// Names this change in `tps_acknowledge`. Never 0, unique in the life of the instance; the same when the same value is offered again.
    pub change_id: u64,
    /// The host's id of the user. Never NULL.
    pub user_id: *const c_char,
    /// The address as the host gave it, or NULL.
    pub email: *const c_char,
    /// The newest presence of the person, or NULL if none is known, for instance after a restart.
    pub presence: *const tps_presence,
    /// When it was decided: milliseconds since 1970-01-01 UTC.
    pub decided_at_ms: i64,
    /// `TPS_DND_ON` or `TPS_DND_OFF`.
    pub dnd: i32,
    /// `TPS_REASON_*`
    pub reason: i32,
    /// 1 for the first offer of this value, then counting up.
    pub attempt: u32,
    /// 0.
    pub reserved: i32,
}

/// Asks the host to set the chat state of one user. Valid, with all it points to, for the duration of the callback.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tps_chat_change {
    /// The size the library filled. Read only fields that lie below it.
    pub struct_size: usize,
    /// Names this change in `tps_acknowledge`. Never 0, unique in the life of the instance; the same when the same value is offered again.
    pub change_id: u64,
    /// The host's id of the user. Never NULL.
    pub user_id: *const c_char,
    /// The address as the host gave it, or NULL.
    pub email: *const c_char,
    /// The newest presence of the person, or NULL if none is known.
    pub presence: *const tps_presence,
    /// When it was decided: milliseconds since 1970-01-01 UTC.
    pub decided_at_ms: i64,
    /// `TPS_CHAT_*`
    pub chat_state: i32,
    /// `TPS_REASON_*`
    pub reason: i32,
    /// 1 for the first offer of this value, then counting up.
    pub attempt: u32,
    /// 0.
    pub reserved: i32,
}

/// Something an administrator, or the host's program, may want to act on. Valid, with all its texts, for the duration of the callback.
/// docs/events.md lists them all. No text ever holds a secret or an e-mail address.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tps_event {
    /// The size the library filled. Read only fields that lie below it.
    pub struct_size: usize,
    /// Whom it concerns, by the host's id; NULL if the instance as a whole.
    pub user_id: *const c_char,
    /// One English sentence on one line. Never NULL.
    pub message: *const c_char,
    /// What to do about it and where, in plain words. Never NULL.
    pub remedy: *const c_char,
    /// The same for programs: a JSON object with `code`, `name` and the fields of this code, ended by a NUL byte. Never NULL.
    pub json: *const c_char,
    /// Bytes of `json` without the NUL.
    pub json_len: usize,
    /// When it happened: milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// `TPS_EVENT_*`; later versions add some.
    pub code: i32,
    /// `TPS_SEVERITY_*`
    pub severity: i32,
}

/// How one user stands, filled by `tps_get_state`. Numbers that are not known are 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tps_state {
    /// In: `sizeof(tps_state)`, set by `TPS_STATE_INIT` or `TPS_INIT`. That many bytes are zeroed, then filled; the field itself stays.
    pub struct_size: usize,
    /// 1 if the person was found in Entra, else 0.
    pub matched: i32,
    /// `TPS_AVAILABILITY_*` as last seen.
    pub availability: i32,
    /// `TPS_ACTIVITY_*` as last seen.
    pub activity: i32,
    /// 1 if out of office when last seen, else 0.
    pub out_of_office: i32,
    /// 1 if the presence is older than `stale.after_ms`, else 0.
    pub stale: i32,
    /// `TPS_DND_*` that the rules want; 0 if they want nothing.
    pub dnd_desired: i32,
    /// `TPS_DND_*` that the host is known to have; 0 if not known.
    pub dnd_acknowledged: i32,
    /// 1 if the library switched the DND on and it was not taken over since, else 0.
    pub dnd_owned: i32,
    /// `TPS_CHAT_*` that the rules want; 0 if they want nothing.
    pub chat_desired: i32,
    /// `TPS_CHAT_*` that the host took last; 0 if none.
    pub chat_acknowledged: i32,
    /// When the presence was last confirmed: milliseconds since 1970-01-01 UTC, 0 = never.
    pub observed_at_ms: i64,
    /// When the host last took a change: milliseconds since 1970-01-01 UTC, 0 = never.
    pub acknowledged_at_ms: i64,
    /// The Entra object id, lower case, ended by a NUL byte; "" if not matched.
    pub entra_object_id: [c_char; 40],
    /// `TPS_DND_*` that the rules want for the calls of queues; 0 if they want nothing.
    pub queue_desired: i32,
    /// `TPS_DND_*` that the host is known to have for the calls of queues; 0 if not known.
    pub queue_acknowledged: i32,
    /// 1 if the library switched that DND on and it was not taken over since, else 0.
    pub queue_owned: i32,
    /// 0.
    pub reserved: i32,
}

/// What the library calls. Copied by `tps_create`; only `user_data` must stay valid, until `on_released`. Each function may be NULL: then
/// nothing is told, and a change counts as applied (`on_queue_dnd` says what differs there).
///
/// Callbacks of one instance never overlap. They may block, at the price of the other callbacks of their instance (in `shared` mode: of
/// all). They must return: no exception, no `longjmp`, no end of the thread may leave them. No lock of the library is held while they run.
/// Inside them every function of this header may be called but `tps_stop`, `tps_destroy`, `tps_dispatch`
/// and `tps_check`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct tps_callbacks {
    /// `sizeof(tps_callbacks)`; `TPS_CALLBACKS_INIT` and `TPS_INIT` set it.
    pub struct_size: usize,
    /// `TPS_ABI_VERSION` as the host was compiled; 0 stands for the first version of this major. Another major answers `TPS_E_ABI`.
    pub abi_version: u32,
    /// 0.
    pub reserved: u32,
    /// Handed to each callback as it is; the library never looks at it.
    pub user_data: *mut c_void,
    /// Switch the DND of this user and answer `TPS_ACK_*`. Comes after the `on_presence` of the same observation. At most one change of a
    /// user's DND is out at a time; the newest value is never lost.
    pub on_dnd: Option<unsafe extern "C" fn(user_data: *mut c_void, change: *const tps_dnd_change) -> i32>,
    /// Set the chat state of this user and answer `TPS_ACK_*`. Otherwise like `on_dnd`.
    pub on_chat_state: Option<unsafe extern "C" fn(user_data: *mut c_void, change: *const tps_chat_change) -> i32>,
    /// A presence has changed. For display; nothing to answer. States in between may be skipped.
    pub on_presence: Option<unsafe extern "C" fn(user_data: *mut c_void, presence: *const tps_presence)>,
    /// Something happened that somebody may want to act on.
    pub on_event: Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const tps_event)>,
    /// A line for the host's log: `level` is `TPS_LOG_*`, `target` names the part of the library, `message` has `len` bytes and a NUL. One
    /// line, control characters escaped. Print it with "%s", never as a format.
    pub on_log: Option<
        unsafe extern "C" fn(user_data: *mut c_void, level: i32, target: *const c_char, message: *const c_char, len: usize),
    >,
    /// A thread of the library will call this instance: the place to register it with the host, or to attach it to a Java virtual machine
    /// (as a daemon). In `shared` mode once per instance, on the same thread. In `poll` mode never.
    pub on_thread_start: Option<unsafe extern "C" fn(user_data: *mut c_void, name: *const c_char)>,
    /// The last callback on that thread before a stop is done.
    pub on_thread_stop: Option<unsafe extern "C" fn(user_data: *mut c_void, name: *const c_char)>,
    /// The very last callback, exactly once for each `tps_create` whose `tps_callbacks` could be read, also when it failed: inside the
    /// failing `tps_create`, or inside `tps_destroy`. The place to free `user_data`.
    pub on_released: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Switch the DND of this user for the calls that queues (call groups, ACD) hand out, apart from the user's own, and answer `TPS_ACK_*`.
    /// Asked for only where a rule of the configuration names `queue`: what the rules want here, who switched it on, overrides and
    /// answers have nothing to do with `on_dnd`. Comes after the `on_presence` of the same observation and after its `on_dnd`.
    /// At most one such change of a user is out at a time; the newest value is never lost.
    ///
    /// NULL, or a `struct_size` that ends before it: unlike the others, nothing is decided or counted as applied. If rules name `queue`,
    /// one `TPS_EVENT_CALLBACK_MISSING` says so after each start.
    pub on_queue_dnd: Option<unsafe extern "C" fn(user_data: *mut c_void, change: *const tps_dnd_change) -> i32>,
}
