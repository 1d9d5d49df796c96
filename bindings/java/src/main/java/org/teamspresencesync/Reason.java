package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** Why a change is asked for. */
public final class Reason {
    private Reason() {
    }

    /** Why a change is asked for: a rule decided so. */
    public static final int RULE = 1;

    /** The first decision after a start, or {@code tps_user.host_dnd} said otherwise. */
    public static final int RESYNC = 2;

    /** The presence is older than {@code stale.after_ms}. */
    public static final int STALE = 3;

    /** The instance was disabled. */
    public static final int DISABLED = 4;

    /** The host removed the user. */
    public static final int REMOVED = 5;

    /** Entra knows nobody of that address any more, or has disabled the account. */
    public static final int UNMATCHED = 6;

    /** No seat is left for the user. */
    public static final int SEATS = 7;

    /** The instance stops. */
    public static final int STOPPING = 8;

    /** Dry run was switched on. */
    public static final int DRY_RUN = 9;

    /** The user was put on the opt-out list. */
    public static final int OPTED_OUT = 10;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case RULE: return "RULE";
            case RESYNC: return "RESYNC";
            case STALE: return "STALE";
            case DISABLED: return "DISABLED";
            case REMOVED: return "REMOVED";
            case UNMATCHED: return "UNMATCHED";
            case SEATS: return "SEATS";
            case STOPPING: return "STOPPING";
            case DRY_RUN: return "DRY_RUN";
            case OPTED_OUT: return "OPTED_OUT";
            default: return String.valueOf(number);
        }
    }
}
