package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** What a person does, as Teams shows it. */
public final class Activity {
    private Activity() {
    }

    /** None, or a word that this version does not know; the word itself is in {@code activity_text}. */
    public static final int UNKNOWN = 0;

    /** As the availability. */
    public static final int AVAILABLE = 1;

    /** As the availability. */
    public static final int AWAY = 2;

    /** As the availability. */
    public static final int BE_RIGHT_BACK = 3;

    /** Busy by hand or by the calendar. */
    public static final int BUSY = 4;

    /** Set by hand. */
    public static final int DO_NOT_DISTURB = 5;

    /** Focus time. */
    public static final int FOCUSING = 6;

    /** In a call with one other person. */
    public static final int IN_A_CALL = 7;

    /** In a call with several others. */
    public static final int IN_A_CONFERENCE_CALL = 8;

    /** In a meeting of the calendar. */
    public static final int IN_A_MEETING = 9;

    /** Idle; also {@code AvailableInactive}. */
    public static final int INACTIVE = 10;

    /** Not signed in. */
    public static final int OFFLINE = 11;

    /** Appears offline by choice. */
    public static final int OFF_WORK = 12;

    /** Out of office. */
    public static final int OUT_OF_OFFICE = 13;

    /** Shares the screen. */
    public static final int PRESENTING = 14;

    /** Only urgent messages come through. */
    public static final int URGENT_INTERRUPTIONS_ONLY = 15;

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
            case FOCUSING: return "FOCUSING";
            case IN_A_CALL: return "IN_A_CALL";
            case IN_A_CONFERENCE_CALL: return "IN_A_CONFERENCE_CALL";
            case IN_A_MEETING: return "IN_A_MEETING";
            case INACTIVE: return "INACTIVE";
            case OFFLINE: return "OFFLINE";
            case OFF_WORK: return "OFF_WORK";
            case OUT_OF_OFFICE: return "OUT_OF_OFFICE";
            case PRESENTING: return "PRESENTING";
            case URGENT_INTERRUPTIONS_ONLY: return "URGENT_INTERRUPTIONS_ONLY";
            default: return String.valueOf(number);
        }
    }
}
