//! One owner at a time.
//!
//! The lock is flock(2) on a file of its own, whose text names the owner. It belongs to the open file, so it ends with the process however
//! that ends, unless a forked descendant that did not exec still has the file open. Such a one never touches the state, but nobody can tell
//! from the lock alone; so whoever is refused is told who has it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::place::{Identity, Place};
use super::trouble::Trouble;

/// A lock that is taken over and over in this time is left alone: somebody deletes the file all the while.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(5);
/// Stands behind the name of one who only looks into the state for a moment.
const LOOKS: &str = "looks";
/// How long such a one is waited for; less than a start waits for the disk.
const LOOK_PATIENCE: Duration = Duration::from_millis(2_500);

#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
    identity: Identity,
    pid: u32,
}

impl Lock {
    /// For an instance.
    pub(super) fn take(place: &Place) -> Result<Lock, Trouble> {
        Lock::take_with(place, "")
    }

    /// For somebody who will be gone in a moment. Whoever comes meanwhile waits for that.
    pub(super) fn take_to_look(place: &Place) -> Result<Lock, Trouble> {
        Lock::take_with(place, LOOKS)
    }

    fn take_with(place: &Place, word: &str) -> Result<Lock, Trouble> {
        let path = place.lock();
        let patience = Instant::now() + LOOK_PATIENCE;
        let mut tries = 0;
        while tries < TRIES {
            tries += 1;
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => {
                    let identity = Identity::of(&file.metadata()?);
                    // Deleted between open and lock: the lock would be nobody's.
                    if identity.is_at(&path)? {
                        // A full disk takes no name either; the lock holds without it.
                        let _ = write_name(&mut file, word);
                        return Ok(Lock { file, path, identity, pid: std::process::id() });
                    }
                }
                Err(TryLockError::WouldBlock) if looks(&mut file) && Instant::now() < patience => tries -= 1,
                // It has just come or is about to go.
                Err(TryLockError::WouldBlock) if tries < TRIES && is_unnamed(&mut file) => {}
                Err(TryLockError::WouldBlock) => return Err(Trouble::Locked(describe(&mut file, &path))),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            std::thread::sleep(BETWEEN);
        }
        Err(Trouble::Refused(format!("{} is removed again and again", path.display())))
    }

    /// The path leads to the locked file still; otherwise another process could take a lock of its own.
    pub(super) fn holds(&self) -> io::Result<bool> {
        self.identity.is_at(&self.path)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.pid == std::process::id() {
            // No owner, no name. What remains where this fails names a process that has ended.
            let _ = self.file.set_len(0);
        }
    }
}

/// A process, told from a later one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name {
    pid: u32,
    /// In clock ticks since boot, as /proc/<pid>/stat has it; 0 where that is not known.
    began: u64,
}

impl Name {
    fn own() -> Name {
        let pid = std::process::id();
        Name { pid, began: began(pid).unwrap_or(0) }
    }

    fn parse(text: &str) -> Option<Name> {
        let mut words = text.split_ascii_whitespace();
        let pid = words.next()?.parse().ok()?;
        Some(Name { pid, began: words.next().and_then(|word| word.parse().ok()).unwrap_or(0) })
    }

    fn lives(self) -> bool {
        match began(self.pid) {
            Some(began) => self.began == 0 || began == self.began,
            // Without /proc nobody can tell; alive is the likelier.
            None => !Path::new("/proc/self").exists(),
        }
    }
}

/// When a process began; `None` if there is none of this number.
fn began(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything; 20 fields after it comes the time.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn write_name(file: &mut File, word: &str) -> io::Result<()> {
    let name = Name::own();
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    let space = if word.is_empty() { "" } else { " " };
    writeln!(file, "{} {}{space}{word}", name.pid, name.began)
}

/// Whether the owner said that it only looks.
fn looks(file: &mut File) -> bool {
    read_text(file).is_some_and(|text| text.split_ascii_whitespace().nth(2) == Some(LOOKS))
}

fn is_unnamed(file: &mut File) -> bool {
    read_text(file).is_some_and(|text| text.is_empty())
}

fn read_name(file: &mut File) -> Option<Name> {
    Name::parse(&read_text(file)?)
}

fn read_text(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    Read::by_ref(file).take(64).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Who has the lock, and what to do about it.
fn describe(file: &mut File, path: &Path) -> String {
    let mut name = read_name(file);
    // An owner writes its name after it has the lock.
    for _ in 0..TRIES {
        if name.is_some_and(Name::lives) {
            break;
        }
        std::thread::sleep(BETWEEN);
        name = read_name(file);
    }
    let end = "give this instance another `name` or `state.dir`, or stop the other one";
    match name {
        Some(name) if name == Name::own() => format!("another instance of this process works with it; {end}"),
        Some(name) if name.lives() => format!("process {} works with it; {end}", name.pid),
        Some(Name { pid, .. }) => {
            let holders = holders(file);
            let who = if holders.contains(&std::process::id()) {
                "this very process, which was forked from it,".to_owned()
            } else if holders.is_empty() {
                "a forked descendant of it, or a process of another container,".to_owned()
            } else {
                let pids: Vec<String> = holders.iter().map(u32::to_string).collect();
                format!("its forked descendant {}", pids.join(", "))
            };
            format!("process {pid} took the lock {} and has ended, but {who} still holds it: end that process", path.display())
        }
        None => format!("a process that did not leave its name works with it; {end}"),
    }
}

/// Processes that have this file open, as far as they can be seen from here; not through `file` itself.
fn holders(file: &File) -> Vec<u32> {
    use std::os::fd::AsRawFd;
    let Ok(wanted) = file.metadata().map(|meta| Identity::of(&meta)) else { return Vec::new() };
    let own = (std::process::id(), file.as_raw_fd().to_string());
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let mut found = Vec::new();
    for pid in processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        let has = open.flatten().any(|entry| {
            let ours = pid == own.0 && entry.file_name().to_str() == Some(&own.1);
            // Only a link to a file of this number is followed: others may lead to a disk that hangs.
            !ours && fs::read_link(entry.path()).is_ok_and(|to| to.is_absolute() && could_be(&to, wanted))
        });
        if has {
            found.push(pid);
        }
    }
    found
}

fn could_be(path: &Path, wanted: Identity) -> bool {
    path.extension().is_some_and(|end| end == "lock")
        && fs::metadata(path).is_ok_and(|meta| meta.nlink() > 0 && Identity::of(&meta) == wanted)
}
