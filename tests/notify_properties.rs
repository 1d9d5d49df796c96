//! The properties that the fuzzers look at (`fuzz/src`), with fixed pseudo-random bytes and full-size seeds: what `make test` can afford of
//! `make fuzz`.

#[path = "../fuzz/src/lib.rs"]
mod properties;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// The seeds, then so many inputs of up to `most` bytes, the same in every run.
fn holds(target: &str, cases: u32, most: usize) {
    let (_, run) = properties::ALL.iter().find(|(name, _)| *name == target).expect("a target");
    let (right, wrong) = (Cell::new(0), Cell::new(0));
    let look = |bytes: &[u8]| {
        let seen = if run(bytes) { &right } else { &wrong };
        seen.set(seen.get() + 1);
    };
    properties::seeds::of(target).iter().for_each(|seed| look(seed));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let inputs = prop::collection::vec(any::<u8>(), 0..most);
    let outcome = runner.run(&inputs, |bytes| {
        look(&bytes);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{target}: {error}"));
    // Both were among them, or little is said by this.
    assert!(right.get() >= 5 && wrong.get() >= 5, "{target}: {right:?} were right, {wrong:?} were not");
}

#[test]
fn a_body_gives_what_stands_in_it() {
    holds("body", 500, 600);
}

#[test]
fn the_right_items_are_taken_and_no_others() {
    holds("items", 400, 4_000);
}

#[test]
fn only_an_unchanged_content_opens() {
    holds("content", 300, 600);
}

#[test]
fn a_presence_is_told_as_it_stands_there() {
    holds("presence", 2_000, 400);
}

#[test]
fn only_a_token_with_everything_right_proves() {
    holds("token", 200, 600);
}

#[test]
fn a_key_set_has_what_stands_in_it() {
    holds("key_set", 400, 1_500);
}

#[test]
fn a_handshake_is_answered_with_its_token() {
    holds("handshake", 1_000, 600);
}
