//! What strangers post at the built-in listener, and that real notifications come through meanwhile.
//!
//! Graph answers no question about presence while they are at it: whatever the host is told came as a notification. Memory is measured by
//! `make flood`; here only what is counted is looked at.

mod hostile_support;
mod instance_support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hostile_support::{Outcome, Stranger, drip, endless, exchange, head_of, pour};
use instance_support::*;
use teams_presence_simulator::{EndpointClass, Fault};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::{Chat, Dnd};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// One at a time: two crowds are more than the files that a process may open (1,024 as a rule).
static ALONE: Mutex<()> = Mutex::new(());

struct Siege {
    rig: Rig,
    stranger: Stranger,
    runtime: Runtime,
    _alone: MutexGuard<'static, ()>,
}

impl Siege {
    /// Ann and Ben, subscribed; a stranger at another address than Graph's.
    fn begin() -> Siege {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let rig = Rig::with(
            |sim| {
                sim.oddities(|oddities| {
                    oddities.notify.latency_ms = 0;
                    oddities.notify.batch_ms = 0;
                    // How fast this machine is must not decide whether Graph goes on sending.
                    oddities.notify.endpoint_rules = false;
                    oddities.notify.first_timeout_ms = 10_000;
                });
            },
            |config| notified(config, "rich"),
        );
        rig.users(&[("100", ANN), ("101", BEN)]);
        rig.host.chat(0, "100", Chat::Available);
        rig.until_later("a subscription", || living(&rig).len() == 1);
        rig.until_later("trust", || rig.stats()["notifications"]["subscribed"] == 2);
        rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
        let address = rig.config["source"]["notifications"]["listener"]["address"].as_str().expect("an address");
        let stranger = Stranger::new(address.parse::<SocketAddr>().expect("an address"), &living(&rig)[0]);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        Siege { rig, stranger, runtime, _alone: alone }
    }

    fn spawn(&self, attack: impl Future<Output = Vec<Outcome>> + Send + 'static) -> JoinHandle<Vec<Outcome>> {
        self.runtime.spawn(attack)
    }

    fn join(&self, attacks: Vec<JoinHandle<Vec<Outcome>>>) -> Vec<Outcome> {
        attacks.into_iter().flat_map(|attack| self.runtime.block_on(attack).expect("no panic")).collect()
    }

    /// Ann's call begins and ends, so many times, and the host is told each time.
    fn news_comes(&self, times: usize) {
        for _ in 0..times {
            let mark = self.rig.host.mark();
            self.rig.presence(ANN, "Busy", "InACall");
            self.rig.until("DND on", || self.rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)));
            self.rig.presence(ANN, "Available", "Available");
            self.rig.until("DND off", || self.rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)));
        }
    }

    fn figure(&self, group: &str, name: &str) -> u64 {
        self.rig.stats()["notifications"][group][name].as_u64().unwrap_or_else(|| panic!("{group}.{name}"))
    }

    /// Nothing waits, no connection is left, nothing broke.
    fn over(self) {
        self.rig.until("an empty queue", || self.figure("intake", "waiting_items") + self.figure("intake", "waiting_bytes") == 0);
        self.rig.until("no connection", || self.figure("listener", "open") == 0);
        self.news_comes(1);
        self.rig.unharmed();
        assert_eq!((self.figure("worker", "unproved"), self.figure("worker", "undecrypted")), (0, 0));
    }
}

#[test]
fn garbage_is_refused_and_the_news_comes() {
    const TASKS: u64 = 6;
    const EACH: u64 = 500;
    let siege = Siege::begin();
    let keys = |siege: &Siege| siege.rig.sim.requests().iter().filter(|it| it.path.contains("discovery")).count();
    siege.news_comes(1);
    let (fetched, handshakes) = (keys(&siege), siege.figure("intake", "handshakes"));
    let (judged, doubtful) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let attacks = (0..TASKS).map(|task| {
        let (stranger, judged, doubtful) = (siege.stranger.clone(), judged.clone(), doubtful.clone());
        siege.spawn(async move {
            let mut stream = stranger.connect().await.expect("a connection");
            let mut outcomes = Vec::new();
            for number in task * EACH..(task + 1) * EACH {
                let garbage = stranger.garbage(number);
                let mut outcome = exchange(&mut stream, &garbage.request).await;
                // After 16 refusals in a row, after what is no HTTP, after its time.
                for _ in 0..10 {
                    if outcome == Outcome::Closed {
                        doubtful.fetch_add(u64::from(garbage.judged), SeqCst);
                        stream = stranger.connect().await.expect("a connection");
                        outcome = exchange(&mut stream, &garbage.request).await;
                    }
                }
                // A busy machine may not bring a whole body in its time.
                if outcome != Outcome::Answered(408) {
                    assert_eq!(outcome, Outcome::Answered(garbage.expected), "number {number}");
                    judged.fetch_add(u64::from(garbage.judged), SeqCst);
                }
                outcomes.push(outcome);
            }
            outcomes
        })
    });
    let attacks: Vec<_> = attacks.collect();
    siege.news_comes(10);
    assert_eq!(siege.join(attacks).len() as u64, TASKS * EACH);
    siege.news_comes(2);
    // Each was counted once, and nothing of it was taken: the others are Graph's.
    let (judged, doubtful) = (judged.load(SeqCst), doubtful.load(SeqCst));
    let refused = siege.figure("intake", "refused");
    assert!((judged..=judged + doubtful).contains(&refused), "{refused} refused, {judged} answered, {doubtful} in doubt");
    assert_eq!(siege.figure("intake", "posts"), refused + siege.figure("intake", "taken") + handshakes);
    assert_eq!((siege.figure("intake", "handshakes"), siege.figure("intake", "full")), (handshakes, 0));
    assert_eq!(keys(&siege), fetched, "garbage makes nobody ask for keys");
    siege.rig.until_later("the event", || !siege.rig.host.events(Kind::NotificationsForeign).is_empty());
    siege.over();
}

#[test]
fn bodies_without_end_are_cut_off_and_the_news_comes() {
    let siege = Siege::begin();
    let mut attacks = Vec::new();
    for task in 0..8 {
        let stranger = siege.stranger.clone();
        attacks.push(siege.spawn(async move {
            let mut outcomes = Vec::new();
            for number in 0..12 {
                let stream = stranger.connect().await.expect("a connection");
                outcomes.push(match (task + number) % 3 {
                    0 => pour(stream, &head_of((4 << 20) + 1), &[b' '; 0x4000]).await,
                    1 => pour(stream, &head_of(u64::MAX / 2), &[b'['; 0x4000]).await,
                    _ => {
                        let (head, chunk) = endless();
                        pour(stream, &head, &chunk).await
                    }
                });
            }
            outcomes
        }));
    }
    siege.news_comes(8);
    let outcomes = siege.join(attacks);
    // 413 for the length. On a busy machine some come to the end of the time for a body, or of the room for long ones, before.
    let allowed = |outcome: &Outcome| matches!(outcome, Outcome::Answered(413 | 408 | 503) | Outcome::Closed);
    assert!(outcomes.iter().all(allowed), "{outcomes:?}");
    assert!(outcomes.contains(&Outcome::Answered(413)), "{outcomes:?}");
    assert_eq!(siege.figure("intake", "refused"), 0, "none of them was a whole body");
    siege.over();
}

#[test]
fn slow_senders_lose_their_place_and_the_news_comes() {
    const CROWD: usize = 320;
    let siege = Siege::begin();
    let attacks = (0..CROWD).map(|number| {
        let stranger = siege.stranger.clone();
        siege.spawn(async move {
            let stream = stranger.connect().await.expect("a connection");
            vec![match number % 3 {
                0 => drip(stream, b"", b'P').await,
                1 => drip(stream, b"POST /graph/notify HTTP/1.1\r\nhost: pbx\r\nx: ", b'x').await,
                _ => drip(stream, &head_of(100_000), b' ').await,
            }]
        })
    });
    let attacks: Vec<_> = attacks.collect();
    siege.rig.until("a crowd", || siege.figure("listener", "accepted") as usize >= CROWD);
    siege.news_comes(8);
    let outcomes = siege.join(attacks);
    assert_eq!(outcomes.len(), CROWD);
    let allowed = |outcome: &Outcome| matches!(outcome, Outcome::Answered(408 | 400 | 431) | Outcome::Closed);
    assert!(outcomes.iter().all(allowed), "{outcomes:?}");
    assert!(siege.figure("listener", "evicted") as usize >= CROWD - 256);
    siege.over();
}

#[test]
fn a_crowd_that_comes_faster_than_graph_loses_only_its_own_places() {
    let siege = Siege::begin();
    // Connected all the time with more than there are places.
    let (end, ended) = tokio::sync::watch::channel(false);
    let attacks = (0..300).map(|_| {
        let (stranger, mut ended) = (siege.stranger.clone(), ended.clone());
        siege.spawn(async move {
            let mut outcomes = Vec::new();
            while !*ended.borrow() {
                let attack = async {
                    match stranger.connect().await {
                        Ok(stream) => drip(stream, b"POST", b'T').await,
                        Err(_) => {
                            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                            Outcome::Closed
                        }
                    }
                };
                tokio::select! {
                    outcome = attack => outcomes.push(outcome),
                    _ = ended.changed() => {}
                }
            }
            outcomes
        })
    });
    let attacks: Vec<_> = attacks.collect();
    siege.rig.until("a fight for places", || siege.figure("listener", "evicted") > 1_000);
    siege.news_comes(8);
    assert!(siege.figure("listener", "open") <= 256);
    end.send(true).expect("listening");
    let outcomes = siege.join(attacks);
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Closed || matches!(outcome, Outcome::Answered(400 | 408))));
    siege.over();
}
