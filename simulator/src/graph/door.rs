//! The door of Graph: token, method and quota are looked at here.

use std::sync::Arc;

use http::Method;

use super::auth;
use super::error::GraphError;
use super::route::Route;
use crate::entra::Claims;
use crate::fault::EndpointClass;
use crate::guid;
use crate::throttle::Limit;
use crate::world::{Call, World};

/// Lets a request in: who it is, the index of the tenant, and the resource units of a directory call.
pub(super) fn enter(world: &mut World, route: &Route, call: &Call) -> Result<(Arc<Claims>, usize, Option<usize>), GraphError> {
    let who = auth::bearer(world, call)?;
    if !route.allows(&call.method) {
        return Err(GraphError::new(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."));
    }
    let tenant = world.tenants.iter().position(|t| t.id == who.tenant);
    let tenant = tenant.ok_or_else(|| GraphError::token("The tenant of the token was not found."))?;
    let units = throttle(world, route, call, &who)?;
    Ok((who, tenant, units))
}

/// Spends quota. Answers the resource units of a directory call.
fn throttle(world: &mut World, route: &Route, call: &Call, who: &Claims) -> Result<Option<usize>, GraphError> {
    let odd = &world.oddities;
    let (limit, units, most) = match route.class() {
        EndpointClass::Presences | EndpointClass::PresenceWrites => {
            (Limit::Presence, 1, (odd.presence_limit, odd.presence_window_ms))
        }
        EndpointClass::Batch => return Ok(None),
        EndpointClass::Subscriptions if !odd.notify.limits => return Ok(None),
        EndpointClass::Subscriptions => {
            let (limit, most) = match (route, &call.method) {
                (Route::Subscriptions, &Method::GET) => (Limit::SubscriptionList, 25),
                (Route::Reauthorize(_), _) => (Limit::Reauthorize, 1_000),
                (_, &Method::GET) => (Limit::SubscriptionRead, 500),
                _ => (Limit::SubscriptionWrite, 500),
            };
            (limit, 1, (most, 20_000))
        }
        _ => (Limit::Directory, units(route, call), (odd.directory_units, 10_000)),
    };
    if let Some(wait) = world.throttle.spend((limit, who.app, who.tenant), units, most, call.now) {
        world.records.counters.throttled += 1;
        let mut error = GraphError::new(429, "TooManyRequests", "Please retry again later.");
        error.headers.push(("retry-after", ((wait + 999) / 1000).to_string()));
        if limit == Limit::Directory {
            let scope = format!("Tenant_Application/ReadWrite/{}/{}", guid::text(who.app), guid::text(who.tenant));
            error.headers.push(("x-ms-throttle-scope", scope));
            error.headers.push(("x-ms-throttle-information", "ResourceUnitLimitExceeded".to_owned()));
        }
        return Err(error);
    }
    Ok((limit == Limit::Directory).then_some(units))
}

/// What a directory call costs.
fn units(route: &Route, call: &Call) -> usize {
    let base: i32 = match route {
        Route::Users => 2,
        Route::Members(_, false) => 3,
        Route::Members(_, true) => 5,
        _ => 1,
    };
    let params = call.params();
    let has = |name: &str| params.iter().any(|(k, _)| k.eq_ignore_ascii_case(name));
    let small = params.iter().any(|(k, v)| k.eq_ignore_ascii_case("$top") && v.parse().is_ok_and(|top: u32| top < 20));
    let units = base - i32::from(has("$select")) + i32::from(has("$expand")) - i32::from(small);
    usize::try_from(units).unwrap_or(0).max(1)
}
