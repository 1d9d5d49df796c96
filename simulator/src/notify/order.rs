//! What somebody asks for by hand: a notification, a lifecycle event, the end of a subscription.

use bytes::Bytes;
use serde_json::{Value, json};

use super::item::About;
use super::tamper::Tamper;
use super::target::Target;
use super::watch::{look, snapshot, watchers};
use crate::clock::Millis;
use crate::world::World;
use crate::{Error, guid};

/// The named subscription, or the only one.
fn find(world: &World, name: Option<&str>) -> Result<u128, Error> {
    let list = world.notify.list();
    match name {
        Some(name) => {
            let id = guid::parse_named("subscription", name)?;
            world.notify.get(id).map(|s| s.id).ok_or_else(|| Error::Argument(format!("no subscription {name:?}")))
        }
        None if list.len() == 1 => Ok(list[0].id),
        None => Err(Error::Argument(format!("{} subscriptions: say which one", list.len()))),
    }
}

/// Tells subscribers about a user as he is now, changed or not.
pub(crate) fn notify_user(
    world: &mut World,
    (tenant, index): (u128, u32),
    subscription: Option<&str>,
    tamper: Option<&Tamper>,
    now: Millis,
) -> Result<Value, Error> {
    let home = world.tenants.iter().find(|t| t.id == tenant);
    let (user, presence) = home
        .and_then(|t| look(t, index, now))
        .map(|(user, seen)| (user, snapshot(user, seen, &world.oddities)))
        .ok_or_else(|| Error::Argument("this user's presence is told to nobody".to_owned()))?;
    let to = match subscription {
        Some(name) => vec![find(world, Some(name))?],
        None => watchers(&world.notify, tenant, user, now),
    };
    for id in &to {
        let about = About::Change { user, presence: presence.clone() };
        world.notify.put(*id, about, now, now, tamper.cloned());
    }
    Ok(json!({ "sent": to.len() }))
}

/// Posts a body as it is: a text unchanged, anything else as JSON.
pub(crate) fn raw(
    world: &mut World,
    subscription: Option<&str>,
    url: Option<&str>,
    body: &Value,
    now: Millis,
) -> Result<Value, Error> {
    let target = match url {
        Some(url) => Target::parse("url", url, &world.oddities.notify).map_err(Error::Argument)?,
        None => {
            let id = find(world, subscription)?;
            let found = world.notify.get(id).map(|s| s.notification.clone());
            found.ok_or_else(|| Error::Argument("no such subscription".to_owned()))?
        }
    };
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    world.notify.put_raw(target, Bytes::from(body), now);
    Ok(json!({ "sent": 1 }))
}

/// Sends a lifecycle event to the subscription's lifecycle URL.
pub(crate) fn lifecycle(world: &mut World, subscription: Option<&str>, event: &str, now: Millis) -> Result<Value, Error> {
    let id = find(world, subscription)?;
    if world.notify.get(id).is_none_or(|s| s.lifecycle.is_none()) {
        return Err(Error::Argument("the subscription has no lifecycleNotificationUrl".to_owned()));
    }
    world.notify.put(id, About::Lifecycle(event.to_owned()), now, now, None);
    Ok(json!({ "sent": 1 }))
}

/// Ends a subscription without a word.
pub(crate) fn end(world: &mut World, subscription: Option<&str>) -> Result<Value, Error> {
    let id = find(world, subscription)?;
    world.notify.end(id, "ended");
    Ok(json!({ "subscription": guid::text(id) }))
}
