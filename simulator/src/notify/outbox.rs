//! What waits to be sent: notifications by URL, and bodies that failed once.

use std::collections::HashMap;

use super::health::{Health, SLOW_DELAY, Verdict};
use super::item::Item;
use super::oddity::NotifyOddities;
use super::subscription::Standing;
use super::target::Target;
use crate::clock::Millis;

/// One notification inside a body, as far as it matters after it was written.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) subscription: u128,
    pub(super) changed_at: Millis,
}

/// A body on its way.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) target: Target,
    pub(super) body: bytes::Bytes,
    pub(super) parts: Vec<Part>,
    /// Counts from 1.
    pub(super) attempt: u32,
    pub(super) first_at: Millis,
    pub(super) begun_at: Millis,
    pub(super) due: Millis,
}

/// What kind of notification. They never share a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Notification,
    Lifecycle,
    /// Written by hand, tried once.
    Raw,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Kind::Notification => "notification",
            Kind::Lifecycle => "lifecycle",
            Kind::Raw => "raw",
        }
    }
}

/// Notifications to one URL.
#[derive(Debug)]
struct Queue {
    target: Target,
    kind: Kind,
    items: Vec<Item>,
    in_flight: usize,
}

/// Notifications that go together.
#[derive(Debug)]
pub(super) struct Pack {
    pub(super) target: Target,
    pub(super) kind: Kind,
    pub(super) items: Vec<Item>,
}

/// Everything that waits.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queues: Vec<Queue>,
    posts: Vec<Post>,
    health: HashMap<String, Health>,
}

impl Outbox {
    /// Takes a notification. False: the endpoint is so slow that it is dropped.
    pub(super) fn put(&mut self, target: &Target, kind: Kind, mut item: Item) -> bool {
        match self.health.get(&target.text).map_or(Verdict::Fine, |h| h.verdict(item.changed_at)) {
            Verdict::Fine => {}
            Verdict::Slow => item.due += SLOW_DELAY,
            Verdict::Drop => return false,
        }
        let known = self.queues.iter().position(|q| q.kind == kind && q.target == *target);
        let at = known.unwrap_or_else(|| {
            self.queues.retain(|q| !q.items.is_empty() || q.in_flight > 0);
            self.queues.push(Queue { target: target.clone(), kind, items: Vec::new(), in_flight: 0 });
            self.queues.len() - 1
        });
        self.queues[at].items.push(item);
        true
    }

    pub(super) fn put_post(&mut self, post: Post) {
        self.posts.push(post);
    }

    /// What is to be sent now: new bodies and old ones. What can no longer be sent goes to `lost`.
    pub(super) fn take(
        &mut self,
        now: Millis,
        odd: &NotifyOddities,
        standing: impl Fn(u128) -> Standing,
        mut lost: impl FnMut(u128),
    ) -> (Vec<Pack>, Vec<Post>) {
        let mut packs = Vec::new();
        for queue in &mut self.queues {
            queue.items.retain(|item| {
                let kept = standing(item.subscription) != Standing::Gone && now - item.changed_at < odd.retry_for_ms;
                if !kept {
                    lost(item.subscription);
                }
                kept
            });
            while queue.in_flight < odd.parallel.max(1) {
                let Some(items) = queue.pack(now, odd, &standing) else { break };
                queue.in_flight += 1;
                packs.push(Pack { target: queue.target.clone(), kind: queue.kind, items });
            }
        }
        let mut posts = Vec::new();
        let waiting = std::mem::take(&mut self.posts);
        for post in waiting {
            let is = |wanted| post.parts.iter().any(|p| standing(p.subscription) == wanted);
            let raw = post.kind == Kind::Raw;
            if !raw && (now - post.first_at >= odd.retry_for_ms || !is(Standing::Good) && !is(Standing::Unauthorized)) {
                post.parts.iter().for_each(|p| lost(p.subscription));
            } else if post.due <= now && (raw || post.kind == Kind::Lifecycle || is(Standing::Good)) {
                posts.push(post);
            } else {
                self.posts.push(post);
            }
        }
        (packs, posts)
    }

    /// When something is due next. What waits for a new token is due when that comes.
    pub(super) fn next_due(&self, odd: &NotifyOddities, standing: impl Fn(u128) -> Standing) -> Option<Millis> {
        let queues = self.queues.iter().filter(|q| q.in_flight < odd.parallel.max(1));
        let items = queues.flat_map(|q| {
            let kind = q.kind;
            q.items.iter().map(move |i| (kind, i))
        });
        let items = items.filter(|(kind, i)| may_go(*kind, standing(i.subscription))).map(|(_, i)| i.ready_at() + odd.batch_ms);
        let may = |post: &&Post| post.kind == Kind::Raw || post.parts.iter().any(|p| may_go(post.kind, standing(p.subscription)));
        items.chain(self.posts.iter().filter(may).map(|p| p.due)).min()
    }

    /// A first attempt has ended.
    pub(super) fn landed(&mut self, post: &Post) {
        let queue = self.queues.iter_mut().find(|q| q.kind == post.kind && q.target == post.target);
        if let (1, Some(queue)) = (post.attempt, queue) {
            queue.in_flight = queue.in_flight.saturating_sub(1);
        }
    }

    pub(super) fn health(&mut self, url: &str) -> &mut Health {
        self.health.entry(url.to_owned()).or_default()
    }

    pub(super) fn waiting(&self, subscription: u128) -> usize {
        let items = self.queues.iter().flat_map(|q| &q.items).filter(|i| i.subscription == subscription).count();
        items + self.posts.iter().flat_map(|p| &p.parts).filter(|p| p.subscription == subscription).count()
    }
}

/// A lifecycle notification is about a token that ends: it needs none.
fn may_go(kind: Kind, standing: Standing) -> bool {
    standing == Standing::Good || kind == Kind::Lifecycle && standing != Standing::Gone
}

impl Item {
    fn ready_at(&self) -> Millis {
        self.behind.map_or(self.due, |until| until.max(self.due))
    }
}

impl Queue {
    fn pack(&mut self, now: Millis, odd: &NotifyOddities, standing: impl Fn(u128) -> Standing) -> Option<Vec<Item>> {
        let kind = self.kind;
        let ready = |item: &Item| item.ready_at() <= now && may_go(kind, standing(item.subscription));
        let first = self.items.iter().filter(|i| ready(i)).map(Item::ready_at).min()?;
        if first + odd.batch_ms > now {
            return None;
        }
        // In the order in which they became due: sorting keeps the order of what is equal.
        self.items.sort_by_key(Item::ready_at);
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        let mut newest = Millis::MIN;
        for item in std::mem::take(&mut self.items) {
            if taken.len() < odd.batch_max.max(1) && ready(&item) {
                newest = newest.max(item.changed_at);
                taken.push(item);
            } else {
                left.push(item);
            }
        }
        for item in &mut left {
            if item.behind.is_some() && item.changed_at <= newest {
                item.behind = None;
            }
        }
        self.items = left;
        Some(taken)
    }
}
