//! The events of a sign-in that fails: which one fits the cause.

use super::aadsts::Advice;
use super::answer::EntraError;
use super::error::SignInError;
use crate::event::{Draft, Event, Kind};
use crate::http::{TransportErrorKind, trouble};

/// AADSTS numbers of a tenant that Entra knows in another cloud.
const ELSEWHERE: [u32; 3] = [90038, 900382, 900432];
/// AADSTS numbers of a missing consent, or of a registration that asks for no permission.
const NO_CONSENT: [u32; 7] = [65001, 65004, 90094, 90095, 650056, 650057, 65005];

/// Entra refuses. `serving_until_ms`: a token from before still serves.
pub(super) fn refused(
    error: &EntraError,
    advice: &'static Advice,
    host: &str,
    next_try_at_ms: i64,
    serving_until_ms: Option<i64>,
) -> Draft {
    let event = if one_of(error, &ELSEWHERE) {
        Event::new(Kind::TenantElsewhere).with("cloud", host)
    } else if lacks_consent(error) {
        Event::new(Kind::ConsentMissing)
    } else {
        Event::new(Kind::CredentialRefused)
    };
    explained(event, error, advice).with("next_try_at_ms", next_try_at_ms).with_some("serving_until_ms", serving_until_ms)
}

/// A person has typed the code, and consent is missing. Who declined at the page has not been asked for it.
pub(super) fn consent_at_the_code(error: &EntraError, advice: &'static Advice) -> Option<Draft> {
    let missing = lacks_consent(error) && error.error != "authorization_declined";
    missing.then(|| explained(Event::new(Kind::ConsentMissing), error, advice))
}

fn lacks_consent(error: &EntraError) -> bool {
    one_of(error, &NO_CONSENT) || error.error == "consent_required"
}

fn one_of(error: &EntraError, list: &[u32]) -> bool {
    error.code().is_some_and(|code| list.contains(&code))
}

fn explained(event: Draft, error: &EntraError, advice: &'static Advice) -> Draft {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    event
        .with_some("aadsts", error.code())
        .with("error", error.error.clone())
        .with("cause", advice.cause)
        .with("advice", advice.remedy)
        .with_some("detail", some(error.detail()))
        .with_some("correlation_id", some(&error.correlation_id))
}

/// Entra is not reached, or answers uselessly. The caller adds `next_try_at_ms`.
pub(super) fn outage(error: &SignInError, stage: &'static str, host: &str, status: Option<u16>) -> (Kind, Draft) {
    let (stage, detail) = match error {
        SignInError::Unreachable { transport, .. } => match trouble(transport) {
            Some(known) => return known,
            None => (stage_of(transport.kind), transport.message.clone()),
        },
        SignInError::Busy { detail, .. } => (stage, detail.clone()),
        other => (stage, other.to_string()),
    };
    let event = Event::new(Kind::EntraUnreachable).with("host", host).with("stage", stage);
    (Kind::EntraUnreachable, event.with_some("status", status).with("detail", detail))
}

/// The clocks differ.
pub(super) fn clock_wrong(offset_ms: i64, signing: bool) -> Draft {
    Event::new(Kind::ClockWrong)
        .with("offset_ms", offset_ms)
        .with("direction", if offset_ms < 0 { "behind" } else { "ahead" })
        .with("difference", span(offset_ms.unsigned_abs()))
        .with("signing", signing)
}

/// A length of time for people: the largest unit of which there are two or more.
fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How far the request came, in the words of the event catalogue.
fn stage_of(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Dns => "dns",
        TransportErrorKind::Proxy => "proxy",
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Tls => "tls",
        TransportErrorKind::Timeout | TransportErrorKind::Reset => "request",
        TransportErrorKind::TooLarge | TransportErrorKind::Truncated | TransportErrorKind::Protocol => "body",
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_difference_in_words() {
        let words = [0, 31_000, 119_999, 120_000, 7_199_999, 7_200_000, 172_800_000, u64::MAX].map(span);
        assert_eq!(words[..7], ["0 s", "31 s", "119 s", "2 min", "119 min", "2 h", "2 days"]);
        assert!(words[7].ends_with(" days"));
    }
}
