//! Numbers that say more where a person signed in by a code.

use super::advice::{Advice, Class};

pub(super) static BLOCKED: Advice = Advice {
    codes: &[],
    class: Class::Refused,
    cause: "a Conditional Access policy blocks the sign-in, perhaps because it forbids the device code flow",
    remedy: "Entra admin center > Sign-in logs > the attempt > Conditional Access names the policy. Where its condition \"Authentication flows\" \
             names the device code flow, exclude this account or use `auth.method` client_secret or certificate, which such policies do not meet.",
};
