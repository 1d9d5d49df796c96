//! The library in a process of its own: this very program, started again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teams_presence_simulator::{
    EndpointClass, Fault, Options, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, TENANT_ID,
};
use teams_presence_sync::event::{Event, LogLine};
use teams_presence_sync::host::{HostCallbacks, Wants};
use teams_presence_sync::instance::Instance;
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::{Answer, Change, PresenceView, UserInput};

/// The word by which the program knows that it is the library.
pub(crate) const CHILD: &str = "--library";
/// How long a notification may take before it counts as lost. Graph repeats after 5 s, 10 s and so on.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

const ANN: &str = "ann@contoso.test";

pub(crate) struct Library {
    pub(crate) listener: SocketAddr,
    sim: Simulator,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    busy: bool,
}

impl Drop for Library {
    fn drop(&mut self) {
        // Only the one that was started here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Library {
    /// With Ann, subscribed. From then on Graph answers no question about presence: what is told came as a notification.
    pub(crate) fn start() -> Library {
        let sim = Simulator::spawn_blocking_thread(Options { https: None, ..Options::default() }).expect("a simulator");
        sim.oddities(|oddities| {
            oddities.presence_limit = 0;
            oddities.notify.latency_ms = 0;
            // The rules of Graph for slow endpoints are those of a machine that does not play Graph and the crowd as well.
            oddities.notify.endpoint_rules = false;
            oddities.notify.first_timeout_ms = 10_000;
        });
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let listener = free.local_addr().expect("an address");
        drop(free);
        let config = json!({
            "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": PUBLIC_CLIENT_ID,
            "auth": { "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD },
            "endpoints": { "login": sim.base_url(), "graph": sim.base_url() },
            "source": { "mode": "notifications", "poll_interval_ms": 20_000, "notifications": {
                "url": format!("http://{listener}/graph/notify"), "listener": { "address": listener.to_string() } } },
            "dnd": { "hold_off_ms": 0 }, "stale": { "after_ms": 86_400_000 },
        });
        let own = std::env::current_exe().expect("a path");
        let mut child =
            Command::new(own).arg(CHILD).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a second process");
        let mut input = child.stdin.take().expect("piped");
        writeln!(input, "{config}").expect("written");
        let (out, lines) = channel();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| out.send(line).map_err(drop)));
        let library = Library { listener, sim, child, input: Some(input), lines, busy: false };
        let begin = Instant::now();
        while library.living().is_none() {
            assert!(begin.elapsed() < LIMIT, "no subscription");
            std::thread::sleep(Duration::from_millis(50));
        }
        library.sim.inject(Fault::status(EndpointClass::Presences, 503));
        library
    }

    fn living(&self) -> Option<String> {
        self.sim.subscriptions().into_iter().find(|it| it.state == "alive").map(|it| it.id)
    }

    pub(crate) fn subscription(&self) -> String {
        self.living().expect("a subscription")
    }

    /// Ann's call begins or ends. How long it takes until the host is told; nothing where that does not come.
    pub(crate) fn flip(&mut self) -> Option<Duration> {
        let begin = Instant::now();
        self.busy = !self.busy;
        let busy = self.busy;
        let (availability, activity) = if busy { ("Busy", "InACall") } else { ("Available", "Available") };
        self.sim.set_presence(ANN, availability, activity).expect("a presence");
        self.line(if busy { "dnd on" } else { "dnd off" }).map(|_| begin.elapsed())
    }

    fn line(&self, begins: &str) -> Option<String> {
        let end = Instant::now() + LIMIT;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())).ok()?;
            if line.starts_with(begins) {
                return Some(line);
            }
        }
    }

    /// A member of `tps_stats`.
    pub(crate) fn figure(&mut self, group: &str, name: &str) -> u64 {
        writeln!(self.input.as_mut().expect("open"), "stats").expect("written");
        let line = self.line("{").expect("statistics");
        let stats: Value = serde_json::from_str(&line).expect("JSON");
        stats["notifications"][group][name].as_u64().unwrap_or_else(|| panic!("{group}.{name}"))
    }

    /// Posts of Graph that were not taken at once.
    pub(crate) fn posted_again(&self) -> usize {
        self.sim.deliveries().iter().filter(|it| it.attempt > 1).count()
    }

    pub(crate) fn resident_kb(&self) -> i64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("/proc");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches("kB").trim().parse().expect("a number")
    }

    /// Time of the processor so far.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("/proc");
        let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
        // A hundred a second, on every Linux.
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// Whether it stops by itself.
    pub(crate) fn stop(mut self) -> bool {
        drop(self.input.take());
        let begin = Instant::now();
        while begin.elapsed() < LIMIT {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

/// A host that says on its output what it is told.
struct Host;

impl HostCallbacks for Host {
    fn dnd(&self, change: &Change<Dnd>) -> Answer {
        println!("dnd {}", if change.value == Dnd::On { "on" } else { "off" });
        Answer::Applied
    }

    fn queue_dnd(&self, _: &Change<Dnd>) -> Answer {
        Answer::Applied
    }

    fn chat(&self, _: &Change<Chat>) -> Answer {
        Answer::Applied
    }

    fn presence(&self, _: &PresenceView) {}
    fn event(&self, _: &Event) {}
    fn log(&self, _: &LogLine) {}
    fn thread_started(&self, _: &str) {}
    fn thread_stopped(&self, _: &str) {}

    fn wants(&self) -> Wants {
        Wants { dnd: true, queue: false, chat: false, presence: false, event: false, log: false }
    }
}

/// The other process. Its input is the configuration, then a line for each look at the statistics; it ends with its input.
pub(crate) fn child() -> ExitCode {
    let mut lines = std::io::stdin().lines().map_while(Result::ok);
    let config = lines.next().expect("a configuration");
    let instance = Instance::create(config.as_bytes(), Box::new(Host)).expect("a configuration that holds");
    instance.start().expect("a start");
    let ann = UserInput { user_id: "100".into(), email: Some(ANN.into()), ..UserInput::default() };
    instance.set_users(vec![ann]).expect("a user");
    for _ in lines {
        println!("{}", instance.stats().replace('\n', " "));
    }
    if instance.stop(Duration::from_secs(30)).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
