//! The memory of a refused credential across restarts, so that a telephone system which restarts in a loop does not lock the account.
//!
//! Kept is a slow, salted hash of the credential, never the credential: it can be recognised, not read.

use std::num::NonZeroU32;
use std::sync::Arc;

use aws_lc_rs::pbkdf2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::aadsts;
use super::core::Core;
use super::error::SignInError;
use super::ledger::{LOOK_EVERY_MS, Ledger};
use super::recall::PLACES;
use crate::event::{Draft, Event, Kind};
use crate::store::{Receipt, Shelf};
use crate::time::Moment;

const VERSION: u32 = 1;
/// As slow as a rare thing may be: some ten milliseconds.
const ROUNDS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();
/// No wait is longer: see `schedule`.
const LONGEST_WAIT_MS: u64 = 4 * 60 * 60_000;

/// A refusal as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Refusals in a row.
    pub(super) count: u32,
    pub(super) code: Option<u32>,
    pub(super) error: String,
    /// When it was refused, milliseconds since 1970.
    pub(super) at_ms: i64,
    /// How long it is not sent after that.
    pub(super) wait_ms: u64,
}

impl Memory {
    /// What is left of the wait. A clock that was set back counts as no time passed, and what is left is never more than the whole: the
    /// note is then dated anew by the caller, so that the wait ends however often the process restarts.
    pub(super) fn left_ms(&self, now_wall_ms: i64) -> u64 {
        let passed = u64::try_from(now_wall_ms.saturating_sub(self.at_ms)).unwrap_or(0);
        self.wait_ms.min(LONGEST_WAIT_MS).saturating_sub(passed)
    }
}

impl Ledger {
    /// What is to be written down of a refusal, once.
    pub(super) fn memory(&mut self, fingerprint: &[u8; 32], now: Moment) -> Option<Memory> {
        let refusal = self.refusals.find_mut(fingerprint)?;
        // A wrong clock locks nobody out, and is another one after a restart.
        if !std::mem::take(&mut refusal.fresh) || refusal.skew.is_some() {
            return None;
        }
        let SignInError::Refused { code, error, next_try_mono_ms, .. } = &refusal.error else { return None };
        let wait_ms = next_try_mono_ms.saturating_sub(now.mono_ms);
        Some(Memory { count: refusal.count, code: *code, error: error.clone(), at_ms: now.wall_ms, wait_ms })
    }

    /// This credential was refused before the start.
    pub(super) fn remembered(&mut self, fingerprint: [u8; 32], memory: Memory, now: Moment) -> Vec<Draft> {
        let left = memory.left_ms(now.wall_ms);
        let Memory { count, code, error, .. } = memory;
        let advice = code.and_then(|code| self.find(code)).unwrap_or_else(|| aadsts::of_oauth(&error));
        let next = now.mono_ms + left;
        let event = Event::new(Kind::CredentialRefused)
            .with_some("aadsts", code)
            .with("error", error.clone())
            .with("cause", advice.cause)
            .with("advice", advice.remedy)
            .with("next_try_at_ms", now.wall_at(next))
            .with("remembered", true);
        let trouble = SignInError::Refused { code, error, cause: advice.cause, next_try_mono_ms: next };
        // Also where the wait is over: the schedule goes on where it was.
        self.refusals.recall(fingerprint, count, trouble.clone());
        if left == 0 {
            return Vec::new();
        }
        self.next_look = now.mono_ms + LOOK_EVERY_MS;
        self.note(trouble, event)
    }
}

#[derive(Deserialize, Serialize)]
struct Note {
    version: u32,
    salt: String,
    hash: String,
    count: u32,
    code: Option<u32>,
    error: String,
    at_ms: i64,
    wait_ms: u64,
}

fn note_at(core: &Core, place: &str) -> Option<Note> {
    let bytes = core.notes.get(Shelf::SignIn, place)?;
    let note = serde_json::from_slice::<Note>(&bytes).ok()?;
    (note.version == VERSION && note.error.len() <= 1_000).then_some(note)
}

/// Looks once whether this credential was refused before the start. Not before the notes have been read.
pub(super) async fn recall(core: &Arc<Core>, fingerprint: [u8; 32]) {
    if !core.notes.are_read() || !core.lock().recall.look(fingerprint) {
        return;
    }
    let mut notes = PLACES.map(|place| note_at(core, place));
    let hashes = notes.each_ref().map(|note| {
        let note = note.as_ref()?;
        Some((STANDARD.decode(&note.salt).ok()?, STANDARD.decode(&note.hash).ok()?))
    });
    if hashes.iter().all(Option::is_none) {
        return;
    }
    let compare = move || hashes.map(|pair| pair.is_some_and(|(salt, hash)| digest(&salt, &fingerprint) == hash));
    let Ok(same) = tokio::task::spawn_blocking(compare).await else { return };
    let latest = (0..PLACES.len()).filter(|place| same[*place]).max_by_key(|place| notes[*place].as_ref().map(|note| note.at_ms));
    let Some(note) = latest.and_then(|place| notes[place].take()) else { return };
    let mut memory = Memory { count: note.count, code: note.code, error: note.error, at_ms: note.at_ms, wait_ms: note.wait_ms };
    let now = core.clock.now();
    let set_back = now.wall_ms < memory.at_ms;
    if set_back {
        memory.at_ms = now.wall_ms;
    }
    let events = {
        let mut state = core.lock();
        for (place, _) in same.iter().enumerate().filter(|(_, same)| **same) {
            state.recall.holds[place] = Some(fingerprint);
        }
        // Refused again meanwhile: that is newer.
        if state.ledger.refusals.find(&fingerprint).is_some() {
            return;
        }
        state.ledger.remembered(fingerprint, memory.clone(), now)
    };
    core.report(events);
    if set_back {
        remember(core, fingerprint, memory).await;
    }
}

/// Writes a refusal down, unless it has passed meanwhile. The receipt says when it is on disk.
pub(super) async fn remember(core: &Core, fingerprint: [u8; 32], memory: Memory) -> Option<Receipt> {
    let mut salt = [0; 16];
    aws_lc_rs::rand::fill(&mut salt).ok()?;
    let hash = tokio::task::spawn_blocking(move || digest(&salt, &fingerprint)).await.ok()?;
    let Memory { count, code, error, at_ms, wait_ms } = memory;
    let (salt, hash) = (STANDARD.encode(salt), STANDARD.encode(hash));
    let note = Note { version: VERSION, salt, hash, count, code, error, at_ms, wait_ms };
    let bytes = serde_json::to_vec(&note).ok()?;
    let mut state = core.lock();
    state.ledger.refusals.find(&fingerprint)?;
    // Its own place, else an empty one, else that of the older refusal.
    let own = state.recall.holds.iter().position(|held| *held == Some(fingerprint));
    let age = |place: &usize| note_at(core, PLACES[*place]).map(|note| note.at_ms);
    let place = own.or_else(|| (0..PLACES.len()).min_by_key(age))?;
    for other in (0..PLACES.len()).filter(|other| *other != place) {
        if state.recall.holds[other] == Some(fingerprint) {
            state.recall.holds[other] = None;
            drop(core.notes.put(Shelf::SignIn, PLACES[other], None));
        }
    }
    state.recall.holds[place] = Some(fingerprint);
    Some(core.notes.put(Shelf::SignIn, PLACES[place], Some(&bytes)))
}

/// This credential was accepted.
pub(super) fn forget(core: &Core, fingerprint: &[u8; 32]) {
    // What is not read yet cannot be compared: the other credential is rather tried once more than this one held back after the next start.
    let blind = !core.notes.are_read();
    let mut state = core.lock();
    for (place, name) in PLACES.iter().enumerate() {
        if blind || state.recall.holds[place].as_ref() == Some(fingerprint) {
            state.recall.holds[place] = None;
            drop(core.notes.put(Shelf::SignIn, name, None));
        }
    }
}

/// A person has signed in: nothing of before stands in the way.
pub(super) fn forget_all(core: &Core) {
    let mut state = core.lock();
    for (place, name) in PLACES.iter().enumerate() {
        state.recall.holds[place] = None;
        if !core.notes.are_read() || core.notes.get(Shelf::SignIn, name).is_some() {
            drop(core.notes.put(Shelf::SignIn, name, None));
        }
    }
}

fn digest(salt: &[u8], fingerprint: &[u8; 32]) -> Vec<u8> {
    let mut out = vec![0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, fingerprint, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_wait() {
        let memory = |wait_ms| Memory { count: 1, code: None, error: String::new(), at_ms: 1_000_000, wait_ms };
        assert_eq!(memory(60_000).left_ms(1_000_000), 60_000);
        assert_eq!(memory(60_000).left_ms(1_020_000), 40_000);
        assert_eq!(memory(60_000).left_ms(9_000_000), 0);
        assert_eq!(memory(60_000).left_ms(-5), 60_000, "a clock set back: not longer than the whole");
        assert_eq!(memory(u64::MAX).left_ms(i64::MIN), LONGEST_WAIT_MS, "a note that somebody wrote");
        assert_eq!(memory(60_000).left_ms(i64::MAX), 0);
    }

    #[test]
    fn a_hash_depends_on_salt_and_credential() {
        let hash = digest(b"0123456789abcdef", &[7; 32]);
        assert_eq!(hash, digest(b"0123456789abcdef", &[7; 32]));
        assert!(hash != digest(b"0123456789abcdeg", &[7; 32]) && hash != digest(b"0123456789abcdef", &[8; 32]));
    }
}
