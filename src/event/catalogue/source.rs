//! 4xx: where presence comes from.

use super::super::Severity::{Error, Info, Warning};
use super::super::entry::Holds::{Moment, Number, Text};
use super::super::entry::{Entry, always, maybe};

pub(in crate::event) static SOURCE_QUIET: Entry = Entry {
    severity: Warning,
    fields: &[
        always("quiet_ms", Number, "time since the last good answer"),
        always("last_good_at_ms", Moment, "when that was; 0 = none since the start"),
        always("stale_after_ms", Number, "`stale.after_ms` of the configuration"),
    ],
    sentence: "No good answer about presence for {quiet_ms} ms.",
    remedy: "The events beside this one (1xx, 3xx) name the cause. The last known state stays until {stale_after_ms} ms have passed.",
    meaning: "Raised once per outage, after 60 seconds. STALE follows if it lasts, SOURCE_RECOVERED when it is over.",
};

pub(in crate::event) static STALE: Entry = Entry {
    severity: Error,
    fields: &[
        always("users", Number, "users whose presence is too old"),
        always("policy", Text, "`stale.policy`: `release` or `hold`"),
        maybe("oldest_at_ms", Moment, "when the oldest of them was seen"),
    ],
    sentence: "The presence of {users} users is too old to act on; policy: {policy}.",
    remedy: "The events beside this one (1xx, 3xx) name the cause. release: do-not-disturb that was set from Teams has been taken back. hold: \
             it stays until an answer comes. `stale.after_ms` and `stale.policy` change this.",
    meaning: "`stale.after_ms` have passed without news. Raised once per outage; SOURCE_RECOVERED follows.",
};

pub(in crate::event) static SOURCE_RECOVERED: Entry = Entry {
    severity: Info,
    fields: &[always("quiet_ms", Number, "how long there was no good answer")],
    sentence: "Presence arrives again after {quiet_ms} ms.",
    remedy: "Nothing to do.",
    meaning: "Ends SOURCE_QUIET and STALE.",
};

pub(in crate::event) static INTERVAL_STRETCHED: Entry = Entry {
    severity: Warning,
    fields: &[
        always("interval_ms", Number, "the interval in use"),
        always("wanted_ms", Number, "`source.poll_interval_ms`"),
        always(
            "cause",
            Text,
            "`budget` (too many users for `source.requests_per_30s`) or `service` (Microsoft asks for fewer requests)",
        ),
    ],
    sentence: "Presence is asked for every {interval_ms} ms instead of {wanted_ms} ms ({cause}).",
    remedy: "budget: raise `source.requests_per_30s` (at most 1500, shared by all that use the app registration), or lengthen \
             `source.poll_interval_ms` to make this event go away. service: wait.",
    meaning: "Raised when the interval had to grow to twice what was wanted or more.",
};

pub(in crate::event) static INTERVAL_RESTORED: Entry = Entry {
    severity: Info,
    fields: &[always("interval_ms", Number, "the interval in use")],
    sentence: "Presence is asked for every {interval_ms} ms again.",
    remedy: "Nothing to do.",
    meaning: "Ends INTERVAL_STRETCHED.",
};
