//! 1xx: sign-in.

use super::super::Severity::{Error, Info, Warning};
use super::super::entry::Holds::{Flag, Foreign, Moment, Number, Text, Texts};
use super::super::entry::{Entry, Field, always, maybe};
use super::{DETAIL, ENDS, HOST, NEXT_TRY, STAGE, STATUS};

pub(in crate::event) static SIGN_IN_REQUIRED: Entry = Entry {
    severity: Warning,
    fields: &[
        always("verification_uri", Text, "the page to open"),
        always("user_code", Text, "the code to type there"),
        always("expires_at_ms", Moment, "until when the code is good"),
        always("message", Foreign, "Microsoft's own sentence for the person who signs in"),
        maybe("cause", Text, "why the sign-in made before is no longer accepted; missing where there was none"),
        maybe("aadsts", Number, "Microsoft's error number for that"),
    ],
    sentence: "A person must sign in: open {verification_uri} and enter the code {user_code}.",
    remedy: "Open {verification_uri} in any browser, enter {user_code} and sign in with the account that is to read presence. A code lasts \
             about 15 minutes; `tps_sign_in` gives a new one once it has run out.",
    meaning: "Only with `auth.method` device_code. Raised with each new code: at a start without a stored sign-in, when Microsoft no longer \
              accepts the stored one (then with `cause`), and for each `tps_sign_in`. While an earlier token still serves, nothing stops yet. \
              SIGNED_IN or SIGN_IN_ENDED follows.",
};

pub(in crate::event) static SIGN_IN_ENDED: Entry = Entry {
    severity: Error,
    fields: &[
        maybe("aadsts", Number, "Microsoft's error number, written AADSTS… in their texts"),
        maybe("error", Foreign, "the OAuth error, such as `authorization_declined`"),
        always("cause", Text, "the cause in plain words"),
        always("advice", Text, "what to do about this cause"),
        maybe("detail", Foreign, "the first line of Microsoft's explanation"),
        maybe("correlation_id", Foreign, "Microsoft's id of the attempt: find it in the sign-in log of Entra"),
    ],
    sentence: "The sign-in by code has ended without success: {cause}.",
    remedy: "{advice} Then ask for a new code by `tps_sign_in`, or start anew.",
    meaning: "Only with `auth.method` device_code: the code ran out, the person declined, or Microsoft refused the account. No further code is \
              asked for until `tps_sign_in`, a reload with another credential, or the next start. Where consent is missing, \
              CONSENT_MISSING comes before it.",
};

pub(in crate::event) static SIGNED_OUT: Entry = Entry {
    severity: Warning,
    fields: &[],
    sentence: "Signed out: the stored sign-in is forgotten and its token is no longer used.",
    remedy: "Nothing to do; `tps_sign_in` gives a code for the next sign-in.",
    meaning: "Follows `tps_sign_out`. Presence stands still from now on; with `account`, the users of that account are polled instead. At Microsoft the sign-in goes on until it is revoked there or runs out.",
};

pub(in crate::event) static SAME_PERSON: Entry = Entry {
    severity: Warning,
    fields: &[
        always("account", Text, "the account that is not used for subscriptions"),
        always("other", Text, "the account that the same person signed in for before it; `main` is the sign-in of `auth`"),
    ],
    sentence: "The accounts {account} and {other} are signed in as the same person; {account} is not used.",
    remedy: "Sign in to {account} with an account of its own: `tps_sign_in` for {account} gives a new code, `tps login --account {account}` does the \
             same while the telephone system stands still. Or correct the user name, or take {account} out of \
             `source.notifications.accounts`.",
    meaning: "Only with notifications and several accounts. Microsoft lets one person have one subscription to presence for each app, so that \
              two sign-ins of one person would end each other's. Users whom the unused one was to subscribe are subscribed by the others while there \
              is room, else polled. Raised once for each pair; over with the next SIGNED_IN of either as somebody else.",
};

pub(in crate::event) static SIGNED_IN: Entry = Entry {
    severity: Info,
    fields: &[
        always("method", Text, "`auth.method` of the configuration"),
        always("expires_at_ms", Moment, "when this access token ends; it is renewed before by itself"),
        maybe("permissions", Texts, "the permissions found in the token, where it could be read"),
    ],
    sentence: "Signed in to Microsoft Entra with {method}.",
    remedy: "Nothing to do.",
    meaning: "Raised at the first sign-in after a start, after a reload or a file that brought a new credential, and after a time of refusals. Not at \
              each renewal.",
};

pub(in crate::event) static CREDENTIAL_REFUSED: Entry = Entry {
    severity: Error,
    fields: &[
        maybe("aadsts", Number, "Microsoft's error number, written AADSTS… in their texts"),
        always("error", Foreign, "the OAuth error, such as `invalid_client`"),
        always("cause", Text, "the cause in plain words"),
        always("advice", Text, "what to do about this cause"),
        NEXT_TRY,
        maybe("detail", Foreign, "the first line of Microsoft's explanation"),
        maybe("correlation_id", Foreign, "Microsoft's id of the attempt: find it in the sign-in log of Entra"),
        maybe("remembered", Flag, "true when the refusal dates from before this start: nothing was sent now"),
        maybe("serving_until_ms", Moment, "after a reload: until when the token of the previous credential still serves"),
    ],
    sentence: "Microsoft Entra refuses the sign-in ({error}): {cause}.",
    remedy: "{advice}",
    meaning: "Raised at the first refusal and whenever the cause changes. A refused credential is not hammered: a secret or certificate is \
              tried again after 1, 5 and 15 minutes and then hourly, a password once and then hourly, a locked account (AADSTS50053) every 4 \
              hours, also across restarts. A reload or a file with another credential tries at once. TENANT_ELSEWHERE and CONSENT_MISSING \
              stand in place of this event for their causes. SIGNED_IN follows once it works.",
};

pub(in crate::event) static CREDENTIAL_EXPIRING: Entry = Entry {
    severity: Warning,
    fields: &[
        always("days_left", Number, "whole days until it expires; 0 on the last day, negative after it"),
        always("what", Text, "`client secret`, `certificate` or `password`"),
        always(
            "source",
            Text,
            "how it is known: `configuration` (`expires_at`), `certificate` (its own end) or `graph` (the app registration)",
        ),
        always("expires_at_ms", Moment, "when it expires"),
        always("expires", Text, "the same for people, UTC"),
        always("next", Flag, "whether `auth.next` holds the coming one"),
    ],
    sentence: "The {what} for Microsoft Entra expires on {expires} ({days_left} days left, known from {source}).",
    remedy: "Entra admin center > App registrations > the app > Certificates & secrets: add a new one. Put it where the configuration points to \
             (a file needs no reload), or into `auth.next` and reload. The old one may stay until it expires. A password: change it. Where the \
             date comes from `expires_at`, correct that too.",
    meaning: "Raised 30, 15, 7, 3 and 1 days before the end, at the end, and daily after it; at a start also where one of these points has passed \
              already. After the end, every sign-in is refused and presence stands still. CREDENTIAL_RENEWED follows.",
};

pub(in crate::event) static CREDENTIAL_RENEWED: Entry = Entry {
    severity: Info,
    fields: &[
        always("what", Text, "`client secret`, `certificate` or `password`"),
        maybe("days_left", Number, "whole days until the new one expires, where that is known"),
        maybe("expires_at_ms", Moment, "when the new one expires, where that is known"),
        maybe("source", Text, "as in CREDENTIAL_EXPIRING"),
    ],
    sentence: "The {what} for Microsoft Entra no longer expires soon.",
    remedy: "Nothing to do. Remove the old one in the Entra admin center once nobody uses it.",
    meaning: "Ends CREDENTIAL_EXPIRING: another credential has signed in, or another date is known.",
};

pub(in crate::event) static CREDENTIAL_SWITCHED: Entry = Entry {
    severity: Warning,
    fields: &[
        always("to", Text, "`auth.next` or `auth`: the credential that signed in"),
        always("because", Text, "why the other one is not used"),
        maybe("aadsts", Number, "Microsoft's error number of the other one's refusal"),
    ],
    sentence: "Sign-in goes on with the credential of {to}: {because}.",
    remedy: "auth.next: move what stands there to its place in `auth`, take `auth.next` out, and reload; then the next rotation is prepared. auth: \
             nothing to do.",
    meaning: "The credential of `auth` was refused for a reason that lies in itself (expired, wrong, taken out of the registration) or could not \
              be read, and the one of `auth.next` signed in at once; or a changed credential of `auth` signed in again. Raised once per change.",
};

pub(in crate::event) static ENTRA_UNREACHABLE: Entry = Entry {
    severity: Error,
    fields: &[HOST, STAGE, STATUS, DETAIL, NEXT_TRY],
    sentence: "Microsoft Entra ({host}) cannot be reached or does not answer usefully ({stage}): {detail}.",
    remedy: "Check from this machine, by stage. dns: the name server. proxy: address, user and password of `proxy`. connect: firewall, port \
             443. tls: a gateway that opens TLS needs its certificate authority in `tls.ca_file`; also the clock. status, body: Microsoft's \
             service health page.",
    meaning: "Raised once per outage and again when the stage changes. It is tried again by itself; a token that is still good serves \
              meanwhile. Causes that need somebody have events of their own instead: NAME_UNRESOLVED, PROXY_REFUSES, PROXY_PASSWORD, \
              TLS_UNTRUSTED, TLS_CERTIFICATE. ENTRA_RECOVERED follows.",
};

pub(in crate::event) static CLOCK_WRONG: Entry = Entry {
    severity: Error,
    fields: &[
        always("offset_ms", Number, "by how much this machine is ahead of Microsoft's clock; negative: behind"),
        always("direction", Text, "`ahead` or `behind`"),
        always("difference", Text, "the difference for people, such as `12 min`"),
        always("signing", Flag, "whether signed sign-ins (certificate) are refused because of it"),
    ],
    sentence: "The clock of this machine is {difference} {direction} of Microsoft's ({offset_ms} ms).",
    remedy: "Set the clock and keep it with NTP (for example systemd-timesyncd or chrony). Sign-in with a certificate fails beyond about five \
             minutes.",
    meaning: "Compared with the Date header of each answer of Entra's. Raised beyond 5 minutes, and from 30 seconds on where Entra refuses a \
              signature for its time. Once, until CLOCK_RIGHT.",
};

pub(in crate::event) static CLOCK_RIGHT: Entry = Entry {
    severity: Info,
    fields: &[always("offset_ms", Number, "what is left of the difference; positive: this machine is ahead")],
    sentence: "The clock of this machine is right again, to within {offset_ms} ms.",
    remedy: "Nothing to do.",
    meaning: "Ends CLOCK_WRONG, at a difference of 30 seconds or less. Noticed with the next token, at the latest after about an hour.",
};

const REFUSED_AT: Field = maybe("aadsts", Number, "Microsoft's error number, written AADSTS… in their texts");
const EXPLAINED: Field = maybe("detail", Foreign, "the first line of Microsoft's explanation");
const CORRELATION: Field = maybe("correlation_id", Foreign, "Microsoft's id of the attempt: find it in the sign-in log of Entra");
const SERVING: Field = maybe("serving_until_ms", Moment, "until when a token from before still serves");

pub(in crate::event) static TENANT_ELSEWHERE: Entry = Entry {
    severity: Error,
    fields: &[
        REFUSED_AT,
        always("error", Foreign, "the OAuth error"),
        always("cause", Text, "the cause in plain words"),
        always("advice", Text, "what to do about this cause"),
        always("cloud", Text, "the login host that was asked"),
        NEXT_TRY,
        EXPLAINED,
        CORRELATION,
        SERVING,
    ],
    sentence: "The tenant is not in the Microsoft cloud that was asked ({cloud}): {cause}.",
    remedy: "{advice}",
    meaning: "Entra knows the tenant as one of another cloud (AADSTS90038, 900382, 900432), in place of CREDENTIAL_REFUSED. Tokens of one cloud \
              are worth nothing in another. Tried again as a refused credential; SIGNED_IN follows once it works. A tenant or app that is \
              not known at all (AADSTS90002, 700016) may be in another cloud as well, but is told as CREDENTIAL_REFUSED.",
};

pub(in crate::event) static CONSENT_MISSING: Entry = Entry {
    severity: Error,
    fields: &[
        REFUSED_AT,
        always("error", Foreign, "the OAuth error"),
        always("cause", Text, "the cause in plain words"),
        always("advice", Text, "what to do about this cause"),
        maybe("next_try_at_ms", Moment, "when it is tried again by itself; missing after a code, where nothing is"),
        EXPLAINED,
        CORRELATION,
        SERVING,
    ],
    sentence: "Nobody has consented to what the app needs: {cause}.",
    remedy: "{advice}",
    meaning: "Entra refuses the sign-in for want of consent, or because the registration asks for no permission, in place of CREDENTIAL_REFUSED. \
              Sign-in as the app works without consent; there PERMISSION_MISSING tells. Tried again as a refused credential; SIGNED_IN \
              follows once it works. Where a person has typed a code (`auth.method` device_code), SIGN_IN_ENDED follows at once, and \
              nothing is tried before `tps_sign_in`.",
};

pub(in crate::event) static SECRET_UNREADABLE: Entry = Entry {
    severity: Error,
    fields: &[
        always("key", Text, "the key of the configuration, such as `auth.secret`"),
        always("detail", Foreign, "why; names the file or variable, never what is in it"),
        NEXT_TRY,
    ],
    sentence: "The value of {key} cannot be used: {detail}.",
    remedy: "Put the value where {key} says, readable for the account the telephone system runs as. It is read anew at each sign-in; nothing \
             need be restarted.",
    meaning: "A file or environment variable that holds a secret is missing, unreadable, empty, too large, not UTF-8, or holds the id of a \
              secret instead of its value. A token that is still good serves meanwhile.",
};

pub(in crate::event) static ENTRA_RECOVERED: Entry = Entry {
    severity: Info,
    fields: &[always("outage_ms", Number, "how long it lasted"), ENDS],
    sentence: "Microsoft Entra answers again after {outage_ms} ms.",
    remedy: "Nothing to do.",
    meaning: "Ends ENTRA_UNREACHABLE and the events 115 to 119 for the login host.",
};

pub(in crate::event) static CREDENTIAL_DOUBTFUL: Entry = Entry {
    severity: Warning,
    fields: &[always("key", Text, "the key of the configuration"), always("problem", Text, "what looks wrong; never the value")],
    sentence: "The value of {key} looks wrong: {problem}.",
    remedy: "Compare what {key} holds with the original. It is used as it stands.",
    meaning: "A value that was read from a file or variable has a trait that often means a slip, such as a blank at the end of a password. \
              Raised once per value.",
};
