//! Opaque paging and delta tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// Where a listing goes on. It is bound to its tenant and query: a token that was cut out and put into another query is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SkipToken {
    #[serde(rename = "w")]
    pub(super) tenant: String,
    /// The link has nothing but the token: the query options are to be taken from here.
    #[serde(rename = "b", default)]
    pub(super) bare: bool,
    #[serde(rename = "c", default)]
    pub(super) count: bool,
    /// The index of the next user.
    #[serde(rename = "n")]
    pub(super) next: usize,
    #[serde(rename = "f")]
    pub(super) filter: Option<String>,
    #[serde(rename = "s")]
    pub(super) select: Option<String>,
    #[serde(rename = "t")]
    pub(super) top: usize,
    #[serde(rename = "i")]
    pub(super) issued: Millis,
}

/// Where a delta query stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeltaToken {
    /// Good in this tenant only.
    #[serde(rename = "w")]
    pub(super) tenant: String,
    #[serde(rename = "s")]
    pub(super) select: Option<String>,
    /// Only these objects, when the first call had a filter.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) only: Vec<String>,
    /// Changes up to this one are known to the caller.
    #[serde(rename = "k")]
    pub(super) known: u64,
    /// The next user of a round that is under way.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<usize>,
    /// The change that this round reaches.
    #[serde(rename = "u")]
    pub(super) until: u64,
    #[serde(rename = "i")]
    pub(super) issued: Millis,
}

/// Scrambled so that nobody reads meaning into it.
const MASK: u8 = 0x5a;

pub(super) fn seal<T: Serialize>(token: &T) -> String {
    let mut bytes = serde_json::to_vec(token).unwrap_or_default();
    bytes.iter_mut().for_each(|b| *b ^= MASK);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn open<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.iter_mut().for_each(|b| *b ^= MASK);
    serde_json::from_slice(&bytes).ok()
}

/// `name=value`, encoded for a query.
pub(super) fn pair(out: &mut String, name: &str, value: &str) {
    out.push(if out.contains('?') { '&' } else { '?' });
    out.push_str(name);
    out.push('=');
    out.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
}
