use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::fake::{FakeFeed, FakeHost, Hang, Rig, Seen, dnd, within};
use crate::host::service::{Rest, Service};
use crate::host::{Bell, Finished, Mode, Outlet, SharedDispatcher};
use crate::sync::Answer;

#[test]
fn what_waits_is_handed_out_before_the_end() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        for n in 1..=500 {
            rig.feed.put(dnd(n));
            rig.feed.event();
        }
        assert_eq!(rig.finish(within(10_000)), Finished::Quiet, "{mode:?}");
        let stats = rig.outlet.stats();
        assert_eq!((stats.dnd_changes, stats.events), (500, 500), "{mode:?}");
    }
}

#[test]
fn cancel_leaves_the_rest_where_it_is() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::new(mode);
        for n in 1..=500 {
            rig.feed.put(dnd(n));
        }
        rig.seen.hook(|what| {
            if what.starts_with("dnd") {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        rig.dispatch.start().expect("a thread");
        assert_eq!(rig.cancel(within(10_000)), Finished::Quiet, "{mode:?}");
        let left = rig.feed.deliveries.lock().expect("whole").len() as u64;
        assert!(left > 0 && left + rig.outlet.stats().dnd_changes == 500, "{mode:?}: {left}");
    }
}

#[test]
fn a_stop_without_time_is_quiet_when_nothing_hangs() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        assert_eq!(rig.finish(Instant::now()), Finished::Quiet, "{mode:?}");
    }
}

#[test]
fn stops_without_time_come_to_an_end_in_poll_mode() {
    let rig = Rig::started(Mode::Poll);
    for n in 1..=10 {
        rig.feed.put(dnd(n));
    }
    let mut calls = 0;
    while rig.finish(Instant::now()) == Finished::Busy {
        calls += 1;
        assert!(calls < 100);
    }
    assert_eq!(rig.outlet.stats().dnd_changes, 10);
}

/// Busy speaks of a callback that hangs: quick ones that are due, or run just then, do not make it so.
#[test]
fn quick_callbacks_do_not_make_a_stop_without_time_busy() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        rig.seen.hook(|what| {
            if what.starts_with("dnd") {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        for n in 1..=10 {
            rig.feed.put(dnd(n));
        }
        if !matches!(mode, Mode::Poll) {
            rig.seen.wait_for("dnd 1");
        }
        let began = Instant::now();
        let finished = rig.finish(began);
        // Under load even quick ones may take long; a verdict at once is what must not be.
        assert!(finished == Finished::Quiet || began.elapsed() >= Duration::from_millis(100), "{mode:?}");
        assert_eq!(rig.finish(within(10_000)), Finished::Quiet, "{mode:?}");
    }
}

#[test]
fn a_hanging_callback_is_waited_for_in_time_and_called_again() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        let hang = Hang::at(&rig, "dnd 1");
        rig.feed.put(dnd(1));
        rig.feed.put(dnd(2));
        rig.seen.wait_for("dnd 1");
        let began = Instant::now();
        assert_eq!(rig.finish(within(60)), Finished::Busy, "{mode:?}");
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(60) && took < Duration::from_secs(5), "{mode:?}: {took:?}");
        assert_eq!(rig.finish(Instant::now()), Finished::Busy, "{mode:?}");
        hang.go_on();
        assert_eq!(rig.finish(within(10_000)), Finished::Quiet, "{mode:?}");
        assert!(rig.seen.order().contains(&"dnd 2".to_owned()), "the rest was still offered");
    }
}

#[test]
fn poll_mode_stops_from_another_thread_while_a_callback_hangs() {
    let rig = Rig::started(Mode::Poll);
    let hang = Hang::at(&rig, "dnd 1");
    rig.feed.put(dnd(1));
    rig.feed.put(dnd(2));
    std::thread::scope(|scope| {
        let dispatcher = scope.spawn(|| rig.dispatch.dispatch(Duration::from_secs(30), 1));
        rig.seen.wait_for("dnd 1");
        assert_eq!(rig.finish(within(50)), Finished::Busy);
        hang.go_on();
        assert_eq!(rig.finish(within(10_000)), Finished::Quiet);
        assert_eq!(dispatcher.join().expect("no panic"), Ok(1));
    });
    assert_eq!(rig.seen.order(), ["dnd 1", "dnd 2"]);
    assert!(!rig.seen.overlapped.load(Ordering::SeqCst));
}

#[test]
fn a_dispatcher_that_waits_is_woken_by_the_stop() {
    let rig = Rig::started(Mode::Poll);
    std::thread::scope(|scope| {
        let dispatcher = scope.spawn(|| rig.dispatch.dispatch(Duration::from_secs(600), 0));
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(rig.finish(within(10_000)), Finished::Quiet);
        // On a busy machine it may come only after the stop; it must not wait then either.
        assert!(matches!(dispatcher.join().expect("no panic"), Ok(0) | Err(_)));
    });
}

#[test]
fn an_instance_stops_in_its_time_while_another_hangs_on_the_shared_thread() {
    let shared = SharedDispatcher::new();
    let hanging = Rig::started(Mode::Shared(&shared));
    let hang = Hang::at(&hanging, "dnd 1");
    let other = Rig::started(Mode::Shared(&shared));
    other.seen.wait_for("start tps-shared");
    hanging.feed.put(dnd(1));
    hanging.seen.wait_for("dnd 1");
    other.feed.put(dnd(7));
    let began = Instant::now();
    assert_eq!(other.finish(within(50)), Finished::Busy, "its change was not offered yet");
    assert!(began.elapsed() < Duration::from_secs(5));
    hang.go_on();
    assert_eq!(other.finish(within(10_000)), Finished::Quiet);
    assert!(other.seen.order().contains(&"dnd 7".to_owned()));
    assert_eq!(hanging.finish(within(10_000)), Finished::Quiet);
}

#[test]
fn answers_that_are_owed_are_waited_for() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        *rig.seen.answer.lock().expect("whole") = Answer::Pending;
        rig.feed.put(dnd(1));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                rig.seen.wait_for("dnd 1");
                while rig.feed.owed.load(Ordering::SeqCst) == 0 {
                    std::thread::yield_now();
                }
                std::thread::sleep(Duration::from_millis(30));
                *rig.seen.answer.lock().expect("whole") = Answer::Applied;
                // The answer makes the release due.
                rig.feed.deliveries.lock().expect("whole").push_back(dnd(2));
                rig.feed.owed.store(0, Ordering::SeqCst);
                rig.feed.wake();
            });
            let began = Instant::now();
            assert_eq!(rig.finish(within(20_000)), Finished::Quiet, "{mode:?}");
            assert!(began.elapsed() < Duration::from_secs(10), "woken by the answer, not by the time");
        });
        assert!(rig.seen.order().contains(&"dnd 2".to_owned()), "{mode:?}");
    }
}

#[test]
fn answers_that_never_come_do_not_make_a_stop_busy() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        *rig.seen.answer.lock().expect("whole") = Answer::Pending;
        rig.feed.put(dnd(1));
        assert_eq!(rig.finish(within(300)), Finished::Quiet, "{mode:?}");
        assert_eq!(rig.feed.owed.load(Ordering::SeqCst), 0, "the feed was told that nobody waits: {mode:?}");
    }
}

#[test]
fn a_stop_that_comes_late_does_not_end_the_next_start() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        let late = rig.dispatch.round();
        assert_eq!(rig.finish(within(10_000)), Finished::Quiet);
        rig.dispatch.start().expect("a thread");
        assert_eq!(rig.dispatch.finish(late, within(10_000)), Finished::Quiet, "{mode:?}");
        rig.feed.put(dnd(1));
        if matches!(mode, Mode::Poll) {
            assert_eq!(rig.dispatch.dispatch(Duration::ZERO, 0), Ok(1));
        }
        rig.seen.wait_for("dnd 1");
        assert_eq!(rig.finish(within(10_000)), Finished::Quiet, "{mode:?}");
    }
}

#[test]
fn a_log_that_feeds_itself_does_not_make_a_stop_endless() {
    let rig = Rig::started(Mode::Thread);
    let feed = Arc::clone(&rig.feed);
    rig.seen.hook(move |what| {
        if what.starts_with("log") {
            feed.log("again");
        }
    });
    rig.feed.log("first");
    assert_eq!(rig.finish(within(30_000)), Finished::Quiet);
}

#[test]
fn a_feed_that_only_panics_does_not_make_a_stop_endless() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        rig.feed.panic_next.store(u32::MAX, Ordering::SeqCst);
        assert_eq!(rig.finish(within(20_000)), Finished::Quiet, "{mode:?}");
    }
}

/// Six threads put, two stop in slices, callbacks put too; nothing comes after Quiet, nothing is lost.
#[test]
fn a_storm_of_stops() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        for _ in 0..20 {
            let rig = Rig::started(mode);
            let quiet = AtomicBool::new(false);
            let feed = Arc::clone(&rig.feed);
            rig.seen.hook(move |what| {
                if what == "dnd 3" {
                    feed.log("from a callback");
                }
            });
            std::thread::scope(|scope| {
                for thread in 0..6u64 {
                    let rig = &rig;
                    let quiet = &quiet;
                    scope.spawn(move || {
                        for n in 0..50 {
                            if quiet.load(Ordering::SeqCst) {
                                return;
                            }
                            rig.feed.put(dnd(thread * 1_000 + n));
                        }
                    });
                }
                for _ in 0..2 {
                    scope.spawn(|| {
                        std::thread::sleep(Duration::from_millis(2));
                        while rig.finish(within(5)) == Finished::Busy {}
                        quiet.store(true, Ordering::SeqCst);
                        let calls = rig.seen.calls.load(Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(5));
                        assert_eq!(rig.seen.calls.load(Ordering::SeqCst), calls, "a callback after quiet");
                    });
                }
            });
            assert!(!rig.seen.overlapped.load(Ordering::SeqCst));
            // What came after the gate was closed is still in the feed, not lost.
            rig.dispatch.start().expect("a thread");
            assert_eq!(rig.finish(within(20_000)), Finished::Quiet);
            let seen = rig.seen.order().iter().filter(|what| what.starts_with("dnd")).count();
            assert_eq!(seen as u64, rig.outlet.stats().dnd_changes);
            assert!(rig.feed.deliveries.lock().expect("whole").is_empty());
        }
    }
}

/// Several threads stop, one of them starts again at once: every stop comes back in time, and what was started since goes on.
#[test]
fn stops_race_the_next_start() {
    let shared = SharedDispatcher::new();
    for mode in [Mode::Thread, Mode::Poll, Mode::Shared(&shared)] {
        let rig = Rig::started(mode);
        for n in 1..=100 {
            let round = rig.dispatch.round();
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| assert_eq!(rig.dispatch.finish(round, within(20_000)), Finished::Quiet));
                }
                assert_eq!(rig.dispatch.finish(round, within(20_000)), Finished::Quiet);
                rig.dispatch.start().expect("a thread");
            });
            rig.feed.put(dnd(n));
            if matches!(mode, Mode::Poll) {
                assert_eq!(rig.dispatch.dispatch(Duration::from_secs(20), 1), Ok(1));
            }
            rig.seen.wait_for(&format!("dnd {n}"));
        }
        assert_eq!(rig.finish(within(20_000)), Finished::Quiet);
    }
}

/// A stop that begins just after a look at the feed found nothing: its releases are handed out all the same.
#[test]
fn a_stop_between_a_look_and_its_verdict_loses_nothing() {
    let feed = Arc::new(FakeFeed::default());
    let seen = Arc::new(Seen::default());
    let outlet = Arc::new(Outlet::new(feed.clone(), Box::new(FakeHost(seen.clone()))));
    let service = Arc::new(Service::new(outlet, Bell::new(), None));
    assert!(service.open());
    let (stopper, stopped) = (Arc::downgrade(&service), AtomicBool::new(false));
    let releases = Arc::downgrade(&feed);
    let looks = AtomicUsize::new(0);
    feed.at_end_of_look(move || {
        // The second look is the one on which the verdict is founded.
        if looks.fetch_add(1, Ordering::Relaxed) == 1 && !stopped.swap(true, Ordering::Relaxed) {
            releases.upgrade().expect("alive").put(dnd(7));
            assert!(stopper.upgrade().expect("alive").begin_finish(1, false));
        }
    });
    let (_, rest) = service.serve(10);
    assert_ne!(rest, Rest::Ended, "the release has not been looked for");
    let (ran, rest) = service.serve(10);
    assert_eq!((ran, rest), (1, Rest::Ended));
    assert_eq!(seen.order(), ["dnd 7"]);
    service.shut();
}
