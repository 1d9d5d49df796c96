//! The caller's side: hands lines on until all is told or the time is over.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::line::{Line, Step};
use super::tally::Tally;
use super::work::{Kit, Message, work};
use super::{configuration, line};
use crate::host::reentrancy;
use crate::instance::accounts::further;
use crate::instance::error::{Error, ErrorKind};
use crate::process::Process;
use crate::sync::UserInput;

/// How a check ended. What it found stands in the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every step was tried, or skipped for a reason that its line names.
    Complete,
    /// The configuration is refused; nothing else was tried.
    ConfigRefused,
    /// The time was over before all was done.
    TimedOut,
    /// An error of this library; the line of the step says more.
    Broken,
}

/// Checks a configuration against the world. Blocks up to `timeout`; `sink` is called on this thread, in the order of [`Step::ALL`] and
/// then with the summary ([`Step::Accounts`] among them where there are any), and not after this has returned.
///
/// A credential is sent once. With a `timeout` of zero only the configuration is looked at.
///
/// # Errors
/// `Reentrant` inside a callback of an instance; `System` where no thread can be had. The sink has not been called then.
pub fn check(
    config_json: &[u8],
    users: Vec<UserInput>,
    timeout: Duration,
    mut sink: impl FnMut(&Line),
) -> Result<Outcome, Error> {
    if reentrancy::in_callback() {
        return Err(Error::reentrant("tps_check"));
    }
    let begun = Instant::now();
    let deadline = begun + timeout;
    let (config, first) = configuration::look_at(config_json);
    let accounts = config.as_ref().is_some_and(|config| !further(config).is_empty());
    let mut teller = Teller { tally: Tally::default(), steps: Step::told(accounts), next: 0, sink: &mut sink };
    let Some(config) = config else {
        teller.tell(first.took(begun.elapsed()));
        teller.rest(|step| Line::after(step, Step::Configuration));
        teller.end(true);
        return Ok(Outcome::ConfigRefused);
    };
    let process = if timeout.is_zero() {
        None
    } else {
        // Before the first line: a call that cannot be carried out tells nothing.
        Some(Process::acquire().map_err(|error| Error::new(ErrorKind::System, error.to_string()))?)
    };
    teller.tell(first.took(begun.elapsed()));
    let Some(process) = process else {
        teller.rest(|step| line::Line::skipped(step, "not tried: no time was given for it").fact("timed_out", true));
        teller.end(false);
        return Ok(Outcome::TimedOut);
    };
    let (tell, told) = channel();
    // Looked at beside the rest, so that a network that hangs does not hide it.
    let state: Arc<Mutex<Option<Line>>> = Arc::default();
    let kit = Kit { config, users, process: process.clone(), state: state.clone() };
    let task = process.handle().spawn(work(kit, tell));
    let end = listen(&told, deadline, &mut teller);
    // Harmless where it has ended; otherwise its requests and sockets go with it.
    task.abort();
    match end {
        End::AllTold => {
            teller.end(true);
            Ok(Outcome::Complete)
        }
        End::Late(busy_with) => {
            let ready = state.lock().unwrap_or_else(PoisonError::into_inner).take();
            let within = format!("within {} ms", timeout.as_millis());
            teller.rest(|step| match (&ready, busy_with) {
                (Some(line), _) if step == Step::StateDirectory => line.clone(),
                (_, Some(busy)) if busy == step => {
                    Line::failed(step, format!("not finished {within}")).remedy(hint(step)).fact("timed_out", true)
                }
                _ => Line::skipped(step, format!("not tried: the time was over ({within})")).fact("timed_out", true),
            });
            teller.end(false);
            Ok(Outcome::TimedOut)
        }
        End::Broken(busy_with) => {
            teller.rest(|step| {
                if Some(step) == busy_with {
                    Line::failed(step, "internal error: the check broke off here")
                        .remedy("Report this to the maker of this library.")
                } else {
                    Line::skipped(step, "not tried: an internal error ended the check")
                }
            });
            teller.end(false);
            Ok(Outcome::Broken)
        }
    }
}

/// What a step waits for that does not come.
fn hint(step: Step) -> &'static str {
    match step {
        Step::NameResolution => {
            "The system's resolver does not answer: look at /etc/resolv.conf and at the name servers named there, or allow more time."
        }
        Step::Proxy | Step::Tls => {
            "Something drops packets silently on the way: let TCP port 443 (or the proxy's) through the firewall, or allow more time."
        }
        Step::StateDirectory => "The disk does not answer: look at the mount of state.dir.",
        _ => "Allow more time; if it stays so, look at a firewall or gateway that accepts requests and does not answer.",
    }
}

enum End {
    AllTold,
    Late(Option<Step>),
    Broken(Option<Step>),
}

fn listen(told: &Receiver<Message>, deadline: Instant, teller: &mut Teller<'_>) -> End {
    let mut busy_with = None;
    loop {
        match told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Message::Begins(step)) => busy_with = Some(step),
            Ok(Message::Done(line)) => {
                busy_with = None;
                teller.tell(line);
            }
            // The task drops its end after everything else that it had.
            Err(RecvTimeoutError::Disconnected) if teller.is_over() => return End::AllTold,
            Err(RecvTimeoutError::Disconnected) => return End::Broken(busy_with),
            Err(RecvTimeoutError::Timeout) if teller.is_over() => return End::AllTold,
            Err(RecvTimeoutError::Timeout) => return End::Late(busy_with),
        }
    }
}

/// Hands lines to the sink, each step once and in order.
struct Teller<'a> {
    tally: Tally,
    steps: Vec<Step>,
    next: usize,
    sink: &'a mut dyn FnMut(&Line),
}

impl Teller<'_> {
    fn tell(&mut self, line: Line) {
        debug_assert_eq!(self.steps.get(self.next), Some(&line.step));
        self.next += 1;
        self.tally.add(&line);
        (self.sink)(&line);
    }

    fn is_over(&self) -> bool {
        self.next >= self.steps.len()
    }

    fn rest(&mut self, line: impl Fn(Step) -> Line) {
        while let Some(step) = self.steps.get(self.next).copied() {
            self.tell(line(step));
        }
    }

    fn end(&mut self, complete: bool) {
        (self.sink)(&self.tally.conclude(complete));
    }
}
