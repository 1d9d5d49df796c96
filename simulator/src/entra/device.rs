//! The device code flow, and the refresh tokens of everybody who signed in.

use serde_json::{Value, json};

use super::answer::headers;
use super::client;
use super::error::TokenError;
use super::form::Form;
use super::memory::{Pending, Status};
use super::scope;
use super::tenant;
use super::user;
use crate::clock::Millis;
use crate::reply::Reply;
use crate::world::{Call, World};
use crate::{Error, guid};

/// Where the code is typed.
pub(super) const PAGE: &str = "/devicelogin";
/// A code that ran out is known this long, so that it is called expired and not unknown.
const KEPT: Millis = 3_600_000;

/// POST /{tenant}/oauth2/v2.0/devicecode
pub(super) fn begin(path_tenant: &str, call: &Call) -> Reply {
    let mut world = call.shared.lock();
    match start(&mut world, path_tenant, call) {
        Ok(body) => headers(Reply::json(200, &body), call),
        Err(error) => error.reply(call),
    }
}

fn start(world: &mut World, path_tenant: &str, call: &Call) -> Result<Value, TokenError> {
    let form = Form::of(call)?;
    let tenant = tenant::find(world, path_tenant)?;
    let client_id = client::client_id(&form, call)?;
    let app = client::find(world, tenant, &client_id)?;
    let home = &world.tenants[tenant];
    if !home.apps[app].public_client {
        return Err(TokenError::new(7000218));
    }
    let asked = scope::delegated(form.require("scope")?, home, &home.apps[app], call)?;
    let device_code = guid::text(guid::fresh()).replace('-', "");
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let user_code: String = guid::fresh().to_be_bytes()[..9].iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect();
    // Entra's own page is https://microsoft.com/devicelogin.
    let page = format!("{}{PAGE}", call.origin);
    let message =
        format!("To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate.");
    let (life, interval) = (world.oddities.device_life_s, world.oddities.device_interval_s);
    let number = |seconds: i64| match world.oddities.expires_in_as_string {
        true => Value::from(seconds.to_string()),
        false => Value::from(seconds),
    };
    let body = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": page,
        "expires_in": number(life), "interval": number(interval), "message": message,
    });
    world.devices.pending.retain(|_, pending| pending.expires + KEPT > call.now);
    let (expires, interval) = (call.now + life * 1000, interval * 1000);
    let typed = user_code.clone();
    let pending = Pending { user_code, tenant, app, asked, expires, interval, polled: None, status: Status::Pending };
    world.devices.pending.insert(device_code, pending);
    if let Some(user) = world.oddities.device_sign_in.clone() {
        // A user who does not exist is no reason to refuse the code: it stays open.
        let _ = enter(world, &typed, Some(&user));
    }
    Ok(body)
}

pub(super) fn redeem(world: &mut World, path_tenant: &str, form: &Form, call: &Call) -> Result<Value, TokenError> {
    let tenant = tenant::find(world, path_tenant)?;
    let client_id = client::client_id(form, call)?;
    let app = client::find(world, tenant, &client_id)?;
    let code = form.require("device_code")?;
    client::prove(world, (tenant, app), form, path_tenant, call, false)?;
    let pending = world.devices.pending.get_mut(code).filter(|p| p.tenant == tenant && p.app == app);
    let pending = pending.ok_or_else(|| TokenError::new(70018))?;
    if call.now >= pending.expires {
        return Err(TokenError::new(70019));
    }
    let early = pending.polled.replace(call.now).is_some_and(|before| call.now - before < pending.interval);
    match pending.status {
        Status::Pending if early => {
            pending.interval += 5000;
            Err(TokenError::slow_down())
        }
        Status::Pending => Err(TokenError::new(70016)),
        Status::Declined => Err(TokenError::injected(65004, Some("authorization_declined"), None)),
        Status::Used => Err(TokenError::new(90120)),
        Status::Approved(user) => {
            pending.status = Status::Used;
            let asked = pending.asked.clone();
            user::may_sign_in(world, tenant, user)?;
            user::issue(world, (tenant, app), user, &asked, call)
        }
    }
}

/// `/devicelogin`: the page where a person types the code. A user name is all that the sign-in wants.
pub(super) fn page(call: &Call) -> Reply {
    let typed: Vec<(String, String)> = url::form_urlencoded::parse(&call.body).into_owned().collect();
    let field = |name: &str| typed.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim());
    let (status, said) = if call.method == http::Method::POST {
        let user = (field("do") != "decline").then(|| field("user"));
        match enter(&mut call.shared.lock(), field("code"), user) {
            Ok(()) if user.is_some() => (200, "You have signed in. You may close this window.".to_owned()),
            Ok(()) => (200, "You have declined.".to_owned()),
            Err(error) => (400, error.to_string()),
        }
    } else {
        (200, String::new())
    };
    let said = said.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Simulator: sign in with a code</title><h1>Enter code</h1><p>{said}</p>\
         <form method=\"post\"><p><label>Code <input name=\"code\" required></label>\
         <p><label>User <input name=\"user\" placeholder=\"user@contoso.test\"></label>\
         <p><button name=\"do\" value=\"sign_in\">Sign in</button> <button name=\"do\" value=\"decline\">Decline</button></form>\n"
    );
    Reply::new(status).with_body("text/html; charset=utf-8", html.into_bytes())
}

/// Somebody opens the page and types the code: `user` signs in, or declines when there is none.
pub(crate) fn enter(world: &mut World, user_code: &str, user: Option<&str>) -> Result<(), Error> {
    let open = |p: &&mut Pending| p.user_code.eq_ignore_ascii_case(user_code) && matches!(p.status, Status::Pending);
    let pending = world.devices.pending.values_mut().find(open);
    let pending = pending.ok_or_else(|| Error::Argument(format!("no device code {user_code:?} that waits")))?;
    pending.status = match user {
        None => Status::Declined,
        Some(name) => {
            let user = world.tenants[pending.tenant].directory.find(name);
            Status::Approved(user.ok_or_else(|| Error::Argument(format!("no user {name:?}")))?)
        }
    };
    Ok(())
}
