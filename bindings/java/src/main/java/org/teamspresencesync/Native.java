package org.teamspresencesync;

/**
 * The native functions, one for each of the C header that has to do with an instance. Answers are statuses; texts go in as UTF-8, ended by
 * a NUL byte unless it is a configuration, a query or a body. {@link NativeLibrary#load()} comes first.
 */
final class Native {
    private Native() {
    }

    static native int abiVersion();

    static native byte[] version();

    static native byte[] statusName(int status);

    static native int create(byte[] config, Upcalls upcalls, int wanted, long[] handle, byte[] err);

    static native int start(long handle, byte[] err);

    static native int reload(long handle, byte[] config, byte[] err);

    static native int setEnabled(long handle, boolean enabled);

    static native int stop(long handle, int timeoutMillis);

    static native int destroy(long handle);

    /** The users as {@link UserArrays} packs them. */
    static native int setUsers(long handle, byte[] texts, int[] places, int[] facts, byte[] err);

    static native int putUser(long handle, byte[] texts, int[] places, int[] facts, byte[] err);

    static native int removeUser(long handle, byte[] userId);

    static native int acknowledge(long handle, long changeId, int answer);

    static native int reportDnd(long handle, byte[] userId, boolean on, int origin);

    static native int reportQueue(long handle, byte[] userId, boolean on, int origin);

    static native int reportCall(long handle, byte[] userId, boolean inCall);

    static native int refresh(long handle, byte[] userId);

    static native int deliver(long handle, byte[] query, byte[] body, int[] httpStatus, byte[][] reply);

    static native int signIn(long handle, byte[] account);

    static native int signOut(long handle, byte[] account);

    static native int state(long handle, byte[] user, long[] numbers, byte[][] objectId);

    static native int explain(long handle, byte[] userId, byte[][] text);

    static native int stats(long handle, byte[][] text);

    static native int check(byte[] config, byte[] texts, int[] places, int[] facts, int timeoutMillis, Lines lines);

    static native int setLogLevel(long handle, int level);

    /** A descriptor, or a negative status where the instance is not in poll mode. */
    static native int eventFd(long handle);

    /** Waits for something to hand out or for the bell, then hands out at most so many. How many, or a negative status. */
    static native int dispatch(long handle, int wake, int most);

    /** A bell for dispatch; negative: the error of the system. */
    static native int wakeOpen();

    static native void wakeRing(int wake);

    static native void wakeClose(int wake);
}
