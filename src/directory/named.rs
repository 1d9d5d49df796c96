//! Object ids that the host named: is there such an account, and is it active?

use std::collections::HashSet;

use super::search::look_up;
use crate::event::Level;
use crate::graph::users::Profile;
use crate::graph::{Class, GraphClient, GraphError};
use crate::host::Desk;
use crate::presence::Guid;
use crate::sync::{Turn, Unmatched};

/// Ids looked at before the engine is told: the lock is for short work.
const PORTION: usize = 150;

/// Asks for these and tells the engine; `turn` gets whose match changed. A directory that may not be read, or cannot answer such a
/// question, leaves the ids as the host named them.
pub(super) async fn check(
    client: &GraphClient,
    desk: &Desk,
    profile: Profile,
    ids: &[Guid],
    removed: &HashSet<Guid>,
    mut turn: impl FnMut(Turn) + Send,
) -> Result<(), GraphError> {
    let mut profile = profile;
    for portion in ids.chunks(PORTION) {
        let mut found = look_up(client, profile, portion).await;
        if matches!(&found, Err(error) if matches!(error.class, Class::Forbidden(_))) && profile == Profile::Whole {
            profile = Profile::Basic;
            found = look_up(client, profile, portion).await;
        }
        let users = match found {
            Ok(users) => users,
            Err(error) if matches!(error.class, Class::Forbidden(_) | Class::BadRequest | Class::NotFound) => {
                desk.reporter().log(Level::Info, "directory", format_args!("object ids handed over cannot be checked: {error}"));
                desk.with(|engine, _| engine.take_as_named(ids));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let turns: Vec<Turn> = desk.with(|engine, now| {
            let verdict = |id: &Guid| match users.iter().find(|user| user.id == *id) {
                Some(_) if removed.contains(id) => Some(Unmatched::Gone),
                Some(user) if user.enabled == Some(false) => Some(Unmatched::Disabled),
                Some(_) => None,
                None => Some(Unmatched::Gone),
            };
            portion.iter().flat_map(|id| engine.check_named(*id, verdict(id), now)).collect()
        });
        if !turns.is_empty() {
            desk.with_roster(|_, _| ());
        }
        turns.into_iter().for_each(&mut turn);
    }
    Ok(())
}
