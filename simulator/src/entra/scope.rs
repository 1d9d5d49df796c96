//! What a token is asked for: one resource and the permissions on it.

use super::error::TokenError;
use super::memory::Delegated;
use crate::tenant::{App, Tenant};
use crate::world::Call;

/// Graph's application id, which stands for every cloud's Graph.
const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
/// Scopes that belong to sign-in, not to a resource.
const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Whether a token for this audience is one for the Graph of the tenant's cloud.
pub(crate) fn is_graph(resource: &str, tenant: &Tenant, call: &Call) -> bool {
    let resource = resource.trim_end_matches('/');
    let urls = call.shared.urls();
    resource == tenant.cloud.graph_resource()
        || resource == GRAPH_APP_ID
        || resource == call.origin
        || [&urls.http, &urls.https].into_iter().flatten().any(|u| u == resource)
}

/// The scope of a client credentials request: exactly one `<resource>/.default`. Answers the resource.
pub(super) fn application(scope: &str, tenant: &Tenant, call: &Call) -> Result<String, TokenError> {
    let mut words = scope.split(' ').filter(|w| !w.is_empty());
    let (Some(word), more) = (words.next(), words.next()) else { return Err(TokenError::missing("scope")) };
    if more.is_some() {
        return Err(TokenError::about(28002, format!("The scope {scope:?} must name exactly one resource.")));
    }
    let Some(resource) = word.strip_suffix("/.default") else {
        return Err(TokenError::about(
            1002012,
            format!(
                "The provided value for scope {word} is not valid. Client credential flows must have a scope value with \
                 /.default suffixed to the resource identifier (application ID URI)."
            ),
        ));
    };
    graph_only(resource, tenant, call)?;
    Ok(resource.trim_end_matches('/').to_owned())
}

fn graph_only(resource: &str, tenant: &Tenant, call: &Call) -> Result<(), TokenError> {
    if is_graph(resource, tenant, call) {
        return Ok(());
    }
    Err(TokenError::about(
        500011,
        format!("The resource principal named {resource} was not found in the tenant named {}.", tenant.display_name),
    ))
}

/// The scope of a request on behalf of a user.
pub(super) fn delegated(scope: &str, tenant: &Tenant, app: &App, call: &Call) -> Result<Delegated, TokenError> {
    let mut asked =
        Delegated { audience: tenant.cloud.graph_resource().to_owned(), scopes: Vec::new(), offline: false, openid: false };
    let mut resource: Option<&str> = None;
    let mut words = 0;
    for word in scope.split(' ').filter(|w| !w.is_empty()) {
        words += 1;
        if OPENID.contains(&word) {
            asked.offline |= word == "offline_access";
            asked.openid |= word == "openid";
            continue;
        }
        // A bare permission is one of Graph's.
        let (of, permission) = word.rsplit_once('/').unwrap_or((tenant.cloud.graph_resource(), word));
        graph_only(of, tenant, call)?;
        if resource.is_some_and(|r| r != of) {
            return Err(TokenError::about(28002, format!("The scope {scope:?} names more than one resource.")));
        }
        resource = Some(of);
        if permission == ".default" {
            asked.scopes.clone_from(&app.scopes);
            continue;
        }
        if !permission.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) || permission.is_empty() {
            return Err(TokenError::about(70011, format!("The scope {word:?} is not valid.")));
        }
        let Some(held) = app.scopes.iter().find(|s| s.eq_ignore_ascii_case(permission)) else {
            return Err(TokenError::about(
                65001,
                format!(
                    "The user or administrator has not consented to use the application with ID '{}' named '{}'. Missing: {permission}.",
                    crate::guid::text(app.client_id),
                    app.display_name
                ),
            ));
        };
        if !asked.scopes.contains(held) {
            asked.scopes.push(held.clone());
        }
    }
    if words == 0 {
        return Err(TokenError::missing("scope"));
    }
    if let Some(resource) = resource {
        asked.audience = resource.trim_end_matches('/').to_owned();
    }
    Ok(asked)
}
