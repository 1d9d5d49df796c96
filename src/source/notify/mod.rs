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

mod held;
mod lease;
mod life;
mod order;
mod packing;
mod step;
mod survey;

pub use held::{ClientState, Held, Terms};
pub use lease::RENEW_AHEAD_MS;
pub use life::{BUSY_MS, Life, MOST_REQUESTS};
pub use order::{Order, PollVerdict, Seen, Verdict};
pub use packing::{BETWEEN_CHANGES_MS, Change, LONGEST_STAY_MS, LONGEST_WAIT_MS, OUT_MS, Packing, Unsubscribed};
pub use step::{Action, Answer, Asked, News, Off, Step};
