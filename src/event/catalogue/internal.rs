//! 9xx: the library itself.

use super::super::Severity::{Error, Info, Warning};
use super::super::entry::Holds::{Foreign, Number, Text};
use super::super::entry::{Entry, always};

pub(in crate::event) static CONFIG_WARNING: Entry = Entry {
    severity: Warning,
    fields: &[always("path", Text, "the key of the configuration"), always("problem", Text, "what looks wrong; never a secret")],
    sentence: "{path}: {problem}.",
    remedy: "Compare {path} with the page on configuration. It is used as it stands.",
    meaning: "Found while reading the configuration; raised after each start and reload, one event for each.",
};

pub(in crate::event) static TRACE_ENDED: Entry = Entry {
    severity: Info,
    fields: &[always("level", Text, "the level from now on")],
    sentence: "Tracing has ended by itself after 30 minutes; the log level is {level} again.",
    remedy: "Nothing to do. Set the level again if the analysis is not finished.",
    meaning: "The log level `trace` costs time and space and is meant for a short look.",
};

pub(in crate::event) static EVENTS_LOST: Entry = Entry {
    severity: Warning,
    fields: &[always("lost", Number, "how many")],
    sentence: "{lost} events were dropped because the telephone system did not take them in time.",
    remedy: "For the programmer: return from callbacks quickly; in poll mode call tps_dispatch whenever the descriptor is readable.",
    meaning: "The queue holds 1024 events; the oldest of the lowest severity are dropped first.",
};

pub(in crate::event) static RELOADED: Entry = Entry {
    severity: Info,
    fields: &[],
    sentence: "The new configuration holds.",
    remedy: "Nothing to do.",
    meaning: "Follows each successful `tps_reload`.",
};

pub(in crate::event) static INTERNAL: Entry = Entry {
    severity: Error,
    fields: &[always("place", Text, "which part"), always("detail", Foreign, "what happened")],
    sentence: "Internal error in {place}: {detail}.",
    remedy: "Report it with this event's JSON and the version. The part concerned has been started again.",
    meaning: "A fault of this library, caught before it could harm the telephone system.",
};
