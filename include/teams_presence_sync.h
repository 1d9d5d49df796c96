/*
 * teams_presence_sync.h - Microsoft Teams presence inside telephone systems
 *
 * Generated from src/abi of the library; TPS_UPDATE_HEADER=1 cargo build writes it anew. Licence: MIT OR Apache-2.0.
 *
 * 1. WHAT IT IS
 *
 *    A library for the process of a PBX or contact centre. The host hands it a configuration and its users with their e-mail addresses. The
 *    library signs in to Microsoft Entra, finds those users in Microsoft 365, follows their Teams presence, turns it by rules into
 *    do-not-disturb (DND) and chat state, and calls the host back whenever one of the two must change. Where rules name it, the DND for the
 *    calls of queues is a third, apart from the other DND (on_queue_dnd). No daemon, no inbound port, no database server.
 *
 * 2. FIVE MINUTES
 *
 *      #include <stdio.h>
 *      #include <string.h>
 *      #include <teams_presence_sync.h>
 *
 *      static int32_t on_dnd(void *user_data, const tps_dnd_change *change) {
 *        (void)user_data;                             // what callbacks.user_data was set to
 *        printf("%s: DND %s\n", change->user_id, change->dnd == TPS_DND_ON ? "on" : "off");
 *        return TPS_ACK_APPLIED;                      // done; see TPS_ACK_* for the other answers
 *      }
 *
 *      int main(void) {
 *        const char *config = "{\"mode\":\"presence_sync\",\"tenant_id\":\"contoso.example\",\"client_id\":\"<application id>\","
 *                             "\"auth\":{\"method\":\"client_secret\",\"secret\":{\"file\":\"/etc/pbx/teams-secret\"}}}";
 *        tps_callbacks callbacks = TPS_CALLBACKS_INIT;
 *        tps_user user = TPS_USER_INIT;
 *        tps_sync *sync;
 *        char err[512];
 *        callbacks.on_dnd = on_dnd;
 *        user.user_id = "101";
 *        user.email = "anna@contoso.example";
 *        if (tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err) != TPS_OK) return puts(err), 1;
 *        if (tps_set_users(sync, &user, 1, err, sizeof err) != TPS_OK) return puts(err), 1;
 *        if (tps_start(sync, err, sizeof err) != TPS_OK) return puts(err), 1;
 *        getchar();                                   // callbacks come from a thread of the library until Enter is pressed
 *        while (tps_stop(sync, 5000) == TPS_E_TIMEOUT) puts("waiting for callbacks");
 *        return tps_destroy(sync);
 *      }
 *
 *    cc host.c -lteams_presence_sync. The same against the simulator, without a tenant: README.md. What an administrator must prepare in
 *    Entra: docs/entra-setup.md. All keys of the configuration: docs/configuration.md. How the library comes to its decisions: docs/dnd.md.
 *    Recipes for hosts: docs/hosting.md.
 *
 * 3. SEVEN GUARANTEES
 *
 *    1  No callback after stop. When tps_stop has answered TPS_OK, no callback is running and none will run until the next tps_start (but
 *       on_released from tps_destroy). Any other answer: keep user_data alive and call again. A stop is bounded by its timeout even while a
 *       host callback, DNS or a disk hangs. TPS_E_TIMEOUT means that callbacks of the host (one that hangs, or all that are still due
 *       together) or a disk take longer than that time; nothing in the network causes it.
 *    2  Callbacks of one instance never overlap, on_log and on_event included, never run on a thread that does network I/O, never under a
 *       lock of the library. They come from one thread of the library ("dispatch": {"mode": "thread"}, the default), or inside the host's
 *       tps_dispatch ("poll"; there tps_stop runs the remaining ones on its caller's thread), or from one thread shared by many instances
 *       ("shared"). on_presence comes before the on_dnd of the same observation, on_queue_dnd after it.
 *    3  Re-entrancy is answered, not deadlocked. tps_stop, tps_destroy, tps_dispatch and tps_check inside a callback answer
 *       TPS_E_REENTRANT, whichever instance they name; every other call is allowed there. Every function may be called from any thread at any time, tps_destroy
 *       included.
 *    4  The newest wins, in order. For each user the host sees states in the order they were decided; states in between may be skipped; the
 *       newest is never lost. RETRY is offered again after 1 s, doubling to 60 s, at once on tps_refresh and tps_put_user; other users go on
 *       meanwhile. PENDING without tps_acknowledge within dispatch.ack_timeout_ms (30 s) counts as RETRY. One change per user and output is
 *       out at a time. Memory is bounded by the number of users, never by the number of changes.
 *    5  The host process survives. No panic crosses this boundary; no signal handler, atexit, environment, locale or umask is touched; no
 *       SIGPIPE reaches the host. In a forked child inherited handles answer TPS_E_FORKED, and a fresh tps_create works. dlclose is safe:
 *       the shared library stays mapped (NODELETE). A module that links the static library must be linked with
 *       -z nodelete --exclude-libs ALL (docs/hosting.md, Loading and unloading). TLS is the library's own (rustls); no OpenSSL is loaded.
 *    6  Memory has one owner. Texts passed in are copied before the call returns. Texts passed to a callback live as long as the callback.
 *       Answers are copied into the caller's buffer (*len in and out; TPS_E_TOO_SMALL tells the size). err is always ended by a NUL, cut
 *       at a character, and may be NULL. Nothing has to be freed by the host but what it allocated itself.
 *    7  Versioned. Every struct begins with struct_size. In: a shorter one means that the rest is zero; a longer one is accepted where what
 *       this version does not know is zero; one below the first version's size, not a multiple of 8 or over 4096 answers TPS_E_ABI. All
 *       elements of an array have the first's struct_size. Out: struct_size bytes are zeroed, then filled. The configuration is part of
 *       this: within a major version a valid document stays valid and means the same.
 *
 * 4. STATES
 *
 *                      New     Running   Stopping   Stopped
 *      tps_start       yes     -         -          yes          - = TPS_E_STATE
 *      tps_stop        yes     yes       yes        yes          New becomes Stopped; a stop that timed out is still Stopping
 *      tps_destroy     yes     -         -          yes
 *      set, put, remove, reload, set_enabled, report
 *                      yes     yes       -          yes
 *      tps_refresh     -       yes       -          -
 *      tps_deliver_notification
 *                      -       yes       -          -            only with "source": {"mode": "notifications"}
 *      tps_sign_in     -       yes       -          -            also tps_sign_out; only where a person signs in
 *      tps_dispatch    -       yes       -          -            only in poll mode
 *      tps_acknowledge yes     yes       yes        yes          TPS_E_NOT_FOUND where nothing waits
 *      tps_get_state, tps_explain, tps_stats, tps_set_log_level, tps_event_fd (poll mode)
 *                      yes     yes       yes        yes
 *
 * 5. THREADS
 *
 *    Any thread may call any function; small stacks will do, since no call runs network code. Only tps_stop, tps_dispatch and tps_check
 *    may block, each bounded by its argument. tps_create, tps_start and tps_reload may touch the disk. The others copy and return. The library's own threads
 *    block every asynchronous signal. Callbacks may block, at the price of the later ones. Do not hold a lock in tps_stop that a callback
 *    takes: module systems that call unload under their own lock are the classic case.
 *
 * 6. ERRORS
 *
 *    A call that is wrong in itself (NULL, not UTF-8, bad struct_size, negative time) is refused as a whole: the text names the argument, for
 *    instance "users[17].email: not UTF-8", and nothing was changed. What is wrong with the data of one user (no or a malformed address, a
 *    malformed object id, a second entry with the same user_id) is accepted: that entry is not served, and an event says why. An unknown
 *    rule set means the default rules, and an event. What goes wrong later, in the network or in Entra, comes as events with a code, an English sentence and a remedy. The library
 *    recovers by itself from whatever can recover; no restart is ever needed for that.
 *
 * 7. CONVENTIONS
 *
 *    Times are milliseconds since 1970-01-01 UTC, 0 = never. Durations are milliseconds. Texts are UTF-8. 0 means "unknown, none, default"
 *    in every family of numbers and in every field. Constants are numbers, never a C enum, and later minor versions add some: bear those
 *    you do not know. Reserved fields are 0. Within a major version nothing here is renumbered, reordered or removed; fields are added at
 *    the end of structs, functions and constants anywhere.
 */

#ifndef TEAMS_PRESENCE_SYNC_H
#define TEAMS_PRESENCE_SYNC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The version of this interface: major << 16 | minor. */
#define TPS_ABI_VERSION 0x00010000u

/**
 * Done.
 */
#define TPS_OK 0

/**
 * An argument is wrong: NULL where something must be, not UTF-8, a negative time, an empty id, a nonzero `reserved`. The text names it,
 * for instance `users[17].email: not UTF-8`. Nothing was changed. A programming mistake of the host.
 */
#define TPS_E_INVALID_ARG (-1)

/**
 * The configuration is wrong. The text names the path of the key and what is allowed. Nothing was changed.
 */
#define TPS_E_CONFIG (-2)

/**
 * No such instance: the handle is NULL, was never given out, or its instance was destroyed.
 */
#define TPS_E_HANDLE (-3)

/**
 * Not in this state: see the table of states on the first page.
 */
#define TPS_E_STATE (-4)

/**
 * Called inside a callback, of whichever instance, where it would wait for itself. Tell a thread of yours to do it.
 */
#define TPS_E_REENTRANT (-5)

/**
 * `tps_stop` only: a callback of the host or the disk has not come back in time. Callbacks may still run: keep `user_data` alive and call
 * again.
 */
#define TPS_E_TIMEOUT (-6)

/**
 * The buffer is too small; `*len` tells the size needed. Nothing was written.
 */
#define TPS_E_TOO_SMALL (-7)

/**
 * No such user, or no such change is waiting for an answer.
 */
#define TPS_E_NOT_FOUND (-8)

/**
 * Several users have this e-mail address: ask by `user_id`.
 */
#define TPS_E_AMBIGUOUS (-9)

/**
 * The new configuration differs in keys that an instance keeps for its life, running or not; the text names them. Nothing was changed:
 * stop, destroy and create anew.
 */
#define TPS_E_NEEDS_RESTART (-10)

/**
 * The caller was compiled for another major version, or a `struct_size` breaks the rules of guarantee 7.
 */
#define TPS_E_ABI (-11)

/**
 * The handle was made before a `fork`, in the parent. It is of no use in the child; `tps_create` works there.
 */
#define TPS_E_FORKED (-12)

/**
 * Another process, or another instance of this one, works with the same state directory. The text names its process id.
 */
#define TPS_E_LOCKED (-13)

/**
 * The operating system refused something: a thread, a descriptor, memory. The text tells which.
 */
#define TPS_E_SYSTEM (-14)

/**
 * A fault of this library, caught at its boundary. The call may have been done in part; the instance goes on. Report it.
 */
#define TPS_E_INTERNAL (-99)

/**
 * Not known: no presence yet, or a word that this version does not know. 0 is "unknown / none / default" in every family and every field.
 * Hosts must bear values they do not know.
 */
#define TPS_AVAILABILITY_UNKNOWN 0

/**
 * Reachable. `AvailableIdle` arrives as this; its word stays in `availability_text`.
 */
#define TPS_AVAILABILITY_AVAILABLE 1

/**
 * Away from the machine.
 */
#define TPS_AVAILABILITY_AWAY 2

/**
 * Away for a moment.
 */
#define TPS_AVAILABILITY_BE_RIGHT_BACK 3

/**
 * Occupied; the activity says with what. `BusyIdle` arrives as this.
 */
#define TPS_AVAILABILITY_BUSY 4

/**
 * Wants no calls.
 */
#define TPS_AVAILABILITY_DO_NOT_DISTURB 5

/**
 * Not signed in, or hidden.
 */
#define TPS_AVAILABILITY_OFFLINE 6

/**
 * None, or a word that this version does not know; the word itself is in `activity_text`.
 */
#define TPS_ACTIVITY_UNKNOWN 0

/**
 * As the availability.
 */
#define TPS_ACTIVITY_AVAILABLE 1

/**
 * As the availability.
 */
#define TPS_ACTIVITY_AWAY 2

/**
 * As the availability.
 */
#define TPS_ACTIVITY_BE_RIGHT_BACK 3

/**
 * Busy by hand or by the calendar.
 */
#define TPS_ACTIVITY_BUSY 4

/**
 * Set by hand.
 */
#define TPS_ACTIVITY_DO_NOT_DISTURB 5

/**
 * Focus time.
 */
#define TPS_ACTIVITY_FOCUSING 6

/**
 * In a call with one other person.
 */
#define TPS_ACTIVITY_IN_A_CALL 7

/**
 * In a call with several others.
 */
#define TPS_ACTIVITY_IN_A_CONFERENCE_CALL 8

/**
 * In a meeting of the calendar.
 */
#define TPS_ACTIVITY_IN_A_MEETING 9

/**
 * Idle; also `AvailableInactive`.
 */
#define TPS_ACTIVITY_INACTIVE 10

/**
 * Not signed in.
 */
#define TPS_ACTIVITY_OFFLINE 11

/**
 * Appears offline by choice.
 */
#define TPS_ACTIVITY_OFF_WORK 12

/**
 * Out of office.
 */
#define TPS_ACTIVITY_OUT_OF_OFFICE 13

/**
 * Shares the screen.
 */
#define TPS_ACTIVITY_PRESENTING 14

/**
 * Only urgent messages come through.
 */
#define TPS_ACTIVITY_URGENT_INTERRUPTIONS_ONLY 15

/**
 * `tps_presence.source`: a poll answer.
 */
#define TPS_SOURCE_POLL 1

/**
 * `tps_presence.source`: a change notification.
 */
#define TPS_SOURCE_NOTIFICATION 2

/**
 * Something does not work. The default level.
 */
#define TPS_LOG_ERROR 1

/**
 * Something may stop working.
 */
#define TPS_LOG_WARN 2

/**
 * What an administrator did or would want to have seen.
 */
#define TPS_LOG_INFO 3

/**
 * Each decision. Lines of this level and the next may name e-mail addresses.
 */
#define TPS_LOG_DEBUG 4

/**
 * Each step. Falls back by itself after 30 minutes.
 */
#define TPS_LOG_TRACE 5

/**
 * `tps_event.severity`: nothing to do.
 */
#define TPS_SEVERITY_INFO 1

/**
 * `tps_event.severity`: works, but somebody should look before it does not.
 */
#define TPS_SEVERITY_WARNING 2

/**
 * `tps_event.severity`: does not work, in whole or for the user named.
 */
#define TPS_SEVERITY_ERROR 3

/**
 * Why a change is asked for: a rule decided so.
 */
#define TPS_REASON_RULE 1

/**
 * The first decision after a start, or `tps_user.host_dnd` said otherwise.
 */
#define TPS_REASON_RESYNC 2

/**
 * The presence is older than `stale.after_ms`.
 */
#define TPS_REASON_STALE 3

/**
 * The instance was disabled.
 */
#define TPS_REASON_DISABLED 4

/**
 * The host removed the user.
 */
#define TPS_REASON_REMOVED 5

/**
 * Entra knows nobody of that address any more, or has disabled the account.
 */
#define TPS_REASON_UNMATCHED 6

/**
 * No seat is left for the user.
 */
#define TPS_REASON_SEATS 7

/**
 * The instance stops.
 */
#define TPS_REASON_STOPPING 8

/**
 * Dry run was switched on.
 */
#define TPS_REASON_DRY_RUN 9

/**
 * The user was put on the opt-out list.
 */
#define TPS_REASON_OPTED_OUT 10

/**
 * Sign-in, warning. Only with `auth.method` device_code. Raised with each new code: at a start without a stored sign-in, when Microsoft no
 * longer accepts the stored one (then with `cause`), and for each `tps_sign_in`. While an earlier token still serves, nothing stops yet.
 * SIGNED_IN or SIGN_IN_ENDED follows. JSON: verification_uri, user_code, expires_at_ms, message, cause, aadsts.
 */
#define TPS_EVENT_SIGN_IN_REQUIRED 101

/**
 * Sign-in, info. Raised at the first sign-in after a start, after a reload or a file that brought a new credential, and after a time of
 * refusals. Not at each renewal. JSON: method, expires_at_ms, permissions.
 */
#define TPS_EVENT_SIGNED_IN 102

/**
 * Sign-in, error. Raised at the first refusal and whenever the cause changes. A refused credential is not hammered: a secret or
 * certificate is tried again after 1, 5 and 15 minutes and then hourly, a password once and then hourly, a locked account (AADSTS50053)
 * every 4 hours, also across restarts. A reload or a file with another credential tries at once. TENANT_ELSEWHERE and CONSENT_MISSING
 * stand in place of this event for their causes. SIGNED_IN follows once it works. JSON: aadsts, error, cause, advice, next_try_at_ms,
 * detail, correlation_id, remembered, serving_until_ms.
 */
#define TPS_EVENT_CREDENTIAL_REFUSED 103

/**
 * Sign-in, warning. Raised 30, 15, 7, 3 and 1 days before the end, at the end, and daily after it; at a start also where one of these
 * points has passed already. After the end, every sign-in is refused and presence stands still. CREDENTIAL_RENEWED follows. JSON:
 * days_left, what, source, expires_at_ms, expires, next.
 */
#define TPS_EVENT_CREDENTIAL_EXPIRING 104

/**
 * Sign-in, error. Raised once per outage and again when the stage changes. It is tried again by itself; a token that is still good
 * serves meanwhile. Causes that need somebody have events of their own instead: NAME_UNRESOLVED, PROXY_REFUSES, PROXY_PASSWORD,
 * TLS_UNTRUSTED, TLS_CERTIFICATE. ENTRA_RECOVERED follows. JSON: host, stage, status, detail, next_try_at_ms.
 */
#define TPS_EVENT_ENTRA_UNREACHABLE 105

/**
 * Sign-in, error. Compared with the Date header of each answer of Entra's. Raised beyond 5 minutes, and from 30 seconds on where Entra
 * refuses a signature for its time. Once, until CLOCK_RIGHT. JSON: offset_ms, direction, difference, signing.
 */
#define TPS_EVENT_CLOCK_WRONG 106

/**
 * Sign-in, error. A file or environment variable that holds a secret is missing, unreadable, empty, too large, not UTF-8, or holds the
 * id of a secret instead of its value. A token that is still good serves meanwhile. JSON: key, detail, next_try_at_ms.
 */
#define TPS_EVENT_SECRET_UNREADABLE 107

/**
 * Sign-in, info. Ends ENTRA_UNREACHABLE and the events 115 to 119 for the login host. JSON: outage_ms, ends.
 */
#define TPS_EVENT_ENTRA_RECOVERED 108

/**
 * Sign-in, warning. A value that was read from a file or variable has a trait that often means a slip, such as a blank at the end of a
 * password. Raised once per value. JSON: key, problem.
 */
#define TPS_EVENT_CREDENTIAL_DOUBTFUL 109

/**
 * Sign-in, info. Ends CREDENTIAL_EXPIRING: another credential has signed in, or another date is known. JSON: what, days_left,
 * expires_at_ms, source.
 */
#define TPS_EVENT_CREDENTIAL_RENEWED 110

/**
 * Sign-in, warning. The credential of `auth` was refused for a reason that lies in itself (expired, wrong, taken out of the
 * registration) or could not be read, and the one of `auth.next` signed in at once; or a changed credential of `auth` signed in again.
 * Raised once per change. JSON: to, because, aadsts.
 */
#define TPS_EVENT_CREDENTIAL_SWITCHED 111

/**
 * Sign-in, info. Ends CLOCK_WRONG, at a difference of 30 seconds or less. Noticed with the next token, at the latest after about an
 * hour. JSON: offset_ms.
 */
#define TPS_EVENT_CLOCK_RIGHT 112

/**
 * Sign-in, error. Entra knows the tenant as one of another cloud (AADSTS90038, 900382, 900432), in place of CREDENTIAL_REFUSED. Tokens
 * of one cloud are worth nothing in another. Tried again as a refused credential; SIGNED_IN follows once it works. A tenant or app that
 * is not known at all (AADSTS90002, 700016) may be in another cloud as well, but is told as CREDENTIAL_REFUSED. JSON: aadsts, error,
 * cause, advice, cloud, next_try_at_ms, detail, correlation_id, serving_until_ms.
 */
#define TPS_EVENT_TENANT_ELSEWHERE 113

/**
 * Sign-in, error. Entra refuses the sign-in for want of consent, or because the registration asks for no permission, in place of
 * CREDENTIAL_REFUSED. Sign-in as the app works without consent; there PERMISSION_MISSING tells. Tried again as a refused credential;
 * SIGNED_IN follows once it works. JSON: aadsts, error, cause, advice, next_try_at_ms, detail, correlation_id, serving_until_ms.
 */
#define TPS_EVENT_CONSENT_MISSING 114

/**
 * Sign-in and Graph, error. The name server does not answer, or says that there is no such name. Raised once per outage and server, in
 * place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, detail, next_try_at_ms.
 */
#define TPS_EVENT_NAME_UNRESOLVED 115

/**
 * Sign-in and Graph, error. The proxy cannot be reached, or refuses the connection with another status than 407. Raised once per outage
 * and server, in place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, detail,
 * next_try_at_ms.
 */
#define TPS_EVENT_PROXY_REFUSES 116

/**
 * Sign-in and Graph, error. The proxy answered 407. Raised once per outage and server, in place of ENTRA_UNREACHABLE or
 * GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, detail, next_try_at_ms.
 */
#define TPS_EVENT_PROXY_PASSWORD 117

/**
 * Sign-in and Graph, error. The server's certificate comes from an authority that neither this machine nor `tls.ca_file` trusts; nothing
 * was sent. Raised once per outage, server and issuer, in place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or
 * GRAPH_RECOVERED follows. JSON: host, issuer, asked, subject, names, not_before_ms, not_after_ms, detail, next_try_at_ms.
 */
#define TPS_EVENT_TLS_UNTRUSTED 118

/**
 * Sign-in and Graph, error. The certificate is not for this host or this time (one that is out of its time is not looked at further, so
 * its authority may be an unknown one); nothing was sent. Raised once per outage, server and flaw, in place of ENTRA_UNREACHABLE or
 * GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows. JSON: host, flaw, issuer, asked, subject, names, not_before_ms,
 * not_after_ms, detail, next_try_at_ms.
 */
#define TPS_EVENT_TLS_CERTIFICATE 119

/**
 * Sign-in, error. Only with `auth.method` device_code: the code ran out, the person declined, or Microsoft refused the account. No further
 * code is asked for until `tps_sign_in`, a reload with another credential, or the next start. JSON: aadsts, error, cause, advice, detail,
 * correlation_id.
 */
#define TPS_EVENT_SIGN_IN_ENDED 120

/**
 * Sign-in, warning. Follows `tps_sign_out`. Presence stands still from now on. At Microsoft the sign-in goes on until it is revoked there
 * or runs out. JSON: nothing beside code and name.
 */
#define TPS_EVENT_SIGNED_OUT 121

/**
 * Sign-in, warning. Two accounts of notifications are signed in as the same person, who can have one subscription only: the later one is
 * not used. Raised once for each pair; over with the next SIGNED_IN of either as somebody else. JSON: account, other.
 */
#define TPS_EVENT_SAME_PERSON 122

/**
 * Directory, info. How all users stand: after the first round of a start, after a `tps_set_users` with somebody to search, after
 * `tps_refresh` of everything, and where more than 20 users change at once. Other changes come singly as USER_MATCHED and USER_UNMATCHED. JSON: users, matched, unmatched, ambiguous, guests, disabled,
 * without_address, opted_out, unmatched_users, ambiguous_users, guest_users, disabled_users.
 */
#define TPS_EVENT_DIRECTORY_REPORT 201

/**
 * Directory, warning. A user who was matched is not any more, or one added by `tps_put_user` was not found. What is owned is released. JSON:
 * cause, hits.
 */
#define TPS_EVENT_USER_UNMATCHED 202

/**
 * Directory, info. A user who was unmatched, or was added by `tps_put_user`, is served from now on. JSON: object_id, by.
 */
#define TPS_EVENT_USER_MATCHED 203

/**
 * Directory, warning. Raised once per outage. DIRECTORY_RECOVERED follows. JSON: status, detail, next_try_at_ms.
 */
#define TPS_EVENT_DIRECTORY_UNAVAILABLE 204

/**
 * Directory, warning. Raised once per start when the sign-in may read only the basic profile of users. Other addresses (aliases), guests
 * and disabled accounts cannot be told then. JSON: permission, untold.
 */
#define TPS_EVENT_DIRECTORY_LIMITED 205

/**
 * Directory, info. Ends DIRECTORY_UNAVAILABLE. JSON: outage_ms.
 */
#define TPS_EVENT_DIRECTORY_RECOVERED 206

/**
 * Microsoft Graph, error. Graph answered 403, or the token lacks what is needed. Raised once per permission; PERMISSION_GRANTED follows.
 * JSON: permission, permission_type, needed_for, granted, status, error, request_id.
 */
#define TPS_EVENT_PERMISSION_MISSING 301

/**
 * Microsoft Graph, warning. Graph answered 429, or 503 with a time to wait. Raised once until THROTTLING_ENDED. Presence comes late
 * meanwhile. JSON: endpoint, retry_after_ms, stated.
 */
#define TPS_EVENT_THROTTLED 302

/**
 * Microsoft Graph, error. Raised once per outage and again when the stage changes. It is tried again by itself. SOURCE_QUIET and STALE
 * tell what it does to presence. Causes that need somebody have events of their own instead: 115 to 119. GRAPH_RECOVERED follows. JSON:
 * host, stage, status, detail, next_try_at_ms.
 */
#define TPS_EVENT_GRAPH_UNREACHABLE 303

/**
 * Microsoft Graph, info. Ends GRAPH_UNREACHABLE and the events 115 to 119 for the Graph host. JSON: outage_ms, ends.
 */
#define TPS_EVENT_GRAPH_RECOVERED 304

/**
 * Microsoft Graph, warning. Raised once per word and start. JSON: field, word.
 */
#define TPS_EVENT_UNKNOWN_WORD 305

/**
 * Microsoft Graph, error. An answer that neither waiting nor signing in again will mend. It is tried again slowly. Raised once per
 * status and error. JSON: endpoint, status, error, detail, next_try_at_ms, request_id.
 */
#define TPS_EVENT_REQUEST_REFUSED 306

/**
 * Microsoft Graph, warning. A batch was refused and divided until this id stood alone. The user is left out of the others'
 * requests, and asked about again after 5 minutes, then after twice as long each time, at most an hour; or at once with another id. JSON:
 * object_id, status.
 */
#define TPS_EVENT_OBJECT_ID_REFUSED 307

/**
 * Microsoft Graph, error. Graph answered 401, a new token was fetched, and the answer was 401 again. JSON: error, detail,
 * next_try_at_ms, request_id.
 */
#define TPS_EVENT_TOKEN_REFUSED 308

/**
 * Microsoft Graph, info. Read from the first token after a start. JSON: permissions.
 */
#define TPS_EVENT_PERMISSION_EXCESS 309

/**
 * Microsoft Graph, info. Ends PERMISSION_MISSING. JSON: permission, needed_for.
 */
#define TPS_EVENT_PERMISSION_GRANTED 310

/**
 * Microsoft Graph, info. Ends THROTTLED. JSON: throttled_ms.
 */
#define TPS_EVENT_THROTTLING_ENDED 311

/**
 * Microsoft Graph, error. Graph answered 403 to a token that carries the permission: a licence is missing, or a policy forbids it. A
 * single user without a Teams licence causes no error: his presence is unknown. Raised once; PRESENCE_ALLOWED follows. JSON: error,
 * granted, status, detail, next_try_at_ms, request_id.
 */
#define TPS_EVENT_PRESENCE_REFUSED 312

/**
 * Microsoft Graph, info. Ends PRESENCE_REFUSED.
 */
#define TPS_EVENT_PRESENCE_ALLOWED 313

/**
 * Source, warning. Raised once per outage, after 60 seconds. STALE follows if it lasts, SOURCE_RECOVERED when it is over. JSON:
 * quiet_ms, last_good_at_ms, stale_after_ms.
 */
#define TPS_EVENT_SOURCE_QUIET 401

/**
 * Source, error. `stale.after_ms` have passed without news. Raised once per outage; SOURCE_RECOVERED follows. JSON: users, policy,
 * oldest_at_ms.
 */
#define TPS_EVENT_STALE 402

/**
 * Source, info. Ends SOURCE_QUIET and STALE. JSON: quiet_ms.
 */
#define TPS_EVENT_SOURCE_RECOVERED 403

/**
 * Source, warning. Raised when the interval had to grow to twice what was wanted or more. JSON: interval_ms, wanted_ms, cause.
 */
#define TPS_EVENT_INTERVAL_STRETCHED 404

/**
 * Source, info. Ends INTERVAL_STRETCHED. JSON: interval_ms.
 */
#define TPS_EVENT_INTERVAL_RESTORED 405

/**
 * Source, info. Only with `source.mode` notifications, as the six below. An account's subscription has begun to deliver; its users are
 * polled at `source.watchdog_interval_ms` only. Not at each renewal. Ends NOTIFICATIONS_OFF, NOTIFICATIONS_MISSED and
 * SUBSCRIPTION_REFUSED of the account. JSON: account, users, content, expires_at_ms, off_ms.
 */
#define TPS_EVENT_NOTIFICATIONS_ON 410

/**
 * Source, warning. Raised once until NOTIFICATIONS_ON, and again when the cause changes. The users are polled at
 * `source.poll_interval_ms`. JSON: account, users, cause, detail, next_try_at_ms.
 */
#define TPS_EVENT_NOTIFICATIONS_OFF 411

/**
 * Source, warning. A look at everybody found changes of which no notification came within 75 seconds. It is subscribed anew and polled
 * meanwhile. Raised at the first time and then at most every 10 minutes; NOTIFICATIONS_ON follows after proof. JSON: account, missed,
 * users, resubscribed.
 */
#define TPS_EVENT_NOTIFICATIONS_MISSED 412

/**
 * Source, error. Graph refuses an account's subscription. Raised once for each step and cause until NOTIFICATIONS_ON; tried again slowly.
 * JSON: account, step, cause, status, error, detail, next_try_at_ms, request_id.
 */
#define TPS_EVENT_SUBSCRIPTION_REFUSED 413

/**
 * Source, warning. Notifications that are not for this instance, or prove nothing, were refused. Raised at the first one and then at most
 * once an hour. JSON: count, period_ms, malformed, unknown, unproved.
 */
#define TPS_EVENT_NOTIFICATIONS_FOREIGN 414

/**
 * Source, error. The built-in listener does not work. Raised once per step until LISTENER_RECOVERED; it is begun again by itself. JSON:
 * address, step, detail, next_try_at_ms.
 */
#define TPS_EVENT_LISTENER_FAILED 415

/**
 * Source, info. Users who are polled for good: no room in a subscription, or an account that subscribes itself. Raised when one of the
 * numbers has changed and stood for a minute. JSON: users, without_room, service_accounts, user_ids.
 */
#define TPS_EVENT_NOT_SUBSCRIBED 416

/**
 * Source, warning. The certificate that the built-in listener shows ends soon, or has ended: then no notification comes any more. Raised 30,
 * 15, 7, 3 and 1 days before, at the end, and daily after it, until LISTENER_RECOVERED. A renewed file is read by itself. JSON: address,
 * certificate, days_left, expires_at_ms, expires.
 */
#define TPS_EVENT_LISTENER_CERTIFICATE_EXPIRING 417

/**
 * Source, info. Ends LISTENER_FAILED of the same step (bind, certificate, serve), and LISTENER_CERTIFICATE_EXPIRING (expiring). JSON:
 * address, step.
 */
#define TPS_EVENT_LISTENER_RECOVERED 418

/**
 * State file, error. The file cannot be opened or written, or a write has not come back for 2 s. Everything goes on without the memory
 * across a crash: do-not-disturb set meanwhile may be taken for a person's after the next start. Tried again by itself. JSON: path,
 * detail, writing.
 */
#define TPS_EVENT_STATE_UNAVAILABLE 501

/**
 * State file, error. A damaged file, or one of a newer version, was renamed and a new one begun. Found at a start, the new one is empty:
 * what was owned before counts as set by a person. JSON: path, moved_to, detail.
 */
#define TPS_EVENT_STATE_SET_ASIDE 502

/**
 * State file, info. Raised once per start. Everything else works without one; a normal stop takes back what was set.
 */
#define TPS_EVENT_NO_STATE_DIR 503

/**
 * State file, info. Ends STATE_UNAVAILABLE; what changed meanwhile has been written. JSON: path, outage_ms.
 */
#define TPS_EVENT_STATE_RECOVERED 504

/**
 * Host and users, info. Follows `tps_set_enabled(0)` and a reload with `"enabled": false` once the last answer of the telephone system
 * has come. JSON: users, undelivered.
 */
#define TPS_EVENT_ALL_RELEASED 601

/**
 * Host and users, warning. Raised after the 5th failure. Other users are not affected. HOST_RECOVERED follows. JSON: output, attempts,
 * answer.
 */
#define TPS_EVENT_HOST_REFUSES 602

/**
 * Host and users, info. Ends HOST_REFUSES. JSON: output, attempts.
 */
#define TPS_EVENT_HOST_RECOVERED 603

/**
 * Host and users, warning. Raised at 90 percent. JSON: used, limit.
 */
#define TPS_EVENT_SEATS_NEAR 604

/**
 * Host and users, error. Raised when the limit is passed and when the number left out changes. SEATS_RESTORED follows. JSON: used,
 * limit, over_limit, left_out, left_out_users.
 */
#define TPS_EVENT_SEATS_EXCEEDED 605

/**
 * Host and users, info. Raised by `tps_set_users` and `tps_put_user`, once for each cause. The rest of the list is not affected. JSON:
 * cause, count, users.
 */
#define TPS_EVENT_USER_INVALID 606

/**
 * Host and users, error. At a stop each release is offered once; a removed user's for 15 minutes. JSON: cause, count, users.
 */
#define TPS_EVENT_RELEASE_UNDELIVERED 607

/**
 * Host and users, warning. Raised once per user and name. JSON: rule_set, known.
 */
#define TPS_EVENT_RULE_SET_UNKNOWN 608

/**
 * Host and users, warning. Raised at the first time-out of a change; HOST_REFUSES follows if it goes on. JSON: output, timeout_ms.
 */
#define TPS_EVENT_ACKNOWLEDGE_TIMED_OUT 609

/**
 * Host and users, info. Answer TPS_ACK_GONE. Nothing is offered for the user until he is put again. JSON: output.
 */
#define TPS_EVENT_USER_GONE 610

/**
 * Host and users, warning. Raised for a callback of more than a second, at most once a minute. JSON: callback, took_ms.
 */
#define TPS_EVENT_CALLBACK_SLOW 611

/**
 * Host and users, info. Raised once per start for each output that has no callback; for `on_queue_dnd` only where rules name `queue`, also
 * by a reload that brings the first such rule. JSON: callback.
 */
#define TPS_EVENT_CALLBACK_MISSING 612

/**
 * Host and users, info. Ends SEATS_EXCEEDED. JSON: used, limit.
 */
#define TPS_EVENT_SEATS_RESTORED 613

/**
 * Host and users, warning. An answer to setPresence or clearPresence that is neither a missing permission (PERMISSION_MISSING) nor an
 * outage. It is tried again slowly while the call lasts. Raised once per status and error. JSON: status, error, detail, next_try_at_ms,
 * request_id.
 */
#define TPS_EVENT_PUBLISH_REFUSED 620

/**
 * Host and users, warning. A stop could not take back within half of its time what was published. The next start does it, if it comes
 * before that. JSON: cause, persons, until_ms.
 */
#define TPS_EVENT_PUBLISH_LEFT 621

/**
 * Host and users, info. Raised by `tps_set_users` and a reload when one of the two numbers has changed. `tps_explain` without a user tells
 * each one. JSON: users, opted_out_users, entries_without_user, unknown_user_ids.
 */
#define TPS_EVENT_OPTED_OUT 630

/**
 * Host and users, warning. Raised at each start and reload that begins a dry run. What had been set from Teams is taken back first.
 * DRY_RUN_ENDED follows.
 */
#define TPS_EVENT_DRY_RUN 631

/**
 * Host and users, info. Raised 10 seconds after the first decisions of a dry run, and then once a minute if there were first decisions
 * again, or more later ones than are told singly (60 a minute). JSON: users, dnd_on, dnd_on_users, chat, first, untold.
 */
#define TPS_EVENT_DRY_RUN_SUMMARY 632

/**
 * Host and users, info. Raised when a decision about a user changes, once for both outputs together, at most 60 times a minute for all
 * users. The first decisions after the start, and what goes beyond that number, are in DRY_RUN_SUMMARY. JSON: would, because, dnd, chat,
 * dnd_rule, chat_rule, availability, activity.
 */
#define TPS_EVENT_DRY_RUN_DECISION 633

/**
 * Host and users, info. Ends DRY_RUN. Everybody's state is delivered as after a start.
 */
#define TPS_EVENT_DRY_RUN_ENDED 634

/**
 * The library itself, warning. Found while reading the configuration; raised after each start and reload, one event for each. JSON:
 * path, problem.
 */
#define TPS_EVENT_CONFIG_WARNING 901

/**
 * The library itself, info. The log level `trace` costs time and space and is meant for a short look. JSON: level.
 */
#define TPS_EVENT_TRACE_ENDED 902

/**
 * The library itself, warning. The queue holds 1024 events; the oldest of the lowest severity are dropped first. JSON: lost.
 */
#define TPS_EVENT_EVENTS_LOST 903

/**
 * The library itself, info. Follows each successful `tps_reload`.
 */
#define TPS_EVENT_RELOADED 904

/**
 * The library itself, error. A fault of this library, caught before it could harm the telephone system. JSON: place, detail.
 */
#define TPS_EVENT_INTERNAL 999

/**
 * `tps_dnd_change.dnd`: calls ring.
 */
#define TPS_DND_OFF 1

/**
 * `tps_dnd_change.dnd`: calls do not ring.
 */
#define TPS_DND_ON 2

/**
 * Reachable.
 */
#define TPS_CHAT_AVAILABLE 1

/**
 * Not at the desk.
 */
#define TPS_CHAT_AWAY 2

/**
 * Wants no messages.
 */
#define TPS_CHAT_DND 3

/**
 * Away for long (XMPP `xa`).
 */
#define TPS_CHAT_EXTENDED_AWAY 4

/**
 * Not there.
 */
#define TPS_CHAT_OFFLINE 5

/**
 * The library says nothing any more: the host's own logic applies.
 */
#define TPS_CHAT_RELEASED 6

/**
 * `tps_user.host_dnd` and `host_queue_dnd`: the DND is off as the user is handed over, whoever owned it before.
 */
#define TPS_HOST_DND_OFF 1

/**
 * `tps_user.host_dnd` and `host_queue_dnd`: it is on. Whose it is, the library's record decides; without a record it is a person's.
 */
#define TPS_HOST_DND_ON 2

/**
 * `tps_user.host_dnd` and `host_queue_dnd`: it is on, and the host kept a mark that this library switched it on.
 */
#define TPS_HOST_DND_ON_OURS 3

/**
 * Answer of `on_dnd`, `on_queue_dnd` and `on_chat_state`: done. Any number not listed here means RETRY.
 */
#define TPS_ACK_APPLIED 0

/**
 * Not done, the host is unchanged: offered again after 1 s, doubling to 60 s; the newest value only.
 */
#define TPS_ACK_RETRY 1

/**
 * Not known yet: `tps_acknowledge` follows, within `dispatch.ack_timeout_ms` (30 s), or it counts as RETRY.
 */
#define TPS_ACK_PENDING 2

/**
 * It already stood so: acknowledged, but not owned by the library.
 */
#define TPS_ACK_ALREADY 3

/**
 * No such user here: nothing of him is offered again until he is put again.
 */
#define TPS_ACK_GONE 4

/**
 * Origin of a report: the host cannot tell who did it.
 */
#define TPS_REPORT_SEEN 0

/**
 * Origin of a report: certainly a person.
 */
#define TPS_REPORT_PERSON 1

/**
 * One instance. A handle is an id with a generation, never an address: one that is stale or made up answers `TPS_E_HANDLE`, one that was
 * inherited through `fork` answers `TPS_E_FORKED`. Any thread may use it at any time, `tps_destroy` included.
 */
typedef struct tps_sync tps_sync;

/**
 * What every call answers: 0 is success, a negative number an error. Compare with `TPS_OK`; be ready for numbers that are not listed
 * here, since later versions may add some.
 */
typedef int32_t tps_status;

/**
 * What Teams shows of a person. Valid, with all its texts, for the duration of the callback.
 */
typedef struct tps_presence {
  /**
   * The size the library filled. Read only fields that lie below it.
   */
  size_t struct_size;
  /**
   * The host's id of the user. Never NULL.
   */
  const char *user_id;
  /**
   * The address as the host gave it; NULL if the user was found by his object id alone.
   */
  const char *email;
  /**
   * The Entra object id, lower case. Never NULL.
   */
  const char *entra_object_id;
  /**
   * The availability as Graph spelled it, for instance "BusyIdle". Never NULL.
   */
  const char *availability_text;
  /**
   * The activity as Graph spelled it; "" if there was none. Never NULL.
   */
  const char *activity_text;
  /**
   * `TPS_AVAILABILITY_*`
   */
  int32_t availability;
  /**
   * `TPS_ACTIVITY_*`
   */
  int32_t activity;
  /**
   * 1 if the person is out of office, else 0. Independent of the availability.
   */
  int32_t out_of_office;
  /**
   * `TPS_SOURCE_*`
   */
  int32_t source;
  /**
   * When it was observed: milliseconds since 1970-01-01 UTC.
   */
  int64_t observed_at_ms;
} tps_presence;

/**
 * Asks the host to switch a do-not-disturb of one user: the user's own in `on_dnd`, that for the calls of queues in `on_queue_dnd`. Valid, with all it points to, for the duration of the callback.
 */
typedef struct tps_dnd_change {
  /**
   * The size the library filled. Read only fields that lie below it.
   */
  size_t struct_size;
  /**
   * Names this change in `tps_acknowledge`. Never 0, unique in the life of the instance; the same when the same value is offered again.
   */
  uint64_t change_id;
  /**
   * The host's id of the user. Never NULL.
   */
  const char *user_id;
  /**
   * The address as the host gave it, or NULL.
   */
  const char *email;
  /**
   * The newest presence of the person, or NULL if none is known, for instance after a restart.
   */
  const struct tps_presence *presence;
  /**
   * When it was decided: milliseconds since 1970-01-01 UTC.
   */
  int64_t decided_at_ms;
  /**
   * `TPS_DND_ON` or `TPS_DND_OFF`.
   */
  int32_t dnd;
  /**
   * `TPS_REASON_*`
   */
  int32_t reason;
  /**
   * 1 for the first offer of this value, then counting up.
   */
  uint32_t attempt;
  /**
   * 0.
   */
  int32_t reserved;
} tps_dnd_change;

/**
 * Asks the host to set the chat state of one user. Valid, with all it points to, for the duration of the callback.
 */
typedef struct tps_chat_change {
  /**
   * The size the library filled. Read only fields that lie below it.
   */
  size_t struct_size;
  /**
   * Names this change in `tps_acknowledge`. Never 0, unique in the life of the instance; the same when the same value is offered again.
   */
  uint64_t change_id;
  /**
   * The host's id of the user. Never NULL.
   */
  const char *user_id;
  /**
   * The address as the host gave it, or NULL.
   */
  const char *email;
  /**
   * The newest presence of the person, or NULL if none is known.
   */
  const struct tps_presence *presence;
  /**
   * When it was decided: milliseconds since 1970-01-01 UTC.
   */
  int64_t decided_at_ms;
  /**
   * `TPS_CHAT_*`
   */
  int32_t chat_state;
  /**
   * `TPS_REASON_*`
   */
  int32_t reason;
  /**
   * 1 for the first offer of this value, then counting up.
   */
  uint32_t attempt;
  /**
   * 0.
   */
  int32_t reserved;
} tps_chat_change;

/**
 * Something an administrator, or the host's program, may want to act on. Valid, with all its texts, for the duration of the callback.
 * docs/events.md lists them all. No text ever holds a secret or an e-mail address.
 */
typedef struct tps_event {
  /**
   * The size the library filled. Read only fields that lie below it.
   */
  size_t struct_size;
  /**
   * Whom it concerns, by the host's id; NULL if the instance as a whole.
   */
  const char *user_id;
  /**
   * One English sentence on one line. Never NULL.
   */
  const char *message;
  /**
   * What to do about it and where, in plain words. Never NULL.
   */
  const char *remedy;
  /**
   * The same for programs: a JSON object with `code`, `name` and the fields of this code, ended by a NUL byte. Never NULL.
   */
  const char *json;
  /**
   * Bytes of `json` without the NUL.
   */
  size_t json_len;
  /**
   * When it happened: milliseconds since 1970-01-01 UTC.
   */
  int64_t at_ms;
  /**
   * `TPS_EVENT_*`; later versions add some.
   */
  int32_t code;
  /**
   * `TPS_SEVERITY_*`
   */
  int32_t severity;
} tps_event;

/**
 * What the library calls. Copied by `tps_create`; only `user_data` must stay valid, until `on_released`. Each function may be NULL: then
 * nothing is told, and a change counts as applied (`on_queue_dnd` says what differs there).
 *
 * Callbacks of one instance never overlap. They may block, at the price of the other callbacks of their instance (in `shared` mode: of
 * all). They must return: no exception, no `longjmp`, no end of the thread may leave them. No lock of the library is held while they run.
 * Inside them every function of this header may be called but `tps_stop`, `tps_destroy`, `tps_dispatch`
 * and `tps_check`.
 */
typedef struct tps_callbacks {
  /**
   * `sizeof(tps_callbacks)`; `TPS_CALLBACKS_INIT` and `TPS_INIT` set it.
   */
  size_t struct_size;
  /**
   * `TPS_ABI_VERSION` as the host was compiled; 0 stands for the first version of this major. Another major answers `TPS_E_ABI`.
   */
  uint32_t abi_version;
  /**
   * 0.
   */
  uint32_t reserved;
  /**
   * Handed to each callback as it is; the library never looks at it.
   */
  void *user_data;
  /**
   * Switch the DND of this user and answer `TPS_ACK_*`. Comes after the `on_presence` of the same observation. At most one change of a
   * user's DND is out at a time; the newest value is never lost.
   */
  int32_t (*on_dnd)(void *user_data, const struct tps_dnd_change *change);
  /**
   * Set the chat state of this user and answer `TPS_ACK_*`. Otherwise like `on_dnd`.
   */
  int32_t (*on_chat_state)(void *user_data, const struct tps_chat_change *change);
  /**
   * A presence has changed. For display; nothing to answer. States in between may be skipped.
   */
  void (*on_presence)(void *user_data, const struct tps_presence *presence);
  /**
   * Something happened that somebody may want to act on.
   */
  void (*on_event)(void *user_data, const struct tps_event *event);
  /**
   * A line for the host's log: `level` is `TPS_LOG_*`, `target` names the part of the library, `message` has `len` bytes and a NUL. One
   * line, control characters escaped. Print it with "%s", never as a format.
   */
  void (*on_log)(void *user_data, int32_t level, const char *target, const char *message, size_t len);
  /**
   * A thread of the library will call this instance: the place to register it with the host, or to attach it to a Java virtual machine
   * (as a daemon). In `shared` mode once per instance, on the same thread. In `poll` mode never.
   */
  void (*on_thread_start)(void *user_data, const char *name);
  /**
   * The last callback on that thread before a stop is done.
   */
  void (*on_thread_stop)(void *user_data, const char *name);
  /**
   * The very last callback, exactly once for each `tps_create` whose `tps_callbacks` could be read, also when it failed: inside the
   * failing `tps_create`, or inside `tps_destroy`. The place to free `user_data`.
   */
  void (*on_released)(void *user_data);
  /**
   * Switch the DND of this user for the calls that queues (call groups, ACD) hand out, apart from the user's own, and answer `TPS_ACK_*`.
   * Asked for only where a rule of the configuration names `queue`: what the rules want here, who switched it on, overrides and
   * answers have nothing to do with `on_dnd`. Comes after the `on_presence` of the same observation and after its `on_dnd`.
   * At most one such change of a user is out at a time; the newest value is never lost.
   *
   * NULL, or a `struct_size` that ends before it: unlike the others, nothing is decided or counted as applied. If rules name `queue`,
   * one `TPS_EVENT_CALLBACK_MISSING` says so after each start.
   */
  int32_t (*on_queue_dnd)(void *user_data, const struct tps_dnd_change *change);
} tps_callbacks;

/**
 * One user of the telephone system, handed over by `tps_set_users` or `tps_put_user`. The library copies everything before the call
 * returns. All texts are UTF-8, ended by a NUL byte, at most 65,535 bytes.
 *
 * What is wrong with the data of one user is no reason to refuse the call: a missing or malformed e-mail address, a malformed object
 * id or a second entry with the same `user_id` are told by an event, and that entry is not served; an unknown rule set is told by an
 * event, and the default rules hold. An object id is followed at once; if Entra has no such account, an event says so and the user is not
 * served. A door phone without an address is normal: hand it over too, nothing has to be done about its event, which is one for all of them.
 */
typedef struct tps_user {
  /**
   * `sizeof(tps_user)`; `TPS_USER_INIT` and `TPS_INIT` set it. All elements of an array have the same.
   */
  size_t struct_size;
  /**
   * The host's own id of the user: any text, not empty, unique among the users of this instance, compared byte by byte. Never NULL.
   */
  const char *user_id;
  /**
   * The address by which Entra knows the person: mail, user principal name or proxy address, in any casing. NULL or "" if there is none.
   */
  const char *email;
  /**
   * The Entra object id (a GUID) where the host knows it; beats the address. NULL or "" if not.
   */
  const char *entra_object_id;
  /**
   * The name of a set in `rules.sets` of the configuration. NULL or "" for the default rules.
   */
  const char *rule_set;
  /**
   * How the host's DND stands as the user is handed over: 0 = not said, or `TPS_HOST_DND_*`. A fact, not an act: it is read at each
   * `tps_set_users` and `tps_put_user`.
   */
  int32_t host_dnd;
  /**
   * 0.
   */
  int32_t reserved;
  /**
   * How the host's DND for the calls of queues stands: 0 = not said, or `TPS_HOST_DND_*`, read like `host_dnd`. Where the user's rules
   * say nothing of the queue, `TPS_HOST_DND_ON_OURS` is switched off. Not looked at where `on_queue_dnd` is NULL.
   */
  int32_t host_queue_dnd;
  /**
   * 0.
   */
  int32_t reserved_queue;
} tps_user;

/**
 * How one user stands, filled by `tps_get_state`. Numbers that are not known are 0.
 */
typedef struct tps_state {
  /**
   * In: `sizeof(tps_state)`, set by `TPS_STATE_INIT` or `TPS_INIT`. That many bytes are zeroed, then filled; the field itself stays.
   */
  size_t struct_size;
  /**
   * 1 if the person was found in Entra, else 0.
   */
  int32_t matched;
  /**
   * `TPS_AVAILABILITY_*` as last seen.
   */
  int32_t availability;
  /**
   * `TPS_ACTIVITY_*` as last seen.
   */
  int32_t activity;
  /**
   * 1 if out of office when last seen, else 0.
   */
  int32_t out_of_office;
  /**
   * 1 if the presence is older than `stale.after_ms`, else 0.
   */
  int32_t stale;
  /**
   * `TPS_DND_*` that the rules want; 0 if they want nothing.
   */
  int32_t dnd_desired;
  /**
   * `TPS_DND_*` that the host is known to have; 0 if not known.
   */
  int32_t dnd_acknowledged;
  /**
   * 1 if the library switched the DND on and it was not taken over since, else 0.
   */
  int32_t dnd_owned;
  /**
   * `TPS_CHAT_*` that the rules want; 0 if they want nothing.
   */
  int32_t chat_desired;
  /**
   * `TPS_CHAT_*` that the host took last; 0 if none.
   */
  int32_t chat_acknowledged;
  /**
   * When the presence was last confirmed: milliseconds since 1970-01-01 UTC, 0 = never.
   */
  int64_t observed_at_ms;
  /**
   * When the host last took a change: milliseconds since 1970-01-01 UTC, 0 = never.
   */
  int64_t acknowledged_at_ms;
  /**
   * The Entra object id, lower case, ended by a NUL byte; "" if not matched.
   */
  char entra_object_id[40];
  /**
   * `TPS_DND_*` that the rules want for the calls of queues; 0 if they want nothing.
   */
  int32_t queue_desired;
  /**
   * `TPS_DND_*` that the host is known to have for the calls of queues; 0 if not known.
   */
  int32_t queue_acknowledged;
  /**
   * 1 if the library switched that DND on and it was not taken over since, else 0.
   */
  int32_t queue_owned;
  /**
   * 0.
   */
  int32_t reserved;
} tps_state;

/**
 * Takes a text from the library.
 *
 * @param context what was given with the function
 * @param text UTF-8, ended by a NUL byte; valid during the call
 * @param len bytes of `text` without the NUL
 */
typedef void (*tps_text_fn)(void *context, const char *text, size_t len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface that the loaded library has, to compare with `TPS_ABI_VERSION`, which the host was compiled with: the
 * majors (`>> 16`) must be equal, and the library's minor should not be less than the host's.
 *
 * @return major << 16 | minor
 *
 * Blocks: no. Threads: any, also inside callbacks, before `tps_create` and after `fork`.
 *
 * @code
 * if (tps_abi_version() >> 16 != TPS_ABI_VERSION >> 16) return refuse("another major version of libteams_presence_sync is installed");
 * @endcode
 */
uint32_t tps_abi_version(void);

/**
 * The release of the library, for logs, for instance `"0.1.0"`. Nothing may be concluded from it about the interface.
 *
 * @return a constant text, valid for the life of the process; never NULL
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
const char *tps_version(void);

/**
 * The name of a status for logs, for instance `"TPS_E_STATE"`; `"TPS_E_?"` for a number this version does not know.
 *
 * @param status what a call answered
 * @return a constant text, valid for the life of the process; never NULL
 *
 * Blocks: no. Threads: any, also inside callbacks.
 *
 * @code
 * tps_status status = tps_start(sync, err, sizeof err);
 * if (status != TPS_OK) fprintf(stderr, "%s: %s\n", tps_status_name(status), err);
 * @endcode
 */
const char *tps_status_name(tps_status status);

/**
 * Reads a configuration and makes an instance of it, in state New. Nothing is sent and no thread is started; a pair of `tps_create` and
 * `tps_destroy` is therefore the way to validate a configuration.
 *
 * @param config_json the configuration: JSON in UTF-8, see docs/configuration.md; copied
 * @param config_len  its bytes, without a NUL, at most 1 MiB
 * @param callbacks   what to call; copied, only `user_data` must live on until `on_released`
 * @param out         the handle; NULL after an error
 * @param err         what was wrong, always ended by a NUL, cut at a character; may be NULL
 * @param err_len     room in `err`, in bytes; 512 is plenty
 * @return `TPS_OK`;
 *         `TPS_E_CONFIG` the text names the path of the key and what is allowed, for instance
 *         `rules.list[2].dnd: "onn" is not one of on, off, keep`;
 *         `TPS_E_INVALID_ARG` a pointer is NULL or the text is not UTF-8;
 *         `TPS_E_ABI` `callbacks` is of another major version or breaks the rules for struct_size;
 *         `TPS_E_SYSTEM` no descriptor or memory is left
 *
 * `on_released` runs once for each call whose `callbacks` could be read: now if this call fails, else inside `tps_destroy`.
 *
 * Blocks: no; may read files named in the configuration. Threads: any, also inside callbacks and in a forked child.
 *
 * @code
 * tps_callbacks callbacks = TPS_CALLBACKS_INIT;
 * callbacks.on_dnd = my_on_dnd;
 * tps_sync *sync;
 * char err[512];
 * if (tps_create(json, strlen(json), &callbacks, &sync, err, sizeof err) != TPS_OK) { log_error("%s", err); return -1; }
 * @endcode
 */
tps_status tps_create(const char *config_json,
                      size_t config_len,
                      const struct tps_callbacks *callbacks,
                      struct tps_sync **out,
                      char *err,
                      size_t err_len);

/**
 * Begins to work: New or Stopped becomes Running. Signs in, looks the users up and delivers the first decision for each of them, all in the
 * background; what goes wrong there comes as events. Allowed again after a stop.
 *
 * @param sync    the instance
 * @param err     what was wrong; may be NULL
 * @param err_len room in `err`, in bytes
 * @return `TPS_OK`;
 *         `TPS_E_STATE` it runs already, or a stop is not done;
 *         `TPS_E_CONFIG` a file that the configuration names for TLS or the proxy cannot be used; nothing was started;
 *         `TPS_E_LOCKED` another process works with the same `state.dir`; the text names it;
 *         `TPS_E_SYSTEM` no thread or descriptor could be had; nothing was started;
 *         `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no; touches the disk if `state.dir` is set. Never waits for the network or a callback. Threads: any, also inside callbacks.
 */
tps_status tps_start(struct tps_sync *sync,
                     char *err,
                     size_t err_len);

/**
 * Takes a new configuration, whole or not at all. The users stay as they are. A new credential is tried while the old token still serves.
 *
 * @param sync        the instance, in any state but Stopping
 * @param config_json the whole new configuration: JSON in UTF-8; copied
 * @param config_len  its bytes, without a NUL, at most 1 MiB
 * @param err         what was wrong, or the keys that need a restart; may be NULL
 * @param err_len     room in `err`, in bytes
 * @return `TPS_OK` the new configuration holds;
 *         `TPS_E_NEEDS_RESTART` the text names the keys that an instance keeps for its life; nothing was changed;
 *         `TPS_E_CONFIG` as in `tps_create`; nothing was changed;
 *         `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no; may read files named in the configuration. Threads: any, also inside callbacks.
 */
tps_status tps_reload(struct tps_sync *sync,
                      const char *config_json,
                      size_t config_len,
                      char *err,
                      size_t err_len);

/**
 * Switches the synchronisation off and on without a stop. Off: DND that the library switched on is released, chat states are released, no
 * request goes to Graph but by `tps_refresh`; `TPS_EVENT_ALL_RELEASED` tells when all of that is done. Not stored: a new instance begins
 * as its configuration says.
 *
 * @param sync    the instance, in any state but Stopping
 * @param enabled 0 = off, anything else = on
 * @return `TPS_OK`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_set_enabled(struct tps_sync *sync,
                           int32_t enabled);

/**
 * Ends the work: no request goes out any more, releases that `dnd.on_stop` asks for are offered once, answers that are owed are waited for
 * within the time and `dispatch.ack_timeout_ms`, and then no callback runs.
 *
 * `TPS_OK` means: no callback of this instance is running and none will run until the next `tps_start`, but `on_released` from
 * `tps_destroy`. Anything else means: callbacks may still come; keep `user_data` and the code alive and call again.
 *
 * @param sync       the instance, in any state; New becomes Stopped, Stopped stays
 * @param timeout_ms how long to wait, in milliseconds, 0 or more. 5000 is a good value. The call returns within about this time even while
 *                   a callback, DNS or a disk hangs; where nothing hangs it takes up to a quarter of a second more to come to its end
 * @return `TPS_OK`;
 *         `TPS_E_TIMEOUT` callbacks of the host (one that hangs, or all that are still due together) or a disk take longer than this
 *         time, also a disk that another thread's `tps_start`, `tps_reload` or `tps_stop` waits for just now: call again. Nothing in the
 *         network causes it, nor answers that are owed: they are given up in time;
 *         `TPS_E_REENTRANT` called inside a callback: tell another thread to do it;
 *         `TPS_E_INVALID_ARG` negative time; `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: up to `timeout_ms`. In `poll` mode it runs the remaining callbacks on the calling thread, so one of them that hangs holds it up.
 * Do not hold a lock here that a callback takes. Threads: any but inside callbacks; several may wait for the same stop.
 *
 * @code
 * while ((status = tps_stop(sync, 5000)) == TPS_E_TIMEOUT) log_warning("waiting for callbacks");
 * if (status == TPS_OK) tps_destroy(sync);
 * @endcode
 */
tps_status tps_stop(struct tps_sync *sync,
                    int32_t timeout_ms);

/**
 * Frees an instance that is New or Stopped. The handle is of no use afterwards; calls that other threads make at the same time answer
 * `TPS_E_HANDLE` or what they would have answered before. The last thing this call does is `on_released`.
 *
 * @param sync the instance
 * @return `TPS_OK`;
 *         `TPS_E_STATE` it runs, or a stop is not done: stop it first; nothing was freed;
 *         `TPS_E_REENTRANT` called inside a callback;
 *         `TPS_E_HANDLE` destroyed already; `TPS_E_FORKED`
 *
 * Blocks: no; waits only for calls of other threads that are under way. Threads: any but inside callbacks.
 */
tps_status tps_destroy(struct tps_sync *sync);

/**
 * Hands over the whole mapping: who is not named in it counts as removed, and what the library switched on for him is released. Order
 * matters where seats are limited: the first ones are served.
 *
 * @param sync    the instance, in any state but Stopping
 * @param users   an array; every element has the `struct_size` of the first. Copied. May be NULL if `count` is 0
 * @param count   elements, 0 to 1,000,000
 * @param err     which argument was wrong, for instance `users[17].email: not UTF-8`; may be NULL
 * @param err_len room in `err`, in bytes
 * @return `TPS_OK`, also where single users cannot be served: events tell which and why;
 *         `TPS_E_INVALID_ARG` or `TPS_E_ABI` an element breaks the rules of the interface; nothing was changed;
 *         `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 *
 * @code
 * tps_user users[2] = { TPS_USER_INIT, TPS_USER_INIT };
 * users[0].user_id = "101"; users[0].email = "anna@example.com";
 * users[1].user_id = "102"; users[1].email = "bert@example.com";
 * tps_set_users(sync, users, 2, err, sizeof err);
 * @endcode
 */
tps_status tps_set_users(struct tps_sync *sync,
                         const struct tps_user *users,
                         size_t count,
                         char *err,
                         size_t err_len);

/**
 * Adds one user, or replaces what is known of him. What waits for a retry is offered at once.
 *
 * @param sync    the instance, in any state but Stopping
 * @param user    copied
 * @param err     which argument was wrong; may be NULL
 * @param err_len room in `err`, in bytes
 * @return as `tps_set_users`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_put_user(struct tps_sync *sync, const struct tps_user *user, char *err, size_t err_len);

/**
 * Removes one user. DND that the library switched on for him is released, his chat state likewise; that is offered for 15 minutes. Until it
 * is answered `tps_get_state`, `tps_explain` and `tps_refresh` still know him by his id, then they answer `TPS_E_NOT_FOUND`. Reports about
 * him are taken for `dnd.echo_ms` longer: the echo of the release may come late.
 *
 * @param sync    the instance, in any state but Stopping
 * @param user_id the host's id of the user
 * @return `TPS_OK`; `TPS_E_NOT_FOUND` there is none; `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_remove_user(struct tps_sync *sync,
                           const char *user_id);

/**
 * Answers a change that `on_dnd`, `on_queue_dnd` or `on_chat_state` answered with `TPS_ACK_PENDING`. May come before that callback has returned.
 *
 * @param sync      the instance
 * @param change_id of the change
 * @param result    `TPS_ACK_*` but PENDING; an unknown number means RETRY
 * @return `TPS_OK`;
 *         `TPS_E_NOT_FOUND` no such change waits: answered already, timed out and offered anew, replaced by a newer one, or ended by a
 *         stop; nothing was changed. An answer that comes late, but before the change is offered again, still counts;
 *         `TPS_E_INVALID_ARG` `result` is `TPS_ACK_PENDING`; `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_acknowledge(struct tps_sync *sync,
                           uint64_t change_id,
                           int32_t result);

/**
 * Tells that the DND of a user was switched at the host. Report every change the host sees, the library's own included: it knows its own
 * echo, and takes anything else for a person's act, which it respects (docs/dnd.md). Report in the order of the changes, those that
 * `on_dnd` makes included: an OFF from before an ON that is reported after that ON was answered reads as switching ours off.
 *
 * @param sync    the instance, in any state but Stopping
 * @param user_id the host's id of the user
 * @param on      0 = now off, anything else = now on
 * @param origin  `TPS_REPORT_SEEN` if the host cannot tell who did it, `TPS_REPORT_PERSON` if certainly a person did
 * @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_report_dnd(struct tps_sync *sync,
                          const char *user_id,
                          int32_t on,
                          int32_t origin);

/**
 * Tells that the DND for the calls of queues was switched at the host, as `tps_report_dnd` does for the user's own: the two have nothing to
 * do with each other. A host whose one key switches both reports both. It is remembered also where the user's rules say nothing
 * of the queue yet, and ignored where `on_queue_dnd` is NULL.
 *
 * @param sync    the instance, in any state but Stopping
 * @param user_id the host's id of the user
 * @param on      0 = now off, anything else = now on
 * @param origin  `TPS_REPORT_SEEN` if the host cannot tell who did it, `TPS_REPORT_PERSON` if certainly a person did
 * @return as `tps_report_dnd`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_report_queue(struct tps_sync *sync,
                            const char *user_id,
                            int32_t on,
                            int32_t origin);

/**
 * Tells that a user is in a call of the host's own, or no longer. A call of the telephone system may come back from Teams as Busy/InACall;
 * while the user is in one, and around it, `InACall` and `InAConferenceCall` decide nothing about him: the last decision stays, and what such
 * a presence decided in the 5 minutes before the report is taken back at once. After the end this lasts until a presence without the two
 * is seen, at most 5 minutes (docs/dnd.md, "Your own calls"). With `publish.calls` in the configuration the library itself shows the call in
 * Teams, and ends that with it (docs/graph.md, "Publishing").
 *
 * A level, not a count: report 1 with the first call of a user, 0 when the last one has ended. Where several users share one address, the
 * person is in a call while any of them is. A report without end is forgotten after 4 hours; reporting 1 again counts them anew. A
 * report is remembered over a stop and a start, not beyond the process; removing the user forgets it.
 *
 * ```c
 * void on_channel_up(const char *extension)   { tps_report_call(sync, extension, 1); }
 * void on_channel_down(const char *extension) { if (channels_of(extension) == 0) tps_report_call(sync, extension, 0); }
 * ```
 *
 * @param sync    the instance, in any state but Stopping
 * @param user_id the host's id of the user
 * @param in_call 0 = in no call, anything else = in a call
 * @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_INVALID_ARG`, `TPS_E_STATE`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_report_call(struct tps_sync *sync,
                           const char *user_id,
                           int32_t in_call);

/**
 * Asks for news at once: the presence of one user, or of all and the directory too. What waits for a retry is offered at once. The answer
 * comes through the callbacks, if it is news. Calls in quick succession are joined, and all of them together take half of the request
 * budget at most. A user who is not found yet is asked for when he is, within a minute. Who has no seat is not asked for.
 *
 * @param sync    the instance
 * @param user_id the host's id of the user; NULL for all
 * @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_STATE` not running; `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_refresh(struct tps_sync *sync,
                       const char *user_id);

/**
 * Hands over what was posted to `source.notifications.url`, for a host that has a web server of its own. Without one configure
 * `source.notifications.listener` instead. Give every POST to that address, whoever sent it: what is not of Microsoft for this instance
 * is refused, and nothing else is believed. Answer the client with `*http_status` and the reply, at once: Microsoft waits 3 seconds.
 *
 * The body is looked at, copied and put into a queue; what it means is found out later, on threads of the library.
 *
 * | *http_status | meaning | body of the answer |
 * |---|---|---|
 * | 200 | Microsoft validates the address (`validationToken` in the query) | the reply, as `text/plain` |
 * | 202 | taken | none |
 * | 400 | not for this instance, or not a notification; no reason is told | none |
 * | 413 | longer than 4 MiB | none |
 * | 503 | the queue is full, or the instance stops: Microsoft sends it again | none |
 *
 * @param sync        the instance
 * @param query       what stands behind the `?` of the address, as it was sent (not decoded); may be NULL if `query_len` is 0
 * @param query_len   its bytes
 * @param body        the body of the request; may be NULL if `body_len` is 0
 * @param body_len    its bytes
 * @param http_status out: what to answer, set with `TPS_OK` and `TPS_E_TOO_SMALL`, else untouched
 * @param reply       room for the body of the answer and a NUL; may be NULL if `*reply_len` is 0
 * @param reply_len   in: bytes of room, 4,100 always suffice; out: bytes of the reply, its NUL included, so that the body has one less
 * @return `TPS_OK`;
 *         `TPS_E_TOO_SMALL` `*reply_len` tells the room needed, nothing was written. Only the 200 has a reply, so nothing is lost or
 *         taken twice by calling again;
 *         `TPS_E_STATE` not running, or `source.mode` is poll. Answer 503;
 *         `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any number at once, also inside callbacks.
 *
 * @code
 * void on_post(request *http) {  // for POST /graph/notify
 *   char reply[4100];
 *   size_t len = sizeof reply;
 *   int32_t status = 503;
 *   tps_deliver_notification(sync, http->query, strlen(http->query), http->body, http->body_len, &status, reply, &len);
 *   answer(http, status, "text/plain", reply, status == 200 ? len - 1 : 0);
 * }
 * @endcode
 */
tps_status tps_deliver_notification(struct tps_sync *sync,
                                    const char *query,
                                    size_t query_len,
                                    const void *body,
                                    size_t body_len,
                                    int32_t *http_status,
                                    char *reply,
                                    size_t *reply_len);

/**
 * Asks for a code by which a person signs in, with `auth.method` device_code, or with that of one of `source.notifications.accounts`. `TPS_EVENT_SIGN_IN_REQUIRED` brings page and code, and
 * `tps_stats` shows them while they wait (`sign_in`, `accounts`); `TPS_EVENT_SIGNED_IN` or `TPS_EVENT_SIGN_IN_ENDED` follows. A start does this by
 * itself where no sign-in is stored; call it when a code has run out or was declined, after `tps_sign_out`, or to sign in as somebody else:
 * until the new sign-in, the old one serves.
 *
 * A code that waits already is worthless afterwards, unless it is younger than 5 seconds: then it is told again.
 *
 * @param sync    the instance
 * @param account which sign-in: NULL, "" or "main" for that of `auth`; else a name of `source.notifications.accounts`, in any casing, or the object
 *                id of who is signed in, as `tps_stats` shows it. Events name a further account in their JSON (`account`) and sentence
 * @return `TPS_OK` a code is on its way; what goes wrong comes as an event;
 *         `TPS_E_STATE` not running, or the method of this account signs in without a person;
 *         `TPS_E_NOT_FOUND` no account of this name, nobody signed in with this id; `TPS_E_INVALID_ARG` not UTF-8; `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 *
 * @code
 * static void on_event(void *user_data, const tps_event *event) {
 *   if (event->code == TPS_EVENT_SIGN_IN_REQUIRED) show_to_administrator(event->message); // page and code
 *   if (event->code == TPS_EVENT_SIGN_IN_ENDED) offer_button("Get a new code");           // its handler: tps_sign_in(sync, NULL)
 * }
 * @endcode
 */
tps_status tps_sign_in(struct tps_sync *sync,
                       const char *account);

/**
 * Forgets the sign-in of a person: the stored refresh token is struck out, also on disk, and the access token is used no longer. A code
 * that waits is worthless. No request goes out any more until `tps_sign_in` or the next start, which asks for a code.
 * `TPS_EVENT_SIGNED_OUT` follows. Microsoft is not told: to end the sign-in there too, revoke the account's sessions in the Entra admin
 * center.
 *
 * @param sync    the instance
 * @param account as in `tps_sign_in`
 * @return as `tps_sign_in`
 *
 * Blocks: no; the disk is written in the background, `tps_stop` waits for it. Threads: any, also inside callbacks.
 */
tps_status tps_sign_out(struct tps_sync *sync,
                        const char *account);

/**
 * How one user stands. For a display; decisions come through the callbacks.
 *
 * @param sync             the instance
 * @param user_id_or_email the host's id of the user, tried first and byte by byte, or his e-mail address in any casing
 * @param out              filled; `struct_size` must be set (`TPS_STATE_INIT`). Untouched after an error
 * @return `TPS_OK`; `TPS_E_NOT_FOUND` no such user; `TPS_E_AMBIGUOUS` several users have this address;
 *         `TPS_E_ABI` a wrong `struct_size`; `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 *
 * @code
 * tps_state state = TPS_STATE_INIT;
 * if (tps_get_state(sync, "101", &state) == TPS_OK && state.dnd_owned) puts("101 is on DND because of Teams");
 * @endcode
 */
tps_status tps_get_state(struct tps_sync *sync, const char *user_id_or_email, struct tps_state *out);

/**
 * Why one user stands as he does, as a JSON object for support: address, object id and how it was found, Teams' last words and their age,
 * the rule that decided, holds, desired, acknowledged, owner, overrides, intents, the host's last answer and the next offer, and what would
 * change if the instance were enabled now. docs/explain.md describes each member; members may be added. Or, for all, the matching report:
 * who was found, who was not and why.
 *
 * @param sync    the instance
 * @param user_id the host's id of the user; NULL for the matching report
 * @param buf     room for the text and its NUL; may be NULL if `*len` is 0
 * @param len     in: bytes of room; out: bytes of the whole answer, its NUL included
 * @return `TPS_OK`;
 *         `TPS_E_TOO_SMALL` `*len` tells the room needed, nothing was written. The answer may have grown by the next call: ask in a loop;
 *         `TPS_E_NOT_FOUND` no such user; `TPS_E_INVALID_ARG`, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 *
 * @code
 * size_t len = 0;
 * char *text = NULL;
 * while (tps_explain(sync, "101", text, &len) == TPS_E_TOO_SMALL) text = realloc(text, len);
 * @endcode
 */
tps_status tps_explain(struct tps_sync *sync,
                       const char *user_id,
                       char *buf,
                       size_t *len);

/**
 * Figures for monitoring, as a JSON object; docs/stats.md describes each field. Counters never go back. They are read one after the
 * other, so sums need not agree to the last unit.
 *
 * @param sync the instance
 * @param buf  room for the text and its NUL; may be NULL if `*len` is 0
 * @param len  in: bytes of room; out: bytes of the whole answer, its NUL included
 * @return as `tps_explain`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_stats(struct tps_sync *sync,
                     char *buf,
                     size_t *len);

/**
 * Tries once, step by step, all that an instance with this configuration and these users needs, and says for each step how it went and
 * what to do where it fails. For an administrator's "test" button, for an installer, for support. docs/checking.md describes each line.
 *
 * The sink gets one JSON object a call, without line ends, in this order; a step that cannot be tried is told as skipped, so there are
 * always these eleven, unless the answer says that nothing was told:
 *
 * `configuration`, `name_resolution`, `proxy`, `tls`, `clock`, `sign_in`, `permissions`, `users`, `presence`, `state_directory`, `summary`
 *
 * Where the configuration names accounts in `source.notifications.accounts`, a twelfth stands before `state_directory`: `accounts`, with one
 * object for each in its facts.
 *
 * Each object begins with the members `step`, `verdict`, `message`, `remedy` in this order and with this spelling, so that a host without
 * a JSON reader can look for `"verdict":"failed"`. `verdict` is `ok`, `warning` (it works, somebody should look at it), `failed` or `skipped`;
 * `message` and `remedy` are English, one line, `remedy` may be empty; `facts` holds the same for programs; `took_ms` is how long it took.
 * The verdict of `summary` is the worst one: failed, warning or ok. Later versions add members, facts and steps. Nothing told holds a secret
 * or an e-mail address; users are named by `user_id`.
 *
 * @param config_json the configuration, as for `tps_create`
 * @param config_len  its bytes, without a NUL
 * @param users       whom to look up, an array as for `tps_set_users`; may be NULL if `count` is 0
 * @param count       elements, 0 to 1,000,000
 * @param timeout_ms  how long all may take together, in milliseconds, 0 or more. 60000 is a good value for some thousand users. 0 looks at the
 *                    configuration only
 * @param sink        called on the calling thread, before this call returns and never after; must not be NULL. Functions of this header
 *                    may be called in it
 * @param context     handed to the sink as it is
 * @return `TPS_OK` the check ran to its end, whatever it found: the verdict of `summary` says whether all is well;
 *         `TPS_E_CONFIG` the configuration is refused: the first line names every problem, all others are skipped;
 *         `TPS_E_TIMEOUT` the time was over first: the step that hung is told as failed, the ones after it as skipped;
 *         `TPS_E_REENTRANT` called inside a callback; nothing was told;
 *         `TPS_E_INVALID_ARG`, `TPS_E_ABI` an argument or an element of `users` breaks the rules of the interface; nothing was told;
 *         `TPS_E_SYSTEM` no thread could be had; nothing was told
 *
 * It signs in with a token of its own and sends a credential once. A password that Entra refused, here or in an instance, is not sent again
 * before its time (an hour as a rule): `state.dir` remembers it, without one this process does. Where a running instance of another process
 * holds `state.dir`, a password is not sent at all. With `device_code` the stored sign-in is used and renewed, or the token of the instance that
 * runs in this process; nobody is asked for a code. For this the state is held for a moment, in which a `tps_start` waits. The check waits
 * for its turn in the request budget that running instances with the same tenant and application share, and lowers nobody's limit; otherwise it
 * leaves them alone. Nothing else is kept: no thread, descriptor or file, but for a name server or disk that hangs, whose thread ends with
 * the hang.
 *
 * Blocks: up to `timeout_ms`, and as long as the sink. Not for the thread that serves a loop. Threads: any but inside callbacks; needs no
 * instance, and may run beside any number of them.
 *
 * @code
 * static void print_line(void *context, const char *text, size_t len) {
 *   if (strstr(text, "\"verdict\":\"failed\"") != NULL) *(int *)context = 1;
 *   printf("%.*s\n", (int)len, text);
 * }
 * ...
 * int failed = 0;
 * tps_check(json, strlen(json), users, count, 60000, print_line, &failed);
 * @endcode
 */
tps_status tps_check(const char *config_json,
                     size_t config_len,
                     const struct tps_user *users,
                     size_t count,
                     int32_t timeout_ms,
                     tps_text_fn sink,
                     void *context);

/**
 * The descriptor that is readable while something waits for `tps_dispatch`. It stays the same through stop and start. The library owns it:
 * watch it, but neither read nor close it; it is closed by `tps_destroy`.
 *
 * @param sync the instance
 * @return the descriptor, 0 or more; or a status below 0: `TPS_E_STATE` the instance is not in `poll` mode, `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
int32_t tps_event_fd(struct tps_sync *sync);

/**
 * Runs callbacks on the calling thread: waits for the first thing, then hands out what is there. For `"dispatch": {"mode": "poll"}`.
 *
 * @param sync       the instance, Running
 * @param timeout_ms how long to wait for the first thing, in milliseconds, 0 or more; 0 = do not wait
 * @param max_events at most so many callbacks; 0 = 1,024
 * @return how many callbacks ran, 0 or more; or a status below 0:
 *         `TPS_E_STATE` not Running, or not in `poll` mode; a waiting call comes back when a stop begins, the next one answers this;
 *         `TPS_E_REENTRANT` called inside a callback; `TPS_E_INVALID_ARG` negative time; `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: up to `timeout_ms`, and as long as the callbacks it runs. Threads: any but inside callbacks; several may call at once, their
 * callbacks still come one after the other.
 *
 * @code
 * struct pollfd fd = { tps_event_fd(sync), POLLIN, 0 };
 * while (running) {
 *   poll(&fd, 1, -1);
 *   if (tps_dispatch(sync, 0, 0) < 0) break;
 * }
 * @endcode
 */
int32_t tps_dispatch(struct tps_sync *sync,
                     int32_t timeout_ms,
                     uint32_t max_events);

/**
 * How much `on_log` is told from now on, in place of `log.level` of the configuration.
 *
 * @param sync  the instance
 * @param level `TPS_LOG_*`; `TPS_LOG_TRACE` falls back by itself after 30 minutes
 * @return `TPS_OK`; `TPS_E_INVALID_ARG` no such level; `TPS_E_HANDLE`, `TPS_E_FORKED`
 *
 * Blocks: no. Threads: any, also inside callbacks.
 */
tps_status tps_set_log_level(struct tps_sync *sync, int32_t level);

/* Initialisers: the first field of each struct set, the rest zero. For declarations; TPS_INIT(pointer) does the same for memory that is
 * there already, of any struct with a struct_size. It leaves tps_callbacks.abi_version at 0. */
#define TPS_CALLBACKS_INIT { sizeof(tps_callbacks), TPS_ABI_VERSION, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
#define TPS_USER_INIT { sizeof(tps_user), NULL, NULL, NULL, NULL, 0, 0, 0, 0 }
#define TPS_STATE_INIT { sizeof(tps_state), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 }, 0, 0, 0, 0 }
#define TPS_INIT(p) (memset((p), 0, sizeof *(p)), (void)((p)->struct_size = sizeof *(p)))

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TEAMS_PRESENCE_SYNC_H */
