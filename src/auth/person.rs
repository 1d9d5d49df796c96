//! The person who signs in: what he must see, and how his sign-in stands.

use std::fmt;

/// What the person must see.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The page to open.
    pub verification_uri: String,
    /// The code to type there.
    pub user_code: String,
    /// Entra's sentence for the person.
    pub message: String,
    /// Until when the code is good, milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: i64,
}

/// Without the code: it is for the person alone.
impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

/// The person's part of the sign-in.
pub(super) enum Person {
    /// Nothing is asked of anybody: signed in, or it is not known yet that somebody is needed.
    Unasked,
    /// A code is out. `wished`: somebody asked for it.
    Waiting { prompt: Prompt, since: u64, wished: bool },
    /// It ended without a sign-in; nothing happens before somebody asks for a code.
    Ended { cause: &'static str, code: Option<u32>, signed_out: bool },
}

/// How the sign-in stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A token serves.
    SignedIn,
    /// None yet, or Entra cannot be reached; it is tried by itself.
    SigningIn,
    /// A code is out. An earlier token may still serve.
    WaitingForPerson,
    /// Refused, or the code was not used: see the error.
    Refused,
    /// Signed out by the host.
    SignedOut,
}

impl Phase {
    /// As the statistics spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::SignedIn => "signed_in",
            Phase::SigningIn => "signing_in",
            Phase::WaitingForPerson => "waiting_for_person",
            Phase::Refused => "refused",
            Phase::SignedOut => "signed_out",
        }
    }
}
