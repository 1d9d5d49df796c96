//! Presence by change notifications: which subscription holds whom, how it lives, how its notifications come in, and what they are worth.
//!
//! ```text
//! web server (listener | the host's) -> intake: handshake, form, clientState -> queue -> worker: tokens, content, order -> engine
//! ```
//!
//! | file | noun |
//! |---|---|
//! | `envelope` | the JSON of a body |
//! | `handshake` | the validation of the address |
//! | `registry` | what is ours |
//! | `intake` | judge and queue |
//! | `keys`, `content` | our RSA keys, and what was encrypted to them |
//! | `listener`, `places`, `served`, `expiring`, `notice` | the built-in web server: connections, certificate, its end, news |
//! | `key_set`, `jwks`, `tokens` | proof that Graph sent it |
//! | `held`, `lease` | a subscription that we hold, and its times |
//! | `life`, `survey`, `step` | what to ask Graph next about one account's subscription |
//! | `order` | the newest observation of a person, among notifications and poll answers |
//! | `account`, `persons` | a sign-in that subscribes, and who is behind each |
//! | `packing` | which account's subscription holds whom |
//! | `crowd` | everybody who is subscribed, with order and watchdogs |
//! | `hub` | what the tasks share |
//! | `worker` | the task that takes apart what came in |
//! | `server` | the task that keeps the listener up |
//! | `account`, `seat`, `errand`, `subscribing`, `manager` | the accounts, and the task that drives their subscriptions |
//! | `retired` | subscriptions that ended |
//! | `memory`, `keyed` | what outlives the process; the keys to begin with |
//! | `herald`, `figures` | the events; what statistics and explanations tell |
//! | `watchdog` | whether the notifications of a subscription can be trusted |

mod account;
mod content;
mod crowd;
mod envelope;
mod errand;
mod expiring;
mod figures;
mod handshake;
mod held;
mod herald;
mod hub;
mod intake;
mod jwks;
mod key_set;
mod keyed;
mod keys;
mod lease;
mod life;
mod listener;
mod manager;
mod memory;
mod notice;
mod order;
mod packing;
mod persons;
mod places;
mod registry;
mod retired;
mod seat;
mod served;
mod server;
mod step;
mod subscribing;
mod survey;
mod tenant;
#[cfg(test)]
mod test_seal;
mod tokens;
mod watchdog;
mod worker;

pub use account::Account;
pub use content::{ContentError, Told, decrypt};
pub use envelope::{
    EncryptedContent, Envelope, Item, ItemKind, Lifecycle, MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_TOKEN, MAX_TOKENS, Malformed,
    parse,
};
pub use figures::{STATS_FIELDS, figures};
pub use handshake::{Handshake, MAX_ENCODED, handshake};
pub use held::{ClientState, Held, Terms};
pub use hub::Hub;
pub use intake::{Admitted, Delivery, Intake, IntakeStats, Reply, Room};
pub use jwks::{Jwks, JwksError, PAUSE_MS};
pub use key_set::{KeySet, NoKeys};
pub use keyed::check_pair;
pub use keys::{KEEP_REPLACED_MS, KeyError, KeyPair, KeyRing, ROTATE_AFTER_MS};
pub use lease::RENEW_AHEAD_MS;
pub use life::{BUSY_MS, Life, MOST_REQUESTS};
pub use listener::{Listener, ListenerError, ListenerGauge, ListenerLimits, ListenerSettings, ListenerStats};
pub use manager::Manager;
pub use notice::{ListenerNotice, Tell};
pub use order::{Order, PollVerdict, Seen, Verdict};
pub use packing::{BETWEEN_CHANGES_MS, Change, LONGEST_STAY_MS, LONGEST_WAIT_MS, OUT_MS, Packing, Unsubscribed};
pub use persons::{Persons, Standing};
pub use registry::{Admit, Registry, SubscriptionRef};
pub use server::Server;
pub use step::{Action, Answer, Asked, News, Off, Step};
pub use subscribing::Subscribing;
pub use tenant::Tenant;
pub use tokens::{CHANGE_TRACKING, TokenError, TokenRules};
pub use watchdog::{Finding, GRACE_MS, PROOF_CHANGES, PROOF_QUIET_MS, Pace, RESUBSCRIBE_MOST_MS, RESUBSCRIBE_MS, Watchdog};
pub use worker::Worker;
