//! What is known of few users and needed seldom, beside the users themselves: there may be 100,000.

use std::collections::{HashMap, HashSet};

use super::roster::Slot;
use super::terms::Lane;
use crate::presence::cut;

/// Longest word of Graph's that is kept.
const LONGEST_WORD: usize = 64;

/// An answer in which Graph said nothing of a user, again and again.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(super) struct Silent {
    /// What stood where the availability stands; empty for null and for nothing.
    pub(super) word: Box<str>,
    /// When it began, on the monotonic clock.
    pub(super) since: u64,
    /// The last time.
    pub(super) at: u64,
}

/// See the module. Bounded by the users.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug, Default)]
pub(super) struct Aside {
    overridden_since: HashMap<(Slot, Lane), u64>,
    silent: HashMap<Slot, Silent>,
    unseen: HashSet<Slot>,
    /// Changes that were on their way to the host when it put the user: DND, queue, chat.
    put_over: HashMap<Slot, [Option<u64>; 3]>,
}

impl Aside {
    /// A person's override stands, or does not.
    pub(super) fn note_override(&mut self, slot: Slot, lane: Lane, stands: bool, now: u64) {
        if stands {
            self.overridden_since.entry((slot, lane)).or_insert(now);
        } else if !self.overridden_since.is_empty() {
            self.overridden_since.remove(&(slot, lane));
        }
    }

    /// It began then; 0 in an earlier run. Unless it is known already.
    pub(super) fn overridden_since(&mut self, slot: Slot, lane: Lane, at: u64) {
        self.overridden_since.entry((slot, lane)).or_insert(at);
    }

    /// Since when a user's override stands; 0: since before this run.
    pub(super) fn override_began(&self, slot: Slot, lane: Lane) -> Option<u64> {
        self.overridden_since.get(&(slot, lane)).copied()
    }

    /// The host has put a user while these changes were on their way to it.
    pub(super) fn put_over(&mut self, slot: Slot, out: [Option<u64>; 3]) {
        if out != [None; 3] {
            self.put_over.insert(slot, out);
        } else if !self.put_over.is_empty() {
            self.put_over.remove(&slot);
        }
    }

    /// This change goes out, perhaps again under its old number: the host's answer is newer than the put.
    pub(super) fn goes_out(&mut self, slot: Slot, change: u64) {
        if !self.put_over.is_empty()
            && let Some(out) = self.put_over.get_mut(&slot)
        {
            out.iter_mut().filter(|out| **out == Some(change)).for_each(|out| *out = None);
        }
    }

    /// This change went out before the host put the user.
    pub(super) fn was_put_over(&self, slot: Slot, change: Option<u64>) -> bool {
        change.is_some() && self.put_over.get(&slot).is_some_and(|out| out.contains(&change))
    }

    /// Graph answered and told nothing. `seen_at`: when it last told something.
    pub(super) fn silent(&mut self, slot: Slot, word: Option<&str>, seen_at: u64, now: u64) {
        let word = cut(word.unwrap_or_default(), LONGEST_WORD);
        match self.silent.get_mut(&slot) {
            Some(known) if known.at > seen_at && &*known.word == word => known.at = now,
            _ => {
                self.silent.insert(slot, Silent { word: word.into(), since: now, at: now });
            }
        }
    }

    /// What is on at a user was decided for another person than the one who stands behind him now.
    pub(super) fn unseen(&mut self, slot: Slot) {
        self.unseen.insert(slot);
    }

    /// And that one was not seen yet.
    pub(super) fn is_unseen(&self, slot: Slot) -> bool {
        self.unseen.contains(&slot)
    }

    /// Graph told something.
    pub(super) fn spoke(&mut self, slot: Slot) {
        if !self.unseen.is_empty() {
            self.unseen.remove(&slot);
        }
        if !self.silent.is_empty() {
            self.silent.remove(&slot);
        }
    }

    /// The newest answer, if it told nothing.
    pub(super) fn silence(&self, slot: Slot, seen_at: u64) -> Option<&Silent> {
        self.silent.get(&slot).filter(|silent| silent.at > seen_at)
    }

    /// The user goes, or nothing of him may be kept.
    pub(super) fn forget(&mut self, slot: Slot) {
        for lane in [Lane::Direct, Lane::Queue] {
            self.overridden_since.remove(&(slot, lane));
        }
        self.silent.remove(&slot);
        self.unseen.remove(&slot);
        self.put_over.remove(&slot);
    }
}
