//! Which entry of the app registration is the credential in use.

use std::fmt;

/// One entry of `passwordCredentials` or `keyCredentials` of the app registration. Holds nothing secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppCredential {
    /// A certificate, not a secret.
    pub certificate: bool,
    /// The first three characters of a secret.
    pub hint: Option<String>,
    /// SHA-1 of a certificate in Base64 (`customKeyIdentifier`).
    pub thumbprint: Option<String>,
    /// `endDateTime`, milliseconds since 1970-01-01 UTC.
    pub end_ms: i64,
}

/// By what a credential is found in the app registration.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Trait {
    /// The first three characters of a secret.
    Hint(zeroize::Zeroizing<String>),
    /// SHA-1 of a certificate in Base64.
    Thumbprint(String),
}

impl fmt::Debug for Trait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trait::Hint(_) => "Trait(of a secret)",
            Trait::Thumbprint(_) => "Trait(of a certificate)",
        })
    }
}

impl Trait {
    pub(super) fn of_secret(secret: &str) -> Trait {
        Trait::Hint(secret.chars().take(3).collect::<String>().into())
    }
}

/// When the credential expires, and whether that is sure: the entry was found by its mark. A secret's mark is its first three characters
/// (that Microsoft's `hint` is just these is observed, not documented): several entries may have it, then the latest end counts. Without
/// any such entry the latest end of the secrets that have not expired is a guess. A certificate without its entry is no matter of dates.
pub(super) fn matching(list: &[AppCredential], mark: &Trait, now_wall_ms: i64) -> Option<(i64, bool)> {
    let found = list.iter().filter(|entry| match mark {
        Trait::Hint(start) => !entry.certificate && entry.hint.as_deref() == Some(start.as_str()),
        Trait::Thumbprint(thumbprint) => {
            entry.certificate && entry.thumbprint.as_deref().is_some_and(|theirs| same_thumbprint(theirs, thumbprint))
        }
    });
    if let Some(end) = found.map(|entry| entry.end_ms).max() {
        return Some((end, true));
    }
    let guess = match mark {
        Trait::Hint(_) => {
            list.iter().filter(|entry| !entry.certificate && entry.end_ms > now_wall_ms).map(|entry| entry.end_ms).max()
        }
        Trait::Thumbprint(_) => None,
    };
    guess.map(|end| (end, false))
}

/// In Base64 with or without padding, in either alphabet.
fn same_thumbprint(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> Vec<u8> {
        text.trim_end_matches('=')
            .bytes()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            })
            .collect()
    };
    plain(a) == plain(b)
}
