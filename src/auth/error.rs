//! Why there is no token.

use std::fmt;

use crate::http::TransportError;

/// Why there is no token. `next_try_mono_ms` is when one is asked for again, on [`crate::time::Clock::mono_ms`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// Entra refuses the credential, or this way of signing in.
    Refused {
        /// AADSTS number.
        code: Option<u32>,
        /// OAuth error word.
        error: String,
        /// Plain words.
        cause: &'static str,
        /// Next try.
        next_try_mono_ms: u64,
    },
    /// Entra was not reached.
    Unreachable {
        /// How the way there failed.
        transport: TransportError,
        /// Next try.
        next_try_mono_ms: u64,
    },
    /// Entra, or something in its place, answered, but not usefully: 429, 5xx, HTML, rubbish.
    Busy {
        /// HTTP status, 0 for none.
        status: u16,
        /// In plain words.
        detail: String,
        /// Next try.
        next_try_mono_ms: u64,
    },
    /// The credential cannot be read or used; nothing was sent.
    BadSecret {
        /// Key of the configuration.
        key: &'static str,
        /// Names the place, never what is in it.
        message: String,
        /// Next look.
        next_try_mono_ms: u64,
    },
    /// Nobody is signed in, and only a person can change that.
    PersonNeeded {
        /// Whether a code is out.
        waiting: bool,
        /// AADSTS number of the refusal that ended the last code.
        code: Option<u32>,
        /// Plain words.
        cause: &'static str,
        /// When to look again; nothing is sent for that.
        next_try_mono_ms: u64,
    },
    /// Graph refused a token that had just been fetched because it had refused the one before.
    TokenRejected {
        /// Next try.
        next_try_mono_ms: u64,
    },
    /// An error of this library.
    Internal {
        /// Next try.
        next_try_mono_ms: u64,
    },
}

impl SignInError {
    /// When a token is asked for again, on [`crate::time::Clock::mono_ms`].
    pub fn next_try_mono_ms(&self) -> u64 {
        match self {
            SignInError::Refused { next_try_mono_ms, .. }
            | SignInError::Unreachable { next_try_mono_ms, .. }
            | SignInError::Busy { next_try_mono_ms, .. }
            | SignInError::BadSecret { next_try_mono_ms, .. }
            | SignInError::PersonNeeded { next_try_mono_ms, .. }
            | SignInError::TokenRejected { next_try_mono_ms }
            | SignInError::Internal { next_try_mono_ms } => *next_try_mono_ms,
        }
    }

    /// AADSTS number, where Entra gave one.
    pub fn code(&self) -> Option<u32> {
        match self {
            SignInError::Refused { code, .. } | SignInError::PersonNeeded { code, .. } => *code,
            _ => None,
        }
    }

    /// Whether both are the same trouble, whenever it is tried again.
    pub(super) fn same_cause(&self, other: &SignInError) -> bool {
        use SignInError::*;
        match (self, other) {
            (Refused { code: a, error: x, .. }, Refused { code: b, error: y, .. }) => a == b && x == y,
            (Unreachable { transport: a, .. }, Unreachable { transport: b, .. }) => a.kind == b.kind && a.cause.is_like(&b.cause),
            (Busy { status: a, .. }, Busy { status: b, .. }) => a == b,
            (BadSecret { key: a, message: x, .. }, BadSecret { key: b, message: y, .. }) => a == b && x == y,
            (PersonNeeded { cause: a, code: x, .. }, PersonNeeded { cause: b, code: y, .. }) => a == b && x == y,
            (TokenRejected { .. }, TokenRejected { .. }) | (Internal { .. }, Internal { .. }) => true,
            _ => false,
        }
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignInError::Refused { code: Some(code), cause, .. } => write!(f, "sign-in refused: {cause} (AADSTS{code})"),
            SignInError::Refused { code: None, error, cause, .. } => write!(f, "sign-in refused: {cause} ({error})"),
            SignInError::Unreachable { transport, .. } => write!(f, "Microsoft Entra cannot be reached: {transport}"),
            SignInError::Busy { detail, .. } => write!(f, "Microsoft Entra does not answer usefully: {detail}"),
            SignInError::BadSecret { key, message, .. } => write!(f, "{key} cannot be used: {message}"),
            SignInError::PersonNeeded { code: Some(code), cause, .. } => write!(f, "nobody is signed in: {cause} (AADSTS{code})"),
            SignInError::PersonNeeded { cause, .. } => write!(f, "nobody is signed in: {cause}"),
            SignInError::TokenRejected { .. } => f.write_str("Microsoft Graph refuses a fresh access token"),
            SignInError::Internal { .. } => f.write_str("internal error while signing in"),
        }
    }
}

impl std::error::Error for SignInError {}
