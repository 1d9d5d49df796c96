package org.teamspresencesync;

/** Asks to switch a do-not-disturb of one user: his own, or that for the calls of queues. */
public final class DndChange extends Change {
    DndChange(long changeId, String userId, String email, Presence presence, long decidedAtMillis, int dnd, int reason, int attempt) {
        super(changeId, userId, email, presence, decidedAtMillis, dnd, reason, attempt);
    }

    /**
     * Whether calls shall not ring any more.
     *
     * @return true for on, false for off
     */
    public boolean on() {
        return dnd() == Dnd.ON;
    }

    /**
     * The same as a number.
     *
     * @return {@link Dnd}
     */
    public int dnd() {
        return value();
    }

    @Override
    public String toString() {
        return text("DndChange", Dnd.name(dnd()));
    }
}
