package org.teamspresencesync;

/** How one user stands, for a display; decisions come through the listener. Numbers that are not known are 0. */
public final class UserState {
    /** How many numbers the native side fills in. */
    static final int NUMBERS = 15;

    private final long[] numbers;
    private final String entraObjectId;

    UserState(long[] numbers, String entraObjectId) {
        this.numbers = numbers;
        this.entraObjectId = entraObjectId;
    }

    private int number(int at) {
        return (int) numbers[at];
    }

    /**
     * Whether the person was found in Entra.
     *
     * @return true if so
     */
    public boolean matched() {
        return number(0) != 0;
    }

    /**
     * The availability as last seen.
     *
     * @return {@link Availability}
     */
    public int availability() {
        return number(1);
    }

    /**
     * The activity as last seen.
     *
     * @return {@link Activity}
     */
    public int activity() {
        return number(2);
    }

    /**
     * Whether the person was out of office when last seen.
     *
     * @return true if so
     */
    public boolean outOfOffice() {
        return number(3) != 0;
    }

    /**
     * Whether the presence is older than {@code stale.after_ms}.
     *
     * @return true if so
     */
    public boolean stale() {
        return number(4) != 0;
    }

    /**
     * The DND that the rules want.
     *
     * @return {@link Dnd}; 0 if they want nothing
     */
    public int dndDesired() {
        return number(5);
    }

    /**
     * The DND that you are known to have.
     *
     * @return {@link Dnd}; 0 if not known
     */
    public int dndAcknowledged() {
        return number(6);
    }

    /**
     * Whether the library switched the DND on and it was not taken over since.
     *
     * @return true if so
     */
    public boolean dndOwned() {
        return number(7) != 0;
    }

    /**
     * The chat state that the rules want.
     *
     * @return {@link ChatState}; 0 if they want nothing
     */
    public int chatDesired() {
        return number(8);
    }

    /**
     * The chat state that you took last.
     *
     * @return {@link ChatState}; 0 if none
     */
    public int chatAcknowledged() {
        return number(9);
    }

    /**
     * When the presence was last confirmed.
     *
     * @return milliseconds since 1970-01-01 UTC, 0 for never
     */
    public long observedAtMillis() {
        return numbers[10];
    }

    /**
     * When you last took a change.
     *
     * @return milliseconds since 1970-01-01 UTC, 0 for never
     */
    public long acknowledgedAtMillis() {
        return numbers[11];
    }

    /**
     * The DND that the rules want for the calls of queues.
     *
     * @return {@link Dnd}; 0 if they want nothing
     */
    public int queueDesired() {
        return number(12);
    }

    /**
     * The DND that you are known to have for the calls of queues.
     *
     * @return {@link Dnd}; 0 if not known
     */
    public int queueAcknowledged() {
        return number(13);
    }

    /**
     * Whether the library switched that DND on and it was not taken over since.
     *
     * @return true if so
     */
    public boolean queueOwned() {
        return number(14) != 0;
    }

    /**
     * The Entra object id, lower case.
     *
     * @return never {@code null}; empty if not matched
     */
    public String entraObjectId() {
        return entraObjectId;
    }
}
