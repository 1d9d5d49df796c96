//! A host that writes down what it is told and answers as a test wants.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use teams_presence_sync::event::{Event, Kind, LogLine};
use teams_presence_sync::host::{HostCallbacks, Wants};
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::{Answer, Change, PresenceView};

/// Longer than any time-out inside the library: a wait that ends here has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(75);

#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Presence(PresenceView),
    Dnd(Change<Dnd>),
    Queue(Change<Dnd>),
    Chat(Change<Chat>),
    Event(Event),
    Log(LogLine),
    ThreadStarted(String),
    ThreadStopped(String),
}

impl Seen {
    pub(crate) fn is_dnd(&self, user: &str, value: Dnd) -> bool {
        matches!(self, Seen::Dnd(change) if &*change.user_id == user && change.value == value)
    }

    pub(crate) fn is_chat(&self, user: &str, value: Chat) -> bool {
        matches!(self, Seen::Chat(change) if &*change.user_id == user && change.value == value)
    }

    pub(crate) fn is_event(&self, kind: Kind) -> bool {
        matches!(self, Seen::Event(event) if event.kind == kind)
    }
}

type Reaction = Box<dyn FnMut(&Event) + Send>;
type Answers = Box<dyn FnMut(&str, Output, u64) -> Answer + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Dnd(Dnd),
    Queue(Dnd),
    Chat(Chat),
}

pub(crate) struct Host {
    seen: Mutex<Vec<Seen>>,
    moved: Condvar,
    answers: Mutex<Answers>,
    /// Callbacks for changes wait while this is set.
    hanging: Mutex<bool>,
    let_go: Condvar,
    /// What the host does inside the callback for an event.
    reaction: Mutex<Option<Reaction>>,
    pub(crate) inside: AtomicUsize,
    pub(crate) overlapped: AtomicBool,
}

impl Default for Host {
    fn default() -> Host {
        Host {
            seen: Mutex::default(),
            moved: Condvar::new(),
            answers: Mutex::new(Box::new(|_, _, _| Answer::Applied)),
            hanging: Mutex::new(false),
            let_go: Condvar::new(),
            reaction: Mutex::default(),
            inside: AtomicUsize::new(0),
            overlapped: AtomicBool::new(false),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// How much was seen so far; later waits begin here.
    pub(crate) fn mark(&self) -> usize {
        lock(&self.seen).len()
    }

    pub(crate) fn since(&self, mark: usize) -> Vec<Seen> {
        lock(&self.seen)[mark..].to_vec()
    }

    pub(crate) fn count(&self, mark: usize, which: impl Fn(&Seen) -> bool) -> usize {
        lock(&self.seen)[mark..].iter().filter(|seen| which(seen)).count()
    }

    pub(crate) fn events(&self, kind: Kind) -> Vec<Event> {
        let seen = lock(&self.seen);
        let events = seen.iter().filter_map(|seen| match seen {
            Seen::Event(event) if event.kind == kind => Some(event.clone()),
            _ => None,
        });
        events.collect()
    }

    /// Waits for something after `mark` and answers where it stands.
    pub(crate) fn wait(&self, mark: usize, what: &str, which: impl Fn(&Seen) -> bool) -> usize {
        let end = Instant::now() + PATIENCE;
        let mut seen = lock(&self.seen);
        loop {
            if let Some(at) = seen[mark..].iter().position(&which) {
                return mark + at;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(seen);
                panic!("waited in vain for {what}; seen: {}", self.told(mark));
            }
            seen = self.moved.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(crate) fn has(&self, mark: usize, which: impl Fn(&Seen) -> bool) -> bool {
        self.count(mark, which) > 0
    }

    pub(crate) fn event(&self, mark: usize, kind: Kind) -> Event {
        let at = self.wait(mark, &format!("{kind:?}"), |seen| seen.is_event(kind));
        match self.since(at).swap_remove(0) {
            Seen::Event(event) => event,
            _ => unreachable!("the wait looked for an event"),
        }
    }

    pub(crate) fn dnd(&self, mark: usize, user: &str, value: Dnd) -> Change<Dnd> {
        let at = self.wait(mark, &format!("DND {value:?} of {user}"), |seen| seen.is_dnd(user, value));
        match self.since(at).swap_remove(0) {
            Seen::Dnd(change) => change,
            _ => unreachable!("the wait looked for a change"),
        }
    }

    pub(crate) fn chat(&self, mark: usize, user: &str, value: Chat) -> Change<Chat> {
        let at = self.wait(mark, &format!("chat {value:?} of {user}"), |seen| seen.is_chat(user, value));
        match self.since(at).swap_remove(0) {
            Seen::Chat(change) => change,
            _ => unreachable!("the wait looked for a change"),
        }
    }

    /// How changes are answered from now on: user, output, change id.
    pub(crate) fn answer(&self, answers: impl FnMut(&str, Output, u64) -> Answer + Send + 'static) {
        *lock(&self.answers) = Box::new(answers);
    }

    /// What is done inside the callback for an event, from now on.
    pub(crate) fn react(&self, reaction: impl FnMut(&Event) + Send + 'static) {
        *lock(&self.reaction) = Some(Box::new(reaction));
    }

    pub(crate) fn hang(&self, hanging: bool) {
        *lock(&self.hanging) = hanging;
        self.let_go.notify_all();
    }

    /// The last things seen after `mark`, for a message.
    pub(crate) fn told(&self, mark: usize) -> String {
        let mut lines: Vec<String> = self.since(mark).iter().rev().take(60).map(line).collect();
        lines.reverse();
        format!("\n{}", lines.join("\n"))
    }

    fn put(&self, seen: Seen) {
        lock(&self.seen).push(seen);
        self.moved.notify_all();
    }

    fn enter(&self) {
        if self.inside.fetch_add(1, Ordering::SeqCst) > 0 {
            self.overlapped.store(true, Ordering::SeqCst);
        }
    }

    fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    fn change(&self, seen: Seen, user: &str, output: Output, id: u64) -> Answer {
        self.enter();
        self.put(seen);
        let hanging = lock(&self.hanging);
        drop(self.let_go.wait_while(hanging, |hanging| *hanging).unwrap_or_else(PoisonError::into_inner));
        let answer = lock(&self.answers)(user, output, id);
        self.leave();
        answer
    }

    fn quick(&self, seen: Seen) {
        self.enter();
        self.put(seen);
        self.leave();
    }
}

fn line(seen: &Seen) -> String {
    match seen {
        Seen::Event(event) => format!("event {:?}: {}", event.kind, event.message),
        Seen::Log(line) => format!("log {} {}", line.target, line.message),
        Seen::Dnd(change) => format!("dnd {} {:?} {:?} attempt {}", change.user_id, change.value, change.reason, change.attempt),
        Seen::Queue(change) => format!("queue {} {:?} {:?}", change.user_id, change.value, change.reason),
        Seen::Chat(change) => {
            format!("chat {} {:?} {:?} attempt {}", change.user_id, change.value, change.reason, change.attempt)
        }
        Seen::Presence(view) => format!("presence {} {} {}", view.user_id, view.availability_text, view.activity_text),
        other => format!("{other:?}"),
    }
}

/// What an instance gets; the test keeps the other reference.
pub(crate) struct Callbacks(pub(crate) Arc<Host>);

impl HostCallbacks for Callbacks {
    fn dnd(&self, change: &Change<Dnd>) -> Answer {
        self.0.change(Seen::Dnd(change.clone()), &change.user_id, Output::Dnd(change.value), change.change_id)
    }

    fn queue_dnd(&self, change: &Change<Dnd>) -> Answer {
        self.0.change(Seen::Queue(change.clone()), &change.user_id, Output::Queue(change.value), change.change_id)
    }

    fn chat(&self, change: &Change<Chat>) -> Answer {
        self.0.change(Seen::Chat(change.clone()), &change.user_id, Output::Chat(change.value), change.change_id)
    }

    fn presence(&self, presence: &PresenceView) {
        self.0.quick(Seen::Presence(presence.clone()));
    }

    fn event(&self, event: &Event) {
        if let Some(reaction) = lock(&self.0.reaction).as_mut() {
            reaction(event);
        }
        self.0.quick(Seen::Event(event.clone()));
    }

    fn log(&self, line: &LogLine) {
        self.0.quick(Seen::Log(line.clone()));
    }

    fn thread_started(&self, name: &str) {
        self.0.put(Seen::ThreadStarted(name.to_owned()));
    }

    fn thread_stopped(&self, name: &str) {
        self.0.put(Seen::ThreadStopped(name.to_owned()));
    }

    fn wants(&self) -> Wants {
        Wants { dnd: true, queue: true, chat: true, presence: true, event: true, log: true }
    }
}
