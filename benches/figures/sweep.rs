//! One look at everybody: the library against a bare client, in turns, in the same run.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use teams_presence_sync::presence::Guid;

use crate::bare::Bare;
use crate::directory;
use crate::measure::{line, micros, others_cpu, spread, until};
use crate::ours::Ours;
use crate::server::Server;

/// How many people, how many sweeps are one measurement (short ones cannot be timed singly), how often it is taken.
const SIZES: [(usize, usize, usize); 3] = [(650, 40, 9), (10_000, 4, 9), (100_000, 1, 7)];

pub(crate) fn run() {
    let most = SIZES[2].0;
    let server = Server::start(most);
    let ids = directory::run(&server, most);
    println!("sweep: client CPU for one user, ours and a bare reqwest client, and how often the one is in the other");
    println!(
        "  {:<11} {:>8} {:>10} {:>10} {:>8} {:>16} {:>12} {:>12} {:>14}",
        "transport", "users", "ours ns", "bare ns", "ratio", "(least..most)", "ours ms", "bare ms", "ms a request"
    );
    for (users, sweeps, times) in SIZES {
        let ids = &ids[..users.min(ids.len())];
        one("http/1.1", server.http(), None, ids, sweeps, times);
        server.offer_http2(false);
        one("https/1.1", server.https(), Some(server.ca()), ids, sweeps, times);
        server.offer_http2(true);
        one("https/2", server.https(), Some(server.ca()), ids, sweeps, times);
    }
    changes(&server, &ids);
}

struct Cost {
    cpu: Duration,
    wall: Duration,
}

fn cost(work: impl FnOnce()) -> Cost {
    let (cpu, begin) = (others_cpu(), Instant::now());
    work();
    Cost { cpu: others_cpu() - cpu, wall: begin.elapsed() }
}

fn one(transport: &str, base: &str, ca: Option<&Path>, ids: &[Guid], sweeps: usize, times: usize) {
    let mut ours = Ours::new(base, ca, transport);
    ours.by_object(ids);
    ours.poll();
    ours.first_sweep();
    let bare = Bare::new(base, ca, ids);
    // Connections, caches, the first decisions.
    ours.sweep();
    ours.settled();
    bare.sweep();
    let calls = ours.host.calls.load(Relaxed);
    let (mut ours_ns, mut bare_ns, mut ratios, mut ours_ms, mut bare_ms) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..times {
        let reference = cost(|| (0..sweeps).for_each(|_| assert!(bare.sweep() > 0)));
        let library = cost(|| (0..sweeps).for_each(|_| ours.sweep()));
        let each = (ids.len() * sweeps) as f64;
        ours_ns.push(micros(library.cpu) * 1e3 / each);
        bare_ns.push(micros(reference.cpu) * 1e3 / each);
        ratios.push(library.cpu.as_secs_f64() / reference.cpu.as_secs_f64());
        ours_ms.push(library.wall.as_secs_f64() * 1e3 / sweeps as f64);
        bare_ms.push(reference.wall.as_secs_f64() * 1e3 / sweeps as f64);
    }
    assert_eq!(ours.host.calls.load(Relaxed), calls, "nothing changed, so nobody is called");
    let ratio = spread(ratios);
    let wall = spread(ours_ms).median;
    println!(
        "  {transport:<11} {:>8} {:>10.0} {:>10.0} {:>8.2} {:>16} {:>12.2} {:>12.2} {:>14.2}",
        ids.len(),
        spread(ours_ns).median,
        spread(bare_ns).median,
        ratio.median,
        format!("({:.2}..{:.2})", ratio.least, ratio.most),
        wall,
        spread(bare_ms).median,
        wall / bare.requests() as f64,
    );
}

/// A sweep that finds everybody changed: two callbacks each.
fn changes(server: &Server, ids: &[Guid]) {
    println!("sweep that finds everybody changed (http/1.1): client CPU with all callbacks");
    for users in [10_000, 100_000] {
        let ids = &ids[..users.min(ids.len())];
        server.everybody("Available", "Available");
        let mut ours = Ours::new(server.http(), None, "changes");
        ours.by_object(ids);
        ours.poll();
        ours.first_sweep();
        ours.settled();
        let mut all = vec![];
        for round in 0..6 {
            let state = if round % 2 == 0 { "DoNotDisturb" } else { "Available" };
            server.everybody(state, state);
            let before = ours.host.calls.load(Relaxed);
            let calls = || ours.host.calls.load(Relaxed) - before;
            // DND and chat of everybody. Nothing to hand out does not mean that the last call has been made.
            let all_told = 2 * ids.len() as u64;
            let cost = cost(|| {
                ours.sweep();
                until("the calls of everybody", Duration::from_millis(20), || calls() >= all_told);
            });
            ours.settled();
            assert_eq!(calls(), all_told, "each once");
            all.push(micros(cost.cpu) * 1e3 / ids.len() as f64);
        }
        let all = spread(all);
        line(&format!("{users} users, ns each"), format!("{:.0} ({:.0}..{:.0})", all.median, all.least, all.most));
    }
}
