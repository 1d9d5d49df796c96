//! How the program ends: exit codes, signals, a reader who has gone.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// All is well.
pub(crate) const GOOD: u8 = 0;
/// Somebody should look at it.
pub(crate) const WARNING: u8 = 1;
/// Something failed.
pub(crate) const FAILED: u8 = 2;
/// The command could not be carried out.
pub(crate) const UNUSABLE: u8 = 3;

/// Why a command broke off.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads our output any more.
    Pipe,
    /// In words for standard error.
    Words(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Pipe,
            _ => Failure::Words(format!("standard output: {error}")),
        }
    }
}

/// What every command answers.
pub(crate) type Outcome = Result<u8, Failure>;

/// Ctrl-C and SIGTERM, and short waits that they end.
pub(crate) struct End {
    runtime: tokio::runtime::Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl End {
    /// From now on the two signals end waits instead of the process.
    pub(crate) fn prepare() -> Result<End, Failure> {
        let words = |error: io::Error| Failure::Words(format!("signals cannot be received: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(words)?;
        let entered = runtime.enter();
        let interrupt = signal(SignalKind::interrupt()).map_err(words)?;
        let terminate = signal(SignalKind::terminate()).map_err(words)?;
        drop(entered);
        Ok(End { runtime, interrupt, terminate })
    }

    /// Waits; true where a signal has asked to end.
    pub(crate) fn asked_within(&mut self, time: Duration) -> bool {
        let End { runtime, interrupt, terminate } = self;
        runtime.block_on(async {
            let asked = std::future::poll_fn(|cx| {
                let any = interrupt.poll_recv(cx).is_ready() | terminate.poll_recv(cx).is_ready();
                if any { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            });
            tokio::time::timeout(time, asked).await.is_ok()
        })
    }
}
