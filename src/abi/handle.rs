//! The register of instances: what a `tps_sync*` stands for.
//!
//! A handle is `generation | epoch | slot`. The slot says where to look, the generation whether it is still the same instance, the epoch
//! whether this process made it or a parent before a fork. No handle is ever dereferenced.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use super::fault::Fault;
use super::types::tps_sync;
use crate::sys::fork::PerProcess;

#[cfg(target_pointer_width = "64")]
mod bits {
    pub(super) const SLOT: u32 = 24;
    pub(super) const EPOCH: u32 = 8;
}
#[cfg(target_pointer_width = "32")]
mod bits {
    pub(super) const SLOT: u32 = 13;
    pub(super) const EPOCH: u32 = 5;
}

const SLOTS: usize = 1 << bits::SLOT;
const EPOCHS: u32 = 1 << bits::EPOCH;
/// Generations count from 1, so no handle is NULL.
const GENERATIONS: usize = usize::MAX >> (bits::SLOT + bits::EPOCH);

/// One more each time a process makes its register. A child inherits the count, so its own epoch differs from its parents'.
static EPOCH: AtomicU32 = AtomicU32::new(0);

/// All instances of this process.
pub(super) struct Registry<T: Send + Sync + 'static> {
    per_process: PerProcess<Slots<T>>,
}

struct Slots<T> {
    /// Processes that made a register before this one: its ancestors.
    ancestors: u32,
    table: RwLock<Table<T>>,
}

impl<T> Slots<T> {
    fn epoch(&self) -> usize {
        (self.ancestors % EPOCHS) as usize
    }
}

struct Table<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

struct Slot<T> {
    generation: usize,
    entry: Option<Arc<Entry<T>>>,
}

struct Entry<T> {
    value: T,
    /// Calls that are inside. Removal waits for them.
    inside: Mutex<usize>,
    left: Condvar,
}

/// An instance for the time of one call.
pub(super) struct Lease<T> {
    entry: Arc<Entry<T>>,
}

impl<T> fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}

impl<T> Deref for Lease<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.entry.value
    }
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        *lock(&self.entry.inside) -= 1;
        self.entry.left.notify_all();
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Send + Sync> Registry<T> {
    pub(super) const fn new() -> Registry<T> {
        Registry { per_process: PerProcess::new() }
    }

    fn slots(&'static self) -> &'static Slots<T> {
        self.per_process.get_or_make(|| Slots {
            ancestors: EPOCH.fetch_add(1, Ordering::Relaxed),
            table: RwLock::new(Table { slots: Vec::new(), free: Vec::new() }),
        })
    }

    /// Keeps an instance and gives out its handle.
    pub(super) fn insert(&'static self, value: T) -> Result<*mut tps_sync, Fault> {
        let slots = self.slots();
        let entry = Arc::new(Entry { value, inside: Mutex::new(0), left: Condvar::new() });
        let mut table = slots.table.write().unwrap_or_else(PoisonError::into_inner);
        let at = match table.free.pop() {
            Some(at) => at,
            None if table.slots.len() < SLOTS => {
                table.slots.push(Slot { generation: 0, entry: None });
                table.slots.len() - 1
            }
            None => return Err(Fault::new(super::status::TPS_E_SYSTEM, format!("more than {SLOTS} instances in one process"))),
        };
        let slot = &mut table.slots[at];
        slot.generation = slot.generation % GENERATIONS + 1;
        slot.entry = Some(entry);
        let id = (slot.generation << bits::EPOCH | slots.epoch()) << bits::SLOT | at;
        Ok(std::ptr::without_provenance_mut(id))
    }

    /// The instance of this handle.
    pub(super) fn get(&'static self, handle: *const tps_sync) -> Result<Lease<T>, Fault> {
        let slots = self.slots();
        let (generation, at) = parts(slots, handle)?;
        let table = slots.table.read().unwrap_or_else(PoisonError::into_inner);
        let slot = table.slots.get(at).filter(|slot| slot.generation == generation).ok_or_else(Fault::handle)?;
        let entry = slot.entry.clone().ok_or_else(Fault::handle)?;
        // Counted before the table is let go, so that a removal sees this call.
        *lock(&entry.inside) += 1;
        Ok(Lease { entry })
    }

    /// Takes the instance out if `may` allows, waits for calls that are still inside, and hands it back. Later calls find no instance.
    pub(super) fn remove(&'static self, handle: *const tps_sync, may: impl FnOnce(&T) -> Result<(), Fault>) -> Result<T, Fault> {
        let lease = self.get(handle)?;
        may(&lease)?;
        let slots = self.slots();
        let (generation, at) = parts(slots, handle)?;
        {
            let mut table = slots.table.write().unwrap_or_else(PoisonError::into_inner);
            // Of two that come this far at once, one finds the slot empty.
            let slot = table.slots.get_mut(at).filter(|slot| slot.generation == generation).ok_or_else(Fault::handle)?;
            slot.entry.take().ok_or_else(Fault::handle)?;
            table.free.push(at);
        }
        let entry = Arc::clone(&lease.entry);
        drop(lease);
        let mut inside = lock(&entry.inside);
        while *inside > 0 {
            inside = entry.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        drop(inside);
        let mut entry = entry;
        loop {
            // The last call has counted itself out and is about to let go of its reference.
            match Arc::try_unwrap(entry) {
                Ok(entry) => return Ok(entry.value),
                Err(shared) => {
                    entry = shared;
                    std::thread::yield_now();
                }
            }
        }
    }
}

/// Generation and slot of a handle of this process.
fn parts<T>(slots: &Slots<T>, handle: *const tps_sync) -> Result<(usize, usize), Fault> {
    let id = handle.addr();
    let (at, epoch, generation) = (id & (SLOTS - 1), id >> bits::SLOT & (EPOCHS as usize - 1), id >> (bits::SLOT + bits::EPOCH));
    if generation == 0 {
        return Err(Fault::handle());
    }
    if epoch == slots.epoch() {
        return Ok((generation, at));
    }
    // An epoch that no ancestor had was made up.
    let inherited = epoch < slots.epoch() || slots.ancestors >= EPOCHS;
    Err(if inherited { Fault::forked() } else { Fault::handle() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::status::{TPS_E_FORKED, TPS_E_HANDLE, TPS_E_STATE};
    use std::time::Duration;

    fn status<R>(result: Result<R, Fault>) -> Result<R, i32> {
        result.map_err(|fault| fault.status)
    }

    #[test]
    fn a_stale_handle_is_known_as_such() {
        static REGISTRY: Registry<u32> = Registry::new();
        let first = REGISTRY.insert(7).expect("room");
        assert_eq!(*REGISTRY.get(first).expect("there"), 7);
        assert_eq!(status(REGISTRY.remove(first, |_| Ok(()))), Ok(7));
        let second = REGISTRY.insert(8).expect("room");
        assert_ne!(first, second, "the slot is used again, the handle is not");
        assert_eq!(status(REGISTRY.get(first)).err(), Some(TPS_E_HANDLE));
        assert_eq!(status(REGISTRY.remove(first, |_| Ok(()))), Err(TPS_E_HANDLE));
        assert_eq!(status(REGISTRY.get(std::ptr::null())).err(), Some(TPS_E_HANDLE));
        for wrong in [1usize, SLOTS, 0x1234] {
            assert_eq!(status(REGISTRY.get(std::ptr::without_provenance(wrong))).err(), Some(TPS_E_HANDLE), "{wrong}");
        }
        assert_eq!(*REGISTRY.get(second).expect("there"), 8);
    }

    #[test]
    fn a_refused_removal_changes_nothing() {
        static REGISTRY: Registry<u32> = Registry::new();
        let handle = REGISTRY.insert(7).expect("room");
        let refused = REGISTRY.remove(handle, |_| Err(Fault::new(TPS_E_STATE, "running")));
        assert_eq!(status(refused), Err(TPS_E_STATE));
        assert_eq!(*REGISTRY.get(handle).expect("there"), 7);
    }

    #[test]
    fn removal_waits_for_calls_that_are_inside() {
        static REGISTRY: Registry<u32> = Registry::new();
        let handle = REGISTRY.insert(7).expect("room").addr();
        let lease = REGISTRY.get(std::ptr::without_provenance(handle)).expect("there");
        std::thread::scope(|scope| {
            let remover = scope.spawn(move || status(REGISTRY.remove(std::ptr::without_provenance(handle), |_| Ok(()))));
            while REGISTRY.get(std::ptr::without_provenance(handle)).is_ok() {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(20));
            assert!(!remover.is_finished());
            drop(lease);
            assert_eq!(remover.join().expect("no panic"), Ok(7));
        });
    }

    #[test]
    fn a_child_answers_forked_even_while_the_parents_table_is_locked() {
        static REGISTRY: Registry<u32> = Registry::new();
        let handle = REGISTRY.insert(7).expect("room");
        let held = REGISTRY.slots().table.write().expect("whole");
        // SAFETY: the child takes locks of its own only, allocates a little and leaves by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let inherited = status(REGISTRY.get(handle)).err() == Some(TPS_E_FORKED);
            let fresh = REGISTRY.insert(9).is_ok_and(|own| REGISTRY.get(own).is_ok_and(|value| *value == 9));
            // SAFETY: ends the child without running the test harness's exit code.
            unsafe { libc::_exit(if inherited && fresh { 0 } else { 1 }) };
        }
        assert!(child > 0);
        let mut status = -1;
        // SAFETY: waits for the child made above.
        let reaped = unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!((reaped, status), (child, 0));
        drop(held);
    }

    #[test]
    fn calls_race_a_removal() {
        static REGISTRY: Registry<Vec<u32>> = Registry::new();
        for round in 0..200 {
            let handle = REGISTRY.insert(vec![round; 4]).expect("room").addr();
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(move || {
                        while let Ok(lease) = REGISTRY.get(std::ptr::without_provenance(handle)) {
                            assert_eq!(lease[3], round);
                        }
                    });
                }
                let removers: Vec<_> = (0..2)
                    .map(|_| scope.spawn(move || REGISTRY.remove(std::ptr::without_provenance(handle), |_| Ok(())).is_ok()))
                    .collect();
                let removed = removers.into_iter().filter_map(|remover| remover.join().ok()).filter(|removed| *removed).count();
                assert_eq!(removed, 1);
            });
        }
    }
}
