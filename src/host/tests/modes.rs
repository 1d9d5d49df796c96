use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::fake::{Hang, Rig, dnd, within};
use crate::host::{Finished, Mode, NotServing, SharedDispatcher};
use crate::sys::eventfd::readable;

#[test]
fn thread_mode_calls_from_one_thread_that_says_hello_and_goodbye() {
    let rig = Rig::started(Mode::Thread);
    for n in 1..=100 {
        rig.feed.put(dnd(n));
    }
    assert_eq!(rig.finish(within(10_000)), Finished::Quiet);
    let order = rig.seen.order();
    assert_eq!((order.len(), &*order[0], &*order[101]), (102, "start tps-dispatch", "stop tps-dispatch"));
    assert_eq!(order[1..101], (1..=100).map(|n| format!("dnd {n}")).collect::<Vec<_>>());
    let mut threads = rig.seen.threads.lock().expect("whole").clone();
    threads.dedup();
    assert!(threads.len() == 1 && threads[0] != std::thread::current().id());
    assert_eq!(rig.dispatch.dispatch(Duration::ZERO, 0), Err(NotServing));
    assert_eq!(rig.dispatch.event_fd(), None);
}

#[test]
fn thread_mode_wakes_for_each_thing() {
    let rig = Rig::started(Mode::Thread);
    for n in 1..=50 {
        rig.feed.put(dnd(n));
        rig.seen.wait_for(&format!("dnd {n}"));
    }
    assert_eq!(rig.finish(within(5_000)), Finished::Quiet);
}

#[test]
fn it_can_be_started_again() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::new(mode);
        for round in 1..=20 {
            rig.dispatch.start().expect("a thread");
            rig.feed.put(dnd(round));
            assert_eq!(rig.finish(within(10_000)), Finished::Quiet, "{mode:?}");
            assert!(rig.seen.order().contains(&format!("dnd {round}")), "{mode:?}");
            let calls = rig.seen.calls.load(Ordering::SeqCst);
            rig.feed.log("late");
            assert_eq!(rig.seen.calls.load(Ordering::SeqCst), calls);
            rig.feed.logs.lock().expect("whole").clear();
        }
    }
}

#[test]
fn poll_mode_calls_on_the_callers_thread_and_the_descriptor_tells() {
    let rig = Rig::started(Mode::Poll);
    let fd = rig.dispatch.event_fd().expect("poll mode has one");
    assert_eq!(rig.dispatch.dispatch(Duration::ZERO, 0), Ok(0));
    assert!(!readable(fd));
    for n in 1..=5 {
        rig.feed.put(dnd(n));
    }
    assert!(readable(fd));
    assert_eq!(rig.dispatch.dispatch(Duration::ZERO, 3), Ok(3));
    assert!(readable(fd), "two are left");
    assert_eq!(rig.dispatch.dispatch(Duration::ZERO, 2), Ok(2));
    assert!(!readable(fd), "exactly as many as waited");
    assert_eq!(rig.seen.order(), ["dnd 1", "dnd 2", "dnd 3", "dnd 4", "dnd 5"]);
    assert!(rig.seen.threads.lock().expect("whole").iter().all(|id| *id == std::thread::current().id()));

    let began = Instant::now();
    assert_eq!(rig.dispatch.dispatch(Duration::from_millis(40), 0), Ok(0));
    assert!(began.elapsed() >= Duration::from_millis(40));
    assert_eq!(rig.finish(within(1_000)), Finished::Quiet);
    assert_eq!(rig.dispatch.dispatch(Duration::from_secs(60), 0), Err(NotServing));
    assert_eq!(rig.dispatch.event_fd(), Some(fd), "the same through stop and start");
}

#[test]
fn poll_mode_waits_for_the_first_thing() {
    let rig = Rig::started(Mode::Poll);
    std::thread::scope(|scope| {
        let dispatcher = scope.spawn(|| rig.dispatch.dispatch(Duration::from_secs(30), 0));
        std::thread::sleep(Duration::from_millis(20));
        rig.feed.put(dnd(1));
        assert_eq!(dispatcher.join().expect("no panic"), Ok(1));
    });
}

#[test]
fn many_dispatchers_never_overlap_and_lose_nothing() {
    let rig = Rig::started(Mode::Poll);
    let total: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut ran = 0;
                    while let Ok(more) = rig.dispatch.dispatch(Duration::from_millis(200), 7) {
                        ran += more;
                    }
                    ran
                })
            })
            .collect();
        for n in 1..=2_000 {
            rig.feed.put(dnd(n));
            if n % 100 == 0 {
                std::thread::yield_now();
            }
        }
        while !rig.feed.deliveries.lock().expect("whole").is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(rig.finish(within(5_000)), Finished::Quiet);
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert!(!rig.seen.overlapped.load(Ordering::SeqCst));
    let expected: Vec<_> = (1..=2_000).map(|n| format!("dnd {n}")).collect();
    assert_eq!(rig.seen.order(), expected);
    assert!(total <= 2_000);
}

#[test]
fn one_shared_thread_serves_all_in_turns() {
    let shared = SharedDispatcher::new();
    let rigs: Vec<Rig> = (0..20).map(|_| Rig::new(Mode::Shared(&shared))).collect();
    for rig in &rigs {
        for n in 1..=200 {
            rig.feed.put(dnd(n));
        }
    }
    for rig in &rigs {
        rig.dispatch.start().expect("a thread");
    }
    for rig in &rigs {
        rig.seen.wait_for("dnd 200");
    }
    let ids: Vec<_> = rigs.iter().flat_map(|rig| rig.seen.threads.lock().expect("whole").clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "one thread for all");
    for rig in &rigs {
        assert_eq!(rig.finish(within(5_000)), Finished::Quiet);
        assert_eq!(rig.seen.order().last().map(String::as_str), Some("stop tps-shared"));
    }
    assert!(format!("{shared:?}").contains("members: 0, runs: false"), "{shared:?}");
}

#[test]
fn a_busy_instance_does_not_starve_another_on_the_shared_thread() {
    let shared = SharedDispatcher::new();
    let busy = Rig::new(Mode::Shared(&shared));
    let quiet = Rig::new(Mode::Shared(&shared));
    for n in 1..=10_000 {
        busy.feed.put(dnd(n));
    }
    let hang = Hang::at(&busy, "start tps-shared");
    busy.dispatch.start().expect("a thread");
    quiet.dispatch.start().expect("a thread");
    quiet.feed.put(dnd(1));
    hang.go_on();
    quiet.seen.wait_for("dnd 1");
    let before = busy.feed.deliveries.lock().expect("whole").len();
    assert!(before > 5_000, "the quiet one came after {} of the busy one's", 10_000 - before);
    assert_eq!(quiet.finish(within(5_000)), Finished::Quiet);
    assert_eq!(busy.cancel(within(5_000)), Finished::Quiet);
}
