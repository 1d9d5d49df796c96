//! The event of a failure whose cause is known.

use super::cause::{Cause, Presented};
use super::error::{TransportError, TransportErrorKind};
use crate::event::{Draft, Event, Kind};

/// The event that names the cause of `error`, for causes that have one of their own. The caller adds `next_try_at_ms`. `None`: the caller's
/// event for a service that cannot be reached says all that is known.
pub fn trouble(error: &TransportError) -> Option<(Kind, Draft)> {
    let kind = match (&error.cause, error.kind) {
        (Cause::ProxyPassword, _) => Kind::ProxyPassword,
        (Cause::ProxyRefuses, _) => Kind::ProxyRefuses,
        (Cause::Untrusted(_), _) => Kind::TlsUntrusted,
        (Cause::BadCertificate(..), _) => Kind::TlsCertificate,
        (Cause::Other, TransportErrorKind::Dns) => Kind::NameUnresolved,
        (Cause::Other, _) => return None,
    };
    let draft = Event::new(kind).with("host", error.host.as_str()).with("detail", error.message.as_str());
    let draft = match &error.cause {
        Cause::Untrusted(presented) => {
            let issuer = presented.as_ref().map_or("(no authority is trusted on this machine)", |presented| &presented.issuer);
            let draft = draft.with("issuer", issuer);
            presented.iter().fold(draft, |draft, presented| shown(draft, presented))
        }
        Cause::BadCertificate(flaw, presented) => {
            shown(draft.with("flaw", flaw.as_str()), presented).with("issuer", presented.issuer.as_str())
        }
        _ => draft,
    };
    Some((kind, draft))
}

fn shown(draft: Draft, presented: &Presented) -> Draft {
    draft
        .with("asked", presented.asked.as_str())
        .with("subject", presented.subject.as_str())
        .with("names", presented.names.clone())
        .with("not_before_ms", presented.not_before_ms)
        .with("not_after_ms", presented.not_after_ms)
}
