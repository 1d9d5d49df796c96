//! How many users may be served.

use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

/// The seats that the host sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seats {
    /// How many; `None` without a limit.
    pub limit: Option<u32>,
    /// Who is served when there are more users.
    pub over_limit: OverLimit,
}

words! {
    /// Who is served when there are more users than seats.
    OverLimit {
        /// Those handed over first.
        First "first",
        /// Nobody.
        None "none",
    };
}

pub(super) static SEATS: Table = Table {
    name: "seats",
    about: "How many users may be served. Every user handed over with an address counts, found in Microsoft 365 or not.",
    keys: &[
        Key {
            name: "limit",
            shape: Shape::Whole { min: 0, max: 10_000_000, unit: "users" },
            absent: Absent::Means("no limit"),
            reload: Reload::Yes,
            meaning: "How many. An event comes at 90 percent and when there are more.",
        },
        Key {
            name: "over_limit",
            shape: Shape::word::<OverLimit>(),
            absent: Absent::Word("first"),
            reload: Reload::Yes,
            meaning: "`first`: those handed over first are served, the rest are named in an event. `none`: nobody is served until there are \
                      enough.",
        },
    ],
};

impl Seats {
    pub(super) fn read(reader: &Reader<'_>) -> Seats {
        Seats { limit: reader.whole_if("limit").map(|limit| limit as u32), over_limit: reader.word("over_limit") }
    }
}
