//! 6xx: the host and its users.

use super::super::Severity::{Error, Info, Warning};
use super::super::entry::Holds::{Number, Text, Texts};
use super::super::entry::{Entry, always, maybe};
use super::OUTPUT;

pub(in crate::event) static ALL_RELEASED: Entry = Entry {
    severity: Info,
    fields: &[
        always("users", Number, "users for whom something was taken back"),
        always("undelivered", Number, "users for whom it could not be"),
    ],
    sentence: "Everything that was set from Teams has been taken back ({users} users, {undelivered} not delivered).",
    remedy: "The library may be unloaded or uninstalled now. For those not delivered see RELEASE_UNDELIVERED.",
    meaning: "Follows `tps_set_enabled(0)` and a reload with `\"enabled\": false` once the last answer of the telephone system has come.",
};

pub(in crate::event) static HOST_REFUSES: Entry = Entry {
    severity: Warning,
    fields: &[
        OUTPUT,
        always("attempts", Number, "how often it was offered"),
        always("answer", Text, "the last answer: `retry`, `timeout`"),
    ],
    sentence: "The telephone system does not accept a change of {output} for user {user_id} after {attempts} attempts ({answer}).",
    remedy: "Look into the telephone system's log for user {user_id}. The change is offered again by itself, at most a minute apart; \
             `tps_refresh` offers it at once.",
    meaning: "Raised after the 5th failure. Other users are not affected. HOST_RECOVERED follows.",
};

pub(in crate::event) static HOST_RECOVERED: Entry = Entry {
    severity: Info,
    fields: &[OUTPUT, always("attempts", Number, "how often it was offered")],
    sentence: "The telephone system accepted the change of {output} for user {user_id} at attempt {attempts}.",
    remedy: "Nothing to do.",
    meaning: "Ends HOST_REFUSES.",
};

pub(in crate::event) static SEATS_NEAR: Entry = Entry {
    severity: Warning,
    fields: &[always("used", Number, "users with an address"), always("limit", Number, "`seats.limit`")],
    sentence: "{used} of {limit} seats are used.",
    remedy: "Ask the vendor of the telephone system for more seats, or hand over fewer users.",
    meaning: "Raised at 90 percent.",
};

pub(in crate::event) static SEATS_EXCEEDED: Entry = Entry {
    severity: Error,
    fields: &[
        always("used", Number, "users with an address"),
        always("limit", Number, "`seats.limit`"),
        always("over_limit", Text, "`seats.over_limit`: `first` or `none`"),
        always("left_out", Number, "users not served because of it"),
        always("left_out_users", Texts, "the first 20 ids of these"),
    ],
    sentence: "{used} users need seats but there are {limit}; {left_out} users are not served.",
    remedy: "Ask the vendor of the telephone system for more seats, or hand over fewer users. Order matters: with `first` the users handed over \
             first are served; with `none` nobody is until there are enough.",
    meaning: "Raised when the limit is passed and when the number left out changes. SEATS_RESTORED follows.",
};

pub(in crate::event) static USER_INVALID: Entry = Entry {
    severity: Info,
    fields: &[
        always(
            "cause",
            Text,
            "`no_email`, `malformed_email`, `malformed_object_id` or `duplicate_user_id` (the first entry with this id counts)",
        ),
        always("count", Number, "users handed over so"),
        always("users", Texts, "the first 20 ids of these"),
    ],
    sentence: "Not served as handed over ({cause}): {users}; {count} in all.",
    remedy: "Correct these users' entries in the telephone system. Nothing to do for devices without a person, such as door phones.",
    meaning: "Raised by `tps_set_users` and `tps_put_user`, once for each cause. The rest of the list is not affected.",
};

pub(in crate::event) static RELEASE_UNDELIVERED: Entry = Entry {
    severity: Error,
    fields: &[
        always("cause", Text, "why it was to be released: `stopping` or `removed`"),
        always("count", Number, "users concerned"),
        always("users", Texts, "the first 20 ids of these"),
    ],
    sentence: "What was set from Teams for {count} users could not be taken back ({cause}): {users}.",
    remedy: "Clear their do-not-disturb and chat state by hand in the telephone system, and look there why it did not accept the change.",
    meaning: "At a stop each release is offered once; a removed user's for 15 minutes.",
};

pub(in crate::event) static RULE_SET_UNKNOWN: Entry = Entry {
    severity: Warning,
    fields: &[always("rule_set", Text, "the name handed over"), maybe("known", Texts, "the names in `rules.sets`")],
    sentence: "User {user_id} names the rule set {rule_set}, which the configuration does not have.",
    remedy: "Add {rule_set} to `rules.sets`, or correct the name in the telephone system. Until then the default rules apply.",
    meaning: "Raised once per user and name.",
};

pub(in crate::event) static ACKNOWLEDGE_TIMED_OUT: Entry = Entry {
    severity: Warning,
    fields: &[OUTPUT, always("timeout_ms", Number, "`dispatch.ack_timeout_ms`")],
    sentence: "The telephone system did not confirm a change of {output} for user {user_id} within {timeout_ms} ms.",
    remedy: "For the programmer: after TPS_ACK_PENDING call tps_acknowledge in every case, or lengthen `dispatch.ack_timeout_ms`. The change is \
             offered again by itself.",
    meaning: "Raised at the first time-out of a change; HOST_REFUSES follows if it goes on.",
};

pub(in crate::event) static USER_GONE: Entry = Entry {
    severity: Info,
    fields: &[OUTPUT],
    sentence: "The telephone system says that it has no user {user_id} any more.",
    remedy: "Nothing to do if the user was deleted. Otherwise hand the user over again.",
    meaning: "Answer TPS_ACK_GONE. Nothing is offered for the user until he is put again.",
};

pub(in crate::event) static CALLBACK_SLOW: Entry = Entry {
    severity: Warning,
    fields: &[always("callback", Text, "which one"), always("took_ms", Number, "how long it took")],
    sentence: "The callback {callback} of the telephone system took {took_ms} ms.",
    remedy: "For the programmer: callbacks of one instance come one after the other, so a slow one delays everybody. Hand the work to another \
             thread and answer TPS_ACK_PENDING.",
    meaning: "Raised for a callback of more than a second, at most once a minute.",
};

pub(in crate::event) static CALLBACK_MISSING: Entry = Entry {
    severity: Info,
    fields: &[always("callback", Text, "which one")],
    sentence: "The telephone system has no {callback}: what it would be told is not delivered.",
    remedy: "Nothing to do if this is meant.",
    meaning: "Raised once per start for each output that has no callback; for `on_queue_dnd` only where rules name `queue`, also by a reload that \
              brings the first such rule.",
};

pub(in crate::event) static SEATS_RESTORED: Entry = Entry {
    severity: Info,
    fields: &[always("used", Number, "users with an address"), always("limit", Number, "`seats.limit`; 0 = no limit any more")],
    sentence: "There are enough seats again: {used} users.",
    remedy: "Nothing to do.",
    meaning: "Ends SEATS_EXCEEDED.",
};
