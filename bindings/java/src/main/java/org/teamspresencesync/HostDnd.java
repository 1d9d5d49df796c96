package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** How the telephone system's DND stands as a user is handed over; 0 is not said. */
public final class HostDnd {
    private HostDnd() {
    }

    /** {@code tps_user.host_dnd} and {@code host_queue_dnd}: the DND is off as the user is handed over, whoever owned it before. */
    public static final int OFF = 1;

    /** {@code tps_user.host_dnd} and {@code host_queue_dnd}: it is on. */
    public static final int ON = 2;

    /** {@code tps_user.host_dnd} and {@code host_queue_dnd}: it is on, and the host kept a mark that this library switched it on. */
    public static final int ON_OURS = 3;

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
            case ON_OURS: return "ON_OURS";
            default: return String.valueOf(number);
        }
    }
}
