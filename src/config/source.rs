//! Where presence comes from and how often.

use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

/// The source of presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub mode: SourceMode,
    /// Time between two looks at the same user, 250 to 3,600,000 ms; with `adaptive` at most twice that.
    pub poll_interval_ms: u64,
    /// Users who changed lately are looked at more often, the others up to two intervals apart, with no more requests.
    pub adaptive: bool,
    /// The share of Graph's limit that may be used, 1 to 1500 requests in 30 s.
    pub requests_per_30s: u32,
}

words! {
    /// How presence is learnt.
    SourceMode {
        /// By asking.
        Poll "poll",
    } refuses |word: &str| {
        word.eq_ignore_ascii_case("notifications").then_some("notifications come with a later version")
    };
}

pub(super) static SOURCE: Table = Table {
    name: "source",
    about: "Where presence comes from and how often it is asked for.",
    keys: &[
        Key {
            name: "mode",
            shape: Shape::word::<SourceMode>(),
            absent: Absent::Word("poll"),
            reload: Reload::Restart,
            meaning: "`poll`: Graph is asked at intervals. No inbound port is needed.",
        },
        Key {
            name: "poll_interval_ms",
            shape: Shape::ms(250, 3_600_000),
            absent: Absent::Whole(5000),
            reload: Reload::Yes,
            meaning: "Time between two looks at the same user. Grows by itself where the limit or Microsoft asks for it. With `adaptive` and \
                      more than 650 users it may be twice as long for those who have not changed lately.",
        },
        Key {
            name: "adaptive",
            shape: Shape::Flag,
            absent: Absent::Flag(false),
            reload: Reload::Yes,
            meaning: "More than 650 users: requests are filled with users who changed lately, as often as their changes pay. News comes sooner on \
                      average with no more requests, but a user who has not changed lately may wait for two poll intervals. Shorter \
                      `poll_interval_ms` is better as long as `requests_per_30s` allows it.",
        },
        Key {
            name: "requests_per_30s",
            shape: Shape::Whole { min: 1, max: 1500, unit: "requests" },
            absent: Absent::Whole(1200),
            reload: Reload::Yes,
            meaning: "How much of Graph's limit (1500 requests in 30 s for one app in one tenant) may be used. A request asks for up to 650 \
                      users. Instances of one process with the same app and tenant share it; the lowest setting counts.",
        },
    ],
};

impl Source {
    pub(super) fn read(reader: &Reader<'_>) -> Source {
        Source {
            mode: reader.word("mode"),
            poll_interval_ms: reader.whole("poll_interval_ms"),
            adaptive: reader.flag("adaptive"),
            requests_per_30s: reader.whole("requests_per_30s") as u32,
        }
    }
}
