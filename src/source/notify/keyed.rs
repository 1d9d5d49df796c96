//! The keys to begin with: those that were stored, those that are supplied, or new ones.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::keys::{KeyError, KeyPair, KeyRing};
use crate::config;
use crate::event::{Level, Reporter};
use crate::time::Clock;

/// First and longest pause before keys are tried for again.
const FIRST_MS: u64 = 1_000;
const LONGEST_MS: u64 = 60_000;

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub(in crate::source) enum NoKeys {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Read(#[from] config::SecretError),
}

/// The pair of the configuration. Blocks.
fn supplied(pair: &config::KeyPair, now_wall_ms: i64) -> Result<KeyPair, NoKeys> {
    let (certificate, key) = (pair.certificate.read()?, pair.key.read()?);
    Ok(KeyPair::supplied(certificate.expose_secret(), key.expose_secret(), now_wall_ms)?)
}

/// `note`: what an earlier run stored. Blocks. What cannot be read of it is made anew: Graph repeats what was encrypted for it, and it is re-read.
pub(in crate::source) fn ring(note: Option<&[u8]>, pair: Option<&config::KeyPair>, now_wall_ms: i64) -> Result<KeyRing, NoKeys> {
    let stored = note.and_then(|note| KeyRing::from_note(note).ok());
    Ok(match (stored, pair) {
        (Some(stored), Some(pair)) => stored.rotated(supplied(pair, now_wall_ms)?, now_wall_ms),
        (Some(stored), None) => stored,
        (None, Some(pair)) => KeyRing::new(supplied(pair, now_wall_ms)?),
        (None, None) => KeyRing::new(KeyPair::make(now_wall_ms)?),
    })
}

/// The same, where it may take its time; tries again until there are some.
pub(super) async fn load(note: Option<Arc<[u8]>>, pair: Option<&config::KeyPair>, clock: &Clock, reporter: &Reporter) -> KeyRing {
    let mut pause = FIRST_MS;
    loop {
        let (note, pair, now) = (note.clone(), pair.cloned(), clock.now().wall_ms);
        // Making a key takes some 100 ms of computing, and files may hang.
        match tokio::task::spawn_blocking(move || ring(note.as_deref(), pair.as_ref(), now)).await {
            Ok(Ok(ring)) => return ring,
            Ok(Err(error)) => reporter.log(Level::Warn, "notify", format_args!("no key for notifications: {error}")),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends.
            Err(_) => {}
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_MS);
    }
}

/// Whether the pair of the configuration can be used.
///
/// # Errors
/// What is wrong with it, for people.
pub fn check_pair(pair: &config::KeyPair, now_wall_ms: i64) -> Result<(), String> {
    supplied(pair, now_wall_ms).map(drop).map_err(|error| error.to_string())
}
