//! Presence by change notifications: which subscription holds whom, how it lives, and what its notifications are worth.
//!
//! Pure machines; whoever drives them asks Graph, waits and tells.
//!
//! | file | noun |
//! |---|---|
//! | `order` | the newest observation of a person, among notifications and poll answers |
//! | `packing` | which account's subscription holds whom |

mod order;
mod packing;

pub use order::{Order, PollVerdict, Seen, Verdict};
pub use packing::{BETWEEN_CHANGES_MS, Change, LONGEST_STAY_MS, LONGEST_WAIT_MS, OUT_MS, Packing, Unsubscribed};
