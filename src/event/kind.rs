//! The kinds of events and their numbers.

use super::catalogue::{directory, graph, host, internal, publish, scope, sign_in, source, state, way};
use super::{Entry, Severity};

macro_rules! kinds {
    ($($variant:ident = $code:literal $group:ident::$name:ident,)+) => {
        /// Which event. The numbers are `TPS_EVENT_*` and never change: 1xx sign-in, 2xx directory, 3xx Graph, 4xx source, 5xx state
        /// file, 6xx host and users, 9xx internal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(i32)]
        #[allow(missing_docs, reason = "the catalogue says more than a line here could")]
        pub enum Kind {
            $($variant = $code,)+
        }

        impl Kind {
            /// Every kind, in the order of the numbers.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)+];

            /// What the catalogue says of it.
            pub fn entry(self) -> &'static Entry {
                match self {
                    $(Kind::$variant => &$group::$name,)+
                }
            }

            /// The constant of the C header.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Kind::$variant => concat!("TPS_EVENT_", stringify!($name)),)+
                }
            }
        }
    };
}

kinds! {
    SignInRequired = 101 sign_in::SIGN_IN_REQUIRED,
    SignedIn = 102 sign_in::SIGNED_IN,
    CredentialRefused = 103 sign_in::CREDENTIAL_REFUSED,
    CredentialExpiring = 104 sign_in::CREDENTIAL_EXPIRING,
    EntraUnreachable = 105 sign_in::ENTRA_UNREACHABLE,
    ClockWrong = 106 sign_in::CLOCK_WRONG,
    SecretUnreadable = 107 sign_in::SECRET_UNREADABLE,
    EntraRecovered = 108 sign_in::ENTRA_RECOVERED,
    CredentialDoubtful = 109 sign_in::CREDENTIAL_DOUBTFUL,
    CredentialRenewed = 110 sign_in::CREDENTIAL_RENEWED,
    CredentialSwitched = 111 sign_in::CREDENTIAL_SWITCHED,
    ClockRight = 112 sign_in::CLOCK_RIGHT,
    TenantElsewhere = 113 sign_in::TENANT_ELSEWHERE,
    ConsentMissing = 114 sign_in::CONSENT_MISSING,
    NameUnresolved = 115 way::NAME_UNRESOLVED,
    ProxyRefuses = 116 way::PROXY_REFUSES,
    ProxyPassword = 117 way::PROXY_PASSWORD,
    TlsUntrusted = 118 way::TLS_UNTRUSTED,
    TlsCertificate = 119 way::TLS_CERTIFICATE,
    SignInEnded = 120 sign_in::SIGN_IN_ENDED,
    SignedOut = 121 sign_in::SIGNED_OUT,
    SamePerson = 122 sign_in::SAME_PERSON,
    DirectoryReport = 201 directory::DIRECTORY_REPORT,
    UserUnmatched = 202 directory::USER_UNMATCHED,
    UserMatched = 203 directory::USER_MATCHED,
    DirectoryUnavailable = 204 directory::DIRECTORY_UNAVAILABLE,
    DirectoryLimited = 205 directory::DIRECTORY_LIMITED,
    DirectoryRecovered = 206 directory::DIRECTORY_RECOVERED,
    PermissionMissing = 301 graph::PERMISSION_MISSING,
    Throttled = 302 graph::THROTTLED,
    GraphUnreachable = 303 graph::GRAPH_UNREACHABLE,
    GraphRecovered = 304 graph::GRAPH_RECOVERED,
    UnknownWord = 305 graph::UNKNOWN_WORD,
    RequestRefused = 306 graph::REQUEST_REFUSED,
    ObjectIdRefused = 307 graph::OBJECT_ID_REFUSED,
    TokenRefused = 308 graph::TOKEN_REFUSED,
    PermissionExcess = 309 graph::PERMISSION_EXCESS,
    PermissionGranted = 310 graph::PERMISSION_GRANTED,
    ThrottlingEnded = 311 graph::THROTTLING_ENDED,
    PresenceRefused = 312 graph::PRESENCE_REFUSED,
    PresenceAllowed = 313 graph::PRESENCE_ALLOWED,
    SourceQuiet = 401 source::SOURCE_QUIET,
    Stale = 402 source::STALE,
    SourceRecovered = 403 source::SOURCE_RECOVERED,
    IntervalStretched = 404 source::INTERVAL_STRETCHED,
    IntervalRestored = 405 source::INTERVAL_RESTORED,
    NotificationsOn = 410 source::NOTIFICATIONS_ON,
    NotificationsOff = 411 source::NOTIFICATIONS_OFF,
    NotificationsMissed = 412 source::NOTIFICATIONS_MISSED,
    SubscriptionRefused = 413 source::SUBSCRIPTION_REFUSED,
    NotificationsForeign = 414 source::NOTIFICATIONS_FOREIGN,
    ListenerFailed = 415 source::LISTENER_FAILED,
    NotSubscribed = 416 source::NOT_SUBSCRIBED,
    ListenerCertificateExpiring = 417 source::LISTENER_CERTIFICATE_EXPIRING,
    ListenerRecovered = 418 source::LISTENER_RECOVERED,
    StateUnavailable = 501 state::STATE_UNAVAILABLE,
    StateSetAside = 502 state::STATE_SET_ASIDE,
    NoStateDir = 503 state::NO_STATE_DIR,
    StateRecovered = 504 state::STATE_RECOVERED,
    AllReleased = 601 host::ALL_RELEASED,
    HostRefuses = 602 host::HOST_REFUSES,
    HostRecovered = 603 host::HOST_RECOVERED,
    SeatsNear = 604 host::SEATS_NEAR,
    SeatsExceeded = 605 host::SEATS_EXCEEDED,
    UserInvalid = 606 host::USER_INVALID,
    ReleaseUndelivered = 607 host::RELEASE_UNDELIVERED,
    RuleSetUnknown = 608 host::RULE_SET_UNKNOWN,
    AcknowledgeTimedOut = 609 host::ACKNOWLEDGE_TIMED_OUT,
    UserGone = 610 host::USER_GONE,
    CallbackSlow = 611 host::CALLBACK_SLOW,
    CallbackMissing = 612 host::CALLBACK_MISSING,
    SeatsRestored = 613 host::SEATS_RESTORED,
    PublishRefused = 620 publish::PUBLISH_REFUSED,
    PublishLeft = 621 publish::PUBLISH_LEFT,
    OptedOut = 630 scope::OPTED_OUT,
    DryRun = 631 scope::DRY_RUN,
    DryRunSummary = 632 scope::DRY_RUN_SUMMARY,
    DryRunDecision = 633 scope::DRY_RUN_DECISION,
    DryRunEnded = 634 scope::DRY_RUN_ENDED,
    ConfigWarning = 901 internal::CONFIG_WARNING,
    TraceEnded = 902 internal::TRACE_ENDED,
    EventsLost = 903 internal::EVENTS_LOST,
    Reloaded = 904 internal::RELOADED,
    Internal = 999 internal::INTERNAL,
}

impl Kind {
    /// The number of the C header.
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        self.entry().severity
    }
}
