//! The places of connections, so many and no more.
//!
//! Whoever connects gets a place. Where none is free, the connection that has been useless for longest loses its own: first those on which
//! nothing of ours ever came, the oldest of them first. So somebody who opens connections to keep others out only loses them again, and
//! those of Graph or of a reverse proxy stay.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use tokio_util::sync::CancellationToken;

/// Refused requests in a row after which a connection is closed: a sender of garbage has to connect anew each time.
const MOST_REFUSED: u32 = 16;

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<Vec<Arc<Seat>>>,
    /// Counts what happens; the number is the time.
    ticks: AtomicU64,
    accepted: AtomicU64,
    evicted: AtomicU64,
}

#[derive(Debug)]
struct Seat {
    proven: AtomicBool,
    /// Of the last thing that was ours, else of the begin.
    tick: AtomicU64,
    refused: AtomicU32,
    lost: CancellationToken,
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    seat: Arc<Seat>,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Places> {
        let (taken, ticks, accepted, evicted) = Default::default();
        Arc::new(Places { most: most.max(1), taken, ticks, accepted, evicted })
    }

    /// A place for a new connection.
    pub(super) fn take(self: &Arc<Self>) -> Place {
        let seat = Arc::new(Seat {
            proven: AtomicBool::new(false),
            tick: AtomicU64::new(self.tick()),
            refused: AtomicU32::new(0),
            lost: CancellationToken::new(),
        });
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let mut taken = self.lock();
        while taken.len() >= self.most {
            let rank = |seat: &Arc<Seat>| (seat.proven.load(Ordering::Relaxed), seat.tick.load(Ordering::Relaxed));
            let Some(at) = (0..taken.len()).min_by_key(|at| rank(&taken[*at])) else { break };
            taken.swap_remove(at).lost.cancel();
            self.evicted.fetch_add(1, Ordering::Relaxed);
        }
        taken.push(seat.clone());
        Place { places: self.clone(), seat }
    }

    /// Open connections, all there ever were, and those that lost their place.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (self.lock().len() as u64, self.accepted.load(Ordering::Relaxed), self.evicted.load(Ordering::Relaxed))
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Something came on this connection, and this was the answer. Whether the connection is to be closed now.
    pub(super) fn answered(&self, status: StatusCode) -> bool {
        match status {
            StatusCode::ACCEPTED => {
                self.seat.proven.store(true, Ordering::Relaxed);
                self.seat.tick.store(self.places.tick(), Ordering::Relaxed);
                self.seat.refused.store(0, Ordering::Relaxed);
                false
            }
            StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE => false,
            _ => self.seat.refused.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_REFUSED,
        }
    }

    /// Whether anything of ours has come on it.
    pub(super) fn is_proven(&self) -> bool {
        self.seat.proven.load(Ordering::Relaxed)
    }

    /// Ends when the place is lost to another.
    pub(super) async fn lost(&self) {
        self.seat.lost.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(at) = taken.iter().position(|seat| Arc::ptr_eq(seat, &self.seat)) {
            taken.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lost(place: &Place) -> bool {
        place.seat.lost.is_cancelled()
    }

    #[test]
    fn the_useless_lose_their_place_first() {
        let places = Places::new(3);
        let (good, old, new) = (places.take(), places.take(), places.take());
        assert!(!good.answered(StatusCode::ACCEPTED) && good.is_proven() && !old.is_proven());
        let fourth = places.take();
        assert!(is_lost(&old) && !is_lost(&good) && !is_lost(&new) && !is_lost(&fourth));
        drop(old);
        assert_eq!(places.counts(), (3, 4, 1));
        for _ in 0..100 {
            places.take();
        }
        assert!(!is_lost(&good), "no number of strangers takes the place of Graph");
        let (second, third) = (places.take(), places.take());
        second.answered(StatusCode::ACCEPTED);
        third.answered(StatusCode::ACCEPTED);
        good.answered(StatusCode::ACCEPTED);
        let next = places.take();
        assert!(is_lost(&second) && !is_lost(&good), "of proven ones that which was silent for longest");
        drop((good, second, third, next));
        assert_eq!(places.counts().0, 0);
    }

    #[test]
    fn a_row_of_refusals_ends_a_connection() {
        let places = Places::new(3);
        let place = places.take();
        let refuse = |times: u32| (0..times).map(|_| place.answered(StatusCode::BAD_REQUEST)).filter(|close| *close).count();
        assert_eq!(refuse(MOST_REFUSED - 1), 0);
        assert!(!place.answered(StatusCode::ACCEPTED), "a reverse proxy mixes garbage and news on one connection");
        assert_eq!(refuse(MOST_REFUSED - 1), 0);
        assert!(!place.answered(StatusCode::SERVICE_UNAVAILABLE) && !place.answered(StatusCode::OK));
        assert_eq!(refuse(2), 2);
    }
}
