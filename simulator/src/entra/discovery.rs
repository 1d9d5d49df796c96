//! The discovery document and the signing keys.

use serde_json::json;

use super::error::TokenError;
use super::tenant as home;
use crate::guid;
use crate::reply::Reply;
use crate::world::Call;

pub(super) fn configuration(tenant: &str, call: &Call) -> Reply {
    let world = call.shared.lock();
    let (name, issuer) = match tenant.to_ascii_lowercase().as_str() {
        name @ ("common" | "organizations" | "consumers") => (name.to_owned(), "{tenantid}".to_owned()),
        _ => match home::find(&world, tenant) {
            Ok(index) => (tenant.to_owned(), guid::text(world.tenants[index].id)),
            Err(error) => return error.reply(call),
        },
    };
    let base = format!("{}/{name}", call.origin);
    Reply::json(
        200,
        &json!({
            "issuer": format!("https://login.microsoftonline.com/{issuer}/v2.0"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["pairwise"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
        }),
    )
}

pub(super) fn keys(call: &Call) -> Reply {
    if call.method != http::Method::GET {
        return TokenError::new(900561).reply(call);
    }
    Reply::json(200, &call.shared.lock().entra.key_set())
}
