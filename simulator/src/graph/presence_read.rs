//! One user's presence: GET /users/{id}/presence, /communications/presences/{id}, /me/presence

use super::context::{Answer, Context};
use super::error::GraphError;
use super::header::ODATA;
use crate::directory::UserType;
use crate::guid;
use crate::presence::{Seen, View, write_entry};
use crate::reply::Reply;

pub(super) fn one(cx: &mut Context<'_>, key: &str) -> Answer {
    let id = guid::parse(key);
    let own = id.is_some() && cx.who.user == id;
    let allowed: &[&str] = match (cx.who.app_only(), own) {
        (true, _) => &["Presence.Read.All", "Presence.ReadWrite.All"],
        (false, true) => &["Presence.Read", "Presence.Read.All"],
        (false, false) => &["Presence.Read.All"],
    };
    if !cx.who.has(allowed) {
        return Err(GraphError::presence_denied());
    }
    // Only the object id is documented here, not the user principal name.
    let id = id.ok_or_else(|| GraphError::new(400, "BadRequest", format!("The id '{key}' is not a GUID.")))?;
    show(cx, id, if own { View::Own } else { View::Other })
}

pub(super) fn mine(cx: &mut Context<'_>) -> Answer {
    let Some(id) = cx.who.user else {
        return Err(GraphError::new(400, "BadRequest", "/me request is only valid with delegated authentication flow."));
    };
    if !cx.who.has(&["Presence.Read", "Presence.Read.All"]) {
        return Err(GraphError::presence_denied());
    }
    show(cx, id, View::Own)
}

fn show(cx: &mut Context<'_>, id: u128, view: View) -> Answer {
    let missing = || GraphError::new(404, "NotFound", format!("The user '{}' was not found.", guid::text(id)));
    let tenant = &cx.world.tenants[cx.tenant];
    let index = tenant.directory.index_of_id(id).ok_or_else(missing)?;
    let user = tenant.directory.get(index).ok_or_else(missing)?;
    let unknown = Seen { availability: Some("PresenceUnknown"), activity: Some("PresenceUnknown"), sequence: 0, extra: None };
    let seen = if user.user_type == UserType::Guest { unknown } else { tenant.presence.seen(index, cx.call.now) };
    if seen.extra.is_some_and(|e| e.missing) {
        return Err(missing());
    }
    let odd = &cx.world.oddities;
    let (origin, text) = (&cx.call.origin, guid::text(id));
    let mut out = format!("{{\"@odata.context\":\"{origin}/v1.0/$metadata#users('{text}')/presence/$entity\",").into_bytes();
    if odd.single_wrapped {
        out.extend_from_slice(b"\"value\":[");
    }
    let at = out.len();
    write_entry(&mut out, id, seen, view, odd);
    if odd.single_wrapped {
        out.extend_from_slice(b"]}");
    } else {
        // The context is the first member of the same object.
        out.remove(at);
    }
    Ok(Reply::new(200).with_body(ODATA, out))
}
