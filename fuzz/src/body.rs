//! A body, byte by byte as it came from the network.

use serde_json::Value;
use teams_presence_sync::presence::Guid;
use teams_presence_sync::source::notify::{Item, MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_TOKEN, MAX_TOKENS, Malformed, parse};

use super::{ours, tree};

pub fn run(data: &[u8]) -> bool {
    // Where the configuration names the tenant by a domain name, the item's own counts.
    check(data, false);
    check(data, true)
}

/// Compares what is read of a body, and what is taken of it, with the same body read into a tree. Whether anything was taken.
pub fn check(body: &[u8], tenant_known: bool) -> bool {
    let read = parse(body);
    let intake = ours::intake(tenant_known);
    let reply = intake.deliver("", body);
    assert!(reply.body.is_empty() && reply.content_type.is_none());
    let delivery = intake.try_next();
    assert!(intake.try_next().is_none());
    let stats = intake.stats();
    assert_eq!((stats.waiting_items, stats.waiting_bytes), (0, 0));
    let envelope = match read {
        Ok(envelope) => envelope,
        Err(why) => {
            assert_eq!(why == Malformed::TooLarge, body.len() > MAX_BODY);
            assert_eq!(reply.status, if why == Malformed::TooLarge { 413 } else { 400 });
            assert!(delivery.is_none());
            return false;
        }
    };
    let tokens = envelope.validation_tokens.as_deref().unwrap_or_default();
    assert!(tokens.len() <= MAX_TOKENS && tokens.iter().all(|token| token.len() <= MAX_TOKEN));
    assert!(envelope.items.len() <= MAX_ITEMS);
    // What is taken is what was read, by our rule.
    let account = |item: &Item| ours::account(item.subscription_id, item.client_state.as_deref(), item.tenant_id, tenant_known);
    let expected: Vec<_> = envelope.items.iter().filter_map(|item| Some((item, account(item)?))).collect();
    let taken = delivery.as_ref().map_or(&[][..], |delivery| &delivery.items);
    assert_eq!(taken.len(), expected.len());
    for (admitted, (item, account)) in taken.iter().zip(&expected) {
        assert_eq!(admitted.subscription.id, item.subscription_id);
        assert_eq!(&*admitted.subscription.account, *account);
    }
    assert_eq!(reply.status, if expected.is_empty() { 400 } else { 202 });
    assert_eq!(stats.foreign_items as usize, envelope.skipped + envelope.items.len() - expected.len());
    // What was read stands there, by a reader that knows nothing of ours.
    let text = String::from_utf8_lossy(body);
    let Some(tree) = tree::read(text.strip_prefix('\u{feff}').unwrap_or(&text)) else { return reply.status == 202 };
    assert!(depth(&tree) <= MAX_DEPTH);
    let entries = tree.as_object().and_then(|top| top["value"].as_array()).expect("an object with a list");
    assert_eq!(envelope.items.len() + envelope.skipped, entries.len());
    let mut entries = entries.iter().take(MAX_ITEMS);
    for item in &envelope.items {
        assert!(entries.any(|entry| says(entry, item)), "{item:?} is in none of the entries that are left");
    }
    let told = tree["validationTokens"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(tokens.iter().all(|token| told.iter().any(|told| told.as_str() == Some(token.as_str()))));
    reply.status == 202
}

/// Whether an entry of the list says what an item was read as: subscription, secret, tenant.
fn says(entry: &Value, item: &Item) -> bool {
    let guid = |name: &str| entry[name].as_str().and_then(|text| text.trim().parse::<Guid>().ok());
    entry.is_object()
        && guid("subscriptionId") == Some(item.subscription_id)
        && guid("tenantId").or_else(|| guid("organizationId")) == item.tenant_id
        && item.client_state.as_deref().is_none_or(|state| entry["clientState"].as_str() == Some(state))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
