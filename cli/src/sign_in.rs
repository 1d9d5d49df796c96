//! Events of a sign-in, for commands that wait for one.

use serde_json::Value;
use teams_presence_sync::event::{Event, Kind};

use crate::screen::plain;

/// Whether waiting is of no use after this: somebody must act first, outside this program.
pub(crate) fn is_over(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CredentialRefused | Kind::TenantElsewhere | Kind::ConsentMissing | Kind::SecretUnreadable | Kind::SignInEnded
    )
}

/// Whether it is about the sign-in of this further account, `None`: that of `auth`; or about none.
pub(crate) fn concerns(event: &Event, account: Option<&str>) -> bool {
    !(100..200).contains(&event.kind.code()) || fields(event)["account"].as_str() == account
}

/// What its JSON holds.
pub(crate) fn fields(event: &Event) -> Value {
    serde_json::from_str(&event.json).unwrap_or_default()
}

/// A code is out: what the person must do.
pub(crate) fn invitation(event: &Event) -> String {
    let fields = fields(event);
    let text = |name: &str| plain(fields[name].as_str().unwrap_or("?"));
    format!(
        "Open {} in any browser and enter the code\n\n    {}\n\nWaiting for the sign-in; Ctrl-C ends it.\n",
        text("verification_uri"),
        text("user_code")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every refusal of a sign-in is known here: what the catalogue gains must be decided about.
    #[test]
    fn what_ends_a_sign_in() {
        // Those that pass by themselves, and those that are good news.
        let goes_on = [
            Kind::SignInRequired,
            Kind::SignedIn,
            Kind::CredentialExpiring,
            Kind::EntraUnreachable,
            Kind::ClockWrong,
            Kind::EntraRecovered,
            Kind::CredentialDoubtful,
            Kind::CredentialRenewed,
            Kind::CredentialSwitched,
            Kind::ClockRight,
            Kind::NameUnresolved,
            Kind::ProxyRefuses,
            Kind::ProxyPassword,
            Kind::TlsUntrusted,
            Kind::TlsCertificate,
            Kind::SignedOut,
            Kind::SamePerson,
        ];
        for kind in Kind::ALL.iter().copied().filter(|kind| (100..200).contains(&kind.code())) {
            assert!(is_over(kind) != goes_on.contains(&kind), "{}", kind.name());
        }
    }
}
