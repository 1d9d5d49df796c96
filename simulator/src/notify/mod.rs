//! Change notifications: who has subscribed to what, and the way of a change from a presence to somebody's endpoint.
//!
//! | file | noun |
//! |---|---|
//! | `resource`, `certificate`, `target`, `subscription` | what is subscribed to, for whom, and where it goes |
//! | `notify` | everything of it that the world keeps |
//! | `watch`, `shown` | who is seen how: tells a change |
//! | `item`, `content`, `token`, `payload` | what stands in a notification |
//! | `outbox`, `health` | what waits to be sent, and what is thought of an endpoint |
//! | `courier`, `handshake`, `wire`, `trust` | the way over the network |
//! | `log` | what was sent |
//! | `order` | what somebody asks for by hand |
//! | `oddity`, `tamper` | what is open, and what goes wrong |

mod certificate;
mod content;
pub(crate) mod courier;
pub(crate) mod handshake;
mod health;
mod item;
mod log;
#[allow(clippy::module_inception, reason = "the module is about all of it, the file about what is kept")]
mod notify;
mod oddity;
pub(crate) mod order;
mod outbox;
mod payload;
mod resource;
mod shown;
mod subscription;
mod tamper;
mod target;
mod token;
mod trust;
mod watch;
mod wire;

pub(crate) use certificate::EncryptionCertificate;
pub(crate) use notify::Notify;
pub(crate) use resource::Resource;
pub(crate) use subscription::{Grant, Subscription};
pub(crate) use target::Target;
pub(crate) use watch::begin;

pub use log::Delivery;
pub use oddity::{
    ConflictCode, ConflictRule, FilterQuotes, HandshakeCode, LongExpiry, NotifyOddities, OdataType, OwnPresence, PastExpiry,
    TokenVersion, Tokens,
};
pub use subscription::SubscriptionView;
pub use tamper::Tamper;
