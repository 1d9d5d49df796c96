package org.teamspresencesync;

/**
 * A call was refused by the library. Unchecked: most of what can go wrong in a call is a mistake of the program or of the configuration,
 * and what goes wrong later, in the network or in Entra, comes as an event.
 *
 * <p>A call on a closed instance throws {@link IllegalStateException} instead.
 */
public class TeamsPresenceSyncException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The status, a number of {@link Status}. */
    private final int status;
    /** What the library said beside it. */
    private final String explanation;

    /**
     * Made by the bindings.
     *
     * @param status      a number of {@link Status}
     * @param explanation what was wrong; may be empty
     */
    protected TeamsPresenceSyncException(int status, String explanation) {
        super(message(status, explanation));
        this.status = status;
        this.explanation = explanation;
    }

    private static String message(int status, String explanation) {
        String name = TeamsPresenceSync.statusName(status);
        // The library gives the name itself where it has no more to say.
        String more = explanation.isEmpty() || explanation.equals(name) ? "" : ": " + explanation;
        return name + " (" + status + ")" + more;
    }

    /**
     * Which status.
     *
     * @return a number of {@link Status}; later versions add some
     */
    public int status() {
        return status;
    }

    /**
     * The name of the status in the C header, for instance {@code TPS_E_CONFIG}.
     *
     * @return never {@code null}
     */
    public String statusName() {
        return TeamsPresenceSync.statusName(status);
    }

    /**
     * What the library said: the path of a key, the name of an argument.
     *
     * @return never {@code null}; may be empty
     */
    public String explanation() {
        return explanation;
    }
}
