//! The endpoints of Graph behind one door: token, method and quota are looked at here.

use std::sync::Arc;

use http::Method;

use super::context::{Answer, Context};
use super::error::GraphError;
use super::header::common_headers;
use super::route::Route;
use super::{
    applications, auth, batch, bulk, delta, groups, organization, presence_read, presence_write, subscription_life,
    subscriptions, users,
};
use crate::entra::Claims;
use crate::fault::EndpointClass;
use crate::guid;
use crate::reply::Reply;
use crate::throttle::Limit;
use crate::world::{Call, World};

/// Answers a request to Graph.
pub(crate) async fn answer(route: &Route, call: &Arc<Call>) -> Reply {
    let reply = match (route, &call.method) {
        // These call somebody before they answer.
        (Route::Subscriptions, &Method::POST) => subscription_life::create(call).await,
        (Route::Subscription(id), &Method::PATCH) => subscription_life::update(call, id).await,
        _ => {
            let world = &mut *call.shared.lock();
            call.shared.settle(world);
            let reply = run(world, route, call).unwrap_or_else(|error| error.reply(call));
            if call.method != Method::GET {
                call.shared.settle(world);
                call.shared.bell.notify_one();
            }
            reply
        }
    };
    common_headers(reply, call)
}

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

/// Answers one request with the world in hand.
fn run(world: &mut World, route: &Route, call: &Call) -> Answer {
    let (who, tenant, units) = enter(world, route, call)?;
    let cx = &mut Context { world, call, who: &who, tenant };
    let reply = match route {
        Route::Users => users::list(cx),
        Route::User(id) => users::get(cx, id),
        Route::UsersDelta => delta::delta(cx),
        Route::UserPresence(id) | Route::Presence(id) => presence_read::one(cx, id),
        Route::MyPresence => presence_read::mine(cx),
        Route::Bulk => bulk::by_user_id(cx),
        Route::Write(id, action) => presence_write::write(cx, id, action),
        Route::Organization => organization::list(cx),
        Route::Members(id, nested) => groups::members(cx, id, *nested),
        Route::Application(id) => applications::get(cx, id),
        Route::Batch => batch::batch(cx, run),
        Route::Subscriptions if call.method == Method::GET => subscriptions::list(cx),
        Route::Subscriptions => Err(subscription_life::not_here()),
        Route::Subscription(id) => match call.method {
            Method::GET => subscriptions::get(cx, id),
            Method::DELETE => subscriptions::delete(cx, id),
            _ => subscription_life::update_now(cx, id),
        },
        Route::Reauthorize(id) => subscriptions::reauthorize(cx, id),
        Route::Unknown => {
            Err(GraphError::new(400, "BadRequest", format!("Resource not found for a segment of '{}'.", call.path)))
        }
    }?;
    Ok(match units {
        Some(units) => reply.with("x-ms-resource-unit", &units.to_string()),
        None => reply,
    })
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
