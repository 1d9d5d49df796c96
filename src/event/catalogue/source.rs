//! 4xx: where presence comes from.

use super::super::Severity::{Error, Info, Warning};
use super::super::entry::Holds::{Foreign, Moment, Number, Text, Texts};
use super::super::entry::{Entry, Field, always, maybe};
use super::{DETAIL, NEXT_TRY, REQUEST_ID, STATUS};

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

const ACCOUNT: Field = always("account", Text, "name of the account that subscribes; `main` is the sign-in of `auth`");
const SUBSCRIBED: Field = always("users", Number, "persons in its subscription");

pub(in crate::event) static NOTIFICATIONS_ON: Entry = Entry {
    severity: Info,
    fields: &[
        ACCOUNT,
        SUBSCRIBED,
        always("content", Text, "`rich` or `basic`"),
        always("expires_at_ms", Moment, "when the subscription ends unless it is renewed, which happens by itself"),
        maybe("off_ms", Number, "how long there were none, where there were some before"),
    ],
    sentence: "Microsoft sends changes of presence of {users} users (account {account}, {content}).",
    remedy: "Nothing to do.",
    meaning: "Raised when a subscription begins to deliver and its users are no longer polled at `source.poll_interval_ms`. Not at each renewal, \
              nor when the subscription is replaced because users came or went. Ends NOTIFICATIONS_OFF, NOTIFICATIONS_MISSED and \
              SUBSCRIPTION_REFUSED of the account.",
};

pub(in crate::event) static NOTIFICATIONS_OFF: Entry = Entry {
    severity: Warning,
    fields: &[
        ACCOUNT,
        SUBSCRIBED,
        always(
            "cause",
            Text,
            "`sign_in` (the account is not signed in), `handshake` (Microsoft could not reach the address), `refused` (see \
             SUBSCRIPTION_REFUSED), `lapsed` (it could not be renewed in time), `removed` (Microsoft ended it), `outage` (Graph does not \
             answer)",
        ),
        always("detail", Foreign, "the words of the server or of the system, or empty"),
        NEXT_TRY,
    ],
    sentence: "Microsoft sends no changes of presence of {users} users (account {account}, {cause}); they are polled.",
    remedy: "sign_in: sign the account in (SIGN_IN_REQUIRED, CREDENTIAL_REFUSED). handshake: `source.notifications.url` must reach the listener \
             from the internet with a certificate that the world trusts, within 10 seconds. refused: see SUBSCRIPTION_REFUSED. lapsed, \
             removed, outage: nothing, it is tried again by itself.",
    meaning: "Raised once until NOTIFICATIONS_ON, and again when the cause changes. Presence goes on by polling at \
              `source.poll_interval_ms`.",
};

pub(in crate::event) static NOTIFICATIONS_MISSED: Entry = Entry {
    severity: Warning,
    fields: &[
        ACCOUNT,
        always("missed", Number, "users whose change was seen by polling and never sent"),
        SUBSCRIBED,
        always("resubscribed", Text, "`yes` if the subscription is replaced at once, `no` if that was done lately and must wait"),
    ],
    sentence: "Microsoft did not send changes of {missed} of {users} users (account {account}); all of them are polled.",
    remedy: "Nothing at first: it is subscribed anew, and notifications are trusted again once they prove themselves. If it comes often, look at \
             what stands between the internet and the listener: it must answer Microsoft within 3 seconds, else notifications are delayed and \
             dropped.",
    meaning: "A look at everybody (`source.watchdog_interval_ms`) found changes of which no notification came within 75 seconds; Microsoft \
              promises one minute at the most. Users who do not change are no cause. Raised at the first time and then at most every 10 \
              minutes. NOTIFICATIONS_ON follows after three changes that were sent in time, or ten minutes without a missed one.",
};

pub(in crate::event) static SUBSCRIPTION_REFUSED: Entry = Entry {
    severity: Error,
    fields: &[
        ACCOUNT,
        always("step", Text, "`create`, `renew`, `delete` or `list`"),
        always(
            "cause",
            Text,
            "`handshake` (Microsoft could not validate the address), `permission` (the token lacks Presence.Read.All, or is one of the app), \
             `quota` (too many subscriptions), `conflict` (the account has one already that cannot be replaced), `request` (anything else)",
        ),
        STATUS,
        always("error", Foreign, "Graph's error code, or empty"),
        DETAIL,
        NEXT_TRY,
        REQUEST_ID,
    ],
    sentence: "Microsoft refuses the subscription of account {account} ({step}, {cause}): {detail}.",
    remedy: "handshake: open `source.notifications.url` from outside; the path to the listener must keep the query and answer within 10 seconds. \
             permission: give the app the delegated permission Presence.Read.All with admin consent, and sign the account in again. quota: \
             remove subscriptions of other programs (10,000 for an organisation). conflict: use another account or app registration than \
             the other program. request: quote the request id to Microsoft.",
    meaning: "Raised once for each step and cause until NOTIFICATIONS_ON. It is tried again slowly, and the users are polled.",
};

pub(in crate::event) static NOTIFICATIONS_FOREIGN: Entry = Entry {
    severity: Warning,
    fields: &[
        always("count", Number, "notifications and requests refused"),
        always("period_ms", Number, "in this time"),
        always("malformed", Number, "of them: not a notification at all"),
        always("unknown", Number, "of them: of no subscription of this instance, or without its secret"),
        always("unproved", Number, "of them: tokens, signature or encryption were wrong or missing"),
    ],
    sentence: "{count} notifications that are not for this instance were refused in {period_ms} ms.",
    remedy: "malformed, unknown: strangers try the address; nothing is believed from them. A reverse proxy may let only Microsoft's addresses \
             through. Right after a restart without `state.dir` they are those of the subscription before. unproved: if real ones are missing \
             too, the app's service principal may require assignment (`appRoleAssignmentRequired`), or the clock is wrong.",
    meaning: "Raised at the first one and then at most once an hour, with what was counted since.",
};

const ADDRESS: Field = always("address", Text, "`source.notifications.listener.address`");

pub(in crate::event) static LISTENER_FAILED: Entry = Entry {
    severity: Error,
    fields: &[
        ADDRESS,
        always("step", Text, "`bind` (the address cannot be taken), `certificate` (certificate or key cannot be used), `serve`"),
        DETAIL,
        NEXT_TRY,
    ],
    sentence: "The listener for notifications at {address} does not work ({step}): {detail}.",
    remedy: "bind: another program has the port, or the machine has no such address. certificate: both files must be PEM, belong together and be \
             readable for the telephone system's account; the certificate before serves as long as it can. serve: nothing, it is begun again by \
             itself.",
    meaning: "Raised once per step until LISTENER_RECOVERED. Presence goes on by polling.",
};

pub(in crate::event) static NOT_SUBSCRIBED: Entry = Entry {
    severity: Info,
    fields: &[
        always("users", Number, "users who are polled for good"),
        always("without_room", Number, "of them: beyond 650 for each account that is signed in"),
        always(
            "service_accounts",
            Number,
            "of them: the user's account is one that subscribes, and gets no notifications of itself",
        ),
        always("user_ids", Texts, "their user ids, those of service accounts first"),
    ],
    sentence: "{users} users are not subscribed and are polled: {without_room} for want of room, {service_accounts} as service accounts.",
    remedy: "Polling serves them too, at `source.poll_interval_ms`. without_room: add accounts to `source.notifications.accounts`, one for each \
             650 users. service_accounts: let accounts subscribe that are nobody's.",
    meaning: "Raised when one of the two numbers has changed and stood for a minute. Users who wait for the next change of a subscription, or whose \
              account is not signed in, are not counted; `tps_explain` tells each one.",
};

pub(in crate::event) static LISTENER_CERTIFICATE_EXPIRING: Entry = Entry {
    severity: Warning,
    fields: &[
        ADDRESS,
        always("certificate", Text, "its file, `source.notifications.listener.certificate`"),
        always("days_left", Number, "whole days until it expires; 0 on the last day, negative after it"),
        always("expires_at_ms", Moment, "when it expires, or one of the chain with it"),
        always("expires", Text, "the same for people, UTC"),
    ],
    sentence: "The certificate that the listener at {address} shows ({certificate}) expires on {expires} ({days_left} days left).",
    remedy: "Renew it and put certificate and key in their places; they are read again by themselves, without a reload or restart.",
    meaning: "Raised 30, 15, 7, 3 and 1 days before the end, at the end, and daily after it; at a start also where one of these points has passed \
              already. After the end Microsoft does not trust the address: no notification comes, and presence goes on by polling. \
              LISTENER_RECOVERED follows, within an hour of the renewal.",
};

pub(in crate::event) static LISTENER_RECOVERED: Entry = Entry {
    severity: Info,
    fields: &[
        ADDRESS,
        always(
            "step",
            Text,
            "`bind`, `certificate`, `serve` as in LISTENER_FAILED; `expiring`: the certificate does not end soon any more",
        ),
    ],
    sentence: "The listener for notifications at {address} works again ({step}).",
    remedy: "Nothing to do.",
    meaning: "Ends LISTENER_FAILED of the same step, and LISTENER_CERTIFICATE_EXPIRING.",
};
