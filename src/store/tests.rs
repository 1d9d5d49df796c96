//! The store with a ledger made by hand, on real files.

mod notes;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::event::{Event, Kind, Level, Reporter};
use crate::sync::{Commit, Found, Keeps};
use crate::time::Clock;

/// Writes what it is told to, and remembers what it was told.
#[derive(Default)]
struct Book {
    due: Mutex<Vec<Commit>>,
    kept: Mutex<u32>,
    lost: Mutex<u32>,
    found: Mutex<Vec<Found>>,
}

impl Ledger for Book {
    fn take(&self) -> Option<Commit> {
        let mut due = self.due.lock().expect("whole");
        (!due.is_empty()).then(|| due.remove(0))
    }

    fn kept(&self) {
        *self.kept.lock().expect("whole") += 1;
    }

    fn lost(&self) {
        *self.lost.lock().expect("whole") += 1;
    }

    fn found(&self, found: Found) {
        self.found.lock().expect("whole").push(found);
    }
}

struct Rig {
    store: Store,
    book: Arc<Book>,
    reporter: Reporter,
    events: Mutex<Vec<Event>>,
}

impl Rig {
    fn new(dir: &Path, name: &str) -> Rig {
        let clock = Clock::system();
        let reporter = Reporter::new(Level::Error, clock.clone(), Arc::new(|| {}));
        let store = Store::new(Some(Place::new(dir, name)), clock, reporter.clone());
        let book = Arc::new(Book::default());
        let ledger: Arc<dyn Ledger> = book.clone();
        store.serve(Arc::downgrade(&ledger));
        Rig { store, book, reporter, events: Mutex::default() }
    }

    fn open(dir: &Path) -> Rig {
        let rig = Rig::new(dir, "main");
        rig.store.open().expect("nobody else");
        rig
    }

    fn write(&self, users: &[(&str, Keeps)]) {
        let users = users.iter().map(|(id, keeps)| ((*id).into(), *keeps)).collect();
        self.book.due.lock().expect("whole").push(Commit { users, last_good_ms: None });
        self.store.ring();
    }

    fn kept(&self) -> u32 {
        *self.book.kept.lock().expect("whole")
    }

    fn lost(&self) -> u32 {
        *self.book.lost.lock().expect("whole")
    }

    fn until(&self, what: &str, done: impl Fn(&Rig) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !done(self) {
            assert!(Instant::now() < end, "in vain for {what}: {:?}", self.told());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn told(&self) -> Vec<Kind> {
        let mut events = self.events.lock().expect("whole");
        events.extend(std::iter::from_fn(|| self.reporter.next_event()));
        events.iter().map(|event| event.kind).collect()
    }

    /// What the file held when it was last opened.
    fn found(&self) -> BTreeMap<String, Keeps> {
        let found = self.book.found.lock().expect("whole");
        found.last().expect("opened").users.iter().map(|(id, keeps)| (id.to_string(), *keeps)).collect()
    }

    fn own(&self) -> bool {
        self.book.found.lock().expect("whole").last().expect("opened").own
    }

    fn close(&self) {
        assert!(self.store.close(Instant::now() + Duration::from_secs(20)), "closed");
    }
}

/// In memory where the system has a place for that: hundreds of openings would wait for a real disk for a minute.
fn dir() -> tempfile::TempDir {
    let shared = Path::new("/dev/shm");
    let dir = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() }.expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).expect("ours");
    dir
}

fn all(pairs: &[(&str, Keeps)]) -> BTreeMap<String, Keeps> {
    pairs.iter().map(|(id, keeps)| ((*id).to_owned(), *keeps)).collect()
}

#[test]
fn what_is_written_is_found() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.write(&[("ann", Keeps::OWNED), ("bob", Keeps::INTENDED), ("eve", Keeps::OVERRIDDEN)]);
    rig.until("the write", |rig| rig.kept() == 1);
    rig.write(&[("bob", Keeps::NOTHING), ("eve", Keeps::OWNED.and(Keeps::OVERRIDDEN)), ("ümläut \u{1f600}", Keeps::OWNED)]);
    rig.close();
    assert_eq!(rig.kept(), 2, "a close writes what is left");
    let again = Rig::open(dir.path());
    let expected =
        all(&[("ann", Keeps::OWNED), ("eve", Keeps::OWNED.and(Keeps::OVERRIDDEN)), ("ümläut \u{1f600}", Keeps::OWNED)]);
    assert_eq!(again.found(), expected);
    assert!(!again.own(), "another instance wrote it");
    again.close();
    again.store.open().expect("nobody else");
    assert!(again.own(), "nobody has written since");
    again.close();
    assert_eq!(again.told(), []);
}

/// A record of either DND, or of both, comes back as it was; one written before the queue had any reads as one without.
#[test]
fn both_dnds_are_found() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    let both = Keeps::OWNED.with_queue(Keeps::INTENDED.and(Keeps::OVERRIDDEN));
    let queue = Keeps::NOTHING.with_queue(Keeps::OWNED);
    rig.write(&[("ann", both), ("bob", queue), ("eve", Keeps::OWNED)]);
    rig.close();
    let again = Rig::open(dir.path());
    assert_eq!(again.found(), all(&[("ann", both), ("bob", queue), ("eve", Keeps::OWNED)]));
    again.write(&[("bob", Keeps::NOTHING)]);
    again.close();
    let place = Place::new(dir.path(), "main");
    let step: &[format::Step] = &[|write| {
        write.open_table(format::USERS)?.insert("old", [7u8].as_slice())?;
        Ok(())
    }];
    let (_, contents) = file::StateFile::open(&place, 8, step, Arc::default()).expect("it reads");
    let users: BTreeMap<String, Keeps> = contents.users.into_iter().map(|(id, keeps)| (id.to_string(), keeps)).collect();
    assert_eq!((users["ann"], users["eve"], users.get("bob")), (both, Keeps::OWNED, None));
    let old = users["old"];
    assert_eq!((old.direct(), old.queue()), (Keeps::OWNED.and(Keeps::INTENDED).and(Keeps::OVERRIDDEN), Keeps::NOTHING));
}

#[test]
fn files_are_for_their_owner_only() {
    let outer = dir();
    let dir = outer.path().join("a/b");
    let rig = Rig::open(&dir);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!((mode(&dir.join("main.redb")), mode(&dir.join("main.lock"))), (0o600, 0o600));
    rig.close();
    assert_eq!(rig.told(), []);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("ours");
    fs::set_permissions(dir.join("main.redb"), fs::Permissions::from_mode(0o644)).expect("ours");
    rig.store.open().expect("nobody else");
    assert_eq!(mode(&dir), 0o755, "a directory that was there is not ours to change");
    assert_eq!(mode(&dir.join("main.redb")), 0o600);
    assert_eq!(rig.told(), [Kind::ConfigWarning]);
    rig.close();
}

#[test]
fn one_owner_at_a_time() {
    let dir = dir();
    let first = Rig::open(dir.path());
    let second = Rig::new(dir.path(), "main");
    let refused = second.store.open().expect_err("it is taken").to_string();
    assert!(refused.contains("another instance of this process"), "{refused}");
    let other = Rig::new(dir.path(), "branch");
    other.store.open().expect("another name is another file");
    other.close();
    first.close();
    second.store.open().expect("free again");
    second.close();
    assert_eq!(second.told(), []);
}

fn comes_back_from(spoil: impl Fn(&Path)) {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.write(&[("ann", Keeps::OWNED)]);
    rig.close();
    spoil(&dir.path().join("main.redb"));
    let again = Rig::open(dir.path());
    assert_eq!(again.told(), [Kind::StateSetAside]);
    assert_eq!(again.found(), all(&[]));
    again.write(&[("bob", Keeps::OWNED)]);
    again.close();
    let names: Vec<String> = fs::read_dir(dir.path())
        .expect("there")
        .map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().any(|name| name.starts_with("main.redb.damaged-")), "{names:?}");
    let third = Rig::open(dir.path());
    assert_eq!(third.found(), all(&[("bob", Keeps::OWNED)]));
    third.close();
    assert_eq!(third.told(), []);
}

#[test]
fn a_damaged_file_is_set_aside() {
    comes_back_from(|path| fs::write(path, "this was never a database\n".repeat(1_000)).expect("written"));
    comes_back_from(|path| fs::write(path, "").expect("written"));
    comes_back_from(|path| {
        fs::remove_file(path).expect("gone");
        fs::create_dir(path).expect("made");
        fs::write(path.join("in the way"), "x").expect("written");
    });
    for part in [1, 2, 3, 10, 100] {
        comes_back_from(|path| {
            let file = fs::OpenOptions::new().write(true).open(path).expect("there");
            let len = file.metadata().expect("there").len();
            file.set_len(len * part / 101).expect("shorter");
        });
    }
}

/// Any byte may be wrong: the file is read as it was, or set aside; never is anything else read from it.
#[test]
fn any_byte_may_be_wrong() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.write(&[("ann", Keeps::OWNED)]);
    rig.store.notes().put(Shelf::SignIn, "token", Some(b"a note that is kept"));
    rig.close();
    let path = dir.path().join("main.redb");
    let good = fs::read(&path).expect("there");
    let written = good.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at);
    let places = (0..160).chain((160..good.len()).step_by(good.len() / 60 + 1)).chain(written.step_by(29));
    let (mut same, mut aside) = (0, 0);
    for at in places {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        fs::write(&path, &bad).expect("written");
        let again = Rig::open(dir.path());
        let told = again.told();
        if again.found() == all(&[("ann", Keeps::OWNED)]) {
            assert_eq!(told, [], "byte {at}");
            assert_eq!(again.store.notes().get(Shelf::SignIn, "token").as_deref(), Some(b"a note that is kept".as_slice()));
            same += 1;
        } else {
            assert_eq!((told, again.found()), (vec![Kind::StateSetAside], all(&[])), "byte {at}");
            aside += 1;
        }
        again.close();
    }
    assert!(same > 0 && aside > 0, "{same} read, {aside} set aside");
    let kept = fs::read_dir(dir.path())
        .expect("there")
        .filter(|entry| entry.as_ref().expect("one").file_name().to_string_lossy().contains("damaged"))
        .count();
    assert_eq!(kept, 3, "a bad disk is not filled as well");
}

#[test]
fn a_newer_file_is_set_aside_and_left_as_it_is() {
    let dir = dir();
    let place = Place::new(dir.path(), "main");
    let steps: &[format::Step] = &[|_| Ok(())];
    drop(file::StateFile::open(&place, 7, steps, Arc::default()).expect("made"));
    let rig = Rig::open(dir.path());
    assert_eq!(rig.told(), [Kind::StateSetAside]);
    assert!(rig.events.lock().expect("whole")[0].message.contains("newer version"), "says why");
    rig.close();
    let aside = fs::read_dir(dir.path())
        .expect("there")
        .map(|entry| entry.expect("one").path())
        .find(|path| path.to_string_lossy().contains(".newer-"));
    fs::rename(aside.expect("there"), place.file()).expect("moved back");
    let (_, contents) = file::StateFile::open(&place, 8, steps, Arc::default()).expect("the newer version reads it");
    assert_eq!(contents.stamp, 7);
}

#[test]
fn an_older_file_is_brought_up_to_date() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.write(&[("ann", Keeps::OWNED)]);
    rig.close();
    let place = Place::new(dir.path(), "main");
    let steps: &[format::Step] = &[
        |write| {
            write.open_table(format::USERS)?.insert("first step", [1u8].as_slice())?;
            Ok(())
        },
        |write| {
            let mut users = write.open_table(format::USERS)?;
            assert!(users.remove("first step")?.is_some(), "steps come in order");
            users.insert("second step", [2u8].as_slice())?;
            Ok(())
        },
    ];
    let (open, contents) = file::StateFile::open(&place, 8, steps, Arc::default()).expect("migrated");
    let users: BTreeMap<String, Keeps> = contents.users.into_iter().map(|(id, keeps)| (id.to_string(), keeps)).collect();
    assert_eq!(users, all(&[("ann", Keeps::OWNED), ("second step", Keeps::INTENDED)]));
    drop(open);
    let (_, contents) = file::StateFile::open(&place, 9, steps, Arc::default()).expect("once is enough");
    assert_eq!(contents.users.len(), 2);
    // A step that fails leaves the file as it was.
    let failing: &[format::Step] = &[
        |_| Ok(()),
        |_| Ok(()),
        |write| {
            write.open_table(format::USERS)?.insert("half", [1u8].as_slice())?;
            Err(trouble::Trouble::Refused("no".to_owned()))
        },
    ];
    file::StateFile::open(&place, 10, failing, Arc::default()).expect_err("it fails");
    let (_, contents) = file::StateFile::open(&place, 11, steps, Arc::default()).expect("as before");
    assert_eq!((contents.users.len(), contents.stamp), (2, 9));
}

#[test]
fn a_full_disk_is_told_and_survived() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.write(&[("ann", Keeps::OWNED)]);
    rig.until("the write", |rig| rig.kept() == 1);
    rig.store.weather().full_after(Some(1));
    rig.write(&[("bob", Keeps::OWNED)]);
    rig.until("the failure", |rig| rig.lost() >= 1);
    assert_eq!(rig.told(), [Kind::StateUnavailable]);
    rig.until("another failure", |rig| rig.lost() >= 2);
    assert_eq!(rig.told(), [Kind::StateUnavailable], "told once");
    rig.store.weather().full_after(None);
    rig.until("recovery", |rig| rig.book.found.lock().expect("whole").len() == 2);
    assert!(rig.own(), "memory knows better");
    assert_eq!(rig.found(), all(&[("ann", Keeps::OWNED)]));
    rig.until("the word", |rig| rig.told() == [Kind::StateUnavailable, Kind::StateRecovered]);
    rig.close();
}

#[test]
fn a_hanging_disk_holds_up_nobody_but_its_thread() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.store.weather().hang(true);
    rig.write(&[("ann", Keeps::OWNED)]);
    let receipt = rig.store.notes().put(Shelf::SignIn, "token", Some(b"new"));
    assert_eq!(rig.store.notes().get(Shelf::SignIn, "token").as_deref(), Some(b"new".as_slice()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    assert_eq!(runtime.block_on(receipt.durable()), Err(Lost), "given up, not waited for");
    rig.store.slow();
    assert_eq!(rig.told(), [Kind::StateUnavailable]);
    let begin = Instant::now();
    assert!(!rig.store.close(Instant::now() + Duration::from_millis(300)));
    assert!(begin.elapsed() < Duration::from_secs(10), "bounded by its time");
    rig.store.weather().hang(false);
    rig.close();
    assert_eq!(rig.told(), [Kind::StateUnavailable, Kind::StateRecovered]);
    let again = Rig::open(dir.path());
    assert_eq!(again.found(), all(&[("ann", Keeps::OWNED)]));
    assert_eq!(again.store.notes().get(Shelf::SignIn, "token").as_deref(), Some(b"new".as_slice()));
    again.close();
}

#[test]
fn a_start_does_not_wait_for_ever() {
    let dir = dir();
    let rig = Rig::new(dir.path(), "main");
    rig.store.weather().hang(true);
    rig.store.open().expect("without its memory");
    assert_eq!(rig.told(), [Kind::StateUnavailable]);
    rig.store.weather().hang(false);
    rig.until("the disk", |rig| rig.told() == [Kind::StateUnavailable, Kind::StateRecovered]);
    rig.close();
}

#[test]
fn a_start_does_not_wait_for_a_close_that_hangs() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.store.weather().hang(true);
    rig.write(&[("ann", Keeps::OWNED)]);
    rig.until("the write", |rig| rig.book.due.lock().expect("whole").is_empty());
    assert!(!rig.store.close(Instant::now()));
    rig.store.open().expect("without its memory");
    rig.store.weather().hang(false);
    rig.until("the file", |rig| rig.book.found.lock().expect("whole").len() == 2);
    assert_eq!((rig.found(), rig.own()), (all(&[("ann", Keeps::OWNED)]), true));
    rig.write(&[("bob", Keeps::OWNED)]);
    rig.until("the write", |rig| rig.kept() == 2);
    rig.close();
}

#[test]
fn a_directory_that_vanishes_is_made_again() {
    let outer = dir();
    let dir = outer.path().join("state");
    let rig = Rig::open(&dir);
    rig.write(&[("ann", Keeps::OWNED)]);
    rig.store.notes().put(Shelf::Directory, "delta", Some(b"link"));
    rig.until("the write", |rig| rig.kept() == 1);
    fs::remove_dir_all(&dir).expect("gone");
    rig.write(&[("bob", Keeps::OWNED)]);
    rig.until("recovery", |rig| rig.told() == [Kind::StateUnavailable, Kind::StateRecovered]);
    assert!(rig.own() && rig.found().is_empty(), "the ledger writes all of it anew");
    rig.close();
    let again = Rig::open(&dir);
    assert_eq!(
        again.store.notes().get(Shelf::Directory, "delta").as_deref(),
        Some(b"link".as_slice()),
        "notes come back by themselves"
    );
    again.close();
}

#[test]
fn what_cannot_be_made_is_told() {
    let rig = Rig::new(Path::new("/proc/self/no/such"), "main");
    rig.store.open().expect("without its memory");
    assert_eq!(rig.told(), [Kind::StateUnavailable]);
    assert_eq!(rig.lost(), 1);
    rig.close();
}

#[test]
fn an_idle_store_has_no_thread() {
    let dir = dir();
    let rig = Rig::new(dir.path(), "idle");
    rig.store.open().expect("nobody else");
    let runs = |rig: &Rig| rig.store.runs();
    rig.until("the end of the thread", |rig| !runs(rig));
    rig.write(&[("ann", Keeps::OWNED)]);
    rig.until("the write", |rig| rig.kept() == 1);
    rig.until("the end of the thread", |rig| !runs(rig));
    rig.close();
    rig.until("the end of the thread", |rig| !runs(rig));
}
