//! 5xx: the state directory.

use super::super::Severity::{Error, Info};
use super::super::entry::Holds::{Flag, Number, Text};
use super::super::entry::{Entry, always};
use super::DETAIL;

pub(in crate::event) static STATE_UNAVAILABLE: Entry = Entry {
    severity: Error,
    fields: &[
        always("path", Text, "the file or directory"),
        DETAIL,
        always("writing", Flag, "false where it could not even be read"),
    ],
    sentence: "The state in {path} cannot be used: {detail}.",
    remedy: "Check free space, owner (the account the telephone system runs as) and mode (0700) of {path}. It is tried again by itself.",
    meaning: "Raised at once when the file cannot be opened or written, and when a write has not come back for 2 s; once per cause. \
              Everything goes on, and no change waits for the disk any more, but without the memory across a crash: do-not-disturb set \
              meanwhile may be taken for a person's after the next start. Tried again after 1 s, doubling to 60 s. STATE_RECOVERED follows.",
};

pub(in crate::event) static STATE_SET_ASIDE: Entry = Entry {
    severity: Error,
    fields: &[always("path", Text, "the file"), always("moved_to", Text, "where the damaged file lies now"), DETAIL],
    sentence: "The state file {path} cannot be read and was set aside as {moved_to}: {detail}.",
    remedy: "Look through the users for do-not-disturb that nobody set, and clear it. Check the disk. {moved_to} may be deleted, or sent with a \
             report; if a newer version of this library wrote it, move it back before you run that version again.",
    meaning: "A new file was begun. Found at a start, it is empty: what was owned before counts as set by a person, and whoever signed in by \
              device code signs in again. Found while running, it is filled from memory and nothing is lost. The newest three of each kind are kept.",
};

pub(in crate::event) static NO_STATE_DIR: Entry = Entry {
    severity: Info,
    fields: &[],
    sentence: "No state directory is configured: overrides end with the process, and after a crash do-not-disturb that was set from Teams \
               counts as set by a person, unless the telephone system itself marks it as Teams'.",
    remedy: "Set state.dir to a directory of the telephone system's account. Where that cannot be, a host that marks what this library \
             switched on and hands it over as TPS_HOST_DND_ON_OURS knows its own again after a crash.",
    meaning: "Raised once per start. Everything else works without one; a normal stop takes back what was set.",
};

pub(in crate::event) static STATE_RECOVERED: Entry = Entry {
    severity: Info,
    fields: &[always("path", Text, "the file"), always("outage_ms", Number, "how long it lasted")],
    sentence: "The state in {path} can be used again.",
    remedy: "Nothing to do.",
    meaning: "Ends STATE_UNAVAILABLE; what changed meanwhile has been written.",
};
