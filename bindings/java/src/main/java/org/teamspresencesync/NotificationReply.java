package org.teamspresencesync;

/** What to answer to a POST that {@link TeamsPresenceSync#deliverNotification} was given. */
public final class NotificationReply {
    private final int httpStatus;
    private final byte[] body;

    NotificationReply(int httpStatus, byte[] body) {
        this.httpStatus = httpStatus;
        this.body = body;
    }

    /**
     * The status of the answer.
     *
     * @return 200 (with the body), 202, 400, 413 or 503
     */
    public int httpStatus() {
        return httpStatus;
    }

    /**
     * The body of the answer, to be sent as {@code text/plain}. Bytes and no text: what Microsoft encoded goes back as it was.
     *
     * @return empty for every status but 200
     */
    public byte[] body() {
        return body.clone();
    }
}
