//! 2xx: finding the host's users in Microsoft 365.

use super::super::Severity::{Info, Warning};
use super::super::entry::Holds::{Number, Text, Texts};
use super::super::entry::{Entry, always, maybe};
use super::{DETAIL, NEXT_TRY, STATUS};

pub(in crate::event) static DIRECTORY_REPORT: Entry = Entry {
    severity: Info,
    fields: &[
        always("users", Number, "users handed over by the telephone system"),
        always("matched", Number, "users found, each in exactly one account"),
        always("unmatched", Number, "users whose address nobody has"),
        always("ambiguous", Number, "users whose address several accounts have"),
        always("guests", Number, "users whose address only guest accounts have"),
        always("disabled", Number, "users whose account is disabled in Entra"),
        always("without_address", Number, "users without a usable e-mail address (door phones, fax lines)"),
        always("opted_out", Number, "users on the opt-out list; nobody asked for them"),
        always("unmatched_users", Texts, "the first 20 ids of these"),
        always("ambiguous_users", Texts, "the first 20 ids of these"),
        always("guest_users", Texts, "the first 20 ids of these"),
        always("disabled_users", Texts, "the first 20 ids of these"),
    ],
    sentence: "{matched} of {users} users were found in Microsoft 365; {unmatched} unknown, {ambiguous} ambiguous, {guests} guests, \
               {disabled} disabled, {without_address} without an address.",
    remedy: "For users that should have been found: give them in the telephone system the address that Microsoft 365 > Users shows, or hand \
             over their object id. `tps_explain` without a user tells each one.",
    meaning: "How all users stand: after the first round of a start, after a `tps_set_users` with somebody to search, after `tps_refresh` of \
              everything, and where more than 20 users change at once. Other changes come singly as USER_MATCHED and USER_UNMATCHED.",
};

pub(in crate::event) static USER_UNMATCHED: Entry = Entry {
    severity: Warning,
    fields: &[
        always(
            "cause",
            Text,
            "`unknown`, `ambiguous`, `guest`, `disabled`, or `gone` (an object id handed over that does not exist)",
        ),
        maybe("hits", Number, "how many accounts have the address, where there are several"),
    ],
    sentence: "User {user_id} no longer belongs to exactly one active account in Microsoft 365 ({cause}).",
    remedy: "unknown: compare the address with Microsoft 365 > Users. ambiguous: hand over the object id. guest: only members have presence. \
             disabled: enable the account, or remove the user. gone: hand over the right object id, or the address alone. Found again by itself within ten minutes.",
    meaning: "A user who was matched is not any more, or one added by `tps_put_user` was not found. What is owned is released.",
};

pub(in crate::event) static USER_MATCHED: Entry = Entry {
    severity: Info,
    fields: &[
        always("object_id", Text, "the account's object id"),
        always("by", Text, "`mail`, `upn`, `proxy_address` or `object_id`"),
    ],
    sentence: "User {user_id} was found in Microsoft 365 by {by}.",
    remedy: "Nothing to do.",
    meaning: "A user who was unmatched, or was added by `tps_put_user`, is served from now on.",
};

pub(in crate::event) static DIRECTORY_UNAVAILABLE: Entry = Entry {
    severity: Warning,
    fields: &[STATUS, DETAIL, NEXT_TRY],
    sentence: "The directory cannot be read: {detail}.",
    remedy: "If an event about a missing permission, sign-in or the network stands beside this one, follow that one. Users found before are \
             served meanwhile; new ones wait.",
    meaning: "Raised once per outage. DIRECTORY_RECOVERED follows.",
};

pub(in crate::event) static DIRECTORY_LIMITED: Entry = Entry {
    severity: Warning,
    fields: &[
        always("permission", Text, "the permission that would lift the limit"),
        always("untold", Texts, "what cannot be told without it"),
    ],
    sentence: "Without {permission} users are found by mail and sign-in name only, and changes in the directory act within 30 minutes.",
    remedy: "Entra admin center > App registrations > the app > API permissions > Microsoft Graph: add {permission}, then grant admin consent. \
             Or leave it: users whose address is their main one are found all the same.",
    meaning: "Raised once per start when the sign-in may read only the basic profile of users. Other addresses (aliases), guests and disabled accounts cannot \
              be told then.",
};

pub(in crate::event) static DIRECTORY_RECOVERED: Entry = Entry {
    severity: Info,
    fields: &[always("outage_ms", Number, "how long it lasted")],
    sentence: "The directory can be read again after {outage_ms} ms.",
    remedy: "Nothing to do.",
    meaning: "Ends DIRECTORY_UNAVAILABLE.",
};
