//! The places of connections, so many and no more.
//!
//! Whoever connects gets a place. Where none is free, a connection loses its own: one on which nothing of ours ever came before any other,
//! of those one of the address that has the most of them, of its connections the oldest. So somebody who opens connections to keep others
//! out only loses his own again, however fast he is, and those of Graph or of a reverse proxy stay.

use std::collections::HashMap;
use std::net::IpAddr;
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

/// Who connects, as far as one can tell them apart: an IPv4 address, or an IPv6 network of 64 bits, of which one machine may use all addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Peer(u128);

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Peer {
        match address.to_canonical() {
            IpAddr::V4(address) => Peer(u32::from(address).into()),
            IpAddr::V6(address) => Peer(u128::from(address) >> 64 << 64),
        }
    }
}

#[derive(Debug)]
struct Seat {
    peer: Peer,
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

    /// A place for a new connection from this address.
    pub(super) fn take(self: &Arc<Self>, from: IpAddr) -> Place {
        let seat = Arc::new(Seat {
            peer: from.into(),
            proven: AtomicBool::new(false),
            tick: AtomicU64::new(self.tick()),
            refused: AtomicU32::new(0),
            lost: CancellationToken::new(),
        });
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let mut taken = self.lock();
        while taken.len() >= self.most {
            let Some(at) = least_useful(&taken, seat.peer) else { break };
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

/// Whose place is to be given to one who comes.
fn least_useful(taken: &[Arc<Seat>], comes: Peer) -> Option<usize> {
    // Read once: connections are proven meanwhile.
    let seats: Vec<(bool, Peer)> = taken.iter().map(|seat| (seat.proven.load(Ordering::Relaxed), seat.peer)).collect();
    let mut held: HashMap<(bool, Peer), u32> = HashMap::with_capacity(seats.len() + 1);
    held.insert((false, comes), 1);
    seats.iter().for_each(|seat| *held.entry(*seat).or_default() += 1);
    (0..seats.len()).min_by_key(|at| {
        let seat = seats[*at];
        (seat.0, std::cmp::Reverse(held.get(&seat).copied()), taken[*at].tick.load(Ordering::Relaxed))
    })
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

    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn is_lost(place: &Place) -> bool {
        place.seat.lost.is_cancelled()
    }

    #[test]
    fn the_useless_lose_their_place_first() {
        let places = Places::new(3);
        let (good, old, new) = (places.take(STRANGER), places.take(STRANGER), places.take(STRANGER));
        assert!(!good.answered(StatusCode::ACCEPTED) && good.is_proven() && !old.is_proven());
        let fourth = places.take(STRANGER);
        assert!(is_lost(&old) && !is_lost(&good) && !is_lost(&new) && !is_lost(&fourth));
        drop(old);
        assert_eq!(places.counts(), (3, 4, 1));
        for _ in 0..100 {
            places.take(STRANGER);
        }
        assert!(!is_lost(&good), "no number of strangers takes the place of Graph");
        let (second, third) = (places.take(STRANGER), places.take(STRANGER));
        second.answered(StatusCode::ACCEPTED);
        third.answered(StatusCode::ACCEPTED);
        good.answered(StatusCode::ACCEPTED);
        let next = places.take(STRANGER);
        assert!(is_lost(&second) && !is_lost(&good), "of proven ones that which was silent for longest");
        drop((good, second, third, next));
        assert_eq!(places.counts().0, 0);
    }

    #[test]
    fn who_has_the_most_loses_first() {
        let places = Places::new(8);
        let (graph, proxy) = (places.take(address("198.51.100.7")), places.take(address("198.51.100.8")));
        assert!(!proxy.answered(StatusCode::ACCEPTED));
        let crowd: Vec<Place> = (0..10_000).map(|_| places.take(STRANGER)).collect();
        assert!(!is_lost(&graph) && !is_lost(&proxy), "neither the one that has sent nothing yet nor the proven one");
        assert_eq!(crowd.iter().filter(|place| !is_lost(place)).count(), 6);
        // Another stranger gets his places from the first one, until they have as many.
        let others: Vec<Place> = (0..100).map(|_| places.take(address("192.0.2.2"))).collect();
        let left = |crowd: &[Place]| crowd.iter().filter(|place| !is_lost(place)).count();
        assert_eq!((left(&crowd) + left(&others), left(&crowd).abs_diff(left(&others))), (6, 0));
        assert!(!is_lost(&graph) && !is_lost(&proxy));
        // A network of IPv6 is one stranger, and an IPv4 address in IPv6 the same as without.
        assert_eq!(Peer::from(address("2001:db8::1")), Peer::from(address("2001:db8::ffff:1")));
        assert_ne!(Peer::from(address("2001:db8::1")), Peer::from(address("2001:db8:0:1::1")));
        assert_eq!(Peer::from(address("::ffff:192.0.2.1")), Peer::from(STRANGER));
        // Where nobody has more than one, the oldest goes; and the proven ones of many only after all others.
        let places = Places::new(3);
        let all: Vec<Place> = (1..=3).map(|number| places.take(address(&format!("203.0.113.{number}")))).collect();
        all[0].answered(StatusCode::ACCEPTED);
        let _next = places.take(STRANGER);
        assert_eq!(all.iter().map(is_lost).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn a_row_of_refusals_ends_a_connection() {
        let places = Places::new(3);
        let place = places.take(STRANGER);
        let refuse = |times: u32| (0..times).map(|_| place.answered(StatusCode::BAD_REQUEST)).filter(|close| *close).count();
        assert_eq!(refuse(MOST_REFUSED - 1), 0);
        assert!(!place.answered(StatusCode::ACCEPTED), "a reverse proxy mixes garbage and news on one connection");
        assert_eq!(refuse(MOST_REFUSED - 1), 0);
        assert!(!place.answered(StatusCode::SERVICE_UNAVAILABLE) && !place.answered(StatusCode::OK));
        assert_eq!(refuse(2), 2);
    }
}
