//! The heart, pure: no I/O, no tokio, no C; time is an argument.
//!
//! ```text
//! observed → rules → desired ⇄ acknowledged
//! ```
//!
//! [`Engine`] keeps the three for each user and makes the last equal to the one before it. Its parts: `life` (start, stop, switch), `roster` (who
//! there is), `mapping` and `named` (whom they stand for), `opt_out` (who is left alone), `observe` (what Graph says), `rules` (what that means),
//! `calls` (when a call in Teams is one of the host's own), `publish` (which of these Teams is to show), `dnd` and `chat` (what is asked of the host
//! and whose it is), `echoes` (which reports are our own), `queue` (the second DND), `rehearsal` (the dry run), `offer` (one change on its way),
//! `deliver` (the host's side), `seats`, `keep` (what outlives the process), `tick` (what time brings), `view` and `explain` (questions),
//! `aside` (what is known of few).
//! What the engine holds for some of them stands below it: `call_log`, `sessions`, `would`, `memory`.

mod aside;
mod call_log;
mod calls;
mod chat;
mod deliver;
mod delivery;
mod dnd;
mod echoes;
mod engine;
mod explain;
mod intent;
mod keep;
mod keeps;
mod leftover;
mod life;
mod mapping;
mod memory;
mod named;
mod observe;
mod offer;
mod opt_out;
mod overridden;
mod publication;
mod publish;
mod queue;
mod rehearsal;
mod roster;
mod rules;
mod seats;
mod sessions;
mod settings;
mod spelling;
mod stamp;
mod terms;
mod tick;
mod told;
mod user;
mod view;
mod would;

pub use chat::ChatSays;
pub use delivery::{Answer, Change, Delivery, Origin, PresenceView, Reason, Source};
pub use engine::{Engine, Polled};
pub use keep::{Commit, Found, PATIENCE_MS};
pub use keeps::Keeps;
pub use mapping::{Turn, Which};
pub use publication::{Act, Publication, Published};
pub use roster::{hash_address, same_address};
pub use rules::{Decision, Fired, QueueDecision, decide};
pub use settings::{Outputs, Settings};
pub use terms::{Holds, HostDnd, Owner, Says};
pub use user::{MatchKind, MatchedBy, Resolution, Unmatched, UserInput};
pub use view::{MatchingReport, NoUser, STATS_FIELDS, UserState};

#[cfg(test)]
mod tests;
