//! Subscriptions to changes of presence: `POST`, `PATCH`, `DELETE` and `GET /subscriptions`.
//!
//! A subscription is a signed-in person's: the application itself cannot have one, and one person has one of one application. It holds at
//! most 650 people, lives 45 to 60 minutes, and what it is about cannot be changed (Microsoft Graph: change notifications for presence,
//! 2026-08-15; subscription resource, 2026-09-17). Which of the many answers Graph gives is documented in part only, so what a refusal means is
//! read by status first and by words last.

use std::fmt;
use std::time::Duration;

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use super::client::{Endpoint, GraphClient};
use super::error::{Class, GraphError, Unreadable};
use super::json as field;
use super::link::Link;
use super::permission::Finding;
use crate::http::Limits;
use crate::presence::Guid;
use crate::time::{parse_date, timestamp};

/// People in one subscription.
pub const MOST_SUBSCRIBED: usize = 650;
/// Longest life, in milliseconds.
pub const LONGEST_LIFE_MS: u64 = 60 * 60_000;

/// Graph validates the address before it answers, twice, for 10 s each.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(60), max_body: 1 << 20 };
/// A page of subscriptions of 650 people each has some MB at most.
const LIST_LIMITS: Limits = Limits { timeout: Duration::from_secs(60), max_body: 16 << 20 };
/// Pages of a list. An account has one subscription of one application to presence, and few others.
const MOST_PAGES: usize = 20;
/// Subscriptions of a list.
const MOST_LISTED: usize = 1_000;
/// A client state that Graph takes.
const LONGEST_STATE: usize = 128;

/// What is subscribed to.
#[derive(Clone, Copy)]
pub struct NewSubscription<'a> {
    /// Where notifications go, also those about the subscription itself.
    pub url: &'a Url,
    /// Who, at most [`MOST_SUBSCRIBED`].
    pub users: &'a [Guid],
    /// The secret that comes back with each notification, at most 128 characters.
    pub client_state: &'a str,
    /// When it is to end: milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: i64,
    /// For rich notifications: the certificate to encrypt for.
    pub encryption: Option<Encryption<'a>>,
}

/// A certificate to encrypt for.
#[derive(Clone, Copy, Debug)]
pub struct Encryption<'a> {
    /// Base64 of its DER form, one line.
    pub certificate: &'a str,
    /// Our name for it, at most 128 characters.
    pub id: &'a str,
}

// The client state is a secret, the address may hold one.
impl fmt::Debug for NewSubscription<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSubscription")
            .field("users", &self.users.len())
            .field("expires_at_ms", &self.expires_at_ms)
            .field("certificate_id", &self.encryption.map(|it| it.id))
            .finish_non_exhaustive()
    }
}

/// A subscription as Graph tells. Everything but the id may be missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: Option<Guid>,
    /// What it is about.
    pub resource: Option<String>,
    /// The secret of it; older answers keep it back.
    pub client_state: Option<String>,
    /// Where notifications go.
    pub url: Option<String>,
    /// When it ends: milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: Option<i64>,
    /// The name of the certificate that it encrypts for.
    pub certificate_id: Option<String>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("id", &self.id)
            .field("expires_at_ms", &self.expires_at_ms)
            .field("certificate_id", &self.certificate_id)
            .finish_non_exhaustive()
    }
}

impl Subscription {
    /// Whether it is about presence.
    pub fn is_of_presence(&self) -> bool {
        let resource = self.resource.as_deref().unwrap_or_default().to_ascii_lowercase();
        resource.contains("communications/presences") || resource.ends_with("/presence")
    }

    /// The people it is about, each once, in order.
    pub fn users(&self) -> Vec<Guid> {
        let mut out = guids(self.resource.as_deref().unwrap_or_default());
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// Why a call about a subscription failed.
#[derive(Clone, Debug)]
pub struct SubscriptionError {
    /// What it means.
    pub why: Why,
    /// The failure itself.
    pub error: GraphError,
}

/// What a failed call about a subscription means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The account is not signed in, or its token is refused.
    SignIn,
    /// There is one already; this one, if Graph names it.
    Conflict(Option<Guid>),
    /// Graph could not validate our address.
    Handshake,
    /// The end asked for lies too far ahead: our clock is ahead of Graph's.
    TooFar,
    /// Too many subscriptions.
    Quota,
    /// A permission is missing, or the token is one of the application.
    Permission,
    /// No such subscription any more.
    NotFound,
    /// Graph asks to wait this long, in milliseconds.
    Throttled(u64),
    /// Graph does not answer usefully. What was asked for may have been done all the same.
    Unavailable,
    /// Anything else that repeating will not mend.
    Refused,
}

impl fmt::Display for SubscriptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl std::error::Error for SubscriptionError {}

impl From<GraphError> for SubscriptionError {
    fn from(error: GraphError) -> SubscriptionError {
        SubscriptionError { why: why(&error), error }
    }
}

impl GraphClient {
    /// Subscribes. Before it answers, Graph validates the address, so that whoever serves it must already know the pending subscription.
    ///
    /// # Errors
    /// See [`Why`]. After [`Why::Unavailable`] it may have been made all the same.
    pub async fn create_subscription(&self, new: &NewSubscription<'_>) -> Result<Subscription, SubscriptionError> {
        debug_assert!(!new.users.is_empty() && new.users.len() <= MOST_SUBSCRIBED && new.client_state.len() <= LONGEST_STATE);
        let answer = self.subscriptions(Method::POST, "v1.0/subscriptions", Some(body(new))).await?;
        let made = read(&answer).ok().filter(|made| made.id.is_some());
        made.ok_or_else(|| unreadable("Graph's answer to a subscription names none"))
    }

    /// Renews: sets another end. Also authorises it anew with the token in use.
    ///
    /// # Errors
    /// See [`Why`]; [`Why::NotFound`] where it has ended.
    pub async fn renew_subscription(&self, id: Guid, expires_at_ms: i64) -> Result<Subscription, SubscriptionError> {
        let body = json!({ "expirationDateTime": timestamp(expires_at_ms) });
        let answer = self.subscriptions(Method::PATCH, &path(id), Some(Bytes::from(body.to_string()))).await?;
        // A good status is what counts: without a body it ends when it was asked to.
        Ok(read(&answer).unwrap_or_default())
    }

    /// Authorises it anew without another end. Not within 10 minutes of a renewal, which does the same (Microsoft Graph, lifecycle
    /// notifications, 2026-03-24).
    ///
    /// # Errors
    /// See [`Why`].
    pub async fn reauthorize_subscription(&self, id: Guid) -> Result<(), SubscriptionError> {
        self.subscriptions(Method::POST, &format!("{}/reauthorize", path(id)), Some(Bytes::new())).await.map(|_| ())
    }

    /// Ends it. One that is gone already is no error.
    ///
    /// # Errors
    /// See [`Why`].
    pub async fn delete_subscription(&self, id: Guid) -> Result<(), SubscriptionError> {
        match self.subscriptions(Method::DELETE, &path(id), None).await {
            Err(error) if error.why == Why::NotFound => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Looks at one.
    ///
    /// # Errors
    /// See [`Why`].
    pub async fn subscription(&self, id: Guid) -> Result<Subscription, SubscriptionError> {
        let answer = self.subscriptions(Method::GET, &path(id), None).await?;
        read(&answer).map_err(|what| GraphError::from((Endpoint::Subscriptions, what)).into())
    }

    /// All subscriptions of this application that the signed-in account made, of whatever kind. The limit is 25 such questions in 20 s
    /// for the application in a tenant.
    ///
    /// # Errors
    /// See [`Why`].
    pub async fn list_subscriptions(&self) -> Result<Vec<Subscription>, SubscriptionError> {
        let mut out = Vec::new();
        let mut link = Some(Link::make(self.root(), "v1.0/subscriptions", ""));
        let mut seen = Vec::new();
        while let Some(at) = link {
            if seen.len() >= MOST_PAGES || out.len() > MOST_LISTED {
                return Err(unreadable("the account has more subscriptions than can be looked at"));
            }
            if seen.contains(&at) {
                return Err(unreadable("the pages of subscriptions lead round in a circle"));
            }
            let mut url = at.url().clone();
            if url.query() == Some("") {
                url.set_query(None);
            }
            let answer = self.get(Endpoint::Subscriptions, url, HeaderMap::new(), LIST_LIMITS).await?;
            let page = read_page(self.root(), &answer.body)
                .map_err(|what| GraphError::unreadable(Endpoint::Subscriptions, what, answer.request_id()))?;
            out.extend(page.0);
            seen.push(at);
            link = page.1;
        }
        Ok(out)
    }

    async fn subscriptions(&self, method: Method, path: &str, body: Option<Bytes>) -> Result<Vec<u8>, SubscriptionError> {
        let url = self.url(path);
        Ok(self.request(Endpoint::Subscriptions, method, url, body, LIMITS).await?.body)
    }
}

fn path(id: Guid) -> String {
    format!("v1.0/subscriptions/{id}")
}

/// What a subscription to these people is about, as Graph wants it: ids in quotes (the newer of the two documented forms).
fn resource(users: &[Guid]) -> String {
    let mut out = String::with_capacity(users.len() * (Guid::TEXT_LEN + 3) + 48);
    out.push_str("/communications/presences?$filter=id in (");
    for (at, user) in users.iter().enumerate() {
        out.push_str(if at == 0 { "'" } else { "','" });
        out.push_str(user.text().as_str());
    }
    out.push_str("')");
    out
}

fn body(new: &NewSubscription<'_>) -> Bytes {
    let mut body = json!({
        "changeType": "updated",
        "notificationUrl": new.url.as_str(),
        "lifecycleNotificationUrl": new.url.as_str(),
        "resource": resource(new.users),
        "expirationDateTime": timestamp(new.expires_at_ms),
        "clientState": new.client_state,
        "latestSupportedTlsVersion": "v1_2",
    });
    if let Some(encryption) = new.encryption {
        body["includeResourceData"] = Value::Bool(true);
        body["encryptionCertificate"] = encryption.certificate.into();
        body["encryptionCertificateId"] = encryption.id.into();
    }
    Bytes::from(body.to_string())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, default)]
    client_state: Option<&'a RawValue>,
    #[serde(borrow, default)]
    notification_url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    expiration_date_time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    encryption_certificate_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    value: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, rename = "@odata.nextLink")]
    next: Option<&'a RawValue>,
}

fn read(body: &[u8]) -> Result<Subscription, Unreadable> {
    let fields: Fields<'_> = serde_json::from_slice(body).map_err(|error| {
        Unreadable::new(format!("Graph's answer is no subscription (line {}, column {})", error.line(), error.column()))
    })?;
    Ok(from_fields(&fields))
}

fn from_fields(fields: &Fields<'_>) -> Subscription {
    let owned = |raw: Option<&RawValue>| field::filled(raw).map(std::borrow::Cow::into_owned);
    Subscription {
        id: field::filled(fields.id).and_then(|text| text.trim().parse().ok()),
        resource: owned(fields.resource),
        client_state: owned(fields.client_state),
        url: owned(fields.notification_url),
        expires_at_ms: field::filled(fields.expiration_date_time).and_then(|text| moment(&text)),
        certificate_id: owned(fields.encryption_certificate_id),
    }
}

fn read_page(root: &Url, body: &[u8]) -> Result<(Vec<Subscription>, Option<Link>), Unreadable> {
    let page: Page<'_> = serde_json::from_slice(body).map_err(|error| {
        Unreadable::new(format!("the answer is no list of subscriptions (line {}, column {})", error.line(), error.column()))
    })?;
    let Some(value) = page.value else { return Err(Unreadable::new("the answer has no list of subscriptions")) };
    let next = field::filled(page.next).map(|text| Link::follow(root, &text)).transpose()?;
    let entries = value.iter().filter_map(|raw| serde_json::from_str::<Fields<'_>>(raw.get()).ok());
    Ok((entries.map(|fields| from_fields(&fields)).filter(|entry| entry.id.is_some()).collect(), next))
}

/// A time of Graph's. It is UTC also where the letter that says so is left out.
fn moment(text: &str) -> Option<i64> {
    parse_date(text).or_else(|| parse_date(&format!("{text}Z")))
}

/// Every GUID in a text, in its order.
fn guids(text: &str) -> Vec<Guid> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(part) = text.as_bytes().get(at..at + Guid::TEXT_LEN) {
        match std::str::from_utf8(part).ok().and_then(|part| part.parse().ok()) {
            Some(id) => {
                out.push(id);
                at += Guid::TEXT_LEN;
            }
            None => at += 1,
        }
    }
    out
}

fn unreadable(what: &str) -> SubscriptionError {
    GraphError::from((Endpoint::Subscriptions, Unreadable::new(what))).into()
}

/// What a failure means. The codes differ from page to page of the documentation and are seen empty, so the status comes first.
fn why(error: &GraphError) -> Why {
    let facts = &error.facts;
    let said = |word: &str| {
        let word = word.to_ascii_lowercase();
        facts.code.to_ascii_lowercase().contains(&word) || facts.message.to_ascii_lowercase().contains(&word)
    };
    match (&error.class, facts.status) {
        (Class::SignIn { .. } | Class::Unauthorized, _) => Why::SignIn,
        (Class::Throttled { retry_after, .. }, _) => Why::Throttled(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX)),
        (Class::NotFound | Class::Gone, _) => Why::NotFound,
        (Class::Unavailable | Class::Transport(_) | Class::Unreadable | Class::TooLarge, _) => Why::Unavailable,
        // Both need somebody, but somebody else: "limit" stands in the message where the quota is the cause.
        (Class::Forbidden(diagnosis), _) => match diagnosis.finding {
            Finding::Missing => Why::Permission,
            _ if diagnosis.app_only => Why::Permission,
            _ if ["quota", "limit", "exceed", "maximum", "too many"].iter().any(|word| said(word)) => Why::Quota,
            _ => Why::Permission,
        },
        (_, Some(409)) => Why::Conflict(guids(&facts.message).first().copied()),
        _ if said("already exists") || said("ObjectIdentifierInUse") => Why::Conflict(guids(&facts.message).first().copied()),
        (_, Some(400)) if said("validation request") || said("validationerror") || said("notification endpoint") => {
            Why::Handshake
        }
        (_, Some(400)) if said("ExtensionError") || (said("expiration") && said("future")) => Why::TooFar,
        _ => Why::Refused,
    }
}

#[cfg(test)]
#[path = "subscriptions_tests.rs"]
mod tests;
