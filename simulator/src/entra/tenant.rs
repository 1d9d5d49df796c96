//! Which tenant a request means.

use super::error::TokenError;
use super::form::Form;
use crate::guid;
use crate::world::World;

/// Finds the tenant that the path names.
pub(super) fn find(world: &World, name: &str) -> Result<usize, TokenError> {
    if let Some(index) = world.tenant_index(name) {
        return Ok(index);
    }
    let domain = name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if guid::parse(name).is_some() || domain {
        Err(TokenError::about(
            90002,
            format!(
                "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
            ),
        ))
    } else {
        Err(TokenError::about(
            900023,
            format!("Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain."),
        ))
    }
}

pub(super) fn is_shared(name: &str) -> bool {
    ["common", "consumers", "organizations"].iter().any(|s| s.eq_ignore_ascii_case(name))
}

/// The tenant of a request with a user: `organizations` finds it by the user's domain.
pub(super) fn of_user(world: &World, path: &str, form: &Form) -> Result<usize, TokenError> {
    if !is_shared(path) {
        return find(world, path);
    }
    let domain = form.get("username").and_then(|u| u.rsplit_once('@')).map(|(_, d)| d);
    match domain {
        Some(domain) if path.eq_ignore_ascii_case("organizations") => find(world, domain),
        _ => Err(TokenError::new(9001023)),
    }
}
