package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** How bad an event is. */
public final class Severity {
    private Severity() {
    }

    /** {@code tps_event.severity}: nothing to do. */
    public static final int INFO = 1;

    /** {@code tps_event.severity}: works, but somebody should look before it does not. */
    public static final int WARNING = 2;

    /** {@code tps_event.severity}: does not work, in whole or for the user named. */
    public static final int ERROR = 3;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case INFO: return "INFO";
            case WARNING: return "WARNING";
            case ERROR: return "ERROR";
            default: return String.valueOf(number);
        }
    }
}
