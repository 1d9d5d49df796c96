//! The credential in use and the coming one: which is tried first, and what is told when it is the other one. Pure.

use super::error::SignInError;
use super::settings::Settings;
use crate::event::{Draft, Event, Kind};

/// Which of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Which {
    #[default]
    Present,
    Next,
}

impl Which {
    /// The key of the configuration.
    pub(super) fn key(self) -> &'static str {
        match self {
            Which::Present => "auth",
            Which::Next => "auth.next",
        }
    }

    /// The key of a part of it, from its name within `auth`.
    pub(super) fn place(self, key: &'static str) -> &'static str {
        match (self, key) {
            (Which::Next, "auth.secret") => "auth.next.secret",
            (Which::Next, "auth.certificate") => "auth.next.certificate",
            (Which::Next, "auth.key") => "auth.next.key",
            (Which::Next, "auth.password") => "auth.next.password",
            (Which::Next, "auth") => "auth.next",
            (_, key) => key,
        }
    }
}

impl Settings {
    /// Those that sign in with this credential; `None` for a next one that is not configured.
    pub(super) fn with(&self, which: Which) -> Option<Settings> {
        match which {
            Which::Present => Some(self.clone()),
            Which::Next => {
                let next = self.succession.next.as_ref()?;
                Some(Settings { method: next.method.clone(), ..self.clone() })
            }
        }
    }
}

/// AADSTS numbers whose cause lies in the credential itself, so that another one may be accepted: the secret is wrong (also: was taken out
/// of the registration) or expired, the certificate is not or no longer registered, the password is wrong or expired.
const IN_THE_CREDENTIAL: [u32; 7] = [7000215, 7000222, 700027, 50012, 50126, 50055, 50144];

/// Whether another credential may be accepted where this one was not. A locked account, a missing consent, a policy or a wrong tenant would
/// refuse any; trying both would only make a locked account worse.
pub(super) fn lies_in_credential(error: &SignInError) -> bool {
    match error {
        SignInError::Refused { code: Some(code), .. } => IN_THE_CREDENTIAL.contains(code),
        SignInError::Refused { code: None, error, .. } => error == "invalid_client",
        // A file that is not there, or holds something else.
        SignInError::BadSecret { .. } => true,
        _ => false,
    }
}

/// Which credential signed in last.
#[derive(Default)]
pub(super) struct Rotation {
    using: Which,
    fingerprint: Option<[u8; 32]>,
}

impl Rotation {
    pub(super) fn using(&self) -> Which {
        self.using
    }

    /// This credential signed in. `other` is the trouble with the other one. Tells whether it is another one than before, and the event
    /// where the place in the configuration changed.
    pub(super) fn accepted(&mut self, which: Which, fingerprint: [u8; 32], other: Option<&SignInError>) -> (bool, Option<Draft>) {
        let changed = self.fingerprint.replace(fingerprint).is_some_and(|before| before != fingerprint);
        if std::mem::replace(&mut self.using, which) == which {
            return (changed, None);
        }
        let because = match (which, other) {
            (Which::Next, Some(error)) => format!("that of auth cannot be used ({error})"),
            (Which::Next, None) => "that of auth cannot be used".to_owned(),
            (Which::Present, Some(error)) => format!("it has signed in, and that of auth.next cannot be used ({error})"),
            (Which::Present, None) => "it has signed in".to_owned(),
        };
        let code = other.and_then(SignInError::code);
        let event =
            Event::new(Kind::CredentialSwitched).with("to", which.key()).with("because", because).with_some("aadsts", code);
        (changed, Some(event))
    }
}
