//! A feed and a host whose every step a test decides.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crate::event::{Event, Kind, Level, LogLine};
use crate::host::{Dispatch, Feed, Finished, HostCallbacks, Mode, Outlet, Waker, Wants};
use crate::presence::{Chat, Dnd};
use crate::sync::{Answer, Change, Delivery, PresenceView, Reason};

#[derive(Default)]
pub(super) struct FakeFeed {
    pub(super) deliveries: Mutex<VecDeque<Delivery>>,
    pub(super) events: Mutex<VecDeque<Event>>,
    pub(super) logs: Mutex<VecDeque<LogLine>>,
    pub(super) answers: Mutex<Vec<(u64, Answer)>>,
    pub(super) owed: AtomicU32,
    pub(super) panics: Mutex<Vec<(String, String)>>,
    /// `next_delivery` panics this many times.
    pub(super) panic_next: AtomicU32,
    waker: OnceLock<Waker>,
    end_of_look: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl FakeFeed {
    pub(super) fn put(&self, delivery: Delivery) {
        self.deliveries.lock().expect("whole").push_back(delivery);
        self.wake();
    }

    pub(super) fn log(&self, message: &str) {
        let line = LogLine { level: Level::Info, target: "test", message: message.to_owned() };
        self.logs.lock().expect("whole").push_back(line);
        self.wake();
    }

    pub(super) fn event(&self) {
        self.events.lock().expect("whole").push_back(Event::new(Kind::Reloaded).at(1));
        self.wake();
    }

    /// Runs when a look that goes through all lanes is over: log lines are the last of them at first.
    pub(super) fn at_end_of_look(&self, end: impl Fn() + Send + Sync + 'static) {
        let set = self.end_of_look.set(Box::new(end));
        assert!(set.is_ok(), "once");
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }
}

impl Feed for FakeFeed {
    fn next_delivery(&self) -> Option<Delivery> {
        let asked = self.panic_next.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(asked.is_err(), "the feed broke");
        self.deliveries.lock().expect("whole").pop_front()
    }

    fn answered(&self, change_id: u64, answer: Answer) {
        self.answers.lock().expect("whole").push((change_id, answer));
        if answer == Answer::Pending {
            self.owed.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn next_event(&self) -> Option<Event> {
        self.events.lock().expect("whole").pop_front()
    }

    fn next_log(&self) -> Option<LogLine> {
        let line = self.logs.lock().expect("whole").pop_front();
        if let Some(end) = self.end_of_look.get() {
            end();
        }
        line
    }

    fn is_idle(&self) -> bool {
        self.deliveries.lock().expect("whole").is_empty()
            && self.events.lock().expect("whole").is_empty()
            && self.logs.lock().expect("whole").is_empty()
    }

    fn awaits_answers(&self) -> bool {
        self.owed.load(Ordering::SeqCst) > 0
    }

    fn give_up_answers(&self) {
        self.owed.store(0, Ordering::SeqCst);
    }

    fn slow(&self, _callback: &'static str, _took_ms: u64) {}

    fn panicked(&self, place: &str, words: &str) {
        self.panics.lock().expect("whole").push((place.to_owned(), words.to_owned()));
    }
}

type Hook = Box<dyn Fn(&str) + Send + Sync>;

/// What the host saw. `hook` runs inside every callback, with its name.
pub(super) struct Seen {
    pub(super) order: Mutex<Vec<String>>,
    pub(super) threads: Mutex<Vec<ThreadId>>,
    pub(super) running: AtomicU32,
    pub(super) overlapped: AtomicBool,
    pub(super) calls: AtomicU64,
    pub(super) answer: Mutex<Answer>,
    pub(super) hook: Mutex<Option<Arc<Hook>>>,
}

impl Default for Seen {
    fn default() -> Self {
        Seen {
            order: Mutex::default(),
            threads: Mutex::default(),
            running: AtomicU32::new(0),
            overlapped: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            answer: Mutex::new(Answer::Applied),
            hook: Mutex::new(None),
        }
    }
}

impl Seen {
    fn note(&self, what: String) {
        if self.running.fetch_add(1, Ordering::SeqCst) != 0 {
            self.overlapped.store(true, Ordering::SeqCst);
        }
        assert!(crate::host::reentrancy::in_callback());
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.threads.lock().expect("whole").push(std::thread::current().id());
        self.order.lock().expect("whole").push(what.clone());
        let hook = self.hook.lock().expect("whole").clone();
        // Leaves the count right when the hook panics.
        struct Leave<'a>(&'a AtomicU32);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let _leave = Leave(&self.running);
        if let Some(hook) = hook {
            hook(&what);
        }
    }

    pub(super) fn hook(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.hook.lock().expect("whole") = Some(Arc::new(Box::new(hook)));
    }

    pub(super) fn order(&self) -> Vec<String> {
        self.order.lock().expect("whole").clone()
    }

    /// Waits until the host has seen this; a test that waits for ever fails here.
    pub(super) fn wait_for(&self, what: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.order.lock().expect("whole").iter().any(|seen| seen == what) {
            assert!(Instant::now() < deadline, "the host never saw {what}; it saw {:?}", self.order());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

pub(super) struct FakeHost(pub(super) Arc<Seen>);

impl HostCallbacks for FakeHost {
    fn dnd(&self, change: &Change<Dnd>) -> Answer {
        self.0.note(format!("dnd {}", change.change_id));
        *self.0.answer.lock().expect("whole")
    }
    fn queue_dnd(&self, change: &Change<Dnd>) -> Answer {
        self.0.note(format!("queue {}", change.change_id));
        *self.0.answer.lock().expect("whole")
    }
    fn chat(&self, change: &Change<Chat>) -> Answer {
        self.0.note(format!("chat {}", change.change_id));
        *self.0.answer.lock().expect("whole")
    }
    fn presence(&self, presence: &PresenceView) {
        self.0.note(format!("presence {}", presence.user_id));
    }
    fn event(&self, event: &Event) {
        self.0.note(format!("event {}", event.kind.code()));
    }
    fn log(&self, line: &LogLine) {
        self.0.note(format!("log {}", line.message));
    }
    fn thread_started(&self, name: &str) {
        self.0.note(format!("start {name}"));
    }
    fn thread_stopped(&self, name: &str) {
        self.0.note(format!("stop {name}"));
    }
    fn wants(&self) -> Wants {
        Wants { dnd: true, queue: true, chat: true, presence: true, event: true, log: true }
    }
}

pub(super) fn dnd(change_id: u64) -> Delivery {
    Delivery::Dnd(change(change_id))
}

pub(super) fn queue(change_id: u64) -> Delivery {
    Delivery::Queue(change(change_id))
}

fn change(change_id: u64) -> Box<Change<Dnd>> {
    Box::new(Change {
        change_id,
        user_id: "alice".into(),
        email: None,
        presence: None,
        decided_at_ms: 1,
        value: Dnd::On,
        reason: Reason::Rule,
        attempt: 1,
    })
}

/// One instance's way to the host.
pub(super) struct Rig {
    pub(super) feed: Arc<FakeFeed>,
    pub(super) seen: Arc<Seen>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) dispatch: Arc<Dispatch>,
}

impl Rig {
    pub(super) fn new(mode: Mode<'_>) -> Rig {
        let feed = Arc::new(FakeFeed::default());
        let seen = Arc::new(Seen::default());
        let outlet = Arc::new(Outlet::new(feed.clone(), Box::new(FakeHost(seen.clone()))));
        let dispatch = Arc::new(Dispatch::new(mode, outlet.clone()).expect("a dispatch"));
        assert!(feed.waker.set(dispatch.waker()).is_ok());
        Rig { feed, seen, outlet, dispatch }
    }

    pub(super) fn finish(&self, deadline: Instant) -> Finished {
        self.dispatch.finish(self.dispatch.round(), deadline)
    }

    pub(super) fn cancel(&self, deadline: Instant) -> Finished {
        self.dispatch.cancel(self.dispatch.round(), deadline)
    }

    pub(super) fn started(mode: Mode<'_>) -> Rig {
        let rig = Rig::new(mode);
        rig.dispatch.start().expect("a thread");
        rig
    }
}

pub(super) fn within(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}

/// A callback that hangs until told to go on.
pub(super) struct Hang(std::sync::mpsc::Sender<()>);

impl Hang {
    /// Hangs in the callback of this name.
    pub(super) fn at(rig: &Rig, name: &'static str) -> Hang {
        let (go, wait) = std::sync::mpsc::channel();
        let wait = Mutex::new(wait);
        rig.seen.hook(move |what| {
            if what == name {
                wait.lock().expect("whole").recv_timeout(Duration::from_secs(30)).expect("told to go on");
            }
        });
        Hang(go)
    }

    pub(super) fn go_on(&self) {
        self.0.send(()).expect("somebody hangs");
    }
}
