//! GET /organization

use serde_json::json;

use super::context::{Answer, Context};
use super::error::GraphError;
use super::header::ODATA;
use crate::guid;
use crate::reply::Reply;

pub(super) fn list(cx: &mut Context<'_>) -> Answer {
    const READ: [&str; 3] = ["Organization.Read.All", "User.Read.All", "Directory.Read.All"];
    if !cx.who.has(&READ) && (cx.who.app_only() || !cx.who.has(&["User.Read"])) {
        return Err(GraphError::directory_denied());
    }
    let tenant = &cx.world.tenants[cx.tenant];
    let domains: Vec<_> = tenant
        .domains
        .iter()
        .enumerate()
        .map(
            |(i, name)| json!({"name": name, "isDefault": i == 0, "isInitial": i + 1 == tenant.domains.len(), "type": "Managed"}),
        )
        .collect();
    let body = json!({
        "@odata.context": format!("{}/v1.0/$metadata#organization", cx.call.origin),
        "value": [{"id": guid::text(tenant.id), "displayName": tenant.display_name, "tenantType": "AAD", "verifiedDomains": domains}],
    });
    Ok(Reply::new(200).with_body(ODATA, body.to_string().into_bytes()))
}
