//! Presence by change notifications: the receiving side.
//!
//! ```text
//! web server (listener | the host's) -> intake: handshake, form, clientState -> queue -> worker: tokens, content, ...
//! ```
//!
//! | file | noun |
//! |---|---|
//! | `envelope` | the JSON of a body |
//! | `handshake` | the validation of the address |
//! | `registry` | what is ours |
//! | `intake` | judge and queue |

mod envelope;
mod handshake;
mod intake;
mod registry;

pub use envelope::{
    EncryptedContent, Envelope, Item, ItemKind, Lifecycle, MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_TOKEN, MAX_TOKENS, Malformed, parse,
};
pub use handshake::{Handshake, MAX_ENCODED, handshake};
pub use intake::{Admitted, Delivery, Intake, IntakeStats, Reply, Room};
pub use registry::{Admit, Registry, SubscriptionRef};
