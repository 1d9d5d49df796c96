//! The clock. Everything that ages asks a [`Clock`], so that tests can move time without waiting.

mod calendar;
mod countdown;

pub use calendar::{parse_date, timestamp, utc};
pub use countdown::{Countdown, DAY_MS, Due, days_left, next_look_ms};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// One reading of both clocks, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Moment {
    /// Milliseconds on the clock that never steps and counts suspend. Only differences mean something.
    pub mono_ms: u64,
    /// Milliseconds since 1970-01-01 UTC; may step. For people and for the host, never for ageing.
    pub wall_ms: i64,
}

impl Moment {
    /// The wall time at which something that the monotonic clock saw at `mono_ms` happened, by today's wall clock.
    pub fn wall_at(&self, mono_ms: u64) -> i64 {
        self.wall_ms - (self.mono_ms as i64 - mono_ms as i64)
    }
}

/// A clock shared by the parts of one instance. The system clock, or the same moved ahead by a test.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

/// The wall clock's distance from the monotonic one is taken anew only where it has moved by this much. Two readings round differently; without
/// this, one and the same observation would be told as a millisecond earlier or later from one callback to the next.
const STEP_MS: i64 = 100;

struct Inner {
    ahead_ms: AtomicU64,
    /// Wall minus monotonic, in milliseconds.
    distance_ms: AtomicI64,
    moved: Notify,
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("ahead_ms", &self.0.ahead_ms.load(Ordering::Relaxed)).finish()
    }
}

impl Clock {
    /// The machine's clocks.
    pub fn system() -> Clock {
        let distance = distance_ms(crate::sys::clock::boot_ms());
        Clock(Arc::new(Inner { ahead_ms: AtomicU64::new(0), distance_ms: AtomicI64::new(distance), moved: Notify::new() }))
    }

    /// Both clocks now.
    pub fn now(&self) -> Moment {
        let ahead = self.0.ahead_ms.load(Ordering::Acquire);
        let boot = crate::sys::clock::boot_ms();
        let (kept, today) = (self.0.distance_ms.load(Ordering::Relaxed), distance_ms(boot));
        let distance = if kept.abs_diff(today) < STEP_MS.unsigned_abs() { kept } else { today };
        if distance != kept {
            self.0.distance_ms.store(distance, Ordering::Relaxed);
        }
        Moment { mono_ms: boot + ahead, wall_ms: boot as i64 + distance + ahead as i64 }
    }

    /// The monotonic reading alone.
    pub fn mono_ms(&self) -> u64 {
        self.now().mono_ms
    }

    /// Waits until [`Moment::mono_ms`] has reached `deadline`. Needs a tokio runtime with a timer.
    pub async fn sleep_until(&self, deadline: u64) {
        loop {
            let moved = self.0.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let now = self.mono_ms();
            if now >= deadline {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(deadline - now)) => {}
                () = &mut moved => {}
            }
        }
    }

    /// Waits `ms` milliseconds of this clock.
    pub async fn sleep(&self, ms: u64) {
        self.sleep_until(self.mono_ms().saturating_add(ms)).await;
    }

    /// Moves this clock ahead: sleepers whose time has come wake. For tests; a release has no way to call it from outside.
    pub fn advance(&self, ms: u64) {
        self.0.ahead_ms.fetch_add(ms, Ordering::AcqRel);
        self.0.moved.notify_waiters();
    }
}

/// How far the wall clock is from a reading of the monotonic one that was just taken.
fn distance_ms(boot_ms: u64) -> i64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    wall - boot_ms as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_observation_keeps_one_time() {
        let clock = Clock::system();
        let seen = clock.now();
        for _ in 0..50 {
            std::thread::sleep(Duration::from_micros(700));
            assert_eq!(clock.now().wall_at(seen.mono_ms), seen.wall_ms);
        }
    }

    #[test]
    fn a_step_of_the_wall_clock_is_followed() {
        let clock = Clock::system();
        clock.0.distance_ms.fetch_sub(STEP_MS * 2, Ordering::Relaxed);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64;
        assert!((clock.now().wall_ms - wall).abs() < STEP_MS);
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_moved() {
        let clock = Clock::system();
        let deadline = clock.mono_ms() + 3_600_000;
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(deadline).await }
        });
        tokio::task::yield_now().await;
        clock.advance(3_600_000);
        tokio::time::timeout(Duration::from_secs(5), sleeper).await.expect("woken by the move").expect("no panic");
        assert!(clock.mono_ms() >= deadline);
    }

    #[test]
    fn wall_follows_mono() {
        let now = Moment { mono_ms: 1_000, wall_ms: 50_000 };
        assert_eq!(now.wall_at(400), 49_400);
        assert_eq!(now.wall_at(1_500), 50_500);
    }
}
