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
