//! What an endpoint has at hand, and what it answers with.

use super::error::GraphError;
use crate::entra::Claims;
use crate::reply::Reply;
use crate::world::{Call, World};

/// What an endpoint has at hand.
pub(super) struct Context<'a> {
    pub(super) world: &'a mut World,
    pub(super) call: &'a Call,
    pub(super) who: &'a Claims,
    /// The index of the token's tenant.
    pub(super) tenant: usize,
}

pub(super) type Answer = Result<Reply, GraphError>;

/// A body of JSON, said to be one.
pub(super) fn require_json(call: &Call) -> Result<(), GraphError> {
    let kind = call.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(GraphError::new(415, "BadRequest", "A Content-Type of application/json is required."))
}
