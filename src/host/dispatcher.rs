//! Dispatch mode `thread`: one thread of ours calls the host, and does nothing else.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use super::service::{AFTER_TROUBLE, Rest, Service};
use crate::sys::signal;

/// The thread's name, for the system and for `on_thread_start`. The kernel keeps 15 bytes.
pub(super) const THREAD_NAME: &str = "tps-dispatch";

/// Address space, not memory: callbacks may enter a Java virtual machine. Said outright so that the environment is not asked.
pub(super) const STACK_BYTES: usize = 2 << 20;

/// Starts a thread of ours: named, every asynchronous signal blocked from its first instruction on.
pub(super) fn spawn(name: &'static str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    signal::with_blocked(|| Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(work))
}

/// Serves until the service ends. Idle, it sleeps without a time limit.
pub(super) fn run(service: Arc<Service>) {
    loop {
        match service.serve(u32::MAX).1 {
            Rest::More => {}
            Rest::Idle => {
                service.bell().wait(None, || true);
            }
            // Nobody else serves in this mode, but waiting is right whoever has the pass.
            Rest::Taken => {
                service.outlet().gate().wait_free(None);
            }
            Rest::Trouble => std::thread::sleep(AFTER_TROUBLE),
            Rest::Ended | Rest::Closed => return service.shut(),
        }
    }
}
