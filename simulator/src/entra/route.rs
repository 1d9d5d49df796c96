//! Which endpoint of the login host a path means.

use super::{device, discovery, metadata, token};
use crate::reply::Reply;
use crate::world::Call;

/// The endpoints of the login host: `None` when the path is none of them.
pub(crate) fn route(call: &Call) -> Option<Reply> {
    let segments: Vec<&str> = call.path.split('/').filter(|s| !s.is_empty()).collect();
    match segments.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] => Some(token::token(tenant, call)),
        [tenant, "oauth2", "v2.0", "devicecode"] => Some(device::begin(tenant, call)),
        [tenant, "v2.0", ".well-known", "openid-configuration"] => Some(discovery::configuration(tenant, call)),
        [_, "discovery", "v2.0", "keys"] | [_, "discovery", "keys"] => Some(discovery::keys(call)),
        ["metadata", "identity", "oauth2", "token"] => Some(metadata::token(call)),
        ["devicelogin"] => Some(device::page(call)),
        _ => None,
    }
}
