//! 620 to 629: what is written to Teams.

use super::super::Severity::Warning;
use super::super::entry::Holds::{Foreign, Moment, Number, Text};
use super::super::entry::{Entry, always};
use super::{DETAIL, NEXT_TRY, REQUEST_ID};

pub(in crate::event) static PUBLISH_REFUSED: Entry = Entry {
    severity: Warning,
    fields: &[
        always("status", Number, "HTTP status"),
        always("error", Foreign, "Graph's error code, or empty"),
        DETAIL,
        NEXT_TRY,
        REQUEST_ID,
    ],
    sentence: "Microsoft does not take calls of the telephone system to be shown in Teams (HTTP {status}, {error}): {detail}.",
    remedy: "Compare: the users need a licence with Teams; Conditional Access for workload identities must not shut this app out. Reading \
             presence is not affected. To do without: `publish.calls` false.",
    meaning: "An answer to setPresence or clearPresence that is neither a missing permission (PERMISSION_MISSING) nor an outage. It is tried \
              again slowly while the call lasts. Raised once per status and error.",
};

pub(in crate::event) static PUBLISH_LEFT: Entry = Entry {
    severity: Warning,
    fields: &[
        always("cause", Text, "`stopping`"),
        always("persons", Number, "how many"),
        always("until_ms", Moment, "when the last of them ends by itself"),
    ],
    sentence: "{persons} persons may still be shown in a call in Teams.",
    remedy: "Nothing to do: Teams stops showing it by itself, after `publish.expiration_ms` at the latest. Give `tps_stop` more time if this \
             comes often.",
    meaning: "A stop could not take back within half of its time what was published. The next start does it, if it comes before that.",
};
