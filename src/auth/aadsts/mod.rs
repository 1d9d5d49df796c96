//! The catalogue of Entra's error numbers (AADSTS…): what each means for a telephone system, and what an administrator does about it.
//!
//! Source of the meanings: Microsoft's reference of Entra authentication error codes, and the behaviour of the flows. Microsoft may add
//! numbers and change texts: an unknown number is handled by its OAuth `error` word ([`of_oauth`]).

mod advice;
mod application;
mod by_code;
mod session;
mod user;

pub use advice::{Advice, Class};

/// What is known of an AADSTS number.
pub fn find(code: u32) -> Option<&'static Advice> {
    all().find(|advice| advice.codes.contains(&code))
}

/// The same where a person signed in by a code. A policy that forbids the device code flow also meets the refresh token that came of it: Entra
/// remembers by which flow a session began.
pub fn find_by_code(code: u32) -> Option<&'static Advice> {
    if matches!(code, 53003 | 530034) { Some(&by_code::BLOCKED) } else { find(code) }
}

/// The whole catalogue.
pub fn all() -> impl Iterator<Item = &'static Advice> {
    [application::ADVICE, user::ADVICE, session::ADVICE].into_iter().flatten()
}

/// What an OAuth error word says where the number is missing or unknown.
pub fn of_oauth(error: &str) -> &'static Advice {
    OAUTH.iter().find(|(words, _)| words.contains(&error)).map_or(&UNKNOWN, |(_, advice)| advice)
}

static UNKNOWN: Advice = Advice {
    codes: &[],
    class: Class::Refused,
    cause: "an error that this version does not know",
    remedy: "Read the detail of this event. Look the AADSTS number up in Microsoft's list of Entra authentication error codes, and find the \
             attempt in the sign-in log of Entra by its correlation id.",
};

static OAUTH: &[(&[&str], Advice)] = &[
    (
        &["invalid_client"],
        Advice {
            codes: &[],
            class: Class::Refused,
            cause: "the client secret or certificate is not accepted for this application",
            remedy: "Entra admin center > App registrations > the app > Certificates & secrets: check that the secret or certificate is there and \
                     has not expired.",
        },
    ),
    (
        &["invalid_grant"],
        Advice {
            codes: &[],
            class: Class::Refused,
            cause: "the sign-in of this account is not accepted",
            remedy: "Check user name and password, and find the attempt in the sign-in log of Entra.",
        },
    ),
    (
        &["unauthorized_client", "unsupported_grant_type"],
        Advice {
            codes: &[],
            class: Class::Refused,
            cause: "this application may not sign in this way",
            remedy: "Compare tenant_id and client_id with the app registration, and `auth.method` with what the registration allows.",
        },
    ),
    (
        // invalid_target: RFC 8707, by authorization servers other than Entra.
        &["invalid_scope", "invalid_resource", "invalid_target"],
        Advice {
            codes: &[],
            class: Class::Refused,
            cause: "the requested scope is not accepted",
            remedy: "Remove `auth.scope` from the configuration, or set it to the Graph address followed by /.default; check `cloud`.",
        },
    ),
    (
        &["interaction_required", "consent_required", "login_required", "access_denied"],
        Advice {
            codes: &[],
            class: Class::Refused,
            cause: "a person would have to sign in, consent or pass a further check",
            remedy: "Grant admin consent for the app, and exclude it or its account from policies that ask for a second factor; or use another \
                     `auth.method`.",
        },
    ),
    (
        &["temporarily_unavailable", "server_error", "slow_down"],
        Advice {
            codes: &[],
            class: Class::Transient,
            cause: "Microsoft Entra is busy",
            remedy: "Nothing to do: it is tried again.",
        },
    ),
    (
        &["authorization_pending"],
        Advice {
            codes: &[],
            class: Class::Pending,
            cause: "nobody has entered the code yet",
            remedy: "Open the address, enter the code and sign in.",
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Every number that an administrator of such an application can meet.
    const MUST_KNOW: &[u32] = &[
        7000215, 7000222, 7000216, 7000218, 700025, 700027, 700024, 50012, 700016, 7000229, 7000112, 70001, 700011, 90002,
        900023, 90038, 900382, 900432, 50194, 9001023, 90130, 900144, 90014, 9002313, 70011, 1002012, 28002, 700022, 700023,
        500011, 650057, 650056, 65005, 65001, 65004, 90094, 90095, 50126, 50034, 50020, 51004, 50014, 50053, 50055, 50144, 50056,
        50057, 50076, 50079, 50072, 50074, 50078, 50158, 50097, 50129, 53000, 53001, 53003, 53004, 50131, 530032, 530035, 50105,
        50173, 70000, 70008, 700082, 700084, 70043, 50132, 50133, 70016, 70018, 70019, 70020, 90120, 50134, 135010, 50196, 90055,
        70021, 700211, 700212, 700213, 7002137, 7002138, 90006, 90012, 90024, 90033, 90090, 50033, 50087, 80001, 80002, 80005,
        80007, 80014, 50011, 500113, 50049,
    ];

    #[test]
    fn every_number_has_one_cause_and_one_remedy() {
        for code in MUST_KNOW {
            let advice = find(*code).unwrap_or_else(|| panic!("AADSTS{code} is not in the catalogue"));
            assert!(advice.cause.len() > 10 && !advice.cause.ends_with('.'), "AADSTS{code}: {}", advice.cause);
            assert!(advice.remedy.len() > 15 && advice.remedy.ends_with('.'), "AADSTS{code}: {}", advice.remedy);
        }
        let mut seen = HashSet::new();
        for advice in all() {
            for code in advice.codes {
                assert!(seen.insert(*code), "AADSTS{code} stands twice");
            }
        }
        assert_eq!(seen.len(), MUST_KNOW.len(), "a number that no test knows: {seen:?}");
    }

    #[test]
    fn classes_that_decide_when_to_try_again() {
        let class = |code| find(code).map(|advice| advice.class);
        assert_eq!(class(50053), Some(Class::Locked));
        assert_eq!(class(700024), Some(Class::Clock));
        for code in [90006, 90012, 90024, 90033, 90090, 50033, 50087] {
            assert_eq!(class(code), Some(Class::Transient), "AADSTS{code}");
        }
        for code in [50196, 90055, 80001, 80014] {
            assert_eq!(class(code), Some(Class::Slow), "AADSTS{code}");
        }
        for code in [50126, 7000215, 7000222, 50076, 53003] {
            assert_eq!(class(code), Some(Class::Refused), "AADSTS{code}");
        }
        assert_eq!(of_oauth("temporarily_unavailable").class, Class::Transient);
        assert_eq!(of_oauth("a_new_word").class, Class::Refused);
        assert_eq!(of_oauth("invalid_target").cause, of_oauth("invalid_resource").cause);
        assert_ne!(of_oauth("invalid_target").cause, of_oauth("a_new_word").cause);
    }
}
