//! A credential read for one request: what all methods have in common. Their tickets come together in `ticket`.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use super::schedule::Care;
use super::settings::Settings;
use super::watch::Marks;

/// Everything needed for one try. Gone after it. `T` is what the token endpoint gets.
pub(super) struct Credential<T> {
    /// Tells a changed credential from the one that was refused.
    pub(super) fingerprint: [u8; 32],
    pub(super) care: Care,
    /// Key of the configuration, and what looks wrong with its value.
    pub(super) doubt: Option<(&'static str, &'static str)>,
    /// What it tells of its end.
    pub(super) marks: Marks,
    pub(super) ticket: T,
}

impl<T> Credential<T> {
    /// The same with another ticket.
    pub(super) fn with<U>(self, wrap: impl FnOnce(T) -> U) -> Credential<U> {
        let Credential { fingerprint, care, doubt, marks, ticket } = self;
        Credential { fingerprint, care, doubt, marks, ticket: wrap(ticket) }
    }
}

/// A credential that cannot be used: nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadError {
    /// Key of the configuration.
    pub(super) key: &'static str,
    /// Names file or variable, never what is in it.
    pub(super) message: String,
}

impl ReadError {
    pub(super) fn new(key: &'static str, message: impl fmt::Display) -> ReadError {
        ReadError { key, message: message.to_string() }
    }
}

/// SHA-256 over tenant, application, method and secrets, each with its length.
pub(super) struct Fingerprint(Context);

impl Fingerprint {
    /// Of everything but the secrets.
    pub(super) fn of(settings: &Settings) -> Fingerprint {
        let mut fingerprint = Fingerprint(Context::new(&SHA256));
        fingerprint.add(settings.method.name().as_str());
        fingerprint.add(&settings.login);
        fingerprint.add(&settings.tenant_id);
        fingerprint.add(&settings.client_id);
        fingerprint.add(&settings.scope);
        fingerprint
    }

    pub(super) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}
