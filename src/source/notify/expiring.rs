//! Says in time that the listener's certificate ends: Microsoft then no longer trusts the address, and notifications cease.

use super::notice::{ListenerNotice, Tell};
use super::served::Served;
use crate::time::{Countdown, Due, days_left, next_look_ms};

/// Longest time from one look to the next, also where nobody connects.
const LOOK_MS: u64 = 60 * 60_000;

/// Runs until dropped.
pub(super) async fn watch(served: &Served, tell: &Tell) {
    let clock = served.clock();
    let mut countdown = Countdown::default();
    loop {
        served.config().await;
        let (ends, now) = (served.not_after_ms(), clock.now().wall_ms);
        match (countdown.look(ends, now), ends) {
            (Due::Ending, Some(not_after_ms)) => {
                let (certificate, days_left) = (served.certificate(), days_left(not_after_ms, now));
                tell.tell(ListenerNotice::CertificateExpiring { certificate, not_after_ms, days_left });
            }
            (Due::Over, _) => tell.tell(ListenerNotice::CertificateLasts),
            _ => {}
        }
        clock.sleep(next_look_ms(ends, now).min(LOOK_MS)).await;
    }
}
