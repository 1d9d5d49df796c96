//! Small notes by name, for those parts of an instance that remember something.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::sync::PATIENCE_MS;

/// Whose notes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// Refresh tokens, refused credentials, who is signed in.
    SignIn,
    /// Object ids that were found, the delta link.
    Directory,
    /// Subscriptions that we hold, the keys they are encrypted for.
    Notifications,
}

/// The name of a note.
pub(super) type NoteKey = (Shelf, String);

/// The note is in memory only: no state directory, or the disk refused it. The instance goes on; the store has told by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not on disk")]
pub struct Lost;

/// Tells when a note is on disk.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<(), Lost>>);

impl Receipt {
    /// Waits until the note is on disk, or cannot be brought there. Never longer than the store's patience with a slow disk. A note that
    /// was given up may still come to disk later. Needs a tokio runtime with a timer.
    ///
    /// # Errors
    /// It is in memory only.
    pub async fn durable(mut self) -> Result<(), Lost> {
        match self.0.try_recv() {
            Ok(told) => return told,
            Err(oneshot::error::TryRecvError::Closed) => return Err(Lost),
            Err(oneshot::error::TryRecvError::Empty) => {}
        }
        match tokio::time::timeout(Duration::from_millis(PATIENCE_MS), self.0).await {
            Ok(Ok(told)) => told,
            Ok(Err(_)) | Err(_) => Err(Lost),
        }
    }
}

/// The notes of one instance, or those of one of its further accounts. Cheap to clone; reading never touches the disk.
#[derive(Clone, Default)]
pub struct Notes {
    board: Arc<Board>,
    /// What the names begin with, for the notes of an account.
    prefix: Arc<str>,
}

#[derive(Default)]
struct Board {
    pages: Mutex<Pages>,
    /// Called after each change where there is a disk.
    ring: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Counts the files that were read.
    files: watch::Sender<u64>,
}

/// How a file that was opened stands to the notes in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provenance {
    /// Nobody else has written it: memory knows better wherever the two differ.
    Own,
    /// A start: the file knows better, but for what was put since it was last open.
    Earlier,
    /// It came into the place of ours while we ran, such as a file system mounted over the directory: memory knows better where it knows
    /// anything, and the rest is taken up.
    Another,
}

#[derive(Default)]
struct Pages {
    all: HashMap<NoteKey, Arc<[u8]>>,
    /// Changed since they were last given to the disk.
    unwritten: HashSet<NoteKey>,
    /// Those who wait for what is unwritten.
    waiting: Vec<oneshot::Sender<Result<(), Lost>>>,
    /// Struck out since the start.
    struck: HashSet<NoteKey>,
    /// Changes are taken up at present.
    disk: bool,
    /// What an earlier run left has been read.
    read: bool,
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the contents: they may be tokens.
        f.debug_struct("Notes").field("count", &self.lock().all.len()).finish()
    }
}

impl Notes {
    /// Without a disk behind them.
    pub fn in_memory() -> Notes {
        Notes::default()
    }

    /// Those of this further account, under names of their own; `None`: those of the instance, among which the names of all accounts
    /// appear, each as `account/name`.
    pub fn of(&self, account: Option<&str>) -> Notes {
        // No account has a slash in its name, and no two differ in casing only.
        let prefix = account.map_or_else(String::new, |name| format!("{}/", name.to_ascii_lowercase()));
        Notes { board: self.board.clone(), prefix: prefix.into() }
    }

    fn key(&self, shelf: Shelf, name: &str) -> NoteKey {
        (shelf, format!("{}{name}", self.prefix))
    }

    /// The newest note of this name.
    pub fn get(&self, shelf: Shelf, name: &str) -> Option<Arc<[u8]>> {
        self.lock().all.get(&self.key(shelf, name)).cloned()
    }

    /// All names on a shelf.
    pub fn names(&self, shelf: Shelf) -> Vec<String> {
        let pages = self.lock();
        let own = pages.all.keys().filter(|(its, _)| *its == shelf).filter_map(|(_, name)| name.strip_prefix(&*self.prefix));
        own.map(str::to_owned).collect()
    }

    /// Whether there is a disk behind them, be it usable or not.
    pub fn outlive(&self) -> bool {
        self.board.ring.get().is_some()
    }

    /// Whether all is known that an earlier run left: not while the disk is late. Always, where there is no disk.
    pub fn are_read(&self) -> bool {
        !self.outlive() || self.lock().read
    }

    /// Changes with each file that was read, so also when a late disk has come.
    pub fn files(&self) -> watch::Receiver<u64> {
        self.board.files.subscribe()
    }

    /// Waits until [`are_read`](Self::are_read).
    pub async fn until_read(&self) {
        let mut files = self.files();
        while !self.are_read() {
            // The sender is as old as these notes.
            if files.changed().await.is_err() {
                return;
            }
        }
    }

    /// Writes a note, or strikes it out. Seen by [`get`](Self::get) at once; on disk when the receipt says so.
    pub fn put(&self, shelf: Shelf, name: &str, note: Option<&[u8]>) -> Receipt {
        let key = self.key(shelf, name);
        let (send, receipt) = oneshot::channel();
        let mut pages = self.lock();
        if self.board.ring.get().is_some() {
            pages.unwritten.insert(key.clone());
        }
        match note {
            Some(note) => {
                pages.struck.remove(&key);
                pages.all.insert(key, note.into());
            }
            None => {
                pages.all.remove(&key);
                if self.board.ring.get().is_some() {
                    pages.struck.insert(key);
                }
            }
        }
        if pages.disk {
            pages.waiting.push(send);
        } else {
            let _ = send.send(Err(Lost));
        }
        let disk = pages.disk;
        drop(pages);
        if let Some(ring) = self.board.ring.get().filter(|_| disk) {
            ring();
        }
        Receipt(receipt)
    }

    // ---- the store's side ----

    /// Notes with a disk behind them, which `ring` wakes.
    pub(super) fn on_disk(ring: Box<dyn Fn() + Send + Sync>) -> Notes {
        let notes = Notes::default();
        // Just made: nobody has set it.
        let _ = notes.board.ring.set(ring);
        notes
    }

    /// A file was opened.
    pub(super) fn found(&self, file: HashMap<NoteKey, Arc<[u8]>>, provenance: Provenance) {
        let mut pages = self.lock();
        pages.disk = true;
        pages.read = true;
        match provenance {
            Provenance::Own => pages.write_what_differs(&file),
            Provenance::Another => {
                for (key, note) in &file {
                    if !pages.all.contains_key(key) && !pages.struck.contains(key) {
                        pages.all.insert(key.clone(), note.clone());
                    }
                }
                pages.write_what_differs(&file);
            }
            Provenance::Earlier => {
                let mine: Vec<(NoteKey, Option<Arc<[u8]>>)> =
                    pages.unwritten.iter().map(|key| (key.clone(), pages.all.get(key).cloned())).collect();
                pages.all = file;
                for (key, note) in mine {
                    match note {
                        Some(note) => pages.all.insert(key, note),
                        None => pages.all.remove(&key),
                    };
                }
            }
        }
        drop(pages);
        self.board.files.send_modify(|count| *count += 1);
    }

    /// The instance stops: another process may write the file before the next start.
    pub(super) fn shut(&self) {
        let mut pages = self.lock();
        pages.read = false;
        pages.struck.clear();
    }

    /// The disk cannot be used, or is closed.
    pub(super) fn lost(&self) {
        let mut pages = self.lock();
        pages.disk = false;
        let waiting = std::mem::take(&mut pages.waiting);
        drop(pages);
        tell(waiting, Err(Lost));
    }

    /// What changed since the last call, and who waits for it.
    pub(super) fn take(&self) -> Taken {
        let mut pages = self.lock();
        let keys: Vec<NoteKey> = pages.unwritten.drain().collect();
        let notes = keys.into_iter().map(|key| {
            let note = pages.all.get(&key).cloned();
            (key, note)
        });
        let notes = notes.collect();
        Taken { notes, waiting: std::mem::take(&mut pages.waiting) }
    }

    pub(super) fn count(&self) -> usize {
        self.lock().all.len()
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.board.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was taken did not come to disk.
    pub(super) fn put_back(&self, taken: Taken) {
        self.lock().unwritten.extend(taken.notes.into_iter().map(|(key, _)| key));
        tell(taken.waiting, Err(Lost));
    }
}

impl Pages {
    fn write_what_differs(&mut self, file: &HashMap<NoteKey, Arc<[u8]>>) {
        let differs: Vec<NoteKey> =
            self.all.keys().chain(file.keys()).filter(|key| self.all.get(*key) != file.get(*key)).cloned().collect();
        self.unwritten.extend(differs);
    }
}

/// Notes on their way to the disk.
pub(super) struct Taken {
    pub(super) notes: Vec<(NoteKey, Option<Arc<[u8]>>)>,
    pub(super) waiting: Vec<oneshot::Sender<Result<(), Lost>>>,
}

impl Taken {
    /// They are there.
    pub(super) fn written(self) {
        tell(self.waiting, Ok(()));
    }
}

fn tell(waiting: Vec<oneshot::Sender<Result<(), Lost>>>, what: Result<(), Lost>) {
    for one in waiting {
        // Who does not listen any more has given up.
        let _ = one.send(what);
    }
}
