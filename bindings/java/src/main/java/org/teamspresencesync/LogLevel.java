package org.teamspresencesync;

// Generated from include/teams_presence_sync.h; `make docs` writes it anew.

/** How much is told to {@link TeamsPresenceListener#onLog}. */
public final class LogLevel {
    private LogLevel() {
    }

    /** Something does not work. The default level. */
    public static final int ERROR = 1;

    /** Something may stop working. */
    public static final int WARN = 2;

    /** What an administrator did or would want to have seen. */
    public static final int INFO = 3;

    /** Each decision. Lines of this level and the next may name e-mail addresses. */
    public static final int DEBUG = 4;

    /** Each step. Falls back by itself after 30 minutes. */
    public static final int TRACE = 5;

    /**
     * The name of a number, for logs.
     *
     * @param number any number
     * @return its name, or the number itself where this version does not know it
     */
    public static String name(int number) {
        switch (number) {
            case ERROR: return "ERROR";
            case WARN: return "WARN";
            case INFO: return "INFO";
            case DEBUG: return "DEBUG";
            case TRACE: return "TRACE";
            default: return String.valueOf(number);
        }
    }
}
