import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.teamspresencesync.Answer;
import org.teamspresencesync.DndChange;
import org.teamspresencesync.Presence;
import org.teamspresencesync.Status;
import org.teamspresencesync.TeamsPresenceListener;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.TeamsPresenceSyncException;
import org.teamspresencesync.User;

/** A listener that eats all memory: the callbacks that follow cannot even be made. Memory comes back, and all goes on. */
public final class Memory {
    /** A chain of blocks; each holds the one before. */
    private static volatile Object[] eaten;
    private static final AtomicInteger TOLD = new AtomicInteger();
    private static volatile Throwable first;
    private static volatile TeamsPresenceSync instance;
    private static volatile Throwable closing;

    private Memory() {
    }

    /** Down to the last bytes, also those that this thread has set aside for itself. */
    private static void eat() {
        for (int size = 1 << 20; size >= 1; size /= 2) {
            try {
                for (;;) {
                    Object[] block = new Object[size];
                    block[0] = eaten;
                    eaten = block;
                }
            } catch (OutOfMemoryError full) {
                continue;
            }
        }
    }

    /**
     * Runs.
     *
     * @param arguments none
     * @throws Exception it failed
     */
    public static void main(String[] arguments) throws Exception {
        TeamsPresenceListener hungry = new TeamsPresenceListener() {
            private boolean done;

            @Override
            public void onPresence(Presence presence) {
                if (!done) {
                    done = true;
                    eat();
                }
            }

            @Override
            public CompletionStage<Answer> onDnd(DndChange change) {
                return Answer.APPLIED.now();
            }

            @Override
            public void onFailure(String method, Throwable failure) {
                if (first == null) {
                    first = failure;
                    eaten = null;
                    // This is a method of the listener, too, although none was called before it.
                    try {
                        instance.close();
                    } catch (RuntimeException refused) {
                        closing = refused;
                    }
                }
                TOLD.incrementAndGet();
            }
        };
        TeamsPresenceSync sync = Support.builder(hungry, "").build();
        instance = sync;
        sync.putUser(User.of("101", "ann@contoso.test"));
        sync.start();
        // Nothing is allocated here: there is no memory.
        while (TOLD.get() == 0) {
            Thread.sleep(5);
        }
        Support.await("offered again", () -> sync.state("101").dndOwned());
        Support.check(first instanceof OutOfMemoryError, String.valueOf(first));
        Support.check(sync.failures() >= 1, "counted");
        boolean reentrant = closing instanceof TeamsPresenceSyncException && ((TeamsPresenceSyncException) closing).status() == Status.REENTRANT;
        Support.check(reentrant, "close in onFailure: " + closing);
        sync.close();
        System.out.println("survived after " + TOLD.get() + " failures, the first: " + first);
    }
}
