use std::sync::atomic::Ordering;

use super::fake::{Rig, dnd, queue, within};
use crate::host::outlet::{Pumped, What};
use crate::host::{Finished, Mode};
use crate::sync::Answer;

#[test]
fn the_three_lanes_take_turns() {
    let rig = Rig::new(Mode::Poll);
    for n in 1..=3 {
        rig.feed.put(dnd(n));
        rig.feed.log(&format!("line {n}"));
        rig.feed.event();
    }
    assert_eq!(rig.outlet.pump(What::All), Pumped::Closed);
    rig.dispatch.start().expect("no thread needed");
    while rig.outlet.pump(What::All) == Pumped::One {}
    let order = rig.seen.order();
    assert_eq!(order.len(), 9);
    for turn in order.chunks(3) {
        let kinds: Vec<_> = turn.iter().map(|what| what.split(' ').next().expect("a word")).collect();
        assert_eq!(kinds, ["dnd", "event", "log"]);
    }
    let stats = rig.outlet.stats();
    assert_eq!((stats.dnd_changes, stats.events, stats.log_lines, stats.current_callback_us), (3, 3, 3, 0));
}

#[test]
fn a_panic_on_the_way_is_told_and_the_change_offered_again() {
    let rig = Rig::started(Mode::Poll);
    rig.feed.panic_next.store(1, Ordering::SeqCst);
    rig.feed.put(dnd(1));
    assert_eq!(rig.outlet.pump(What::All), Pumped::Trouble);
    rig.seen.hook(|what| assert_ne!(what, "dnd 1", "broken marshalling"));
    assert_eq!(rig.outlet.pump(What::All), Pumped::Trouble);
    rig.feed.put(dnd(2));
    assert_eq!(rig.outlet.pump(What::All), Pumped::One);
    assert_eq!(*rig.feed.answers.lock().expect("whole"), [(1, Answer::Retry), (2, Answer::Applied)]);
    let told = rig.feed.panics.lock().expect("whole").clone();
    assert_eq!(told[0], ("looking for what to hand out".to_owned(), "the feed broke".to_owned()));
    assert!(told[1].0 == "on_dnd" && told[1].1.contains("broken marshalling"), "{told:?}");
    assert_eq!(rig.outlet.stats().panics, 2);
    assert!(!crate::host::reentrancy::in_callback());
}

#[test]
fn the_queues_changes_go_out_in_their_order_and_are_guarded_too() {
    let rig = Rig::started(Mode::Poll);
    rig.seen.hook(|what| assert_ne!(what, "queue 2", "broken marshalling"));
    for delivery in [dnd(1), queue(2), queue(3)] {
        rig.feed.put(delivery);
    }
    assert_eq!([(); 3].map(|()| rig.outlet.pump(What::All)), [Pumped::One, Pumped::Trouble, Pumped::One]);
    assert_eq!(rig.seen.order(), ["dnd 1", "queue 2", "queue 3"]);
    assert_eq!(
        *rig.feed.answers.lock().expect("whole"),
        [(1, Answer::Applied), (2, Answer::Retry), (3, Answer::Applied)],
        "each under its own id"
    );
    assert_eq!(rig.feed.panics.lock().expect("whole")[0].0, "on_queue_dnd");
    let stats = rig.outlet.stats();
    assert_eq!((stats.dnd_changes, stats.queue_changes, stats.chat_changes), (1, 2, 0));
}

#[test]
fn the_time_of_a_callback_is_measured_while_it_runs_and_after() {
    let rig = Rig::started(Mode::Thread);
    let hang = super::fake::Hang::at(&rig, "dnd 1");
    rig.feed.put(dnd(1));
    rig.seen.wait_for("dnd 1");
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert!(rig.outlet.stats().current_callback_us >= 20_000);
    hang.go_on();
    assert_eq!(rig.finish(within(5_000)), Finished::Quiet);
    let stats = rig.outlet.stats();
    assert!(stats.slowest_callback_us >= 20_000 && stats.current_callback_us == 0, "{stats:?}");
}

#[cfg(feature = "test-hooks")]
#[test]
fn an_injected_panic_comes_before_the_host_is_reached() {
    let rig = Rig::started(Mode::Poll);
    rig.outlet.inject_panic();
    rig.feed.put(dnd(1));
    assert_eq!(rig.outlet.pump(What::All), Pumped::Trouble);
    assert!(rig.seen.order().is_empty());
    assert_eq!(*rig.feed.answers.lock().expect("whole"), [(1, Answer::Retry)]);
    assert_eq!(rig.outlet.stats().dnd_changes, 0);
}
