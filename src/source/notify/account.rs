//! One signed-in account that can subscribe.

use std::sync::Arc;

use crate::graph::GraphClient;

/// A delegated sign-in, and the way to Graph with it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Account {
    /// The administrator's name for it; `main` for the sign-in of `auth`.
    pub name: Arc<str>,
    /// Graph, as this account sees it.
    pub client: GraphClient,
}
