//! The token endpoint: one grant after the other.

use serde_json::Value;

use super::answer::{answer, headers};
use super::error::TokenError;
use super::form::Form;
use super::keys::Claims;
use super::{client, device, scope, tenant, user};
use crate::reply::Reply;
use crate::world::{Call, World};

/// POST /{tenant}/oauth2/v2.0/token
pub(super) fn token(path_tenant: &str, call: &Call) -> Reply {
    let mut world = call.shared.lock();
    match grant(&mut world, path_tenant, call) {
        Ok(body) => {
            world.records.counters.tokens_issued += 1;
            headers(Reply::json(200, &body), call)
        }
        Err(error) => {
            *world.records.counters.tokens_refused.entry(error.code).or_default() += 1;
            error.reply(call)
        }
    }
}

fn grant(world: &mut World, path_tenant: &str, call: &Call) -> Result<Value, TokenError> {
    let form = Form::of(call)?;
    match form.require("grant_type")? {
        "client_credentials" => client_credentials(world, path_tenant, &form, call),
        "password" => user::password(world, path_tenant, &form, call),
        "refresh_token" => user::refresh(world, path_tenant, &form, call),
        "urn:ietf:params:oauth:grant-type:device_code" => device::redeem(world, path_tenant, &form, call),
        other => Err(TokenError::about(70003, format!("The grant type '{other}' is not supported."))),
    }
}

fn client_credentials(world: &mut World, path_tenant: &str, form: &Form, call: &Call) -> Result<Value, TokenError> {
    if tenant::is_shared(path_tenant) {
        return Err(TokenError::new(9001023));
    }
    let tenant = tenant::find(world, path_tenant)?;
    let client_id = client::client_id(form, call)?;
    let asked = form.require("scope")?;
    let app = client::find(world, tenant, &client_id)?;
    let audience = scope::application(asked, &world.tenants[tenant], call)?;
    client::prove(world, (tenant, app), form, path_tenant, call, true)?;
    let registered = &world.tenants[tenant].apps[app];
    let lifetime = world.oddities.token_lifetime_s;
    let claims = Claims {
        tenant: world.tenants[tenant].id,
        app: registered.client_id,
        audience,
        roles: registered.roles.clone(),
        scopes: Vec::new(),
        user: None,
        issued: call.now,
        expires: call.now + lifetime * 1000,
    };
    let token = world.entra.access_token(&claims, None).ok_or_else(|| TokenError::new(90033))?;
    Ok(answer(world, &token))
}
