//! The validation handshake: an endpoint proves that it wants notifications.

use std::time::Duration;

use bytes::Bytes;

use super::log::Delivery;
use super::target::Target;
use super::wire;
use crate::guid;
use crate::world::Shared;

/// Asks the endpoint to return a token.
///
/// # Errors
/// What it did instead.
pub(crate) async fn validate(shared: &Shared, target: &Target, request_id: u128) -> Result<(), String> {
    let begun_ms = shared.now();
    let (limit, tls, tricky) = {
        let world = shared.lock();
        let odd = &world.oddities.notify;
        (Duration::from_millis(odd.handshake_timeout_ms), world.notify.trust.config(), odd.tricky_handshake)
    };
    let tail = if tricky { " a+b&c=d%41/?#\"<ü€>" } else { "" };
    let id = guid::text(request_id);
    let token = format!("Validation: Testing client application reachability for subscription Request-Id: {id}{tail}");
    let path = target.path_with("validationToken", &token);
    let outcome = wire::post(target, &path, "text/plain; charset=utf-8", Bytes::new(), tls, limit).await;
    let verdict = judge(&outcome, &token, limit);
    shared.lock().notify.write(Delivery {
        number: 0,
        kind: "handshake".to_owned(),
        begun_ms,
        sent_us: outcome.sent_us,
        at_ms: shared.now(),
        url: target.text.clone(),
        attempt: 1,
        subscriptions: Vec::new(),
        items: 0,
        status: outcome.status,
        error: verdict.clone().err(),
        took_ms: outcome.took_ms,
        body: String::new(),
    });
    verdict.map_err(|why| format!("Subscription validation request failed. {why}"))
}

fn judge(outcome: &wire::Outcome, token: &str, limit: Duration) -> Result<(), String> {
    const WANTED: &str = "Notification endpoint must respond with 200 OK to validation request.";
    if outcome.timed_out {
        return Err(format!("The request timed out after {} s.", limit.as_secs_f64()));
    }
    match outcome.status {
        None => return Err(format!("{WANTED} ({})", outcome.error.as_deref().unwrap_or_default())),
        Some(200) => {}
        Some(status) => {
            let name = http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default();
            return Err(format!("{WANTED} It responded with HTTP '{}' ({status}).", name.replace(' ', "")));
        }
    }
    let kind = outcome.content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("text/plain") {
        return Err(format!("The response must be text/plain, not '{kind}'."));
    }
    if outcome.body != token.as_bytes() {
        return Err("The response must hold the decoded validation token and nothing else.".to_owned());
    }
    Ok(())
}
