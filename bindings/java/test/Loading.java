import org.teamspresencesync.TeamsPresenceSync;

/** Loads the native library and tells how that went. */
public final class Loading {
    private Loading() {
    }

    /**
     * Tries it twice: a failure is told the same way again.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        for (int time = 0; time < 2; time++) {
            try {
                System.out.println("loaded version " + TeamsPresenceSync.version());
            } catch (UnsatisfiedLinkError error) {
                System.out.println(error.getMessage());
                Support.contains(error.getMessage(), "the native library of teams-presence-sync cannot be loaded:");
            }
        }
    }
}
