package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** How a presence was learned. */
public final class PresenceSource {
    private PresenceSource() {
    }

    /** {@code tps_presence.source}: a poll answer. */
    public static final int POLL = 1;

    /** {@code tps_presence.source}: a change notification. */
    public static final int NOTIFICATION = 2;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case POLL: return "POLL";
            case NOTIFICATION: return "NOTIFICATION";
            default: return String.valueOf(number);
        }
    }
}
