//! Dispatch mode `shared`: one thread of ours calls the host for many instances.
//!
//! Contract:
//!
//! - Instances with news take turns of [`TURN`] things each, so that a busy one does not starve the others.
//! - The thread starts with the first instance that serves and ends with the last; the stop of the last waits for its end.
//! - A callback that hangs in one instance holds up the callbacks of all, as the host chose when it chose one thread. A stop of another
//!   instance still returns within its time: it answers Busy if it has something left to offer or an `on_thread_stop` to run.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use super::dispatcher::spawn;
use super::service::{AFTER_TROUBLE, Rest, Service};
use crate::sys::primitives::{Condvar, Mutex, lock, wait};

/// The thread's name.
pub(super) const THREAD_NAME: &str = "tps-shared";

/// How many things an instance may hand out before the next one's turn.
const TURN: u32 = 16;

/// The one thread of many instances. Cheap to clone; a process keeps one.
#[derive(Clone, Default)]
pub struct SharedDispatcher(Arc<Hub>);

impl fmt::Debug for SharedDispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.0.state);
        f.debug_struct("SharedDispatcher").field("members", &state.members.len()).field("runs", &state.runs).finish()
    }
}

impl SharedDispatcher {
    /// Without a thread until the first instance serves.
    pub fn new() -> SharedDispatcher {
        SharedDispatcher::default()
    }

    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.0
    }
}

#[derive(Default)]
pub(super) struct Hub {
    state: Mutex<State>,
    turn: Condvar,
    /// Threads that have ended or are about to; held while they are joined.
    leaving: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    members: HashMap<u64, Arc<Service>>,
    ready: VecDeque<u64>,
    later: Vec<(Instant, u64)>,
    serving: Option<u64>,
    runs: bool,
    thread: Option<JoinHandle<()>>,
}

/// What the thread does after a turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Serve,
    /// The instance has ended; others are there.
    Ended,
    /// It was the last one.
    Leave,
}

impl Hub {
    /// A number for an instance, good for its whole life.
    pub(super) fn new_id(&self) -> u64 {
        let mut state = lock(&self.state);
        state.last_id += 1;
        state.last_id
    }

    /// The bell of this instance rings. One that does not serve is looked at when it joins.
    pub(super) fn enqueue(&self, id: u64) {
        let mut state = lock(&self.state);
        if state.members.contains_key(&id) {
            state.ready.push_back(id);
            self.turn.notify_all();
        }
    }

    /// Serves this instance from now on.
    pub(super) fn join(self: &Arc<Self>, id: u64, service: Arc<Service>) -> io::Result<()> {
        let mut state = lock(&self.state);
        if !state.runs {
            let hub = Arc::clone(self);
            state.thread = Some(spawn(THREAD_NAME, move || hub.run())?);
            state.runs = true;
        }
        state.members.insert(id, service);
        state.ready.push_back(id);
        self.turn.notify_all();
        Ok(())
    }

    /// The thread hangs in a callback of another instance.
    pub(super) fn hangs_elsewhere(&self, id: u64) -> bool {
        let state = lock(&self.state);
        let other = state.serving.filter(|serving| *serving != id).and_then(|serving| state.members.get(&serving));
        other.is_some_and(|service| service.outlet().hangs())
    }

    /// Waits for threads that have served their last instance; they run no code but ours any more.
    pub(super) fn reap(&self) {
        let mut leaving = lock(&self.leaving);
        for thread in leaving.drain(..) {
            // A panic of the thread was caught where it happened; there is nothing else to learn.
            let _ = thread.join();
        }
    }

    fn run(&self) {
        loop {
            let (id, service) = self.next();
            let rest = service.serve(TURN).1;
            let next = self.after_turn(id, rest);
            if next != Next::Serve {
                service.shut();
            }
            // Decided once, under the lock: a start that came since has a thread of its own, and two must not serve.
            if next == Next::Leave {
                return;
            }
        }
    }

    /// Waits for the next instance with news.
    fn next(&self) -> (u64, Arc<Service>) {
        let mut state = lock(&self.state);
        loop {
            let now = Instant::now();
            let due: Vec<u64> = state.later.extract_if(.., |(when, _)| *when <= now).map(|(_, id)| id).collect();
            state.ready.extend(due);
            while let Some(id) = state.ready.pop_front() {
                if let Some(service) = state.members.get(&id).cloned() {
                    state.serving = Some(id);
                    return (id, service);
                }
            }
            let until = state.later.iter().map(|(when, _)| *when).min();
            (state, _) = wait(&self.turn, state, until);
        }
    }

    /// Puts the instance back in line, or out.
    fn after_turn(&self, id: u64, rest: Rest) -> Next {
        let mut state = lock(&self.state);
        state.serving = None;
        match rest {
            Rest::More => state.ready.push_back(id),
            Rest::Idle => {}
            Rest::Taken | Rest::Trouble => state.later.push((Instant::now() + AFTER_TROUBLE, id)),
            Rest::Ended | Rest::Closed => {
                state.members.remove(&id);
                if !state.members.is_empty() {
                    return Next::Ended;
                }
                state.runs = false;
                state.ready.clear();
                state.later.clear();
                let thread = state.thread.take();
                // Not under the state's lock: whoever holds `leaving` waits for a thread that may still need it.
                drop(state);
                lock(&self.leaving).extend(thread);
                return Next::Leave;
            }
        }
        Next::Serve
    }
}
