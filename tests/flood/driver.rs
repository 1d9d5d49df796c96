//! `make flood`: strangers send all they have to the built-in listener, and real notifications must come through in memory that stays flat.
//!
//! The library runs in a process of its own, so that its memory and its time are not those of Graph (the simulator) and of the strangers, who
//! are here. `FLOOD_POSTS` says how many garbage posts there are (100,000). Ends with 1 where a notification is not delivered, or memory grows.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures are for people")]

#[path = "../hostile_support/mod.rs"]
mod hostile_support;
mod library;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use hostile_support::{Outcome, Stranger, drip, endless, exchange, head_of, pour};
use library::Library;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// Connections that send garbage at the same time.
const SENDERS: u64 = 16;
/// Memory may grow so much from a fifth of the garbage to all of it, and from one round of endless bodies to the next.
const MOST_GROWTH_KB: i64 = 16 << 10;
/// The same over everything: room for long bodies, and what the C library keeps of it.
const MOST_OVER_ALL_KB: i64 = 96 << 10;

fn main() -> ExitCode {
    if std::env::args().any(|word| word == library::CHILD) {
        return library::child();
    }
    let posts = std::env::var("FLOOD_POSTS").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let mut flood = Flood::begin(posts);
    let mut good = flood.garbage();
    // Twice: what the first time has taken from the system is enough for the second.
    flood.endless();
    let once_kb = flood.library.resident_kb();
    flood.endless();
    good &= flood.is_flat("with bodies without end", once_kb);
    flood.slow();
    flood.crowd();
    good &= flood.end();
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Flood {
    library: Library,
    stranger: Stranger,
    runtime: Runtime,
    posts: u64,
    at_begin_kb: i64,
    failed: bool,
}

impl Flood {
    fn begin(posts: u64) -> Flood {
        let library = Library::start();
        let stranger = Stranger::new(library.listener, &library.subscription());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let mut flood = Flood { library, stranger, runtime, posts, at_begin_kb: 0, failed: false };
        println!("flood: one instance with the built-in listener, in a process of its own; {}", machine());
        flood.news("nobody else", &AtomicBool::new(true), 50);
        flood.at_begin_kb = flood.library.resident_kb();
        println!("  resident before: {} kB", flood.at_begin_kb);
        flood
    }

    /// Real notifications until the attack is over, `least` at least, and how long each took from Teams to the callback.
    fn news(&mut self, beside: &str, over: &AtomicBool, least: usize) {
        let cpu = self.library.cpu();
        let (mut times, begin, mut most_kb) = (Vec::new(), Instant::now(), 0);
        while times.len() < least || !over.load(SeqCst) {
            match self.library.flip() {
                Some(time) => times.push(time.as_secs_f64() * 1e3),
                None => {
                    println!("  a notification was not delivered within {:?}", library::LIMIT);
                    self.failed = true;
                    break;
                }
            }
            most_kb = most_kb.max(self.library.resident_kb());
            std::thread::sleep(Duration::from_millis(10));
        }
        let (count, seconds) = (times.len(), begin.elapsed().as_secs_f64());
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times.get((count as f64 * share) as usize).or(times.last()).copied().unwrap_or(f64::NAN);
        let (spent, late) = ((self.library.cpu() - cpu).as_secs_f64(), self.library.posted_again());
        println!("  beside {beside}: {count} notifications sent and delivered in {seconds:.1} s;");
        println!("    to the callback {:.1} ms in the middle, {:.1} at 99 %, {:.1} at most;", at(0.5), at(0.99), at(1.0));
        println!(
            "    {late} posts of Graph failed and were repeated so far; library's CPU {spent:.1} s; resident at most {most_kb} kB"
        );
    }

    fn spawn(&self, attack: impl Future<Output = u64> + Send + 'static) -> JoinHandle<u64> {
        self.runtime.spawn(attack)
    }

    /// Real notifications while the attacks last. Their sum.
    fn beside(&mut self, what: &str, attacks: Vec<JoinHandle<u64>>) -> u64 {
        let over = Arc::new(AtomicBool::new(false));
        let ended = over.clone();
        let joined = self.runtime.spawn(async move {
            let mut sum = 0;
            for attack in attacks {
                sum += attack.await.expect("no panic");
            }
            ended.store(true, SeqCst);
            sum
        });
        self.news(what, &over, 20);
        self.runtime.block_on(joined).expect("no panic")
    }

    fn garbage(&mut self) -> bool {
        let (before, begin) = (self.library.figure("intake", "refused"), Instant::now());
        let next = Arc::new(AtomicU64::new(0));
        let mut part_kb = Vec::new();
        for part in 1..=5 {
            let until = self.posts * part / 5;
            let attacks = (0..SENDERS).map(|_| self.spawn(sender(self.stranger.clone(), next.clone(), until))).collect();
            let wrong = self.beside(&format!("garbage up to post {until}"), attacks);
            if wrong > 0 {
                println!("  {wrong} garbage posts got another answer than they must");
                self.failed = true;
            }
            next.store(until, SeqCst);
            part_kb.push(self.library.resident_kb());
        }
        let seconds = begin.elapsed().as_secs_f64();
        let refused = self.library.figure("intake", "refused") - before;
        println!(
            "  {} garbage posts in {seconds:.1} s ({:.0} a second), {refused} of them refused as bodies",
            self.posts,
            self.posts as f64 / seconds
        );
        println!("  resident after each fifth: {part_kb:?} kB");
        !self.failed && self.is_flat("with garbage", part_kb[0])
    }

    /// Whether no more memory is taken than at that time.
    fn is_flat(&self, with: &str, before_kb: i64) -> bool {
        let growth = self.library.resident_kb() - before_kb;
        if growth > MOST_GROWTH_KB {
            println!("  memory grows {with}: {growth} kB");
        }
        growth <= MOST_GROWTH_KB
    }

    fn endless(&mut self) {
        let attacks = (0..16).map(|task: u64| {
            let stranger = self.stranger.clone();
            self.spawn(async move {
                for number in 0..25 {
                    let Ok(stream) = stranger.connect().await else { continue };
                    if (task + number).is_multiple_of(2) {
                        pour(stream, &head_of((4 << 20) + 1), &[b'['; 0x4000]).await;
                    } else {
                        let (head, chunk) = endless();
                        pour(stream, &head, &chunk).await;
                    }
                }
                0
            })
        });
        let attacks = attacks.collect();
        self.beside("400 bodies without end", attacks);
    }

    fn slow(&mut self) {
        let attacks = (0..320).map(|number: u64| {
            let stranger = self.stranger.clone();
            self.spawn(async move {
                let Ok(stream) = stranger.connect().await else { return 0 };
                match number % 2 {
                    0 => drip(stream, b"POST /graph/notify HTTP/1.1\r\nx: ", b'x').await,
                    _ => drip(stream, &head_of(100_000), b' ').await,
                };
                0
            })
        });
        let attacks = attacks.collect();
        self.beside("320 connections that send a byte at a time", attacks);
    }

    fn crowd(&mut self) {
        let before = self.library.figure("listener", "accepted");
        let end = Instant::now() + Duration::from_secs(15);
        let attacks = (0..400).map(|_| {
            let stranger = self.stranger.clone();
            self.spawn(async move {
                while Instant::now() < end {
                    match stranger.connect().await {
                        Ok(stream) => {
                            let left = end.saturating_duration_since(Instant::now());
                            let _ = tokio::time::timeout(left, drip(stream, b"POST", b'T')).await;
                        }
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
                0
            })
        });
        let attacks = attacks.collect();
        self.beside("400 strangers who connect again and again", attacks);
        let accepted = self.library.figure("listener", "accepted") - before;
        println!("    {accepted} connections, {} lost their place so far", self.library.figure("listener", "evicted"));
    }

    fn end(mut self) -> bool {
        let mut left = u64::MAX;
        let begin = Instant::now();
        while left > 0 && begin.elapsed() < library::LIMIT {
            std::thread::sleep(Duration::from_millis(100));
            left = self.library.figure("listener", "open") + self.library.figure("intake", "waiting_items");
        }
        self.news("nobody else, afterwards", &AtomicBool::new(true), 50);
        let over_all = self.library.resident_kb() - self.at_begin_kb;
        println!("  resident after: {} kB, {over_all} more than before", self.library.resident_kb());
        let good = !self.failed && left == 0 && over_all <= MOST_OVER_ALL_KB;
        println!("{}", if good { "held" } else { "NOT HELD" });
        self.library.stop() && good
    }
}

/// Garbage with the next numbers below `until`. How many got a wrong answer.
async fn sender(stranger: Stranger, next: Arc<AtomicU64>, until: u64) -> u64 {
    let (mut stream, mut wrong) = (stranger.connect().await.ok(), 0);
    loop {
        let number = next.fetch_add(1, SeqCst);
        if number >= until {
            return wrong;
        }
        let garbage = stranger.garbage(number);
        let mut outcome = Outcome::Closed;
        for _ in 0..10 {
            if let Some(open) = &mut stream {
                outcome = exchange(open, &garbage.request).await;
            }
            if outcome != Outcome::Closed {
                break;
            }
            stream = stranger.connect().await.ok();
        }
        wrong += u64::from(outcome != Outcome::Answered(garbage.expected));
    }
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name")).map_or("unknown", |it| it.trim_matches([' ', '\t', ':']));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    format!("{model}, {cores} cores, load before {}", load.split(' ').next().unwrap_or("?"))
}
