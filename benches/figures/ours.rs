//! The library as an instance wires it: sign-in, poll loop, directory, desk, dispatcher thread, a host that counts.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use teams_presence_simulator::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};
use teams_presence_sync::auth::{Settings, TokenKeeper};
use teams_presence_sync::config::Config;
use teams_presence_sync::directory::{Directory, Memory};
use teams_presence_sync::event::{Counters, Event, LogLine, Reporter};
use teams_presence_sync::graph::{GraphClient, Parts};
use teams_presence_sync::host::{Desk, Dispatch, HostCallbacks, Mode, Outlet, Waker, Wants};
use teams_presence_sync::http::Proxy;
use teams_presence_sync::presence::{Chat, Dnd, Guid};
use teams_presence_sync::process::{ClientKey, Process};
use teams_presence_sync::source::{Poll, PollHandle, Polling};
use teams_presence_sync::store::Store;
use teams_presence_sync::sync::{self, Answer, Change, Engine, Outputs, PresenceView, UserInput};
use teams_presence_sync::time::Clock;
use tokio_util::sync::CancellationToken;

use crate::measure::until;

/// A host that does nothing but count.
#[derive(Clone, Default)]
pub(crate) struct Host {
    pub(crate) calls: Arc<AtomicU64>,
    /// What events said.
    pub(crate) events: Arc<Mutex<Vec<String>>>,
}

impl HostCallbacks for Host {
    fn dnd(&self, _: &Change<Dnd>) -> Answer {
        self.calls.fetch_add(1, Relaxed);
        Answer::Applied
    }

    fn queue_dnd(&self, _: &Change<Dnd>) -> Answer {
        self.calls.fetch_add(1, Relaxed);
        Answer::Applied
    }

    fn chat(&self, _: &Change<Chat>) -> Answer {
        self.calls.fetch_add(1, Relaxed);
        Answer::Applied
    }

    fn presence(&self, _: &PresenceView) {}

    fn event(&self, event: &Event) {
        self.events.lock().expect("whole").push(event.message.clone());
    }

    fn log(&self, _: &LogLine) {}
    fn thread_started(&self, _: &str) {}
    fn thread_stopped(&self, _: &str) {}

    fn wants(&self) -> Wants {
        Wants { dnd: true, queue: false, chat: true, presence: false, event: true, log: false }
    }
}

/// Requests in 30 s: no limit that would slow a sweep.
const NO_LIMIT: u32 = 1_000_000;

pub(crate) fn configuration(base: &str, ca: Option<&Path>) -> String {
    serde_json::json!({
        "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
        "auth": { "method": "client_secret", "secret": CLIENT_SECRET },
        "endpoints": { "login": base, "graph": base },
        "tls": ca.map_or(serde_json::json!({}), |ca| serde_json::json!({ "ca_file": ca })),
        "dnd": { "hold_on_ms": 0, "hold_off_ms": 0 },
    })
    .to_string()
}

pub(crate) struct Ours {
    pub(crate) process: Process,
    pub(crate) desk: Arc<Desk>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) host: Host,
    client: GraphClient,
    _dispatch: Dispatch,
    poll: Option<PollHandle>,
    cancel: CancellationToken,
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Ours {
    /// `label` keeps connections of different measurements apart.
    pub(crate) fn new(base: &str, ca: Option<&Path>, label: &str) -> Ours {
        let config = Config::parse(configuration(base, ca).as_bytes()).expect("a configuration").config;
        let clock = Clock::system();
        let bell: Arc<std::sync::OnceLock<Waker>> = Arc::default();
        let ringing = bell.clone();
        let wake = Arc::new(move || {
            if let Some(bell) = ringing.get() {
                bell.wake();
            }
        });
        let reporter = Reporter::new(config.log.level, clock.clone(), wake.clone());
        let counters = Arc::new(Counters::default());
        let process = Process::acquire().expect("a runtime");
        let key = ClientKey {
            tenant_id: TENANT_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            hosts: format!("{base} {label}"),
            ca_file: ca.map(Path::to_path_buf),
            proxy: Proxy::None,
        };
        let http = process.client(key).expect("a client");
        let settings = Settings::of(&config);
        let tokens = TokenKeeper::new(settings, http.clone(), clock.clone(), reporter.clone(), counters.clone());
        let client = GraphClient::new(Parts {
            root: config.graph().parse().expect("an address"),
            http,
            tokens,
            presence_budget: process.budget(TENANT_ID, CLIENT_ID, base, NO_LIMIT),
            directory_budget: process.budget(TENANT_ID, CLIENT_ID, &format!("{base} directory"), NO_LIMIT),
            clock: clock.clone(),
            reporter: reporter.clone(),
            counters: counters.clone(),
        });
        let outputs = Outputs { dnd: true, chat: true, presence: false, queue: false };
        let engine = Engine::new(sync::Settings::new(&config, outputs), true, 7);
        let desk = Arc::new(Desk::new(engine, clock.clone(), reporter.clone(), wake, Store::new(None, clock, reporter)));
        let host = Host::default();
        let outlet = Arc::new(Outlet::new(desk.clone(), Box::new(host.clone())));
        let dispatch = Dispatch::new(Mode::Thread, outlet).expect("a dispatch");
        let _ = bell.set(dispatch.waker());
        desk.with(|engine, now| engine.start(now));
        dispatch.start().expect("a thread");
        let cancel = CancellationToken::new();
        let (timer, end) = (desk.clone(), cancel.clone());
        process.handle().spawn(async move { end.run_until_cancelled(timer.keep_time()).await });
        Ours { process, desk, counters, host, client, _dispatch: dispatch, poll: None, cancel }
    }

    /// Begins to poll; only [`Ours::sweep`] makes it ask, but for the first look at everybody.
    pub(crate) fn poll(&mut self) {
        let poll = Poll::new(
            self.client.clone(),
            self.desk.clone(),
            Polling { interval_ms: 3_600_000, adaptive: false, watchdog_ms: 60_000 },
        );
        self.poll = Some(poll.handle());
        self.process.handle().spawn(poll.run(self.cancel.clone()));
    }

    pub(crate) fn directory(&self) {
        let memory = Memory::new(self.desk.store().notes(), TENANT_ID, CLIENT_ID, self.client.root());
        let directory = Directory::new(self.client.clone(), self.desk.clone(), memory);
        self.process.handle().spawn(directory.run(self.cancel.clone()));
    }

    pub(crate) fn set_users(&self, users: Vec<UserInput>) {
        self.desk.with_roster(|engine, now| engine.set_users(users, now));
    }

    pub(crate) fn by_object(&self, ids: &[Guid]) {
        let users = ids.iter().enumerate().map(|(n, id)| UserInput {
            user_id: (n + 1_000).to_string().into(),
            entra_object_id: Some(id.to_string().into()),
            ..UserInput::default()
        });
        self.set_users(users.collect());
    }

    pub(crate) fn polled(&self) -> Arc<[Guid]> {
        self.desk.with(|engine, _| engine.polled()).ids
    }

    pub(crate) fn sweeps(&self) -> u64 {
        let json = self.counters.to_json();
        assert_eq!(json["sweeps_failed"], 0, "{json}");
        json["sweeps_ok"].as_u64().expect("a number")
    }

    /// Waits for the sweep that new users bring about. Were another asked for while it runs, each [`Ours::sweep`] would end with the one before.
    pub(crate) fn first_sweep(&self) {
        until("the first sweep", Duration::from_micros(200), || self.sweeps() > 0);
    }

    /// One look at everybody, from the wish to the last answer taken in.
    pub(crate) fn sweep(&self) {
        let before = self.sweeps();
        self.poll.as_ref().expect("polling").sweep_now();
        until("a sweep", Duration::from_micros(200), || self.sweeps() > before);
    }

    /// Waits until the host has been told everything.
    pub(crate) fn settled(&self) {
        let mut last = u64::MAX;
        until("the host", Duration::from_millis(20), || {
            let calls = self.host.calls.load(Relaxed);
            let idle = self.desk.with(|engine, _| !engine.has_delivery());
            idle && std::mem::replace(&mut last, calls) == calls
        });
    }
}
