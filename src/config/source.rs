//! Where presence comes from and how often.

use super::auth::Auth;
use super::cloud::{Cloud, Endpoints};
use super::notifications::{NOTIFICATIONS, Notifications, refusal};
use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

/// The source of presence.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Which.
    pub mode: SourceMode,
    /// Time between two looks at the same user, 250 to 3,600,000 ms; with `adaptive` at most twice that.
    pub poll_interval_ms: u64,
    /// Users who changed lately are looked at more often, the others up to two intervals apart, with no more requests.
    pub adaptive: bool,
    /// The share of Graph's limit that may be used, 1 to 1500 requests in 30 s.
    pub requests_per_30s: u32,
    /// With notifications: how often those are polled whose changes are sent here, 1,000 to 3,600,000 ms.
    pub watchdog_interval_ms: u64,
    /// With [`SourceMode::Notifications`], and only there.
    pub notifications: Option<Notifications>,
}

words! {
    /// How presence is learnt.
    SourceMode {
        /// By asking.
        Poll "poll",
        /// By being told, and by asking now and then.
        Notifications "notifications",
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
            meaning: "`poll`: Graph is asked at intervals. No inbound port is needed. `notifications`: Microsoft also posts each change to \
                      `notifications.url`; only with the cloud `global`, and with at least one sign-in as a person (`device_code`, `password`). \
                      With it, a reload cannot go over from a sign-in as a person to one as the app, or back.",
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
        Key {
            name: "watchdog_interval_ms",
            shape: Shape::ms(1_000, 3_600_000),
            absent: Absent::Whole(60_000),
            reload: Reload::Yes,
            meaning: "With `notifications`: time between two looks at a user whose changes Microsoft sends here, since it does not say when it \
                      stops. At least `poll_interval_ms`, at which all others are asked for.",
        },
        Key {
            name: "notifications",
            shape: Shape::Object(&NOTIFICATIONS),
            absent: Absent::Means("only with mode `notifications`, and needed there"),
            reload: Reload::Inside,
            meaning: NOTIFICATIONS.about,
        },
    ],
};

impl Source {
    pub(super) fn read(reader: &Reader<'_>, cloud: Cloud, endpoints: &Endpoints, auth: Option<&Auth>) -> Source {
        let mode = reader.word("mode");
        let source = Source {
            mode,
            poll_interval_ms: reader.whole("poll_interval_ms"),
            adaptive: reader.flag("adaptive"),
            requests_per_30s: reader.whole("requests_per_30s") as u32,
            watchdog_interval_ms: reader.whole("watchdog_interval_ms"),
            notifications: if reader.has("notifications") { Notifications::read(reader) } else { None },
        };
        match mode {
            SourceMode::Poll => {
                for name in ["watchdog_interval_ms", "notifications"].into_iter().filter(|name| reader.has(name)) {
                    reader.problem(name, "means something only with \"mode\": \"notifications\"; the mode is poll");
                }
            }
            SourceMode::Notifications => source.check(reader, cloud, endpoints, auth),
        }
        source
    }

    /// What notifications need besides their own keys.
    fn check(&self, reader: &Reader<'_>, cloud: Cloud, endpoints: &Endpoints, auth: Option<&Auth>) {
        if let Some(refusal) = refusal(cloud) {
            reader.problem("mode", refusal);
        }
        if !reader.has("notifications") {
            reader.problem("notifications", "is missing; mode notifications needs it, with the url that Microsoft posts to");
        }
        // 0 stands for one that was refused already.
        if self.watchdog_interval_ms != 0 && self.watchdog_interval_ms < self.poll_interval_ms {
            let default = if reader.has("watchdog_interval_ms") { "" } else { " (the default)" };
            reader.problem(
                "watchdog_interval_ms",
                format!(
                    "{}{default} is under source.poll_interval_ms; with this one it is {} to 3600000",
                    self.watchdog_interval_ms, self.poll_interval_ms
                ),
            );
        }
        if let Some(notifications) = &self.notifications {
            notifications.check(reader, endpoints, auth);
        }
    }

    /// The longest time between two looks at the same user that this configuration plans.
    pub fn longest_interval_ms(&self) -> u64 {
        match self.mode {
            SourceMode::Poll => self.poll_interval_ms,
            SourceMode::Notifications => self.poll_interval_ms.max(self.watchdog_interval_ms),
        }
    }
}
