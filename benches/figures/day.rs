//! How long after a change the library knows, on an office day replayed on a simulated clock: fixed against adaptive polling, with the
//! planner that polls. No network: an answer takes [`ANSWER_MS`] and shows how things stood half-way.

use std::collections::VecDeque;
use std::sync::Arc;

use teams_presence_sync::presence::Guid;
use teams_presence_sync::source::{Pacing, Planner};

use crate::office::{Change, Office, day};

const WANTED_MS: u64 = 5_000;
const ANSWER_MS: u64 = 150;
const MOST_FLYING: usize = 8;

/// What one replay showed.
#[derive(Default)]
struct Seen {
    requests: u64,
    looks: u64,
    changes: u64,
    /// Changes that were over before anybody looked.
    missed: u64,
    sum_ms: u64,
    worst_ms: u64,
    /// Delays by hundredths of a second.
    by_10_ms: Vec<u32>,
}

impl Seen {
    fn found(&mut self, delay_ms: u64) {
        self.changes += 1;
        self.sum_ms += delay_ms;
        self.worst_ms = self.worst_ms.max(delay_ms);
        let at = (delay_ms / 10) as usize;
        if self.by_10_ms.len() <= at {
            self.by_10_ms.resize(at + 1, 0);
        }
        self.by_10_ms[at] += 1;
    }

    fn mean(&self) -> f64 {
        self.sum_ms as f64 / self.changes.max(1) as f64
    }

    fn percentile(&self, percent: u64) -> u64 {
        let mut left = self.changes * percent / 100;
        for (at, count) in self.by_10_ms.iter().enumerate() {
            if left < u64::from(*count) {
                return at as u64 * 10;
            }
            left -= u64::from(*count);
        }
        self.worst_ms
    }
}

struct Person {
    /// The next change that nobody has seen.
    next: usize,
    shown: u8,
}

/// Replays the day.
fn replay(days: &[Vec<Change>], adaptive: bool, wanted_ms: u64, from: u64, until: u64) -> Seen {
    let pacing = Pacing { wanted_ms, stretch_percent: 100, per_30s: 1_050 };
    let ids: Arc<[Guid]> = (0..days.len() as u128).map(Guid).collect();
    let mut planner = Planner::new(adaptive);
    let mut people: Vec<Person> = days.iter().map(|_| Person { next: 0, shown: 0 }).collect();
    let mut next_at: Vec<u64> = days.iter().map(|day| day.first().map_or(u64::MAX, |change| change.at_ms)).collect();
    let mut seen = Seen::default();
    let mut flying: VecDeque<(u64, Guid, Vec<Guid>)> = VecDeque::new();
    let mut now = from;
    while now < until {
        while flying.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, first, news)) = flying.pop_front() else { break };
            news.into_iter().for_each(|id| planner.changed(id, now));
            planner.landed(first, false);
        }
        planner.end(now);
        if planner.is_idle() && planner.next_at().is_some_and(|at| at <= now) {
            planner.begin(ids.clone(), now, pacing);
        }
        while flying.len() < MOST_FLYING && planner.next_at().is_some_and(|at| at <= now) {
            let Some(portion) = planner.take(now) else { break };
            seen.requests += 1;
            seen.looks += portion.ids.len() as u64;
            let (at, told_at) = (now + ANSWER_MS / 2, now + ANSWER_MS);
            let mut news = Vec::new();
            for id in &portion.ids {
                let n = id.0 as usize;
                if next_at[n] > at {
                    continue;
                }
                let (person, day) = (&mut people[n], &days[n]);
                let mut state = person.shown;
                while let Some(change) = day.get(person.next).filter(|change| change.at_ms <= at) {
                    person.next += 1;
                    if change.at_ms < from {
                        state = change.state;
                        continue;
                    }
                    state = change.state;
                    match day.get(person.next).filter(|next| next.at_ms <= at) {
                        Some(next) => {
                            seen.missed += 1;
                            seen.found(next.at_ms - change.at_ms);
                        }
                        None => seen.found(told_at - change.at_ms),
                    }
                }
                next_at[n] = day.get(person.next).map_or(u64::MAX, |change| change.at_ms);
                if std::mem::replace(&mut person.shown, state) != state {
                    news.push(*id);
                }
            }
            flying.push_back((told_at, portion.ids[0], news));
        }
        let landing = flying.front().map(|(at, ..)| *at);
        let sending = planner.next_at().filter(|_| flying.len() < MOST_FLYING);
        now = [landing, sending].into_iter().flatten().min().unwrap_or(until).max(now + 1);
    }
    seen
}

const HOUR: u64 = 3_600_000;

/// Which office, how many people, and until when: with many people a part of the day has changes enough.
const CASES: [(Office, usize, u64); 7] = [
    (Office::Mixed, 100, 19),
    (Office::Mixed, 700, 19),
    (Office::Mixed, 1_000, 19),
    (Office::Mixed, 10_000, 19),
    (Office::Mixed, 100_000, 9),
    (Office::CallCentre, 10_000, 13),
    (Office::Meetings, 10_000, 13),
];

pub(crate) fn run() {
    println!("day: how long after a change the library knows; a sweep wanted every 5 s, an answer takes {ANSWER_MS} ms");
    println!(
        "  {:<11} {:>7} {:<8} {:>8} {:>12} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7}",
        "office", "users", "polling", "requests", "looks", "changes", "mean ms", "median", "95 %", "worst", "missed"
    );
    for (office, users, end) in CASES {
        let days = day(office, users, 4_711);
        let (begin, end) = (if users > 10_000 { 8 * HOUR } else { 7 * HOUR }, end * HOUR);
        let tell = |name: &str, seen: &Seen| {
            println!(
                "  {:<11} {users:>7} {name:<8} {:>8} {:>12} {:>9} {:>7.0} {:>7} {:>7} {:>7} {:>6.1}%",
                office.name(),
                seen.requests,
                seen.looks,
                seen.changes,
                seen.mean(),
                seen.percentile(50),
                seen.percentile(95),
                seen.worst_ms,
                seen.missed as f64 * 100.0 / seen.changes.max(1) as f64,
            );
        };
        let fixed = replay(&days, false, WANTED_MS, begin, end);
        tell("fixed", &fixed);
        // Where fixed polling waits for its last answers and adaptive does not, the latter gets longer intervals: no more requests for it.
        let (mut wanted_ms, mut adaptive) = (WANTED_MS, replay(&days, true, WANTED_MS, begin, end));
        while adaptive.requests > fixed.requests {
            wanted_ms += (WANTED_MS * (adaptive.requests - fixed.requests)).div_ceil(fixed.requests);
            adaptive = replay(&days, true, wanted_ms, begin, end);
        }
        tell("adaptive", &adaptive);
        if matches!(office, Office::Mixed) && users == 10_000 {
            tell("at 2.5 s", &replay(&days, false, WANTED_MS / 2, begin, end));
        }
    }
}
