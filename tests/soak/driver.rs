//! `make soak`: two tenants, two thousand users, a host that is killed again and again, and everything that goes wrong on a bad day.
//!
//! The host is `host.c`, in a process of its own with one instance per tenant. This driver is Teams (the simulator), the outages and the kills; it
//! reads the host's table of truth ([`table`]) and looks all the time whether a DND that the library set outlives its reason. The host itself
//! looks whether a person's DND is asked to be switched off, and whether a new process knows what is whose.
//!
//! `SOAK_SECONDS` says how long (600), `SOAK_HOST` where the program is. Ends with 1 on a violation, with the user and his history.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures are for people")]

mod judge;
mod table;
mod teams;

use std::path::PathBuf;
use std::process::{Child, Command as Program, ExitCode};
use std::time::{Duration, Instant};

use judge::Judge;
use serde_json::json;
use table::{Command, Head, Table, stamp};
use teams::Teams;

const USERS: usize = 2_000;
const POLL_MS: u64 = 2_000;
const HOLD_OFF_MS: u64 = 1_000;
const ACK_MS: u64 = 5_000;
const STALE_MS: u64 = 30_000;
/// The host is left alone for so long between two times of kills, so that time limits are reached.
const LEFT_ALONE: Duration = Duration::from_secs(100);
const KILLS: Duration = Duration::from_secs(50);

struct Soak {
    table: Table,
    teams: Teams,
    judge: Judge,
    host: Child,
    program: Vec<PathBuf>,
    kills: u64,
    outages: u64,
    seed: u64,
}

impl Soak {
    fn below(&mut self, count: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed % count as u64) as usize
    }

    fn spawn(program: &[PathBuf]) -> Child {
        Program::new(&program[0]).args(&program[1..]).spawn().expect("the host, built by `make soak`")
    }

    fn kill(&mut self) -> Result<(), String> {
        self.host.kill().map_err(|error| format!("the host had ended: {error}"))?;
        self.host.wait().map_err(|error| error.to_string())?;
        self.kills += 1;
        self.judge.note("the host was killed");
        self.table.set(Head::Ready, 0);
        self.host = Soak::spawn(&self.program);
        Ok(())
    }

    fn look(&mut self) -> Result<(), String> {
        if let Ok(Some(status)) = self.host.try_wait() {
            return Err(format!("the host ended by itself: {status}"));
        }
        if self.table.head(Head::Wrong) > 0 {
            let user = self.table.head(Head::WrongUser) as usize;
            let what = table::wrong(self.table.head(Head::WrongWhat));
            return Err(format!("{what}\n{}", self.judge.history(user, &self.table, &self.teams)));
        }
        let ready = self.table.head(Head::Ready) == 1;
        self.judge.look(ready, &self.table, &self.teams)
    }

    /// The day itself.
    fn run(&mut self, seconds: u64) -> Result<(), String> {
        let begin = Instant::now();
        let end = begin + Duration::from_secs(seconds);
        let (mut next_kill, mut next_turn) = (begin + Duration::from_secs(6), [begin + Duration::from_secs(10); 2]);
        while Instant::now() < end {
            for _ in 0..6 {
                let (user, draw) = (self.below(USERS), self.below(7));
                self.teams.change(user, draw);
            }
            let now = Instant::now();
            for (tenant, next) in next_turn.iter_mut().enumerate().filter(|(_, next)| **next <= now) {
                let up = self.judge.is_up(tenant);
                let draw = self.below(7);
                if up {
                    let how = self.teams.fail(tenant, draw);
                    self.judge.outage(tenant, how);
                    self.outages += 1;
                    // Now and then longer than presence counts.
                    let long = self.below(4) == 0 && seconds >= 240;
                    let ms = if long { STALE_MS + 75_000 } else { 2_000 + self.below(10_000) as u64 };
                    *next = now + Duration::from_millis(ms);
                } else {
                    self.teams.simulator.clear_faults();
                    self.judge.all_up();
                    *next = now + Duration::from_millis(5_000 + 1_000 * self.below(100) as u64);
                }
            }
            let phase = (now - begin).as_secs() % (LEFT_ALONE + KILLS).as_secs();
            if now >= next_kill && phase < KILLS.as_secs() {
                self.kill()?;
                next_kill = now + Duration::from_millis(1_500 + self.below(7_000) as u64);
            }
            self.look()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Nothing goes wrong any more, and everybody is available: nothing of ours may be left.
    fn calm(&mut self) -> Result<(), String> {
        self.table.command(Command::Calm);
        self.teams.simulator.clear_faults();
        self.judge.all_up();
        self.teams.all_available();
        let begin = Instant::now();
        let limit = Duration::from_millis(self.judge.limit_ms + 30_000);
        loop {
            self.look()?;
            let left = self.table.rows().iter().filter(|row| row.state == table::OURS).count();
            // The host counts what the library holds only when it is calm.
            let held = self.table.head(Head::OursLeft);
            if left == 0 && held == 0 && begin.elapsed() > Duration::from_secs(3) {
                break;
            }
            if begin.elapsed() > limit {
                return Err(format!("all are available, and {left} DNDs of ours are on; the library holds {held}"));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        self.table.command(Command::End);
        let begin = Instant::now();
        loop {
            match self.host.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("the host ended with {status}")),
                _ if begin.elapsed() > Duration::from_secs(120) => return Err("the host does not end".to_owned()),
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn report(&self, seconds: u64, violations: usize) {
        let head = |place| self.table.head(place) as u64;
        let rows = [
            ("seconds", seconds),
            ("users, in two tenants", USERS as u64),
            ("changes in Teams", self.teams.changes),
            ("callbacks: dnd ON", head(Head::On)),
            ("callbacks: dnd OFF", head(Head::Off)),
            ("callbacks: chat", head(Head::Chat)),
            ("answered RETRY", head(Head::Retry)),
            ("answered PENDING, acknowledged", head(Head::Pending)),
            ("answered PENDING, never acknowledged", head(Head::Never)),
            ("answered GONE", head(Head::Gone)),
            ("acknowledged too late", head(Head::Late)),
            ("people pressed ON", head(Head::Presses)),
            ("people pressed OFF", head(Head::Releases)),
            ("reports", head(Head::Reported)),
            ("users removed and put again", head(Head::Removed)),
            ("outages of Graph or Entra", self.outages),
            ("events: quiet, stale", head(Head::Quiet) + head(Head::Stale)),
            ("kills", self.kills),
            ("starts of an instance", head(Head::Starts)),
            ("stops and starts in one process", head(Head::Stops)),
            ("longest stop, ms", head(Head::StopMs)),
            ("owners checked after a start", head(Head::Checked)),
            ("presses across our ON, nobody can tell whose", head(Head::Crossed)),
            ("state files set aside, not usable", head(Head::SetAside) + head(Head::Unavailable)),
            ("longest DND of ours without a reason, ms", self.judge.longest_ms),
            ("the same may last, ms", self.judge.limit_ms),
            ("violations", violations as u64),
        ];
        if !self.judge.longest.is_empty() {
            eprintln!("the longest DND of ours without a reason:\n{}", self.judge.longest);
        }
        rows.iter().for_each(|(what, count)| println!("{what:<44} {count:>9}"));
    }
}

fn main() -> ExitCode {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(600u64);
    let Some(program) = std::env::var_os("SOAK_HOST").map(PathBuf::from) else {
        eprintln!("SOAK_HOST is not set: `make soak` builds the host and sets it");
        return ExitCode::FAILURE;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let teams = Teams::new(USERS);
    let path = directory.path().join("table");
    let table = Table::create(&path, USERS);
    table.command(Command::Run);
    table.set(Head::Users, USERS as i32);
    let mut program = vec![program, path, USERS.to_string().into()];
    for tenant in 0..2 {
        let more = json!({
            "source": {"poll_interval_ms": POLL_MS}, "dnd": {"hold_off_ms": HOLD_OFF_MS}, "dispatch": {"ack_timeout_ms": ACK_MS},
            "stale": {"after_ms": STALE_MS}, "state": {"dir": directory.path().join("state")},
        });
        let path = directory.path().join(format!("tenant{tenant}.json"));
        std::fs::write(&path, teams.configuration(tenant, more)).expect("written");
        program.push(path);
    }
    let host = Soak::spawn(&program);
    let judge = Judge::new(USERS, POLL_MS + HOLD_OFF_MS + 60_000, STALE_MS + 60_000);
    let seed = 0x9E37_79B9_7F4A_7C15 ^ u64::from(stamp().unsigned_abs()) << 16;
    let mut soak = Soak { table, teams, judge, host, program, kills: 0, outages: 0, seed };
    let end = soak.run(seconds).and_then(|()| soak.calm());
    // Ended already, or a violation has been found: its truth stands in the table.
    let _ = soak.host.kill();
    let _ = soak.host.wait();
    soak.report(seconds, usize::from(end.is_err()));
    match end {
        Ok(()) => ExitCode::SUCCESS,
        Err(violation) => {
            eprintln!("VIOLATION: {violation}");
            ExitCode::FAILURE
        }
    }
}
