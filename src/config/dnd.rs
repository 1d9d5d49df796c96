//! Whose do-not-disturb it is, and how long a decision must have stood.

use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

/// How do-not-disturb is handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DndOptions {
    /// Who leads.
    pub ownership: Ownership,
    /// What a stop does to what is owned.
    pub on_stop: OnStop,
    /// How long "on" must have stood before it is delivered.
    pub hold_on_ms: u64,
    /// How long "off" must have stood before it is delivered.
    pub hold_off_ms: u64,
    /// How long after an acknowledgement a report of the same value is an echo of it.
    pub echo_ms: u64,
}

words! {
    /// Who leads where Teams and a person differ.
    Ownership {
        /// Only what the library set is taken back.
        Strict "strict",
        /// Teams leads.
        Force "force",
    };

    /// What a stop does to do-not-disturb that the library set.
    OnStop {
        /// It is taken back.
        Release "release",
        /// It stays.
        Hold "hold",
        /// Hold with a state directory, release without.
        Auto "auto",
    };
}

/// The longest hold: one hour.
pub(super) const LONGEST_HOLD: u64 = 3_600_000;

pub(super) static DND: Table = Table {
    name: "dnd",
    about: "Whose do-not-disturb it is, and how long a decision must have stood before the telephone system is told.",
    keys: &[
        Key {
            name: "ownership",
            shape: Shape::word::<Ownership>(),
            absent: Absent::Word("strict"),
            reload: Reload::Yes,
            meaning: "`strict`: only do-not-disturb that the library set is taken back; what a person sets stays. `force`: Teams leads; off \
                      is delivered whoever set it.",
        },
        Key {
            name: "on_stop",
            shape: Shape::word::<OnStop>(),
            absent: Absent::Word("auto"),
            reload: Reload::Yes,
            meaning: "What a stop does to do-not-disturb that the library set. `release`: taken back. `hold`: stays. `auto`: hold with a \
                      state directory that works, else release.",
        },
        Key {
            name: "hold_on_ms",
            shape: Shape::ms(0, LONGEST_HOLD),
            absent: Absent::Whole(0),
            reload: Reload::Yes,
            meaning: "How long \"on\" must have stood without a break before it is delivered. A rule may say otherwise.",
        },
        Key {
            name: "hold_off_ms",
            shape: Shape::ms(0, LONGEST_HOLD),
            absent: Absent::Whole(10_000),
            reload: Reload::Yes,
            meaning: "The same for \"off\": keeps the phone quiet between two meetings. A rule may say otherwise.",
        },
        Key {
            name: "echo_ms",
            shape: Shape::ms(0, LONGEST_HOLD),
            absent: Absent::Whole(10_000),
            reload: Reload::Yes,
            meaning: "How long after a change was acknowledged the telephone system's report of the same value counts as its echo and not as \
                      a person's act.",
        },
    ],
};

impl DndOptions {
    pub(super) fn read(reader: &Reader<'_>) -> DndOptions {
        DndOptions {
            ownership: reader.word("ownership"),
            on_stop: reader.word("on_stop"),
            hold_on_ms: reader.whole("hold_on_ms"),
            hold_off_ms: reader.whole("hold_off_ms"),
            echo_ms: reader.whole("echo_ms"),
        }
    }
}
