//! Subscriptions that are there: list, get, delete, reauthorize.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::context::{Answer, Context};
use super::error::GraphError;
use super::header::ODATA;
use super::page::{open, seal};
use crate::entra::Claims;
use crate::guid;
use crate::notify::{Grant, Subscription};
use crate::reply::Reply;

/// Where a list goes on.
#[derive(Serialize, Deserialize)]
struct SkipToken {
    #[serde(rename = "s")]
    skip: usize,
    /// Good for this user and app only.
    #[serde(rename = "w")]
    whose: String,
}

/// Presence tells a signed-in user's app only.
pub(super) fn may_subscribe(who: &Claims) -> Result<(), GraphError> {
    if who.app_only() {
        return Err(GraphError::new(
            403,
            "Forbidden",
            "Application permissions are not supported for subscriptions to presence: a delegated token is required.",
        ));
    }
    if !who.has(&["Presence.Read.All"]) {
        return Err(GraphError::presence_denied());
    }
    Ok(())
}

fn may_look(who: &Claims) -> Result<(), GraphError> {
    if who.has(&["Presence.Read.All"]) { Ok(()) } else { Err(GraphError::presence_denied()) }
}

/// An app sees its own subscriptions, a user through it his own.
fn sees(who: &Claims, subscription: &Subscription) -> bool {
    subscription.tenant == who.tenant && subscription.app == who.app && who.user.is_none_or(|user| user == subscription.creator)
}

/// The id of a subscription that the caller sees.
pub(super) fn find(cx: &Context<'_>, id: &str) -> Result<u128, GraphError> {
    let found = guid::parse(id).and_then(|id| cx.world.notify.get(id)).filter(|s| sees(cx.who, s));
    found.map(|s| s.id).ok_or_else(|| GraphError::new(404, "ResourceNotFound", "The object was not found."))
}

pub(super) fn shown(cx: &Context<'_>, id: u128, status: u16) -> Answer {
    let odd = &cx.world.oddities.notify;
    let mut body = cx.world.notify.get(id).map_or(Value::Null, |s| s.json(odd));
    body["@odata.context"] = format!("{}/v1.0/$metadata#subscriptions/$entity", cx.call.origin).into();
    Ok(Reply::new(status).with_body(ODATA, body.to_string().into_bytes()))
}

pub(super) fn list(cx: &mut Context<'_>) -> Answer {
    may_look(cx.who)?;
    let whose = format!("{} {:?}", guid::text(cx.who.app), cx.who.user);
    let mut at = None;
    for (name, value) in cx.call.params() {
        if !name.eq_ignore_ascii_case("$skiptoken") {
            return Err(GraphError::new(400, "BadRequest", format!("The query option '{name}' is not supported here.")));
        }
        let token = open::<SkipToken>(&value).filter(|t| t.whose == whose);
        at = Some(token.ok_or_else(|| GraphError::new(400, "BadRequest", "The skip token is not valid."))?.skip);
    }
    let odd = &cx.world.oddities.notify;
    let mine: Vec<&Subscription> = cx.world.notify.list().iter().filter(|s| sees(cx.who, s)).collect();
    let (from, count) = match at {
        None if odd.empty_first_page => (0, 0),
        at => (at.unwrap_or(0), odd.page.max(1)),
    };
    let until = (from + count).min(mine.len());
    let value: Vec<Value> = mine.get(from..until).unwrap_or_default().iter().map(|s| s.json(odd)).collect();
    let mut body = json!({ "@odata.context": format!("{}/v1.0/$metadata#subscriptions", cx.call.origin), "value": value });
    if until < mine.len() || count == 0 {
        let token = seal(&SkipToken { skip: until, whose });
        body["@odata.nextLink"] = format!("{}{}?$skiptoken={token}", cx.call.origin, cx.call.path).into();
    }
    Ok(Reply::new(200).with_body(ODATA, body.to_string().into_bytes()))
}

pub(super) fn get(cx: &mut Context<'_>, id: &str) -> Answer {
    may_look(cx.who)?;
    let id = find(cx, id)?;
    shown(cx, id, 200)
}

pub(super) fn delete(cx: &mut Context<'_>, id: &str) -> Answer {
    may_subscribe(cx.who)?;
    let id = find(cx, id)?;
    cx.world.notify.end(id, "deleted");
    Ok(Reply::new(204))
}

/// Lives on with the token of this request, and not a moment longer.
pub(super) fn reauthorize(cx: &mut Context<'_>, id: &str) -> Answer {
    may_subscribe(cx.who)?;
    if !cx.call.body.is_empty() && serde_json::from_slice::<Value>(&cx.call.body).ok() != Some(json!({})) {
        return Err(GraphError::new(400, "BadRequest", "reauthorize takes no parameters."));
    }
    let id = find(cx, id)?;
    let (grant, now) = (Grant::of(cx.who), cx.call.now);
    let odd = &cx.world.oddities.notify;
    if let Some(subscription) = cx.world.notify.get_mut(id) {
        subscription.grant = grant;
        subscription.plan_reauthorization(now, odd);
    }
    Ok(Reply::new(204))
}
