//! GET /applications(appId='...'): the expiry of secrets and certificates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::context::{Answer, Context};
use super::error::GraphError;
use super::header::ODATA;
use crate::clock::iso;
use crate::guid;
use crate::reply::Reply;

pub(super) fn get(cx: &mut Context<'_>, app_id: &str) -> Answer {
    let wanted = guid::parse(app_id);
    let own = cx.who.app_only() && wanted == Some(cx.who.app) && cx.who.has(&["Application.ReadWrite.OwnedBy"]);
    if !own && !cx.who.has(&["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"]) {
        return Err(GraphError::directory_denied());
    }
    let app = wanted.and_then(|id| cx.world.tenants[cx.tenant].app(id)).ok_or_else(|| GraphError::not_found(app_id))?;
    let passwords: Vec<Value> = app
        .secrets
        .iter()
        .map(|s| {
            json!({
                "customKeyIdentifier": null, "displayName": "secret", "keyId": guid::text(s.key_id),
                "hint": s.value.chars().take(3).collect::<String>(), "secretText": null,
                "startDateTime": iso(s.start), "endDateTime": iso(s.end),
            })
        })
        .collect();
    let keys: Vec<Value> = app
        .certificates
        .iter()
        .map(|c| {
            json!({
                "customKeyIdentifier": STANDARD.encode(&c.sha1), "displayName": c.subject, "keyId": guid::text(c.key_id),
                "type": "AsymmetricX509Cert", "usage": "Verify", "key": null,
                "startDateTime": iso(c.start), "endDateTime": iso(c.end),
            })
        })
        .collect();
    let mut body = json!({
        "id": guid::text(app.object_id), "appId": guid::text(app.client_id), "displayName": app.display_name,
        "passwordCredentials": passwords, "keyCredentials": keys,
    });
    for (name, value) in cx.call.params() {
        if name.eq_ignore_ascii_case("$select")
            && let Some(members) = body.as_object_mut()
        {
            let asked: Vec<&str> = value.split(',').map(str::trim).collect();
            if let Some(unknown) = asked.iter().find(|name| !members.contains_key(**name)) {
                return Err(GraphError::new(400, "BadRequest", format!("Could not find a property named '{unknown}'.")));
            }
            members.retain(|name, _| asked.contains(&name.as_str()));
        }
    }
    body["@odata.context"] = format!("{}/v1.0/$metadata#applications/$entity", cx.call.origin).into();
    Ok(Reply::new(200).with_body(ODATA, body.to_string().into_bytes()))
}
