//! What administrators are told of the matching.

use crate::event::{Event, Kind};
use crate::host::Desk;
use crate::sync::{MatchKind, MatchedBy, Turn, Unmatched};

/// Ids named in a report, per cause.
const NAMED: usize = 20;

/// Tells how everybody stands.
pub(super) fn everybody(desk: &Desk) {
    let draft = desk.with(|engine, _| {
        let counts = engine.match_counts();
        let count = |word: &str| counts.get(word).copied().unwrap_or(0);
        let named = |word: &str| engine.match_examples(word, NAMED);
        let mut unmatched = named("unknown");
        unmatched.extend(named("no_such_object"));
        unmatched.truncate(NAMED);
        Event::new(Kind::DirectoryReport)
            .with("users", counts.values().sum::<u64>())
            .with("matched", count("matched"))
            .with("unmatched", count("unknown") + count("no_such_object"))
            .with("ambiguous", count("ambiguous"))
            .with("guests", count("guest"))
            .with("disabled", count("disabled"))
            .with("without_address", count("no_address") + count("invalid"))
            .with("opted_out", count("opted_out"))
            .with("unmatched_users", unmatched)
            .with("ambiguous_users", named("ambiguous"))
            .with("guest_users", named("guest"))
            .with("disabled_users", named("disabled"))
    });
    desk.reporter().event_now(draft);
}

/// Tells of one user whose match changed.
pub(super) fn single(desk: &Desk, turn: &Turn) {
    let draft = match turn.after {
        MatchKind::Matched(by) => Event::new(Kind::UserMatched).with("object_id", turn.object.to_string()).with("by", word(by)),
        MatchKind::Unmatched(Unmatched::Gone) => Event::new(Kind::UserUnmatched).with("cause", "gone"),
        MatchKind::Unmatched(_) => {
            Event::new(Kind::UserUnmatched).with("cause", turn.after.as_str()).with_some("hits", turn.hits)
        }
        // Not an outcome of a search.
        MatchKind::Pending | MatchKind::NoAddress | MatchKind::Invalid | MatchKind::OptedOut => return,
    };
    desk.reporter().event_now(draft.user(turn.user_id.clone()));
}

fn word(by: MatchedBy) -> &'static str {
    match by {
        MatchedBy::Override => "object_id",
        MatchedBy::Mail => "mail",
        MatchedBy::Upn => "upn",
        MatchedBy::ProxyAddress => "proxy_address",
    }
}
