package org.teamspresencesync;

/** Asks to switch a do-not-disturb of one user: his own, or that for the calls of queues. */
public final class DndChange {
    private final long changeId;
    private final String userId;
    private final String email;
    private final Presence presence;
    private final long decidedAtMillis;
    private final int dnd;
    private final int reason;
    private final int attempt;

    DndChange(long changeId, String userId, String email, Presence presence, long decidedAtMillis, int dnd, int reason, int attempt) {
        this.changeId = changeId;
        this.userId = userId;
        this.email = email;
        this.presence = presence;
        this.decidedAtMillis = decidedAtMillis;
        this.dnd = dnd;
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
     * Whether calls shall not ring any more.
     *
     * @return true for on, false for off
     */
    public boolean on() {
        return dnd == Dnd.ON;
    }

    /**
     * The same as a number.
     *
     * @return {@link Dnd}
     */
    public int dnd() {
        return dnd;
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

    @Override
    public String toString() {
        return "DndChange(" + userId + ", " + Dnd.name(dnd) + ", " + Reason.name(reason) + ", attempt " + attempt + ")";
    }
}
