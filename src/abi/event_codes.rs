//! The numbers of the events. `event::Kind` is the source; a test compares.

/// Sign-in, warning. Only with `auth.method` device_code. Raised with each new code: at a start without a stored sign-in, when Microsoft no
/// longer accepts the stored one (then with `cause`), and for each `tps_sign_in`. While an earlier token still serves, nothing stops yet.
/// SIGNED_IN or SIGN_IN_ENDED follows. JSON: verification_uri, user_code, expires_at_ms, message, cause, aadsts.
pub const TPS_EVENT_SIGN_IN_REQUIRED: i32 = 101;
/// Sign-in, info. Raised at the first sign-in after a start, after a reload or a file that brought a new credential, and after a time of
/// refusals. Not at each renewal. JSON: method, expires_at_ms, permissions.
pub const TPS_EVENT_SIGNED_IN: i32 = 102;
/// Sign-in, error. Raised at the first refusal and whenever the cause changes. A refused credential is not hammered: a secret or
/// certificate is tried again after 1, 5 and 15 minutes and then hourly, a password once and then hourly, a locked account (AADSTS50053)
/// every 4 hours, also across restarts. A reload or a file with another credential tries at once. TENANT_ELSEWHERE and CONSENT_MISSING
/// stand in place of this event for their causes. SIGNED_IN follows once it works. JSON: aadsts, error, cause, advice, next_try_at_ms,
/// detail, correlation_id, remembered, serving_until_ms.
pub const TPS_EVENT_CREDENTIAL_REFUSED: i32 = 103;
/// Sign-in, warning. Raised 30, 15, 7, 3 and 1 days before the end, at the end, and daily after it; at a start also where one of these
/// points has passed already. After the end, every sign-in is refused and presence stands still. CREDENTIAL_RENEWED follows. JSON:
/// days_left, what, source, expires_at_ms, expires, next.
pub const TPS_EVENT_CREDENTIAL_EXPIRING: i32 = 104;
/// Sign-in, error. Raised once per outage and again when the stage changes. It is tried again by itself; a token that is still good
/// serves meanwhile. Causes that need somebody have events of their own instead: NAME_UNRESOLVED, PROXY_REFUSES, PROXY_PASSWORD,
/// TLS_UNTRUSTED, TLS_CERTIFICATE. ENTRA_RECOVERED follows. JSON: host, stage, status, detail, next_try_at_ms.
pub const TPS_EVENT_ENTRA_UNREACHABLE: i32 = 105;
/// Sign-in, error. Compared with the Date header of each answer of Entra's. Raised beyond 5 minutes, and from 30 seconds on where Entra
/// refuses a signature for its time. Once, until CLOCK_RIGHT. JSON: offset_ms, direction, difference, signing.
pub const TPS_EVENT_CLOCK_WRONG: i32 = 106;
/// Sign-in, error. A file or environment variable that holds a secret is missing, unreadable, empty, too large, not UTF-8, or holds the
/// id of a secret instead of its value. A token that is still good serves meanwhile. JSON: key, detail, next_try_at_ms.
pub const TPS_EVENT_SECRET_UNREADABLE: i32 = 107;
/// Sign-in, info. Ends ENTRA_UNREACHABLE and the events 115 to 119 for the login host. JSON: outage_ms, ends.
pub const TPS_EVENT_ENTRA_RECOVERED: i32 = 108;
/// Sign-in, warning. A value that was read from a file or variable has a trait that often means a slip, such as a blank at the end of a
/// password. Raised once per value. JSON: key, problem.
pub const TPS_EVENT_CREDENTIAL_DOUBTFUL: i32 = 109;
/// Sign-in, info. Ends CREDENTIAL_EXPIRING: another credential has signed in, or another date is known. JSON: what, days_left,
/// expires_at_ms, source.
pub const TPS_EVENT_CREDENTIAL_RENEWED: i32 = 110;
/// Sign-in, warning. The credential of `auth` was refused for a reason that lies in itself (expired, wrong, taken out of the
/// registration) or could not be read, and the one of `auth.next` signed in at once; or a changed credential of `auth` signed in again.
/// Raised once per change. JSON: to, because, aadsts.
pub const TPS_EVENT_CREDENTIAL_SWITCHED: i32 = 111;
/// Sign-in, info. Ends CLOCK_WRONG, at a difference of 30 seconds or less. Noticed with the next token, at the latest after about an
/// hour. JSON: offset_ms.
pub const TPS_EVENT_CLOCK_RIGHT: i32 = 112;
/// Sign-in, error. Entra knows the tenant as one of another cloud (AADSTS90038, 900382, 900432), in place of CREDENTIAL_REFUSED. Tokens
/// of one cloud are worth nothing in another. Tried again as a refused credential; SIGNED_IN follows once it works. A tenant or app that
/// is not known at all (AADSTS90002, 700016) may be in another cloud as well, but is told as CREDENTIAL_REFUSED. JSON: aadsts, error,
/// cause, advice, cloud, next_try_at_ms, detail, correlation_id, serving_until_ms.
pub const TPS_EVENT_TENANT_ELSEWHERE: i32 = 113;
/// Sign-in, error. Entra refuses the sign-in for want of consent, or because the registration asks for no permission, in place of
/// CREDENTIAL_REFUSED. Sign-in as the app works without consent; there PERMISSION_MISSING tells. Tried again as a refused credential;
/// SIGNED_IN follows once it works. JSON: aadsts, error, cause, advice, next_try_at_ms, detail, correlation_id, serving_until_ms.
pub const TPS_EVENT_CONSENT_MISSING: i32 = 114;
/// Sign-in and Graph, error. The name server does not answer, or says that there is no such name. Raised once per outage and server, in
/// place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, detail, next_try_at_ms.
pub const TPS_EVENT_NAME_UNRESOLVED: i32 = 115;
/// Sign-in and Graph, error. The proxy cannot be reached, or refuses the connection with another status than 407. Raised once per outage
/// and server, in place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, detail,
/// next_try_at_ms.
pub const TPS_EVENT_PROXY_REFUSES: i32 = 116;
/// Sign-in and Graph, error. The proxy answered 407. Raised once per outage and server, in place of ENTRA_UNREACHABLE or
/// GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, detail, next_try_at_ms.
pub const TPS_EVENT_PROXY_PASSWORD: i32 = 117;
/// Sign-in and Graph, error. The server's certificate comes from an authority that neither this machine nor `tls.ca_file` trusts; nothing
/// was sent. Raised once per outage, server and issuer, in place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or
/// GRAPH_RECOVERED follows. JSON: host, issuer, asked, subject, names, not_before_ms, not_after_ms, detail, next_try_at_ms.
pub const TPS_EVENT_TLS_UNTRUSTED: i32 = 118;
/// Sign-in and Graph, error. The certificate is not for this host or this time (one that is out of its time is not looked at further, so
/// its authority may be an unknown one); nothing was sent. Raised once per outage, server and flaw, in place of ENTRA_UNREACHABLE or
/// GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, flaw, issuer, asked, subject, names, not_before_ms,
/// not_after_ms, detail, next_try_at_ms.
pub const TPS_EVENT_TLS_CERTIFICATE: i32 = 119;
/// Sign-in, error. Only with `auth.method` device_code: the code ran out, the person declined, or Microsoft refused the account. No further
/// code is asked for until `tps_sign_in`, a reload with another credential, or the next start. JSON: aadsts, error, cause, advice, detail,
/// correlation_id.
pub const TPS_EVENT_SIGN_IN_ENDED: i32 = 120;
/// Sign-in, warning. Follows `tps_sign_out`. Presence stands still from now on. At Microsoft the sign-in goes on until it is revoked there
/// or runs out. JSON: nothing beside code and name.
pub const TPS_EVENT_SIGNED_OUT: i32 = 121;
/// Sign-in, warning. Two accounts of notifications are signed in as the same person, who can have one subscription only: the later one is
/// not used. Raised once for each pair; over with the next SIGNED_IN of either as somebody else. JSON: account, other.
pub const TPS_EVENT_SAME_PERSON: i32 = 122;

/// Directory, info. How all users stand: after the first round of a start, after a `tps_set_users` with somebody to search, after
/// `tps_refresh` of everything, and where more than 20 users change at once. Other changes come singly as USER_MATCHED and USER_UNMATCHED. JSON: users, matched, unmatched, ambiguous, guests, disabled,
/// without_address, opted_out, unmatched_users, ambiguous_users, guest_users, disabled_users.
pub const TPS_EVENT_DIRECTORY_REPORT: i32 = 201;
/// Directory, warning. A user who was matched is not any more, or one added by `tps_put_user` was not found. What is owned is released. JSON:
/// cause, hits.
pub const TPS_EVENT_USER_UNMATCHED: i32 = 202;
/// Directory, info. A user who was unmatched, or was added by `tps_put_user`, is served from now on. JSON: object_id, by.
pub const TPS_EVENT_USER_MATCHED: i32 = 203;
/// Directory, warning. Raised once per outage. DIRECTORY_RECOVERED follows. JSON: status, detail, next_try_at_ms.
pub const TPS_EVENT_DIRECTORY_UNAVAILABLE: i32 = 204;
/// Directory, warning. Raised once per start when the sign-in may read only the basic profile of users. Other addresses (aliases), guests
/// and disabled accounts cannot be told then. JSON: permission, untold.
pub const TPS_EVENT_DIRECTORY_LIMITED: i32 = 205;
/// Directory, info. Ends DIRECTORY_UNAVAILABLE. JSON: outage_ms.
pub const TPS_EVENT_DIRECTORY_RECOVERED: i32 = 206;

/// Microsoft Graph, error. Graph answered 403, or the token lacks what is needed. Raised once per permission; PERMISSION_GRANTED follows.
/// JSON: permission, permission_type, needed_for, granted, status, error, request_id.
pub const TPS_EVENT_PERMISSION_MISSING: i32 = 301;
/// Microsoft Graph, warning. Graph answered 429, or 503 with a time to wait. Raised once until THROTTLING_ENDED. Presence comes late
/// meanwhile. JSON: endpoint, retry_after_ms, stated.
pub const TPS_EVENT_THROTTLED: i32 = 302;
/// Microsoft Graph, error. Raised once per outage and again when the stage changes. It is tried again by itself. SOURCE_QUIET and STALE
/// tell what it does to presence. Causes that need somebody have events of their own instead: 115 to 119. GRAPH_RECOVERED follows. JSON:
/// host, stage, status, detail, next_try_at_ms.
pub const TPS_EVENT_GRAPH_UNREACHABLE: i32 = 303;
/// Microsoft Graph, info. Ends GRAPH_UNREACHABLE and the events 115 to 119 for the Graph host. JSON: outage_ms, ends.
pub const TPS_EVENT_GRAPH_RECOVERED: i32 = 304;
/// Microsoft Graph, warning. Raised once per word and start. JSON: field, word.
pub const TPS_EVENT_UNKNOWN_WORD: i32 = 305;
/// Microsoft Graph, error. An answer that neither waiting nor signing in again will mend. It is tried again slowly. Raised once per
/// status and error. JSON: endpoint, status, error, detail, next_try_at_ms, request_id.
pub const TPS_EVENT_REQUEST_REFUSED: i32 = 306;
/// Microsoft Graph, warning. A batch was refused and divided until this id stood alone. The user is left out of the others'
/// requests, and asked about again after 5 minutes, then after twice as long each time, at most an hour; or at once with another id. JSON:
/// object_id, status.
pub const TPS_EVENT_OBJECT_ID_REFUSED: i32 = 307;
/// Microsoft Graph, error. Graph answered 401, a new token was fetched, and the answer was 401 again. JSON: error, detail,
/// next_try_at_ms, request_id.
pub const TPS_EVENT_TOKEN_REFUSED: i32 = 308;
/// Microsoft Graph, info. Read from the first token after a start. JSON: permissions.
pub const TPS_EVENT_PERMISSION_EXCESS: i32 = 309;
/// Microsoft Graph, info. Ends PERMISSION_MISSING. JSON: permission, needed_for.
pub const TPS_EVENT_PERMISSION_GRANTED: i32 = 310;
/// Microsoft Graph, info. Ends THROTTLED. JSON: throttled_ms.
pub const TPS_EVENT_THROTTLING_ENDED: i32 = 311;
/// Microsoft Graph, error. Graph answered 403 to a token that carries the permission: a licence is missing, or a policy forbids it. A
/// single user without a Teams licence causes no error: his presence is unknown. Raised once; PRESENCE_ALLOWED follows. JSON: error,
/// granted, status, detail, next_try_at_ms, request_id.
pub const TPS_EVENT_PRESENCE_REFUSED: i32 = 312;
/// Microsoft Graph, info. Ends PRESENCE_REFUSED.
pub const TPS_EVENT_PRESENCE_ALLOWED: i32 = 313;

/// Source, warning. Raised once per outage, after 60 seconds. STALE follows if it lasts, SOURCE_RECOVERED when it is over. JSON:
/// quiet_ms, last_good_at_ms, stale_after_ms.
pub const TPS_EVENT_SOURCE_QUIET: i32 = 401;
/// Source, error. `stale.after_ms` have passed without news. Raised once per outage; SOURCE_RECOVERED follows. JSON: users, policy,
/// oldest_at_ms.
pub const TPS_EVENT_STALE: i32 = 402;
/// Source, info. Ends SOURCE_QUIET and STALE. JSON: quiet_ms.
pub const TPS_EVENT_SOURCE_RECOVERED: i32 = 403;
/// Source, warning. Raised when the interval had to grow to twice what was wanted or more. JSON: interval_ms, wanted_ms, cause.
pub const TPS_EVENT_INTERVAL_STRETCHED: i32 = 404;
/// Source, info. Ends INTERVAL_STRETCHED. JSON: interval_ms.
pub const TPS_EVENT_INTERVAL_RESTORED: i32 = 405;
/// Source, info. Only with `source.mode` notifications, as the six below. An account's subscription has begun to deliver; its users are
/// polled at `source.watchdog_interval_ms` only. Not at each renewal. Ends NOTIFICATIONS_OFF, NOTIFICATIONS_MISSED and
/// SUBSCRIPTION_REFUSED of the account. JSON: account, users, content, expires_at_ms, off_ms.
pub const TPS_EVENT_NOTIFICATIONS_ON: i32 = 410;
/// Source, warning. Raised once until NOTIFICATIONS_ON, and again when the cause changes. The users are polled at
/// `source.poll_interval_ms`. JSON: account, users, cause, detail, next_try_at_ms.
pub const TPS_EVENT_NOTIFICATIONS_OFF: i32 = 411;
/// Source, warning. A look at everybody found changes of which no notification came within 75 seconds. It is subscribed anew and polled
/// meanwhile. Raised at the first time and then at most every 10 minutes; NOTIFICATIONS_ON follows after proof. JSON: account, missed,
/// users, resubscribed.
pub const TPS_EVENT_NOTIFICATIONS_MISSED: i32 = 412;
/// Source, error. Graph refuses an account's subscription. Raised once for each step and cause until NOTIFICATIONS_ON; tried again slowly.
/// JSON: account, step, cause, status, error, detail, next_try_at_ms, request_id.
pub const TPS_EVENT_SUBSCRIPTION_REFUSED: i32 = 413;
/// Source, warning. Notifications that are not for this instance, or prove nothing, were refused. Raised at the first one and then at most
/// once an hour. JSON: count, period_ms, malformed, unknown, unproved.
pub const TPS_EVENT_NOTIFICATIONS_FOREIGN: i32 = 414;
/// Source, error. The built-in listener does not work. Raised once per step until LISTENER_RECOVERED; it is begun again by itself. JSON:
/// address, step, detail, next_try_at_ms.
pub const TPS_EVENT_LISTENER_FAILED: i32 = 415;
/// Source, info. Users who are polled for good: no room in a subscription, or an account that subscribes itself. Raised when one of the
/// numbers has changed and stood for a minute. JSON: users, without_room, service_accounts, user_ids.
pub const TPS_EVENT_NOT_SUBSCRIBED: i32 = 416;
/// Source, warning. The certificate that the built-in listener shows ends soon, or has ended: then no notification comes any more. Raised 30,
/// 15, 7, 3 and 1 days before, at the end, and daily after it, until LISTENER_RECOVERED. A renewed file is read by itself. JSON: address,
/// certificate, days_left, expires_at_ms, expires.
pub const TPS_EVENT_LISTENER_CERTIFICATE_EXPIRING: i32 = 417;
/// Source, info. Ends LISTENER_FAILED of the same step (bind, certificate, serve), and LISTENER_CERTIFICATE_EXPIRING (expiring). JSON:
/// address, step.
pub const TPS_EVENT_LISTENER_RECOVERED: i32 = 418;

/// State file, error. The file cannot be opened or written, or a write has not come back for 2 s. Everything goes on without the memory
/// across a crash: do-not-disturb set meanwhile may be taken for a person's after the next start. Tried again by itself. JSON: path,
/// detail, writing.
pub const TPS_EVENT_STATE_UNAVAILABLE: i32 = 501;
/// State file, error. A damaged file, or one of a newer version, was renamed and a new one begun. Found at a start, the new one is empty:
/// what was owned before counts as set by a person. JSON: path, moved_to, detail.
pub const TPS_EVENT_STATE_SET_ASIDE: i32 = 502;
/// State file, info. Raised once per start. Everything else works without one; a normal stop takes back what was set.
pub const TPS_EVENT_NO_STATE_DIR: i32 = 503;
/// State file, info. Ends STATE_UNAVAILABLE; what changed meanwhile has been written. JSON: path, outage_ms.
pub const TPS_EVENT_STATE_RECOVERED: i32 = 504;

/// Host and users, info. Follows `tps_set_enabled(0)` and a reload with `"enabled": false` once the last answer of the telephone system
/// has come. JSON: users, undelivered.
pub const TPS_EVENT_ALL_RELEASED: i32 = 601;
/// Host and users, warning. Raised after the 5th failure. Other users are not affected. HOST_RECOVERED follows. JSON: output, attempts,
/// answer.
pub const TPS_EVENT_HOST_REFUSES: i32 = 602;
/// Host and users, info. Ends HOST_REFUSES. JSON: output, attempts.
pub const TPS_EVENT_HOST_RECOVERED: i32 = 603;
/// Host and users, warning. Raised at 90 percent. JSON: used, limit.
pub const TPS_EVENT_SEATS_NEAR: i32 = 604;
/// Host and users, error. Raised when the limit is passed and when the number left out changes. SEATS_RESTORED follows. JSON: used,
/// limit, over_limit, left_out, left_out_users.
pub const TPS_EVENT_SEATS_EXCEEDED: i32 = 605;
/// Host and users, info. Raised by `tps_set_users` and `tps_put_user`, once for each cause. The rest of the list is not affected. JSON:
/// cause, count, users.
pub const TPS_EVENT_USER_INVALID: i32 = 606;
/// Host and users, error. At a stop each release is offered once; a removed user's for 15 minutes. JSON: cause, count, users.
pub const TPS_EVENT_RELEASE_UNDELIVERED: i32 = 607;
/// Host and users, warning. Raised once per user and name. JSON: rule_set, known.
pub const TPS_EVENT_RULE_SET_UNKNOWN: i32 = 608;
/// Host and users, warning. Raised at the first time-out of a change; HOST_REFUSES follows if it goes on. JSON: output, timeout_ms.
pub const TPS_EVENT_ACKNOWLEDGE_TIMED_OUT: i32 = 609;
/// Host and users, info. Answer TPS_ACK_GONE. Nothing is offered for the user until he is put again. JSON: output.
pub const TPS_EVENT_USER_GONE: i32 = 610;
/// Host and users, warning. Raised for a callback of more than a second, at most once a minute. JSON: callback, took_ms.
pub const TPS_EVENT_CALLBACK_SLOW: i32 = 611;
/// Host and users, info. Raised once per start for each output that has no callback; for `on_queue_dnd` only where rules name `queue`, also
/// by a reload that brings the first such rule. JSON: callback.
pub const TPS_EVENT_CALLBACK_MISSING: i32 = 612;
/// Host and users, info. Ends SEATS_EXCEEDED. JSON: used, limit.
pub const TPS_EVENT_SEATS_RESTORED: i32 = 613;
/// Host and users, warning. An answer to setPresence or clearPresence that is neither a missing permission (PERMISSION_MISSING) nor an
/// outage. It is tried again slowly while the call lasts. Raised once per status and error. JSON: status, error, detail, next_try_at_ms,
/// request_id.
pub const TPS_EVENT_PUBLISH_REFUSED: i32 = 620;
/// Host and users, warning. A stop could not take back within half of its time what was published. The next start does it, if it comes
/// before that. JSON: cause, persons, until_ms.
pub const TPS_EVENT_PUBLISH_LEFT: i32 = 621;
/// Host and users, info. Raised by `tps_set_users` and a reload when one of the two numbers has changed. `tps_explain` without a user tells
/// each one. JSON: users, opted_out_users, entries_without_user, unknown_user_ids.
pub const TPS_EVENT_OPTED_OUT: i32 = 630;
/// Host and users, warning. Raised at each start and reload that begins a dry run. What had been set from Teams is taken back first.
/// DRY_RUN_ENDED follows.
pub const TPS_EVENT_DRY_RUN: i32 = 631;
/// Host and users, info. Raised 10 seconds after the first decisions of a dry run, and then once a minute if there were first decisions
/// again, or more later ones than are told singly (60 a minute). JSON: users, dnd_on, dnd_on_users, chat, first, untold.
pub const TPS_EVENT_DRY_RUN_SUMMARY: i32 = 632;
/// Host and users, info. Raised when a decision about a user changes, once for both outputs together, at most 60 times a minute for all
/// users. The first decisions after the start, and what goes beyond that number, are in DRY_RUN_SUMMARY. JSON: would, because, dnd, chat,
/// dnd_rule, chat_rule, availability, activity.
pub const TPS_EVENT_DRY_RUN_DECISION: i32 = 633;
/// Host and users, info. Ends DRY_RUN. Everybody's state is delivered as after a start.
pub const TPS_EVENT_DRY_RUN_ENDED: i32 = 634;

/// The library itself, warning. Found while reading the configuration; raised after each start and reload, one event for each. JSON:
/// path, problem.
pub const TPS_EVENT_CONFIG_WARNING: i32 = 901;
/// The library itself, info. The log level `trace` costs time and space and is meant for a short look. JSON: level.
pub const TPS_EVENT_TRACE_ENDED: i32 = 902;
/// The library itself, warning. The queue holds 1024 events; the oldest of the lowest severity are dropped first. JSON: lost.
pub const TPS_EVENT_EVENTS_LOST: i32 = 903;
/// The library itself, info. Follows each successful `tps_reload`.
pub const TPS_EVENT_RELOADED: i32 = 904;
/// The library itself, error. A fault of this library, caught before it could harm the telephone system. JSON: place, detail.
pub const TPS_EVENT_INTERNAL: i32 = 999;
