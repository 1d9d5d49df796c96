//! An instance that runs without a telephone system: every change counts as applied, nothing is set anywhere.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use teams_presence_sync::event::{Event, LogLine, Severity};
use teams_presence_sync::host::{HostCallbacks, Wants};
use teams_presence_sync::instance::Instance;
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::{Answer, Change, PresenceView, UserInput};

use crate::end::Failure;

/// Events kept for who asks late.
const MOST_EVENTS: usize = 1_000;
/// How long the end may take: nothing hangs here but the network, and that is not waited for.
const STOP: Duration = Duration::from_secs(3);

/// What the instance tells, until somebody fetches it.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<VecDeque<Event>>>);

impl HostCallbacks for Inbox {
    fn dnd(&self, _: &Change<Dnd>) -> Answer {
        Answer::Applied
    }

    fn queue_dnd(&self, _: &Change<Dnd>) -> Answer {
        Answer::Applied
    }

    fn chat(&self, _: &Change<Chat>) -> Answer {
        Answer::Applied
    }

    fn presence(&self, _: &PresenceView) {}

    fn event(&self, event: &Event) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() == MOST_EVENTS {
            events.pop_front();
        }
        events.push_back(event.clone());
    }

    fn log(&self, _: &LogLine) {}

    fn thread_started(&self, _: &str) {}

    fn thread_stopped(&self, _: &str) {}

    fn wants(&self) -> Wants {
        Wants { dnd: true, queue: true, chat: true, presence: false, event: true, log: false }
    }
}

/// A running instance. Stopped when dropped.
pub(crate) struct Session {
    instance: Arc<Instance>,
    inbox: Inbox,
}

impl Session {
    pub(crate) fn start(config_json: &str, users: Vec<UserInput>) -> Result<Session, Failure> {
        let words = |error: teams_presence_sync::instance::Error| Failure::Words(error.to_string());
        let inbox = Inbox::default();
        let instance = Instance::create(config_json.as_bytes(), Box::new(inbox.clone())).map_err(words)?;
        instance.set_users(users).map_err(words)?;
        instance.start().map_err(words)?;
        Ok(Session { instance, inbox })
    }

    /// What was told since the last call.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.inbox.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// Why this user is as he is; `None` where there is none.
    pub(crate) fn explain(&self, user_id: &str) -> Option<Value> {
        serde_json::from_str(&self.instance.explain(Some(user_id)).ok()?).ok()
    }

    pub(crate) fn stats(&self) -> Value {
        serde_json::from_str(&self.instance.stats()).unwrap_or_default()
    }

    /// Ends it, so that nothing is told any more.
    pub(crate) fn stop(&self) -> Result<(), Failure> {
        self.instance.stop(STOP).map_err(|error| Failure::Words(error.to_string()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // After a stop that has worked this one has nothing to do; after one that has not, the process ends anyway.
        let _ = self.instance.stop(STOP);
    }
}

/// Worth a line in front of a person who waits for something else.
pub(crate) fn is_trouble(event: &Event) -> bool {
    event.severity() != Severity::Info
}
