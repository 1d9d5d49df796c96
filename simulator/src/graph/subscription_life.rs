//! POST and PATCH of subscriptions: between the request and its answer the endpoint is called.

use std::future::Future;
use std::sync::Arc;

use super::context::{Answer, Context, require_json};
use super::door::enter;
use super::error::GraphError;
use super::route::Route;
use super::subscription_draft::{Draft, Patch, bad};
use super::subscriptions::{find, may_subscribe, shown};
use crate::entra::Claims;
use crate::notify::{Grant, Subscription, Target, begin, handshake};
use crate::reply::Reply;
use crate::tenant::Cloud;
use crate::world::{Call, World};
use crate::{ConflictCode, ConflictRule, HandshakeCode, OwnPresence, guid};

/// What needs a handshake cannot be a part of a batch: a batch is answered at one moment.
pub(super) fn not_here() -> GraphError {
    GraphError::new(501, "NotImplemented", "The simulator validates no notification URL within a batch.")
}

/// Graph goes on when the caller does not wait: so does this.
async fn regardless(call: &Arc<Call>, work: impl Future<Output = Answer> + Send + 'static) -> Reply {
    match tokio::spawn(work).await {
        Ok(answer) => answer.unwrap_or_else(|error| error.reply(call)),
        Err(_) => GraphError::new(500, "InternalServerError", "The work on the subscription ended early.").reply(call),
    }
}

/// POST /subscriptions
pub(super) async fn create(call: &Arc<Call>) -> Reply {
    let own = Arc::clone(call);
    regardless(call, async move { made(&own).await }).await
}

async fn made(call: &Call) -> Answer {
    let (draft, who, tenant) = {
        let world = &mut *call.shared.lock();
        call.shared.settle(world);
        let (who, tenant, _) = enter(world, &Route::Subscriptions, call)?;
        let draft = admit(&Context { world, call, who: &who, tenant })?;
        (draft, who, tenant)
    };
    let urls = std::iter::once(&draft.notification).chain(&draft.lifecycle);
    for url in urls {
        shake_hands(call, url).await?;
    }
    let world = &mut *call.shared.lock();
    call.shared.settle(world);
    let cx = &mut Context { world, call, who: &who, tenant };
    // Somebody else may have been quicker.
    no_conflict(cx, &draft)?;
    let id = insert(cx, draft);
    call.shared.bell.notify_one();
    shown(cx, id, 201)
}

/// Everything that can be refused before anybody is called.
fn admit(cx: &Context<'_>) -> Result<Draft, GraphError> {
    require_json(cx.call)?;
    may_subscribe(cx.who)?;
    let home = &cx.world.tenants[cx.tenant];
    if home.cloud != Cloud::Global {
        return Err(bad("Subscriptions to presence are not supported in this cloud."));
    }
    let odd = &cx.world.oddities;
    let draft = Draft::read(&cx.call.body, &odd.notify, cx.call.now)?;
    let users = &draft.resource.users;
    let poisoned = |id: &u128| odd.poison_ids.iter().any(|p| guid::parse(p) == Some(*id));
    if users.iter().any(poisoned) {
        return Err(bad("The request is not valid."));
    }
    let there = |id: &u128| home.directory.index_of_id(*id).is_some_and(|i| home.directory.get(i).is_some());
    if let Some(nobody) = users.iter().find(|id| odd.notify.unknown_users_refused && !there(id)) {
        return Err(GraphError::new(404, "NotFound", format!("The user '{}' was not found.", guid::text(*nobody))));
    }
    if odd.notify.own_presence == OwnPresence::Refused && cx.who.user.is_some_and(|me| draft.resource.holds(me)) {
        return Err(GraphError::new(403, "Forbidden", "A user can subscribe to the presence of other users only."));
    }
    let list = cx.world.notify.list();
    if list.iter().filter(|s| s.tenant == home.id).count() >= odd.notify.quota {
        let limit = odd.notify.quota;
        return Err(GraphError::new(
            403,
            "Forbidden",
            format!("The organization has reached its limit of {limit} subscriptions."),
        ));
    }
    no_conflict(cx, &draft)?;
    Ok(draft)
}

/// One presence subscription per signed-in user and app.
fn no_conflict(cx: &Context<'_>, draft: &Draft) -> Result<(), GraphError> {
    let odd = &cx.world.oddities.notify;
    let same = |s: &&Subscription| {
        let rule = odd.conflict == ConflictRule::User || s.resource.text == draft.resource.text;
        s.tenant == cx.who.tenant && s.app == cx.who.app && Some(s.creator) == cx.who.user && rule
    };
    let Some(other) = cx.world.notify.list().iter().find(same) else { return Ok(()) };
    let message = format!("Subscription Id {} already exists for the requested combination", guid::text(other.id));
    let error = |code| GraphError::new(409, code, message);
    Err(match odd.conflict_code {
        ConflictCode::Conflict => error("Conflict"),
        ConflictCode::ObjectIdentifierInUse => error("ObjectIdentifierInUse"),
        ConflictCode::Empty => error(""),
        ConflictCode::Missing => error("").without_code(),
    })
}

async fn shake_hands(call: &Call, url: &Target) -> Result<(), GraphError> {
    let done = handshake::validate(&call.shared, url, call.request_id).await;
    done.map_err(|why| match call.shared.lock().oddities.notify.handshake_code {
        HandshakeCode::ValidationError => GraphError::new(400, "ValidationError", why),
        HandshakeCode::InvalidRequest => GraphError::new(400, "InvalidRequest", why),
    })
}

fn insert(cx: &mut Context<'_>, draft: Draft) -> u128 {
    let Claims { tenant, app, user, .. } = *cx.who;
    // Only a signed-in user comes as far as this.
    let creator = user.unwrap_or_default();
    // From the answer on, not from the request: a handshake may take its time.
    let now = cx.call.shared.now();
    let mut subscription = Subscription {
        id: guid::fresh(),
        tenant,
        app,
        creator,
        resource: draft.resource,
        notification: draft.notification,
        lifecycle: draft.lifecycle,
        client_state: draft.client_state,
        expires: draft.expires,
        rich: draft.rich,
        certificate: draft.certificate,
        certificate_id: draft.certificate_id,
        tls_version: draft.tls_version,
        url_app: draft.url_app,
        grant: Grant::of(cx.who),
        reauthorize_at: None,
        tally: Default::default(),
    };
    let odd = &cx.world.oddities.notify;
    if odd.own_presence == OwnPresence::Ignored {
        subscription.resource.ignore(creator);
    }
    subscription.plan_reauthorization(now, odd);
    let (id, users) = (subscription.id, subscription.resource.users.clone());
    cx.world.notify.add(subscription);
    begin(cx.world, cx.tenant, &users, now);
    id
}

/// PATCH /subscriptions/{id}
pub(super) async fn update(call: &Arc<Call>, id: &str) -> Reply {
    let (own, id) = (Arc::clone(call), id.to_owned());
    regardless(call, async move { updated(&own, &id).await }).await
}

async fn updated(call: &Call, id: &str) -> Answer {
    let (patch, who, tenant) = {
        let world = &mut *call.shared.lock();
        call.shared.settle(world);
        let (who, tenant, _) = enter(world, &Route::Subscription(id.to_owned()), call)?;
        let patch = wanted(&Context { world, call, who: &who, tenant }, id)?;
        (patch, who, tenant)
    };
    if let Some(url) = &patch.notification {
        shake_hands(call, url).await?;
    }
    let world: &mut World = &mut call.shared.lock();
    call.shared.settle(world);
    let answer = apply(&mut Context { world, call, who: &who, tenant }, id, patch);
    call.shared.bell.notify_one();
    answer
}

/// The same at one moment: without another URL.
pub(super) fn update_now(cx: &mut Context<'_>, id: &str) -> Answer {
    let patch = wanted(cx, id)?;
    if patch.notification.is_some() {
        return Err(not_here());
    }
    apply(cx, id, patch)
}

fn wanted(cx: &Context<'_>, id: &str) -> Result<Patch, GraphError> {
    require_json(cx.call)?;
    may_subscribe(cx.who)?;
    find(cx, id)?;
    let odd = &cx.world.oddities.notify;
    if odd.patch_refused {
        return Err(bad("Subscriptions to presence cannot be updated."));
    }
    Patch::read(&cx.call.body, odd, cx.call.now)
}

/// A change renews the grant as well.
fn apply(cx: &mut Context<'_>, id: &str, patch: Patch) -> Answer {
    let id = find(cx, id)?;
    let (grant, now) = (Grant::of(cx.who), cx.call.now);
    let odd = &cx.world.oddities.notify;
    if let Some(subscription) = cx.world.notify.get_mut(id) {
        if let Some(expires) = patch.expires {
            subscription.expires = expires;
        }
        if let Some(target) = patch.notification {
            subscription.notification = target;
        }
        if let Some((certificate, name)) = patch.certificate {
            subscription.certificate = Some(certificate);
            subscription.certificate_id = Some(name);
        }
        subscription.grant = grant;
        subscription.plan_reauthorization(now, odd);
    }
    shown(cx, id, 200)
}
