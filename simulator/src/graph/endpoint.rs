//! The endpoints of Graph behind one door.

use std::sync::Arc;

use http::Method;

use super::context::{Answer, Context};
use super::door::enter;
use super::error::GraphError;
use super::header::common_headers;
use super::route::Route;
use super::{
    applications, batch, bulk, delta, groups, organization, presence_read, presence_write, subscription_life, subscriptions,
    users,
};
use crate::reply::Reply;
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
