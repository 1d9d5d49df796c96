//! Notes on the way through restarts, late disks and other files.

use super::*;

#[test]
fn notes_last() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    let notes = rig.store.notes();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let receipts: Vec<Receipt> = (0..50u8).map(|n| notes.put(Shelf::SignIn, &format!("n{n}"), Some(&[n]))).collect();
    for receipt in receipts {
        assert_eq!(runtime.block_on(receipt.durable()), Ok(()));
    }
    assert_eq!(runtime.block_on(notes.put(Shelf::SignIn, "n7", None).durable()), Ok(()));
    notes.put(Shelf::Directory, "n8", Some(b"other"));
    rig.close();
    assert_eq!(runtime.block_on(notes.put(Shelf::SignIn, "n9", Some(b"late")).durable()), Err(Lost), "closed");
    let again = Rig::open(dir.path());
    let read = again.store.notes();
    assert_eq!(read.names(Shelf::SignIn).len(), 49);
    assert_eq!(read.get(Shelf::SignIn, "n7"), None);
    assert_eq!(read.get(Shelf::Directory, "n8").as_deref(), Some(b"other".as_slice()));
    assert_eq!(format!("{read:?}"), "Notes { count: 50 }", "never the contents");
    again.close();
    // What was put while it was closed comes to disk with the next start, whoever wrote in between.
    rig.store.open().expect("nobody else");
    rig.close();
    again.store.open().expect("nobody else");
    assert_eq!(again.store.notes().get(Shelf::SignIn, "n9").as_deref(), Some(b"late".as_slice()));
    again.close();
}

#[test]
fn notes_of_a_late_disk_are_read_when_it_comes() {
    let dir = dir();
    let rig = Rig::open(dir.path());
    rig.store.notes().put(Shelf::SignIn, "token", Some(b"stored"));
    rig.close();
    let rig = Rig::new(dir.path(), "main");
    let notes = rig.store.notes();
    rig.store.weather().hang(true);
    rig.store.open().expect("without its memory");
    assert!(!notes.are_read() && notes.get(Shelf::SignIn, "token").is_none());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    rig.store.weather().hang(false);
    runtime.block_on(notes.until_read());
    assert_eq!(notes.get(Shelf::SignIn, "token").as_deref(), Some(b"stored".as_slice()));
    rig.close();
    assert!(!notes.are_read(), "another process may go on");
    assert!(Notes::in_memory().are_read());
}

/// A state directory that is mounted only after the start: what lies in it is taken up, not overwritten by what was made meanwhile.
#[test]
fn a_file_that_comes_into_the_place_of_ours_is_taken_up() {
    let outer = dir();
    let (real, place, empty) = (outer.path().join("real"), outer.path().join("state"), outer.path().join("empty"));
    let rig = Rig::open(&real);
    rig.write(&[("ann", Keeps::OWNED), ("bob", Keeps::OWNED)]);
    let notes = rig.store.notes();
    for name in ["kept", "newer here", "struck out here"] {
        notes.put(Shelf::SignIn, name, Some(b"of before"));
    }
    rig.close();
    let rig = Rig::open(&place);
    let notes = rig.store.notes();
    let mut files = notes.files();
    files.borrow_and_update();
    notes.put(Shelf::SignIn, "newer here", Some(b"of now"));
    notes.put(Shelf::SignIn, "only here", Some(b"of now"));
    notes.put(Shelf::SignIn, "struck out here", None);
    rig.write(&[("eve", Keeps::OWNED)]);
    rig.until("the write", |rig| rig.kept() == 1);
    // What a mount looks like from inside.
    fs::rename(&place, &empty).expect("moved");
    fs::rename(&real, &place).expect("moved");
    rig.write(&[("eve", Keeps::OWNED)]);
    rig.until("the other file", |rig| rig.book.found.lock().expect("whole").len() == 2);
    assert_eq!((rig.found(), rig.own()), (all(&[("ann", Keeps::OWNED), ("bob", Keeps::OWNED)]), false));
    assert!(files.has_changed().expect("a sender"), "whoever waits for it is told");
    let told = |notes: &Notes| {
        let one = |name| notes.get(Shelf::SignIn, name).map(|note| String::from_utf8_lossy(&note).into_owned());
        [one("kept"), one("newer here"), one("only here"), one("struck out here")]
    };
    let [before, now] = ["of before", "of now"].map(|text| Some(text.to_owned()));
    let expected = [before, now.clone(), now, None];
    assert_eq!(told(&notes), expected);
    rig.close();
    let again = Rig::open(&place);
    assert_eq!(told(&again.store.notes()), expected, "also on disk");
    again.close();
}
