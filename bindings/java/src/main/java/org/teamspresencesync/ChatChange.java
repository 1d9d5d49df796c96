package org.teamspresencesync;

/** Asks to set the chat state of one user. */
public final class ChatChange {
    private final long changeId;
    private final String userId;
    private final String email;
    private final Presence presence;
    private final long decidedAtMillis;
    private final int chatState;
    private final int reason;
    private final int attempt;

    ChatChange(long changeId, String userId, String email, Presence presence, long decidedAtMillis, int chatState, int reason,
            int attempt) {
        this.changeId = changeId;
        this.userId = userId;
        this.email = email;
        this.presence = presence;
        this.decidedAtMillis = decidedAtMillis;
        this.chatState = chatState;
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
     * What the chat state shall be.
     *
     * @return {@link ChatState}
     */
    public int chatState() {
        return chatState;
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
        return "ChatChange(" + userId + ", " + ChatState.name(chatState) + ", " + Reason.name(reason) + ", attempt " + attempt + ")";
    }
}
