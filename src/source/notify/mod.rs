//! Presence by change notifications: which subscription holds whom, how it lives, and what its notifications are worth.
//!
//! Pure machines; whoever drives them asks Graph, waits and tells.
//!
//! | file | noun |
//! |---|---|
//! | `held`, `lease` | a subscription that we hold, and its times |
//! | `life`, `survey`, `step` | what to ask Graph next about one account's subscription |
//! | `order` | the newest observation of a person, among notifications and poll answers |
//! | `packing` | which account's subscription holds whom |
//! | `watchdog` | whether the notifications of a subscription can be trusted |

mod held;
mod lease;
mod life;
mod order;
mod packing;
mod step;
mod survey;
mod watchdog;

pub use held::{ClientState, Held, Terms};
pub use lease::RENEW_AHEAD_MS;
pub use life::{BUSY_MS, Life, MOST_REQUESTS};
pub use order::{Order, PollVerdict, Seen, Verdict};
pub use packing::{BETWEEN_CHANGES_MS, Change, LONGEST_STAY_MS, LONGEST_WAIT_MS, OUT_MS, Packing, Unsubscribed};
pub use step::{Action, Answer, Asked, News, Off, Step};
pub use watchdog::{Finding, GRACE_MS, PROOF_CHANGES, PROOF_QUIET_MS, Pace, RESUBSCRIBE_MOST_MS, RESUBSCRIBE_MS, Watchdog};
