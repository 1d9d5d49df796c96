//! 3xx: Microsoft Graph.

use super::super::Severity::{Error, Info, Warning};
use super::super::entry::Holds::{Foreign, Number, Text, Texts};
use super::super::entry::{Entry, always, maybe};
use super::{DETAIL, ENDS, HOST, NEXT_TRY, REQUEST_ID, STAGE, STATUS};

pub(in crate::event) static PERMISSION_MISSING: Entry = Entry {
    severity: Error,
    fields: &[
        always("permission", Text, "the least permission that would do"),
        always("permission_type", Text, "`application` or `delegated`"),
        always("needed_for", Text, "`presence`, `directory` or `publishing`"),
        always("granted", Texts, "the permissions found in the token"),
        STATUS,
        maybe("error", Foreign, "Graph's error code"),
        REQUEST_ID,
    ],
    sentence: "The {permission_type} permission {permission}, needed for {needed_for}, is not granted.",
    remedy: "Entra admin center > App registrations > the app > API permissions > Add a permission > Microsoft Graph > {permission_type}: add \
             {permission}, then press Grant admin consent, until the status reads Granted. It acts with the next token; a reload or restart \
             asks for one at once.",
    meaning: "Graph answered 403, or the token lacks what is needed. Raised once per permission; PERMISSION_GRANTED follows.",
};

pub(in crate::event) static THROTTLED: Entry = Entry {
    severity: Warning,
    fields: &[
        always("endpoint", Text, "the class of request: `users`, `delta`, `presences`, `token`, `other`"),
        always("retry_after_ms", Number, "how long Microsoft asks to wait"),
        always("stated", Text, "`yes` if Microsoft named the time, `no` if it was chosen here"),
    ],
    sentence: "Microsoft limits the rate of requests ({endpoint}); waiting {retry_after_ms} ms.",
    remedy: "Happens now and then. If it lasts: lower `source.requests_per_30s`, lengthen `source.poll_interval_ms`, and see whether another \
             program uses the same app registration, for they share one limit.",
    meaning: "Graph answered 429, or 503 with a time to wait. Raised once until THROTTLING_ENDED. Presence comes late meanwhile.",
};

pub(in crate::event) static GRAPH_UNREACHABLE: Entry = Entry {
    severity: Error,
    fields: &[HOST, STAGE, STATUS, DETAIL, NEXT_TRY],
    sentence: "Microsoft Graph ({host}) cannot be reached or does not answer usefully ({stage}): {detail}.",
    remedy: "Check from this machine, by stage. dns: the name server. proxy: address, user and password of `proxy`. connect: firewall, port \
             443. tls: a gateway that opens TLS needs its certificate authority in `tls.ca_file`. status, body: Microsoft's service health \
             page.",
    meaning: "Raised once per outage and again when the stage changes. It is tried again by itself. SOURCE_QUIET and STALE tell what it does \
              to presence. Causes that need somebody have events of their own instead: 115 to 119. GRAPH_RECOVERED follows.",
};

pub(in crate::event) static GRAPH_RECOVERED: Entry = Entry {
    severity: Info,
    fields: &[always("outage_ms", Number, "how long it lasted"), ENDS],
    sentence: "Microsoft Graph answers again after {outage_ms} ms.",
    remedy: "Nothing to do.",
    meaning: "Ends GRAPH_UNREACHABLE and the events 115 to 119 for the Graph host.",
};

pub(in crate::event) static UNKNOWN_WORD: Entry = Entry {
    severity: Warning,
    fields: &[always("field", Text, "`availability` or `activity`"), always("word", Foreign, "the word as it came")],
    sentence: "Graph sent the {field} \"{word}\", which this version does not know.",
    remedy: "Look for a newer version of this library. Until then an unknown availability changes nothing for the user, and an unknown \
             activity leaves the availability to decide.",
    meaning: "Raised once per word and start.",
};

pub(in crate::event) static REQUEST_REFUSED: Entry = Entry {
    severity: Error,
    fields: &[
        always("endpoint", Text, "the class of request: `users`, `delta`, `presences`, `other`"),
        always("status", Number, "HTTP status"),
        always("error", Foreign, "Graph's error code, or empty"),
        DETAIL,
        NEXT_TRY,
        REQUEST_ID,
    ],
    sentence: "Graph refuses a request ({endpoint}, HTTP {status}, {error}): {detail}.",
    remedy: "Compare `cloud`, `endpoints` and `tenant_id` with the tenant. If they are right, report it with this event's JSON; quote the \
             request id to Microsoft.",
    meaning: "An answer that neither waiting nor signing in again will mend. It is tried again slowly. Raised once per status and error.",
};

pub(in crate::event) static OBJECT_ID_REFUSED: Entry = Entry {
    severity: Warning,
    fields: &[
        always("object_id", Text, "the id that Graph refuses"),
        always("status", Number, "HTTP status of the request that held only this id"),
    ],
    sentence: "Graph refuses the object id {object_id} of user {user_id}.",
    remedy: "If the telephone system hands over this object id, correct it there (Microsoft 365 > Users > the user > Object ID). The other \
             users are not affected.",
    meaning: "A batch was refused and divided until this id stood alone. The user is left out of the others' requests, and asked about \
              again after 5 minutes, then after twice as long each time, at most an hour; or at once with another id.",
};

pub(in crate::event) static TOKEN_REFUSED: Entry = Entry {
    severity: Error,
    fields: &[always("error", Foreign, "Graph's error code, or empty"), DETAIL, NEXT_TRY, REQUEST_ID],
    sentence: "Graph refuses a fresh access token ({error}): {detail}.",
    remedy: "Compare `cloud`, `endpoints` and `auth.scope`: a token of one cloud is worth nothing in another. Also check whether Conditional \
             Access ends sessions of this app.",
    meaning: "Graph answered 401, a new token was fetched, and the answer was 401 again.",
};

pub(in crate::event) static PERMISSION_EXCESS: Entry = Entry {
    severity: Info,
    fields: &[always("permissions", Texts, "granted, but not needed")],
    sentence: "The app has more permissions than this library needs: {permissions}.",
    remedy: "If no other program uses this app registration: Entra admin center > App registrations > the app > API permissions: remove them.",
    meaning: "Read from the first token after a start.",
};

pub(in crate::event) static PERMISSION_GRANTED: Entry = Entry {
    severity: Info,
    fields: &[
        always("permission", Text, "the permission"),
        always("needed_for", Text, "`presence`, `directory` or `publishing`"),
    ],
    sentence: "The permission {permission}, needed for {needed_for}, is granted now.",
    remedy: "Nothing to do.",
    meaning: "Ends PERMISSION_MISSING.",
};

pub(in crate::event) static THROTTLING_ENDED: Entry = Entry {
    severity: Info,
    fields: &[always("throttled_ms", Number, "how long it lasted")],
    sentence: "Microsoft no longer limits the rate of requests, after {throttled_ms} ms.",
    remedy: "Nothing to do.",
    meaning: "Ends THROTTLED.",
};

pub(in crate::event) static PRESENCE_REFUSED: Entry = Entry {
    severity: Error,
    fields: &[
        always("error", Foreign, "Graph's error code, or empty"),
        always("granted", Texts, "the permissions found in the token"),
        STATUS,
        DETAIL,
        NEXT_TRY,
        REQUEST_ID,
    ],
    sentence: "Graph refuses to tell presence though the permission is granted ({error}): {detail}.",
    remedy: "Check in this order. Licences: Microsoft 365 admin center > Billing > Licenses: the tenant and its users need a plan with Teams. \
             Policies: Conditional Access for workload identities, and Teams settings, must not shut this app out. Consent: it must have been \
             given in this tenant.",
    meaning: "Graph answered 403 to a token that carries the permission: a licence is missing, or a policy forbids it. A single user without a \
              Teams licence causes no error: his presence is unknown. Raised once; PRESENCE_ALLOWED follows.",
};

pub(in crate::event) static PRESENCE_ALLOWED: Entry = Entry {
    severity: Info,
    fields: &[],
    sentence: "Graph tells presence again.",
    remedy: "Nothing to do.",
    meaning: "Ends PRESENCE_REFUSED.",
};
