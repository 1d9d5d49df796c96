//! An account that subscribes.

use std::sync::Arc;

use crate::graph::GraphClient;

/// One person's sign-in, with its way to Graph.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name in events, statistics and notes; `main` for the sign-in of `auth`.
    pub name: Arc<str>,
    /// Graph, as this account sees it.
    pub client: GraphClient,
}
