//! The sign-ins of this process's running instances, for a check: it uses what they have, and never works against them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Owner, TokenKeeper};
use crate::auth::settings::Settings;
use crate::auth::token::AccessToken;
use crate::store::{Notes, Place};
use crate::sys::fork::PerProcess;

struct Entry {
    /// Its end is the end of the run.
    owner: Weak<Owner>,
    /// Where it remembers.
    place: Option<Place>,
}

static RUNNING: PerProcess<Mutex<Vec<Entry>>> = PerProcess::new();

fn entries() -> MutexGuard<'static, Vec<Entry>> {
    RUNNING.get_or_make(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

impl TokenKeeper {
    /// This is the sign-in of a running instance, which remembers at this place.
    pub fn enrol(&self, place: Option<Place>) {
        let mut entries = entries();
        entries.retain(|entry| entry.owner.strong_count() > 0);
        entries.push(Entry { owner: Arc::downgrade(&self.0), place });
    }

    /// The sign-in of an instance that runs in this process with this account, else of the one that remembers at this place: there that of the
    /// account of the same name before any other.
    pub fn running(settings: &Settings, place: Option<&Place>) -> Option<TokenKeeper> {
        // Out of the lock before any of them may be dropped here as the last one.
        let living: Vec<(TokenKeeper, bool)> = {
            let entries = entries();
            let keeper =
                |entry: &Entry| Some((TokenKeeper(entry.owner.upgrade()?), place.is_some() && entry.place.as_ref() == place));
            entries.iter().filter_map(keeper).collect()
        };
        let account = settings.account();
        let same = living.iter().position(|(keeper, _)| keeper.settings().account() == account);
        let named = || living.iter().position(|(keeper, here)| *here && keeper.settings().name == settings.name);
        let found = same.or_else(named).or_else(|| living.iter().position(|(_, here)| *here))?;
        living.into_iter().nth(found).map(|(keeper, _)| keeper)
    }

    /// What it signs in with.
    pub fn settings(&self) -> Arc<Settings> {
        self.0.0.lock().ledger.settings.clone()
    }

    /// The token that serves. Nothing is sent, asked or renewed for this.
    pub fn serving(&self) -> Option<AccessToken> {
        let core = &self.0.0;
        let now = core.clock.now();
        core.lock().ledger.token(now).cloned()
    }

    /// What it remembers.
    pub fn notes(&self) -> Notes {
        self.0.0.notes.clone()
    }
}
