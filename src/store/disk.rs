//! What is open on the disk, and how that goes. Used by the store's thread alone.

use std::io;
#[cfg(any(test, feature = "test-hooks"))]
use std::sync::Arc;

#[cfg(any(test, feature = "test-hooks"))]
use super::backend::Weather;
use super::batch::{Batch, Contents};
use super::file::StateFile;
use super::format::STEPS;
use super::lock::Lock;
use super::notes::Provenance;
use super::place::Place;
use super::trouble::Trouble;
use crate::event::{Event, Kind, Reporter};

/// The lock and the file of one instance, as far as they are open.
#[derive(Debug, Default)]
pub(super) struct Disk {
    lock: Option<Lock>,
    file: Option<StateFile>,
    /// What this instance wrote into the file when it last opened it; 0 before the first time.
    stamp: u64,
    /// What the last attempt to open meant to write there: it may stand in the file though the attempt failed.
    tried: u64,
    /// It was open since the instance started: memory knows better from then on.
    was_open: bool,
    #[cfg(any(test, feature = "test-hooks"))]
    pub(super) weather: Arc<Weather>,
}

/// A file that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) contents: Contents,
    /// Who has written it.
    pub(super) provenance: Provenance,
}

impl Disk {
    pub(super) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// It was open since the instance started.
    pub(super) fn was_open(&self) -> bool {
        self.was_open
    }

    /// Takes the lock and opens the file. What cannot be read is set aside, and a new one begun.
    pub(super) fn open(&mut self, place: &Place, reporter: &Reporter, at_s: i64) -> Result<Opened, Trouble> {
        place.make_dir()?;
        let lost = match &self.lock {
            Some(lock) => !lock.holds()?,
            None => true,
        };
        if lost {
            self.lock = None;
            self.lock = Some(Lock::take(place)?);
        }
        let (stamp, tried) = (new_stamp(), self.tried);
        self.tried = stamp;
        let mut set_aside = false;
        let opened = match self.open_file(place, stamp) {
            Err(Trouble::Damaged(detail)) => {
                aside(place, reporter, "damaged", &detail, at_s)?;
                set_aside = true;
                self.open_file(place, stamp)
            }
            Err(Trouble::Newer(format)) => {
                let detail = format!("a newer version of this library wrote it (format {format}); nothing in it was changed");
                aside(place, reporter, "newer", &detail, at_s)?;
                set_aside = true;
                self.open_file(place, stamp)
            }
            other => other,
        };
        let (file, contents) = opened?;
        // Where this very instance has lost its file, nobody else can know more than its memory.
        let new = contents.stamp == 0 || set_aside;
        let ours = contents.stamp == self.stamp || contents.stamp == tried;
        let provenance = match self.was_open {
            true if new || ours => Provenance::Own,
            true => Provenance::Another,
            false if self.stamp != 0 && (ours || set_aside) => Provenance::Own,
            false => Provenance::Earlier,
        };
        self.file = Some(file);
        self.stamp = stamp;
        self.was_open = true;
        Ok(Opened { contents, provenance })
    }

    fn open_file(&self, place: &Place, stamp: u64) -> Result<(StateFile, Contents), Trouble> {
        StateFile::open(
            place,
            stamp,
            STEPS,
            #[cfg(any(test, feature = "test-hooks"))]
            self.weather.clone(),
        )
    }

    /// Writes a batch. After a failure the file is closed: what it holds is looked at anew when it is opened again.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<(), Trouble> {
        let held = match &self.lock {
            Some(lock) => lock.holds().map_err(Trouble::from),
            None => Ok(false),
        };
        let done = match (held, &mut self.file) {
            (Err(trouble), _) => Err(trouble),
            (Ok(true), Some(file)) => file.commit(batch),
            (Ok(false), _) => Err(Trouble::Refused("its lock was removed or replaced".to_owned())),
            (Ok(true), None) => Err(Trouble::Refused("it is closed".to_owned())),
        };
        if done.is_err() {
            self.file = None;
        }
        done
    }

    /// Size of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.file.as_ref().map_or(0, StateFile::bytes)
    }

    /// The instance stops: another process may go on.
    pub(super) fn close(&mut self) {
        self.file = None;
        self.lock = None;
        self.was_open = false;
    }
}

fn aside(place: &Place, reporter: &Reporter, word: &str, detail: &str, at_s: i64) -> Result<(), Trouble> {
    let file = place.file();
    let to = place.set_aside(word, at_s).map_err(|error| cannot(&error, detail))?;
    let event = Event::new(Kind::StateSetAside).with("path", file.display().to_string());
    reporter.event_now(event.with("moved_to", to.display().to_string()).with("detail", detail));
    Ok(())
}

fn cannot(error: &io::Error, detail: &str) -> Trouble {
    Trouble::Refused(format!("{detail}, and it cannot be moved out of the way: {error}"))
}

/// Never 0, which stands for none.
fn new_stamp() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1 | 1
}
