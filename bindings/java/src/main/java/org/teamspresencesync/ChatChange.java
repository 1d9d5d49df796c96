package org.teamspresencesync;

/** Asks to set the chat state of one user. */
public final class ChatChange extends Change {
    ChatChange(long changeId, String userId, String email, Presence presence, long decidedAtMillis, int chatState, int reason,
            int attempt) {
        super(changeId, userId, email, presence, decidedAtMillis, chatState, reason, attempt);
    }

    /**
     * What the chat state shall be.
     *
     * @return {@link ChatState}
     */
    public int chatState() {
        return value();
    }

    @Override
    public String toString() {
        return text("ChatChange", ChatState.name(chatState()));
    }
}
