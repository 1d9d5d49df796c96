//! A strict stand-in for Microsoft Entra and Microsoft Graph presence, for tests, demos and integrators.
//!
//! What Graph refuses, the simulator refuses; what Microsoft leaves open is a switch ([`Oddities`]); what goes wrong in real life
//! is a [`Fault`]. Everything that can be done while it runs is an [`Action`]: by [`Simulator::act`], by the control API, by a script.
//!
//! | module | what lives there |
//! |---|---|
//! | `simulator` | the handle: start, change, look, stop |
//! | `server`, `connection`, `tls`, `reply` | the wire |
//! | `control`, `script`, `office`, `action` | the ways to change the world while it runs |
//! | `entra` | sign-in |
//! | `graph` | users, members of groups, presence, applications, subscriptions |
//! | `notify` | change notifications |
//! | `fault`, `oddity`, `throttle` | what goes wrong, what is odd, what is too much |
//! | `tenant`, `directory`, `group`, `presence` | the world itself |
//! | `record` | counters and recorded requests |

mod action;
mod clock;
mod connection;
mod control;
mod default;
mod directory;
mod entra;
mod error;
mod fault;
mod graph;
mod group;
mod guid;
mod notify;
mod oddity;
mod office;
#[cfg(feature = "openapi")]
pub mod openapi;
mod presence;
mod random;
mod record;
mod reply;
mod script;
mod server;
mod simulator;
mod tenant;
mod throttle;
mod tls;
mod world;

pub use action::{Action, UserPresence};
pub use clock::Millis;
pub use default::{CLIENT_ID, CLIENT_SECRET, DOMAIN, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, TENANT_ID};
pub use directory::{BulkSpec, UserSpec, UserType};
pub use error::Error;
pub use fault::{EndpointClass, Fault, FaultAction, FaultBody, RetryAfter};
pub use group::GroupSpec;
pub use notify::{
    ConflictCode, ConflictRule, Delivery, FilterQuotes, HandshakeCode, LongExpiry, NotifyOddities, OdataType, OwnPresence,
    PastExpiry, SubscriptionView, Tamper, TokenVersion, Tokens,
};
pub use oddity::{Casing, DuplicateIds, MalformedIds, Nulls, Oddities, Profile, UnknownIds};
pub use office::office_day;
pub use presence::PresenceSpec;
pub use record::{Counters, RecordedRequest};
pub use script::{Line, Script};
pub use simulator::{Options, Simulator, TenantHandle};
pub use tenant::{AppSpec, Cloud, FederatedSpec, Managed, SecretSpec, TenantSpec};
