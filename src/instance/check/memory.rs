//! What the sign-in of a check remembers, and where: a password that was refused is not sent again, and a person's sign-in is renewed, by
//! a check as by an instance.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::auth::{Settings, TokenKeeper};
use crate::config::Config;
use crate::store::{Borrowed, NoVisit, Notes, Place, Visit};
use crate::sys::fork::PerProcess;

/// Accounts that this process has checked without a state directory and remembers all the same.
const MOST_ACCOUNTS: usize = 64;
/// How long a refusal may take to be written down: it is hashed slowly first.
const WRITING: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(5);

/// What was found.
pub(super) enum Opened {
    /// An instance of this process has this sign-in.
    Running(TokenKeeper),
    /// Ours, for now.
    Here(Memory),
    /// It cannot be looked into.
    Closed(NoVisit),
}

/// The notes of the sign-in.
pub(super) struct Memory {
    borrowed: Borrowed,
    /// Those of the sign-in, which may be that of a further account, among them.
    own: Notes,
    visit: Held,
    /// Where they are kept; `None`: as long as they live.
    place: Option<Place>,
}

impl Memory {
    /// For methods of which nothing is remembered.
    pub(super) fn none() -> Memory {
        Memory::of(Notes::in_memory(), None, None)
    }

    /// That of a running instance, which keeps it.
    pub(super) fn running(keeper: &TokenKeeper, settings: &Settings) -> Memory {
        let its = keeper.settings();
        // Where it has the sign-in under another name, there it remembers it.
        let name = if its.account() == settings.account() { its.name.clone() } else { settings.name.clone() };
        Memory::of(keeper.notes(), name.as_deref(), None)
    }

    fn of(notes: Notes, name: Option<&str>, place: Option<Place>) -> Memory {
        Memory { own: notes.of(name), borrowed: Borrowed::from_memory(notes.of(None)), visit: Held(None), place }
    }

    /// Looks what is remembered of this sign-in. `hold`: nobody else may use it before [`Memory::keep`]; else the state is free again at once.
    pub(super) async fn open(config: &Config, settings: &Settings, hold: bool) -> Opened {
        let place = config.state.dir.as_ref().map(|dir| Place::new(dir, &config.name));
        if let Some(keeper) = TokenKeeper::running(settings, place.as_ref()) {
            return Opened::Running(keeper);
        }
        let name = settings.name.as_deref();
        let in_process = |place| Opened::Here(Memory::of(of_process(settings), name, place));
        let Some(place) = place else { return in_process(None) };
        let looked = blocking({
            let place = place.clone();
            move || Visit::open(&place).map(|visit| (visit.borrow(), Held(hold.then(|| Box::new(visit)))))
        });
        match looked.await {
            Ok((borrowed, visit)) => Opened::Here(Memory { own: borrowed.notes.of(name), borrowed, visit, place: Some(place) }),
            Err(NoVisit::Nothing) => in_process(Some(place)),
            Err(why) => Opened::Closed(why),
        }
    }

    /// What is remembered of this sign-in.
    pub(super) fn own(&self) -> Notes {
        self.own.clone()
    }

    /// What is remembered, of all.
    pub(super) fn notes(&self) -> Notes {
        self.borrowed.notes.clone()
    }

    /// Waits until a refusal stands in the notes, which comes a little after its error.
    pub(super) async fn refused(&self) {
        let written = async {
            while !self.borrowed.differs() {
                tokio::time::sleep(LOOK).await;
            }
        };
        // A refusal for the clock, say, is not written down at all.
        let _ = tokio::time::timeout(WRITING, written).await;
    }

    /// Brings what has changed to the disk, and lets others in again. `Err`: it is lost with this process.
    pub(super) async fn keep(&mut self) -> Result<(), NoVisit> {
        let held = self.visit.0.take();
        let Some(place) = self.place.clone().filter(|_| self.borrowed.differs()) else {
            // The next sign-in of the check may want it at once.
            return match held {
                Some(visit) => {
                    let close = move || {
                        drop(visit);
                        Ok(())
                    };
                    blocking(close).await
                }
                None => Ok(()),
            };
        };
        let spare = Borrowed::from_memory(Notes::in_memory());
        let mut borrowed = std::mem::replace(&mut self.borrowed, spare);
        let (borrowed, result) = blocking(move || {
            let visit = match held {
                Some(visit) => Ok(visit),
                None => Visit::make(&place).map(Box::new),
            };
            let result = visit.and_then(|mut visit| visit.give_back(&mut borrowed));
            Ok((borrowed, result))
        })
        .await?;
        self.borrowed = borrowed;
        result
    }
}

/// An open state, closed on a thread where the disk may hang.
struct Held(Option<Box<Visit>>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(visit) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn_blocking(move || drop(visit));
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, NoVisit> + Send + 'static) -> Result<T, NoVisit> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(NoVisit::Unusable(format!("internal error: {error}"))),
    }
}

/// Notes that this process keeps where no file does.
fn of_process(settings: &Settings) -> Notes {
    static KNOWN: PerProcess<Mutex<Vec<(String, Notes)>>> = PerProcess::new();
    let account = settings.account();
    let mut known = KNOWN.get_or_make(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, notes)) = known.iter().find(|(its, _)| *its == account) {
        return notes.clone();
    }
    if known.len() >= MOST_ACCOUNTS {
        known.remove(0);
    }
    let notes = Notes::in_memory();
    known.push((account, notes.clone()));
    notes
}
