//! Every life up to a length, breadth first: each state of engine and world is gone on from once.

use std::collections::HashSet;
use std::fmt::Write;

use super::acts::{ALL, Act, DiskMood, Kind, Mood, Pause, Teams};
use super::faults::Fault;
use super::world::World;

/// Lives of more acts than this are for [`super::random`]; `TPS_MODEL_DEPTH` goes deeper, where somebody has the time.
const DEPTH: usize = 3;

/// What a search went through.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) states: usize,
    pub(super) steps: usize,
    pub(super) depth: usize,
    /// States in which whose DND is on, or what the library knows of it, cannot be told, and less is checked.
    pub(super) excused: usize,
}

/// A life that ends badly.
#[derive(Debug)]
pub(super) struct Counterexample {
    pub(super) life: Vec<Act>,
    pub(super) broken: String,
}

/// Searches all lives of `depth` acts after `first`. The shortest that ends badly is found first.
pub(super) fn search(kind: Kind, first: &[Act], depth: usize, fault: Option<Fault>) -> Result<Reach, Counterexample> {
    let bad = |life: &[Act], broken| Counterexample { life: life.to_vec(), broken };
    let mut world = World::new(kind, fault);
    let mut life = Vec::new();
    for act in first {
        life.push(*act);
        world.act(*act).map_err(|broken| bad(&life, broken))?;
    }
    let mut known = HashSet::from([world.fingerprint()]);
    let mut front = vec![(world, life)];
    let mut reach = Reach { states: 1, ..Reach::default() };
    for level in 1..=depth {
        let mut next = Vec::new();
        for (world, life) in &front {
            for act in ALL {
                let mut world = world.clone();
                let mut life = life.clone();
                life.push(*act);
                reach.steps += 1;
                world.act(*act).map_err(|broken| bad(&life, broken))?;
                if known.insert(world.fingerprint()) {
                    reach.excused += usize::from(world.is_excused());
                    world.clone().becomes_quiet().map_err(|broken| bad(&life, format!("then quiet: {broken}")))?;
                    if level < depth {
                        next.push((world, life));
                    }
                }
            }
        }
        front = next;
        reach.depth = level;
    }
    reach.states = known.len();
    Ok(reach)
}

impl Counterexample {
    pub(super) fn text(&self, kind: Kind) -> String {
        let mut text = format!("{}\nhost: {kind:?}, life:\n", self.broken);
        for act in &self.life {
            let _ = writeln!(text, "    Act::{act:?},");
        }
        text
    }
}

/// Lives do not only begin at the beginning: after each of these come all of two acts.
const BEGINNINGS: &[&[Act]] = &[
    &[],
    // Ours is on, then its end is near.
    &[Act::Teams(Teams::Call), Act::Pass(Pause::Hold)],
    &[Act::Teams(Teams::Call), Act::Pass(Pause::Hold), Act::Teams(Teams::Free)],
    // A person switched ours off; a person's is on.
    &[Act::Teams(Teams::Call), Act::Pass(Pause::Hold), Act::Press(false)],
    &[Act::Press(true), Act::Teams(Teams::Call), Act::Pass(Pause::Hold)],
    // An ON that was not answered; an OFF that was refused.
    &[Act::Mood(Mood::Defers), Act::Teams(Teams::Call)],
    &[Act::Teams(Teams::Call), Act::Mood(Mood::Refuses), Act::Teams(Teams::Free), Act::Pass(Pause::Hold)],
    // An intent that is on its way to the disk.
    &[Act::Disk(DiskMood::Held), Act::Teams(Teams::Call)],
];

fn all_lives(kind: Kind) {
    let depth = std::env::var("TPS_MODEL_DEPTH").ok().and_then(|text| text.parse().ok()).unwrap_or(DEPTH);
    let mut all = Reach::default();
    for first in BEGINNINGS {
        match search(kind, first, if first.is_empty() { depth } else { 2.max(depth - 1) }, None) {
            Ok(reach) => {
                all.states += reach.states;
                all.steps += reach.steps;
                all.excused += reach.excused;
                all.depth = all.depth.max(first.len() + reach.depth);
            }
            Err(found) => panic!("{}", found.text(kind)),
        }
    }
    println!("{kind:?}: {} states, {} of them excused, {} steps, {} acts deep", all.states, all.excused, all.steps, all.depth);
    // A host that reports everything late leaves more open than others do.
    let one_in = if kind == Kind::Echoes { 8 } else { 20 };
    assert!(all.excused * one_in < all.states, "a model that excuses much proves little: {all:?}");
}

#[test]
fn every_life_with_a_host_that_echoes() {
    all_lives(Kind::Echoes);
}

#[test]
fn every_life_with_a_host_that_names_persons() {
    all_lives(Kind::Names);
}

#[test]
fn every_life_with_a_host_that_states_nothing() {
    all_lives(Kind::Silent);
}

#[test]
fn every_life_where_teams_leads() {
    all_lives(Kind::Led);
}

#[test]
fn every_life_without_a_state_directory() {
    all_lives(Kind::Marks);
}
