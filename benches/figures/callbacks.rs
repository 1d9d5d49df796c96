//! What one callback costs on its way from the engine to the host, in each mode of dispatch; and the time from start to the first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use teams_presence_sync::config::Config;
use teams_presence_sync::event::Reporter;
use teams_presence_sync::host::{Desk, Dispatch, Finished, HostCallbacks, Mode, Outlet, SharedDispatcher, Waker};
use teams_presence_sync::instance::Instance;
use teams_presence_sync::store::Store;
use teams_presence_sync::time::Clock;

use crate::directory::by_address;
use crate::measure::{line, others_cpu, own_cpu, spread, until};
use crate::memory::{engine_of, observe};
use crate::ours::{Host, configuration};
use crate::server::Server;

const USERS: usize = 20_000;

pub(crate) fn run() {
    println!("callbacks: {USERS} users flip at once, two callbacks each");
    let shared = SharedDispatcher::new();
    for (name, mode) in [("thread", Mode::Thread), ("poll", Mode::Poll), ("shared", Mode::Shared(&shared))] {
        one(name, mode);
    }
}

fn one(name: &str, mode: Mode<'_>) {
    let clock = Clock::system();
    let bell: Arc<std::sync::OnceLock<Waker>> = Arc::default();
    let ringing = bell.clone();
    let wake = Arc::new(move || {
        if let Some(bell) = ringing.get() {
            bell.wake();
        }
    });
    let config = Config::parse(configuration("http://127.0.0.1:1", None).as_bytes()).expect("a configuration").config;
    let reporter = Reporter::new(config.log.level, clock.clone(), wake.clone());
    let desk =
        Arc::new(Desk::new(engine_of(USERS, None), clock.clone(), reporter.clone(), wake, Store::new(None, clock, reporter)));
    let host = Host::default();
    let polling = matches!(mode, Mode::Poll);
    let dispatch = Dispatch::new(mode, Arc::new(Outlet::new(desk.clone(), Box::new(host.clone())))).expect("a dispatch");
    let _ = bell.set(dispatch.waker());
    dispatch.start().expect("a thread");
    let (mut wall, mut cpu) = (vec![], vec![]);
    let mut expected = 0;
    for round in 0..9u64 {
        let state = if round % 2 == 0 { "Available" } else { "DoNotDisturb" };
        // The bell rings when the lock is given back: the callbacks begin after the flips.
        desk.with(|engine, _| observe(engine, USERS, |_| state));
        let (begin, others, own) = (Instant::now(), others_cpu(), own_cpu());
        // At the first look only the chat state is told: an off that asks for nothing is not.
        expected += if round == 0 { USERS as u64 } else { 2 * USERS as u64 };
        if polling {
            while host.calls.load(Relaxed) < expected {
                dispatch.dispatch(Duration::from_secs(5), 0).expect("serving");
            }
        } else {
            until("the callbacks", Duration::from_micros(100), || host.calls.load(Relaxed) >= expected);
        }
        assert_eq!(host.calls.load(Relaxed), expected, "each once");
        if round > 0 {
            let spent = if polling { own_cpu() - own } else { others_cpu() - others };
            wall.push(begin.elapsed().as_secs_f64() * 1e9 / (2 * USERS) as f64);
            cpu.push(spent.as_secs_f64() * 1e9 / (2 * USERS) as f64);
        }
    }
    assert_eq!(dispatch.cancel(dispatch.round(), Instant::now() + Duration::from_secs(5)), Finished::Quiet);
    let (wall, cpu) = (spread(wall), spread(cpu));
    line(
        &format!("{name}: ns of CPU each (least..most), callbacks per second"),
        format!("{:.0} ({:.0}..{:.0})  {:.2} million", cpu.median, cpu.least, cpu.most, 1e3 / wall.median),
    );
}

/// Create, start, sign in, find the users, ask for their presence, call.
pub(crate) fn first() {
    let server = Server::start(50);
    println!("start to first callback: 10 users by address, one new process-wide runtime each time");
    for (name, base, ca) in [("http/1.1", server.http(), None), ("https/2", server.https(), Some(server.ca()))] {
        let mut all = vec![];
        for _ in 0..15 {
            let host = Host::default();
            let calls: Arc<AtomicU64> = host.calls.clone();
            let events = host.events.clone();
            let callbacks: Box<dyn HostCallbacks> = Box::new(host);
            let begin = Instant::now();
            let instance = Instance::create(configuration(base, ca).as_bytes(), callbacks).expect("an instance");
            instance.set_users(by_address(10)).expect("users");
            instance.start().expect("a start");
            until("the first callback", Duration::from_micros(100), || calls.load(Relaxed) > 0);
            all.push(begin.elapsed().as_secs_f64() * 1e3);
            if begin.elapsed() > Duration::from_millis(500) {
                line("a slow start", format!("{:?}", events.lock().expect("whole")));
            }
            instance.stop(Duration::from_secs(5)).expect("a stop");
            instance.destroy().expect("the end");
        }
        let all = spread(all);
        line(&format!("{name}, ms"), format!("{:.1} ({:.1}..{:.1})", all.median, all.least, all.most));
    }
}
