//! The host's function pointers as [`HostCallbacks`].

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::text::{At, Texts};
use super::types::{tps_callbacks, tps_chat_change, tps_dnd_change, tps_event, tps_presence};
use crate::event::{Event, LogLine};
use crate::host::reentrancy::Inside;
use crate::host::{HostCallbacks, Wants};
use crate::presence::{Chat, Dnd, GuidText};
use crate::sync::{Answer, Change, PresenceView};

type OnDnd = Option<unsafe extern "C" fn(*mut c_void, *const tps_dnd_change) -> i32>;

/// A copy of what the host gave. Dropping it, or asking [`Release`], runs `on_released`, once.
#[derive(Debug)]
pub(super) struct HostTable {
    table: tps_callbacks,
    release: Arc<Release>,
}

/// The last callback of one `tps_create`.
#[derive(Debug)]
pub(super) struct Release {
    table: tps_callbacks,
    done: AtomicBool,
}

// SAFETY: function pointers may be called from any thread, one at a time, as the contract with the host says; `user_data` is only handed
// back.
unsafe impl Send for Release {}
// SAFETY: as above.
unsafe impl Sync for Release {}
// SAFETY: as above.
unsafe impl Send for HostTable {}
// SAFETY: as above.
unsafe impl Sync for HostTable {}

impl Release {
    /// Runs `on_released` unless it has run.
    pub(super) fn run(&self) {
        if self.done.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(on_released) = self.table.on_released {
            let _inside = Inside::mark();
            // SAFETY: the host promised the function and its user_data until now.
            unsafe { on_released(self.table.user_data) };
        }
    }
}

impl HostTable {
    pub(super) fn new(table: tps_callbacks) -> (HostTable, Arc<Release>) {
        let release = Arc::new(Release { table, done: AtomicBool::new(false) });
        (HostTable { table, release: release.clone() }, release)
    }
}

impl Drop for HostTable {
    fn drop(&mut self) {
        self.release.run();
    }
}

/// A presence whose texts wait in [`Texts`].
struct Laid<'a> {
    view: &'a PresenceView,
    user_id: At,
    email: Option<At>,
    object_id: At,
    availability: At,
    activity: At,
}

impl<'a> Laid<'a> {
    fn new(view: &'a PresenceView, texts: &mut Texts) -> Laid<'a> {
        Laid {
            view,
            user_id: texts.push(&view.user_id),
            email: texts.push_some(view.email.as_deref()),
            object_id: texts.push(GuidText::as_str(&view.object_id.text())),
            availability: texts.push(&view.availability_text),
            activity: texts.push(&view.activity_text),
        }
    }

    /// Valid as long as nothing more is pushed.
    fn raw(&self, texts: &Texts) -> tps_presence {
        tps_presence {
            struct_size: size_of::<tps_presence>(),
            user_id: texts.pointer(self.user_id),
            email: texts.pointer_or_null(self.email),
            entra_object_id: texts.pointer(self.object_id),
            availability_text: texts.pointer(self.availability),
            activity_text: texts.pointer(self.activity),
            availability: self.view.availability as i32,
            activity: self.view.activity as i32,
            out_of_office: i32::from(self.view.out_of_office),
            source: self.view.source as i32,
            observed_at_ms: self.view.observed_at_ms,
        }
    }
}

/// What the two kinds of changes have in common, with its texts in place.
struct LaidChange<'a> {
    texts: Texts,
    user_id: At,
    email: Option<At>,
    presence: Option<Laid<'a>>,
}

impl<'a> LaidChange<'a> {
    fn new<T>(change: &'a Change<T>) -> LaidChange<'a> {
        let mut texts = Texts::with_capacity(256);
        let user_id = texts.push(&change.user_id);
        let email = texts.push_some(change.email.as_deref());
        let presence = change.presence.as_deref().map(|view| Laid::new(view, &mut texts));
        LaidChange { texts, user_id, email, presence }
    }

    fn presence(&self) -> Option<tps_presence> {
        self.presence.as_ref().map(|laid| laid.raw(&self.texts))
    }
}

impl HostTable {
    /// One of the two callbacks that switch a DND.
    fn switch(&self, callback: OnDnd, change: &Change<Dnd>) -> Answer {
        let Some(callback) = callback else { return Answer::Applied };
        let laid = LaidChange::new(change);
        let presence = laid.presence();
        let raw = tps_dnd_change {
            struct_size: size_of::<tps_dnd_change>(),
            change_id: change.change_id,
            user_id: laid.texts.pointer(laid.user_id),
            email: laid.texts.pointer_or_null(laid.email),
            presence: presence.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
            decided_at_ms: change.decided_at_ms,
            dnd: change.value as i32,
            reason: change.reason as i32,
            attempt: change.attempt,
            reserved: 0,
        };
        // SAFETY: the host promised the function and its user_data until on_released; `raw` and all it points to live through the call.
        Answer::from_number(unsafe { callback(self.table.user_data, &raw) })
    }
}

impl HostCallbacks for HostTable {
    fn dnd(&self, change: &Change<Dnd>) -> Answer {
        self.switch(self.table.on_dnd, change)
    }

    fn queue_dnd(&self, change: &Change<Dnd>) -> Answer {
        self.switch(self.table.on_queue_dnd, change)
    }

    fn chat(&self, change: &Change<Chat>) -> Answer {
        let Some(on_chat_state) = self.table.on_chat_state else { return Answer::Applied };
        let laid = LaidChange::new(change);
        let presence = laid.presence();
        let raw = tps_chat_change {
            struct_size: size_of::<tps_chat_change>(),
            change_id: change.change_id,
            user_id: laid.texts.pointer(laid.user_id),
            email: laid.texts.pointer_or_null(laid.email),
            presence: presence.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
            decided_at_ms: change.decided_at_ms,
            chat_state: change.value as i32,
            reason: change.reason as i32,
            attempt: change.attempt,
            reserved: 0,
        };
        // SAFETY: as in `switch`.
        Answer::from_number(unsafe { on_chat_state(self.table.user_data, &raw) })
    }

    fn presence(&self, presence: &PresenceView) {
        let Some(on_presence) = self.table.on_presence else { return };
        let mut texts = Texts::with_capacity(256);
        let laid = Laid::new(presence, &mut texts);
        let raw = laid.raw(&texts);
        // SAFETY: as in `switch`.
        unsafe { on_presence(self.table.user_data, &raw) };
    }

    fn event(&self, event: &Event) {
        let Some(on_event) = self.table.on_event else { return };
        let mut texts = Texts::with_capacity(event.message.len() + event.remedy.len() + event.json.len() + 64);
        let user_id = texts.push_some(event.user_id.as_deref());
        let message = texts.push(&event.message);
        let remedy = texts.push(&event.remedy);
        let json = texts.push(&event.json);
        let raw = tps_event {
            struct_size: size_of::<tps_event>(),
            user_id: texts.pointer_or_null(user_id),
            message: texts.pointer(message),
            remedy: texts.pointer(remedy),
            json: texts.pointer(json),
            json_len: texts.len(json),
            at_ms: event.at_ms,
            code: event.kind.code(),
            severity: event.severity() as i32,
        };
        // SAFETY: as in `switch`.
        unsafe { on_event(self.table.user_data, &raw) };
    }

    fn log(&self, line: &LogLine) {
        let Some(on_log) = self.table.on_log else { return };
        let mut texts = Texts::with_capacity(line.target.len() + line.message.len() + 2);
        let target = texts.push(line.target);
        let message = texts.push(&line.message);
        let level = line.level as i32;
        // SAFETY: as in `switch`.
        unsafe { on_log(self.table.user_data, level, texts.pointer(target), texts.pointer(message), texts.len(message)) };
    }

    fn thread_started(&self, name: &str) {
        self.thread(self.table.on_thread_start, name);
    }

    fn thread_stopped(&self, name: &str) {
        self.thread(self.table.on_thread_stop, name);
    }

    fn wants(&self) -> Wants {
        Wants {
            dnd: self.table.on_dnd.is_some(),
            queue: self.table.on_queue_dnd.is_some(),
            chat: self.table.on_chat_state.is_some(),
            presence: self.table.on_presence.is_some(),
            event: self.table.on_event.is_some(),
            log: self.table.on_log.is_some(),
        }
    }
}

impl HostTable {
    fn thread(&self, hook: Option<unsafe extern "C" fn(*mut c_void, *const c_char)>, name: &str) {
        let Some(hook) = hook else { return };
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: as in `switch`.
        unsafe { hook(self.table.user_data, name.as_ptr()) };
    }
}
