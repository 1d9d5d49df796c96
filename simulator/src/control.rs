//! The control API under `/_control/`: actions by POST, and views by GET.

use http::Method;
use serde_json::{Value, json};

use crate::action::{Action, perform};
use crate::guid;
use crate::presence::{View, write_entry};
use crate::reply::Reply;
use crate::world::Call;

/// Answers `/_control/...`.
pub(crate) fn answer(call: &Call) -> Reply {
    let name = call.path.trim_start_matches("/_control").trim_matches('/');
    match call.method {
        Method::GET => view(name, call),
        Method::POST => act(name, call),
        _ => refuse(405, "GET and POST only"),
    }
}

fn refuse(status: u16, why: &str) -> Reply {
    Reply::json(status, &json!({ "error": why }))
}

fn view(name: &str, call: &Call) -> Reply {
    let world = &mut *call.shared.lock();
    call.shared.settle(world);
    let limit = call.params().iter().find(|(k, _)| k == "limit").and_then(|(_, v)| v.parse().ok()).unwrap_or(100usize);
    let value = match name {
        "ca.pem" => return Reply::new(200).with_body("application/x-pem-file", call.shared.authority.pem.clone().into_bytes()),
        "info" => json!({
            "http": call.shared.urls().http, "https": call.shared.urls().https, "now_ms": call.now,
            "tenants": world.tenants.iter().map(|t| json!({
                "id": guid::text(t.id), "domains": t.domains, "cloud": t.cloud,
                "users": t.directory.users().iter().filter(|u| !u.deleted).count(),
                "apps": t.apps.iter().map(|a| json!({
                    "client_id": guid::text(a.client_id), "display_name": a.display_name, "roles": a.roles, "scopes": a.scopes,
                    "public_client": a.public_client, "disabled": a.disabled,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        }),
        "counters" => json!(world.records.counters),
        "requests" => {
            let all = world.records.requests();
            let skip = all.len().saturating_sub(limit);
            json!(all.skip(skip).collect::<Vec<_>>())
        }
        "faults" => json!(world.faults.active()),
        "oddities" => json!(world.oddities),
        "subscriptions" => json!(world.notify.views(&world.tenants, call.now)),
        "deliveries" => {
            let all = world.notify.deliveries();
            let skip = all.len().saturating_sub(limit);
            json!(all.skip(skip).collect::<Vec<_>>())
        }
        "device-codes" => json!(world.devices.waiting()),
        "users" => json!(
            world
                .tenants
                .iter()
                .flat_map(|t| {
                    t.directory.users().iter().enumerate().filter(|(_, u)| !u.deleted).map(|(index, user)| {
                        let mut entry = Vec::new();
                        let seen = t.presence.seen(u32::try_from(index).unwrap_or(u32::MAX), call.now);
                        write_entry(&mut entry, user.id, seen, View::Own, &crate::oddity::Oddities::default());
                        json!({
                            "id": guid::text(user.id), "user_principal_name": user.user_principal_name, "mail": user.mail,
                            "enabled": user.enabled, "presence": serde_json::from_slice::<Value>(&entry).unwrap_or(Value::Null),
                        })
                    })
                })
                .take(limit)
                .collect::<Vec<_>>()
        ),
        _ => {
            return refuse(
                404,
                "GET: info, ca.pem, counters, requests, faults, oddities, device-codes, users, subscriptions, deliveries",
            );
        }
    };
    Reply::json(200, &value)
}

/// `POST /_control/do` takes an action or a list of them; `POST /_control/<action>` takes the action's members.
fn act(name: &str, call: &Call) -> Reply {
    let body = if call.body.is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(&call.body) };
    let mut body = match body {
        Ok(body) => body,
        Err(error) => return refuse(400, &format!("the body is not JSON: {error}")),
    };
    if name != "do" {
        let Some(members) = body.as_object_mut() else { return refuse(400, "the body must be an object") };
        members.insert("do".to_owned(), name.replace('-', "_").into());
    }
    let many = body.is_array();
    let list = if let Value::Array(list) = body { list } else { vec![body] };
    let mut answers = Vec::with_capacity(list.len());
    for (n, value) in list.into_iter().enumerate() {
        let done = Action::from_json(value).and_then(|action| perform(&call.shared, action)).map_err(|e| e.to_string());
        match done {
            Ok(answer) => answers.push(answer),
            Err(why) => return refuse(400, &if many { format!("action {n}: {why}") } else { why }),
        }
    }
    Reply::json(200, &if many { Value::Array(answers) } else { answers.pop().unwrap_or_default() })
}
