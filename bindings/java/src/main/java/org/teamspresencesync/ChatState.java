package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** A chat state. */
public final class ChatState {
    private ChatState() {
    }

    /** Reachable. */
    public static final int AVAILABLE = 1;

    /** Not at the desk. */
    public static final int AWAY = 2;

    /** Wants no messages. */
    public static final int DND = 3;

    /** Away for long (XMPP {@code xa}). */
    public static final int EXTENDED_AWAY = 4;

    /** Not there. */
    public static final int OFFLINE = 5;

    /** The library says nothing any more: the host's own logic applies. */
    public static final int RELEASED = 6;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case AVAILABLE: return "AVAILABLE";
            case AWAY: return "AWAY";
            case DND: return "DND";
            case EXTENDED_AWAY: return "EXTENDED_AWAY";
            case OFFLINE: return "OFFLINE";
            case RELEASED: return "RELEASED";
            default: return String.valueOf(number);
        }
    }
}
