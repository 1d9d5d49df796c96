//! Dispatch mode `poll`: the host's own threads call the host, inside `tps_dispatch`; no thread of ours ever does.
//!
//! Any number of threads may come; the gate lets one callback run at a time. A stop hands out what remains on its caller's thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outlet::HANGS;
use super::service::{AFTER_TROUBLE, Finished, GRACE, Phase, Rest, Service, give_up_at};

/// How many things one call hands out when the host sets no limit.
const UNLIMITED: u32 = 1_024;

/// The instance does not serve: it has not been started, or it is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotServing;

/// Waits up to `timeout` for the first thing, then hands out what is there, at most `max` things (0: 1,024). How many it were.
/// Returns early, with what it has, when a stop begins.
pub(super) fn dispatch(service: &Arc<Service>, timeout: Duration, max: u32) -> Result<u32, NotServing> {
    if service.phase() != Phase::Serving {
        return Err(NotServing);
    }
    let most = if max == 0 { UNLIMITED } else { max };
    // A time beyond the clock's range is "without end".
    let deadline = Instant::now().checked_add(timeout);
    loop {
        let (ran, rest) = service.serve(most);
        if rest == Rest::Ended {
            Arc::clone(service).shut();
        }
        if ran > 0 || service.phase() != Phase::Serving {
            return Ok(ran);
        }
        let goes_on = match rest {
            Rest::Idle => service.bell().wait(deadline, || service.phase() == Phase::Serving),
            Rest::Taken => service.outlet().gate().wait_free(deadline),
            Rest::More => true,
            Rest::Trouble => {
                std::thread::sleep(AFTER_TROUBLE.min(timeout));
                false
            }
            Rest::Ended | Rest::Closed => false,
        };
        if !goes_on {
            return Ok(0);
        }
    }
}

/// Hands out the rest on this thread. Each call makes at least one step, so that even calls without time come to an end.
pub(super) fn finish(service: &Arc<Service>, round: u64, deadline: Instant) -> Finished {
    let give_up = give_up_at(deadline);
    loop {
        if service.is_over(round) {
            return service.quiet(round, deadline);
        }
        let began = Instant::now();
        let (ran, rest) = service.serve(1);
        match rest {
            Rest::Ended => Arc::clone(service).shut(),
            Rest::More => {}
            // Another thread closed the gate and is about to say so.
            Rest::Closed => {
                service.wait_until(round, deadline + GRACE);
            }
            Rest::Idle if Instant::now() < give_up => {
                service.bell().wait(Some(give_up), || !service.is_over(round));
                continue;
            }
            Rest::Idle => {
                service.give_up_answers(round);
                continue;
            }
            Rest::Taken => {
                if !service.wait_free(deadline) {
                    return Finished::Busy;
                }
            }
            // A stop bears a few of them and then ends without the rest.
            Rest::Trouble => continue,
        }
        // Callbacks that come back at once do not make a stop busy; one that used up the time does.
        let now = Instant::now();
        let hung = ran > 0 && now - began >= HANGS;
        if now >= (if hung { deadline } else { deadline + GRACE }) && !service.is_over(round) {
            return Finished::Busy;
        }
    }
}
