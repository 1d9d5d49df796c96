//! What the world keeps of subscriptions and their notifications.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use super::item::{About, Item};
use super::log::{Delivery, DeliveryLog};
use super::oddity::NotifyOddities;
use super::outbox::{Kind, Outbox, Part, Post};
use super::payload;
use super::shown::Shown;
use super::subscription::{Standing, Subscription, SubscriptionView};
use super::tamper::Tamper;
use super::target::Target;
use super::trust::Trust;
use super::wire::Outcome;
use crate::clock::Millis;
use crate::entra::keys::Entra;
use crate::fault::board::FaultBoard;
use crate::fault::{EndpointClass, FaultAction, Target as FaultTarget};
use crate::guid;
use crate::random::Random;
use crate::tenant::Tenant;

/// Subscriptions, what waits to be told, and what was told.
#[derive(Debug, Default)]
pub(crate) struct Notify {
    list: Vec<Subscription>,
    ended: VecDeque<SubscriptionView>,
    /// What every watched user was last seen as, by tenant and user.
    pub(super) shown: HashMap<(u128, u128), Shown>,
    outbox: Outbox,
    log: DeliveryLog,
    posts: u64,
    pub(crate) trust: Trust,
}

/// How many ended subscriptions are remembered.
const ENDED: usize = 200;

impl Notify {
    pub(crate) fn list(&self) -> &[Subscription] {
        &self.list
    }

    pub(crate) fn get(&self, id: u128) -> Option<&Subscription> {
        self.list.iter().find(|s| s.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: u128) -> Option<&mut Subscription> {
        self.list.iter_mut().find(|s| s.id == id)
    }

    pub(crate) fn add(&mut self, subscription: Subscription) {
        self.list.push(subscription);
    }

    /// Ends a subscription. What waits for it is never sent.
    pub(crate) fn end(&mut self, id: u128, state: &str) -> bool {
        let Some(at) = self.list.iter().position(|s| s.id == id) else { return false };
        let gone = self.list.remove(at);
        self.ended.push_back(gone.view(state, 0));
        if self.ended.len() > ENDED {
            self.ended.pop_front();
        }
        true
    }

    pub(super) fn end_expired(&mut self, now: Millis) {
        let over: Vec<u128> = self.list.iter().filter(|s| s.expires <= now).map(|s| s.id).collect();
        for id in over {
            self.end(id, "expired");
        }
    }

    /// Alive ones first, in the order of their making, then those that have ended.
    pub(crate) fn views(&self, tenants: &[Tenant], now: Millis) -> Vec<SubscriptionView> {
        let alive = self.list.iter().map(|s| {
            let state = if s.standing(tenants, now) == Standing::Good { "alive" } else { "unauthorized" };
            s.view(state, self.outbox.waiting(s.id))
        });
        alive.chain(self.ended.iter().cloned()).collect()
    }

    pub(crate) fn deliveries(&self) -> impl DoubleEndedIterator<Item = &Delivery> + ExactSizeIterator {
        self.log.list().iter()
    }

    pub(crate) fn clear_log(&mut self) {
        self.log.clear();
    }

    pub(super) fn write(&mut self, delivery: Delivery) {
        self.log.push(delivery);
    }

    /// Lets a notification out: faults strike here.
    pub(super) fn tell(&mut self, id: u128, about: About, changed_at: Millis, (faults, random, tenants, odd): Fate<'_>) {
        let Some(subscription) = self.list.iter_mut().find(|s| s.id == id) else { return };
        let what = match &about {
            About::Change { user, .. } => guid::text(*user),
            About::Lifecycle(event) => event.clone(),
        };
        let text = format!("{} {} {what}", subscription.notification.text, guid::text(id));
        let tenant = tenants.iter().find(|t| t.id == subscription.tenant);
        let target = FaultTarget { endpoint: EndpointClass::Notifications, tenant, method: "POST", path_and_query: &text };
        let struck = faults.strike(&target, random, changed_at);
        let tamper = if let Some(FaultAction::Tamper { how }) = struck.action { Some(how) } else { None };
        let delay = i64::try_from(struck.delay_ms).unwrap_or(i64::MAX / 4);
        self.put(id, about, changed_at, changed_at + odd.latency_ms + delay, tamper);
    }

    /// Puts a notification into the outbox.
    pub(super) fn put(&mut self, id: u128, about: About, changed_at: Millis, due: Millis, tamper: Option<Tamper>) {
        let Some(subscription) = self.list.iter_mut().find(|s| s.id == id) else { return };
        let (kind, target) = match &about {
            About::Change { .. } => (Kind::Notification, subscription.notification.clone()),
            About::Lifecycle(_) => match &subscription.lifecycle {
                Some(target) => (Kind::Lifecycle, target.clone()),
                None => return,
            },
        };
        subscription.tally.noticed += u64::from(kind == Kind::Notification);
        let mut item = Item { subscription: id, about, changed_at, due, behind: None, tamper };
        match item.tamper {
            Some(Tamper::Silent) => {
                subscription.tally.silenced += 1;
                return;
            }
            Some(Tamper::AfterNext { ms }) => item.behind = Some(due + ms),
            _ => {}
        }
        let (times, gap) = match item.tamper {
            Some(Tamper::Duplicate { times, gap_ms }) => (i64::from(times), gap_ms),
            _ => (0, 0),
        };
        for n in 0..=times {
            let copy = Item { due: item.due + n * gap, ..item.clone() };
            if !self.outbox.put(&target, kind, copy) {
                subscription.tally.lost += 1;
            }
        }
    }

    /// Sends this body as it is, once.
    pub(super) fn put_raw(&mut self, target: Target, body: Bytes, now: Millis) {
        self.posts += 1;
        let (kind, parts) = (Kind::Raw, Vec::new());
        self.outbox.put_post(Post {
            number: self.posts,
            kind,
            target,
            body,
            parts,
            attempt: 0,
            first_at: now,
            begun_at: now,
            due: now,
        });
    }

    /// The bodies that are to be sent now.
    pub(super) fn take(&mut self, tenants: &[Tenant], entra: &Entra, odd: &NotifyOddities, now: Millis) -> Vec<Post> {
        let list = &self.list;
        let mut lost = Vec::new();
        let standing = |id: u128| list.iter().find(|s| s.id == id).map_or(Standing::Gone, |s| s.standing(tenants, now));
        let (packs, mut posts) = self.outbox.take(now, odd, standing, |id| lost.push(id));
        for pack in packs {
            let items = pack.items.into_iter();
            let items = items.filter_map(|item| list.iter().find(|s| s.id == item.subscription).map(|s| (item, s)));
            let items: Vec<(Item, &Subscription)> = items.collect();
            self.posts += 1;
            posts.push(Post {
                number: self.posts,
                kind: pack.kind,
                target: pack.target,
                body: payload::body(&items, entra, odd, self.posts, now).into(),
                parts: items.iter().map(|(i, _)| Part { subscription: i.subscription, changed_at: i.changed_at }).collect(),
                attempt: 0,
                first_at: now,
                begun_at: now,
                due: now,
            });
        }
        for post in &mut posts {
            post.attempt += 1;
            post.begun_at = now;
        }
        for id in lost {
            if let Some(subscription) = self.get_mut(id) {
                subscription.tally.lost += 1;
            }
        }
        posts
    }

    /// What an attempt came to.
    pub(super) fn landed(&mut self, mut post: Post, outcome: &Outcome, odd: &NotifyOddities, now: Millis) {
        self.outbox.landed(&post);
        let taken = outcome.status.is_some_and(|s| (200..300).contains(&s));
        if outcome.status.is_some() || outcome.timed_out {
            self.outbox.health(&post.target.text).note(now, outcome.took_ms, odd);
        }
        let again = now + odd.retry_ms.saturating_mul(1 << post.attempt.saturating_sub(1).min(20));
        let over = !taken && (post.kind == Kind::Raw || again - post.first_at >= odd.retry_for_ms);
        let mut subscriptions = Vec::new();
        for part in &post.parts {
            let id = guid::text(part.subscription);
            if !subscriptions.contains(&id) {
                subscriptions.push(id);
            }
            let Some(subscription) = self.list.iter_mut().find(|s| s.id == part.subscription) else { continue };
            let tally = &mut subscription.tally;
            match (taken, post.kind) {
                (true, Kind::Lifecycle) => tally.lifecycle_delivered += 1,
                (true, _) => tally.deliver(now - part.changed_at),
                (false, _) => {
                    tally.failed += 1;
                    tally.lost += u64::from(over);
                }
            }
        }
        self.log.push(Delivery {
            number: post.number,
            kind: post.kind.as_str().to_owned(),
            begun_ms: post.begun_at,
            sent_us: outcome.sent_us,
            at_ms: now,
            url: post.target.text.clone(),
            attempt: post.attempt,
            subscriptions,
            items: post.parts.len(),
            status: outcome.status,
            error: outcome.error.clone(),
            took_ms: outcome.took_ms,
            body: String::from_utf8_lossy(&post.body).into_owned(),
        });
        if !taken && !over {
            post.due = again;
            self.outbox.put_post(post);
        }
    }

    /// When something is to be done next.
    pub(super) fn next_due(&self, tenants: &[Tenant], odd: &NotifyOddities, now: Millis) -> Option<Millis> {
        let standing = |id: u128| self.get(id).map_or(Standing::Gone, |s| s.standing(tenants, now));
        let own = self.list.iter().flat_map(|s| [Some(s.expires), s.reauthorize_at].into_iter().flatten());
        own.chain(self.outbox.next_due(odd, standing)).min()
    }

    pub(super) fn list_mut(&mut self) -> &mut [Subscription] {
        &mut self.list
    }
}

/// What decides about a notification on its way.
pub(super) type Fate<'a> = (&'a mut FaultBoard, &'a mut Random, &'a [Tenant], &'a NotifyOddities);
