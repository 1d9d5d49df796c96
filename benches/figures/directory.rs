//! The first round of the directory: from addresses to object ids.

use std::time::{Duration, Instant};

use teams_presence_sync::presence::Guid;
use teams_presence_sync::sync::{MatchKind, UserInput};

use crate::measure::{line, others_cpu, own_cpu, until};
use crate::ours::Ours;
use crate::server::{Server, address};

pub(crate) fn by_address(count: usize) -> Vec<UserInput> {
    (1..=count)
        .map(|n| UserInput { user_id: (n + 1_000).to_string().into(), email: Some(address(n).into()), ..UserInput::default() })
        .collect()
}

/// Resolves everybody and tells what it took. The object ids.
pub(crate) fn run(server: &Server, count: usize) -> Vec<Guid> {
    println!("directory: first round of {count} addresses (http/1.1)");
    let mut ours = Ours::new(server.http(), None, "directory");
    ours.poll();
    let requests = server.requests();
    let (cpu, own, begin) = (others_cpu(), own_cpu(), Instant::now());
    let users = by_address(count);
    let handed = own_cpu() - own;
    ours.set_users(users);
    line("tps_set_users, CPU of the caller", format!("{:.0} ms", (own_cpu() - own - handed).as_secs_f64() * 1e3));
    ours.directory();
    let matched = || ours.desk.with(|engine, _| engine.match_counts()[MatchKind::Pending.as_str()]) == 0;
    until("the directory", Duration::from_millis(20), matched);
    line("wall time until all are matched", format!("{:.0} ms", begin.elapsed().as_secs_f64() * 1e3));
    until("the first sweep", Duration::from_millis(20), || ours.sweeps() >= 1 && ours.polled().len() == count);
    ours.settled();
    line("wall time until all have their first callbacks", format!("{:.0} ms", begin.elapsed().as_secs_f64() * 1e3));
    line("client CPU of all of it, for one user", format!("{:.1} µs", (others_cpu() - cpu).as_secs_f64() * 1e6 / count as f64));
    line("requests (token, changes, pages of users, presence)", server.requests() - requests);
    ours.polled().to_vec()
}

/// Users put one by one while directory and poll loop run.
pub(crate) fn puts() {
    let count = 20_000;
    let server = Server::start(count);
    println!("directory: {count} users put one by one while it runs (http/1.1)");
    let mut ours = Ours::new(server.http(), None, "puts");
    ours.poll();
    ours.directory();
    let users = by_address(count);
    let (cpu, begin) = (others_cpu(), Instant::now());
    for user in &users {
        ours.desk.with_roster(|engine, now| engine.put_user(user, now));
    }
    line("wall time of one put", format!("{:.1} µs", begin.elapsed().as_secs_f64() * 1e6 / count as f64));
    let matched = || ours.desk.with(|engine, _| engine.match_counts()[MatchKind::Pending.as_str()]) == 0;
    until("the directory", Duration::from_millis(20), matched);
    line("wall time until all are matched", format!("{:.0} ms", begin.elapsed().as_secs_f64() * 1e3));
    ours.settled();
    line(
        "client CPU beside the puts, for one user",
        format!("{:.1} µs", (others_cpu() - cpu).as_secs_f64() * 1e6 / count as f64),
    );
    line("requests", server.requests());
}
