//! Client credentials with a secret: the application signs in for itself.

use secrecy::{ExposeSecret, SecretString};

use super::answer::Client;
use super::credential::{Credential, Fingerprint, ReadError};
use super::schedule::Care;
use super::watch::Marks;
use super::watch_graph::Trait;
use crate::config::ClientSecret;

/// A secret, read just now.
pub(super) struct SecretTicket(SecretString);

/// Reads the secret.
pub(super) fn read(secret: &ClientSecret, mut fingerprint: Fingerprint) -> Result<Credential<SecretTicket>, ReadError> {
    let value = secret.read().map_err(|error| ReadError::new("auth.secret", error))?;
    fingerprint.add(value.expose_secret());
    let marks = Marks { mark: Some(Trait::of_secret(value.expose_secret())), ..Marks::default() };
    Ok(Credential { fingerprint: fingerprint.finish(), care: Care::Application, doubt: None, marks, ticket: SecretTicket(value) })
}

impl SecretTicket {
    /// The secret goes into the form, where any character can be written; Entra also takes HTTP Basic, with two encodings on top of
    /// each other.
    pub(super) fn client(&self, client: Client) -> Client {
        client.set_client_secret(oauth2::ClientSecret::new(self.0.expose_secret().to_owned()))
    }
}
