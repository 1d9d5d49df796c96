//! How a fault shows on the wire.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::fault::{EndpointClass, FaultAction, FaultBody, RetryAfter};
use crate::clock::http_date;
use crate::connection::Connection;
use crate::entra::TokenError;
use crate::graph::GraphError;
use crate::reply::{Reply, ReplyBody, Step, Steps};
use crate::world::Call;

/// What a fault makes of a request before it is answered.
#[derive(Debug)]
pub(crate) enum Applied {
    /// Answer this instead.
    Reply(Reply),
    /// Never answer.
    Hang,
    /// Reset the connection.
    Reset,
    /// Answer rightly, then spoil the answer.
    Later,
}

/// The part of a fault that replaces the answer.
pub(crate) fn instead(action: &FaultAction, endpoint: EndpointClass, call: &Call) -> Applied {
    let entra = endpoint == EndpointClass::Token;
    Applied::Reply(match action {
        FaultAction::Status { status, retry_after, body, code } => {
            let mut reply = match body {
                FaultBody::Empty => Reply::new(*status),
                FaultBody::Html => Reply::new(*status).with_body("text/html", gateway_page(*status)),
                FaultBody::Json if entra => TokenError::transport(*status, code.as_deref()).reply(call),
                FaultBody::Json => {
                    let code = code.as_deref().unwrap_or_else(|| usual_code(*status));
                    GraphError::new(*status, code, usual_message(*status)).reply(call)
                }
            };
            if let Some(after) = retry_after {
                let text = match after {
                    RetryAfter::Seconds(s) => s.to_string(),
                    RetryAfter::Decimal(s) => s.to_string(),
                    RetryAfter::DateIn(s) => http_date(call.now + s * 1000),
                    RetryAfter::Raw(text) => text.clone(),
                };
                reply = reply.with("retry-after", &text);
            }
            reply
        }
        FaultAction::NotJson { content_type, body } => Reply::new(200).with_body(content_type, body.clone().into_bytes()),
        FaultAction::InvalidToken => GraphError::token("Access token has expired or is not yet valid.").reply(call),
        FaultAction::ClaimsChallenge => {
            let claims = format!(r#"{{"access_token":{{"nbf":{{"essential":true,"value":"{}"}}}}}}"#, call.now / 1000);
            GraphError::token("Continuous access evaluation resulted in challenge with result: InteractionRequired.")
                .reply(call)
                .with(
                    "www-authenticate",
                    &format!(
                        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
                         error=\"insufficient_claims\", claims=\"{}\"",
                        STANDARD.encode(claims)
                    ),
                )
        }
        FaultAction::Forbidden { code } => GraphError::new(403, code, "Access is denied.").reply(call),
        FaultAction::Aadsts { code, error, suberror } => {
            TokenError::injected(*code, error.as_deref(), suberror.as_deref()).reply(call)
        }
        FaultAction::Hang => return Applied::Hang,
        FaultAction::ResetBefore => return Applied::Reset,
        FaultAction::Delay { .. }
        | FaultAction::Hold
        | FaultAction::EndlessBody { .. }
        | FaultAction::Truncated
        | FaultAction::ResetMid
        | FaultAction::Tamper { .. } => return Applied::Later,
    })
}

/// The part of a fault that spoils the finished answer. `None` sends it as it is. The length to announce comes with it.
pub(crate) fn finish(action: &FaultAction, body: &Bytes, connection: &Arc<Connection>) -> Option<(ReplyBody, Option<usize>)> {
    let steps = |list: Vec<(Duration, Step)>| ReplyBody::Steps(Steps::new(Arc::clone(connection), list));
    // Long enough for the first part to leave the machine's buffers before the connection ends.
    let pause = Duration::from_millis(30);
    let half = body.slice(..body.len() / 2);
    Some(match action {
        FaultAction::Truncated => (steps(vec![(Duration::ZERO, Step::Send(half)), (pause, Step::Cut)]), Some(body.len().max(1))),
        FaultAction::ResetMid => (steps(vec![(Duration::ZERO, Step::Send(half)), (pause, Step::Reset)]), Some(body.len().max(1))),
        FaultAction::EndlessBody { interval_ms, piece } => {
            let start = Bytes::from_static(b"{\"value\":[");
            let blanks = Bytes::from(vec![b' '; (*piece).clamp(1, 1 << 20)]);
            let interval = Duration::from_millis(*interval_ms);
            (steps(vec![(Duration::ZERO, Step::Send(start)), (interval, Step::Forever(blanks))]), None)
        }
        _ => return None,
    })
}

fn usual_code(status: u16) -> &'static str {
    match status {
        400 => "BadRequest",
        401 => "InvalidAuthenticationToken",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "resyncRequired",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        503 => "serviceNotAvailable",
        _ => "UnknownError",
    }
}

fn usual_message(status: u16) -> &'static str {
    match status {
        429 => "Please retry again later.",
        503 => "The service is unavailable.",
        504 => "The gateway did not get an answer in time.",
        _ => "An error injected by the simulator.",
    }
}

fn gateway_page(status: u16) -> Vec<u8> {
    format!(
        "<html>\r\n<head><title>{status} Gateway error</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n"
    )
    .into_bytes()
}
