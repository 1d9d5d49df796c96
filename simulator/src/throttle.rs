//! Graph's limits: a sliding window of presence requests, and resource units of the directory, per app and tenant.

use std::collections::{HashMap, VecDeque};

use crate::clock::Millis;

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    Presence,
    Directory,
    SubscriptionWrite,
    SubscriptionRead,
    SubscriptionList,
    Reauthorize,
}

/// The spent requests of every app in every tenant.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    spent: HashMap<(Limit, u128, u128), VecDeque<Millis>>,
}

impl Throttle {
    /// Spends `units`. Over the limit it answers the milliseconds until there is room again; such requests count as well.
    pub(crate) fn spend(
        &mut self,
        (limit, app, tenant): (Limit, u128, u128),
        units: usize,
        (most, window): (usize, Millis),
        now: Millis,
    ) -> Option<Millis> {
        if most == 0 {
            return None;
        }
        let spent = self.spent.entry((limit, app, tenant)).or_default();
        // The clock can be turned back: what lies in the future is gone too.
        while spent.front().is_some_and(|&at| now - at >= window || at > now) {
            spent.pop_front();
        }
        let over = spent.len() + units > most;
        spent.extend(std::iter::repeat_n(now, units));
        while spent.len() > most {
            spent.pop_front();
        }
        over.then(|| spent.front().map_or(window, |&oldest| oldest + window - now).max(1))
    }

    pub(crate) fn clear(&mut self) {
        self.spent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let mut throttle = Throttle::default();
        let mut spend = |now| throttle.spend((Limit::Presence, 1, 2), 1, (3, 1000), now);
        assert_eq!([spend(0), spend(100), spend(200)], [None; 3]);
        assert_eq!(spend(300), Some(800), "the refused one counts: the oldest left is that of 100");
        assert_eq!(spend(1250), None, "100 and 200 have left the window");
        assert!(throttle.spend((Limit::Presence, 1, 3), 1, (3, 1000), 300).is_none(), "another tenant");
        assert!(throttle.spend((Limit::Presence, 1, 2), 1, (0, 1000), 300).is_none(), "no limit");
    }
}
