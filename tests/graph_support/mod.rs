//! A simulator, a signed-in client of it, and a desk: what the directory and the poll loop stand on.
#![allow(dead_code, clippy::print_stderr, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use teams_presence_simulator::{AppSpec, CLIENT_ID, CLIENT_SECRET, Options, Simulator, TENANT_ID, UserSpec};
use teams_presence_sync::auth::{Settings, TokenKeeper};
use teams_presence_sync::config::Config;
use teams_presence_sync::directory::{Directory, DirectoryHandle, Memory};
use teams_presence_sync::event::{Counters, Event, Kind, Level, Reporter};
use teams_presence_sync::graph::{GraphClient, Parts};
use teams_presence_sync::host::Desk;
use teams_presence_sync::http::Proxy;
use teams_presence_sync::presence::Guid;
use teams_presence_sync::process::{ClientKey, Process};
use teams_presence_sync::source::{Poll, PollHandle, Polling};
use teams_presence_sync::store::Store;
use teams_presence_sync::sync::{self, Engine, HostDnd, MatchKind, Outputs, UserInput};
use teams_presence_sync::time::Clock;
use tokio_util::sync::CancellationToken;

pub(crate) struct Rig {
    pub(crate) sim: Simulator,
    pub(crate) process: Process,
    pub(crate) client: GraphClient,
    pub(crate) desk: Arc<Desk>,
    pub(crate) clock: Clock,
    pub(crate) reporter: Reporter,
    pub(crate) cancel: CancellationToken,
    seen: Mutex<Vec<Event>>,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Rig {
    pub(crate) fn new() -> Rig {
        Rig::with(|_| {}, 1_200)
    }

    /// `change` alters the simulator before anything is asked.
    pub(crate) fn with(change: impl FnOnce(&Simulator), per_30s: u32) -> Rig {
        let sim = Simulator::spawn_blocking_thread(Options { https: None, ..Options::default() }).expect("a simulator");
        change(&sim);
        let base = sim.base_url().to_owned();
        let json = serde_json::json!({
            "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
            "auth": { "method": "client_secret", "secret": CLIENT_SECRET, "scope": "https://graph.microsoft.com/.default" },
            "endpoints": { "login": base, "graph": via(&base) },
        });
        let config = Config::parse(json.to_string().as_bytes()).expect("a configuration").config;
        let clock = Clock::system();
        let reporter = Reporter::new(Level::Debug, clock.clone(), Arc::new(|| {}));
        let counters = Arc::new(Counters::default());
        let process = Process::acquire().expect("a runtime");
        let key = ClientKey {
            tenant_id: TENANT_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            hosts: base.clone(),
            ca_file: None,
            proxy: Proxy::None,
        };
        let http = process.client(key).expect("a client");
        let settings = Settings::of(&config);
        let tokens = TokenKeeper::new(settings, http.clone(), clock.clone(), reporter.clone(), counters.clone());
        let client = GraphClient::new(Parts {
            root: config.graph().parse().expect("an address"),
            http,
            tokens,
            presence_budget: process.budget(TENANT_ID, CLIENT_ID, &base, per_30s),
            directory_budget: process.budget(TENANT_ID, CLIENT_ID, &format!("{base} directory"), 600),
            clock: clock.clone(),
            reporter: reporter.clone(),
            counters,
        });
        let outputs = Outputs { dnd: true, chat: true, presence: true, queue: false };
        let engine = Engine::new(sync::Settings::new(&config, outputs), true, 7);
        let store = Store::new(None, clock.clone(), reporter.clone());
        let desk = Arc::new(Desk::new(engine, clock.clone(), reporter.clone(), Arc::new(|| {}), store));
        desk.with(|engine, now| engine.start(now));
        Rig { sim, process, client, desk, clock, reporter, cancel: CancellationToken::new(), seen: Mutex::default() }
    }

    pub(crate) fn run<R>(&self, work: impl Future<Output = R>) -> R {
        self.process.handle().block_on(work)
    }

    pub(crate) fn directory(&self) -> DirectoryHandle {
        let memory = Memory::new(self.desk.store().notes(), TENANT_ID, CLIENT_ID, self.client.root());
        let directory = Directory::new(self.client.clone(), self.desk.clone(), memory);
        let handle = directory.handle();
        self.process.handle().spawn(directory.run(self.cancel.clone()));
        handle
    }

    pub(crate) fn poll(&self, interval_ms: u64) -> PollHandle {
        self.poll_so(Polling { interval_ms, adaptive: false, watchdog_ms: 60_000 })
    }

    pub(crate) fn poll_so(&self, polling: Polling) -> PollHandle {
        let poll = Poll::new(self.client.clone(), self.desk.clone(), polling);
        let handle = poll.handle();
        self.process.handle().spawn(poll.run(self.cancel.clone()));
        handle
    }

    pub(crate) fn set_users(&self, users: Vec<UserInput>) {
        self.desk.with_roster(|engine, now| engine.set_users(users, now));
    }

    /// A new configuration with these keys beside the least one.
    pub(crate) fn reload(&self, more: serde_json::Value) {
        let mut json = serde_json::json!({
            "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
            "auth": { "method": "client_secret", "secret": CLIENT_SECRET },
        });
        if let (Some(all), serde_json::Value::Object(more)) = (json.as_object_mut(), more) {
            all.extend(more);
        }
        let config = Config::parse(json.to_string().as_bytes()).expect("a configuration").config;
        let outputs = Outputs { dnd: true, queue: true, chat: true, presence: true };
        self.desk.with_roster(|engine, now| engine.configure(sync::Settings::new(&config, outputs), now));
    }

    pub(crate) fn put_user(&self, user: UserInput) {
        self.desk.with_roster(|engine, now| engine.put_user(&user, now));
    }

    /// How a user stands with the directory.
    pub(crate) fn matching(&self, user_id: &str) -> String {
        let report = serde_json::to_value(self.desk.with(|engine, _| engine.matching_report())).expect("JSON");
        let users = report["users"].as_array().expect("users");
        let user = users.iter().find(|user| user["user_id"] == user_id).expect("the user");
        match user["matching"].as_str() {
            Some("matched") => format!("matched by {}", user["matched_by"].as_str().unwrap_or("?")),
            other => other.expect("a word").to_owned(),
        }
    }

    pub(crate) fn pending(&self) -> u64 {
        self.desk.with(|engine, _| engine.match_counts()[MatchKind::Pending.as_str()])
    }

    /// The object id a user stands for.
    pub(crate) fn object(&self, user_id: &str) -> Option<Guid> {
        self.desk.with(|engine, now| engine.state(user_id, now).ok().and_then(|state| state.object_id))
    }

    /// The availability last seen.
    pub(crate) fn availability(&self, user_id: &str) -> String {
        self.desk.with(|engine, now| {
            engine.state(user_id, now).map(|state| state.availability.as_str().to_owned()).unwrap_or_default()
        })
    }

    pub(crate) fn id(&self, user: &str) -> Guid {
        self.sim.default_tenant().user_id(user).expect("a user").parse().expect("a GUID")
    }

    pub(crate) fn roles(&self, roles: &[&str]) {
        let roles = Some(roles.iter().map(|role| (*role).to_owned()).collect());
        let app = AppSpec { client_id: Some(CLIENT_ID.to_owned()), roles, ..AppSpec::default() };
        self.sim.default_tenant().put_app(app).expect("an app");
    }

    /// Events of this kind so far.
    pub(crate) fn events(&self, kind: Kind) -> Vec<Event> {
        let mut seen = self.seen.lock().expect("no panic");
        seen.extend(std::iter::from_fn(|| self.reporter.next_event()));
        seen.iter().filter(|event| event.kind == kind).cloned().collect()
    }

    pub(crate) fn await_event(&self, kind: Kind) -> Event {
        self.until(&format!("{kind:?}"), || !self.events(kind).is_empty());
        self.events(kind).pop().expect("just seen")
    }

    pub(crate) fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !done() {
            if begin.elapsed() > Duration::from_secs(15) {
                self.events(Kind::Internal);
                for event in self.seen.lock().expect("no panic").iter() {
                    eprintln!("{:?}: {}", event.kind, event.message);
                }
                while let Some(line) = self.reporter.next_log() {
                    eprintln!("{} {}", line.target, line.message);
                }
                eprintln!("{:?}", self.sim.counters().by_endpoint);
                panic!("waited in vain for: {what}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The address of Graph: the simulator's own, or that of the judge between, which `TPS_GRAPH_VIA` names (see tests/peers).
fn via(simulator: &str) -> String {
    use std::io::{Read as _, Write as _};
    let Ok(judge) = std::env::var("TPS_GRAPH_VIA") else { return simulator.to_owned() };
    let host = judge.strip_prefix("http://").expect("TPS_GRAPH_VIA is http://HOST:PORT");
    let mut stream = std::net::TcpStream::connect(host).expect("the judge of TPS_GRAPH_VIA");
    let request = format!(
        "POST /_upstream HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{simulator}",
        simulator.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    judge
}

pub(crate) fn user(user_id: &str, email: &str) -> UserInput {
    UserInput {
        user_id: user_id.into(),
        email: (!email.is_empty()).then(|| email.into()),
        entra_object_id: None,
        rule_set: None,
        host_dnd: HostDnd::Unknown,
        host_queue_dnd: HostDnd::Unknown,
    }
}

pub(crate) fn by_object(user_id: &str, object: &str) -> UserInput {
    UserInput { entra_object_id: Some(object.into()), ..user(user_id, "") }
}

pub(crate) fn person(upn: &str) -> UserSpec {
    UserSpec { user_principal_name: Some(upn.to_owned()), ..UserSpec::default() }
}

pub(crate) fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Waits until `count` has stood still for a second, and says where. For work that nothing else tells the end of.
pub(crate) fn settled(count: impl Fn() -> u64) -> u64 {
    let mut last = count();
    loop {
        let still = (0..20).all(|_| {
            pause(50);
            count() == last
        });
        if still {
            return last;
        }
        last = count();
    }
}

/// `count` people of the simulator, handed over by object id, so that no directory is needed.
pub(crate) fn agents(rig: &Rig, count: u32) -> Vec<Guid> {
    let tenant = rig.sim.default_tenant();
    tenant.add_users(count, "agent{n}@contoso.test").expect("users");
    tenant.set_all("Available", "Available").expect("set");
    let ids: Vec<Guid> = (1..=count).map(|n| rig.id(&format!("agent{n}@contoso.test"))).collect();
    rig.set_users(ids.iter().enumerate().map(|(n, id)| by_object(&format!("{}", n + 1), &id.to_string())).collect());
    ids
}

/// All of them are seen so.
pub(crate) fn seen(rig: &Rig, count: u32, availability: &str) -> bool {
    (1..=count).all(|n| rig.availability(&n.to_string()) == availability)
}
