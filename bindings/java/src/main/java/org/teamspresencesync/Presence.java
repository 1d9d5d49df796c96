package org.teamspresencesync;

/** What Teams shows of a person. */
public final class Presence {
    private final String userId;
    private final String email;
    private final String entraObjectId;
    private final String availabilityText;
    private final String activityText;
    private final int availability;
    private final int activity;
    private final boolean outOfOffice;
    private final int source;
    private final long observedAtMillis;

    Presence(String userId, String email, String entraObjectId, String availabilityText, String activityText, int availability,
            int activity, boolean outOfOffice, int source, long observedAtMillis) {
        this.userId = userId;
        this.email = email;
        this.entraObjectId = entraObjectId;
        this.availabilityText = availabilityText;
        this.activityText = activityText;
        this.availability = availability;
        this.activity = activity;
        this.outOfOffice = outOfOffice;
        this.source = source;
        this.observedAtMillis = observedAtMillis;
    }

    /**
     * Your id of the user.
     *
     * @return never {@code null}
     */
    public String userId() {
        return userId;
    }

    /**
     * The address as you gave it.
     *
     * @return {@code null} if the user was found by his object id alone
     */
    public String email() {
        return email;
    }

    /**
     * The Entra object id, lower case.
     *
     * @return never {@code null}
     */
    public String entraObjectId() {
        return entraObjectId;
    }

    /**
     * The availability as Graph spelled it, for instance {@code BusyIdle}.
     *
     * @return never {@code null}
     */
    public String availabilityText() {
        return availabilityText;
    }

    /**
     * The activity as Graph spelled it.
     *
     * @return never {@code null}; empty if there was none
     */
    public String activityText() {
        return activityText;
    }

    /**
     * The availability.
     *
     * @return {@link Availability}
     */
    public int availability() {
        return availability;
    }

    /**
     * The activity.
     *
     * @return {@link Activity}
     */
    public int activity() {
        return activity;
    }

    /**
     * Whether the person is out of office, whatever the availability is.
     *
     * @return true if so
     */
    public boolean outOfOffice() {
        return outOfOffice;
    }

    /**
     * How it was learned.
     *
     * @return {@link PresenceSource}
     */
    public int source() {
        return source;
    }

    /**
     * When it was observed.
     *
     * @return milliseconds since 1970-01-01 UTC
     */
    public long observedAtMillis() {
        return observedAtMillis;
    }

    @Override
    public String toString() {
        return "Presence(" + userId + ", " + availabilityText + "/" + activityText + (outOfOffice ? ", out of office" : "") + ")";
    }
}
