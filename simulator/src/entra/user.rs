//! Sign-in of a user: password and refresh token.

use serde_json::{Value, json};

use super::answer::answer;
use super::client;
use super::error::TokenError;
use super::form::Form;
use super::keys::Claims;
use super::memory::{Delegated, RefreshToken};
use super::{scope, tenant};
use crate::clock::Millis;
use crate::directory::UserType;
use crate::guid;
use crate::world::{Call, World};

/// 90 days, sliding.
const REFRESH_LIFE: Millis = 90 * 86_400_000;

/// The checks of an account that hold for every kind of sign-in.
pub(super) fn may_sign_in(world: &World, tenant: usize, user: u32) -> Result<(), TokenError> {
    let Some(account) = world.tenants[tenant].directory.get(user) else { return Err(TokenError::new(50034)) };
    if !account.enabled {
        return Err(TokenError::new(50057));
    }
    match account.sign_in.as_ref().map_or(0, |s| s.error) {
        0 => Ok(()),
        code => Err(TokenError::new(code)),
    }
}

pub(super) fn password(world: &mut World, path_tenant: &str, form: &Form, call: &Call) -> Result<Value, TokenError> {
    let tenant = tenant::of_user(world, path_tenant, form)?;
    let client_id = client::client_id(form, call)?;
    let (username, password) = (form.require("username")?, form.require("password")?);
    let asked = form.require("scope")?;
    let app = client::find(world, tenant, &client_id)?;
    client::prove(world, (tenant, app), form, path_tenant, call, false)?;
    let home = &world.tenants[tenant];
    let asked = scope::delegated(asked, home, &home.apps[app], call);
    let user = home.directory.find(username).ok_or_else(|| {
        TokenError::about(50034, format!("The user account {username} does not exist in the {} directory.", home.display_name))
    })?;
    if home.directory.get(user).is_some_and(|u| u.user_type == UserType::Guest) {
        return Err(TokenError::new(50020));
    }
    check_password(world, tenant, user, password, call)?;
    may_sign_in(world, tenant, user)?;
    issue(world, (tenant, app), user, &asked?, call)
}

fn check_password(world: &mut World, tenant: usize, user: u32, password: &str, call: &Call) -> Result<(), TokenError> {
    let (threshold, lockout) = (world.oddities.lockout_threshold, world.oddities.lockout_s * 1000);
    let disabled = world.tenants[tenant].directory.get(user).is_none_or(|u| !u.enabled);
    let Some(sign_in) = world.tenants[tenant].directory.sign_in_mut(user) else { return Err(TokenError::new(50034)) };
    if call.now < sign_in.locked_until {
        return Err(TokenError::new(50053));
    }
    let Some(right) = &sign_in.password else { return Err(TokenError::new(50056)) };
    // Blanks at an end are not supported: such a password never signs in.
    if right == password && password.trim() == password {
        sign_in.failures = 0;
        return Ok(());
    }
    sign_in.failures += 1;
    if sign_in.failures >= threshold.max(1) {
        sign_in.failures = 0;
        sign_in.locked_until = call.now + lockout;
        return Err(TokenError::new(50053));
    }
    Err(TokenError::new(if disabled { 50057 } else { 50126 }))
}

pub(super) fn refresh(world: &mut World, path_tenant: &str, form: &Form, call: &Call) -> Result<Value, TokenError> {
    let client_id = client::client_id(form, call)?;
    let text = form.require("refresh_token")?;
    let Some(old) = world.devices.refresh.get(text) else {
        return Err(TokenError::about(70000, "The refresh token is malformed or invalid."));
    };
    let index = world.tenants.iter().position(|t| t.id == old.tenant).ok_or_else(|| TokenError::new(90002))?;
    let shared = ["common", "organizations"].iter().any(|s| s.eq_ignore_ascii_case(path_tenant));
    if !shared && tenant::find(world, path_tenant)? != index {
        return Err(TokenError::new(70000));
    }
    let app = client::find(world, index, &client_id)?;
    client::prove(world, (index, app), form, path_tenant, call, false)?;
    let home = &world.tenants[index];
    let Some(old) = world.devices.refresh.get(text).filter(|r| r.app == home.apps[app].client_id) else {
        return Err(TokenError::injected(70000, None, Some("client_mismatch")));
    };
    if call.now - old.issued >= REFRESH_LIFE {
        return Err(TokenError::new(700082));
    }
    let user = home.directory.index_of_id(old.user).filter(|&u| home.directory.get(u).is_some());
    let user = user.ok_or_else(|| TokenError::new(50034))?;
    let password_set = home.directory.get(user).and_then(|u| u.sign_in.as_ref()).map_or(Millis::MIN, |s| s.password_set);
    // A confidential client's token survives a password change; nothing survives a revocation.
    if old.issued < home.tokens_valid_from || home.apps[app].public_client && password_set > old.issued {
        return Err(TokenError::new(50173));
    }
    let asked = match form.get("scope") {
        Some(text) => scope::delegated(text, home, &home.apps[app], call)?,
        None => Delegated { audience: old.audience.clone(), scopes: old.scopes.clone(), offline: true, openid: false },
    };
    may_sign_in(world, index, user)?;
    if world.oddities.refresh_once {
        world.devices.refresh.remove(text);
    }
    issue(world, (index, app), user, &Delegated { offline: true, ..asked }, call)
}

/// Tokens for a user who has signed in.
pub(super) fn issue(
    world: &mut World,
    (tenant, app): (usize, usize),
    user: u32,
    asked: &Delegated,
    call: &Call,
) -> Result<Value, TokenError> {
    let home = &world.tenants[tenant];
    let account = home.directory.get(user).ok_or_else(|| TokenError::new(50034))?;
    let claims = Claims {
        tenant: home.id,
        app: home.apps[app].client_id,
        audience: asked.audience.clone(),
        roles: Vec::new(),
        scopes: asked.scopes.clone(),
        user: Some(account.id),
        issued: call.now,
        expires: call.now + world.oddities.token_lifetime_s * 1000,
    };
    let failed = || TokenError::new(90033);
    let token = world.entra.access_token(&claims, Some(&account.user_principal_name)).ok_or_else(failed)?;
    let mut body = answer(world, &token);
    let prefixed: Vec<String> = asked.scopes.iter().map(|s| format!("{}/{s}", asked.audience)).collect();
    body["scope"] = prefixed.join(" ").into();
    if asked.openid {
        let id_token = json!({
            "aud": guid::text(claims.app), "iss": format!("https://login.microsoftonline.com/{}/v2.0", guid::text(home.id)),
            "iat": call.now / 1000, "nbf": call.now / 1000, "exp": claims.expires / 1000, "oid": guid::text(account.id),
            "sub": guid::text(account.id), "tid": guid::text(home.id), "ver": "2.0",
            "preferred_username": account.user_principal_name, "name": account.display_name,
        });
        body["id_token"] = world.entra.sign(&id_token).ok_or_else(failed)?.into();
    }
    if asked.offline {
        let text = format!("1.{}{}", guid::text(guid::fresh()), guid::text(guid::fresh())).replace('-', "");
        body["refresh_token"] = text.as_str().into();
        let token = RefreshToken {
            tenant: claims.tenant,
            app: claims.app,
            user: account.id,
            scopes: claims.scopes,
            audience: claims.audience,
            issued: call.now,
        };
        world.devices.refresh.insert(text, token);
    }
    Ok(body)
}
