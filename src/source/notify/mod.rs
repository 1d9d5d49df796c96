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
//! | `keys`, `content` | our RSA keys, and what was encrypted to them |

mod content;
mod envelope;
mod handshake;
mod intake;
mod keys;
mod registry;
#[cfg(test)]
mod test_seal;

pub use content::{ContentError, Told, decrypt};
pub use envelope::{
    EncryptedContent, Envelope, Item, ItemKind, Lifecycle, MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_TOKEN, MAX_TOKENS, Malformed, parse,
};
pub use handshake::{Handshake, MAX_ENCODED, handshake};
pub use intake::{Admitted, Delivery, Intake, IntakeStats, Reply, Room};
pub use keys::{KEEP_REPLACED_MS, KeyError, KeyPair, KeyRing, ROTATE_AFTER_MS};
pub use registry::{Admit, Registry, SubscriptionRef};
