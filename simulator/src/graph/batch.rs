//! POST /$batch: up to twenty requests in one.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::context::{Answer, Context, require_json};
use super::error::GraphError;
use super::header::ODATA;
use super::route::{Route, route};
use crate::guid;
use crate::reply::Reply;
use crate::world::{Call, World};

fn bad(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "BadRequest", message)
}

/// Answers one request with the world in hand.
pub(super) type Run = fn(&mut World, &Route, &Call) -> Answer;

/// `run` answers each of the requests.
pub(super) fn batch(cx: &mut Context<'_>, run: Run) -> Answer {
    require_json(cx.call)?;
    let body: Value = serde_json::from_slice(&cx.call.body).map_err(|e| bad(format!("Invalid batch payload: {e}.")))?;
    let parts = body["requests"].as_array().ok_or_else(|| bad("Invalid batch payload: 'requests' is missing."))?;
    if parts.is_empty() || parts.len() > 20 {
        return Err(bad(format!("{} requests in a batch; 1 to 20 are allowed.", parts.len())));
    }
    let mut ids = HashSet::new();
    for part in parts {
        let id = part["id"].as_str().ok_or_else(|| bad("Each request of a batch needs an id."))?;
        if !ids.insert(id.to_ascii_lowercase()) {
            return Err(bad(format!("The id '{id}' stands twice in the batch.")));
        }
    }
    let mut failed: HashMap<String, bool> = HashMap::new();
    let mut responses = Vec::with_capacity(parts.len());
    for part in parts {
        let id = part["id"].as_str().unwrap_or_default();
        let depends = part["dependsOn"].as_array().map_or(&[][..], Vec::as_slice);
        let blocked =
            depends.iter().filter_map(Value::as_str).any(|d| failed.get(&d.to_ascii_lowercase()).copied().unwrap_or(true));
        let reply = if blocked {
            GraphError::new(424, "FailedDependency", "A request that this one depends on has failed.").reply(cx.call)
        } else {
            answer_part(cx, part, run)?
        };
        failed.insert(id.to_ascii_lowercase(), !reply.status.is_success());
        responses.push(response(id, &reply));
    }
    // No order is promised: the last comes first.
    responses.reverse();
    Ok(Reply::new(200).with_body(ODATA, json!({ "responses": responses }).to_string().into_bytes()))
}

fn answer_part(cx: &mut Context<'_>, part: &Value, run: Run) -> Result<Reply, GraphError> {
    let method = part["method"].as_str().and_then(|m| m.parse().ok()).ok_or_else(|| bad("A request has no valid method."))?;
    let url = part["url"].as_str().ok_or_else(|| bad("A request has no url."))?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut headers = http::HeaderMap::new();
    for (name, value) in part["headers"].as_object().unwrap_or(&Map::new()) {
        if let (Ok(name), Some(Ok(value))) = (HeaderName::from_bytes(name.as_bytes()), value.as_str().map(HeaderValue::from_str))
        {
            headers.insert(name, value);
        }
    }
    let body = match &part["body"] {
        Value::Null => Bytes::new(),
        body if headers.contains_key(CONTENT_TYPE) => Bytes::from(body.to_string()),
        _ => return Err(bad("A request with a body needs a Content-Type header.")),
    };
    if let Some(token) = cx.call.headers.get(AUTHORIZATION) {
        headers.insert(AUTHORIZATION, token.clone());
    }
    let call = Call {
        shared: cx.call.shared.clone(),
        method,
        path: format!("/v1.0/{}", path.trim_start_matches('/')),
        query: query.to_owned(),
        headers,
        body,
        origin: cx.call.origin.clone(),
        now: cx.call.now,
        request_id: guid::fresh(),
    };
    let target = route(&call.segments()).unwrap_or(Route::Unknown);
    if target == Route::Batch {
        return Err(bad("A batch cannot hold a batch."));
    }
    Ok(run(cx.world, &target, &call).unwrap_or_else(|error| error.reply(&call)))
}

fn response(id: &str, reply: &Reply) -> Value {
    let mut headers = Map::new();
    for (name, wire) in [("content-type", "Content-Type"), ("retry-after", "Retry-After"), ("location", "Location")] {
        if let Some(value) = reply.headers.get(name).and_then(|v| v.to_str().ok()) {
            headers.insert(wire.to_owned(), value.into());
        }
    }
    let mut out = json!({"id": id, "status": reply.status.as_u16(), "headers": headers});
    if !reply.body.is_empty() {
        out["body"] = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    }
    out
}
