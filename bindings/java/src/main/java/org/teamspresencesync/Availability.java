package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** Whether a person can be reached, as Teams shows it. */
public final class Availability {
    private Availability() {
    }

    /** Not known: no presence yet, or a word that this version does not know. */
    public static final int UNKNOWN = 0;

    /** Reachable. {@code AvailableIdle} arrives as this; its word stays in {@code availability_text}. */
    public static final int AVAILABLE = 1;

    /** Away from the machine. */
    public static final int AWAY = 2;

    /** Away for a moment. */
    public static final int BE_RIGHT_BACK = 3;

    /** Occupied; the activity says with what. {@code BusyIdle} arrives as this. */
    public static final int BUSY = 4;

    /** Wants no calls. */
    public static final int DO_NOT_DISTURB = 5;

    /** Not signed in, or hidden. */
    public static final int OFFLINE = 6;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case UNKNOWN: return "UNKNOWN";
            case AVAILABLE: return "AVAILABLE";
            case AWAY: return "AWAY";
            case BE_RIGHT_BACK: return "BE_RIGHT_BACK";
            case BUSY: return "BUSY";
            case DO_NOT_DISTURB: return "DO_NOT_DISTURB";
            case OFFLINE: return "OFFLINE";
            default: return String.valueOf(number);
        }
    }
}
