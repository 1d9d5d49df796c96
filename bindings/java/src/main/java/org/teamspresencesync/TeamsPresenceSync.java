package org.teamspresencesync;

import java.util.Collection;
import java.util.Collections;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * One instance of the library: signs in to Microsoft Entra, follows the Teams presence of the users handed over, and tells the listener
 * when a user's do-not-disturb or chat state must change.
 *
 * <pre>{@code
 * TeamsPresenceSync sync = TeamsPresenceSync.builder(configJson).listener(listener).build();
 * sync.setUsers(Arrays.asList(User.of("101", "anna@contoso.example")));
 * sync.start();
 * ...
 * sync.close();
 * }</pre>
 *
 * <p>Any thread may call any method at any time. Only {@link #stop}, {@link #close} and {@link #check} may block, each bounded. After
 * {@link #close} every call throws {@link IllegalStateException}, never worse. A call that the library refuses throws
 * {@link TeamsPresenceSyncException}; what goes wrong later, in the network or in Entra, comes as an event, and the library recovers by
 * itself. A text with a NUL character or half a surrogate pair where that cannot be handed over throws {@link IllegalArgumentException}.
 *
 * <p>An instance that runs has one Java thread, a daemon, on which all methods of the listener are called. Interrupting that thread stops
 * the instance in an orderly way and ends the thread; {@link #start} begins anew. An instance that is not closed is not collected.
 */
public final class TeamsPresenceSync implements AutoCloseable {
    private final long handle;
    private final Upcalls upcalls;
    private final Life life;

    private TeamsPresenceSync(Builder from) {
        upcalls = new Upcalls(from.listener);
        byte[] config = Utf8.bytes("config", Configuration.forPolling(from.config));
        byte[] err = Outcome.room();
        long[] made = new long[1];
        Outcome.succeed(Native.create(config, upcalls, upcalls.wanted(), made, err), err);
        handle = made[0];
        upcalls.setHandle(handle);
        int polled = Native.eventFd(handle);
        if (polled < 0) {
            Native.destroy(handle);
            throw new TeamsPresenceSyncException(Status.CONFIG, "dispatch.mode: from Java it is \"poll\"");
        }
        life = new Life(handle, upcalls, from.threadName, from.closeMillis, from.shutdownMillis);
    }

    /**
     * Begins to build an instance.
     *
     * @param configJson the configuration; docs/configuration.md of the library describes it. {@code dispatch.mode} is {@code poll} by
     *                   itself
     * @return a builder
     */
    public static Builder builder(String configJson) {
        return new Builder(configJson);
    }

    /** What an instance is made of. */
    public static final class Builder {
        private final String config;
        private TeamsPresenceListener listener = new TeamsPresenceListener() {
        };
        private String threadName = "teams-presence-sync";
        private int closeMillis = 5000;
        private int shutdownMillis = 3000;

        private Builder(String config) {
            this.config = Objects.requireNonNull(config, "configJson");
        }

        /**
         * What the instance calls.
         *
         * @param listener not {@code null}; kept until {@link TeamsPresenceSync#close}
         * @return this
         */
        public Builder listener(TeamsPresenceListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * The name of the poll thread.
         *
         * @param name by default {@code teams-presence-sync}
         * @return this
         */
        public Builder threadName(String name) {
            threadName = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * How long {@link TeamsPresenceSync#close} gives the last callbacks.
         *
         * @param millis 5000 by default; a few seconds for a few hundred users
         * @return this
         */
        public Builder closeTimeoutMillis(long millis) {
            closeMillis = Outcome.time(millis);
            return this;
        }

        /**
         * How long the end of the virtual machine waits for an instance that still runs, so that what was switched on is released where the
         * configuration wants that. A shutdown hook stops it.
         *
         * @param millis 3000 by default; 0 for no hook
         * @return this
         */
        public Builder shutdownTimeoutMillis(long millis) {
            shutdownMillis = Outcome.time(millis);
            return this;
        }

        /**
         * Reads the configuration and makes the instance. Nothing is sent and no thread is started.
         *
         * @return the instance, not started
         * @throws TeamsPresenceSyncException {@link Status#CONFIG}: the text names the path of the key and what is allowed
         * @throws UnsatisfiedLinkError       the native library cannot be loaded; the text names each place that was tried, and why
         */
        public TeamsPresenceSync build() {
            NativeLibrary.load();
            return new TeamsPresenceSync(this);
        }
    }

    /**
     * Begins to work: signs in, looks the users up and delivers the first decision for each of them, all in the background. Allowed again
     * after a stop.
     *
     * @throws TeamsPresenceSyncException {@link Status#STATE} it runs already, or a stop is not done; {@link Status#CONFIG} a file named in
     *                                    the configuration cannot be used; {@link Status#LOCKED} another process has the state directory;
     *                                    {@link Status#SYSTEM} no thread or descriptor could be had
     */
    public void start() {
        life.start();
    }

    /**
     * Ends the work: what must be released is offered once more, answers that are owed are waited for within the time, and then nothing
     * is called any more until the next {@link #start}. The last callbacks come on the poll thread.
     *
     * @param timeoutMillis how long that may take, 0 or more; 5000 is a good value. The call returns within about a second more
     * @return true: no method of the listener runs, and none will. False: a method of the listener, or a disk, has not come back in time;
     *         the stop goes on, call again
     * @throws TeamsPresenceSyncException {@link Status#REENTRANT} inside a method of a listener
     */
    public boolean stop(long timeoutMillis) {
        return life.stop(Outcome.time(timeoutMillis));
    }

    /**
     * Stops and frees the instance. Does nothing where that was done already.
     *
     * @throws TeamsPresenceSyncException {@link Status#TIMEOUT} a method of the listener, or a disk, has not come back in time: the
     *                                    instance still is there, keep your code loaded and close again; {@link Status#REENTRANT} inside a
     *                                    method of a listener
     */
    @Override
    public void close() {
        life.close();
    }

    /**
     * Takes a new configuration, whole or not at all. The users stay as they are.
     *
     * @param configJson the whole new configuration
     * @throws TeamsPresenceSyncException {@link Status#NEEDS_RESTART} the text names the keys that an instance keeps for its life;
     *                                    {@link Status#CONFIG} as in {@link Builder#build}; nothing was changed
     */
    public void reload(String configJson) {
        byte[] config = Utf8.bytes("config", Configuration.forPolling(configJson));
        byte[] err = Outcome.room();
        Outcome.succeed(Native.reload(handle, config, err), err);
    }

    /**
     * Switches the synchronisation off and on without a stop. Off: what the library switched on is released;
     * {@link EventCode#ALL_RELEASED} tells when all of that is done.
     *
     * @param enabled false for off
     */
    public void setEnabled(boolean enabled) {
        Outcome.succeed(Native.setEnabled(handle, enabled), null);
    }

    /**
     * Hands over the whole mapping: who is not in it counts as removed, and what the library switched on for him is released.
     *
     * @param users at most 1,000,000; where seats are limited the first ones are served
     */
    public void setUsers(Collection<User> users) {
        UserArrays arrays = new UserArrays(users);
        byte[] err = Outcome.room();
        Outcome.succeed(Native.setUsers(handle, arrays.texts, arrays.places, arrays.facts, err), err);
    }

    /**
     * Adds one user, or replaces what is known of him. What waits for a retry is offered at once.
     *
     * @param user the user
     */
    public void putUser(User user) {
        UserArrays arrays = new UserArrays(Collections.singletonList(user));
        byte[] err = Outcome.room();
        Outcome.succeed(Native.putUser(handle, arrays.texts, arrays.places, arrays.facts, err), err);
    }

    /**
     * Removes one user. What the library switched on for him is released.
     *
     * @param userId your id of the user
     * @return false if there is none of this id
     */
    public boolean removeUser(String userId) {
        return Outcome.found(Native.removeUser(handle, id(userId)));
    }

    /**
     * Answers a change by its number, for a listener that keeps numbers rather than stages: it returned a stage that it never completes.
     *
     * @param changeId of the change
     * @param answer   the answer
     * @return false if no such change waits: answered already, timed out and offered anew, replaced, or ended by a stop
     */
    public boolean acknowledge(long changeId, Answer answer) {
        return Outcome.found(Native.acknowledge(handle, changeId, answer.number()));
    }

    /**
     * Tells that the DND of a user was switched in the telephone system. Report every change, those made for the library included: it knows
     * its own echo, and takes anything else for a person's act, which it respects.
     *
     * @param userId your id of the user
     * @param on     true if it is on now
     * @param origin {@link ReportOrigin}
     * @return false if there is no such user
     */
    public boolean reportDnd(String userId, boolean on, int origin) {
        return Outcome.found(Native.reportDnd(handle, id(userId), on, origin));
    }

    /**
     * The same for the DND of the calls of queues.
     *
     * @param userId your id of the user
     * @param on     true if it is on now
     * @param origin {@link ReportOrigin}
     * @return false if there is no such user
     */
    public boolean reportQueue(String userId, boolean on, int origin) {
        return Outcome.found(Native.reportQueue(handle, id(userId), on, origin));
    }

    /**
     * Tells that a user is in a call of the telephone system, or no longer. A level and no count: true with the first call, false when the
     * last one has ended.
     *
     * @param userId your id of the user
     * @param inCall true for in a call
     * @return false if there is no such user
     */
    public boolean reportCall(String userId, boolean inCall) {
        return Outcome.found(Native.reportCall(handle, id(userId), inCall));
    }

    /**
     * Asks for news of one user at once. What waits for a retry is offered at once.
     *
     * @param userId your id of the user
     * @return false if there is no such user
     */
    public boolean refresh(String userId) {
        return Outcome.found(Native.refresh(handle, id(userId)));
    }

    /** Asks for news of all users at once, and of the directory. */
    public void refreshAll() {
        Outcome.succeed(Native.refresh(handle, null), null);
    }

    /**
     * Hands over what was posted to {@code source.notifications.url}, for a host with a web server of its own. Give every POST to that
     * address, and answer at once with what comes back.
     *
     * @param query what stands behind the {@code ?}, not decoded; {@code null} or empty if nothing does
     * @param body  the body of the request
     * @return what to answer
     * @throws TeamsPresenceSyncException {@link Status#STATE} not running, or {@code source.mode} is poll: answer 503
     */
    public NotificationReply deliverNotification(String query, byte[] body) {
        int[] httpStatus = new int[1];
        byte[][] reply = new byte[1][];
        byte[] asked = Utf8.bytes("query", query == null ? "" : query);
        Outcome.succeed(Native.deliver(handle, asked, Objects.requireNonNull(body, "body"), httpStatus, reply), null);
        return new NotificationReply(httpStatus[0], reply[0]);
    }

    /**
     * Asks for a code by which a person signs in; {@link EventCode#SIGN_IN_REQUIRED} brings page and code.
     *
     * @param account {@code null} for the sign-in of {@code auth}; else a name of {@code source.notifications.accounts} or an object id
     * @throws TeamsPresenceSyncException {@link Status#STATE} not running, or nobody signs in there by a code; {@link Status#NOT_FOUND} no
     *                                    such account
     */
    public void signIn(String account) {
        Outcome.succeed(Native.signIn(handle, Utf8.terminated("account", account)), null);
    }

    /**
     * Forgets the sign-in of a person.
     *
     * @param account as in {@link #signIn}
     */
    public void signOut(String account) {
        Outcome.succeed(Native.signOut(handle, Utf8.terminated("account", account)), null);
    }

    /**
     * How one user stands.
     *
     * @param userIdOrEmail your id of the user, tried first, or his address in any casing
     * @return the state
     * @throws TeamsPresenceSyncException {@link Status#NOT_FOUND} no such user; {@link Status#AMBIGUOUS} several have this address
     */
    public UserState state(String userIdOrEmail) {
        long[] numbers = new long[UserState.NUMBERS];
        byte[][] objectId = new byte[1][];
        Outcome.succeed(Native.state(handle, id(userIdOrEmail), numbers, objectId), null);
        return new UserState(numbers, Utf8.text(objectId[0]));
    }

    /**
     * Why one user stands as he does, for support.
     *
     * @param userId your id of the user
     * @return a JSON object; docs/explain.md of the library describes it
     * @throws TeamsPresenceSyncException {@link Status#NOT_FOUND} no such user
     */
    public String explain(String userId) {
        byte[][] text = new byte[1][];
        Outcome.succeed(Native.explain(handle, id(userId), text), null);
        return Utf8.text(text[0]);
    }

    /**
     * Who was found in Entra, who was not, and why.
     *
     * @return a JSON object
     */
    public String matchingReport() {
        byte[][] text = new byte[1][];
        Outcome.succeed(Native.explain(handle, null, text), null);
        return Utf8.text(text[0]);
    }

    /**
     * Figures for monitoring.
     *
     * @return a JSON object; docs/stats.md of the library describes it
     */
    public String stats() {
        byte[][] text = new byte[1][];
        Outcome.succeed(Native.stats(handle, text), null);
        return Utf8.text(text[0]);
    }

    /**
     * How much {@link TeamsPresenceListener#onLog} is told from now on.
     *
     * @param level {@link LogLevel}
     */
    public void setLogLevel(int level) {
        Outcome.succeed(Native.setLogLevel(handle, level), null);
    }

    /**
     * How often {@link TeamsPresenceListener#onFailure} was called.
     *
     * @return since the instance was built
     */
    public long failures() {
        return upcalls.failures();
    }

    /**
     * Tries once, step by step, all that an instance with this configuration and these users needs. Needs no instance.
     *
     * @param configJson    the configuration
     * @param users         whom to look up
     * @param timeoutMillis how long all may take together; 60000 is a good value. 0 looks at the configuration only
     * @param line          gets a JSON object a step, on this thread; docs/checking.md of the library describes them. What it throws ends
     *                      the telling, and is thrown here when the check is over
     * @throws TeamsPresenceSyncException after the lines were told: {@link Status#CONFIG} the configuration is refused,
     *                                    {@link Status#TIMEOUT} the time was over first; without lines: {@link Status#REENTRANT} inside a
     *                                    method of a listener
     */
    public static void check(String configJson, Collection<User> users, long timeoutMillis, Consumer<? super String> line) {
        int millis = Outcome.time(timeoutMillis);
        NativeLibrary.load();
        UserArrays arrays = new UserArrays(users);
        Lines lines = new Lines(Objects.requireNonNull(line, "line"));
        int status = Native.check(Utf8.bytes("config", configJson), arrays.texts, arrays.places, arrays.facts, millis, lines);
        lines.rethrow();
        if (status == Status.REENTRANT) {
            throw Outcome.reentrant("check");
        }
        Outcome.succeed(status, null);
    }

    /**
     * The release of the native library that this process works with. After an update of the jar that is the old one until the virtual
     * machine starts anew.
     *
     * @return for instance {@code 0.1.0}
     */
    public static String version() {
        NativeLibrary.load();
        return Utf8.text(Native.version());
    }

    /**
     * The version of its C interface.
     *
     * @return major &lt;&lt; 16 | minor
     */
    public static int abiVersion() {
        NativeLibrary.load();
        return Native.abiVersion();
    }

    /**
     * The name of a status in the C header.
     *
     * @param status a number of {@link Status}
     * @return for instance {@code TPS_E_STATE}; {@code TPS_E_?} for a number that this version does not know
     */
    public static String statusName(int status) {
        NativeLibrary.load();
        return Utf8.text(Native.statusName(status));
    }

    private static byte[] id(String userId) {
        return Utf8.terminated("userId", Objects.requireNonNull(userId, "userId"));
    }
}
