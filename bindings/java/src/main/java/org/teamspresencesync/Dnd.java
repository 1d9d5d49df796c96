package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** A do-not-disturb, of a user or for the calls of queues. */
public final class Dnd {
    private Dnd() {
    }

    /** {@code tps_dnd_change.dnd}: calls ring. */
    public static final int OFF = 1;

    /** {@code tps_dnd_change.dnd}: calls do not ring. */
    public static final int ON = 2;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case OFF: return "OFF";
            case ON: return "ON";
            default: return String.valueOf(number);
        }
    }
}
