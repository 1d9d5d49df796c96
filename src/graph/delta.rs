//! What changed in the directory: `GET /users/delta`.
//!
//! A delta link is a bookmark: it answers what changed since it was handed out. Changes may be told twice, and tell only that something about a
//! user is different; what the user looks like now is asked anew (Microsoft Graph, delta query overview).

use ::http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::client::{Endpoint, GraphClient};
use super::error::{GraphError, Unreadable};
use super::json;
use super::link::Link;
use super::users::{LIMITS, List, Profile, User, read_user};
use crate::presence::Guid;

/// A user about whom something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Who.
    pub id: Guid,
    /// The account was deleted.
    pub removed: bool,
    /// What the change told; may lack anything that did not change.
    pub told: Option<User>,
}

/// One page of changes.
#[derive(Debug)]
pub struct ChangesPage {
    /// The changes.
    pub changes: Vec<Changed>,
    /// How it goes on.
    pub then: Then,
}

/// What follows a page of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// More pages.
    Next(Link),
    /// That was all; ask here for what changes from now on.
    Bookmark(Link),
}

/// Where a bookmark without the past is to be had.
pub fn latest(root: &Url) -> Link {
    Link::make(root, "v1.0/users/delta", &format!("$deltaToken=latest&$select={}", Profile::Whole.select()))
}

impl GraphClient {
    /// Reads one page of changes. [`Class::Gone`](super::Class::Gone) means that the bookmark is too old: read everything again.
    pub async fn changes(&self, link: &Link) -> Result<ChangesPage, GraphError> {
        let answer = self.get(Endpoint::Delta, link.url().clone(), HeaderMap::new(), LIMITS).await?;
        read(self.root(), &answer.body).map_err(|what| GraphError::unreadable(Endpoint::Delta, what, answer.request_id()))
    }
}

fn read(root: &Url, body: &[u8]) -> Result<ChangesPage, Unreadable> {
    let list = List::read(body)?;
    let then = match (List::link(root, list.next)?, List::link(root, list.delta)?) {
        (Some(next), _) => Then::Next(next),
        (None, Some(bookmark)) => Then::Bookmark(bookmark),
        (None, None) => return Err(Unreadable::new("the directory's list of changes ends without a link for the next time")),
    };
    let changes = list.value.unwrap_or_default().iter().filter_map(|raw| read_change(raw)).collect();
    Ok(ChangesPage { changes, then })
}

#[derive(Deserialize)]
struct Mark<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "@removed")]
    removed: Option<&'a RawValue>,
}

fn read_change(raw: &RawValue) -> Option<Changed> {
    let mark: Mark<'_> = serde_json::from_str(raw.get()).ok()?;
    let id = json::text(mark.id?)?.trim().parse().ok()?;
    // serde reads `"@removed": null` as absent.
    Some(Changed { id, removed: mark.removed.is_some(), told: read_user(raw) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "11111111-2222-3333-4444-555555555555";

    fn root() -> Url {
        Url::parse("https://graph.example").expect("a URL")
    }

    #[test]
    fn changes_and_removals() {
        let body = format!(
            r#"{{"value":[{{"id":"{ANN}","accountEnabled":false}},{{"id":"{ANN}","@removed":{{"reason":"deleted"}}}},
            {{"id":"{ANN}","@removed":null,"mail":"a@x"}},{{"@removed":{{}}}},7],
            "@odata.deltaLink":"https://graph.example/v1.0/users/delta?$deltatoken=abc"}}"#
        );
        let page = read(&root(), body.as_bytes()).expect("readable");
        let told: Vec<(bool, Option<bool>)> =
            page.changes.iter().map(|change| (change.removed, change.told.as_ref().and_then(|user| user.enabled))).collect();
        assert_eq!(told, [(false, Some(false)), (true, None), (false, None)]);
        assert!(matches!(page.then, Then::Bookmark(_)));
    }

    #[test]
    fn an_answer_needs_a_link() {
        assert!(read(&root(), b"{\"value\":[]}").is_err());
        let next = br#"{"value":[],"@odata.nextLink":"https://graph.example/n","@odata.deltaLink":"https://graph.example/d"}"#;
        assert!(matches!(read(&root(), next).expect("readable").then, Then::Next(_)));
        assert!(read(&root(), br#"{"value":[],"@odata.deltaLink":"https://evil.example/d"}"#).is_err());
        assert!(read(&root(), br#"{"@odata.deltaLink":"https://graph.example/d"}"#).is_ok(), "no change needs no list");
        assert_eq!(latest(&root()).url().query().map(|query| query.starts_with("$deltaToken=latest&$select=id")), Some(true));
    }
}
