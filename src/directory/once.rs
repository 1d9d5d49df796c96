//! One look at the directory, for a check: no schedule, no changes followed.

use std::collections::HashSet;
use std::sync::Arc;

use super::matching::Verdict;
use super::search::{Manner, look_up, search};
use crate::graph::permission::{Need, readable};
use crate::graph::users::{Profile, User};
use crate::graph::{Class, Endpoint, GraphClient, GraphError};
use crate::presence::Guid;

/// Searches these addresses once, and says how much of a user could be read. `found` gets verdicts as they come.
///
/// # Errors
/// The first request that fails for good; what was found before it has been told.
pub async fn search_once(
    client: &GraphClient,
    addresses: &[Arc<str>],
    mut found: impl FnMut(Vec<Verdict>) + Send,
) -> Result<Profile, GraphError> {
    let claims = client.claims(Endpoint::Users).await?;
    let whole = Need::WholeUsers.met_by(&claims) || !readable(&claims);
    let profile = if whole { Profile::Whole } else { Profile::Basic };
    let mut manner = Manner { profile, advanced: false, list_only: false };
    let outcome = search(client, &mut manner, addresses, &HashSet::new(), &mut found).await;
    match outcome {
        Ok(()) => Ok(profile),
        // The token may promise more than Graph grants.
        Err(error) if matches!(error.class, Class::Forbidden(_)) && profile == Profile::Whole => {
            let mut manner = Manner { profile: Profile::Basic, advanced: false, list_only: false };
            search(client, &mut manner, addresses, &HashSet::new(), &mut found).await.map(|()| Profile::Basic)
        }
        Err(error) => Err(error),
    }
}

/// What the accounts with these object ids look like. Who is not in the answer does not exist.
///
/// # Errors
/// The first request that fails for good.
pub async fn look_up_once(client: &GraphClient, profile: Profile, ids: &[Guid]) -> Result<Vec<User>, GraphError> {
    look_up(client, profile, ids).await
}
