//! Where the outlet gets what it hands out.

use crate::event::{Event, LogLine};
use crate::sync::{Answer, Delivery};

/// What waits for the host. Pulled, not pushed: a newer state replaces an older one that was not handed out yet, so nothing queues up.
///
/// Implemented by the [`Desk`](super::Desk). All calls are short and thread-safe.
pub trait Feed: Send + Sync {
    /// The next presence or change, if one is due.
    fn next_delivery(&self) -> Option<Delivery>;
    /// What the host answered to the change with this id.
    fn answered(&self, change_id: u64, answer: Answer);
    /// The next event, if one waits.
    fn next_event(&self) -> Option<Event>;
    /// The next log line, if one waits.
    fn next_log(&self) -> Option<LogLine>;
    /// Nothing of the three is due now.
    fn is_idle(&self) -> bool;
    /// A change was answered PENDING and `tps_acknowledge` has not come; a stop waits for it within its time.
    fn awaits_answers(&self) -> bool;
    /// A stop waits no longer for acknowledgements: what is owed counts as not come. May make deliveries due.
    fn give_up_answers(&self);
    /// Code of ours panicked at `place` while handing things out; the panic was caught and said `words`. To be told as an event.
    fn panicked(&self, place: &str, words: &str);
    /// The host's `callback` took this long. Told of each that takes longer than a second.
    fn slow(&self, callback: &'static str, took_ms: u64);
}
