//! How callbacks come, and what the host keeps and sees of an instance: state directory, log.

use std::path::PathBuf;

use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;
use crate::event::Level;

/// How callbacks come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// On which thread.
    pub mode: DispatchMode,
    /// How long a pending answer may take before it counts as a failure.
    pub ack_timeout_ms: u64,
}

words! {
    /// On which thread callbacks come.
    DispatchMode {
        /// On one thread of the library, one per instance.
        Thread "thread",
        /// On the host's thread, inside `tps_dispatch`.
        Poll "poll",
        /// On one thread of the library for all instances of this mode.
        Shared "shared",
    };
}

/// Memory across restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The directory; `None` without memory.
    pub dir: Option<PathBuf>,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How much is told.
    pub level: Level,
}

pub(super) static DISPATCH: Table = Table {
    name: "dispatch",
    about: "How callbacks come. Those of one instance never overlap, whatever the mode.",
    keys: &[
        Key {
            name: "mode",
            shape: Shape::word::<DispatchMode>(),
            absent: Absent::Word("thread"),
            reload: Reload::Restart,
            meaning: "`thread`: on a thread of the library, one per instance. `poll`: on the telephone system's own thread, inside \
                      `tps_dispatch`. `shared`: on one thread for all instances that say so.",
        },
        Key {
            name: "ack_timeout_ms",
            shape: Shape::ms(10, 3_600_000),
            absent: Absent::Whole(30_000),
            reload: Reload::Yes,
            meaning: "After the answer TPS_ACK_PENDING: how long `tps_acknowledge` may take before the change is offered again.",
        },
    ],
};

pub(super) static STATE: Table = Table {
    name: "state",
    about: "Memory across restarts and crashes: whose do-not-disturb is whose.",
    keys: &[Key {
        name: "dir",
        shape: Shape::Path,
        absent: Absent::Means("no memory: what was set before a crash counts as set by a person"),
        reload: Reload::Restart,
        meaning: "A directory on a local disk that the telephone system's account may write, and nobody else (0700); made if missing. Each \
                  instance keeps one file there, named after its `name`, so several may share it. A second instance of the same name is \
                  refused at its start (TPS_E_LOCKED).",
    }],
};

pub(super) static LOG: Table = Table {
    name: "log",
    about: "What comes through `on_log`.",
    keys: &[Key {
        name: "level",
        shape: Shape::word::<Level>(),
        absent: Absent::Word("error"),
        reload: Reload::Yes,
        meaning: "`trace` is for a short look: it falls back by itself after 30 minutes, to the level before it or to `error`. \
                  `tps_set_log_level` changes the level at run time.",
    }],
};

impl Dispatch {
    pub(super) fn read(reader: &Reader<'_>) -> Dispatch {
        Dispatch { mode: reader.word("mode"), ack_timeout_ms: reader.whole("ack_timeout_ms") }
    }
}

impl State {
    pub(super) fn read(reader: &Reader<'_>) -> State {
        State { dir: reader.path("dir") }
    }
}

impl Log {
    pub(super) fn read(reader: &Reader<'_>) -> Log {
        Log { level: reader.word("level") }
    }
}
