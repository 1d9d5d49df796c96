//! The metadata service of an Azure machine: tokens of its managed identities.

use http::Method;
use serde_json::json;

use super::keys::Claims;
use super::scope;
use crate::guid;
use crate::reply::Reply;
use crate::tenant::Managed;
use crate::world::Call;

fn refuse(description: &str) -> Reply {
    Reply::json(400, &json!({ "error": "invalid_request", "error_description": description }))
}

/// GET /metadata/identity/oauth2/token
pub(super) fn token(call: &Call) -> Reply {
    if call.method != Method::GET {
        return Reply::json(405, &json!({ "error": "method_not_allowed", "error_description": "GET only" }));
    }
    // Both protect against a request that somebody else makes a program send.
    if !call.header("metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return refuse("Required metadata header not specified");
    }
    if call.header("x-forwarded-for").is_some() {
        return refuse("The request came through a proxy: X-Forwarded-For is not allowed");
    }
    let parameters = call.params();
    let get =
        |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty());
    match get("api-version") {
        Some("2018-02-01" | "2019-08-01" | "2021-02-01") => {}
        Some(other) => return refuse(&format!("The api-version '{other}' is not supported")),
        None => return refuse("Required query variable 'api-version' is missing"),
    }
    let Some(resource) = get("resource") else { return refuse("Required query variable 'resource' is missing") };
    let world = &mut *call.shared.lock();
    let managed: Vec<(usize, usize)> = (0..world.tenants.len())
        .flat_map(|tenant| (0..world.tenants[tenant].apps.len()).map(move |app| (tenant, app)))
        .filter(|&(tenant, app)| world.tenants[tenant].apps[app].managed.is_some())
        .collect();
    let of = |kind: Managed| {
        managed.iter().copied().filter(|&(t, a)| world.tenants[t].apps[a].managed == Some(kind)).collect::<Vec<_>>()
    };
    let found = match get("client_id") {
        Some(id) => managed.iter().copied().find(|&(t, a)| guid::parse(id) == Some(world.tenants[t].apps[a].client_id)),
        None => match (of(Managed::System).first(), of(Managed::User).as_slice()) {
            (Some(own), _) => Some(*own),
            (None, [only]) => Some(*only),
            (None, []) => None,
            (None, _) => {
                return refuse(
                    "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity",
                );
            }
        },
    };
    let Some((tenant, app)) = found else { return refuse("Identity not found") };
    let home = &world.tenants[tenant];
    if !scope::is_graph(resource, home, call) {
        return Reply::json(
            400,
            &json!({ "error": "invalid_resource", "error_description": format!("AADSTS500011: The resource principal named {resource} was not found in the tenant named {}.", home.display_name) }),
        );
    }
    let seconds = world.oddities.token_lifetime_s;
    let identity = &home.apps[app];
    let claims = Claims {
        tenant: home.id,
        app: identity.client_id,
        audience: resource.trim_end_matches('/').to_owned(),
        roles: identity.roles.clone(),
        scopes: Vec::new(),
        user: None,
        issued: call.now,
        expires: call.now + seconds * 1000,
    };
    let Some(token) = world.entra.access_token(&claims, None) else { return refuse("the token could not be signed") };
    world.records.counters.tokens_issued += 1;
    // Numbers are strings here.
    Reply::json(
        200,
        &json!({
            "access_token": token, "client_id": guid::text(claims.app), "expires_in": seconds.to_string(),
            "expires_on": (claims.expires / 1000).to_string(), "not_before": (call.now / 1000).to_string(),
            "resource": resource, "token_type": "Bearer",
        }),
    )
}
