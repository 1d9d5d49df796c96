//! The task that sends what is due.

use std::sync::Arc;
use std::time::Duration;

use super::outbox::Post;
use super::watch::settle;
use super::wire;
use crate::world::{Shared, World};

/// Nothing to do: look again after this at the latest.
const IDLE_MS: i64 = 60_000;

/// Sends for ever. Must run inside a runtime.
pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        let (posts, wait) = {
            let world = &mut *shared.lock();
            let now = shared.now();
            settle(world, now);
            let World { tenants, notify, entra, oddities, .. } = world;
            let posts = notify.take(tenants, entra, &oddities.notify, now);
            let turns = tenants.iter().filter_map(|t| t.presence.next_turn());
            let next = turns.chain(notify.next_due(tenants, &oddities.notify, now)).min();
            (posts, next.map_or(IDLE_MS, |at| (at - now).clamp(1, IDLE_MS)))
        };
        for post in posts {
            tokio::spawn(send(Arc::clone(&shared), post));
        }
        tokio::select! {
            () = shared.bell.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
        }
    }
}

async fn send(shared: Arc<Shared>, post: Post) {
    let (limit, tls) = {
        let world = shared.lock();
        let odd = &world.oddities.notify;
        let limit = if post.attempt == 1 { odd.first_timeout_ms } else { odd.retry_timeout_ms };
        (Duration::from_millis(limit), world.notify.trust.config())
    };
    let outcome =
        wire::post(&post.target, &post.target.path, "application/json; charset=utf-8", post.body.clone(), tls, limit).await;
    {
        let world = &mut *shared.lock();
        world.notify.landed(post, &outcome, &world.oddities.notify, shared.now());
    }
    shared.bell.notify_one();
}
