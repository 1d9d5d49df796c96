//! What is written to Teams.

use super::auth::Auth;
use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};

/// The way from the host to Teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Calls reported by `tps_report_call` are shown in Teams as Busy/InACall.
    pub calls: bool,
    /// How long Teams shows one unless it is asked again.
    pub expiration_ms: u64,
}

/// What `setPresence` takes as `expirationDuration`: PT5M to PT4H.
const SHORTEST: u64 = 5 * 60_000;
const LONGEST: u64 = 4 * 3_600_000;

pub(super) static PUBLISH: Table = Table {
    name: "publish",
    about: "What is written to Teams. Off by default; needs the application permission `Presence.ReadWrite.All`.",
    keys: &[
        Key {
            name: "calls",
            shape: Shape::Flag,
            absent: Absent::Flag(false),
            reload: Reload::Yes,
            meaning: "Users reported by `tps_report_call` are shown in Teams as Busy, in a call, until the call ends. Only with an `auth.method` \
                      that signs in as the app: `client_secret`, `certificate`, `workload_identity`, `managed_identity`.",
        },
        Key {
            name: "expiration_ms",
            shape: Shape::ms(SHORTEST, LONGEST),
            absent: Absent::Whole(600_000),
            reload: Reload::Yes,
            meaning: "After how long Teams stops showing a call by itself. It is asked again before that while the call lasts, so this is how long \
                      a call may stand in Teams after the telephone system died in the middle of it. Shorter means more requests in long calls.",
        },
    ],
};

impl Publish {
    pub(super) fn read(reader: &Reader<'_>, auth: Option<&Auth>) -> Publish {
        let publish = Publish { calls: reader.flag("calls"), expiration_ms: reader.whole("expiration_ms") };
        if let Some(method) = auth.map(|auth| auth.method.name()).filter(|method| publish.calls && !method.is_app_only()) {
            reader.problem(
                "calls",
                format!(
                    "auth.method {} signs in as a person, who may write nobody's presence but their own; publishing needs the sign-in of the \
                     app (client_secret, certificate, workload_identity or managed_identity) and Presence.ReadWrite.All",
                    method.as_str()
                ),
            );
        }
        publish
    }
}
