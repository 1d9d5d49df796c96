//! What of notifications outlives the process: the subscriptions that we hold, and our keys.

use std::sync::Arc;

use super::held::Held;
use super::keys::KeyRing;
use crate::store::{Notes, Shelf};

const KEYS: &str = "keys";

/// The notes about notifications.
#[derive(Clone, Debug)]
pub(in crate::source) struct Memory(Notes);

impl Memory {
    pub(in crate::source) fn new(notes: Notes) -> Memory {
        Memory(notes)
    }

    /// Waits until it is known what an earlier run left.
    pub(super) async fn until_read(&self) {
        self.0.until_read().await;
    }

    /// The subscription of an account.
    pub(super) fn held(&self, account: &str) -> Option<Held> {
        Held::from_note(&self.0.get(Shelf::Notifications, &name(account))?)
    }

    pub(super) fn keep_held(&self, account: &str, held: &Held) {
        // A loss is told by the store.
        drop(self.0.put(Shelf::Notifications, &name(account), Some(&held.to_note())));
    }

    pub(super) fn drop_held(&self, account: &str) {
        drop(self.0.put(Shelf::Notifications, &name(account), None));
    }

    pub(in crate::source) fn keys(&self) -> Option<Arc<[u8]>> {
        self.0.get(Shelf::Notifications, KEYS)
    }

    /// Writes the keys where they differ from what is written.
    pub(in crate::source) fn keep_keys(&self, ring: &KeyRing) {
        let note = ring.to_note();
        let same = match (&note, self.keys()) {
            (Some(note), Some(known)) => **note == known[..],
            (None, None) => true,
            _ => false,
        };
        if !same {
            drop(self.0.put(Shelf::Notifications, KEYS, note.as_ref().map(|note| note.as_slice())));
        }
    }
}

fn name(account: &str) -> String {
    format!("subscription.{}", account.to_ascii_lowercase())
}
