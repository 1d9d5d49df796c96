package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** Who switched a DND that is reported. */
public final class ReportOrigin {
    private ReportOrigin() {
    }

    /** Origin of a report: the host cannot tell who did it. */
    public static final int SEEN = 0;

    /** Origin of a report: certainly a person. */
    public static final int PERSON = 1;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case SEEN: return "SEEN";
            case PERSON: return "PERSON";
            default: return String.valueOf(number);
        }
    }
}
