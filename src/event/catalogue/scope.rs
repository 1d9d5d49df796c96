//! 63x: for whom the library acts, and whether it does.

use super::super::Severity::{Info, Warning};
use super::super::entry::Holds::{Number, Text, Texts};
use super::super::entry::{Entry, always, maybe};

pub(in crate::event) static OPTED_OUT: Entry = Entry {
    severity: Info,
    fields: &[
        always("users", Number, "users handed over who are on the list"),
        always("opted_out_users", Texts, "the first 20 ids of these"),
        always("entries_without_user", Number, "entries of `opt_out` that name nobody handed over"),
        always("unknown_user_ids", Texts, "the first 20 of these that are no e-mail addresses"),
    ],
    sentence: "{users} users are on the opt-out list and are not followed; {entries_without_user} entries of the list name nobody.",
    remedy: "Look for slips in the entries of `opt_out` that name nobody: whoever such an entry was to mean is followed. Nothing to do if \
             they are people who have left.",
    meaning: "Raised by `tps_set_users` and a reload when one of the two numbers has changed. `tps_explain` without a user tells each one.",
};

pub(in crate::event) static DRY_RUN: Entry = Entry {
    severity: Warning,
    fields: &[],
    sentence: "Dry run: users are followed and decisions are told, but nothing is set in the telephone system.",
    remedy: "Look at what would be set (DRY_RUN_SUMMARY, DRY_RUN_DECISION, `tps_explain`). Take `dry_run` out of the configuration and reload \
             it when that is what is wanted.",
    meaning: "Raised at each start and reload that begins a dry run. What had been set from Teams is taken back first. DRY_RUN_ENDED follows.",
};

pub(in crate::event) static DRY_RUN_SUMMARY: Entry = Entry {
    severity: Info,
    fields: &[
        always("users", Number, "users for whom something has been decided"),
        always("dnd_on", Number, "users whose do-not-disturb would be on now"),
        always("dnd_on_users", Texts, "the first 20 ids of these"),
        always("chat", Texts, "how many users would have which chat state, as `available 12`"),
        always("first", Number, "first decisions since the last summary; they are not told singly"),
        always("untold", Number, "later decisions since the last summary that were too many to be told singly"),
    ],
    sentence: "Dry run: of {users} users {dnd_on} would be on do-not-disturb now; chat: {chat}.",
    remedy: "Nothing to do. `tps_explain` of a user tells what would be set and why.",
    meaning: "Raised 10 seconds after the first decisions of a dry run, and then once a minute if there were first decisions again, or more \
              later ones than are told singly (60 a minute).",
};

pub(in crate::event) static DRY_RUN_DECISION: Entry = Entry {
    severity: Info,
    fields: &[
        always("would", Text, "what would be set, in words"),
        always(
            "because",
            Text,
            "`rule`, or why it would be taken back: `stale`, `disabled`, `removed`, `unmatched`, `seats`, `opted_out`",
        ),
        maybe("dnd", Text, "`on` or `off`; missing where do-not-disturb would not be touched"),
        maybe("queue", Text, "the same for the calls of queues"),
        maybe("chat", Text, "the chat state; missing where it would not be touched"),
        maybe("dnd_rule", Text, "which rule decides do-not-disturb: `list[0]` and so on, or `table`"),
        maybe("chat_rule", Text, "which rule decides the chat state"),
        maybe("availability", Text, "what Teams shows"),
        maybe("activity", Text, "what Teams shows"),
    ],
    sentence: "Dry run: user {user_id} would get {would} ({because}).",
    remedy: "Nothing to do. If this is not what is wanted, change `rules`.",
    meaning: "Raised when a decision about a user changes, once for both outputs together, at most 60 times a minute for all users. The first \
              decisions after the start, and what goes beyond that number, are in DRY_RUN_SUMMARY.",
};

pub(in crate::event) static DRY_RUN_ENDED: Entry = Entry {
    severity: Info,
    fields: &[],
    sentence: "The dry run is over: what is decided is set in the telephone system from now on.",
    remedy: "Nothing to do.",
    meaning: "Ends DRY_RUN. Everybody's state is delivered as after a start.",
};
