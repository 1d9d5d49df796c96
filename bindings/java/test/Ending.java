import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.teamspresencesync.Answer;
import org.teamspresencesync.DndChange;
import org.teamspresencesync.Reason;
import org.teamspresencesync.TeamsPresenceListener;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.User;

/** Comes to the end of {@code main} in several ways; the machine has to exit by itself. */
public final class Ending {
    private Ending() {
    }

    /**
     * Runs.
     *
     * @param arguments which way
     * @throws Exception it failed
     */
    public static void main(String[] arguments) throws Exception {
        String how = arguments[0];
        CountDownLatch told = new CountDownLatch(1);
        TeamsPresenceListener listener = new TeamsPresenceListener() {
            @Override
            public CompletionStage<Answer> onDnd(DndChange change) {
                System.out.println(change.userId() + " DND " + (change.on() ? "on" : "off") + ": " + Reason.name(change.reason()));
                if (change.on()) {
                    told.countDown();
                    end(how);
                }
                return Answer.APPLIED.now();
            }
        };
        // Where the release is waited for, a busy machine may take its time; where it cannot come, the time is lost.
        int hook = how.equals("without-hook") ? 0 : how.equals("running") ? 60_000 : 300;
        TeamsPresenceSync sync = Support.builder(listener, "").shutdownTimeoutMillis(hook).build();
        sync.putUser(User.of("101", "ann@contoso.test"));
        sync.start();
        told.await();
        if (how.equals("running")) {
            // Owned: a hook that comes before the answer would find nothing to release.
            Support.await("the answer", () -> sync.state("101").dndOwned());
        }
        if (how.equals("closed")) {
            Support.await("the answer", () -> sync.state("101").dndOwned());
            sync.close();
        }
        System.out.println("main returns");
    }

    private static void end(String how) {
        if (how.equals("exit-in-listener")) {
            System.exit(0);
        }
        while (how.equals("hanging")) {
            try {
                Thread.sleep(1000);
            } catch (InterruptedException ignored) {
                continue;
            }
        }
    }
}
