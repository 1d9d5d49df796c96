package org.teamspresencesync;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What a listener answers to a change. */
public enum Answer {
    /** Done. */
    APPLIED(0),
    /** Not done, nothing is changed: offered again after 1 s, doubling to 60 s; the newest value only. */
    RETRY(1),
    /** It already stood so: acknowledged, but not owned by the library. */
    ALREADY(3),
    /** No such user here: nothing of him is offered again until he is put again. */
    GONE(4);

    /** What the library wants to hear while the real answer is still to come. */
    static final int PENDING = 2;

    private final int number;

    Answer(int number) {
        this.number = number;
    }

    /**
     * The number in the C header, {@code TPS_ACK_*}.
     *
     * @return the number
     */
    public int number() {
        return number;
    }

    /**
     * This answer, given at once: {@code return Answer.APPLIED.now();}.
     *
     * @return a completed stage
     */
    public CompletionStage<Answer> now() {
        return CompletableFuture.completedFuture(this);
    }
}
