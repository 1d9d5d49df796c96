//! From a change notification to the callback, beside what a bare web server takes for the same posts.
//!
//! One notification is one item, that is one person's change; Graph puts several into a post. Time runs from the moment at which the post was
//! to be sent, whatever held it up.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use teams_presence_simulator::{PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, TENANT_ID};
use teams_presence_sync::event::{Event, LogLine, Severity};
use teams_presence_sync::host::{HostCallbacks, Wants};
use teams_presence_sync::instance::Instance;
use teams_presence_sync::presence::{Chat, Dnd, Guid};
use teams_presence_sync::sync::{Answer, Change, PresenceView, UserInput};

use crate::graph::{Graph, STATES, Serving, bare};
use crate::letters::{Letters, Template};
use crate::measure::{line, others_cpu, until};
use crate::sender::send;
use crate::server::{Server, address};

/// As many as one subscription holds.
const PEOPLE: usize = 650;
/// The first user id.
const FIRST: usize = 1_000;

/// Notifications in a second, how many of them in each post, and for how long.
const RICH: [(usize, usize, usize); 7] =
    [(10, 1, 10), (100, 1, 10), (1_000, 1, 4), (1_000, 10, 4), (2_000, 10, 4), (4_000, 10, 4), (10_000, 50, 3)];
const WITH_STATE: [(usize, usize, usize); 2] = [(10, 1, 10), (1_000, 10, 4)];
const BASIC: [(usize, usize, usize); 3] = [(10, 1, 10), (1_000, 10, 4), (10_000, 50, 3)];

/// What was called: who, with which of [`STATES`], when.
type Call = (usize, usize, Instant);

/// A notification that was taken with 202, in the order of their sending.
struct Posted {
    item: usize,
    /// How many changes of the person there were with it.
    changes: usize,
    intended: Instant,
}

/// A host that notes when it is called.
#[derive(Clone, Default)]
struct Host {
    presence: Arc<Mutex<Vec<Call>>>,
    on: Arc<Mutex<Vec<Call>>>,
}

fn call(view: &PresenceView) -> Option<Call> {
    let now = Instant::now();
    let user: usize = view.user_id.parse().expect("a number");
    let state = STATES.iter().position(|state| *state == (&*view.availability_text, &*view.activity_text))?;
    Some((user - FIRST, state, now))
}

impl HostCallbacks for Host {
    fn dnd(&self, change: &Change<Dnd>) -> Answer {
        if change.value == Dnd::On {
            let seen = change.presence.as_deref().and_then(call);
            self.on.lock().expect("whole").extend(seen);
        }
        Answer::Applied
    }

    fn queue_dnd(&self, _: &Change<Dnd>) -> Answer {
        Answer::Applied
    }

    fn chat(&self, _: &Change<Chat>) -> Answer {
        Answer::Applied
    }

    fn presence(&self, view: &PresenceView) {
        self.presence.lock().expect("whole").extend(call(view));
    }

    fn event(&self, event: &Event) {
        if event.severity() != Severity::Info {
            line("an event", &event.message);
        }
    }
    fn log(&self, _: &LogLine) {}
    fn thread_started(&self, _: &str) {}
    fn thread_stopped(&self, _: &str) {}

    fn wants(&self) -> Wants {
        Wants { dnd: true, queue: false, chat: true, presence: true, event: true, log: false }
    }
}

/// One instance, subscribed.
struct Stage {
    instance: Arc<Instance>,
    host: Host,
    graph: Arc<Graph>,
    letters: Letters,
    address: std::net::SocketAddr,
    /// Everybody's changes so far.
    sent: usize,
    _serving: Serving,
    _server: Server,
}

impl Stage {
    fn new(content: &str, state: Option<&std::path::Path>) -> Stage {
        let server = Server::start(PEOPLE);
        let users = server.view("users?limit=2000");
        let wanted: std::collections::HashMap<String, usize> = (0..PEOPLE).map(|n| (address(n + 1), n)).collect();
        let mut ids = vec![Guid(0); PEOPLE];
        for user in users.as_array().expect("users") {
            if let Some(n) = user["user_principal_name"].as_str().and_then(|name| wanted.get(name)) {
                ids[*n] = user["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
            }
        }
        let graph = Graph::new(server.http(), ids);
        let serving = graph.serve();
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        let mut config = serde_json::json!({
            "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": PUBLIC_CLIENT_ID,
            "auth": { "method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD,
                "scope": "https://graph.microsoft.com/.default" },
            "endpoints": { "login": server.http(), "graph": format!("http://{}", serving.address) },
            "dnd": { "hold_on_ms": 0, "hold_off_ms": 0 }, "stale": { "after_ms": 10_800_000 }, "seats": { "limit": 10 * PEOPLE },
            "source": {
                "mode": "notifications", "poll_interval_ms": 3_600_000, "watchdog_interval_ms": 3_600_000,
                "notifications": {
                    "url": format!("http://{port}/graph/notify"), "content": content, "listener": { "address": port.to_string() },
                },
            },
        });
        if let Some(state) = state {
            config["state"] = serde_json::json!({ "dir": state });
        }
        let host = Host::default();
        let instance = Instance::create(config.to_string().as_bytes(), Box::new(host.clone())).expect("an instance");
        let users = graph.ids.iter().enumerate().map(|(n, id)| UserInput {
            user_id: (n + FIRST).to_string().into(),
            entra_object_id: Some(id.to_string().into()),
            ..UserInput::default()
        });
        instance.set_users(users.collect()).expect("users");
        instance.start().expect("a start");
        until("everybody's presence", Duration::from_millis(5), || host.presence.lock().expect("whole").len() >= PEOPLE);
        until("a subscription", Duration::from_millis(20), || {
            server
                .view("subscriptions")
                .as_array()
                .is_some_and(|all| all.iter().any(|it| it["users"] == PEOPLE && it["state"] == "alive"))
        });
        // What Graph sends is learnt from a notification of the simulator's.
        server.act(&serde_json::json!({ "do": "notify", "user": address(1) }));
        let mut template = None;
        until("a notification of the simulator's", Duration::from_millis(20), || {
            let deliveries = server.view("deliveries");
            let of_change = |it: &&serde_json::Value| it["kind"] == "notification" && it["status"] == 202;
            template = deliveries.as_array().and_then(|all| all.iter().find(of_change)).cloned();
            template.is_some()
        });
        let template = template.and_then(|it| serde_json::from_str(it["body"].as_str()?).ok()).expect("its body");
        let subscription = graph.subscription.lock().expect("whole").clone().expect("a subscription was asked for");
        let letters = Letters::new(Template { body: template, subscription });
        Stage { instance, host, graph, letters, address: port, sent: 0, _serving: serving, _server: server }
    }

    fn notifications(&self) -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&self.instance.stats()).expect("JSON")["notifications"].clone()
    }

    /// One rate: the bare server first, then ours, with the same bodies.
    fn measure(&mut self, yardstick: &Serving, (rate, each, seconds): (usize, usize, usize)) {
        let posts = rate * seconds / each;
        let period = Duration::from_secs_f64(each as f64 / rate as f64);
        let base = self.sent;
        // Item by item everybody in turn: the item's number tells who it is about and his how manieth change it is.
        let who = |item: usize| ((base + item) % PEOPLE, (base + item) / PEOPLE + 1);
        let bodies: Vec<Vec<u8>> = (0..posts)
            .map(|post| {
                let items = (post * each..(post + 1) * each).map(who);
                self.letters.body(items.map(|(person, changes)| (self.graph.ids[person], changes)))
            })
            .collect();
        self.sent += posts * each;
        let plain = send(yardstick.address, &bodies, period, |_| {});
        self.host.presence.lock().expect("whole").clear();
        self.host.on.lock().expect("whole").clear();
        let (before, asked) = (self.notifications(), self.graph.questions.load(SeqCst));
        let (cpu, begin) = (others_cpu(), Instant::now());
        let told = send(self.address, &bodies, period, |post| {
            for (person, changes) in (post * each..(post + 1) * each).map(who) {
                self.graph.changes[person].fetch_max(changes, SeqCst);
            }
        });
        let sending = begin.elapsed();
        let mut last = usize::MAX;
        until("silence", Duration::from_millis(400), || {
            let calls = self.host.presence.lock().expect("whole").len();
            let waiting = self.notifications()["intake"]["waiting_items"].as_u64().expect("a number");
            waiting == 0 && std::mem::replace(&mut last, calls) == calls
        });
        let after = self.notifications();
        let cpu = others_cpu() - cpu;
        let mut posted: Vec<Vec<Posted>> = (0..PEOPLE).map(|_| Vec::new()).collect();
        for (item, sent) in (0..posts * each).map(|item| (item, told[item / each])).filter(|(_, sent)| sent.status == 202) {
            let (person, changes) = who(item);
            posted[person].push(Posted { item, changes, intended: sent.intended });
        }
        let accepted: usize = posted.iter().map(Vec::len).sum();
        let calls = self.host.presence.lock().expect("whole").clone();
        let (latencies, left, end) = matched(&posted, &calls);
        let whole = end.map_or(sending, |end| end.saturating_duration_since(told[0].intended));
        println!("  {rate} a second, {each} in a post, {seconds} s ({} bytes a post):", bodies[0].len());
        let refused = told.iter().filter(|sent| sent.status != 202).count();
        let ms = Quantiles::of;
        let (plain, answered) =
            (ms(plain.iter().map(|sent| sent.answered).collect()), ms(told.iter().map(|sent| sent.answered).collect()));
        let callback = ms(latencies);
        line("  bare server, post to 202, ms: median, 99 %, max", &plain);
        line("  ours, post to 202", &answered);
        line("  ours, post to callback", &callback);
        line(
            "  callback, times the bare 202; beyond it: median, 99 %",
            format!(
                "{:.1}  {:+.2}  {:+.2}",
                callback.median / plain.median,
                callback.median - plain.median,
                callback.p99 - plain.p99
            ),
        );
        let on = switched_on(&posted, &self.host.on.lock().expect("whole"));
        if !on.is_empty() {
            line("  ours, post to DND on", ms(on));
        }
        let grown = |name: &str| after["worker"][name].as_u64().expect("a sum") - before["worker"][name].as_u64().expect("a sum");
        line(
            "  callbacks; a second; posts not taken (503); never told",
            format!("{}  {:.0}  {refused} of {posts}  {left}", calls.len(), accepted as f64 / whole.as_secs_f64()),
        );
        line(
            "  applied; read again; questions to Graph; CPU for one, µs (with the sender's)",
            format!(
                "{}  {}  {}  {:.0}",
                grown("applied"),
                grown("reread"),
                self.graph.questions.load(SeqCst) - asked,
                cpu.as_secs_f64() * 1e6 / (posts * each) as f64
            ),
        );
    }
}

/// What a call tells of: of the person's notifications with that state the one nearest to what was told last. States come again after 13
/// changes of a person, that is 8,450 notifications, and the queue keeps their order.
fn told_of(its: &[Posted], state: usize, near: usize) -> Option<usize> {
    let same = (0..its.len()).filter(|n| its[*n].changes % STATES.len() == state);
    same.min_by_key(|n| its[*n].item.abs_diff(near))
}

/// Those that a newer one overtook count as told with it. How long each took, how many were never told, and when the last call came.
fn matched(posted: &[Vec<Posted>], calls: &[Call]) -> (Vec<Duration>, usize, Option<Instant>) {
    let mut done = vec![0; posted.len()];
    let (mut latencies, mut near, mut end) = (Vec::new(), 0, None);
    for (person, state, at) in calls {
        let its = &posted[*person][done[*person]..];
        let Some(found) = told_of(its, *state, near) else { continue };
        near = its[found].item;
        latencies.extend(its[..=found].iter().map(|it| at.saturating_duration_since(it.intended)));
        done[*person] += found + 1;
        end = Some(*at);
    }
    let left = posted.iter().zip(&done).map(|(its, done)| its.len() - done).sum();
    (latencies, left, end)
}

/// How long it took until DND was switched on, where it was.
fn switched_on(posted: &[Vec<Posted>], calls: &[Call]) -> Vec<Duration> {
    let mut near = 0;
    let of = |(person, state, at): &Call| {
        let its = &posted[*person];
        let found = &its[told_of(its, *state, near)?];
        near = found.item;
        Some(at.saturating_duration_since(found.intended))
    };
    calls.iter().filter_map(of).collect()
}

struct Quantiles {
    median: f64,
    p99: f64,
    max: f64,
}

impl Quantiles {
    fn of(mut all: Vec<Duration>) -> Quantiles {
        if all.is_empty() {
            return Quantiles { median: f64::NAN, p99: f64::NAN, max: f64::NAN };
        }
        all.sort_unstable();
        let at = |share: f64| all[((all.len() as f64 * share).ceil() as usize).clamp(1, all.len()) - 1].as_secs_f64() * 1e3;
        Quantiles { median: at(0.5), p99: at(0.99), max: at(1.0) }
    }
}

impl std::fmt::Display for Quantiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2}  {:.2}  {:.2}", self.median, self.p99, self.max)
    }
}

pub(crate) fn run() {
    let yardstick = bare();
    let state = tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o700)).tempdir().expect("a directory");
    let parts: [(&str, &str, Option<&std::path::Path>, &[_]); 3] = [
        ("rich", "rich (encrypted), without a state directory", None, &RICH),
        ("rich", "rich, with a state directory", Some(state.path()), &WITH_STATE),
        ("basic", "basic, without a state directory; Graph is asked, and answers at once", None, &BASIC),
    ];
    for (content, title, state, rates) in parts {
        println!("notify: {title}; {PEOPLE} people, HTTP/1.1 on loopback");
        let mut stage = Stage::new(content, state);
        rates.iter().for_each(|rate| stage.measure(&yardstick, *rate));
        stage.instance.stop(Duration::from_secs(10)).expect("a stop");
        stage.instance.destroy().expect("the end");
    }
}
