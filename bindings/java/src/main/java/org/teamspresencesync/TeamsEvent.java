package org.teamspresencesync;

/**
 * Something that an administrator, or your program, may want to act on. docs/events.md of the library lists them all. No text ever holds a
 * secret or an e-mail address.
 */
public final class TeamsEvent {
    private final String userId;
    private final String message;
    private final String remedy;
    private final String json;
    private final long atMillis;
    private final int code;
    private final int severity;

    TeamsEvent(String userId, String message, String remedy, String json, long atMillis, int code, int severity) {
        this.userId = userId;
        this.message = message;
        this.remedy = remedy;
        this.json = json;
        this.atMillis = atMillis;
        this.code = code;
        this.severity = severity;
    }

    /**
     * Whom it concerns, by your id.
     *
     * @return {@code null} if the instance as a whole
     */
    public String userId() {
        return userId;
    }

    /**
     * One English sentence on one line.
     *
     * @return never {@code null}
     */
    public String message() {
        return message;
    }

    /**
     * What to do about it and where, in plain words.
     *
     * @return never {@code null}
     */
    public String remedy() {
        return remedy;
    }

    /**
     * The same for programs: a JSON object with {@code code}, {@code name} and the fields of this code.
     *
     * @return never {@code null}
     */
    public String json() {
        return json;
    }

    /**
     * When it happened.
     *
     * @return milliseconds since 1970-01-01 UTC
     */
    public long atMillis() {
        return atMillis;
    }

    /**
     * Which event.
     *
     * @return {@link EventCode}; later versions add some
     */
    public int code() {
        return code;
    }

    /**
     * How bad it is.
     *
     * @return {@link Severity}
     */
    public int severity() {
        return severity;
    }

    @Override
    public String toString() {
        return "TeamsEvent(" + code + " " + EventCode.name(code) + (userId == null ? "" : ", " + userId) + ": " + message + ")";
    }
}
