//! The check of the bearer token.

use std::sync::Arc;

use super::error::GraphError;
use crate::entra::{BadToken, Claims, is_graph};
use crate::world::{Call, World};

/// The tenant that a request is about, read from the token without trusting it. For faults only.
pub(crate) fn peek_tenant(world: &World, call: &Call) -> Option<usize> {
    let token = call.header("authorization")?.strip_prefix("Bearer ")?;
    let id = crate::entra::unchecked_tenant(token)?;
    world.tenants.iter().position(|t| t.id == id)
}

/// Whose token it is.
pub(super) fn bearer(world: &mut World, call: &Call) -> Result<Arc<Claims>, GraphError> {
    let header = call.header("authorization").unwrap_or_default();
    let token = header.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer ")).map_or("", |_| header[7..].trim());
    if token.is_empty() {
        return Err(GraphError::token("Access token is empty."));
    }
    let claims = world.entra.check(token).map_err(|bad| match bad {
        BadToken::Malformed => GraphError::token("IDX14100: JWT is not well formed, there are no dots (.)."),
        BadToken::Signature => GraphError::token("Access token validation failure. Invalid signature."),
    })?;
    if claims.expires <= call.now {
        return Err(GraphError::token("Lifetime validation failed, the token is expired."));
    }
    let Some(tenant) = world.tenants.iter().find(|t| t.id == claims.tenant) else {
        return Err(GraphError::token("Access token validation failure. Invalid issuer."));
    };
    if !is_graph(&claims.audience, tenant, call) {
        return Err(GraphError::token("Access token validation failure. Invalid audience."));
    }
    if claims.issued < tenant.tokens_valid_from {
        return Err(GraphError::token("Access token has been revoked."));
    }
    if tenant.app(claims.app).is_none_or(|a| a.disabled) {
        return Err(GraphError::token("The application of the token is disabled or gone."));
    }
    if let Some(user) = claims.user {
        let index = tenant.directory.index_of_id(user).and_then(|i| tenant.directory.get(i));
        if index.is_none_or(|u| !u.enabled) {
            return Err(GraphError::token("The user account of the token is disabled or gone."));
        }
    }
    Ok(claims)
}
