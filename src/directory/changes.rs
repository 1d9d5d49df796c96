//! Following the directory's changes by bookmark.

use std::collections::{HashMap, HashSet};

use crate::graph::delta::{Then, latest};
use crate::graph::users::{User, Walk};
use crate::graph::{Class, Endpoint, GraphClient, GraphError, Link};
use crate::presence::Guid;

/// More changes than this at once: reading everything anew is cheaper.
pub(super) const MANY: usize = 500;

/// What changed since the bookmark was handed out.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Accounts that are different now.
    pub(super) changed: HashSet<Guid>,
    /// Accounts that are gone.
    pub(super) removed: HashSet<Guid>,
    /// What the changes themselves told.
    pub(super) told: Vec<User>,
    /// More than is worth following singly.
    pub(super) many: bool,
}

/// The answer to a question for changes.
#[derive(Debug)]
pub(super) enum Changes {
    /// These, and the bookmark for the next time.
    News(News, Link),
    /// The bookmark is too old.
    TooOld,
    /// This directory does not tell changes, or not to us.
    NotOffered(GraphError),
}

/// A bookmark that begins now.
pub(super) async fn begin(client: &GraphClient) -> Result<Changes, GraphError> {
    follow(client, latest(client.root())).await
}

/// Everything since `bookmark`.
pub(super) async fn follow(client: &GraphClient, bookmark: Link) -> Result<Changes, GraphError> {
    let mut steps = Walk::default();
    let mut news = News::default();
    // Replays are possible, and an account can go and come back: the last word counts.
    let mut last: HashMap<Guid, bool> = HashMap::new();
    let mut link = bookmark;
    loop {
        steps.step(&link).map_err(|what| GraphError::from((Endpoint::Delta, what)))?;
        let page = match client.changes(&link).await {
            Ok(page) => page,
            Err(error) => {
                return match error.class {
                    Class::Gone => Ok(Changes::TooOld),
                    Class::NotFound | Class::BadRequest | Class::Forbidden(_) => Ok(Changes::NotOffered(error)),
                    _ => Err(error),
                };
            }
        };
        client.health().good(Endpoint::Delta);
        for change in page.changes {
            if news.many {
                continue;
            }
            last.insert(change.id, change.removed);
            news.told.extend(change.told.filter(|_| !change.removed));
            news.many = last.len() > MANY;
        }
        match page.then {
            Then::Next(next) => link = next,
            Then::Bookmark(bookmark) => {
                for (id, removed) in last {
                    if removed {
                        news.removed.insert(id)
                    } else {
                        news.changed.insert(id)
                    };
                }
                return Ok(Changes::News(news, bookmark));
            }
        }
    }
}
