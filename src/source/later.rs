//! Those whom notifications want read.

use super::lane::{FRESH_MS, Wanted};
use super::notify::Hub;
use crate::presence::Guid;

/// People to be asked for again, not before a moment.
#[derive(Debug, Default)]
pub(super) struct Later(Vec<(u64, Guid)>);

impl Later {
    pub(super) fn push(&mut self, at: u64, person: Guid) {
        self.0.push((at, person));
    }

    /// Adds those who are due to the wanted; tells when there will be somebody.
    pub(super) fn look(&mut self, hub: &Hub, wanted: &std::sync::Mutex<Wanted>, now: u64) -> u64 {
        let mut until = u64::MAX;
        let mut due: Vec<Guid> = Vec::new();
        match hub.take_rereads(now) {
            Ok(people) => due.extend(people),
            Err(at) => until = at,
        }
        self.0.retain(|(at, person)| {
            if *at <= now {
                due.push(*person);
            } else {
                until = until.min(*at);
            }
            *at > now
        });
        if !due.is_empty() {
            // No request that is under way knows what is to be read.
            super::handle::lock(wanted).extend(due.into_iter().map(|person| (person, now + FRESH_MS + 1)));
        }
        until
    }
}
