//! One question for presence, and its answer handed to the engine.

use super::bisect::{Bisect, Found};
use super::notify::Hub;
use crate::graph::{Class, GraphClient, GraphError, PresenceAnswer};
use crate::host::Desk;
use crate::presence::Guid;
use crate::sync::Source;

/// Whom to ask, and whom to tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) client: &'a GraphClient,
    pub(super) desk: &'a Desk,
    /// With notifications: who knows which observation is the newest.
    pub(super) hub: Option<&'a Hub>,
}

/// How a question ended.
#[derive(Debug)]
pub(super) struct Landed {
    /// The ids that Graph refuses, each standing alone, and with which status.
    pub(super) refused: Vec<(Guid, u16)>,
    /// What went wrong. Parts may have been answered all the same.
    pub(super) error: Option<GraphError>,
    /// When the first answer was read, if anything was answered.
    pub(super) read_at: Option<u64>,
    /// Of whom something new was learnt.
    pub(super) news: Vec<Guid>,
    /// Whom a notification told more of than this answer knew, and after how many milliseconds to ask again.
    pub(super) again: Vec<(Guid, u64)>,
}

/// Asks for these people and applies what comes. Where Graph refuses the batch, it is divided, if `divide` says so.
pub(super) async fn ask(to: &Asking<'_>, ids: &[Guid], answer: &mut PresenceAnswer, divide: bool) -> Landed {
    let client = to.client;
    let mut landed = Landed { refused: Vec::new(), error: None, read_at: None, news: Vec::new(), again: Vec::new() };
    let error = match once(to, ids, answer, &mut landed).await {
        Ok(()) => return landed,
        Err(error) => error,
    };
    if !divides(&error) || !divide {
        landed.error = Some(error);
        return landed;
    }
    let status = error.facts.status.unwrap_or(0);
    // An answer that is too large is no fault of an id.
    let too_large = error.class == Class::TooLarge;
    let mut parts = Bisect::new(ids.len());
    while let Some(part) = parts.next() {
        client.counters().retry();
        match once(to, &ids[part.clone()], answer, &mut landed).await {
            Ok(()) => parts.good(),
            Err(error) if divides(&error) => parts.refused(part),
            Err(error) => {
                landed.error = Some(error);
                return landed;
            }
        }
    }
    match parts.found(ids.len()) {
        Found::Ids(alone) if !too_large => landed.refused = alone.into_iter().map(|at| (ids[at], status)).collect(),
        Found::Ids(alone) if alone.is_empty() => {}
        Found::Ids(_) | Found::Everything => landed.error = Some(error),
    }
    landed
}

fn divides(error: &GraphError) -> bool {
    match error.class {
        Class::TooLarge => true,
        Class::BadRequest | Class::NotFound => matches!(error.facts.status, Some(400 | 404 | 413 | 422)),
        _ => false,
    }
}

async fn once(to: &Asking<'_>, ids: &[Guid], answer: &mut PresenceAnswer, landed: &mut Landed) -> Result<(), GraphError> {
    // From before the wait for a turn: an answer may pass for older than it is, never for newer.
    let asked_at = to.client.clock().mono_ms();
    to.client.presences(ids, answer).await?;
    landed.read_at.get_or_insert(to.client.clock().mono_ms());
    match to.hub {
        Some(hub) => landed.again.extend(hub.polled(to.desk, answer, asked_at, &mut landed.news)),
        None => to.desk.with(|engine, now| {
            engine.observe_all(answer.iter(), Source::Poll, now, |id| landed.news.push(id));
            engine.good_answer(now);
        }),
    }
    answer.forget();
    Ok(())
}
