package org.teamspresencesync;

/** What every change that is asked of the host has in common. */
abstract class Change {
    private final long changeId;
    private final String userId;
    private final String email;
    private final Presence presence;
    private final long decidedAtMillis;
    private final int value;
    private final int reason;
    private final int attempt;

    Change(long changeId, String userId, String email, Presence presence, long decidedAtMillis, int value, int reason, int attempt) {
        this.changeId = changeId;
        this.userId = userId;
        this.email = email;
        this.presence = presence;
        this.decidedAtMillis = decidedAtMillis;
        this.value = value;
        this.reason = reason;
        this.attempt = attempt;
    }

    /**
     * Names this change for {@link TeamsPresenceSync#acknowledge}; the same when the same value is offered again.
     *
     * @return never 0
     */
    public long changeId() {
        return changeId;
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
     * @return {@code null} if you gave none
     */
    public String email() {
        return email;
    }

    /**
     * The newest presence of the person.
     *
     * @return {@code null} if none is known, for instance after a restart
     */
    public Presence presence() {
        return presence;
    }

    /**
     * When it was decided.
     *
     * @return milliseconds since 1970-01-01 UTC
     */
    public long decidedAtMillis() {
        return decidedAtMillis;
    }

    /**
     * Why.
     *
     * @return {@link Reason}
     */
    public int reason() {
        return reason;
    }

    /**
     * How often this value was offered, this time included.
     *
     * @return 1 for the first offer
     */
    public int attempt() {
        return attempt;
    }

    /** What is asked for, as a number of the kind of change. */
    int value() {
        return value;
    }

    /** For logs; the address stays out. */
    String text(String kind, String what) {
        return kind + "(" + userId + ", " + what + ", " + Reason.name(reason) + ", attempt " + attempt + ")";
    }
}
