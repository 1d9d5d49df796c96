use proptest::prelude::*;

use super::*;

const ANN: Guid = Guid(1);
const BOB: Guid = Guid(2);
const HOUR: u64 = 3_600_000;
const ENDS: u64 = u64::MAX;

/// Live since 0, watched since 20 s.
fn watched() -> Watchdog {
    let mut dog = Watchdog::default();
    dog.began(ENDS, 0);
    dog.swept(10_000, 20_000);
    assert_eq!(dog.pace(20_001), Pace::Watch);
    dog
}

#[test]
fn polled_fast_until_it_is_watched() {
    let mut dog = Watchdog::default();
    assert_eq!(dog.pace(0), Pace::Fast, "no subscription");
    dog.began(HOUR, 1_000);
    dog.swept(900, 2_000);
    dog.swept(1_000, 5_000);
    assert_eq!(dog.pace(5_000), Pace::Fast, "who was asked about before may have changed since");
    dog.differed(ANN, 5_500);
    dog.swept(11_000, 12_000);
    assert_eq!((dog.pace(12_000), dog.next_at()), (Pace::Watch, None), "what a first look finds is nobody's fault");
}

#[test]
fn silence_is_no_fault() {
    let mut dog = watched();
    for minute in 1..10_000 {
        dog.swept(minute * 60_000, minute * 60_000 + 300);
        assert_eq!((dog.judge(minute * 60_000 + 300), dog.next_at()), (None, None));
    }
    assert_eq!(dog.pace(600_000_000), Pace::Watch);
}

#[test]
fn a_change_that_is_told_within_the_minute_is_fine() {
    let mut dog = watched();
    dog.differed(ANN, 60_000);
    dog.differed(ANN, 65_000);
    assert_eq!(dog.next_at(), Some(60_000 + GRACE_MS + 1), "from the first poll that saw it");
    dog.notified(ANN, false, 60_000 + GRACE_MS);
    assert_eq!((dog.judge(10 * HOUR), dog.pace(10 * HOUR)), (None, Pace::Watch));
}

#[test]
fn a_change_that_is_not_told_is_a_miss() {
    let mut dog = watched();
    dog.differed(ANN, 60_000);
    dog.differed(BOB, 60_000);
    dog.notified(Guid(3), true, 61_000);
    assert_eq!(dog.judge(60_000 + GRACE_MS), None);
    dog.notified(BOB, false, 60_000 + GRACE_MS + 1);
    let at = 60_000 + GRACE_MS + 1;
    assert_eq!(dog.judge(at), Some(Finding::Missed { people: 2, resubscribe: true }), "too late is missed");
    assert_eq!((dog.pace(at), dog.judge(at)), (Pace::Fast, None), "told once");
}

#[test]
fn three_changes_told_are_proof() {
    let mut dog = watched();
    dog.differed(ANN, 60_000);
    assert!(dog.judge(200_000).is_some());
    dog.ended();
    dog.notified(BOB, true, 200_500);
    dog.began(ENDS, 201_000);
    dog.swept(212_000, 213_000);
    assert_eq!((dog.judge(213_000), dog.pace(213_000)), (None, Pace::Fast));
    dog.notified(ANN, true, 214_000);
    dog.differed(BOB, 215_000);
    dog.notified(BOB, false, 216_000);
    dog.notified(BOB, false, 217_000);
    assert_eq!(dog.judge(217_000), None, "a duplicate proves nothing");
    dog.notified(ANN, true, 218_000);
    assert_eq!((dog.judge(218_000), dog.pace(218_000)), (Some(Finding::Proved), Pace::Watch));
}

#[test]
fn ten_quiet_minutes_are_proof() {
    let mut dog = watched();
    dog.differed(ANN, 60_000);
    assert!(dog.judge(200_000).is_some());
    dog.began(ENDS, 201_000);
    dog.swept(212_000, 213_000);
    assert_eq!(dog.next_at(), Some(201_000 + PROOF_QUIET_MS));
    assert_eq!(dog.judge(201_000 + PROOF_QUIET_MS - 1), None);
    assert_eq!(dog.judge(201_000 + PROOF_QUIET_MS), Some(Finding::Proved));
    assert_eq!(dog.pace(201_000 + PROOF_QUIET_MS), Pace::Watch);
}

#[test]
fn without_a_subscription_nothing_is_proved() {
    let mut dog = watched();
    dog.differed(ANN, 60_000);
    assert!(dog.judge(200_000).is_some());
    dog.ended();
    assert_eq!((dog.judge(100 * HOUR), dog.next_at(), dog.pace(100 * HOUR)), (None, None, Pace::Fast));
}

#[test]
fn where_it_does_not_help_it_is_not_made_anew_again_and_again() {
    let mut dog = watched();
    let (mut now, mut anew, mut told) = (60_000, Vec::new(), 0);
    while now < 24 * HOUR {
        dog.differed(ANN, now);
        now += GRACE_MS + 1;
        match dog.judge(now) {
            Some(Finding::Missed { resubscribe: true, .. }) => {
                anew.push(now);
                told += 1;
                dog.began(ENDS, now);
                now += 10_000;
                dog.swept(now, now);
                now += 1;
            }
            Some(Finding::Missed { .. }) => told += 1,
            other => assert_eq!(other, None),
        }
    }
    assert!((8..20).contains(&anew.len()), "{}", anew.len());
    assert!(anew.windows(2).all(|pair| pair[1] - pair[0] >= RESUBSCRIBE_MS) && told <= 150, "{told}");
}

#[test]
fn a_missed_renewal_means_polling() {
    let mut dog = Watchdog::default();
    dog.began(HOUR, 0);
    dog.swept(10_000, 20_000);
    assert_eq!((dog.pace(HOUR - 1), dog.pace(HOUR)), (Pace::Watch, Pace::Fast));
    dog.renewed(2 * HOUR);
    assert_eq!(dog.pace(HOUR), Pace::Watch);
}

// ---- against a world ----

#[derive(Clone, Debug)]
struct World {
    /// Who changes after how long, and after how long that is told.
    changes: Vec<(u64, usize, u64)>,
    /// How long an answer takes.
    latency: u64,
}

fn world(most_delay: u64) -> impl Strategy<Value = World> {
    let change = (0_u64..400_000, 0_usize..5, 0..most_delay);
    (prop::collection::vec(change, 0..40), 0_u64..5_000).prop_map(|(changes, latency)| World { changes, latency })
}

struct Outcome {
    missed: Vec<u64>,
    proved: usize,
    pace: Pace,
    last_change: u64,
}

/// Lets the world run; notifications of changes between these two moments are never sent.
fn run(world: &World, silent: std::ops::Range<u64>) -> Outcome {
    let (mut changes, mut told, mut at) = (Vec::new(), Vec::new(), 30_000);
    for (after, person, delay) in &world.changes {
        at += after;
        changes.push((at, *person));
        if !silent.contains(&at) {
            told.push((at + delay, *person));
        }
    }
    told.sort_unstable();
    let (mut dog, mut known, mut truth) = (Watchdog::default(), [0_u32; 5], [0_u32; 5]);
    dog.began(ENDS, 0);
    let (mut next_change, mut next_told, mut next_poll, mut flying): (usize, usize, u64, Option<(u64, [u32; 5])>) =
        (0, 0, 0, None);
    let mut out = Outcome { missed: vec![], proved: 0, pace: Pace::Fast, last_change: at };
    let end = at + HOUR;
    let mut now = 0;
    while now < end {
        while next_change < changes.len() && changes[next_change].0 <= now {
            truth[changes[next_change].1] += 1;
            next_change += 1;
        }
        while next_told < told.len() && told[next_told].0 <= now {
            let person = told[next_told].1;
            let news = known[person] != truth[person];
            // As with a re-read: what is known is the truth of now.
            known[person] = truth[person];
            dog.notified(Guid(person as u128), news, now);
            next_told += 1;
        }
        if flying.is_none() && now >= next_poll {
            flying = Some((now, truth));
        }
        if let Some((asked_at, seen)) = flying.filter(|(asked_at, _)| now >= asked_at + world.latency) {
            for person in 0..5 {
                // The order drops what was asked for before the newest news; here that shows as an older state.
                if seen[person] > known[person] {
                    known[person] = seen[person];
                    dog.differed(Guid(person as u128), asked_at);
                }
            }
            dog.swept(asked_at, now);
            flying = None;
            next_poll = asked_at + if dog.pace(now) == Pace::Watch { 60_000 } else { 5_000 };
        }
        match dog.judge(now) {
            Some(Finding::Missed { resubscribe, .. }) => {
                out.missed.push(now);
                if resubscribe {
                    dog.ended();
                    dog.began(ENDS, now + 1);
                }
                next_poll = now;
            }
            Some(Finding::Proved) => out.proved += 1,
            None => {}
        }
        now += 500;
    }
    out.pace = dog.pace(now);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn who_keeps_the_promise_is_never_blamed(world in world(60_000)) {
        let out = run(&world, 0..0);
        prop_assert_eq!((out.missed.len(), out.pace), (0, Pace::Watch));
    }

    #[test]
    fn who_falls_silent_is_found_and_forgiven(world in world(20_000), from in 60_000_u64..4_000_000, lasts in 60_000_u64..4_000_000) {
        let silent = from..from + lasts;
        let out = run(&world, silent.clone());
        prop_assert_eq!(out.pace, Pace::Watch, "back to normal by itself, {} ms after the last change", HOUR);
        let (mut at, mut untold) = (30_000, Vec::new());
        for (after, person, _) in &world.changes {
            at += after;
            if silent.contains(&at) {
                untold.push((at, *person));
            }
        }
        // A change of which nothing else of that person is told for long must be found.
        for (at, person) in untold {
            let mut later = 30_000;
            let covered = world.changes.iter().any(|(after, other, delay)| {
                later += after;
                *other == person && later != at && later + delay >= at && later <= at + 60_000 + GRACE_MS + 6_000 && !silent.contains(&later)
            });
            let found = out.missed.iter().any(|found| (at..=at + 60_000 + 2 * GRACE_MS + 30_000).contains(found));
            let early = out.missed.iter().any(|found| *found < at && at < found + RESUBSCRIBE_MS + 30_000);
            prop_assert!(found || covered || early, "the change at {at} was never missed: {:?}", out.missed);
        }
        prop_assert!(out.last_change > 0 && out.proved <= out.missed.len());
    }
}
