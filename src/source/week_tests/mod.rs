//! A week of subscription life on the simulated clock, with outages of Graph, of us, and of the network between.
//!
//! What decides in the library is the library's own: the plan of the poll, the fleet of subscriptions, intake, order, watchdogs, engine. Tasks,
//! sockets, tokens and encryption are left out; `tests/instance_notify_outages.rs` has those. More weeks: `TPS_WEEKS=100 cargo test --lib week`;
//! one of them again: `TPS_WEEK=17`.

#![allow(clippy::print_stdout, reason = "the seed of a week that fails, and figures for whoever looks")]

mod chance;
mod graph;
mod network;
mod post;
mod side;
mod weather;
mod world;

use chance::Chance;
use weather::{HOUR, Kind, MINUTE, SECOND, Spell, WEEK};
use world::{BOUND_MS, World};

const PEOPLE: usize = 8;
const SPELLS: usize = 60;

/// A stop leaves nothing at Graph.
fn nothing_is_left(world: &mut World) {
    world.side.as_mut().expect("it runs").stop();
    world.pass(10_000);
    assert!(world.side.is_none(), "a stop ends");
    assert_eq!(world.graph.ours().count(), 0, "left behind");
}

#[test]
fn in_a_calm_week_one_subscription_lives_all_the_time() {
    crate::graph::backoff::loaded::load(1);
    let mut world = World::new(1, PEOPLE, Vec::new());
    world.pass(WEEK);
    let tally = world.graph.tally;
    println!("calm: {tally:?}, wrong for {} ms at most", world.longest_wrong);
    assert_eq!((tally.created, tally.deleted, tally.lists, tally.refused), (1, 0, 0, 0), "{tally:?}");
    // At about half of 57 minutes, less up to a fifth of that.
    assert!((WEEK / (29 * MINUTE)..=WEEK / (22 * MINUTE)).contains(&tally.renewed), "{tally:?}");
    // A look a minute, and the reads that notifications without numbers ask for.
    assert!(tally.polls <= WEEK / MINUTE + tally.notified + 100, "{tally:?}");
    nothing_is_left(&mut world);
}

#[test]
fn a_request_that_hangs_as_the_network_comes_back_keeps_nobody_waiting() {
    for number in 0..10 {
        crate::graph::backoff::loaded::load(number + 1);
        let until = HOUR + 20 * MINUTE + number * 9 * SECOND;
        let mut world = World::new(number + 100, 4, vec![Spell { from: HOUR, until, kind: Kind::Outward }]);
        world.pass(2 * HOUR);
    }
}

/// One week. The figures for whoever looks.
fn week(seed: u64) {
    crate::graph::backoff::loaded::load(seed);
    let spells = weather::week(&mut Chance::new(seed ^ 0x5eed), SPELLS);
    let allowed: u64 = 2 + spells.iter().map(|spell| spell.kind.costs(spell.until - spell.from)).sum::<u64>();
    let mut world = World::new(seed, PEOPLE, spells);
    world.pass(WEEK);
    let tally = world.graph.tally;
    println!("week {seed}: {tally:?}, {allowed} allowed, wrong for {} of {BOUND_MS} ms at most", world.longest_wrong);
    assert!(tally.created <= allowed, "{tally:?}: {allowed} are enough");
    assert_eq!(tally.most_ours, 1);
    assert!(tally.renewed <= WEEK / (20 * MINUTE) + allowed, "{tally:?}");
    let everybody: Vec<_> = world.graph.people.iter().map(|person| person.id).collect();
    let trusted = everybody.iter().all(|id| world.side.as_ref().is_some_and(|side| side.trusts(*id)));
    assert!(trusted, "six hours after the last trouble notifications are trusted again");
    nothing_is_left(&mut world);
}

#[test]
fn nobody_is_wrong_for_longer_than_a_look_of_the_watchdog() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("TPS_WEEK") {
        return week(seed);
    }
    for seed in 1..=number("TPS_WEEKS").unwrap_or(2) {
        println!("week {seed}");
        week(seed);
    }
}
