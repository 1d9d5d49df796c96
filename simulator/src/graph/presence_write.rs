//! setPresence and its siblings.

use serde::Deserialize;
use serde_json::Value;

use super::context::{Answer, Context, require_json};
use super::error::GraphError;
use crate::clock::{iso, parse_duration};
use crate::guid;
use crate::presence::{Change, Preferred, Session};
use crate::reply::Reply;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// What an application's session may be.
const SESSION_PAIRS: [(&str, &str); 5] = [
    ("Available", "Available"),
    ("Busy", "InACall"),
    ("Busy", "InAConferenceCall"),
    ("Away", "Away"),
    ("DoNotDisturb", "Presenting"),
];

/// What somebody may prefer.
const PREFERRED_PAIRS: [(&str, &str); 6] = [
    ("Available", "Available"),
    ("Busy", "Busy"),
    ("DoNotDisturb", "DoNotDisturb"),
    ("BeRightBack", "BeRightBack"),
    ("Away", "Away"),
    ("Offline", "OffWork"),
];

/// Graph refuses parameters that an action does not have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetPresence {
    session_id: Option<String>,
    availability: Option<String>,
    activity: Option<String>,
    expiration_duration: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetPreferred {
    availability: Option<String>,
    activity: Option<String>,
    expiration_duration: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClearPresence {
    session_id: Option<String>,
}

fn bad(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "BadRequest", message)
}

/// POST .../presence/{action}
pub(super) fn write(cx: &mut Context<'_>, key: &str, action: &str) -> Answer {
    if !["setPresence", "clearPresence", "setUserPreferredPresence", "clearUserPreferredPresence", "setStatusMessage"]
        .contains(&action)
    {
        return Err(bad(format!("Resource not found for the segment '{action}'.")));
    }
    let id = guid::parse(key);
    let allowed = if cx.who.app_only() { "Presence.ReadWrite.All" } else { "Presence.ReadWrite" };
    // A signed-in user writes only what is his own.
    if !cx.who.has(&[allowed]) || !cx.who.app_only() && cx.who.user != id {
        return Err(GraphError::presence_denied());
    }
    let id = id.ok_or_else(|| bad(format!("The id '{key}' is not a GUID.")))?;
    let directory = &cx.world.tenants[cx.tenant].directory;
    let index = directory.index_of_id(id).filter(|&i| directory.get(i).is_some());
    let index = index.ok_or_else(|| GraphError::new(404, "NotFound", format!("The user '{key}' was not found.")))?;
    require_json(cx.call)?;
    let change = match action {
        "setPresence" => set_presence(cx)?,
        "clearPresence" => clear_presence(cx)?,
        "setUserPreferredPresence" => set_preferred(cx)?,
        "clearUserPreferredPresence" => Change::ClearPreferred,
        _ => Change::StatusMessage(status_message(cx)?),
    };
    if !cx.world.tenants[cx.tenant].presence.apply(index, change, cx.call.now) {
        return Err(GraphError::new(404, "NotFound", "The presence session was not found."));
    }
    Ok(Reply::new(200))
}

fn body<T: serde::de::DeserializeOwned>(cx: &Context<'_>) -> Result<T, GraphError> {
    serde_json::from_slice(&cx.call.body).map_err(|e| bad(format!("Unable to read JSON request payload: {e}.")))
}

/// The session is named by the application that sets it.
fn session_id(cx: &Context<'_>, id: Option<&str>) -> Result<u128, GraphError> {
    let id = id.and_then(guid::parse).ok_or_else(|| bad("sessionId must be a GUID."))?;
    if id != cx.who.app {
        return Err(bad("sessionId must be the application id of the caller."));
    }
    Ok(id)
}

fn pair(
    availability: Option<&str>,
    activity: Option<&str>,
    pairs: &[(&'static str, &'static str)],
) -> Result<(&'static str, &'static str), GraphError> {
    let (availability, activity) = (availability.unwrap_or(""), activity.unwrap_or(""));
    let found = pairs.iter().find(|(a, b)| a.eq_ignore_ascii_case(availability) && b.eq_ignore_ascii_case(activity));
    found.copied().ok_or_else(|| bad(format!("The pair {availability:?} and {activity:?} cannot be set.")))
}

fn duration(text: Option<&str>, default: i64) -> Result<i64, GraphError> {
    match text {
        None => Ok(default),
        Some(text) => parse_duration(text)
            .filter(|ms| *ms > 0)
            .ok_or_else(|| bad(format!("expirationDuration {text:?} is not a duration."))),
    }
}

fn set_presence(cx: &Context<'_>) -> Result<Change, GraphError> {
    let body: SetPresence = body(cx)?;
    let session_id = session_id(cx, body.session_id.as_deref())?;
    let (availability, activity) = pair(body.availability.as_deref(), body.activity.as_deref(), &SESSION_PAIRS)?;
    let duration = duration(body.expiration_duration.as_deref(), 5 * MINUTE)?;
    if !(5 * MINUTE..=240 * MINUTE).contains(&duration) {
        return Err(bad("expirationDuration must lie between PT5M and PT4H."));
    }
    let (set_at, expires) = (cx.call.now, cx.call.now + duration);
    Ok(Change::Session(Session { session_id, availability, activity, set_at, expires, shows_at: shows_at(cx), gone_at: None }))
}

fn clear_presence(cx: &Context<'_>) -> Result<Change, GraphError> {
    let body: ClearPresence = body(cx)?;
    Ok(Change::ClearSession { session_id: session_id(cx, body.session_id.as_deref())?, gone_at: shows_at(cx) })
}

/// When readers see what is written now.
fn shows_at(cx: &Context<'_>) -> i64 {
    cx.call.now + cx.world.oddities.presence_delay_ms
}

fn set_preferred(cx: &Context<'_>) -> Result<Change, GraphError> {
    let body: SetPreferred = body(cx)?;
    let (availability, activity) = pair(body.availability.as_deref(), body.activity.as_deref(), &PREFERRED_PAIRS)?;
    let usual = if matches!(availability, "DoNotDisturb" | "Busy") { DAY } else { 7 * DAY };
    Ok(Change::Preferred(Preferred {
        availability,
        activity,
        expires: cx.call.now + duration(body.expiration_duration.as_deref(), usual)?,
    }))
}

fn status_message(cx: &Context<'_>) -> Result<Option<Value>, GraphError> {
    let body: Value =
        serde_json::from_slice(&cx.call.body).map_err(|e| bad(format!("Unable to read JSON request payload: {e}.")))?;
    let message = &body["statusMessage"];
    let Some(content) = message["message"]["content"].as_str() else {
        return Err(bad("statusMessage.message.content is missing."));
    };
    if !matches!(message["message"]["contentType"].as_str(), None | Some("text" | "html")) {
        return Err(bad("statusMessage.message.contentType must be text or html."));
    }
    if content.is_empty() {
        return Ok(None);
    }
    let mut message = message.clone();
    message["publishedDateTime"] = iso(cx.call.now).into();
    Ok(Some(message))
}
