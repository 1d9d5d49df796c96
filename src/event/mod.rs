//! What an instance tells about itself: events for administrators, log lines for the curious, counters for monitoring.
//!
//! A [`Reporter`] collects events and log lines in two bounded lanes that the host's dispatcher empties; nothing here calls the host.
//! Events name users by the host's id only, never by an address, and no text here ever holds a secret.

mod catalogue;
mod counters;
pub mod docs;
mod entry;
#[allow(clippy::module_inception, reason = "the module is about events, the file about one")]
mod event;
mod kind;
mod lane;
mod level;
mod reporter;
mod stats;
mod text;

pub use counters::{Counters, Endpoint};
pub use entry::{Entry, Field, Holds};
pub use event::{Draft, Event, LONGEST_LIST, LONGEST_TEXT};
pub use kind::Kind;
pub use lane::LogLine;
pub use level::{Level, Severity};
pub use reporter::{Depths, Reporter, TRACE_LASTS_MS};
pub use stats::{Measure, STATS_FIELDS, StatField, counter, gauge};
pub use text::{LONGEST_MESSAGE, safe_line};

#[doc(inline)]
pub use crate::tps_log as log;

#[cfg(test)]
mod tests;
