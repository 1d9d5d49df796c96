//! Numbers about sign-ins that ended, codes that wait, and Entra's own troubles.

use super::advice::{Advice, Class::*};

pub(super) static ADVICE: &[Advice] = &[
    Advice {
        codes: &[50173],
        class: Refused,
        cause: "the sign-in was revoked, for example by a new password",
        remedy: "Sign in again; with `auth.method` password, put the new password into the configuration.",
    },
    Advice {
        codes: &[70000, 70008],
        class: Refused,
        cause: "the stored sign-in is no longer valid",
        remedy: "Sign in again with the account that reads presence.",
    },
    Advice {
        codes: &[700082],
        class: Refused,
        cause: "the stored sign-in has ended because it was not used for a long time",
        remedy: "Sign in again, and keep the telephone system connected.",
    },
    Advice {
        codes: &[700084],
        class: Refused,
        cause: "the stored sign-in has ended after 24 hours, as for single-page applications",
        remedy: "Register the application as Mobile and desktop, not as Single-page application, and sign in again.",
    },
    Advice {
        codes: &[70043],
        class: Refused,
        cause: "a sign-in frequency policy has ended the sign-in",
        remedy: "Sign in again, or exclude the account from the Conditional Access policy with a sign-in frequency.",
    },
    Advice {
        codes: &[50132, 50133],
        class: Refused,
        cause: "the sign-in has ended because the password was changed or reset",
        remedy: "Sign in again with the new password.",
    },
    Advice {
        codes: &[70016],
        class: Pending,
        cause: "nobody has entered the code yet",
        remedy: "Open the address, enter the code and sign in.",
    },
    Advice {
        codes: &[70018],
        class: Refused,
        cause: "the code is not known to Entra",
        remedy: "Ask for a new code and enter it within 15 minutes.",
    },
    Advice {
        codes: &[70019, 70020],
        class: Refused,
        cause: "the code has run out",
        remedy: "Ask for a new code and enter it within 15 minutes.",
    },
    Advice {
        codes: &[90120],
        class: Refused,
        cause: "the code has been used or declined already",
        remedy: "Ask for a new code and enter it within 15 minutes.",
    },
    Advice {
        codes: &[50134],
        class: Refused,
        cause: "the sign-in went to another data centre than the code",
        remedy: "Ask for a new code and sign in again.",
    },
    Advice {
        codes: &[135010],
        class: Refused,
        cause: "the key of the signed-in device is not known to Entra",
        remedy: "Sign in again with the account that reads presence.",
    },
    Advice {
        codes: &[50196],
        class: Slow,
        cause: "Entra sees the same request too often",
        remedy: "Nothing to do at first: it is tried again after minutes. Check that not many telephone systems use the same application.",
    },
    Advice {
        codes: &[90055],
        class: Slow,
        cause: "Entra limits the rate of sign-ins of this tenant",
        remedy: "Nothing to do at first: it is tried again after minutes.",
    },
    Advice {
        codes: &[90006, 90012, 90024, 90033, 90090, 50033, 50087],
        class: Transient,
        cause: "Microsoft Entra has a passing trouble",
        remedy: "Nothing to do: it is tried again by itself.",
    },
];
