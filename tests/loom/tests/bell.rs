//! The bell: nothing put for the host is forgotten, however late the wake-up.

use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use loom::sync::{Arc, Mutex};
use loom::thread;
use tps_loom::bell::Bell;
use tps_loom::sys::eventfd::EventFd;

/// The feed: a count under a lock, as the engine has it.
struct World {
    bell: Bell,
    waiting: Mutex<u32>,
}

impl World {
    fn put(&self) {
        *self.waiting.lock().unwrap() += 1;
        self.bell.ring();
    }

    fn take(&self) -> bool {
        let mut waiting = self.waiting.lock().unwrap();
        let some = *waiting > 0;
        *waiting = waiting.saturating_sub(1);
        some
    }

    /// As `Service::serve` does it: what there is, silence, one more look; no more than `most`.
    fn take_some(&self, most: u32) -> u32 {
        let mut taken = 0;
        while taken < most {
            if !self.take() {
                self.bell.quieten();
                if !self.take() {
                    break;
                }
                self.bell.ring();
            }
            taken += 1;
        }
        taken
    }

    fn take_all(&self) -> u32 {
        self.take_some(u32::MAX)
    }
}

#[test]
fn a_sleeping_dispatcher_gets_everything() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let world = Arc::new(World { bell: Bell::new(), waiting: Mutex::new(0) });
        let putters: Vec<_> = (0..2)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || world.put())
            })
            .collect();
        let mut taken = 0;
        // A lost wake-up is a deadlock here, which loom reports.
        while taken < 2 {
            world.bell.wait(None, || true);
            taken += world.take_all();
        }
        for putter in putters {
            putter.join().unwrap();
        }
    });
}

/// The descriptor of the poll mode: whatever is left in the feed, it is readable.
#[test]
fn the_descriptor_is_readable_while_something_waits() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let world = Arc::new(World { bell: Bell::with_fd(EventFd::default()), waiting: Mutex::new(0) });
        world.put();
        let putter = thread::spawn({
            let world = world.clone();
            move || world.put()
        });
        let taken = world.take_all();
        putter.join().unwrap();
        let left = *world.waiting.lock().unwrap();
        assert_eq!(taken + left, 2);
        let readable = world.bell.fd().is_some_and(EventFd::is_readable);
        assert!(left == 0 || readable, "{left} wait and nobody would know");
    });
}

/// The same for a `tps_dispatch` with a limit, which leaves without a last look.
#[test]
fn the_descriptor_is_readable_when_the_limit_is_reached() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(4);
    model.check(|| {
        let world = Arc::new(World { bell: Bell::with_fd(EventFd::default()), waiting: Mutex::new(0) });
        let putter = thread::spawn({
            let world = world.clone();
            move || {
                world.put();
                world.put();
            }
        });
        let taken = world.take_some(1);
        putter.join().unwrap();
        let left = *world.waiting.lock().unwrap();
        assert_eq!(taken + left, 2);
        assert!(left == 0 || world.bell.fd().is_some_and(EventFd::is_readable), "{left} wait and nobody would know");
    });
}

#[test]
fn two_dispatchers_leave_the_descriptor_right() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let world = Arc::new(World { bell: Bell::with_fd(EventFd::default()), waiting: Mutex::new(0) });
        world.put();
        let putter = thread::spawn({
            let world = world.clone();
            move || world.put()
        });
        let other = thread::spawn({
            let world = world.clone();
            move || world.take_all()
        });
        let taken = world.take_all();
        putter.join().unwrap();
        let taken = taken + other.join().unwrap();
        let left = *world.waiting.lock().unwrap();
        assert_eq!(taken + left, 2);
        assert!(left == 0 || world.bell.fd().is_some_and(EventFd::is_readable), "{left} wait and nobody would know");
    });
}

/// The shared mode: a ring that finds the bell silent puts the instance in line.
#[test]
fn the_call_of_the_bell_comes_for_everything_put_after_the_last_look() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let line = Arc::new(AtomicU32::new(0));
        let in_line = line.clone();
        let bell = Bell::calling(Box::new(move || {
            in_line.fetch_add(1, SeqCst);
        }));
        let world = Arc::new(World { bell, waiting: Mutex::new(0) });
        let putter = thread::spawn({
            let world = world.clone();
            move || world.put()
        });
        world.put();
        let before = line.swap(0, SeqCst);
        let taken = world.take_all();
        putter.join().unwrap();
        let left = *world.waiting.lock().unwrap();
        assert_eq!(taken + left, 2);
        assert!(left == 0 || before + line.load(SeqCst) > 0, "{left} wait and nobody stands in line");
        assert!(left == 0 || line.load(SeqCst) > 0, "the turn before is over");
    });
}

/// A dispatcher that waits hears that the stop has begun even when another server silences the bell at the same time.
#[test]
fn a_waiting_dispatcher_hears_of_the_stop() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let world = Arc::new(World { bell: Bell::new(), waiting: Mutex::new(0) });
        let serving = Arc::new(AtomicBool::new(true));
        let waiter = thread::spawn({
            let (world, serving) = (world.clone(), serving.clone());
            move || {
                while serving.load(SeqCst) {
                    world.bell.wait(None, || serving.load(SeqCst));
                    world.take_all();
                }
            }
        });
        serving.store(false, SeqCst);
        world.bell.ring();
        world.take_all();
        waiter.join().unwrap();
    });
}

/// Of two stops that wait for owed answers, one ends the round: the other is told although nothing rings.
#[test]
fn a_waiting_stop_hears_that_another_has_shut() {
    loom::model(|| {
        let world = Arc::new(World { bell: Bell::new(), waiting: Mutex::new(0) });
        let over = Arc::new(AtomicBool::new(false));
        let waiter = thread::spawn({
            let (world, over) = (world.clone(), over.clone());
            move || world.bell.wait(None, || !over.load(SeqCst))
        });
        over.store(true, SeqCst);
        world.bell.rouse();
        assert!(!waiter.join().unwrap());
    });
}

/// The acknowledgement race: `tps_acknowledge` comes from another thread, perhaps before the callback that answers PENDING has returned,
/// while a stop waits for answers that are owed. The order of the looks is that of `Service::serve`.
#[test]
fn an_owed_answer_ends_the_wait_of_a_stop_and_its_release_is_offered() {
    #[derive(Default)]
    struct Books {
        /// The change is out: handed to the host, unanswered or PENDING.
        out: bool,
        /// Its answer has come.
        answered: bool,
        /// What becomes due by the answer: the release.
        due: u32,
    }
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let bell = Arc::new(Bell::new());
        let books = Arc::new(Mutex::new(Books { out: true, ..Books::default() }));
        let host = thread::spawn({
            let (bell, books) = (bell.clone(), books.clone());
            move || {
                {
                    let mut books = books.lock().unwrap();
                    assert!(books.out && !books.answered);
                    books.answered = true;
                    books.out = false;
                    books.due = 1;
                }
                bell.ring();
            }
        });
        let mut offered = 0;
        let take = || {
            let mut books = books.lock().unwrap();
            std::mem::take(&mut books.due)
        };
        loop {
            offered += take();
            bell.quieten();
            let owed = books.lock().unwrap().out;
            let more = take();
            offered += more;
            if more == 0 && !owed {
                break;
            }
            if more == 0 {
                bell.wait(None, || true);
            }
        }
        assert_eq!(offered, 1, "the gate was closed on a release");
        host.join().unwrap();
    });
}
