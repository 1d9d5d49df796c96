//! Who asks: the application and the proof that it is the one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::TokenError;
use super::form::Form;
use super::{assertion, federated};
use crate::guid;
use crate::tenant::App;
use crate::world::{Call, World};

/// Client id and secret from HTTP Basic, each of them form-encoded as RFC 6749 2.3.1 wants.
fn basic(call: &Call) -> Option<(String, String)> {
    let text = call.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| url::form_urlencoded::parse(format!("v={part}").as_bytes()).next().map(|(_, v)| v.into_owned());
    Some((decode(id)?, decode(secret)?))
}

/// The client id, wherever it stands.
pub(super) fn client_id(form: &Form, call: &Call) -> Result<String, TokenError> {
    if let Some(id) = form.get("client_id") {
        return Ok(id.to_owned());
    }
    basic(call).map(|(id, _)| id).ok_or_else(|| TokenError::missing("client_id"))
}

/// Finds the application. Answers its index.
pub(super) fn find(world: &World, tenant: usize, client_id: &str) -> Result<usize, TokenError> {
    let tenant = &world.tenants[tenant];
    let index = guid::parse(client_id).and_then(|id| tenant.apps.iter().position(|a| a.client_id == id));
    let index = index.ok_or_else(|| {
        TokenError::about(
            700016,
            format!("Application with identifier '{client_id}' was not found in the directory '{}'.", tenant.display_name),
        )
    })?;
    if tenant.apps[index].disabled {
        return Err(TokenError::about(
            7000112,
            format!("Application '{client_id}'({}) is disabled.", tenant.apps[index].display_name),
        ));
    }
    Ok(index)
}

/// Checks secret or assertion. `wanted` tells whether the grant needs one even of a public client.
pub(super) fn prove(
    world: &mut World,
    (tenant, app): (usize, usize),
    form: &Form,
    path_tenant: &str,
    call: &Call,
    wanted: bool,
) -> Result<(), TokenError> {
    let secret = form.get("client_secret").map(str::to_owned).or_else(|| basic(call).map(|(_, s)| s).filter(|s| !s.is_empty()));
    let asserted = form.get("client_assertion");
    let registered = &world.tenants[tenant].apps[app];
    if registered.public_client && !wanted {
        return if secret.is_some() || asserted.is_some() { Err(TokenError::new(700025)) } else { Ok(()) };
    }
    match (secret, asserted) {
        (_, Some(token)) => {
            let kind = form.require("client_assertion_type")?;
            if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
                return Err(TokenError::about(50027, format!("The client_assertion_type {kind:?} is not supported.")));
            }
            if federated::is_foreign(token, registered) {
                return federated::check(world, (tenant, app), token);
            }
            assertion::check(world, (tenant, app), token, path_tenant, call)
        }
        (Some(secret), None) => check_secret(registered, &secret, call),
        (None, None) => Err(TokenError::new(if wanted { 7000216 } else { 7000218 })),
    }
}

fn check_secret(app: &App, secret: &str, call: &Call) -> Result<(), TokenError> {
    let id = guid::text(app.client_id);
    let matching: Vec<_> = app.secrets.iter().filter(|s| s.value == secret).collect();
    if matching.is_empty() {
        return Err(TokenError::about(
            7000215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
                 client secret ID, for a secret added to app '{id}'."
            ),
        ));
    }
    if matching.iter().all(|s| s.end <= call.now) {
        return Err(TokenError::about(7000222, format!("The provided client secret keys for app '{id}' are expired.")));
    }
    Ok(())
}
