//! A subscription that we hold, and how it is remembered.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::graph::subscriptions::{MOST_SUBSCRIBED, Subscription};
use crate::presence::Guid;

/// The longest note that is read.
const LONGEST_NOTE: usize = 64 * 1024;
const LONGEST_TEXT: usize = 2_048;
/// What Graph takes as a client state.
const LONGEST_STATE: usize = 128;

/// The secret that comes back with each notification of a subscription.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientState(Arc<str>);

impl ClientState {
    /// A new one, 244 random bits.
    pub fn random() -> ClientState {
        ClientState(format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()).into())
    }

    /// One that was given; `None` where Graph cannot have taken it.
    pub fn of(text: &str) -> Option<ClientState> {
        (!text.is_empty() && text.len() <= LONGEST_STATE).then(|| ClientState(text.into()))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientState(…)")
    }
}

/// What a subscription is to be: nothing of it can be changed later.
#[derive(Clone, PartialEq, Eq)]
pub struct Terms {
    /// Where notifications go.
    url: Box<str>,
    /// The name of the certificate that they are encrypted for; `None`: basic notifications.
    certificate_id: Option<Box<str>>,
    /// Who, each once and in order.
    users: Arc<[Guid]>,
}

// The address may hold a secret in its query.
impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms")
            .field("users", &self.users.len())
            .field("certificate_id", &self.certificate_id)
            .finish_non_exhaustive()
    }
}

impl Terms {
    /// Puts them together; the first [`MOST_SUBSCRIBED`] people count.
    pub fn new(url: &str, certificate_id: Option<&str>, users: impl IntoIterator<Item = Guid>) -> Terms {
        let mut users: Vec<Guid> = users.into_iter().collect();
        users.sort_unstable();
        users.dedup();
        users.truncate(MOST_SUBSCRIBED);
        Terms { url: url.into(), certificate_id: certificate_id.map(Box::from), users: users.into() }
    }

    /// Where notifications go.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name of the certificate; `None`: basic notifications.
    pub fn certificate_id(&self) -> Option<&str> {
        self.certificate_id.as_deref()
    }

    /// Who.
    pub fn users(&self) -> &Arc<[Guid]> {
        &self.users
    }

    /// A short form of the set of people, the same on every machine and in every version (FNV-1a).
    pub fn resource_hash(&self) -> u64 {
        let bytes = self.users.iter().flat_map(|user| user.0.to_be_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    }

    /// Whether this subscription of Graph's is one of these terms.
    pub fn describe(&self, found: &Subscription) -> bool {
        found.url.as_deref() == Some(&*self.url)
            && found.certificate_id.as_deref() == self.certificate_id.as_deref()
            && *found.users() == *self.users
    }
}

/// A subscription that we hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Graph's id.
    pub id: Guid,
    /// Its secret.
    pub client_state: ClientState,
    /// What it is.
    pub terms: Arc<Terms>,
    /// Its end: milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: i64,
}

impl Held {
    /// For a note in the store, so that a restart takes it over instead of leaving it to its end. Holds the secret.
    pub fn to_note(&self) -> Vec<u8> {
        let mut users = String::with_capacity(self.terms.users.len() * 32);
        self.terms.users.iter().for_each(|user| users.push_str(&format!("{:032x}", user.0)));
        let note = json!({
            "version": 1,
            "id": self.id.to_string(),
            "client_state": self.client_state.expose(),
            "resource_hash": format!("{:016x}", self.terms.resource_hash()),
            "expires_at_ms": self.expires_at_ms,
            "certificate_id": self.terms.certificate_id(),
            "url": self.terms.url(),
            "users": users,
        });
        note.to_string().into_bytes()
    }

    /// Reads such a note; `None` for anything else, whatever it is.
    pub fn from_note(note: &[u8]) -> Option<Held> {
        let note: Value = (note.len() <= LONGEST_NOTE).then(|| serde_json::from_slice(note).ok())??;
        let text = |name: &str| note[name].as_str().filter(|text| text.len() <= LONGEST_TEXT);
        if note["version"] != 1 {
            return None;
        }
        let list = note["users"].as_str().filter(|list| list.is_ascii() && list.len() % 32 == 0)?;
        let users: Option<Vec<Guid>> = (0..list.len() / 32)
            .map(|at| list.get(at * 32..at * 32 + 32).and_then(|hex| u128::from_str_radix(hex, 16).ok()).map(Guid))
            .collect();
        let terms = Terms::new(text("url")?, text("certificate_id"), users?);
        if terms.users.is_empty() || text("resource_hash")? != format!("{:016x}", terms.resource_hash()) {
            return None;
        }
        Some(Held {
            id: text("id")?.parse().ok()?,
            client_state: ClientState::of(text("client_state")?)?,
            terms: Arc::new(terms),
            expires_at_ms: note["expires_at_ms"].as_i64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(users: std::ops::Range<u128>, certificate_id: Option<&str>) -> Held {
        Held {
            id: Guid(7),
            client_state: ClientState::random(),
            terms: Arc::new(Terms::new("https://a/?b", certificate_id, users.map(Guid))),
            expires_at_ms: 1_795_355_700_000,
        }
    }

    #[test]
    fn a_note_survives() {
        for held in [held(0..1, None), held(5..655, Some("cert-1"))] {
            assert_eq!(Held::from_note(&held.to_note()), Some(held.clone()));
            assert!(held.to_note().len() < 32_000);
            assert!(!format!("{held:?}").contains(held.client_state.expose()));
        }
    }

    #[test]
    fn what_is_no_note_is_none() {
        let note = String::from_utf8(held(0..3, None).to_note()).expect("text");
        for (right, wrong) in [
            ("\"version\":1", "\"version\":2"),
            ("\"users\":\"0", "\"users\":\"1"),
            ("\"users\":\"00", "\"users\":\"0"),
            ("\"users\":\"00", "\"users\":\"ä"),
            ("\"client_state\":\"", "\"client_state\":7,\"x\":\""),
            ("\"expires_at_ms\":1", "\"expires_at_ms\":\"1"),
            ("\"id\":\"0", "\"id\":\"x"),
        ] {
            assert!(note.contains(right), "{right}");
            assert_eq!(Held::from_note(note.replacen(right, wrong, 1).as_bytes()), None, "{wrong}");
        }
        for no in [&b""[..], b"null", b"[]", b"{}", &[b' '; LONGEST_NOTE + 1], &[0xff]] {
            assert_eq!(Held::from_note(no), None);
        }
    }

    #[test]
    fn people_are_a_set() {
        let terms = |users: &[u128]| Terms::new("u", None, users.iter().copied().map(Guid));
        assert_eq!(terms(&[3, 1, 2, 3]), terms(&[1, 2, 3]));
        assert_eq!(terms(&[3, 1, 2]).resource_hash(), terms(&[1, 2, 3]).resource_hash());
        assert_ne!(terms(&[1, 2]).resource_hash(), terms(&[1, 3]).resource_hash());
        assert_eq!(terms(&(0..1_000).collect::<Vec<_>>()).users().len(), MOST_SUBSCRIBED);
    }

    #[test]
    fn secrets_differ_and_fit() {
        let (one, other) = (ClientState::random(), ClientState::random());
        assert!(one != other && one.expose().len() == 64);
        assert!(ClientState::of("").is_none() && ClientState::of(&"x".repeat(129)).is_none());
    }
}
