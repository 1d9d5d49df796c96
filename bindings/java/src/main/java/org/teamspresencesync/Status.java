package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** What the library answers to a call. Later versions add some. */
public final class Status {
    private Status() {
    }

    /** Done. */
    public static final int OK = 0;

    /** An argument is wrong: NULL where something must be, not UTF-8, a negative time, an empty id, a nonzero {@code reserved}. */
    public static final int INVALID_ARG = -1;

    /** The configuration is wrong. The text names the path of the key and what is allowed. Nothing was changed. */
    public static final int CONFIG = -2;

    /** No such instance: the handle is NULL, was never given out, or its instance was destroyed. */
    public static final int HANDLE = -3;

    /** Not in this state: see the table of states on the first page. */
    public static final int STATE = -4;

    /** Called inside a callback, of whichever instance, where it would wait for itself. Tell a thread of yours to do it. */
    public static final int REENTRANT = -5;

    /** {@code tps_stop} only: a callback of the host or the disk has not come back in time. */
    public static final int TIMEOUT = -6;

    /** The buffer is too small; {@code *len} tells the size needed. Nothing was written. */
    public static final int TOO_SMALL = -7;

    /** No such user, or no such change is waiting for an answer. */
    public static final int NOT_FOUND = -8;

    /** Several users have this e-mail address: ask by {@code user_id}. */
    public static final int AMBIGUOUS = -9;

    /** The new configuration differs in keys that an instance keeps for its life, running or not; the text names them. */
    public static final int NEEDS_RESTART = -10;

    /** The caller was compiled for another major version, or a {@code struct_size} breaks the rules of guarantee 7. */
    public static final int ABI = -11;

    /** The handle was made before a {@code fork}, in the parent. It is of no use in the child; {@code tps_create} works there. */
    public static final int FORKED = -12;

    /** Another process, or another instance of this one, works with the same state directory. The text names its process id. */
    public static final int LOCKED = -13;

    /** The operating system refused something: a thread, a descriptor, memory. The text tells which. */
    public static final int SYSTEM = -14;

    /** A fault of this library, caught at its boundary. The call may have been done in part; the instance goes on. Report it. */
    public static final int INTERNAL = -99;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case OK: return "OK";
            case INVALID_ARG: return "INVALID_ARG";
            case CONFIG: return "CONFIG";
            case HANDLE: return "HANDLE";
            case STATE: return "STATE";
            case REENTRANT: return "REENTRANT";
            case TIMEOUT: return "TIMEOUT";
            case TOO_SMALL: return "TOO_SMALL";
            case NOT_FOUND: return "NOT_FOUND";
            case AMBIGUOUS: return "AMBIGUOUS";
            case NEEDS_RESTART: return "NEEDS_RESTART";
            case ABI: return "ABI";
            case FORKED: return "FORKED";
            case LOCKED: return "LOCKED";
            case SYSTEM: return "SYSTEM";
            case INTERNAL: return "INTERNAL";
            default: return String.valueOf(number);
        }
    }
}
