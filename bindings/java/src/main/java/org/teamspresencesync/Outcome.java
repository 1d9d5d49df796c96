package org.teamspresencesync;

/** What the statuses of native calls mean in Java. */
final class Outcome {
    private static final int ERR_BYTES = 1024;

    private Outcome() {
    }

    /** Room for an explanation. */
    static byte[] room() {
        return new byte[ERR_BYTES];
    }

    /**
     * Throws unless it is OK; the explanation may be {@code null}. A handle is given out by build and taken back by close, so one that the
     * library does not know is a closed one.
     */
    static void succeed(int status, byte[] err) {
        if (status == Status.HANDLE) {
            throw closed();
        }
        if (status != Status.OK) {
            throw new TeamsPresenceSyncException(status, err == null ? "" : Utf8.untilNul(err));
        }
    }

    /** False for NOT_FOUND, where that is an answer. */
    static boolean found(int status) {
        if (status == Status.NOT_FOUND) {
            return false;
        }
        succeed(status, null);
        return true;
    }

    static IllegalStateException closed() {
        return new IllegalStateException("the instance is closed");
    }

    static TeamsPresenceSyncException reentrant(String call) {
        return new TeamsPresenceSyncException(Status.REENTRANT,
                call + "() inside a method of a listener would wait for itself; let another thread call it");
    }

    /** Milliseconds for the library. */
    static int time(long millis) {
        if (millis < 0) {
            throw new IllegalArgumentException("a negative time: " + millis);
        }
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }
}
