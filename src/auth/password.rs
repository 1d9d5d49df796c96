//! Resource owner password: a person's account signs in with its password. Last resort, and only for accounts without a second factor.

use oauth2::{ResourceOwnerPassword, ResourceOwnerUsername};
use secrecy::{ExposeSecret, SecretString};

use super::answer::Client;
use super::credential::{Credential, Fingerprint, ReadError};
use super::schedule::Care;
use super::watch::Marks;
use crate::config::{ClientSecret, SecretSource, blank_at_end};

/// Name and password, read just now.
pub(super) struct PasswordTicket {
    username: String,
    password: SecretString,
    secret: Option<SecretString>,
}

/// Reads password and secret.
pub(super) fn read(
    username: &str,
    password: &SecretSource,
    secret: Option<&ClientSecret>,
    mut fingerprint: Fingerprint,
) -> Result<Credential<PasswordTicket>, ReadError> {
    let configured = matches!(password, SecretSource::Inline(_));
    let password = password.read().map_err(|error| ReadError::new("auth.password", error))?;
    let secret = secret.map(ClientSecret::read).transpose().map_err(|error| ReadError::new("auth.secret", error))?;
    fingerprint.add(username);
    fingerprint.add(password.expose_secret());
    fingerprint.add(secret.as_ref().map_or("", |secret| secret.expose_secret()));
    // Entra's page on this grant: passwords with blanks at an end are not supported. Sent as it stands all the same. One that stands in
    // the configuration was warned of when that was read.
    let doubt = (!configured && blank_at_end(password.expose_secret()))
        .then_some(("auth.password", "it begins or ends with a blank, which Microsoft Entra does not support in passwords"));
    Ok(Credential {
        fingerprint: fingerprint.finish(),
        care: Care::Password,
        doubt,
        marks: Marks::default(),
        ticket: PasswordTicket { username: username.to_owned(), password, secret },
    })
}

impl PasswordTicket {
    /// The secret is sent where there is one: a public client must send none.
    pub(super) fn client(&self, client: Client) -> Client {
        match &self.secret {
            Some(secret) => client.set_client_secret(oauth2::ClientSecret::new(secret.expose_secret().to_owned())),
            None => client,
        }
    }

    pub(super) fn owner(&self) -> (ResourceOwnerUsername, ResourceOwnerPassword) {
        (ResourceOwnerUsername::new(self.username.clone()), ResourceOwnerPassword::new(self.password.expose_secret().to_owned()))
    }
}
