//! What the answers of the token endpoint have in common.

use serde_json::{Value, json};

use crate::guid;
use crate::reply::Reply;
use crate::world::{Call, World};

/// The members that every success has.
pub(super) fn answer(world: &World, token: &str) -> Value {
    let seconds = world.oddities.token_lifetime_s;
    let number = if world.oddities.expires_in_as_string { seconds.to_string().into() } else { Value::from(seconds) };
    json!({"token_type": "Bearer", "expires_in": number, "ext_expires_in": number, "access_token": token})
}

/// The headers of every answer of the token endpoint.
pub(crate) fn headers(reply: Reply, call: &Call) -> Reply {
    let reply = reply
        .with("cache-control", "no-store, no-cache")
        .with("pragma", "no-cache")
        .with("x-ms-request-id", &guid::text(call.request_id));
    match call.client_request_id() {
        Some(id) if call.header("return-client-request-id") == Some("true") => reply.with("client-request-id", id),
        _ => reply,
    }
}
