//! The refresh token of the person who signed in: where it is kept, and when it is worth nothing any more.
//!
//! It is kept in the notes of the instance, in clear: whoever can read the state directory can sign in as that person until the token is
//! revoked. The mode of the directory and its file is what protects it; encryption with a key beside it would only look better.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::RefreshToken;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::aadsts::{self, Advice, Class};
use super::answer::EntraError;
use super::credential::{Credential, Fingerprint};
use super::schedule::Care;
use super::settings::Settings;
use super::watch::Marks;
use crate::store::{Notes, Receipt, Shelf};

/// The note's name.
pub(super) const NAME: &str = "refresh_token";
const VERSION: u32 = 1;
/// Longest token that is kept.
const LONGEST: usize = 64 << 10;

#[derive(Deserialize, Serialize)]
struct Note {
    version: u32,
    /// For whom the token is: it is never sent to another host, tenant or application.
    of: String,
    token: String,
    stored_at_ms: i64,
}

impl Drop for Note {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.token);
    }
}

/// The stored token for these settings.
pub(super) fn stored(notes: &Notes, settings: &Settings) -> Option<SecretString> {
    let bytes = notes.get(Shelf::SignIn, NAME)?;
    let mut note: Note = serde_json::from_slice(&bytes).ok()?;
    let sound = note.version == VERSION && note.of == belongs(settings) && is_sound(&note.token);
    sound.then(|| std::mem::take(&mut note.token).into())
}

/// Whether a person's sign-in for these settings is remembered in the notes of an instance.
pub fn remembers_person(notes: &Notes, settings: &Settings) -> bool {
    stored(&notes.of(settings.name.as_deref()), settings).is_some()
}

/// Stores a token in the place of the one before.
pub(super) fn keep(notes: &Notes, settings: &Settings, token: &RefreshToken, now_wall_ms: i64) -> Option<Receipt> {
    if !is_sound(token.secret()) {
        return None;
    }
    let note = Note { version: VERSION, of: belongs(settings), token: token.secret().clone(), stored_at_ms: now_wall_ms };
    let bytes = Zeroizing::new(serde_json::to_vec(&note).ok()?);
    Some(notes.put(Shelf::SignIn, NAME, Some(&bytes)))
}

/// Whether this very token is still the one that is stored.
pub(super) fn holds(notes: &Notes, settings: &Settings, token: &SecretString) -> bool {
    stored(notes, settings).is_some_and(|stored| stored.expose_secret() == token.expose_secret())
}

/// Strikes the token out.
pub(super) fn forget(notes: &Notes) -> Receipt {
    notes.put(Shelf::SignIn, NAME, None)
}

fn is_sound(token: &str) -> bool {
    (1..=LONGEST).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn belongs(settings: &Settings) -> String {
    let mut context = Context::new(&SHA256);
    for part in [&settings.login, &settings.tenant_id, &settings.client_id] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(context.finish())
}

/// A credential of the stored token.
pub(super) fn credential(token: SecretString, mut fingerprint: Fingerprint) -> Credential<RefreshTicket> {
    fingerprint.add(token.expose_secret());
    let ticket = RefreshTicket(token);
    Credential { fingerprint: fingerprint.finish(), care: Care::Application, doubt: None, marks: Marks::default(), ticket }
}

/// The stored token, for one request.
pub(super) struct RefreshTicket(SecretString);

impl RefreshTicket {
    pub(super) fn token(&self) -> RefreshToken {
        RefreshToken::new(self.0.expose_secret().to_owned())
    }
}

/// Policies and settings that stand in the way: the token may be good again once an administrator has changed them, and a new code would
/// not help. Anything else that Entra says of the grant ends it. See docs/decisions/0021.
const NOT_THE_TOKEN: &[u32] =
    &[53000, 53001, 53003, 53004, 50097, 50129, 50131, 530032, 530035, 50105, 50053, 65001, 65004, 90094, 90095];

/// Whether this answer to the refresh token says that the token is worth nothing any more, or that a person must be present; and what
/// the catalogue says of it.
pub(super) fn is_over(error: &EntraError) -> Option<&'static Advice> {
    let advice = error.code().and_then(aadsts::find).unwrap_or_else(|| aadsts::of_oauth(&error.error));
    let about_the_grant = matches!(error.error.as_str(), "invalid_grant" | "interaction_required" | "login_required");
    let passes = matches!(advice.class, Class::Slow | Class::Transient | Class::Locked | Class::Clock);
    let policy = error.code().is_some_and(|code| NOT_THE_TOKEN.contains(&code));
    (about_the_grant && !passes && !policy).then_some(advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::settings::Method;

    fn settings(tenant: &str) -> Settings {
        Settings {
            method: Method::DeviceCode,
            tenant_id: tenant.to_owned(),
            client_id: "c".to_owned(),
            login: "https://login.example".to_owned(),
            scope: "s".to_owned(),
            succession: crate::auth::Succession::default(),
            name: None,
        }
    }

    #[test]
    fn a_token_is_kept_for_its_own_tenant_application_and_host_alone() {
        let notes = Notes::in_memory();
        assert!(stored(&notes, &settings("a")).is_none());
        keep(&notes, &settings("a"), &RefreshToken::new("0.one".to_owned()), 7).expect("kept");
        let kept = |settings: &Settings| stored(&notes, settings).map(|token| token.expose_secret().to_owned());
        assert_eq!(kept(&settings("a")).as_deref(), Some("0.one"));
        assert_eq!(kept(&settings("b")), None);
        assert_eq!(kept(&Settings { client_id: "d".to_owned(), ..settings("a") }), None);
        assert_eq!(kept(&Settings { login: "https://evil.example".to_owned(), ..settings("a") }), None);
        assert!(keep(&notes, &settings("a"), &RefreshToken::new("two words".to_owned()), 7).is_none());
        assert_eq!(kept(&settings("a")).as_deref(), Some("0.one"), "what cannot be sent does not replace what can");
        drop(forget(&notes));
        assert_eq!(kept(&settings("a")), None);
        for broken in [&b""[..], b"{", b"{}", br#"{"version":2,"of":"","token":"x","stored_at_ms":1}"#, b"\xff"] {
            drop(notes.put(Shelf::SignIn, NAME, Some(broken)));
            assert_eq!(kept(&settings("a")), None);
        }
    }

    #[test]
    fn which_answers_end_a_sign_in() {
        let over = |error: &str, code: u32| {
            let json = format!(r#"{{"error":"{error}","error_codes":[{code}]}}"#);
            is_over(&serde_json::from_str(&json).expect("an error")).is_some()
        };
        for code in [50173, 700082, 70008, 70000, 70043, 50132, 50133, 135010, 50057, 50034, 700084, 99999] {
            assert!(over("invalid_grant", code), "{code}");
        }
        for code in [50076, 50078, 50079, 50074, 50158] {
            assert!(over("interaction_required", code), "{code}");
        }
        for code in [53003, 530032, 530035, 50105, 65001, 50053, 50196, 80001, 90033] {
            assert!(!over("invalid_grant", code), "{code}");
        }
        assert!(!over("invalid_client", 7000218) && !over("unauthorized_client", 700016) && !over("access_denied", 53003));
        assert!(!over("temporarily_unavailable", 90033));
    }
}
