//! A short look into the notes of an instance that does not run, for a check: no thread, no users. It holds the instance's lock, so it is
//! kept short; a start that comes meanwhile waits for it a little (see `lock`).
//!
//! Nothing is set aside here, made or brought up to date beyond what the notes need: that is the instance's to do.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::batch::{Batch, Contents};
use super::file::StateFile;
use super::format::STEPS;
use super::lock::Lock;
use super::notes::{NoteKey, Notes, Shelf};
use super::place::Place;
use super::trouble::Trouble;
use crate::sys::user;

const SHELVES: [Shelf; 3] = [Shelf::SignIn, Shelf::Directory, Shelf::Notifications];

/// Why there is nothing to look into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoVisit {
    /// No state file: nothing is remembered yet.
    #[error("nothing is remembered yet")]
    Nothing,
    /// Somebody works with it; says who.
    #[error("{0}")]
    Locked(String),
    /// It cannot be read or written, or must not be made by this account.
    #[error("{0}")]
    Unusable(String),
}

impl From<Trouble> for NoVisit {
    fn from(trouble: Trouble) -> NoVisit {
        match trouble {
            Trouble::Locked(who) => NoVisit::Locked(who),
            Trouble::Damaged(detail) | Trouble::Refused(detail) => NoVisit::Unusable(detail),
            Trouble::Newer(format) => NoVisit::Unusable(format!("a newer version of this library wrote it (format {format})")),
        }
    }
}

impl From<io::Error> for NoVisit {
    fn from(error: io::Error) -> NoVisit {
        Trouble::from(error).into()
    }
}

/// Notes that were copied from a file, to be given back later.
#[derive(Debug)]
pub struct Borrowed {
    /// In memory; whoever works with them knows nothing of the file.
    pub notes: Notes,
    /// As they stand in the file.
    base: HashMap<NoteKey, Arc<[u8]>>,
}

impl Borrowed {
    /// From no file: whatever stands in `notes` already is not news.
    pub fn from_memory(notes: Notes) -> Borrowed {
        let base = all(&notes);
        Borrowed { notes, base }
    }

    /// Whether there is anything to give back.
    pub fn differs(&self) -> bool {
        all(&self.notes) != self.base
    }
}

/// The state of one instance, open for its notes. Released when dropped, which may touch the disk.
#[derive(Debug)]
pub struct Visit {
    // Closed before the lock is let go.
    file: StateFile,
    notes: HashMap<NoteKey, Arc<[u8]>>,
    _lock: Lock,
}

impl Visit {
    /// Looks into a state file that is there. Blocks on the disk.
    ///
    /// # Errors
    /// None is there, somebody works with it, or it cannot be used.
    pub fn open(place: &Place) -> Result<Visit, NoVisit> {
        match fs::symlink_metadata(place.file()) {
            Ok(_) => Visit::enter(place),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(NoVisit::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// The same; makes the file where it is missing, but not the directory: whose that is to be, the first start knows.
    ///
    /// # Errors
    /// As [`Visit::open`], but for the first.
    pub fn make(place: &Place) -> Result<Visit, NoVisit> {
        if !place.file().parent().is_some_and(Path::is_dir) {
            return Err(NoVisit::Unusable("it is not there yet, the first start makes it".to_owned()));
        }
        Visit::enter(place)
    }

    fn enter(place: &Place) -> Result<Visit, NoVisit> {
        owned(place)?;
        let lock = Lock::take_to_look(place)?;
        let stamp = uuid::Uuid::new_v4().as_u64_pair().1 | 1;
        // The stamp tells an instance of another process, stopped for now, that its memory is not the newest any more.
        let (file, Contents { notes, .. }) = StateFile::open(
            place,
            stamp,
            STEPS,
            #[cfg(any(test, feature = "test-hooks"))]
            Arc::default(),
        )?;
        Ok(Visit { file, notes, _lock: lock })
    }

    /// A copy of the notes.
    pub fn borrow(&self) -> Borrowed {
        let notes = Notes::in_memory();
        for ((shelf, name), note) in &self.notes {
            drop(notes.put(*shelf, name, Some(note)));
        }
        Borrowed { notes, base: self.notes.clone() }
    }

    /// Writes what has become of the notes. What somebody else has changed in the file meanwhile is left as it is: he knows better.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn give_back(&mut self, borrowed: &mut Borrowed) -> Result<(), NoVisit> {
        let now = all(&borrowed.notes);
        let keys = now.keys().chain(borrowed.base.keys()).filter(|key| now.get(*key) != borrowed.base.get(*key));
        let mine = keys.filter(|key| self.notes.get(*key) == borrowed.base.get(*key));
        let changed: HashMap<NoteKey, Option<Arc<[u8]>>> = mine.map(|key| (key.clone(), now.get(key).cloned())).collect();
        if !changed.is_empty() {
            let batch =
                Batch { notes: changed.iter().map(|(key, note)| (key.clone(), note.clone())).collect(), ..Batch::default() };
            self.file.commit(&batch)?;
        }
        for (key, note) in changed {
            match note {
                Some(note) => self.notes.insert(key, note),
                None => self.notes.remove(&key),
            };
        }
        borrowed.base = now;
        Ok(())
    }
}

fn all(notes: &Notes) -> HashMap<NoteKey, Arc<[u8]>> {
    let names = SHELVES.into_iter().flat_map(|shelf| notes.names(shelf).into_iter().map(move |name| (shelf, name)));
    names.filter_map(|key| Some((key.clone(), notes.get(key.0, &key.1)?))).collect()
}

/// What is missing here would be made as this account's: refused where the telephone system, running as another one, could not use it then.
fn owned(place: &Place) -> Result<(), NoVisit> {
    let (file, lock) = (place.file(), place.lock());
    let owner = |path: &Path| fs::symlink_metadata(path).ok().map(|meta| meta.uid());
    if owner(&file).is_some() && owner(&lock).is_some() {
        return Ok(());
    }
    let nearest = file.ancestors().find_map(|path| owner(path).map(|uid| (path, uid)));
    match nearest {
        Some((path, uid)) if uid != user::effective() => Err(NoVisit::Unusable(format!(
            "{} belongs to another account (user id {uid}): run this as the account of the telephone system",
            path.display()
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    fn place(dir: &Path) -> Place {
        Place::new(dir, "main")
    }

    fn note(notes: &Notes, name: &str) -> Option<String> {
        notes.get(Shelf::SignIn, name).map(|note| String::from_utf8_lossy(&note).into_owned())
    }

    fn put(borrowed: &Borrowed, name: &str, text: Option<&str>) {
        drop(borrowed.notes.put(Shelf::SignIn, name, text.map(str::as_bytes)));
    }

    #[test]
    fn what_changed_is_given_back_and_the_rest_left_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = place(dir.path());
        assert_eq!(Visit::open(&place).expect_err("none is there"), NoVisit::Nothing);
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
        let mut first = Borrowed::from_memory(Notes::in_memory());
        for name in ["a", "b", "c"] {
            put(&first, name, Some("1"));
        }
        Visit::make(&place).expect("made").give_back(&mut first).expect("written");
        assert!(!first.differs());
        let mut mine = Visit::open(&place).expect("there").borrow();
        let mut theirs = Visit::open(&place).expect("there").borrow();
        put(&theirs, "b", Some("theirs"));
        Visit::open(&place).expect("free").give_back(&mut theirs).expect("written");
        put(&mine, "a", Some("mine"));
        put(&mine, "b", Some("mine"));
        put(&mine, "c", None);
        assert!(mine.differs());
        Visit::open(&place).expect("free").give_back(&mut mine).expect("written");
        let now = Visit::open(&place).expect("there").borrow().notes;
        let all = ["a", "b", "c"].map(|name| note(&now, name));
        assert_eq!(all, [Some("mine".to_owned()), Some("theirs".to_owned()), None]);
    }

    #[test]
    fn a_start_waits_for_a_look() {
        let dir = tempfile::tempdir().expect("a directory");
        let visit = Visit::make(&place(dir.path())).expect("made");
        let (tell, told) = channel();
        let start = std::thread::spawn({
            let place = place(dir.path());
            move || {
                tell.send(()).expect("heard");
                Lock::take(&place).map(drop)
            }
        });
        told.recv().expect("it begins");
        // Long enough for a start that does not wait to have failed.
        std::thread::sleep(Duration::from_millis(100));
        drop(visit);
        start.join().expect("no panic").expect("it waited");
        // One that works there is not waited for.
        let _owner = Lock::take(&place(dir.path())).expect("free");
        assert!(matches!(Visit::open(&place(dir.path())), Err(NoVisit::Locked(_))));
    }

    #[test]
    fn what_would_be_another_accounts_is_not_made() {
        let dir = tempfile::tempdir().expect("a directory");
        let missing = place(&dir.path().join("later"));
        assert!(matches!(Visit::make(&missing), Err(NoVisit::Unusable(_))));
        assert!(!dir.path().join("later").exists());
        // Only root can give a directory away.
        if user::effective() == 0 {
            std::os::unix::fs::chown(dir.path(), Some(4_242), None).expect("given away");
            let refused = Visit::make(&place(dir.path())).expect_err("not ours");
            assert!(refused.to_string().contains("4242"), "{refused}");
            assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
        }
    }
}
