//! Which observation of a person is the newest: notifications come late, twice and in any order, beside the answers of polls.
//!
//! What came before in the very same encryption is a repetition and tells nothing. With a sequence number on both sides the greater one wins.
//! Without one nobody can tell, so a notification is taken at its word at once and the person is read again: the last word is always an answer
//! that was asked for after the last news came. A poll answer that was asked for before the news does not decide.
//!
//! Pure: time is an argument, in milliseconds of the monotonic clock. Only people who are followed here are remembered, so a stranger's
//! notification costs nothing.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::presence::Guid;

/// A sequence number longer than this is none of Graph's (its example has 11 letters) and counts as missing.
const LONGEST: usize = 64;
/// A poll that was asked this long after the newest news decides, whatever its number: Graph brings news within a minute, so numbers that are
/// still smaller have begun anew. Otherwise such a person would stand still for ever.
const BEGUN_ANEW_MS: u64 = 120_000;
/// Contents of a person that are known when they come again: Graph repeats for hours what was taken and whose answer was lost.
const MARKS: usize = 16;
/// How long to wait before reading again where an answer that was asked for after the news is older than it, doubling.
const BEHIND_FIRST_MS: u64 = 1_000;
const BEHIND_MOST_MS: u64 = 16_000;

/// What a notification tells of the order.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its `sequenceNumber`, if it has one.
    pub sequence: Option<&'a str>,
    /// It carries the presence (rich), not only who it is about (basic).
    pub has_content: bool,
    /// What tells its content from every other, also of the same presence: each is encrypted anew, and a repetition is not.
    pub mark: Option<u64>,
}

/// What becomes of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its presence is the newest.
    Apply,
    /// Its presence is most likely the newest; read the person to be sure.
    ApplyAndReread,
    /// It only says that there is something new: read the person.
    Reread,
    /// A duplicate, late, or about nobody who is followed.
    Ignore,
}

/// What becomes of one person's entry in a poll answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollVerdict {
    /// It is the newest.
    Apply,
    /// What is known is newer for certain, and nothing is owed.
    Ignore,
    /// It does not decide: read the person again, not before so many milliseconds have passed.
    Outdated {
        /// 0: at once.
        wait_ms: u64,
    },
}

/// The newest that is known of each person who is followed here.
#[derive(Debug, Default)]
pub struct Order {
    people: HashMap<Guid, Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The greatest number seen.
    sequence: Option<Box<str>>,
    /// When the last news came that was no duplicate.
    news_at: Option<u64>,
    /// When the poll was asked for whose answer was taken last.
    read_at: Option<u64>,
    /// A read is owed that is asked for after this moment.
    owed: Option<u64>,
    /// What is shown has `sequence`. Not so after an observation without a number.
    sure: bool,
    /// Answers in a row that were asked for after the news and are older than it.
    behind: u8,
    /// The contents that were taken up last.
    marks: Option<Box<Marks>>,
}

/// The last few marks, in turn.
#[derive(Debug, Default)]
struct Marks {
    last: [Option<u64>; MARKS],
    next: usize,
}

impl Marks {
    /// Whether it is new; it is known from now on.
    fn is_new(&mut self, mark: u64) -> bool {
        let new = !self.last.contains(&Some(mark));
        if new {
            self.last[self.next] = Some(mark);
            self.next = (self.next + 1) % MARKS;
        }
        new
    }
}

impl Order {
    /// Follows these people and no others. What is known of those who stay is kept.
    pub fn follow(&mut self, people: impl IntoIterator<Item = Guid>) {
        let mut before = std::mem::take(&mut self.people);
        self.people = people.into_iter().map(|person| (person, before.remove(&person).unwrap_or_default())).collect();
    }

    /// Follows one more.
    pub fn add(&mut self, person: Guid) {
        self.people.entry(person).or_default();
    }

    /// Follows this one no longer.
    pub fn remove(&mut self, person: Guid) {
        if let Entry::Occupied(entry) = self.people.entry(person) {
            entry.remove();
        }
    }

    /// How many are followed.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Nobody is followed.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Whether a read of this person is owed: one that failed must be asked for again.
    pub fn owes(&self, person: Guid) -> bool {
        self.people.get(&person).is_some_and(|known| known.owed.is_some())
    }

    /// Everybody of whom a read is owed.
    pub fn owed(&self) -> impl Iterator<Item = Guid> {
        self.people.iter().filter(|(_, known)| known.owed.is_some()).map(|(person, _)| *person)
    }

    /// A notification came, at `now_ms`. To be called when it is taken up, before anything else is asked about the person.
    pub fn notified(&mut self, person: Guid, seen: Seen<'_>, now_ms: u64) -> Verdict {
        let Some(known) = self.people.get_mut(&person) else { return Verdict::Ignore };
        if seen.mark.is_some_and(|mark| !known.marks.get_or_insert_default().is_new(mark)) {
            return Verdict::Ignore;
        }
        let sequence = sound(seen.sequence);
        let order = sequence.zip(known.sequence.as_deref()).map(|(new, old)| compare(new, old));
        match order {
            Some(Ordering::Less) => return Verdict::Ignore,
            Some(Ordering::Equal) if known.sure => return Verdict::Ignore,
            _ => {}
        }
        known.news_at = Some(now_ms);
        known.behind = 0;
        // Of two polls under way together, one without a number may have put something older in the place of what had this number.
        if !seen.has_content || order == Some(Ordering::Equal) {
            known.owed = Some(now_ms);
            return Verdict::Reread;
        }
        if let Some(sequence) = sequence {
            known.sequence = Some(sequence.into());
        }
        // Greater than a number that what is shown has: certain. What is shown may be newer than its number otherwise.
        if order == Some(Ordering::Greater) && known.sure {
            return Verdict::Apply;
        }
        known.sure = false;
        known.owed = Some(now_ms);
        Verdict::ApplyAndReread
    }

    /// A poll answered about the person; its request was sent at `asked_at_ms`. Not to be called for those whom the answer does not name.
    pub fn polled(&mut self, person: Guid, sequence: Option<&str>, asked_at_ms: u64) -> PollVerdict {
        let Some(known) = self.people.get_mut(&person) else { return PollVerdict::Apply };
        let sequence = sound(sequence);
        // In one and the same millisecond nobody knows which was first.
        let asked_after = known.news_at.is_none_or(|news_at| asked_at_ms > news_at);
        let known_at = known.news_at.max(known.read_at).unwrap_or(0);
        let begun_anew = asked_at_ms > known_at.saturating_add(BEGUN_ANEW_MS);
        let order = sequence.zip(known.sequence.as_deref()).map(|(new, old)| compare(new, old));
        match order {
            Some(Ordering::Less) if begun_anew => {}
            Some(Ordering::Less) if known.sure && known.owed.is_none() => return PollVerdict::Ignore,
            Some(Ordering::Less) if asked_after => return known.falls_behind(),
            Some(Ordering::Equal | Ordering::Greater) if known.sure => {}
            // Answers of polls overtake each other, too. What this one may have seen beyond the later one comes as a notification.
            _ if asked_after && Some(asked_at_ms) <= known.read_at && known.owed.is_none() => return PollVerdict::Ignore,
            _ if asked_after && Some(asked_at_ms) > known.read_at => {}
            _ => return PollVerdict::Outdated { wait_ms: 0 },
        }
        // Numbers decide without regard to time, so that news may have come since; then the read that follows it is still owed.
        known.owed = known.owed.filter(|since| asked_at_ms <= *since);
        known.read_at = known.read_at.max(Some(asked_at_ms));
        known.behind = 0;
        known.sure = sequence.is_some();
        if let Some(sequence) = sequence {
            known.sequence = Some(sequence.into());
        }
        PollVerdict::Apply
    }
}

impl Known {
    fn falls_behind(&mut self) -> PollVerdict {
        let wait_ms = (BEHIND_FIRST_MS << self.behind.min(8)).min(BEHIND_MOST_MS);
        self.behind = self.behind.saturating_add(1);
        PollVerdict::Outdated { wait_ms }
    }
}

fn sound(sequence: Option<&str>) -> Option<&str> {
    sequence.filter(|text| !text.is_empty() && text.len() <= LONGEST)
}

/// "Lexicographically sortable" (Microsoft Graph, presence resource); a longer one has counted further.
fn compare(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
