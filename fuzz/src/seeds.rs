//! What the fuzzers begin with: small ones of each kind, and full-size notifications, made here so that none has to be stored.

use serde_json::{Value, json};
use teams_presence_sync::presence::Guid;

use super::ours::{FIRST, FIRST_STATE, SECOND, SECOND_STATE, TENANT, USER};
use super::signer::{ENTRA, STRANGER};

/// Seeds of a target, by its name.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "body" => bodies(),
        "presence" => presences(),
        "key_set" => key_sets(),
        "handshake" => queries(),
        _ => built(),
    }
}

fn item(number: u128, rich: bool) -> Value {
    let user = Guid(USER.0 + number);
    let mut item = json!({
        "subscriptionId": FIRST.to_string(), "clientState": FIRST_STATE, "changeType": "updated", "tenantId": TENANT.to_string(),
        "organizationId": TENANT.to_string(), "resource": format!("communications/presences/{user}"),
        "subscriptionExpirationDateTime": "2026-11-22T13:55:00.0000000Z",
        "resourceData": { "@odata.type": "#microsoft.graph.presence", "@odata.id": format!("users/{user}/presence"),
            "id": user.to_string() }
    });
    if rich {
        item["encryptedContent"] = json!({ "data": "A".repeat(856), "dataSignature": format!("{}=", "S".repeat(43)),
            "dataKey": format!("{}==", "K".repeat(342)), "encryptionCertificateId": "tps-00112233445566778899aabbccddeeff",
            "encryptionCertificateThumbprint": "07293748CC064953A3052FB978C735FB89E61C3D" });
    }
    item
}

fn body(items: Vec<Value>, tokens: usize) -> Vec<u8> {
    json!({ "value": items, "validationTokens": vec!["h".repeat(1_500); tokens] }).to_string().into_bytes()
}

fn bodies() -> Vec<Vec<u8>> {
    let many = |count: u128, rich: bool| (0..count).map(|number| item(number, rich)).collect::<Vec<Value>>();
    let mut second = item(7, true);
    (second["subscriptionId"], second["clientState"]) = (json!(SECOND.to_string()), json!(SECOND_STATE));
    let mut elsewhere = item(8, true);
    elsewhere["tenantId"] = json!(Guid(9).to_string());
    let filter: Vec<String> = (0..650).map(|number| format!("%27{}%27", Guid(USER.0 + number))).collect();
    let mut whole_filter = item(9, true);
    whole_filter["resource"] = json!(format!("communications/presences?$filter=id+in+({})", filter.join(",")));
    let lifecycle = json!({ "subscriptionId": FIRST.to_string(), "clientState": FIRST_STATE, "tenantId": TENANT.to_string(),
        "lifecycleEvent": "reauthorizationRequired", "subscriptionExpirationDateTime": "2026-11-22T13:55:00.0000000Z" });
    let wide = vec![whole_filter.clone(); 100];
    vec![
        body(vec![item(1, false)], 0),
        body(vec![item(1, true)], 1),
        body(vec![lifecycle.clone()], 0),
        body(vec![item(1, true), second, elsewhere, lifecycle, json!(null), whole_filter], 2),
        body(many(50, true), 1),
        body(many(650, true), 1),
        body(many(2_000, true), 1),
        body(many(2_100, false), 64),
        body(wide, 1),
    ]
}

fn presences() -> Vec<Vec<u8>> {
    let full = json!({ "@odata.id": format!("users/{USER}/presence"), "@odata.type": "#microsoft.graph.presence",
        "id": USER.to_string(), "availability": "Busy", "activity": "InACall", "sequenceNumber": "A0129311063",
        "statusMessage": { "message": { "content": "x".repeat(280), "contentType": "text" }, "expiryDateTime": null },
        "outOfOfficeSettings": { "message": "[[[", "isOutOfOffice": true }, "workLocation": null });
    let small = json!({ "id": USER.to_string(), "availability": "Busy" });
    let long = json!({ "id": USER.to_string(), "statusMessage": { "message": { "content": "\u{e4}".repeat(14_000) } } });
    let all = [full.clone(), small.clone(), json!({ "value": [full] }), long];
    all.iter().map(|json| json.to_string().into_bytes()).chain(built()).collect()
}

fn key_sets() -> Vec<Vec<u8>> {
    let numbered = |number: usize| {
        let mut key = STRANGER.jwk.clone();
        key["kid"] = json!(format!("key-{number}"));
        key["x5c"] = json!(["M".repeat(1_500)]);
        key
    };
    let full: Vec<Value> = (3..12).map(numbered).chain([ENTRA.jwk.clone()]).collect();
    let all = [json!({ "keys": [ENTRA.jwk] }), json!({ "keys": full })];
    all.iter().map(|json| json.to_string().into_bytes()).chain(built()).collect()
}

fn queries() -> Vec<Vec<u8>> {
    let long = "a%20".repeat(1_024);
    let all = [
        "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3A+5f0",
        "?tenant=a%26b&validationToken=%e4%F6&x=1",
        "validationtoken=%&x",
        "tenant=1",
        &format!("validationToken={long}"),
    ];
    all.iter().map(|query| query.as_bytes().to_vec()).chain(built()).collect()
}

/// Bytes to build from: pseudo-random, of several lengths.
fn built() -> Vec<Vec<u8>> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (1..24).map(|number| (0..number * number * 12).map(|_| byte()).collect()).collect()
}
