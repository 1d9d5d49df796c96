package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** Which event; docs/events.md of the library tells cause and remedy of each. Later versions add some. */
public final class EventCode {
    private EventCode() {
    }

    /** Sign-in, warning. Only with {@code auth.method} device_code. */
    public static final int SIGN_IN_REQUIRED = 101;

    /** Sign-in, info. */
    public static final int SIGNED_IN = 102;

    /** Sign-in, error. Raised at the first refusal and whenever the cause changes. */
    public static final int CREDENTIAL_REFUSED = 103;

    /** Sign-in, warning. */
    public static final int CREDENTIAL_EXPIRING = 104;

    /** Sign-in, error. Raised once per outage and again when the stage changes. */
    public static final int ENTRA_UNREACHABLE = 105;

    /** Sign-in, error. Compared with the Date header of each answer of Entra's. */
    public static final int CLOCK_WRONG = 106;

    /** Sign-in, error. */
    public static final int SECRET_UNREADABLE = 107;

    /** Sign-in, info. Ends ENTRA_UNREACHABLE and the events 115 to 119 for the login host. JSON: outage_ms, ends. */
    public static final int ENTRA_RECOVERED = 108;

    /** Sign-in, warning. */
    public static final int CREDENTIAL_DOUBTFUL = 109;

    /** Sign-in, info. Ends CREDENTIAL_EXPIRING: another credential has signed in, or another date is known. */
    public static final int CREDENTIAL_RENEWED = 110;

    /** Sign-in, warning. */
    public static final int CREDENTIAL_SWITCHED = 111;

    /** Sign-in, info. Ends CLOCK_WRONG, at a difference of 30 seconds or less. */
    public static final int CLOCK_RIGHT = 112;

    /** Sign-in, error. */
    public static final int TENANT_ELSEWHERE = 113;

    /** Sign-in, error. */
    public static final int CONSENT_MISSING = 114;

    /** Sign-in and Graph, error. The name server does not answer, or says that there is no such name. */
    public static final int NAME_UNRESOLVED = 115;

    /** Sign-in and Graph, error. The proxy cannot be reached, or refuses the connection with another status than 407. */
    public static final int PROXY_REFUSES = 116;

    /** Sign-in and Graph, error. The proxy answered 407. */
    public static final int PROXY_PASSWORD = 117;

    /** Sign-in and Graph, error. */
    public static final int TLS_UNTRUSTED = 118;

    /** Sign-in and Graph, error. */
    public static final int TLS_CERTIFICATE = 119;

    /** Sign-in, error. */
    public static final int SIGN_IN_ENDED = 120;

    /** Sign-in, warning. Follows {@code tps_sign_out}. Presence stands still from now on. */
    public static final int SIGNED_OUT = 121;

    /** Sign-in, warning. */
    public static final int SAME_PERSON = 122;

    /** Directory, info. */
    public static final int DIRECTORY_REPORT = 201;

    /** Directory, warning. A user who was matched is not any more, or one added by {@code tps_put_user} was not found. */
    public static final int USER_UNMATCHED = 202;

    /** Directory, info. A user who was unmatched, or was added by {@code tps_put_user}, is served from now on. JSON: object_id, by. */
    public static final int USER_MATCHED = 203;

    /** Directory, warning. Raised once per outage. DIRECTORY_RECOVERED follows. JSON: status, detail, next_try_at_ms. */
    public static final int DIRECTORY_UNAVAILABLE = 204;

    /** Directory, warning. Raised once per start when the sign-in may read only the basic profile of users. */
    public static final int DIRECTORY_LIMITED = 205;

    /** Directory, info. Ends DIRECTORY_UNAVAILABLE. JSON: outage_ms. */
    public static final int DIRECTORY_RECOVERED = 206;

    /** Microsoft Graph, error. Graph answered 403, or the token lacks what is needed. */
    public static final int PERMISSION_MISSING = 301;

    /** Microsoft Graph, warning. Graph answered 429, or 503 with a time to wait. Raised once until THROTTLING_ENDED. */
    public static final int THROTTLED = 302;

    /** Microsoft Graph, error. Raised once per outage and again when the stage changes. It is tried again by itself. */
    public static final int GRAPH_UNREACHABLE = 303;

    /** Microsoft Graph, info. Ends GRAPH_UNREACHABLE and the events 115 to 119 for the Graph host. JSON: outage_ms, ends. */
    public static final int GRAPH_RECOVERED = 304;

    /** Microsoft Graph, warning. Raised once per word and start. JSON: field, word. */
    public static final int UNKNOWN_WORD = 305;

    /** Microsoft Graph, error. An answer that neither waiting nor signing in again will mend. It is tried again slowly. */
    public static final int REQUEST_REFUSED = 306;

    /** Microsoft Graph, warning. A batch was refused and divided until this id stood alone. */
    public static final int OBJECT_ID_REFUSED = 307;

    /** Microsoft Graph, error. Graph answered 401, a new token was fetched, and the answer was 401 again. */
    public static final int TOKEN_REFUSED = 308;

    /** Microsoft Graph, info. Read from the first token after a start. JSON: permissions. */
    public static final int PERMISSION_EXCESS = 309;

    /** Microsoft Graph, info. Ends PERMISSION_MISSING. JSON: permission, needed_for. */
    public static final int PERMISSION_GRANTED = 310;

    /** Microsoft Graph, info. Ends THROTTLED. JSON: throttled_ms. */
    public static final int THROTTLING_ENDED = 311;

    /** Microsoft Graph, error. */
    public static final int PRESENCE_REFUSED = 312;

    /** Microsoft Graph, info. Ends PRESENCE_REFUSED. */
    public static final int PRESENCE_ALLOWED = 313;

    /** Source, warning. Raised once per outage, after 60 seconds. STALE follows if it lasts, SOURCE_RECOVERED when it is over. */
    public static final int SOURCE_QUIET = 401;

    /** Source, error. {@code stale.after_ms} have passed without news. Raised once per outage; SOURCE_RECOVERED follows. */
    public static final int STALE = 402;

    /** Source, info. Ends SOURCE_QUIET and STALE. JSON: quiet_ms. */
    public static final int SOURCE_RECOVERED = 403;

    /** Source, warning. Raised when the interval had to grow to twice what was wanted or more. */
    public static final int INTERVAL_STRETCHED = 404;

    /** Source, info. Ends INTERVAL_STRETCHED. JSON: interval_ms. */
    public static final int INTERVAL_RESTORED = 405;

    /** Source, info. Only with {@code source.mode} notifications, as the six below. */
    public static final int NOTIFICATIONS_ON = 410;

    /** Source, warning. Raised once until NOTIFICATIONS_ON, and again when the cause changes. */
    public static final int NOTIFICATIONS_OFF = 411;

    /** Source, warning. A look at everybody found changes of which no notification came within 75 seconds. */
    public static final int NOTIFICATIONS_MISSED = 412;

    /** Source, error. Graph refuses an account's subscription. */
    public static final int SUBSCRIPTION_REFUSED = 413;

    /** Source, warning. Notifications that are not for this instance, or prove nothing, were refused. */
    public static final int NOTIFICATIONS_FOREIGN = 414;

    /** Source, error. The built-in listener does not work. */
    public static final int LISTENER_FAILED = 415;

    /** Source, info. Users who are polled for good: no room in a subscription, or an account that subscribes itself. */
    public static final int NOT_SUBSCRIBED = 416;

    /** State file, error. The file cannot be opened or written, or a write has not come back for 2 s. */
    public static final int STATE_UNAVAILABLE = 501;

    /** State file, error. A damaged file, or one of a newer version, was renamed and a new one begun. */
    public static final int STATE_SET_ASIDE = 502;

    /** State file, info. Raised once per start. Everything else works without one; a normal stop takes back what was set. */
    public static final int NO_STATE_DIR = 503;

    /** State file, info. Ends STATE_UNAVAILABLE; what changed meanwhile has been written. JSON: path, outage_ms. */
    public static final int STATE_RECOVERED = 504;

    /** Host and users, info. */
    public static final int ALL_RELEASED = 601;

    /** Host and users, warning. Raised after the 5th failure. Other users are not affected. HOST_RECOVERED follows. */
    public static final int HOST_REFUSES = 602;

    /** Host and users, info. Ends HOST_REFUSES. JSON: output, attempts. */
    public static final int HOST_RECOVERED = 603;

    /** Host and users, warning. Raised at 90 percent. JSON: used, limit. */
    public static final int SEATS_NEAR = 604;

    /** Host and users, error. Raised when the limit is passed and when the number left out changes. SEATS_RESTORED follows. */
    public static final int SEATS_EXCEEDED = 605;

    /** Host and users, info. Raised by {@code tps_set_users} and {@code tps_put_user}, once for each cause. */
    public static final int USER_INVALID = 606;

    /** Host and users, error. At a stop each release is offered once; a removed user's for 15 minutes. */
    public static final int RELEASE_UNDELIVERED = 607;

    /** Host and users, warning. Raised once per user and name. JSON: rule_set, known. */
    public static final int RULE_SET_UNKNOWN = 608;

    /** Host and users, warning. Raised at the first time-out of a change; HOST_REFUSES follows if it goes on. */
    public static final int ACKNOWLEDGE_TIMED_OUT = 609;

    /** Host and users, info. Answer TPS_ACK_GONE. Nothing is offered for the user until he is put again. JSON: output. */
    public static final int USER_GONE = 610;

    /** Host and users, warning. Raised for a callback of more than a second, at most once a minute. JSON: callback, took_ms. */
    public static final int CALLBACK_SLOW = 611;

    /** Host and users, info. */
    public static final int CALLBACK_MISSING = 612;

    /** Host and users, info. Ends SEATS_EXCEEDED. JSON: used, limit. */
    public static final int SEATS_RESTORED = 613;

    /** Host and users, warning. */
    public static final int PUBLISH_REFUSED = 620;

    /** Host and users, warning. A stop could not take back within half of its time what was published. */
    public static final int PUBLISH_LEFT = 621;

    /** Host and users, info. Raised by {@code tps_set_users} and a reload when one of the two numbers has changed. */
    public static final int OPTED_OUT = 630;

    /** Host and users, warning. Raised at each start and reload that begins a dry run. */
    public static final int DRY_RUN = 631;

    /** Host and users, info. */
    public static final int DRY_RUN_SUMMARY = 632;

    /** Host and users, info. */
    public static final int DRY_RUN_DECISION = 633;

    /** Host and users, info. Ends DRY_RUN. Everybody's state is delivered as after a start. */
    public static final int DRY_RUN_ENDED = 634;

    /** The library itself, warning. */
    public static final int CONFIG_WARNING = 901;

    /** The library itself, info. The log level {@code trace} costs time and space and is meant for a short look. JSON: level. */
    public static final int TRACE_ENDED = 902;

    /** The library itself, warning. The queue holds 1024 events; the oldest of the lowest severity are dropped first. */
    public static final int EVENTS_LOST = 903;

    /** The library itself, info. Follows each successful {@code tps_reload}. */
    public static final int RELOADED = 904;

    /** The library itself, error. A fault of this library, caught before it could harm the telephone system. */
    public static final int INTERNAL = 999;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case SIGN_IN_REQUIRED: return "SIGN_IN_REQUIRED";
            case SIGNED_IN: return "SIGNED_IN";
            case CREDENTIAL_REFUSED: return "CREDENTIAL_REFUSED";
            case CREDENTIAL_EXPIRING: return "CREDENTIAL_EXPIRING";
            case ENTRA_UNREACHABLE: return "ENTRA_UNREACHABLE";
            case CLOCK_WRONG: return "CLOCK_WRONG";
            case SECRET_UNREADABLE: return "SECRET_UNREADABLE";
            case ENTRA_RECOVERED: return "ENTRA_RECOVERED";
            case CREDENTIAL_DOUBTFUL: return "CREDENTIAL_DOUBTFUL";
            case CREDENTIAL_RENEWED: return "CREDENTIAL_RENEWED";
            case CREDENTIAL_SWITCHED: return "CREDENTIAL_SWITCHED";
            case CLOCK_RIGHT: return "CLOCK_RIGHT";
            case TENANT_ELSEWHERE: return "TENANT_ELSEWHERE";
            case CONSENT_MISSING: return "CONSENT_MISSING";
            case NAME_UNRESOLVED: return "NAME_UNRESOLVED";
            case PROXY_REFUSES: return "PROXY_REFUSES";
            case PROXY_PASSWORD: return "PROXY_PASSWORD";
            case TLS_UNTRUSTED: return "TLS_UNTRUSTED";
            case TLS_CERTIFICATE: return "TLS_CERTIFICATE";
            case SIGN_IN_ENDED: return "SIGN_IN_ENDED";
            case SIGNED_OUT: return "SIGNED_OUT";
            case SAME_PERSON: return "SAME_PERSON";
            case DIRECTORY_REPORT: return "DIRECTORY_REPORT";
            case USER_UNMATCHED: return "USER_UNMATCHED";
            case USER_MATCHED: return "USER_MATCHED";
            case DIRECTORY_UNAVAILABLE: return "DIRECTORY_UNAVAILABLE";
            case DIRECTORY_LIMITED: return "DIRECTORY_LIMITED";
            case DIRECTORY_RECOVERED: return "DIRECTORY_RECOVERED";
            case PERMISSION_MISSING: return "PERMISSION_MISSING";
            case THROTTLED: return "THROTTLED";
            case GRAPH_UNREACHABLE: return "GRAPH_UNREACHABLE";
            case GRAPH_RECOVERED: return "GRAPH_RECOVERED";
            case UNKNOWN_WORD: return "UNKNOWN_WORD";
            case REQUEST_REFUSED: return "REQUEST_REFUSED";
            case OBJECT_ID_REFUSED: return "OBJECT_ID_REFUSED";
            case TOKEN_REFUSED: return "TOKEN_REFUSED";
            case PERMISSION_EXCESS: return "PERMISSION_EXCESS";
            case PERMISSION_GRANTED: return "PERMISSION_GRANTED";
            case THROTTLING_ENDED: return "THROTTLING_ENDED";
            case PRESENCE_REFUSED: return "PRESENCE_REFUSED";
            case PRESENCE_ALLOWED: return "PRESENCE_ALLOWED";
            case SOURCE_QUIET: return "SOURCE_QUIET";
            case STALE: return "STALE";
            case SOURCE_RECOVERED: return "SOURCE_RECOVERED";
            case INTERVAL_STRETCHED: return "INTERVAL_STRETCHED";
            case INTERVAL_RESTORED: return "INTERVAL_RESTORED";
            case NOTIFICATIONS_ON: return "NOTIFICATIONS_ON";
            case NOTIFICATIONS_OFF: return "NOTIFICATIONS_OFF";
            case NOTIFICATIONS_MISSED: return "NOTIFICATIONS_MISSED";
            case SUBSCRIPTION_REFUSED: return "SUBSCRIPTION_REFUSED";
            case NOTIFICATIONS_FOREIGN: return "NOTIFICATIONS_FOREIGN";
            case LISTENER_FAILED: return "LISTENER_FAILED";
            case NOT_SUBSCRIBED: return "NOT_SUBSCRIBED";
            case STATE_UNAVAILABLE: return "STATE_UNAVAILABLE";
            case STATE_SET_ASIDE: return "STATE_SET_ASIDE";
            case NO_STATE_DIR: return "NO_STATE_DIR";
            case STATE_RECOVERED: return "STATE_RECOVERED";
            case ALL_RELEASED: return "ALL_RELEASED";
            case HOST_REFUSES: return "HOST_REFUSES";
            case HOST_RECOVERED: return "HOST_RECOVERED";
            case SEATS_NEAR: return "SEATS_NEAR";
            case SEATS_EXCEEDED: return "SEATS_EXCEEDED";
            case USER_INVALID: return "USER_INVALID";
            case RELEASE_UNDELIVERED: return "RELEASE_UNDELIVERED";
            case RULE_SET_UNKNOWN: return "RULE_SET_UNKNOWN";
            case ACKNOWLEDGE_TIMED_OUT: return "ACKNOWLEDGE_TIMED_OUT";
            case USER_GONE: return "USER_GONE";
            case CALLBACK_SLOW: return "CALLBACK_SLOW";
            case CALLBACK_MISSING: return "CALLBACK_MISSING";
            case SEATS_RESTORED: return "SEATS_RESTORED";
            case PUBLISH_REFUSED: return "PUBLISH_REFUSED";
            case PUBLISH_LEFT: return "PUBLISH_LEFT";
            case OPTED_OUT: return "OPTED_OUT";
            case DRY_RUN: return "DRY_RUN";
            case DRY_RUN_SUMMARY: return "DRY_RUN_SUMMARY";
            case DRY_RUN_DECISION: return "DRY_RUN_DECISION";
            case DRY_RUN_ENDED: return "DRY_RUN_ENDED";
            case CONFIG_WARNING: return "CONFIG_WARNING";
            case TRACE_ENDED: return "TRACE_ENDED";
            case EVENTS_LOST: return "EVENTS_LOST";
            case RELOADED: return "RELOADED";
            case INTERNAL: return "INTERNAL";
            default: return String.valueOf(number);
        }
    }
}
