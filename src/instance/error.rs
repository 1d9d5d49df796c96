//! Why a call failed, in the terms of the C interface.

use std::fmt;

/// The kind of a failure; each stands for one `TPS_E_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// An argument cannot be used.
    InvalidArg,
    /// The configuration cannot be used.
    Config,
    /// The instance has been destroyed.
    Handle,
    /// Not in this state of the instance.
    State,
    /// Not inside a callback.
    Reentrant,
    /// A callback of the host, or the disk, did not come back in time.
    Timeout,
    /// No such user or change.
    NotFound,
    /// Several users have the address.
    Ambiguous,
    /// The new configuration cannot be taken over while running.
    NeedsRestart,
    /// Somebody else works with the state directory.
    Locked,
    /// The operating system refused something.
    System,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind.
    pub kind: ErrorKind,
    /// What and why, in a sentence. Never a secret.
    pub message: String,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into() }
    }

    pub(super) fn state(message: &str) -> Error {
        Error::new(ErrorKind::State, message)
    }

    pub(super) fn reentrant(call: &str) -> Error {
        let message = format!("{call} must not be called inside a callback; signal a thread of your own and call it there");
        Error::new(ErrorKind::Reentrant, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
