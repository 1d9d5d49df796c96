//! The gate: callbacks never overlap, none after a stop.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use loom::thread;
use tps_loom::gate::{Gate, NoPass};

struct World {
    gate: Gate,
    /// What a callback touches. Loom fails the model when two touch it without an order between them.
    host: UnsafeCell<u32>,
    /// The host has freed what its callbacks use.
    freed: AtomicBool,
    ran: AtomicUsize,
}

impl World {
    fn new() -> Arc<World> {
        let world =
            World { gate: Gate::new(), host: UnsafeCell::new(0), freed: AtomicBool::new(false), ran: AtomicUsize::new(0) };
        world.gate.open();
        Arc::new(world)
    }

    /// One attempt to call the host.
    fn call(&self) {
        if let Ok(_pass) = self.gate.enter() {
            assert!(!self.freed.load(SeqCst), "a callback after the stop said quiet");
            // SAFETY: only with the pass; loom checks the claim.
            self.host.with_mut(|host| unsafe { *host += 1 });
            self.ran.fetch_add(1, SeqCst);
        }
    }

    /// A stop that waits as long as it takes.
    fn stop(&self) {
        self.gate.close();
        assert!(self.gate.wait_quiet(None), "closed by us and opened by nobody");
        self.freed.store(true, SeqCst);
        // SAFETY: nothing runs any more; loom checks the claim.
        self.host.with(|host| unsafe { std::ptr::read(host) });
    }
}

#[test]
fn no_callback_after_quiet() {
    loom::model(|| {
        let world = World::new();
        let caller = thread::spawn({
            let world = world.clone();
            move || {
                world.call();
                world.call();
            }
        });
        world.stop();
        caller.join().unwrap();
    });
}

#[test]
fn two_callers_never_overlap_and_a_stop_still_ends() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let world = World::new();
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || world.call())
            })
            .collect();
        world.stop();
        for caller in callers {
            caller.join().unwrap();
        }
        // SAFETY: all threads have ended.
        let calls = world.host.with(|host| unsafe { *host });
        assert_eq!(calls as usize, world.ran.load(SeqCst));
    });
}

#[test]
fn two_stops_at_once_both_come_back() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let world = World::new();
        let caller = thread::spawn({
            let world = world.clone();
            move || world.call()
        });
        let stopper = thread::spawn({
            let world = world.clone();
            move || world.stop()
        });
        world.stop();
        stopper.join().unwrap();
        caller.join().unwrap();
    });
}

#[test]
fn a_stop_out_of_time_says_so_and_the_next_one_is_certain() {
    loom::model(|| {
        let world = World::new();
        let caller = thread::spawn({
            let world = world.clone();
            move || world.call()
        });
        world.gate.close();
        // In this model a deadline is over at once: true only if no pass was out.
        if world.gate.wait_quiet(Some(std::time::Instant::now())) {
            world.freed.store(true, SeqCst);
        }
        world.stop();
        caller.join().unwrap();
    });
}

#[test]
fn the_last_callback_closes_behind_itself() {
    loom::model(|| {
        let world = World::new();
        let last = thread::spawn({
            let world = world.clone();
            move || {
                if let Ok(pass) = world.gate.enter() {
                    pass.close_behind();
                    // SAFETY: only with the pass; loom checks the claim.
                    world.host.with_mut(|host| unsafe { *host += 1 });
                }
            }
        });
        world.call();
        // True only once the last callback has ended; false while the gate still stands open.
        if world.gate.wait_quiet(None) {
            world.freed.store(true, SeqCst);
            assert_eq!(world.gate.enter().err(), Some(NoPass::Closed));
        }
        world.call();
        last.join().unwrap();
    });
}

#[test]
fn who_waits_for_the_pass_is_woken_by_its_return_and_by_the_close() {
    loom::model(|| {
        let world = World::new();
        let second = thread::spawn({
            let world = world.clone();
            move || {
                if world.gate.enter().is_err() {
                    assert!(world.gate.wait_free(None));
                }
            }
        });
        world.call();
        world.gate.close();
        second.join().unwrap();
    });
}
