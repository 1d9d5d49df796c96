//! The resolver: getaddrinfo(3) on threads of its own.
//!
//! getaddrinfo cannot be cancelled and may hang for minutes. So each host name is looked up by one thread at most, whoever asks
//! and however often; a name that hangs keeps that one thread, and neither other names nor anybody's stop wait for it. Threads start on
//! demand and end when idle.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;

use crate::sys::signal;

/// Most names looked up at once; further ones wait for a thread.
const MAX_THREADS: usize = 64;
/// Names waiting for a thread. More names than this hang only where somebody makes them up.
const MAX_QUEUE: usize = 4_096;
const IDLE: Duration = Duration::from_secs(10);
/// An answer serves this long. A failure is not kept: the next request asks again.
const KEEP: Duration = Duration::from_secs(30);
const MAX_KEPT: usize = 256;
/// A caller waits this long; the look-up goes on and serves the next caller.
const PATIENCE: Duration = Duration::from_secs(8);

type Found = Result<Arc<[SocketAddr]>, LookupError>;

/// A name that gave no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The system's answer.
    #[error("{0}")]
    Failed(String),
    /// No answer in time.
    #[error("the system's resolver has not answered within {} s", PATIENCE.as_secs())]
    Slow,
    /// No thread to be had.
    #[error("no thread for the look-up: {0}")]
    NoThread(String),
    /// Too many names at once.
    #[error("too many host names are being looked up")]
    Busy,
}

/// The process's resolver. See [`super::Process::client`], which installs it.
pub struct Resolver(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    /// Who waits for which name, from the first question to the answer.
    flights: HashMap<String, Vec<oneshot::Sender<Found>>>,
    /// Flights that no thread has taken yet.
    queue: VecDeque<String>,
    kept: HashMap<String, (Instant, Arc<[SocketAddr]>)>,
    threads: usize,
    idle: usize,
    /// Counts calls of [`Resolver::rest`]: an idle thread that sees it move ends.
    rests: u64,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("Resolver").field("threads", &state.threads).field("flights", &state.flights.len()).finish()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver {
    pub(super) fn new() -> Resolver {
        Resolver(Arc::default())
    }

    /// Nobody runs any more: idle threads end now. Threads in a look-up end after it.
    pub(super) fn rest(&self) {
        self.0.lock().rests += 1;
        self.0.work.notify_all();
    }

    /// Threads alive, for statistics and tests.
    pub fn threads(&self) -> usize {
        self.0.lock().threads
    }

    /// Addresses of `host`, with port 0.
    ///
    /// # Errors
    /// No such name, or no answer within 8 s. The look-up itself goes on, so that asking again costs no second thread.
    pub async fn lookup(&self, host: &str) -> Result<Arc<[SocketAddr]>, LookupError> {
        let answer = match self.ask(host.to_ascii_lowercase()) {
            Ok(found) => return found,
            Err(answer) => answer,
        };
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err(LookupError::Failed("the look-up was given up".to_owned())),
            Err(_) => Err(LookupError::Slow),
        }
    }

    /// The kept answer, or where it will arrive.
    fn ask(&self, host: String) -> Result<Found, oneshot::Receiver<Found>> {
        let mut state = self.0.lock();
        if let Some((at, addresses)) = state.kept.get(&host) {
            if at.elapsed() < KEEP {
                return Ok(Ok(addresses.clone()));
            }
            state.kept.remove(&host);
        }
        let (tell, answer) = oneshot::channel();
        if let Some(waiting) = state.flights.get_mut(&host) {
            // Callers that gave up leave their senders: without this a name that hangs for hours would gather them.
            waiting.retain(|sender| !sender.is_closed());
            waiting.push(tell);
            return Err(answer);
        }
        if state.queue.len() >= MAX_QUEUE {
            return Ok(Err(LookupError::Busy));
        }
        state.flights.insert(host.clone(), vec![tell]);
        state.queue.push_back(host.clone());
        if state.idle >= state.queue.len() {
            drop(state);
            self.0.work.notify_one();
        } else if state.threads < MAX_THREADS {
            state.threads += 1;
            drop(state);
            if let Err(error) = spawn(self.0.clone()) {
                let mut state = self.0.lock();
                state.threads -= 1;
                // Other threads may be there to take it; alone, it must not wait for ever.
                if state.threads == 0 {
                    state.queue.retain(|queued| *queued != host);
                    state.flights.remove(&host);
                    return Ok(Err(LookupError::NoThread(error.to_string())));
                }
            }
        }
        Err(answer)
    }
}

fn spawn(inner: Arc<Inner>) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("tps-dns".to_owned()).stack_size(256 << 10);
    signal::with_blocked(|| thread.spawn(move || serve(&inner))).map(drop)
}

fn serve(inner: &Inner) {
    let mut state = inner.lock();
    let rests = state.rests;
    loop {
        if let Some(host) = state.queue.pop_front() {
            // Nobody waits any more: nothing to look up.
            if state.flights.get(&host).is_some_and(|waiting| waiting.iter().all(oneshot::Sender::is_closed)) {
                state.flights.remove(&host);
                continue;
            }
            drop(state);
            let found = catch_unwind(AssertUnwindSafe(|| system_lookup(&host)))
                .unwrap_or_else(|_| Err(LookupError::Failed("internal error in the look-up".to_owned())));
            state = inner.lock();
            if let Ok(addresses) = &found {
                if state.kept.len() >= MAX_KEPT {
                    state.kept.retain(|_, (at, _)| at.elapsed() < KEEP);
                }
                if state.kept.len() < MAX_KEPT {
                    state.kept.insert(host.clone(), (Instant::now(), addresses.clone()));
                }
            }
            for waiting in state.flights.remove(&host).unwrap_or_default() {
                // A caller that has gone needs no answer.
                let _ = waiting.send(found.clone());
            }
            continue;
        }
        if state.rests != rests {
            break;
        }
        state.idle += 1;
        let (back, timeout) = inner.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
        state = back;
        state.idle -= 1;
        if timeout.timed_out() && state.queue.is_empty() {
            break;
        }
    }
    state.threads -= 1;
}

fn system_lookup(host: &str) -> Found {
    #[cfg(any(test, feature = "test-hooks"))]
    hooks::wait_while_hanging(host);
    let addresses: Arc<[SocketAddr]> = match (host, 0).to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) => return Err(LookupError::Failed(plain(&error))),
    };
    if addresses.is_empty() {
        return Err(LookupError::Failed("the name has no address".to_owned()));
    }
    Ok(addresses)
}

/// std puts "failed to lookup address information: " before the system's words.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_owned()
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = Resolver(self.0.clone());
        Box::pin(async move {
            let addresses = this.lookup(name.as_str()).await?;
            Ok(Box::new((0..addresses.len()).map(move |n| addresses[n])) as Addrs)
        })
    }
}

#[cfg(any(test, feature = "test-hooks"))]
pub use hooks::{hang, release};

/// Names that hang on purpose.
#[cfg(any(test, feature = "test-hooks"))]
mod hooks {
    use std::collections::HashSet;
    use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

    static HANGING: LazyLock<(Mutex<HashSet<String>>, Condvar)> = LazyLock::new(Default::default);

    /// From now on the look-up of `host` hangs, as with a dead name server.
    pub fn hang(host: &str) {
        HANGING.0.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_ascii_lowercase());
    }

    /// Lets the look-ups of `host` that hang go on, and later ones through.
    pub fn release(host: &str) {
        HANGING.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&host.to_ascii_lowercase());
        HANGING.1.notify_all();
    }

    pub(super) fn wait_while_hanging(host: &str) {
        let names = HANGING.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(HANGING.1.wait_while(names, |names| names.contains(host)).unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn soon<T>(future: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(5), future).await.expect("soon")
    }

    #[tokio::test]
    async fn a_hanging_name_occupies_one_thread_and_leaves_others_alone() {
        let resolver = Arc::new(Resolver::new());
        // Literals: answered without asking anybody on the network.
        hang("127.0.9.1");
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let resolver = resolver.clone();
                tokio::spawn(async move { resolver.lookup("127.0.9.1").await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(resolver.threads(), 1);
        assert!(soon(resolver.lookup("localhost")).await.is_ok());
        assert!(resolver.threads() <= 2);
        release("127.0.9.1");
        for waiting in waiting {
            assert!(soon(waiting).await.expect("no panic").is_ok());
        }
    }

    #[tokio::test]
    async fn an_answer_is_kept_and_a_failure_is_not() {
        let resolver = Resolver::new();
        assert!(soon(resolver.lookup("127.0.9.2")).await.is_ok());
        hang("127.0.9.2");
        assert!(soon(resolver.lookup("127.0.9.2")).await.is_ok(), "without a look-up");
        release("127.0.9.2");
        // No label is longer than 63: refused without asking anybody.
        let impossible = "x".repeat(70);
        assert!(matches!(soon(resolver.lookup(&impossible)).await, Err(LookupError::Failed(_))));
        assert!(!resolver.0.lock().kept.contains_key(&impossible));
    }

    #[tokio::test]
    async fn idle_threads_end_when_nobody_runs_and_come_back() {
        let resolver = Resolver::new();
        soon(resolver.lookup("localhost")).await.expect("an address");
        for _ in 0..100 {
            resolver.rest();
            if resolver.threads() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(resolver.threads(), 0);
        assert!(soon(resolver.lookup("127.0.9.3")).await.is_ok());
        assert_eq!(resolver.threads(), 1);
    }

    #[tokio::test]
    async fn more_hanging_names_than_threads_wait_and_are_all_answered() {
        let resolver = Arc::new(Resolver::new());
        let names: Vec<String> = (0..MAX_THREADS + 10).map(|n| format!("127.0.8.{n}")).collect();
        names.iter().for_each(|name| hang(name));
        let waiting: Vec<_> = names
            .iter()
            .map(|name| {
                let (resolver, name) = (resolver.clone(), name.clone());
                tokio::spawn(async move { resolver.lookup(&name).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(resolver.threads(), MAX_THREADS);
        names.iter().for_each(|name| release(name));
        for waiting in waiting {
            assert!(soon(waiting).await.expect("no panic").is_ok());
        }
    }
}
