//! Step 9: one request for presence, as a sweep would send it.

use std::collections::HashSet;

use super::line::{Line, MOST_IDS, Step};
use super::trouble;
use super::users::Found;
use crate::graph::{GraphClient, MOST_IDS as MOST_ASKED, PresenceAnswer};
use crate::presence::Guid;

pub(super) async fn ask(client: &GraphClient, found: &Found) -> Line {
    let batch = &found.accounts[..found.accounts.len().min(MOST_ASKED)];
    if batch.is_empty() {
        return Line::skipped(Step::Presence, "not tried: no account is known to ask for");
    }
    let ids: Vec<Guid> = batch.iter().map(|(id, _)| *id).collect();
    let mut answer = PresenceAnswer::default();
    if let Err(error) = client.presences(&ids, &mut answer).await {
        return trouble::failed(Step::Presence, &error).fact("asked", ids.len());
    }
    let mut named: HashSet<Guid> = HashSet::new();
    let mut telling: HashSet<Guid> = HashSet::new();
    for (id, raw) in answer.iter() {
        named.insert(id);
        if raw.availability.is_some_and(|word| !word.is_empty() && !word.eq_ignore_ascii_case("PresenceUnknown")) {
            telling.insert(id);
        }
    }
    let silent: Vec<&str> =
        batch.iter().filter(|(id, _)| !telling.contains(id)).map(|(_, user_id)| &**user_id).take(MOST_IDS).collect();
    let told = ids.iter().filter(|id| telling.contains(id)).count();
    let missing = ids.iter().filter(|id| !named.contains(id)).count();
    let line = if told == ids.len() {
        Line::ok(Step::Presence, format!("presence of {told} of {} asked for", ids.len()))
    } else {
        let first: Vec<&str> = silent.iter().copied().take(5).collect();
        let more = if silent.len() > first.len() { ", …" } else { "" };
        Line::warning(
            Step::Presence,
            format!("presence of {told} of {} asked for; none of {}{more}", ids.len(), first.join(", ")),
        )
        .remedy(
            "Look whether these people have a Teams licence and have signed in to Teams; an account made or licensed today needs some hours.",
        )
    };
    line.fact("asked", ids.len()).fact("told", told).fact("missing", missing).fact("without_presence_users", silent)
}
