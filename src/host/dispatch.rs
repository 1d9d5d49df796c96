//! Who calls the host: one of three modes behind one face.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::dispatcher;
use super::driven::{self, NotServing};
use super::outlet::Outlet;
use super::service::{Finished, Phase, Service};
use super::shared::{self, Hub, SharedDispatcher};
use crate::sys::eventfd::EventFd;
use crate::sys::primitives::{Mutex, lock};

/// `dispatch.mode`.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// A thread of this instance's own.
    Thread,
    /// The host's threads, inside `tps_dispatch`.
    Poll,
    /// One thread for all instances that name this dispatcher.
    Shared(&'a SharedDispatcher),
}

/// Rings when there is something for the host. Cheap to clone and to use, from any thread, as often as one likes.
#[derive(Clone, Debug)]
pub struct Waker(Arc<Bell>);

impl Waker {
    /// Something was put into the feed, or an owed answer came. Never waits for a callback.
    pub fn wake(&self) {
        self.0.ring();
    }
}

/// The dispatch of one instance, for as many starts and stops as it likes.
///
/// Dropped while it serves, it closes down by itself without being waited for.
#[derive(Debug)]
pub struct Dispatch {
    service: Arc<Service>,
    how: How,
}

enum How {
    /// The thread and the round it serves.
    Thread(Mutex<Option<(u64, JoinHandle<()>)>>),
    Poll,
    Shared {
        hub: Arc<Hub>,
        id: u64,
    },
}

impl std::fmt::Debug for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            How::Thread(_) => "Thread",
            How::Poll => "Poll",
            How::Shared { .. } => "Shared",
        })
    }
}

impl Dispatch {
    /// Ready to start; no thread yet. Fails in poll mode where no descriptor can be had.
    pub fn new(mode: Mode<'_>, outlet: Arc<Outlet>) -> io::Result<Dispatch> {
        let (bell, thread_name, how) = match mode {
            Mode::Thread => (Bell::new(), Some(dispatcher::THREAD_NAME), How::Thread(Mutex::new(None))),
            Mode::Poll => (Bell::with_fd(EventFd::new()?), None, How::Poll),
            Mode::Shared(dispatcher) => {
                let hub = Arc::clone(dispatcher.hub());
                let id = hub.new_id();
                let caller = Arc::clone(&hub);
                let bell = Bell::calling(Box::new(move || caller.enqueue(id)));
                (bell, Some(shared::THREAD_NAME), How::Shared { hub, id })
            }
        };
        Ok(Dispatch { service: Arc::new(Service::new(outlet, bell, thread_name)), how })
    }

    /// The bell to ring when the feed has something.
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(self.service.bell()))
    }

    /// The same as the [`Waker`]'s.
    pub fn wake(&self) {
        self.service.bell().ring();
    }

    /// Opens the gate and begins to hand out. Nothing happens if it serves already or has not finished. Fails if no thread can be had.
    pub fn start(&self) -> io::Result<()> {
        if !self.service.open() {
            return Ok(());
        }
        let service = Arc::clone(&self.service);
        let started = match &self.how {
            How::Thread(thread) => {
                let mut thread = lock(thread);
                join(&mut thread, |_| true);
                let round = service.round();
                dispatcher::spawn(dispatcher::THREAD_NAME, move || dispatcher::run(service))
                    .map(|handle| *thread = Some((round, handle)))
            }
            How::Poll => Ok(()),
            How::Shared { hub, id } => hub.join(*id, service),
        };
        if started.is_err() {
            self.service.unopen();
        } else {
            self.wake();
        }
        started
    }

    /// Counts the starts: 0 before the first. A stop names the start it means.
    pub fn round(&self) -> u64 {
        self.service.round()
    }

    /// Hands out what the feed still has, waits for answers that are owed, then closes the gate and ends the thread. Answers that do not
    /// come are given up a moment before `deadline`, so [`Finished::Busy`] speaks of callbacks alone. Any number of threads may wait at
    /// once, and again after Busy. In poll mode the rest is handed out on the calling thread.
    ///
    /// `round` is what [`round`](Self::round) answered when the stop was decided: of several stops that wait, one that wakes late must not
    /// end what was started since. It answers Quiet then, since its own round is.
    pub fn finish(&self, round: u64, deadline: Instant) -> Finished {
        self.end(round, deadline, false)
    }

    /// The same without handing out what the feed still has.
    pub fn cancel(&self, round: u64, deadline: Instant) -> Finished {
        self.end(round, deadline, true)
    }

    fn end(&self, round: u64, deadline: Instant, drop_rest: bool) -> Finished {
        if !self.service.begin_finish(round, drop_rest) {
            return Finished::Quiet;
        }
        let finished = match &self.how {
            How::Thread(_) => self.service.wait_shut(round, deadline, || false),
            How::Poll => driven::finish(&self.service, round, deadline),
            How::Shared { hub, id } => self.service.wait_shut(round, deadline, || hub.hangs_elsewhere(*id)),
        };
        if finished == Finished::Quiet {
            match &self.how {
                How::Thread(thread) => join(&mut lock(thread), |its| its == round),
                How::Poll => {}
                How::Shared { hub, .. } => hub.reap(),
            }
        }
        finished
    }

    /// The descriptor that is readable while something waits; poll mode only. The same for the life of this object.
    pub fn event_fd(&self) -> Option<RawFd> {
        self.service.bell().fd().map(AsRawFd::as_raw_fd)
    }

    /// Hands out on the calling thread: waits up to `timeout` for the first thing, then runs at most `max` (0: 1,024) and tells how many.
    /// Poll mode only.
    pub fn dispatch(&self, timeout: Duration, max: u32) -> Result<u32, NotServing> {
        match self.how {
            How::Poll => driven::dispatch(&self.service, timeout, max),
            How::Thread(_) | How::Shared { .. } => Err(NotServing),
        }
    }
}

/// Waits for the end of a thread that has said its last word. A panic of it was caught where it happened.
fn join(thread: &mut Option<(u64, JoinHandle<()>)>, is_meant: impl Fn(u64) -> bool) {
    if let Some((_, handle)) = thread.take_if(|(round, _)| is_meant(*round)) {
        let _ = handle.join();
    }
}

impl Drop for Dispatch {
    fn drop(&mut self) {
        if self.service.phase() != Phase::Shut {
            self.service.begin_finish(self.service.round(), true);
            if matches!(self.how, How::Poll) {
                // No thread of ours would come to do it.
                self.service.outlet().gate().close();
            }
        }
    }
}
