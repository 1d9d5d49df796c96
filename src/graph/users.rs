//! Reading users: by address, by object id, or all of them page by page.

use std::collections::HashSet;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::client::{Endpoint, GraphClient};
use super::error::{GraphError, Unreadable};
use super::json;
use super::link::{LONGEST_FILTER, Link, MOST_VALUES, encode, literal};
use crate::http::Limits;
use crate::presence::Guid;

/// 999 users with several hundred other addresses each stay below.
pub(super) const LIMITS: Limits = Limits { timeout: Duration::from_secs(60), max_body: 32 << 20 };
/// Other addresses of one user that are looked at. Exchange allows some hundreds.
const MOST_PROXIES: usize = 2_000;

/// How much of a user may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// With User.Read.All: other addresses, guest or member, enabled or not.
    Whole,
    /// With User.ReadBasic.All: mail and sign-in name.
    Basic,
}

impl Profile {
    /// The `$select` that goes with it.
    pub(super) fn select(self) -> &'static str {
        match self {
            Profile::Whole => "id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType",
            Profile::Basic => "id,mail,userPrincipalName",
        }
    }
}

/// Where an address may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    /// `mail`
    Mail,
    /// `userPrincipalName`
    Upn,
    /// An `smtp:` entry of `proxyAddresses`
    Proxy,
}

/// A user as the directory tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Object id.
    pub id: Guid,
    /// Main address.
    pub mail: Option<Box<str>>,
    /// Sign-in name.
    pub upn: Option<Box<str>>,
    /// SMTP addresses without their prefix.
    pub proxies: Vec<Box<str>>,
    /// `accountEnabled`; `None` where it may not be read.
    pub enabled: Option<bool>,
    /// A guest, by `userType` or by the form of the sign-in name.
    pub guest: bool,
}

/// One page of an answer.
#[derive(Debug)]
pub struct UsersPage {
    /// The users of this page.
    pub users: Vec<User>,
    /// Where the next page is.
    pub next: Option<Link>,
}

/// All users, 999 a page.
pub fn all(root: &Url, profile: Profile) -> Link {
    Link::make(root, "v1.0/users", &format!("$select={}&$top=999", profile.select()))
}

/// The users with these object ids, at most 15.
pub fn with_ids(root: &Url, profile: Profile, ids: &[Guid]) -> Link {
    debug_assert!(ids.len() <= MOST_VALUES);
    let list: Vec<String> = ids.iter().map(|id| literal(id.text().as_str())).collect();
    filtered(root, profile, &format!("id in ({})", list.join(",")), false)
}

/// The users who have one of these addresses in this place. Take the addresses from [`portions`].
///
/// `advanced` asks with `ConsistencyLevel: eventual` and `$count`, for a directory that answers 400 without them.
pub fn with_addresses(root: &Url, profile: Profile, by: By, addresses: &[&str], advanced: bool) -> Link {
    debug_assert!(addresses.len() <= MOST_VALUES);
    filtered(root, profile, &expression(by, addresses), advanced)
}

fn expression(by: By, addresses: &[&str]) -> String {
    let list = |name: &str| {
        let values: Vec<String> = addresses.iter().map(|address| literal(address)).collect();
        format!("{name} in ({})", values.join(","))
    };
    match by {
        By::Mail => list("mail"),
        By::Upn => list("userPrincipalName"),
        By::Proxy => {
            let clause = |address: &&str| format!("proxyAddresses/any(p:p eq {})", literal(&format!("smtp:{address}")));
            addresses.iter().map(clause).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn filtered(root: &Url, profile: Profile, expression: &str, advanced: bool) -> Link {
    let mut query = "$filter=".to_owned();
    encode(expression, &mut query);
    query.push_str("&$select=");
    query.push_str(profile.select());
    query.push_str(if advanced { "&$top=999&$count=true" } else { "&$top=999" });
    Link::make(root, "v1.0/users", &query).eventual(advanced)
}

/// Divides addresses into portions that fit into one filter: 15 values and a bounded length.
pub fn portions<'a, 'b>(by: By, addresses: &'b [&'a str]) -> Vec<&'b [&'a str]> {
    let cost = |address: &str| {
        let mut encoded = String::new();
        encode(&expression(by, &[address]), &mut encoded);
        encoded.len() + 10
    };
    let (mut out, mut start, mut length) = (Vec::new(), 0, 0);
    for (at, address) in addresses.iter().enumerate() {
        let cost = cost(address);
        if at > start && (at - start == MOST_VALUES || length + cost > LONGEST_FILTER) {
            out.push(&addresses[start..at]);
            (start, length) = (at, 0);
        }
        length += cost;
    }
    if start < addresses.len() {
        out.push(&addresses[start..]);
    }
    out
}

impl GraphClient {
    /// Reads one page. Call again with its `next` until there is none; see [`Walk`].
    pub async fn users(&self, link: &Link) -> Result<UsersPage, GraphError> {
        let mut headers = HeaderMap::new();
        if link.is_eventual() {
            headers.insert(HeaderName::from_static("consistencylevel"), HeaderValue::from_static("eventual"));
        }
        let answer = self.get(Endpoint::Users, link.url().clone(), headers, LIMITS).await?;
        let mut page = read_page(self.root(), &answer.body)
            .map_err(|what| GraphError::unreadable(Endpoint::Users, what, answer.request_id()))?;
        page.next = page.next.map(|next| next.eventual(link.is_eventual()));
        Ok(page)
    }
}

/// Keeps a walk over pages from going round in circles or on for ever.
#[derive(Debug, Default)]
pub struct Walk {
    seen: HashSet<Link>,
}

impl Walk {
    /// 3,000 pages of 999: ten times the largest directories that this library is meant for.
    pub const MOST_PAGES: usize = 3_000;

    /// Whether this link may be followed. Says why not.
    pub fn step(&mut self, link: &Link) -> Result<(), Unreadable> {
        if self.seen.len() >= Self::MOST_PAGES {
            return Err(Unreadable::new(format!("the directory has more than {} pages", Self::MOST_PAGES)));
        }
        if !self.seen.insert(link.clone()) {
            return Err(Unreadable::new("the directory's pages lead round in a circle"));
        }
        Ok(())
    }
}

impl From<(Endpoint, Unreadable)> for GraphError {
    fn from((endpoint, what): (Endpoint, Unreadable)) -> GraphError {
        GraphError::unreadable(endpoint, what, None)
    }
}

/// An answer that is a list, with its links.
#[derive(Deserialize)]
pub(super) struct List<'a> {
    #[serde(borrow, default)]
    pub(super) value: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, rename = "@odata.nextLink")]
    pub(super) next: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "@odata.deltaLink")]
    pub(super) delta: Option<&'a RawValue>,
}

impl<'a> List<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<List<'a>, Unreadable> {
        serde_json::from_slice(body).map_err(|error| {
            Unreadable::new(format!("the directory's answer is no list (line {}, column {})", error.line(), error.column()))
        })
    }

    pub(super) fn link(root: &Url, raw: Option<&RawValue>) -> Result<Option<Link>, Unreadable> {
        json::filled(raw).map(|text| Link::follow(root, &text)).transpose()
    }
}

fn read_page(root: &Url, body: &[u8]) -> Result<UsersPage, Unreadable> {
    let list = List::read(body)?;
    let Some(value) = list.value else { return Err(Unreadable::new("the directory's answer has no list of users")) };
    Ok(UsersPage { users: value.iter().filter_map(|raw| read_user(raw)).collect(), next: List::link(root, list.next)? })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mail: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user_principal_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    proxy_addresses: Option<&'a RawValue>,
    #[serde(borrow, default)]
    account_enabled: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user_type: Option<&'a RawValue>,
}

/// One entry; `None` where it is no user or has no object id.
pub(super) fn read_user(raw: &RawValue) -> Option<User> {
    let fields: Fields<'_> = serde_json::from_str(raw.get()).ok()?;
    let id = json::text(fields.id?)?.trim().parse().ok()?;
    let owned = |raw: Option<&RawValue>| json::filled(raw).map(|text| Box::from(text.trim()));
    let upn: Option<Box<str>> = owned(fields.user_principal_name);
    let named = |word: &str| json::filled(fields.user_type).is_some_and(|text| text.eq_ignore_ascii_case(word));
    let guest = named("Guest") || upn.as_deref().is_some_and(|upn| upn.to_ascii_uppercase().contains("#EXT#@"));
    let proxies = (fields.proxy_addresses)
        .and_then(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok())
        .unwrap_or_default()
        .into_iter()
        .take(MOST_PROXIES)
        .filter_map(|raw| smtp(&json::text(raw)?).map(Box::from))
        .collect();
    let enabled = fields.account_enabled.and_then(json::boolean);
    Some(User { id, mail: owned(fields.mail), upn, proxies, enabled, guest })
}

/// The address of an `smtp:` or `SMTP:` entry.
fn smtp(entry: &str) -> Option<&str> {
    let (kind, address) = entry.trim().split_once(':')?;
    (kind.eq_ignore_ascii_case("smtp") && !address.is_empty()).then_some(address)
}

#[cfg(test)]
#[path = "users_tests.rs"]
mod tests;
