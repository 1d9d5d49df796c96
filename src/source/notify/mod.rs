//! Presence by change notifications: which subscription holds whom, how it lives, and what its notifications are worth.
//!
//! Pure machines; whoever drives them asks Graph, waits and tells.
//!
//! | file | noun |
//! |---|---|
//! | `order` | the newest observation of a person, among notifications and poll answers |

mod order;

pub use order::{Order, PollVerdict, Seen, Verdict};
