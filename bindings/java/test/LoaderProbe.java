import java.util.concurrent.Callable;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.User;

/** Lives in a class loader of its own: one life of an instance, from there. Answers the class loader that listeners found. */
public final class LoaderProbe implements Callable<Object> {
    private final Recorder told = new Recorder();
    private TeamsPresenceSync sync;

    /** Made by reflection. */
    public LoaderProbe() {
    }

    /** First call: starts, and waits for news. Second call: closes. */
    @Override
    public Object call() throws Exception {
        if (sync != null) {
            sync.close();
            return "closed";
        }
        ClassLoader[] seen = new ClassLoader[1];
        told.inside = method -> {
            seen[0] = Thread.currentThread().getContextClassLoader();
            return null;
        };
        sync = Support.builder(told).build();
        sync.putUser(User.of("101", "ann@contoso.test"));
        sync.start();
        told.await("presence 101 ");
        return seen[0];
    }
}
