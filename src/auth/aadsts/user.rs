//! Numbers about an account: password, second factor, policies.

use super::advice::{Advice, Class::*};

pub(super) static ADVICE: &[Advice] = &[
    Advice {
        codes: &[50126],
        class: Refused,
        cause: "user name or password is wrong",
        remedy: "Correct `auth.username` and `auth.password`. A password is not tried again at once, so that the account is not locked; a reload \
                 with another one acts at once.",
    },
    Advice {
        codes: &[50034],
        class: Refused,
        cause: "there is no such account in this tenant",
        remedy: "Set `auth.username` to the account's user principal name, and check tenant_id.",
    },
    Advice {
        codes: &[50020, 51004, 50014],
        class: Refused,
        cause: "the account belongs to another directory, or its invitation is not accepted yet",
        remedy: "Use an account of this tenant itself, not a guest.",
    },
    Advice {
        codes: &[50053],
        class: Locked,
        cause: "the account is locked after too many wrong passwords, or sign-ins from this address are blocked",
        remedy: "Wait, or unblock the account in Entra admin center > Users, and look at its sign-in log. Correct `auth.password` before the next \
                 try, which comes only after hours.",
    },
    Advice {
        codes: &[50055, 50144],
        class: Refused,
        cause: "the password has expired, or must be changed at the first sign-in",
        remedy: "Sign in once with a browser, set a new password and put it into the configuration. Consider a password that does not expire for \
                 this account, or sign-in with a client secret or certificate.",
    },
    Advice {
        codes: &[50056],
        class: Refused,
        cause: "the account has no password in Entra (federated or passwordless)",
        remedy: "Use an account of the cloud with a password, or another `auth.method`.",
    },
    Advice {
        codes: &[50057],
        class: Refused,
        cause: "the account is disabled",
        remedy: "Entra admin center > Users > the account > Account status: Enabled.",
    },
    Advice {
        codes: &[50076],
        class: Refused,
        cause: "a second factor is demanded, which a program with a password cannot give",
        remedy: "Exclude the account from the Conditional Access policy that asks for it, or use `auth.method` client_secret, certificate or \
                 device_code.",
    },
    Advice {
        codes: &[50079, 50072],
        class: Refused,
        cause: "the account must first register for multi-factor authentication",
        remedy: "Exclude the account from that requirement (security defaults, registration campaign), or use `auth.method` client_secret, \
                 certificate or device_code.",
    },
    Advice {
        codes: &[50074, 50078],
        class: Refused,
        cause: "strong authentication is demanded or has run out",
        remedy: "Sign in again with the second factor (device_code), or use `auth.method` client_secret or certificate.",
    },
    Advice {
        codes: &[50158],
        class: Refused,
        cause: "a further check by another service is demanded (third-party second factor, terms of use)",
        remedy: "Exclude the account from that policy, or use `auth.method` client_secret or certificate.",
    },
    Advice {
        codes: &[50097, 50129, 53000, 53001],
        class: Refused,
        cause: "a policy demands a managed or joined device, which a telephone system is not",
        remedy: "Exclude the account from that Conditional Access policy, or use `auth.method` client_secret or certificate.",
    },
    Advice {
        codes: &[53003],
        class: Refused,
        cause: "a Conditional Access policy blocks the sign-in",
        remedy: "Entra admin center > Sign-in logs > the attempt > Conditional Access names the policy; allow this account, application, place or \
                 flow there.",
    },
    Advice {
        codes: &[53004, 50131, 530032, 530035],
        class: Refused,
        cause: "a security or risk policy blocks the sign-in",
        remedy: "Look at the attempt in Entra admin center > Sign-in logs; clear the risk, adapt the policy, or use `auth.method` client_secret or \
                 certificate.",
    },
    Advice {
        codes: &[80001, 80002, 80005, 80007, 80014],
        class: Slow,
        cause: "the company's own pass-through authentication agent does not check passwords now",
        remedy: "Check the pass-through authentication agents: Entra admin center > Hybrid management > Entra Connect.",
    },
];
