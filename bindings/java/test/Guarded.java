import java.io.FilePermission;
import java.security.Permission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.teamspresencesync.TeamsPresenceListener;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.User;

/** Under a security manager, as module runtimes on older versions have one, that forbids more and more. */
public final class Guarded {
    private static final List<String> FORBIDDEN = Collections.synchronizedList(new ArrayList<>());

    private Guarded() {
    }

    /**
     * Runs.
     *
     * @param arguments none
     * @throws Exception it failed
     */
    public static void main(String[] arguments) throws Exception {
        String below = System.getProperty("java.io.tmpdir") + "/";
        try {
            System.setSecurityManager(new SecurityManager() {
                @Override
                public void checkPermission(Permission asked) {
                    boolean written = asked instanceof FilePermission && asked.getActions().contains("write")
                            && asked.getName().startsWith(below) && FORBIDDEN.contains("files");
                    if (written || FORBIDDEN.contains(asked.getName())) {
                        throw new SecurityException("forbidden: " + asked.getName());
                    }
                }
            });
        } catch (UnsupportedOperationException gone) {
            System.out.println("no security manager in this version");
            return;
        }
        FORBIDDEN.add("files");
        String words = Support.fails(UnsatisfiedLinkError.class, TeamsPresenceSync::version).getMessage();
        Support.contains(words, "to be extracted below ");
        Support.contains(words, "forbidden: " + below);
        FORBIDDEN.clear();

        List<String> failures = Collections.synchronizedList(new ArrayList<>());
        TeamsPresenceListener listener = new TeamsPresenceListener() {
            @Override
            public void onFailure(String method, Throwable failure) {
                failures.add(method + " " + failure.getMessage());
            }
        };
        TeamsPresenceSync sync = Support.builder(listener, "").build();
        sync.putUser(User.of("101", "ann@contoso.test"));
        long before = Support.descriptors("eventfd");
        FORBIDDEN.add("setContextClassLoader");
        for (int time = 0; time < 20; time++) {
            Support.fails(SecurityException.class, sync::start);
        }
        // Fewer than one for each time: others may come and go.
        Support.await("no descriptor is left", () -> Support.descriptors("eventfd") < before + 10);
        FORBIDDEN.clear();
        FORBIDDEN.add("shutdownHooks");
        sync.start();
        Support.same(failures, Arrays.asList("shutdown hook forbidden: shutdownHooks"));
        Support.await("it runs", () -> sync.state("101").matched());
        Support.check(sync.stop(60_000), "stopped");
        FORBIDDEN.clear();
        sync.start();
        FORBIDDEN.add("shutdownHooks");
        sync.close();
        Support.same(failures.size(), 1);
        Support.fails(IllegalStateException.class, sync::stats);
        System.out.println("guarded");
    }
}
