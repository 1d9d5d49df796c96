//! The one runtime of the process, counted.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use super::clients::Cache;
use super::shared::shared;
use super::{BudgetShare, ClientError, ClientKey};
use crate::http::HttpClient;
use crate::sys::fork::PerProcess;
use crate::sys::signal;

/// Threads for blocking work (reading a secret's file). They start on demand and end when idle.
const MAX_BLOCKING: usize = 8;
const BLOCKING_KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long the end of the runtime waits for blocking work that hangs. Nobody waits for it: it runs on a thread of its own.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// The process cannot give us a runtime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no threads for the library: {0}. Look at the process's limits (ulimit -u, cgroup pids.max)")]
pub struct ProcessError(String);

/// A handle on the process-wide parts. Clone it freely; when the last one is dropped, the runtime ends on a helper thread.
#[derive(Clone)]
pub struct Process(Arc<Running>);

struct Running {
    /// `None` only while being dropped.
    runtime: Option<Runtime>,
    handle: Handle,
    /// Not beyond the runtime: their pooled connections live on it and die with it, even while somebody still holds the client.
    clients: Cache,
    pid: u32,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("pid", &self.0.pid).finish_non_exhaustive()
    }
}

/// Where the running one is found.
static RUNNING: PerProcess<Mutex<Weak<Running>>> = PerProcess::new();

impl Process {
    /// Takes a share in the process-wide runtime; the first share makes it. Callable from any thread of the host; blocks only while another
    /// thread is making it.
    ///
    /// # Errors
    /// The system gives no thread or descriptor.
    pub fn acquire() -> Result<Process, ProcessError> {
        let mut slot = RUNNING.get_or_make(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = slot.upgrade() {
            return Ok(Process(running));
        }
        let runtime = build()?;
        let handle = runtime.handle().clone();
        let running = Arc::new(Running { runtime: Some(runtime), handle, clients: Cache::default(), pid: std::process::id() });
        *slot = Arc::downgrade(&running);
        Ok(Process(running))
    }

    /// Where to spawn.
    pub fn handle(&self) -> &Handle {
        &self.0.handle
    }

    /// The HTTP client for `key`: the living one, or a new one. Reads the CA file anew each time, so a changed file gives a new client.
    /// Touches disk.
    ///
    /// # Errors
    /// The CA file cannot be read or used, or the proxy's address cannot be used.
    pub fn client(&self, key: ClientKey) -> Result<HttpClient, ClientError> {
        self.0.clients.get(key, shared().resolver.clone())
    }

    /// Looks a host name up, as requests do.
    ///
    /// # Errors
    /// As [`Resolver::lookup`](super::resolver::Resolver::lookup).
    pub async fn lookup(&self, host: &str) -> Result<Arc<[std::net::SocketAddr]>, super::resolver::LookupError> {
        shared().resolver.lookup(host).await
    }

    /// Joins the request budget of this tenant, application and Graph host.
    ///
    /// `per_30s` (at least 1 is taken): requests in any 30 s window, all shares together. The lowest setting of all living shares counts.
    pub fn budget(&self, tenant: &str, client_id: &str, graph_host: &str, per_30s: u32) -> BudgetShare {
        shared().budgets.join(tenant, client_id, graph_host, per_30s)
    }
}

fn build() -> Result<Runtime, ProcessError> {
    let build = || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(MAX_BLOCKING)
            .thread_keep_alive(BLOCKING_KEEP_ALIVE)
            .thread_name("tps-worker")
            .enable_io()
            .enable_time()
            .on_thread_start(signal::block_all)
            .build()
    };
    // tokio panics where the system gives no thread for the worker.
    match catch_unwind(AssertUnwindSafe(|| signal::with_blocked(build))) {
        Ok(Ok(runtime)) => Ok(runtime),
        Ok(Err(error)) => Err(ProcessError(error.to_string())),
        Err(_) => Err(ProcessError("the runtime's worker thread cannot be started".to_owned())),
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if self.pid != std::process::id() {
            // A forked child: the worker is not here, and waiting for it would never end.
            std::mem::forget(runtime);
            return;
        }
        shared().resolver.rest();
        // Not here: this may be a task of that very runtime, or a thread of the host that must not wait. If there is no thread to be
        // had, the runtime is dropped with the closure: shutdown_background never waits either.
        let mut parcel = Parcel(Some(runtime));
        let end = move || {
            if let Some(runtime) = parcel.0.take() {
                runtime.shutdown_timeout(SHUTDOWN);
            }
        };
        let spawned = signal::with_blocked(|| std::thread::Builder::new().name("tps-end".to_owned()).spawn(end));
        drop(spawned);
    }
}

/// A runtime that may be dropped anywhere.
struct Parcel(Option<Runtime>);

impl Drop for Parcel {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
