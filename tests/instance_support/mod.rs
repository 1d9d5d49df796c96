//! A simulator, an instance and a recording host: the whole path but the C boundary.
#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

mod host;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, CLIENT_SECRET, Options, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, SecretSpec, Simulator,
    TENANT_ID, UserSpec,
};
use teams_presence_sync::event::Kind;
use teams_presence_sync::instance::Instance;
use teams_presence_sync::presence::{Chat, Dnd};
use teams_presence_sync::sync::{HostDnd, UserInput};

pub(crate) use host::{Callbacks, Host, Output, PATIENCE, Seen};

pub(crate) const ANN: &str = "ann@contoso.test";
pub(crate) const BEN: &str = "ben@contoso.test";
pub(crate) const CLEO: &str = "cleo@contoso.test";

pub(crate) struct Rig {
    pub(crate) instance: Arc<Instance>,
    pub(crate) host: Arc<Host>,
    pub(crate) sim: Simulator,
    pub(crate) config: Value,
}

/// Quick answers: short poll, no hold on off.
pub(crate) fn config(base: &str) -> Value {
    json!({
        "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
        "auth": { "method": "client_secret", "secret": CLIENT_SECRET },
        "endpoints": { "login": base, "graph": base },
        "source": { "poll_interval_ms": 250 },
        "dnd": { "hold_off_ms": 0 },
        "log": { "level": "debug" },
    })
}

pub(crate) fn simulator() -> Simulator {
    let sim = Simulator::spawn_blocking_thread(Options { https: None, ..Options::default() }).expect("a simulator");
    // Tests poll far more often than a tenant would allow, some with moved clocks.
    sim.oddities(|oddities| oddities.presence_limit = 0);
    sim
}

pub(crate) fn create(config: &Value) -> (Arc<Instance>, Arc<Host>) {
    let host = Arc::new(Host::default());
    let instance = Instance::create(config.to_string().as_bytes(), Box::new(Callbacks(host.clone())));
    (instance.expect("a configuration that holds"), host)
}

/// A port that nobody has at present, and that the system gives to nobody of itself: those begin at 32768.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let at = std::process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let port = 20_000 + at as u16;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Polling is slow, so that what is quick came as a notification.
pub(crate) fn notified(config: &mut Value, content: &str) {
    let port = free_port();
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD });
    config["source"] = json!({
        "mode": "notifications", "poll_interval_ms": 20_000, "watchdog_interval_ms": 60_000,
        "notifications": {
            "url": format!("http://127.0.0.1:{port}/graph/notify"), "content": content,
            "listener": { "address": format!("127.0.0.1:{port}") },
        },
    });
}

pub(crate) fn living(rig: &Rig) -> Vec<String> {
    rig.sim.subscriptions().into_iter().filter(|it| it.state == "alive").map(|it| it.id).collect()
}

impl Rig {
    /// The process dies, so that nothing is ended, and another begins.
    pub(crate) fn died_and_begun_again(mut self) -> Rig {
        let (instance, host) = create(&self.config);
        drop(std::mem::replace(&mut self.instance, instance));
        self.host = host;
        self.until("the lock", || self.instance.start().is_ok());
        self.users(&[("100", ANN), ("101", BEN)]);
        self.host.chat(0, "100", Chat::Available);
        self
    }

    /// Running, without users.
    pub(crate) fn new() -> Rig {
        Rig::with(|_| {}, |_| {})
    }

    /// `sim` prepares the simulator, `change` the configuration.
    pub(crate) fn with(prepare: impl FnOnce(&Simulator), change: impl FnOnce(&mut Value)) -> Rig {
        let rig = Rig::created(prepare, change);
        rig.instance.start().expect("a start");
        rig
    }

    /// Created, not started.
    pub(crate) fn created(prepare: impl FnOnce(&Simulator), change: impl FnOnce(&mut Value)) -> Rig {
        let sim = simulator();
        prepare(&sim);
        let mut config = config(sim.base_url());
        change(&mut config);
        let (instance, host) = create(&config);
        Rig { instance, host, sim, config }
    }

    /// Ann as 100, told available.
    pub(crate) fn with_ann(change: impl FnOnce(&mut Value)) -> Rig {
        let rig = Rig::with(|_| {}, change);
        rig.users(&[("100", ANN)]);
        rig.host.chat(0, "100", Chat::Available);
        rig.until("the answer", || rig.instance.state_of("100").expect("Ann").chat_acknowledged == Some(Chat::Available));
        rig
    }

    pub(crate) fn users(&self, users: &[(&str, &str)]) {
        self.instance.set_users(users.iter().map(|(id, email)| user(id, email)).collect()).expect("users");
    }

    pub(crate) fn presence(&self, user: &str, availability: &str, activity: &str) {
        self.sim.set_presence(user, availability, activity).expect("a presence");
    }

    pub(crate) fn stats(&self) -> Value {
        serde_json::from_str(&self.instance.stats()).expect("JSON")
    }

    pub(crate) fn explain(&self, user: &str) -> Value {
        serde_json::from_str(&self.instance.explain(Some(user)).expect("a user")).expect("JSON")
    }

    pub(crate) fn matching(&self, user: &str) -> String {
        let explained = self.explain(user);
        let word = |name: &str| explained[name].as_str().unwrap_or("-").to_owned();
        if word("matching") == "matched" { word("matched_by") } else { word("matching") }
    }

    /// Ann's call and its end both arrive at the host, and nothing broke on the way there.
    pub(crate) fn proves_alive(&self) {
        let mark = self.host.mark();
        self.presence(ANN, "Busy", "InACall");
        self.until("DND on", || self.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)));
        let mark = self.host.mark();
        self.presence(ANN, "Available", "Available");
        self.until("DND off", || self.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)));
        self.unharmed();
    }

    /// No panic, no thread gone, no two callbacks at once.
    pub(crate) fn unharmed(&self) {
        assert_eq!(self.stats()["panics_caught"], 0, "{}", self.host.told(0));
        assert!(self.host.events(Kind::Internal).is_empty(), "{}", self.host.told(0));
        assert!(!self.host.has(0, |seen| matches!(seen, Seen::ThreadStopped(_))), "{}", self.host.told(0));
        assert!(!self.host.overlapped.load(Ordering::SeqCst), "callbacks overlapped");
    }

    pub(crate) fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !done() {
            if begin.elapsed() > PATIENCE {
                let counters = self.sim.counters().by_endpoint;
                panic!("waited in vain for {what}\n{}\n{counters:?}\n{}", self.instance.stats(), self.host.told(0));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Moves the instance's time and the simulator's together.
    #[cfg(feature = "test-hooks")]
    pub(crate) fn advance(&self, ms: u64) {
        self.sim.advance(i64::try_from(ms).expect("a sane time"));
        // Signed assertions are compared with the machine's clock, which does not move.
        let ahead = self.sim.now() - machine_ms();
        self.sim.oddities(|oddities| oddities.entra_clock_skew_s = ahead / 1_000);
        self.instance.clock().advance(ms);
    }

    /// As [`Rig::until`] while time runs a hundred times as fast: pauses of minutes pass in seconds.
    #[cfg(feature = "test-hooks")]
    pub(crate) fn until_later(&self, what: &str, mut done: impl FnMut() -> bool) {
        self.until(what, || {
            let over = done();
            if !over {
                self.advance(500);
            }
            over
        });
    }

    pub(crate) fn stop(&self) {
        self.instance.stop(Duration::from_secs(30)).expect("a stop");
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.host.hang(false);
        if !std::thread::panicking() {
            self.instance.stop(Duration::from_secs(30)).expect("a stop at the end");
        }
    }
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

/// Gives the default app these secrets and no others.
pub(crate) fn set_secrets(sim: &Simulator, secrets: &[&str]) {
    let secrets = Some(secrets.iter().map(|secret| SecretSpec::from(*secret)).collect());
    let app = AppSpec { client_id: Some(CLIENT_ID.to_owned()), secrets, ..AppSpec::default() };
    sim.default_tenant().put_app(app).expect("an app");
}

pub(crate) fn set_roles(sim: &Simulator, roles: &[&str]) {
    let roles = Some(roles.iter().map(|role| (*role).to_owned()).collect());
    let app = AppSpec { client_id: Some(CLIENT_ID.to_owned()), roles, ..AppSpec::default() };
    sim.default_tenant().put_app(app).expect("an app");
}

pub(crate) fn person(upn: &str) -> UserSpec {
    UserSpec { user_principal_name: Some(upn.to_owned()), ..UserSpec::default() }
}

/// The machine's clock, milliseconds since 1970-01-01 UTC.
#[cfg(feature = "test-hooks")]
fn machine_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_millis()).expect("a sane time")
}
