//! When two moments of a life are the same: their texts are, with times relative to now and without what only people read.

use std::fmt::{self, Debug, Write};
use std::hash::{DefaultHasher, Hasher};

use crate::sync::tests::START;

/// Members that only show when something happened, or name a change.
const IGNORED: [&str; 6] = ["decided_at", "acknowledged_at", "change_id", "good_at", "good_kept", "id"];
/// Change ids begin here, and no moment of the model lies so late.
const FIRST_CHANGE_ID: u64 = 1 << 25;
/// What is older counts as this old.
const OLD_MS: u64 = 2 * 3_600_000;

/// Takes the debug form of anything and hashes it, numbers changed on the way.
pub(super) struct Canon<'a> {
    now: u64,
    hasher: &'a mut DefaultHasher,
    word: String,
    number: Option<u64>,
    member: String,
}

impl Canon<'_> {
    pub(super) fn new(now: u64, hasher: &mut DefaultHasher) -> Canon<'_> {
        Canon { now, hasher, word: String::new(), number: None, member: String::new() }
    }

    pub(super) fn put(&mut self, thing: &dyn Debug) {
        // Writing into a hasher does not fail.
        let _ = write!(self, "{thing:?} ");
    }

    fn end_number(&mut self) {
        let Some(number) = self.number.take() else { return };
        if IGNORED.contains(&self.member.as_str()) {
            return;
        }
        let number = match number {
            // Never, and what is no time.
            number if !(START..1 << 47).contains(&number) => number,
            number if number >= FIRST_CHANGE_ID => 0,
            time => (time + OLD_MS).saturating_sub(self.now),
        };
        self.hasher.write_u64(number);
    }

    fn end_word(&mut self, ends: char) {
        if !self.word.is_empty() {
            self.hasher.write(self.word.as_bytes());
            if ends == ':' {
                std::mem::swap(&mut self.member, &mut self.word);
            }
            self.word.clear();
        }
    }
}

impl Write for Canon<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            match letter {
                '0'..='9' if self.word.is_empty() => {
                    let digit = letter as u64 - '0' as u64;
                    self.number = Some(self.number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
                }
                'a'..='z' | 'A'..='Z' | '_' | '0'..='9' => self.word.push(letter),
                other => {
                    self.end_number();
                    self.end_word(other);
                }
            }
        }
        Ok(())
    }
}

#[test]
fn moments_count_by_their_distance() {
    #[derive(Debug)]
    struct Some_ {
        at: u64,
        decided_at: u64,
        count: u8,
    }
    let print = |now: u64, at: u64, decided_at: u64, count: u8| {
        let mut hasher = DefaultHasher::new();
        let some = Some_ { at, decided_at, count };
        assert!(some.at + some.decided_at + u64::from(some.count) > 0);
        Canon::new(now, &mut hasher).put(&some);
        hasher.finish()
    };
    let base = print(START + 100, START + 50, START, 3);
    assert_eq!(base, print(START + 1_100, START + 1_050, START + 7, 3));
    assert_ne!(base, print(START + 100, START + 51, START, 3));
    assert_ne!(base, print(START + 100, START + 50, START, 4));
}
