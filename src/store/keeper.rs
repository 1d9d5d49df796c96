//! The store's thread: the only one that touches the disk, so that whatever the disk does, nobody else waits for it.
//!
//! It is there while there is something to write, a little longer, and while the disk fails; a store that has nothing to do has no thread.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::disk::Disk;
use super::ledger::Ledger;
use super::notes::{Notes, Provenance};
use super::place::Place;
use super::stats::{Condition, Figures};
use super::trouble::Trouble;
use crate::event::{Event, Kind, Reporter};
use crate::sync::Found;
use crate::sys::signal;
use crate::time::Clock;

/// The kernel keeps 15 bytes.
const THREAD_NAME: &str = "tps-store";
/// Address space, not memory. Said outright so that the environment is not asked.
const STACK_BYTES: usize = 2 << 20;
/// How long a thread without work waits for more.
const LINGER: Duration = Duration::from_secs(1);
/// First and longest pause before a disk that failed is tried again.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_secs(60);

/// Where the store stands in its instance's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Phase {
    #[default]
    Shut,
    Open,
    Closing,
}

/// How the first attempt to open ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// Well, or so that the instance runs without.
    Over,
    /// Somebody else has the lock; who, and what to do.
    Locked(String),
}

#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) phase: Phase,
    /// There is a thread.
    pub(super) runs: bool,
    pub(super) rung: bool,
    /// A start came before a close was through: the file is to be looked at anew.
    pub(super) reopen: bool,
    pub(super) first: Option<First>,
    /// Nobody waits for the first attempt any more.
    pub(super) waived: bool,
    retry_at: Option<Instant>,
    pub(super) thread: Option<JoinHandle<()>>,
}

/// An outage of the disk, as far as it was told.
#[derive(Debug, Default)]
struct Outage {
    /// On the monotonic clock.
    since: Option<u64>,
    told: String,
    pause: Duration,
}

/// What the handle and the thread share.
pub(super) struct Keeper {
    pub(super) place: Option<Place>,
    pub(super) clock: Clock,
    pub(super) reporter: Reporter,
    pub(super) notes: Notes,
    pub(super) ledger: OnceLock<Weak<dyn Ledger>>,
    pub(super) control: Mutex<Control>,
    pub(super) moved: Condvar,
    pub(super) figures: Figures,
    #[cfg(any(test, feature = "test-hooks"))]
    pub(super) weather: Arc<super::Weather>,
    outage: Mutex<Outage>,
    /// Locked by the thread for as long as it lives.
    pub(super) disk: Mutex<Disk>,
}

enum Task {
    Work { closing: bool },
    Leave,
}

impl Keeper {
    pub(super) fn new(place: Option<Place>, clock: Clock, reporter: Reporter, notes: Notes) -> Keeper {
        let disk = Disk::default();
        Keeper {
            #[cfg(any(test, feature = "test-hooks"))]
            weather: disk.weather.clone(),
            place,
            clock,
            reporter,
            notes,
            ledger: OnceLock::new(),
            control: Mutex::default(),
            moved: Condvar::new(),
            figures: Figures::default(),
            outage: Mutex::default(),
            disk: Mutex::new(disk),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Control> {
        lock(&self.control)
    }

    /// There is something to do. Wakes the thread, or makes one.
    pub(super) fn ring(self: &Arc<Self>) {
        let mut control = self.lock();
        if control.phase == Phase::Shut || control.rung {
            return;
        }
        control.rung = true;
        if let Err(error) = self.wake(&mut control) {
            // Rings again with the next change, and in any case at the stop.
            control.rung = false;
            drop(control);
            self.fails(&format!("no thread for it ({error})"), true);
        }
    }

    /// Sees to it that a thread looks at `control`.
    pub(super) fn wake(self: &Arc<Self>, control: &mut Control) -> io::Result<()> {
        if !control.runs {
            let keeper = Arc::clone(self);
            let spawn = || Builder::new().name(THREAD_NAME.to_owned()).stack_size(STACK_BYTES).spawn(move || keeper.run());
            // The one before has said its last word under this very lock, and is let go.
            control.thread = Some(signal::with_blocked(spawn)?);
            control.runs = true;
        }
        self.moved.notify_all();
        Ok(())
    }

    fn run(&self) {
        let mut disk = lock(&self.disk);
        loop {
            match self.next_task() {
                Task::Leave => return,
                Task::Work { closing } => {
                    // A fault of ours must not leave the instance without a thread that could close the file.
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work(&mut disk, closing))) {
                        let words = panic.downcast_ref::<&str>().copied().unwrap_or("no words");
                        let event = Event::new(Kind::Internal).with("place", "store").with("detail", words);
                        self.reporter.event_now(event);
                        self.try_later();
                    }
                    if closing {
                        self.notes.lost();
                        self.notes.shut();
                        disk.close();
                        self.figures.is(Condition::Closed);
                        let mut control = self.lock();
                        control.retry_at = None;
                        if control.phase == Phase::Open {
                            // A start did not wait for the end of a close that hung.
                            control.rung = true;
                            continue;
                        }
                        control.phase = Phase::Shut;
                        control.runs = false;
                        self.moved.notify_all();
                        return;
                    }
                }
            }
        }
    }

    fn next_task(&self) -> Task {
        let mut control = self.lock();
        let linger = Instant::now() + LINGER;
        loop {
            let now = Instant::now();
            let retry = control.retry_at;
            if control.phase == Phase::Closing {
                control.rung = false;
                return Task::Work { closing: true };
            }
            if retry.is_some_and(|at| at <= now) || control.rung && retry.is_none() {
                control.rung = false;
                control.retry_at = None;
                return Task::Work { closing: false };
            }
            let until = retry.unwrap_or(linger);
            if until <= now || control.phase == Phase::Shut {
                control.runs = false;
                return Task::Leave;
            }
            control = self.moved.wait_timeout(control, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn work(&self, disk: &mut Disk, closing: bool) {
        let Some(ledger) = self.ledger.get().and_then(Weak::upgrade) else { return };
        if std::mem::take(&mut self.lock().reopen) {
            disk.close();
        }
        let result = self.write_all(disk, &*ledger);
        self.figures.sized(disk.bytes());
        match result {
            Ok(()) => self.recovered(disk),
            Err(trouble) => {
                self.figures.failed();
                self.notes.lost();
                ledger.lost();
                if !self.refuses_start(&trouble) {
                    let detail = match trouble {
                        Trouble::Damaged(detail) | Trouble::Locked(detail) | Trouble::Refused(detail) => detail,
                        Trouble::Newer(format) => format!("a newer version wrote it (format {format})"),
                    };
                    self.fails(&detail, disk.was_open());
                    if !closing {
                        self.try_later();
                    }
                }
            }
        }
        let mut control = self.lock();
        if control.first.is_none() {
            control.first = Some(First::Over);
            self.moved.notify_all();
        }
    }

    /// Opens the file if need be, and writes until there is nothing left.
    fn write_all(&self, disk: &mut Disk, ledger: &dyn Ledger) -> Result<(), Trouble> {
        if !disk.is_open() {
            let Some(place) = &self.place else { return Ok(()) };
            let opened = disk.open(place, &self.reporter, self.clock.now().wall_ms / 1_000)?;
            let (provenance, contents) = (opened.provenance, opened.contents);
            self.notes.found(contents.notes, provenance);
            let own = provenance == Provenance::Own;
            ledger.found(Found { users: contents.users, last_good_ms: contents.last_good_ms, own });
            self.figures.is(Condition::Good);
        }
        loop {
            let taken = self.notes.take();
            let commit = ledger.take();
            if commit.is_none() && taken.notes.is_empty() {
                taken.written();
                return Ok(());
            }
            let users = commit.is_some();
            let batch = Batch { commit: commit.unwrap_or_default(), notes: taken.notes.clone() };
            let began = Instant::now();
            if let Err(trouble) = disk.commit(&batch) {
                self.notes.put_back(taken);
                return Err(trouble);
            }
            self.figures.committed(self.clock.mono_ms(), began.elapsed().as_millis() as u64, disk.bytes());
            taken.written();
            if users {
                ledger.kept();
            }
            self.recovered(disk);
        }
    }

    /// A start waits, and somebody else has the lock: the start fails, and with it this store is shut again.
    fn refuses_start(&self, trouble: &Trouble) -> bool {
        let Trouble::Locked(detail) = trouble else { return false };
        let mut control = self.lock();
        if control.first.is_some() || control.waived {
            return false;
        }
        control.first = Some(First::Locked(detail.clone()));
        control.phase = Phase::Shut;
        self.figures.is(Condition::Closed);
        true
    }

    fn try_later(&self) {
        let mut outage = lock(&self.outage);
        outage.pause = if outage.pause.is_zero() { RETRY_FIRST } else { (outage.pause * 2).min(RETRY_LONGEST) };
        let at = Instant::now() + outage.pause;
        drop(outage);
        self.lock().retry_at = Some(at);
    }

    /// Tells that the state cannot be used; each cause once.
    pub(super) fn fails(&self, detail: &str, writing: bool) {
        self.figures.is(Condition::Failing);
        let mut outage = lock(&self.outage);
        outage.since.get_or_insert(self.clock.mono_ms());
        if outage.told == detail {
            return;
        }
        outage.told = detail.to_owned();
        drop(outage);
        if let Some(place) = &self.place {
            let event = Event::new(Kind::StateUnavailable).with("path", place.file().display().to_string());
            self.reporter.event_now(event.with("detail", detail).with("writing", writing));
        }
    }

    /// Nobody waits for the disk any more: a write has not come back.
    pub(super) fn is_slow(&self, detail: &str) {
        self.fails(detail, true);
        self.figures.is(Condition::Slow);
    }

    fn recovered(&self, disk: &Disk) {
        if !disk.is_open() {
            return;
        }
        self.figures.is(Condition::Good);
        let mut outage = lock(&self.outage);
        let Some(since) = std::mem::take(&mut *outage).since else { return };
        drop(outage);
        if let Some(place) = &self.place {
            let outage_ms = self.clock.mono_ms().saturating_sub(since);
            let event = Event::new(Kind::StateRecovered).with("path", place.file().display().to_string());
            self.reporter.event_now(event.with("outage_ms", outage_ms));
        }
    }
}

/// What these locks guard is whole between any two statements, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
