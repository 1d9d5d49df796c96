//! The request budget of one application in one tenant, shared by all instances of the process.
//!
//! Graph counts presence requests per application and tenant in 30 s; an own refusal costs nothing, a 429 costs everybody who shares. The
//! window is exact: the time of each slot handed out is kept as long as it matters, so memory is the number of requests in
//! the last 30 s (8 bytes each, never more than the limit and the waiting callers).

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::sys::clock::boot_ms;
use crate::time::Clock;

/// Length of the window, milliseconds: Graph's 30 s and a little more, for requests that leave later than their slot says.
pub const WINDOW_MS: u64 = 30_250;

/// Clocks that tests have not moved are no further apart.
const STRAY_MS: u64 = 1_000;

#[derive(Default)]
pub(super) struct Registry(Mutex<HashMap<Key, Weak<Budget>>>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    tenant: String,
    client_id: String,
    graph_host: String,
}

#[derive(Default)]
struct Budget(Mutex<Ledger>);

/// The arithmetic, with time as an argument.
#[derive(Default)]
struct Ledger {
    /// When the slots of the last window go, oldest first; those at the end may lie ahead.
    slots: VecDeque<u64>,
    /// Nothing goes before this.
    blocked_until: u64,
    /// The latest time it was asked at.
    seen: u64,
    /// Setting of each living share.
    settings: HashMap<u64, u32>,
    next_share: u64,
}

impl Ledger {
    fn limit(&self) -> u32 {
        self.settings.values().copied().min().unwrap_or(1)
    }

    fn forget(&mut self, now: u64) {
        self.seen = self.seen.max(now);
        while self.slots.front().is_some_and(|slot| slot + WINDOW_MS <= now) {
            self.slots.pop_front();
        }
    }

    /// First come, first served: a slot is never earlier than the one handed out before it.
    fn reserve(&mut self, now: u64) -> u64 {
        self.forget(now);
        let limit = self.limit() as usize;
        let mut at = now.max(self.blocked_until);
        if let Some(last) = self.slots.back() {
            at = at.max(*last);
        }
        if self.slots.len() >= limit {
            at = at.max(self.slots[self.slots.len() - limit] + WINDOW_MS);
        }
        self.slots.push_back(at);
        at - now
    }

    /// When all but `keep` of the slots will not be taken: now, if they are not.
    fn room_at(&mut self, now: u64, keep: u32) -> u64 {
        self.forget(now);
        let most = self.limit().saturating_sub(keep).max(1) as usize;
        let at = if self.slots.len() >= most { self.slots[self.slots.len() - most] + WINDOW_MS } else { now };
        at.max(self.blocked_until).max(now)
    }

    fn used(&mut self, now: u64) -> u32 {
        self.forget(now);
        self.slots.partition_point(|slot| *slot <= now).try_into().unwrap_or(u32::MAX)
    }
}

/// One instance's part in a budget. Dropping it leaves the budget.
pub struct BudgetShare {
    budget: Arc<Budget>,
    share: u64,
}

impl fmt::Debug for BudgetShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetShare").field("limit", &self.limit()).finish_non_exhaustive()
    }
}

impl Registry {
    pub(super) fn join(&self, tenant: &str, client_id: &str, graph_host: &str, per_30s: u32) -> BudgetShare {
        // Ids and host names are compared without case.
        let key = Key {
            tenant: tenant.to_ascii_lowercase(),
            client_id: client_id.to_ascii_lowercase(),
            graph_host: graph_host.to_ascii_lowercase(),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A budget that has seen a later time than the machine's is of a test that moved its clock, and would hold up everybody else.
        let of_this_time = |budget: &Arc<Budget>| budget.with(|ledger| ledger.seen <= boot_ms() + STRAY_MS);
        let budget = match known.get(&key).and_then(Weak::upgrade).filter(of_this_time) {
            Some(budget) => budget,
            None => {
                known.retain(|_, budget| budget.strong_count() > 0);
                let budget = Arc::new(Budget::default());
                known.insert(key, Arc::downgrade(&budget));
                budget
            }
        };
        let share = budget.with(|ledger| {
            ledger.next_share += 1;
            ledger.settings.insert(ledger.next_share, per_30s.max(1));
            ledger.next_share
        });
        BudgetShare { budget, share }
    }
}

impl Budget {
    fn with<R>(&self, f: impl FnOnce(&mut Ledger) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BudgetShare {
    /// Takes the next free slot and says how many milliseconds to wait for it; 0 = send now. `now_mono_ms` is [`Clock::mono_ms`].
    pub fn reserve(&self, now_mono_ms: u64) -> u64 {
        self.budget.with(|ledger| ledger.reserve(now_mono_ms))
    }

    /// When a slot can be taken that leaves `keep` slots to others at once. Takes none: who can wait asks this first.
    pub fn room_at(&self, now_mono_ms: u64, keep: u32) -> u64 {
        self.budget.with(|ledger| ledger.room_at(now_mono_ms, keep))
    }

    /// Nobody who shares sends before `mono_ms`: the `Retry-After` of a 429. Slots already handed out are not called back: ask
    /// [`BudgetShare::pause_left`] after waiting for one, or use [`BudgetShare::admit`], which does.
    pub fn block_until(&self, mono_ms: u64) {
        self.budget.with(|ledger| ledger.blocked_until = ledger.blocked_until.max(mono_ms));
    }

    /// Milliseconds left of a pause set by [`BudgetShare::block_until`]; 0 = none.
    pub fn pause_left(&self, now_mono_ms: u64) -> u64 {
        self.budget.with(|ledger| ledger.blocked_until.saturating_sub(now_mono_ms))
    }

    /// Takes a slot and waits for it, and for the end of a pause that began meanwhile. A caller dropped while it waits has used its slot.
    pub async fn admit(&self, clock: &Clock) {
        let now = clock.mono_ms();
        let mut until = now.saturating_add(self.reserve(now));
        loop {
            clock.sleep_until(until).await;
            let now = clock.mono_ms();
            let pause = self.pause_left(now);
            if pause == 0 {
                return;
            }
            // The old slot lies before the pause. After it everybody would go at once: a new slot keeps the order and the limit.
            until = now.saturating_add(self.reserve(now));
        }
    }

    /// Changes this share's own setting (reload).
    pub fn set(&self, per_30s: u32) {
        self.budget.with(|ledger| ledger.settings.insert(self.share, per_30s.max(1)));
    }

    /// Requests in any 30 s, by the lowest setting of all who share.
    pub fn limit(&self) -> u32 {
        self.budget.with(|ledger| ledger.limit())
    }

    /// Slots of the last 30 s that have been used.
    pub fn used(&self, now_mono_ms: u64) -> u32 {
        self.budget.with(|ledger| ledger.used(now_mono_ms))
    }
}

impl Drop for BudgetShare {
    fn drop(&mut self) {
        self.budget.with(|ledger| ledger.settings.remove(&self.share));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ledger(limit: u32) -> Ledger {
        Ledger { settings: HashMap::from([(1, limit)]), ..Ledger::default() }
    }

    #[derive(Clone, Debug)]
    enum Act {
        Wait(u64),
        Reserve,
        Block(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            3 => (0..20_000u64).prop_map(Act::Wait),
            8 => Just(Act::Reserve),
            1 => (0..40_000u64).prop_map(Act::Block),
        ]
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_in_any_window(limit in 1..12u32, acts in prop::collection::vec(act(), 1..300)) {
            let mut ledger = ledger(limit);
            let (mut now, mut sent, mut blocked) = (1_000u64, Vec::new(), 0u64);
            for act in acts {
                match act {
                    Act::Wait(ms) => now += ms,
                    Act::Reserve => {
                        let at = now + ledger.reserve(now);
                        prop_assert!(at >= blocked, "a slot inside a pause");
                        sent.push(at);
                    }
                    Act::Block(ms) => {
                        ledger.blocked_until = ledger.blocked_until.max(now + ms);
                        blocked = ledger.blocked_until;
                    }
                }
            }
            prop_assert!(sent.is_sorted(), "first come, first served");
            for pair in sent.windows(limit as usize + 1) {
                prop_assert!(pair[limit as usize] - pair[0] >= 30_000, "{pair:?}");
            }
        }

        #[test]
        fn who_asks_for_room_first_leaves_it(limit in 2..60u32, part in 2..9u32, waits in prop::collection::vec(0..2_000u64, 1..200)) {
            let mut ledger = ledger(limit);
            let keep = limit / part;
            let mut now = 1_000u64;
            for wait in waits {
                now = ledger.room_at(now + wait, keep);
                prop_assert_eq!(ledger.reserve(now), 0, "there was room");
                prop_assert!(ledger.used(now) <= limit - keep);
            }
            for _ in 0..keep {
                prop_assert_eq!(ledger.reserve(now), 0, "what was kept goes at once");
            }
        }

        #[test]
        fn nothing_waits_while_there_is_room(limit in 1..50u32, gap in 0..2_000u64) {
            let mut ledger = ledger(limit);
            let mut now = 5;
            for _ in 0..limit {
                prop_assert_eq!(ledger.reserve(now), 0);
                now += gap.min(30_000 / u64::from(limit));
            }
        }
    }

    #[test]
    fn a_clock_that_was_moved_holds_up_nobody_who_comes_later() {
        let registry = Registry::default();
        let join = || registry.join("tenant", "client", "graph", 1);
        let moved = join();
        let ahead = boot_ms() + 1_800_000;
        assert_eq!((moved.reserve(ahead), moved.used(ahead)), (0, 1));
        let other = join();
        assert_eq!(other.reserve(boot_ms()), 0);
        assert!(join().used(boot_ms()) == 1, "those of one time still share");
    }

    #[test]
    fn the_lowest_setting_counts_until_its_share_leaves() {
        let registry = Registry::default();
        let one = registry.join("T", "app", "graph.example", 100);
        let two = registry.join("t", "APP", "Graph.Example", 3);
        assert_eq!((one.limit(), two.limit()), (3, 3));
        assert_eq!([0; 3].map(|_: u32| one.reserve(10)), [0, 0, 0]);
        assert_eq!(two.reserve(10), WINDOW_MS);
        drop(two);
        assert_eq!(one.limit(), 100);
        one.set(7);
        assert_eq!(one.limit(), 7);
        assert_eq!(registry.join("other", "app", "graph.example", 5).reserve(10), 0);
    }

    #[test]
    fn a_pause_holds_for_everybody() {
        let registry = Registry::default();
        let (one, two) = (registry.join("t", "a", "g", 100), registry.join("t", "a", "g", 100));
        one.block_until(5_000);
        assert_eq!((two.reserve(1_000), two.pause_left(1_000)), (4_000, 4_000));
        assert_eq!(two.pause_left(5_000), 0);
        assert_eq!((one.used(4_999), one.used(5_000)), (0, 1));
        assert_eq!(one.used(5_000 + WINDOW_MS), 0);
    }

    #[tokio::test]
    async fn a_pause_that_begins_while_one_waits_is_kept() {
        let registry = Registry::default();
        let share = Arc::new(registry.join("t", "a", "g", 1));
        let clock = Clock::system();
        share.admit(&clock).await;
        let waiting = tokio::spawn({
            let (share, clock) = (share.clone(), clock.clone());
            async move { share.admit(&clock).await }
        });
        tokio::task::yield_now().await;
        share.block_until(clock.mono_ms() + 500_000);
        clock.advance(WINDOW_MS + 1);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        clock.advance(600_000);
        tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await.expect("goes on").expect("no panic");
    }

    #[test]
    fn memory_is_bounded_by_the_window() {
        let mut ledger = ledger(1_200);
        let mut now = 0;
        for _ in 0..100_000 {
            now += ledger.reserve(now);
        }
        assert!(ledger.slots.len() <= 1_201, "{}", ledger.slots.len());
    }
}
