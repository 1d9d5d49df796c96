//! Asking the directory for addresses: by filters where there are few, by reading all users where there are many.

use std::collections::HashSet;
use std::sync::Arc;

use super::address::askable;
use super::matching::{Matcher, Verdict};
use crate::graph::users::{self, By, Profile, User, Walk};
use crate::graph::{Class, Endpoint, GraphClient, GraphError, Link, MOST_VALUES};
use crate::presence::Guid;

/// Up to this many addresses are asked for by filters; 150 cost 30 requests.
pub(super) const FEW: usize = 150;
/// Tries of one page. A listing of a hundred pages must not begin anew for one lost answer.
const PAGE_TRIES: u32 = 4;

/// How the directory is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) profile: Profile,
    /// The filter on other addresses wants `ConsistencyLevel: eventual`.
    pub(super) advanced: bool,
    /// Filters are refused altogether.
    pub(super) list_only: bool,
}

/// Reads the pages from `first` on and hands each user to `each`.
pub(super) async fn walk(client: &GraphClient, first: Link, mut each: impl FnMut(User) + Send) -> Result<(), GraphError> {
    let mut steps = Walk::default();
    let mut next = Some(first);
    while let Some(link) = next {
        steps.step(&link).map_err(|what| GraphError::from((Endpoint::Users, what)))?;
        let page = page(client, &link).await?;
        page.users.into_iter().for_each(&mut each);
        next = page.next;
    }
    Ok(())
}

async fn page(client: &GraphClient, link: &Link) -> Result<users::UsersPage, GraphError> {
    let mut failures = 0;
    loop {
        let error = match client.users(link).await {
            Ok(page) => {
                client.health().good(Endpoint::Users);
                return Ok(page);
            }
            Err(error) => error,
        };
        failures += 1;
        let passing = matches!(error.class, Class::Throttled { .. } | Class::Unavailable | Class::Transport(_));
        if !passing || failures == PAGE_TRIES {
            return Err(error);
        }
        let pause = error.pause_ms(failures, client.clock().mono_ms());
        client.health().failed(&error, pause);
        client.counters().retry();
        client.clock().sleep(pause).await;
    }
}

/// Searches these addresses. `found` gets verdicts as they come, so that a failure half-way costs only the rest.
pub(super) async fn search(
    client: &GraphClient,
    manner: &mut Manner,
    addresses: &[Arc<str>],
    removed: &HashSet<Guid>,
    mut found: impl FnMut(Vec<Verdict>) + Send,
) -> Result<(), GraphError> {
    let (askable, not): (Vec<Arc<str>>, Vec<Arc<str>>) = addresses.iter().cloned().partition(|address| askable(address));
    if !not.is_empty() {
        // Entra can have no such address.
        found(Matcher::new(not).verdicts().collect());
    }
    if askable.len() <= FEW && !manner.list_only {
        for portion in askable.chunks(MOST_VALUES) {
            match by_filters(client, manner, portion, removed).await {
                Ok(verdicts) => found(verdicts),
                Err(error) if error.class == Class::BadRequest => {
                    client.reporter().log(
                        crate::event::Level::Debug,
                        "directory",
                        format_args!("filters are refused ({error}); reading all users instead"),
                    );
                    manner.list_only = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    if !askable.is_empty() && (askable.len() > FEW || manner.list_only) {
        let mut verdicts = by_list(client, manner.profile, askable, removed).await?.verdicts();
        loop {
            // In portions: there may be 100,000.
            let portion: Vec<Verdict> = verdicts.by_ref().take(FEW).collect();
            if portion.is_empty() {
                break;
            }
            found(portion);
        }
    }
    Ok(())
}

async fn by_filters(
    client: &GraphClient,
    manner: &mut Manner,
    addresses: &[Arc<str>],
    removed: &HashSet<Guid>,
) -> Result<Vec<Verdict>, GraphError> {
    let mut matcher = Matcher::new(addresses.iter().cloned());
    matcher.strike(removed.iter().copied());
    let steps: &[By] = match manner.profile {
        Profile::Whole => &[By::Mail, By::Upn, By::Proxy],
        Profile::Basic => &[By::Mail, By::Upn],
    };
    for by in steps.iter().copied() {
        // The other addresses are searched only for those whom the first two steps did not find.
        let open = if by == By::Proxy { matcher.open() } else { addresses.to_vec() };
        let open: Vec<&str> = open.iter().map(|address| &**address).collect();
        for portion in users::portions(by, &open) {
            let link = |advanced| users::with_addresses(client.root(), manner.profile, by, portion, advanced);
            let first = link(manner.advanced && by == By::Proxy);
            match walk(client, first, |user| matcher.offer(&user)).await {
                Err(error) if error.class == Class::BadRequest && by == By::Proxy && !manner.advanced => {
                    walk(client, link(true), |user| matcher.offer(&user)).await?;
                    manner.advanced = true;
                }
                other => other?,
            }
        }
    }
    Ok(matcher.verdicts().collect())
}

async fn by_list(
    client: &GraphClient,
    profile: Profile,
    addresses: Vec<Arc<str>>,
    removed: &HashSet<Guid>,
) -> Result<Matcher, GraphError> {
    let mut matcher = Matcher::new(addresses);
    matcher.strike(removed.iter().copied());
    walk(client, users::all(client.root(), profile), |user| matcher.offer(&user)).await?;
    Ok(matcher)
}

/// What these accounts look like now.
pub(super) async fn look_up(client: &GraphClient, profile: Profile, ids: &[Guid]) -> Result<Vec<User>, GraphError> {
    let mut users = Vec::new();
    for portion in ids.chunks(MOST_VALUES) {
        walk(client, users::with_ids(client.root(), profile, portion), |user| users.push(user)).await?;
    }
    Ok(users)
}
