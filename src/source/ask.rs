//! One question for presence, and its answer handed to the engine.

use super::bisect::{Bisect, Found};
use crate::graph::{Class, GraphClient, GraphError, PresenceAnswer};
use crate::host::Desk;
use crate::presence::Guid;
use crate::sync::Source;

/// How a question ended.
#[derive(Debug)]
pub(super) struct Landed {
    /// The ids that Graph refuses, each standing alone, and with which status.
    pub(super) refused: Vec<(Guid, u16)>,
    /// What went wrong. Parts may have been answered all the same.
    pub(super) error: Option<GraphError>,
    /// Whether anything was answered.
    pub(super) good: bool,
    /// Of whom something new was learnt.
    pub(super) news: Vec<Guid>,
}

/// Asks for these people and applies what comes. Where Graph refuses the batch, it is divided, if `divide` says so.
pub(super) async fn ask(client: &GraphClient, desk: &Desk, ids: &[Guid], answer: &mut PresenceAnswer, divide: bool) -> Landed {
    let mut landed = Landed { refused: Vec::new(), error: None, good: false, news: Vec::new() };
    let error = match once(client, desk, ids, answer, &mut landed).await {
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
        match once(client, desk, &ids[part.clone()], answer, &mut landed).await {
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

async fn once(
    client: &GraphClient,
    desk: &Desk,
    ids: &[Guid],
    answer: &mut PresenceAnswer,
    landed: &mut Landed,
) -> Result<(), GraphError> {
    client.presences(ids, answer).await?;
    desk.with(|engine, now| {
        engine.observe_all(answer.iter(), Source::Poll, now, |id| landed.news.push(id));
        engine.good_answer(now);
    });
    answer.forget();
    landed.good = true;
    Ok(())
}
