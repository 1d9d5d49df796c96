//! The table of the host's truth, which outlives it: a file that the host maps and the driver reads. The layout is `host.c`'s.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const HEAD: usize = 64;
const ROW: usize = 64;
const KEPT: usize = 28;
const HISTORY: usize = 8;

/// Places in the head.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum Head {
    Command,
    Users,
    Starts,
    Stops,
    On,
    Off,
    Chat,
    Retry,
    Pending,
    Never,
    Gone,
    Presses,
    Releases,
    Checked,
    Removed,
    Reported,
    Late,
    SetAside,
    Unavailable,
    Wrong,
    WrongUser,
    WrongWhat,
    OursLeft,
    Ready,
    Quiet,
    Stale,
    /// Whom the driver asks about: his number and one.
    Ask,
    /// The longest `tps_stop`, in milliseconds.
    StopMs,
    /// Presses while an ON was out, at a host that cannot tell persons: whose the DND is cannot be known.
    Crossed,
}

/// What the host is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Run,
    /// Takes what it is given; nobody presses anything.
    Calm,
    End,
}

/// Whose DND is on.
pub(crate) const OURS: i32 = 1;

const DID: [&str; 18] = [
    "-",
    "start",
    "ON done",
    "ON already",
    "OFF done",
    "OFF already",
    "answered RETRY",
    "answered PENDING",
    "answered PENDING, never acknowledged",
    "answered GONE",
    "a person pressed ON",
    "a person pressed OFF",
    "the library knows it as a person's",
    "removed",
    "put",
    "acknowledged",
    "acknowledged too late",
    "stop",
];

/// In words what the host found wrong.
pub(crate) fn wrong(what: i32) -> &'static str {
    match what {
        1 => "OFF was asked for, and a person's DND is on",
        2 => "our DND is on, and after a start it is not known as ours",
        3 => "a person's DND counts as ours after a start",
        4 => "a call failed; see above",
        _ => "unknown",
    }
}

/// Milliseconds as the host writes them.
pub(crate) fn stamp() -> i32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    (now & 0x7fff_ffff) as i32
}

/// How it stands with a user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Whose DND is on.
    pub(crate) state: i32,
    /// He is with the library.
    pub(crate) with_us: bool,
    owes_until: i32,
}

impl Row {
    /// How long ago the host last owed an answer, or refused one; 0 while it does, `None` where it never did.
    pub(crate) fn owed_ms_ago(&self) -> Option<u64> {
        (self.owes_until != 0).then(|| u64::try_from(stamp().wrapping_sub(self.owes_until)).unwrap_or(0))
    }
}

#[derive(Debug)]
pub(crate) struct Table {
    file: File,
    users: usize,
}

impl Table {
    pub(crate) fn create(path: &Path, users: usize) -> Table {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).expect("a file");
        file.set_len((4 * (HEAD + users * ROW)) as u64).expect("room");
        Table { file, users }
    }

    fn read(&self, at: usize, count: usize) -> Vec<i32> {
        let mut bytes = vec![0; 4 * count];
        self.file.read_exact_at(&mut bytes, 4 * at as u64).expect("the table");
        bytes.chunks_exact(4).map(|four| i32::from_ne_bytes([four[0], four[1], four[2], four[3]])).collect()
    }

    pub(crate) fn head(&self, place: Head) -> i32 {
        self.read(place as usize, 1)[0]
    }

    pub(crate) fn set(&self, place: Head, value: i32) {
        self.file.write_all_at(&value.to_ne_bytes(), 4 * place as u64).expect("the table");
    }

    pub(crate) fn command(&self, command: Command) {
        self.set(Head::Command, command as i32);
    }

    /// How it stands with each user.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let all = self.read(HEAD, self.users * ROW);
        all.chunks_exact(ROW).map(|row| Row { state: row[0], with_us: row[1] == 0, owes_until: row[3] }).collect()
    }

    /// What the host did with a user: when, and what.
    pub(crate) fn history(&self, user: usize) -> Vec<(i32, String)> {
        let row = self.read(HEAD + user * ROW, ROW);
        let entries = row[HISTORY..HISTORY + 2 * KEPT].chunks_exact(2).filter(|entry| entry[1] != 0);
        let words = |what: i32| match what {
            101.. => wrong(what - 100).to_uppercase(),
            what => DID.get(what as usize).copied().unwrap_or("?").to_owned(),
        };
        entries.map(|entry| (entry[0], words(entry[1]))).collect()
    }
}
