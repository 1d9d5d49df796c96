//! What must hold for whatever a stranger sends: one module for each way in, each with `run`, which takes any bytes and panics where a property
//! is broken; it says whether something in them was right, and accepted. libFuzzer feeds them (`make fuzz`), and `tests/notify_properties.rs` does so with fixed pseudo-random bytes.
//!
//! | module | input | what must hold |
//! |---|---|---|
//! | `body` | a body as it comes | what is taken of it is in it, with our subscription, `clientState` and tenant |
//! | `items` | a body built of right and wrong parts, up to thousands of items | exactly the right items are taken, each with its content |
//! | `content` | an encrypted content, sealed as Graph does and then changed | only the unchanged one opens, the others fail at the step that was broken |
//! | `presence` | a decrypted text | only what the text says is told, of one person |
//! | `token` | a token, signed as Entra does with right and wrong parts | only one with everything right proves |
//! | `key_set` | a key set | a key is known, and signs, only as the set says |
//! | `handshake` | a query | the answer is the decoded token, or none |
#![allow(unreachable_pub, missing_debug_implementations, dead_code, reason = "also a module of a test")]

pub mod body;
pub mod content;
pub mod edit;
pub mod handshake;
pub mod items;
pub mod key_set;
pub mod mostly;
pub mod ours;
pub mod presence;
pub mod seal;
pub mod seeds;
pub mod signer;
pub mod token;
pub mod tree;

/// Looks at these bytes; whether something in them was right.
pub type Run = fn(&[u8]) -> bool;

/// Every way in, by the name of its target.
pub const ALL: [(&str, Run); 7] = [
    ("body", body::run),
    ("items", items::run),
    ("content", content::run),
    ("presence", presence::run),
    ("token", token::run),
    ("key_set", key_set::run),
    ("handshake", handshake::run),
];
