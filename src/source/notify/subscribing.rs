//! What is subscribed to, and how: the same for all accounts.

use std::fmt;

use url::Url;

/// What is subscribed to, and how.
#[derive(Clone)]
pub struct Subscribing {
    /// Where notifications go.
    pub url: Url,
    /// They are to carry the presence, encrypted.
    pub rich: bool,
    /// The pair to encrypt for that the administrator supplies.
    pub supplied: Option<crate::config::KeyPair>,
}

// The address may hold a secret in its query.
impl fmt::Debug for Subscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribing").field("rich", &self.rich).finish_non_exhaustive()
    }
}
