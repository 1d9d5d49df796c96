//! What is ours now: subscriptions, and those that are being created.
//!
//! Written by the one who manages subscriptions, read for each item that comes from the network, without a lock. Of a `clientState` only a
//! keyed digest is kept. An item of an unknown subscription costs the same work and gets the same answer as one with a wrong secret.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;

use super::envelope::Item;
use crate::presence::Guid;

/// The subscription that an item belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRef {
    /// Its id.
    pub id: Guid,
    /// The account that holds it, by name.
    pub account: Arc<str>,
    /// When it ends, milliseconds since 1970-01-01 UTC, as last known; 0 for one that is being created.
    pub until_ms: i64,
    /// It is being created: Graph has not told its id by an answer yet.
    pub pending: bool,
}

/// Whether an item is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admit {
    /// It is.
    Ours(SubscriptionRef),
    /// It is not, whatever the cause.
    Foreign,
}

/// A `clientState` as it is kept.
type Digest = [u8; 32];

#[derive(Clone)]
struct Known {
    client_state: Digest,
    account: Arc<str>,
    until_ms: i64,
}

#[derive(Clone, Default)]
struct Snapshot {
    subscriptions: HashMap<Guid, Known>,
    pending: Vec<(Arc<str>, Digest)>,
}

/// The list of what is ours. Cheap to clone; all clones are one list.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    now: ArcSwap<Snapshot>,
    key: hmac::Key,
    /// What an unknown subscription is compared with.
    nobody: Digest,
}

impl Default for Registry {
    fn default() -> Self {
        Registry::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.0.now.load();
        let ids: Vec<_> = now.subscriptions.keys().collect();
        f.debug_struct("Registry").field("subscriptions", &ids).field("pending", &now.pending.len()).finish()
    }
}

impl Registry {
    /// An empty one: nothing is ours.
    pub fn new() -> Registry {
        let (mut key, mut nobody) = ([0; 32], [0; 32]);
        // Without random numbers digests are unkeyed, and still no secret is kept.
        let _ = aws_lc_rs::rand::SecureRandom::fill(&SystemRandom::new(), &mut key);
        let _ = aws_lc_rs::rand::SecureRandom::fill(&SystemRandom::new(), &mut nobody);
        Registry(Arc::new(Inner { now: ArcSwap::default(), key: hmac::Key::new(hmac::HMAC_SHA256, &key), nobody }))
    }

    /// This subscription is ours from now on, or is renewed. A creation with the same `clientState` is over by that.
    pub fn set(&self, id: Guid, client_state: &str, account: &str, until_ms: i64) {
        let client_state = self.digest(client_state);
        self.change(|next| {
            next.pending.retain(|(_, pending)| *pending != client_state);
            next.subscriptions.insert(id, Known { client_state, account: account.into(), until_ms });
        });
    }

    /// A creation begins: before Graph has answered with the id, notifications may come. They are known by their `clientState` alone.
    pub fn pending(&self, account: &str, client_state: &str) {
        let client_state = self.digest(client_state);
        self.change(|next| next.pending.push((account.into(), client_state)));
    }

    /// The creations of this account are over: refused, or given up.
    pub fn settled(&self, account: &str) {
        self.change(|next| next.pending.retain(|(its, _)| **its != *account));
    }

    /// This subscription is not ours any more.
    pub fn remove(&self, id: Guid) {
        self.change(|next| {
            next.subscriptions.remove(&id);
        });
    }

    /// Nothing is ours any more.
    pub fn clear(&self) {
        self.change(|next| *next = Snapshot::default());
    }

    /// How many subscriptions are ours, without those being created.
    pub fn len(&self) -> usize {
        self.0.now.load().subscriptions.len()
    }

    /// Whether no subscription is ours and none is being created.
    pub fn is_empty(&self) -> bool {
        let now = self.0.now.load();
        now.subscriptions.is_empty() && now.pending.is_empty()
    }

    /// Whether an item is ours: by the `clientState` of its subscription, or of one that is being created; and of our tenant, where it says one
    /// and we know ours. A subscription that has ended still counts: Graph repeats what it could not deliver for 4 hours.
    pub fn admit(&self, item: &Item, tenant: Option<Guid>) -> Admit {
        let now = self.0.now.load();
        let presented = self.digest(item.client_state.as_deref().unwrap_or_default());
        let equal = |expected: &Digest| verify_slices_are_equal(expected, &presented).is_ok();
        let known = now.subscriptions.get(&item.subscription_id);
        let by_id = equal(known.map_or(&self.0.nobody, |known| &known.client_state));
        // All of them are compared, whatever came out before.
        let mut creating = None;
        for (account, expected) in &now.pending {
            if equal(expected) {
                creating = Some(account);
            }
        }
        let tenant_fits = item.tenant_id.is_none() || tenant.is_none() || item.tenant_id == tenant;
        if item.client_state.is_none() || !tenant_fits {
            return Admit::Foreign;
        }
        let (account, until_ms, pending) = match (known, creating) {
            (Some(known), _) if by_id => (known.account.clone(), known.until_ms, false),
            (_, Some(account)) => (account.clone(), 0, true),
            _ => return Admit::Foreign,
        };
        Admit::Ours(SubscriptionRef { id: item.subscription_id, account, until_ms, pending })
    }

    fn digest(&self, client_state: &str) -> Digest {
        let tag = hmac::sign(&self.0.key, client_state.as_bytes());
        tag.as_ref().try_into().unwrap_or_default()
    }

    fn change(&self, change: impl Fn(&mut Snapshot)) {
        self.0.now.rcu(|now| {
            let mut next = Snapshot::clone(now);
            change(&mut next);
            next
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::envelope::ItemKind;
    use super::*;

    const TENANT: Guid = Guid(77);

    fn item(id: u128, client_state: Option<&str>, tenant: Option<Guid>) -> Item {
        let client_state = client_state.map(str::to_owned);
        Item { subscription_id: Guid(id), client_state, tenant_id: tenant, kind: ItemKind::Other }
    }

    fn admitted(registry: &Registry, item: &Item) -> Option<SubscriptionRef> {
        match registry.admit(item, Some(TENANT)) {
            Admit::Ours(subscription) => Some(subscription),
            Admit::Foreign => None,
        }
    }

    #[test]
    fn ours_by_id_and_secret() {
        let registry = Registry::new();
        assert!(registry.is_empty() && admitted(&registry, &item(1, Some(""), None)).is_none());
        registry.set(Guid(1), "one", "main", 5_000);
        registry.set(Guid(2), "two", "second", 6_000);
        let seen = admitted(&registry, &item(1, Some("one"), Some(TENANT))).expect("ours");
        assert_eq!(seen, SubscriptionRef { id: Guid(1), account: "main".into(), until_ms: 5_000, pending: false });
        assert!(admitted(&registry, &item(2, Some("two"), None)).is_some(), "an item need not name its tenant");
        for foreign in [
            item(1, Some("two"), Some(TENANT)),
            item(1, Some("on"), Some(TENANT)),
            item(1, Some("one "), Some(TENANT)),
            item(1, Some(""), Some(TENANT)),
            item(1, None, Some(TENANT)),
            item(3, Some("one"), Some(TENANT)),
            item(3, None, None),
            item(1, Some("one"), Some(Guid(78))),
        ] {
            assert_eq!(registry.admit(&foreign, Some(TENANT)), Admit::Foreign, "{foreign:?}");
        }
        assert_ne!(registry.admit(&item(1, Some("one"), Some(Guid(78))), None), Admit::Foreign, "our tenant is not known by id");
        registry.clone().remove(Guid(1));
        assert!(admitted(&registry, &item(1, Some("one"), None)).is_none() && registry.len() == 1, "clones are one list");
        registry.clear();
        assert!(registry.is_empty());
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        let registry = Registry::new();
        registry.set(Guid(1), "", "main", 0);
        assert!(admitted(&registry, &item(1, None, None)).is_none());
    }

    #[test]
    fn before_the_id_is_known() {
        let registry = Registry::new();
        registry.pending("main", "fresh");
        let seen = admitted(&registry, &item(9, Some("fresh"), Some(TENANT))).expect("ours");
        assert_eq!(seen, SubscriptionRef { id: Guid(9), account: "main".into(), until_ms: 0, pending: true });
        assert!(admitted(&registry, &item(9, Some("stale"), Some(TENANT))).is_none());
        assert!(admitted(&registry, &item(9, Some("fresh"), Some(Guid(1)))).is_none());
        registry.set(Guid(9), "fresh", "main", 7);
        assert!(!admitted(&registry, &item(9, Some("fresh"), None)).expect("ours").pending);
        assert!(
            admitted(&registry, &item(8, Some("fresh"), None)).is_none(),
            "the creation is over: one subscription, one secret"
        );
        registry.pending("main", "a");
        registry.pending("second", "b");
        registry.settled("main");
        assert!(
            admitted(&registry, &item(1, Some("a"), None)).is_none() && admitted(&registry, &item(1, Some("b"), None)).is_some()
        );
    }

    #[test]
    fn secrets_are_not_kept() {
        let registry = Registry::new();
        registry.set(Guid(1), "hidden-state", "main", 0);
        registry.pending("main", "hidden-too");
        assert!(!format!("{registry:?}").contains("hidden"));
        assert_ne!(registry.digest("x"), Registry::new().digest("x"), "keyed");
    }

    #[test]
    fn changes_from_many_threads_all_count() {
        let registry = Registry::new();
        std::thread::scope(|scope| {
            for thread in 0..4_u128 {
                let registry = &registry;
                scope.spawn(move || (0..100).for_each(|n| registry.set(Guid(thread << 64 | n), "s", "main", 0)));
            }
        });
        assert_eq!(registry.len(), 400);
    }
}
