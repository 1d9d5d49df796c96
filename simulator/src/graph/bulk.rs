//! POST /communications/getPresencesByUserId

use std::borrow::Cow;

use serde::Deserialize;

use super::context::{Answer, Context, require_json};
use super::error::GraphError;
use super::header::ODATA;
use crate::directory::UserType;
use crate::guid;
use crate::oddity::{DuplicateIds, MalformedIds, UnknownIds};
use crate::presence::{Seen, View, write_entry};
use crate::reply::Reply;

/// Graph refuses members of the body that the action does not have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    #[serde(borrow)]
    ids: Vec<Cow<'a, str>>,
}

fn bad(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "BadRequest", message)
}

const UNKNOWN: Seen<'static> =
    Seen { availability: Some("PresenceUnknown"), activity: Some("PresenceUnknown"), sequence: 0, extra: None };
const IN_A_CALL: Seen<'static> = Seen { availability: Some("Busy"), activity: Some("InACall"), sequence: 0, extra: None };
const OFFLINE: Seen<'static> = Seen { availability: Some("Offline"), activity: Some("Offline"), sequence: 0, extra: None };

pub(super) fn by_user_id(cx: &mut Context<'_>) -> Answer {
    let allowed: &[&str] =
        if cx.who.app_only() { &["Presence.Read.All", "Presence.ReadWrite.All"] } else { &["Presence.Read.All"] };
    if !cx.who.has(allowed) {
        return Err(GraphError::presence_denied());
    }
    require_json(cx.call)?;
    let request: Request<'_> =
        serde_json::from_slice(&cx.call.body).map_err(|e| bad(format!("Unable to read JSON request payload: {e}.")))?;
    let asked = request.ids;
    let world = &mut *cx.world;
    let counters = &mut world.records.counters;
    counters.ids_asked += asked.len() as u64;
    counters.max_ids = counters.max_ids.max(asked.len());
    let odd = &world.oddities;
    if asked.is_empty() {
        return Err(bad("The ids must not be empty."));
    }
    if asked.len() > odd.max_ids {
        return Err(bad(format!("{} ids in one request; at most {} are allowed.", asked.len(), odd.max_ids)));
    }
    let mut ids = Vec::with_capacity(asked.len());
    for text in &asked {
        if odd.poison_ids.iter().any(|p| p.eq_ignore_ascii_case(text)) {
            return Err(bad("The request is not valid."));
        }
        match (guid::parse(text), odd.malformed_ids) {
            (Some(id), _) => ids.push(id),
            (None, MalformedIds::Ignored) => {}
            (None, MalformedIds::BadRequest) => return Err(bad(format!("The id '{text}' is not a GUID."))),
        }
    }
    if odd.duplicate_ids == DuplicateIds::Once {
        let mut seen = std::collections::HashSet::with_capacity(ids.len());
        ids.retain(|id| seen.insert(*id));
    }
    if odd.shuffle {
        world.random.shuffle(&mut ids);
    }

    let tenant = &world.tenants[cx.tenant];
    let mut out = Vec::with_capacity(160 + ids.len() * 288);
    out.extend_from_slice(b"{\"@odata.context\":\"");
    out.extend_from_slice(cx.call.origin.as_bytes());
    out.extend_from_slice(b"/v1.0/$metadata#Collection(microsoft.graph.presence)\",\"value\":[");
    let mut first = true;
    for id in ids {
        let index = tenant.directory.index_of_id(id);
        let user = index.and_then(|i| tenant.directory.get(i).map(|user| (i, user)));
        let seen = match user {
            Some((_, user)) if user.user_type == UserType::Guest => {
                if odd.guests_missing {
                    continue;
                }
                UNKNOWN
            }
            Some((index, _)) => tenant.presence.seen(index, cx.call.now),
            None => match odd.unknown_ids {
                UnknownIds::Missing => continue,
                UnknownIds::PresenceUnknown => UNKNOWN,
                UnknownIds::Offline => OFFLINE,
                UnknownIds::NotFound => {
                    return Err(GraphError::new(404, "NotFound", format!("The user '{}' was not found.", guid::text(id))));
                }
            },
        };
        if seen.extra.is_some_and(|e| e.missing) {
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        let view = if cx.who.user == Some(id) { View::Own } else { View::Other };
        if odd.doubled_entries {
            write_entry(&mut out, id, IN_A_CALL, view, odd);
            out.push(b',');
        }
        write_entry(&mut out, id, seen, view, odd);
    }
    out.extend_from_slice(b"]}");
    Ok(Reply::new(200).with_body(ODATA, out))
}
