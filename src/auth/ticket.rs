//! What the token endpoint gets, whatever the method.

use super::certificate::{self, AssertionTicket};
use super::client_secret::{self, SecretTicket};
use super::credential::{Credential, Fingerprint, ReadError};
use super::managed::{self, MetadataTicket};
use super::password::{self, PasswordTicket};
use super::refresh::RefreshTicket;
use super::settings::{Method, Settings};
use super::workload;

/// The ticket of a method.
pub(super) enum Ticket {
    Secret(SecretTicket),
    Assertion(AssertionTicket),
    Password(PasswordTicket),
    Refresh(RefreshTicket),
    Metadata(MetadataTicket),
}

/// Reads the credential anew. May block on the file system, and signs where the method signs.
///
/// `now_wall_ms` dates a signed assertion, milliseconds since 1970-01-01 UTC.
pub(super) fn read(settings: &Settings, now_wall_ms: i64) -> Result<Credential<Ticket>, ReadError> {
    let fingerprint = Fingerprint::of(settings);
    Ok(match &settings.method {
        Method::ClientSecret(secret) => client_secret::read(secret, fingerprint)?.with(Ticket::Secret),
        Method::Certificate { certificate, key } => {
            certificate::read(certificate, key, settings, now_wall_ms, fingerprint)?.with(Ticket::Assertion)
        }
        Method::Password { username, password, secret } => {
            password::read(username, password, secret.as_ref(), fingerprint)?.with(Ticket::Password)
        }
        Method::WorkloadIdentity { token } => workload::read(token, now_wall_ms, fingerprint)?.with(Ticket::Assertion),
        Method::ManagedIdentity { client_id, metadata } => {
            managed::read(client_id.as_deref(), metadata, fingerprint).with(Ticket::Metadata)
        }
        // Not read: it comes of a person, see `dialog`.
        Method::DeviceCode => return Err(ReadError::new("auth.method", "device_code has no credential of its own")),
    })
}
