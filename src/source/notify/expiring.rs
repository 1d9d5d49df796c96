//! Says in time that the listener's certificate ends: Microsoft then no longer trusts the address, and notifications cease.

use std::sync::Arc;

use super::served::Served;
use crate::event::{Event, Kind, Reporter};
use crate::time::{Clock, Countdown, Due, days_left, next_look_ms, utc};

/// Longest time from one look to the next, also where nobody connects.
const LOOK_MS: u64 = 60 * 60_000;

/// Runs until dropped; without a certificate it does nothing.
pub(super) async fn watch(served: Option<Arc<Served>>, address: String, clock: Clock, reporter: Reporter) {
    let Some(served) = served else { return std::future::pending().await };
    let mut countdown = Countdown::default();
    loop {
        served.config().await;
        let (ends, now) = (served.not_after_ms(), clock.now().wall_ms);
        match (countdown.look(ends, now), ends) {
            (Due::Ending, Some(at_ms)) => {
                let event = Event::new(Kind::ListenerCertificateExpiring).with("address", address.clone());
                let event = event.with("certificate", served.certificate()).with("days_left", days_left(at_ms, now));
                reporter.event_now(event.with("expires_at_ms", at_ms).with("expires", utc(at_ms)));
            }
            (Due::Over, _) => {
                let event = Event::new(Kind::ListenerRecovered).with("address", address.clone());
                reporter.event_now(event.with("step", "expiring"));
            }
            _ => {}
        }
        clock.sleep(next_look_ms(ends, now).min(LOOK_MS)).await;
    }
}
