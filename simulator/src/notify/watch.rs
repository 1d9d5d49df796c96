//! Who is seen how: finds the changes that somebody has subscribed to.

use serde_json::Value;

use super::item::About;
use super::notify::Notify;
use super::shown::Shown;
use crate::clock::Millis;
use crate::directory::UserType;
use crate::oddity::{Oddities, Profile};
use crate::presence::{Seen, View, write_entry};
use crate::tenant::Tenant;
use crate::world::{Shared, World};

/// A presence as a notification may tell it, with every property.
pub(super) fn snapshot(user: u128, seen: Seen<'_>, odd: &Oddities) -> Value {
    let mut out = Vec::new();
    let all = Oddities { profile: Profile::Global, poll_sequence: true, ..odd.clone() };
    write_entry(&mut out, user, seen, View::Other, &all);
    serde_json::from_slice(&out).unwrap_or(Value::Null)
}

/// The user and what the world sees of him; `None` for those whose presence is told to nobody.
pub(super) fn look(tenant: &Tenant, index: u32, at: Millis) -> Option<(u128, Seen<'_>)> {
    let user = tenant.directory.get(index).filter(|u| u.user_type == UserType::Member)?;
    let seen = tenant.presence.seen(index, at);
    (!seen.extra.is_some_and(|e| e.missing)).then_some((user.id, seen))
}

/// Remembers how the users of a new subscription are seen.
pub(crate) fn begin(world: &mut World, tenant: usize, users: &[u128], now: Millis) {
    let World { tenants, notify, .. } = world;
    let tenant = &tenants[tenant];
    for &id in users {
        let seen = tenant.directory.index_of_id(id).and_then(|index| look(tenant, index, now));
        match seen {
            Some((_, seen)) => drop(notify.shown.insert((tenant.id, id), Shown::of(seen))),
            None => drop(notify.shown.remove(&(tenant.id, id))),
        }
    }
}

/// Follows everything up to `now`: what was written, what changed by itself, what is over. True: somebody has something to do.
pub(super) fn settle(world: &mut World, now: Millis) -> bool {
    let mut news = false;
    for tenant in 0..world.tenants.len() {
        for index in world.tenants[tenant].presence.take_written() {
            news |= observe(world, tenant, index, now);
        }
        while let Some((at, index)) = world.tenants[tenant].presence.turn(now) {
            news |= observe(world, tenant, index, at);
        }
    }
    news |= remind(world, now);
    world.notify.end_expired(now);
    news
}

impl Shared {
    /// Follows what happened up to now, so that subscribers hear of it.
    pub(crate) fn settle(&self, world: &mut World) {
        if settle(world, self.now()) {
            self.bell.notify_one();
        }
    }
}

/// Looks at one user, and tells it where it is new.
fn observe(world: &mut World, tenant: usize, index: u32, at: Millis) -> bool {
    let World { tenants, notify, oddities, faults, random, .. } = world;
    if notify.list().is_empty() {
        return false;
    }
    let home = &tenants[tenant];
    let Some((user, seen)) = look(home, index, at) else { return false };
    let watching: Vec<u128> = watchers(notify, home.id, user, at);
    if watching.is_empty() {
        return false;
    }
    let shown = Shown::of(seen);
    let before = notify.shown.get(&(home.id, user));
    let news = shown.is_news(before, oddities.notify.words_only);
    notify.shown.insert((home.id, user), shown);
    if !news {
        return false;
    }
    let presence = snapshot(user, seen, oddities);
    for id in watching {
        let about = About::Change { user, presence: presence.clone() };
        notify.tell(id, about, at, (faults, random, tenants, &oddities.notify));
    }
    true
}

/// The subscriptions that are told about this user.
pub(super) fn watchers(notify: &Notify, tenant: u128, user: u128, at: Millis) -> Vec<u128> {
    let alive = notify.list().iter().filter(|s| s.tenant == tenant && s.expires > at);
    alive.filter(|s| s.resource.holds(user)).map(|s| s.id).collect()
}

/// Sends `reauthorizationRequired` where it is due.
fn remind(world: &mut World, now: Millis) -> bool {
    let World { tenants, notify, oddities, faults, random, .. } = world;
    let odd = &oddities.notify;
    let mut due = Vec::new();
    for subscription in notify.list_mut() {
        while let Some(at) = subscription.reauthorize_at.filter(|at| *at <= now && *at < subscription.expires) {
            due.push((subscription.id, at));
            subscription.reauthorize_at = (odd.reauthorize_every_ms > 0).then(|| at + odd.reauthorize_every_ms);
        }
    }
    for (id, at) in &due {
        let about = About::Lifecycle("reauthorizationRequired".to_owned());
        notify.tell(*id, about, *at, (&mut *faults, &mut *random, tenants, odd));
    }
    !due.is_empty()
}
