//! The JSON of a notification body, read into items.
//!
//! Documentation and wire disagree in many small ways (Microsoft Graph: change notifications for presence, notifications with resource data,
//! lifecycle notifications; the presence page of 2026-08-15): the `resource` of a filter subscription may be the whole encoded filter,
//! the person stands in `resourceData.id` or only in its `@odata.id`, `organizationId` may be missing, any field may be null, and the case
//! of words varies. Of an item only what is needed is read, each field by itself, so that an odd one costs that field and an unreadable item
//! costs that item. `resource` text, `subscriptionExpirationDateTime` (with or without its `Z`) and `@odata.type` decide nothing.
//!
//! Nothing here recurses: parts that are not needed are skipped over as text.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::presence::Guid;

/// Longest body, in bytes. A rich item takes about 2 KB, 30 KB more where its `resource` repeats a filter of 650 ids.
pub const MAX_BODY: usize = 4 << 20;
/// Items read of one body; what follows counts as skipped.
pub const MAX_ITEMS: usize = 2_000;
/// Deepest nesting. Graph's bodies have four levels.
pub const MAX_DEPTH: usize = 32;
/// Tokens read of one body: Graph sends one per app and tenant in it.
pub const MAX_TOKENS: usize = 64;
/// Longest token, in bytes. Real ones have about 1.5 KB.
pub const MAX_TOKEN: usize = 16 << 10;

/// Longest `clientState` that is kept: Graph allows 128 characters.
const MAX_CLIENT_STATE: usize = 1 << 10;
/// Longest label of a certificate: Graph allows 128 characters.
const MAX_CERTIFICATE_ID: usize = 512;
/// Longest encrypted presence, in base64. A status message may make 28,000 bytes of it.
const MAX_DATA: usize = 512 << 10;
/// Longest encrypted key, in base64: that of an RSA key of 8192 bits.
const MAX_DATA_KEY: usize = 1_500;
/// Longest HMAC-SHA256 in base64, with room.
const MAX_SIGNATURE: usize = 128;

/// Why nothing of a body can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`MAX_BODY`].
    #[error("longer than {MAX_BODY} bytes")]
    TooLarge,
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Not JSON, or not an object with a list `value`.
    #[error("not the JSON of a notification")]
    NotNotification,
}

/// A body, read.
#[derive(Default)]
pub struct Envelope {
    /// Those items that name a subscription.
    pub items: Vec<Item>,
    /// The tokens that came along; `None` for null or missing.
    pub validation_tokens: Option<Vec<String>>,
    /// Entries that are no items, and those beyond [`MAX_ITEMS`].
    pub skipped: usize,
}

/// One notification.
pub struct Item {
    /// Whose: the id that Graph gave to the subscription.
    pub subscription_id: Guid,
    /// The secret that proves it; `None` for null, missing or overlong.
    pub client_state: Option<String>,
    /// The tenant that it is about.
    pub tenant_id: Option<Guid>,
    /// What it says.
    pub kind: ItemKind,
}

/// What an item says.
#[derive(Debug)]
pub enum ItemKind {
    /// Somebody's presence is new.
    Updated {
        /// Who; `None` where only the encrypted content tells.
        user: Option<Guid>,
        /// The new presence, encrypted; `None` for a basic notification, and where a part of it is missing or overlong.
        content: Option<EncryptedContent>,
    },
    /// Something about the subscription itself.
    Lifecycle(Lifecycle),
    /// Neither: another `changeType`.
    Other,
}

/// `lifecycleEvent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// The subscription wants renewal or reauthorization.
    ReauthorizationRequired,
    /// Graph ended the subscription.
    SubscriptionRemoved,
    /// Notifications were lost.
    Missed,
    /// A word nobody knows.
    Unknown,
}

/// The encrypted presence: everything in base64, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedContent {
    /// The ciphertext.
    pub data: String,
    /// HMAC-SHA256 over the ciphertext.
    pub data_signature: String,
    /// The symmetric key, encrypted to our certificate.
    pub data_key: String,
    /// Our own label of that certificate.
    pub certificate_id: String,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = self.validation_tokens.as_ref().map(Vec::len);
        f.debug_struct("Envelope").field("items", &self.items).field("tokens", &tokens).field("skipped", &self.skipped).finish()
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("subscription_id", &self.subscription_id)
            .field("tenant_id", &self.tenant_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EncryptedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedContent({} bytes)", self.data.len())
    }
}

impl Item {
    /// The memory that it holds, in bytes.
    pub fn weight(&self) -> usize {
        let content = match &self.kind {
            ItemKind::Updated { content: Some(content), .. } => {
                content.data.len() + content.data_signature.len() + content.data_key.len() + content.certificate_id.len()
            }
            _ => 0,
        };
        size_of::<Item>() + self.client_state.as_ref().map_or(0, String::len) + content
    }
}

/// Reads a body.
///
/// # Errors
/// Only where nothing of it can be read.
pub fn parse(body: &[u8]) -> Result<Envelope, Malformed> {
    if body.len() > MAX_BODY {
        return Err(Malformed::TooLarge);
    }
    if is_deep(body) {
        return Err(Malformed::TooDeep);
    }
    // A letter cut in half in one item must not cost the others.
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let top: Top<'_> = object(text).ok_or(Malformed::NotNotification)?;
    let value = top.value.ok_or(Malformed::NotNotification)?;
    let items: Vec<Item> = value.first.iter().filter_map(|raw| item(raw)).collect();
    Ok(Envelope {
        skipped: value.count - items.len(),
        items,
        validation_tokens: top.tokens.map(|tokens| tokens.first.iter().filter_map(|raw| bounded(raw, MAX_TOKEN)).collect()),
    })
}

/// Whether brackets outside of texts are nested deeper than [`MAX_DEPTH`].
fn is_deep(body: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[derive(Deserialize)]
struct Top<'a> {
    #[serde(borrow, default)]
    value: Option<List<'a, MAX_ITEMS>>,
    #[serde(borrow, default, rename = "validationTokens")]
    tokens: Option<List<'a, MAX_TOKENS>>,
}

/// The first entries of a list, as text, and how many there are.
struct List<'a, const MOST: usize> {
    first: Vec<&'a RawValue>,
    count: usize,
}

impl<'de: 'a, 'a, const MOST: usize> Deserialize<'de> for List<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<const MOST: usize>;
        impl<'de, const MOST: usize> Visitor<'de> for Entries<MOST> {
            type Value = List<'de, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = List { first: Vec::new(), count: 0 };
                while list.count < MOST {
                    let Some(entry) = seq.next_element()? else { return Ok(list) };
                    list.first.push(entry);
                    list.count += 1;
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    list.count += 1;
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(Entries)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawItem<'a> {
    #[serde(borrow, default)]
    subscription_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    client_state: Option<&'a RawValue>,
    #[serde(borrow, default)]
    change_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lifecycle_event: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tenant_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    organization_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    encrypted_content: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct ResourceData<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "@odata.id")]
    odata_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContent<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_signature: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    encryption_certificate_id: Option<&'a RawValue>,
}

/// An object. A list of the members' values, without their names, would be read as well.
fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    if json.trim_start().starts_with('{') { serde_json::from_str(json).ok() } else { None }
}

fn item(raw: &RawValue) -> Option<Item> {
    let raw: RawItem<'_> = object(raw.get())?;
    Some(Item {
        subscription_id: guid(raw.subscription_id?)?,
        client_state: raw.client_state.and_then(|raw| bounded(raw, MAX_CLIENT_STATE)),
        tenant_id: raw.tenant_id.and_then(guid).or_else(|| raw.organization_id.and_then(guid)),
        kind: kind(&raw),
    })
}

fn kind(raw: &RawItem<'_>) -> ItemKind {
    if let Some(event) = raw.lifecycle_event.and_then(text).filter(|event| !event.trim().is_empty()) {
        return ItemKind::Lifecycle(match event.trim().to_ascii_lowercase().as_str() {
            "reauthorizationrequired" => Lifecycle::ReauthorizationRequired,
            "subscriptionremoved" => Lifecycle::SubscriptionRemoved,
            "missed" => Lifecycle::Missed,
            _ => Lifecycle::Unknown,
        });
    }
    let updated = match raw.change_type.and_then(text) {
        Some(word) => word.trim().eq_ignore_ascii_case("updated"),
        // Not said: presence subscriptions know no other change.
        None => raw.resource_data.is_some() || raw.encrypted_content.is_some(),
    };
    if updated {
        ItemKind::Updated { user: user(raw), content: raw.encrypted_content.and_then(content) }
    } else {
        ItemKind::Other
    }
}

/// Whose presence. `resource` comes last: for a filter subscription it may name everybody.
fn user(raw: &RawItem<'_>) -> Option<Guid> {
    let data: ResourceData<'_> = raw.resource_data.and_then(|data| object(data.get())).unwrap_or_default();
    data.id
        .and_then(guid)
        .or_else(|| data.odata_id.and_then(text).and_then(|path| named_by(&path)))
        .or_else(|| raw.resource.and_then(text).and_then(|path| named_by(&path)))
}

/// The person of `users/{id}/presence`, `communications/presences/{id}` or `users('{id}')/presence`, in any case; never one out of a filter.
fn named_by(path: &str) -> Option<Guid> {
    let mut segments = path.split('?').next()?.split(['/', '(', ')', '\'']).filter(|segment| !segment.is_empty());
    segments.find(|segment| segment.eq_ignore_ascii_case("users") || segment.eq_ignore_ascii_case("presences"))?;
    segments.next()?.parse().ok()
}

fn content(raw: &RawValue) -> Option<EncryptedContent> {
    let raw: RawContent<'_> = object(raw.get())?;
    Some(EncryptedContent {
        data: bounded(raw.data?, MAX_DATA)?,
        data_signature: bounded(raw.data_signature?, MAX_SIGNATURE)?,
        data_key: bounded(raw.data_key?, MAX_DATA_KEY)?,
        certificate_id: bounded(raw.encryption_certificate_id?, MAX_CERTIFICATE_ID)?,
    })
}

fn guid(raw: &RawValue) -> Option<Guid> {
    let text = text(raw)?;
    text.trim().parse().ok()
}

fn bounded(raw: &RawValue, most: usize) -> Option<String> {
    text(raw).filter(|text| text.len() <= most).map(Cow::into_owned)
}

/// The text, if the value is one that can be read. Borrowed unless it has escapes.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str::<String>(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
