//! When presence is too old to act on.

use super::Source;
use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

/// What happens when there is no news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// After how long; at least three poll intervals.
    pub after_ms: u64,
    /// What then.
    pub policy: StalePolicy,
}

words! {
    /// What becomes of do-not-disturb whose presence is too old.
    StalePolicy {
        /// Taken back.
        Release "release",
        /// Stays.
        Hold "hold",
    };
}

const LONGEST: u64 = 7 * 24 * 3_600_000;

pub(super) static STALE: Table = Table {
    name: "stale",
    about: "What happens when no news about a user comes for long, whatever the cause.",
    keys: &[
        Key {
            name: "after_ms",
            shape: Shape::ms(750, LONGEST),
            absent: Absent::Whole(900_000),
            reload: Reload::Yes,
            meaning: "After how long presence is too old to act on. At least three times `source.poll_interval_ms`, and with \
                      notifications three times `source.watchdog_interval_ms`.",
        },
        Key {
            name: "policy",
            shape: Shape::word::<StalePolicy>(),
            absent: Absent::Word("release"),
            reload: Reload::Yes,
            meaning: "`release`: do-not-disturb that the library set is taken back. `hold`: everything stays until news comes.",
        },
    ],
};

impl Stale {
    pub(super) fn read(reader: &Reader<'_>, source: &Source) -> Stale {
        let after_ms = reader.whole("after_ms");
        let least = source.longest_interval_ms().saturating_mul(3);
        if after_ms != 0 && after_ms < least {
            let watched = source.longest_interval_ms() > source.poll_interval_ms;
            let (what, key) = if watched { ("watchdog", "watchdog_interval_ms") } else { ("poll", "poll_interval_ms") };
            let default = if reader.has("after_ms") { "" } else { " (the default)" };
            reader.problem(
                "after_ms",
                format!("{after_ms}{default} is under three {what} intervals; with this source.{key} it is {least} to {LONGEST}"),
            );
        }
        Stale { after_ms, policy: reader.word("policy") }
    }
}
