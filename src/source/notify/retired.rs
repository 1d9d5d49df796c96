//! Subscriptions that ended, of which something may still come. Pure.

use super::registry::Registry;
use crate::presence::Guid;

/// Graph repeats what it could not deliver for 4 hours (delivery by webhooks, 2026-04-22): so long they are ours.
const FOR_MS: u64 = 4 * 3_600_000;
/// So many are kept.
const MOST: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Retired(Vec<(Guid, u64)>);

impl Retired {
    /// This one has ended.
    pub(super) fn add(&mut self, id: Guid, registry: &Registry, now: u64) {
        if self.0.len() >= MOST {
            registry.remove(self.0.remove(0).0);
        }
        self.0.push((id, now + FOR_MS));
    }

    /// This one lives after all.
    pub(super) fn is_back(&mut self, id: Guid) {
        self.0.retain(|(its, _)| *its != id);
    }

    /// Forgets those whose time is over.
    pub(super) fn tidy(&mut self, registry: &Registry, now: u64) {
        self.0.retain(|(id, until)| {
            if *until <= now {
                registry.remove(*id);
            }
            *until > now
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_for_four_hours_and_no_more_than_so_many() {
        let (registry, mut retired) = (Registry::new(), Retired::default());
        for id in 0..100_u128 {
            registry.set(Guid(id), "s", "main", 0);
            retired.add(Guid(id), &registry, id as u64);
        }
        assert_eq!(registry.len(), MOST);
        retired.is_back(Guid(99));
        retired.tidy(&registry, FOR_MS + 98);
        assert_eq!(registry.len(), 1, "the one that is back stays");
    }
}
