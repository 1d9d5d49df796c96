import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.concurrent.Callable;
import org.teamspresencesync.TeamsPresenceSync;

/** The jar in several class loaders: at once, and one after the other. */
final class LoaderCases {
    private static final String GLUE = "libteams_presence_sync_jni.so";
    private static final String CORE = "libteams_presence_sync.so.1";

    private LoaderCases() {
    }

    static void add(Cases to) {
        to.add("two class loaders at once: two copies of the glue, one library", LoaderCases::two);
        to.add("load, unload, collect, load again: the glue goes, the library stays", LoaderCases::again);
        to.add("one file in two class loaders is refused, and explained", LoaderCases::oneFile);
    }

    /** Bindings and test classes anew, with nothing of this program above them. */
    private static URLClassLoader loader() throws Exception {
        URL[] urls = new URL[2];
        urls[0] = new File(System.getProperty("tps.test.jar")).toURI().toURL();
        urls[1] = new File(System.getProperty("tps.test.classes")).toURI().toURL();
        return new URLClassLoader(urls, ClassLoader.getSystemClassLoader().getParent());
    }

    @SuppressWarnings("unchecked")
    private static Callable<Object> probe(ClassLoader in) throws Exception {
        return (Callable<Object>) in.loadClass("LoaderProbe").getConstructor().newInstance();
    }

    private static void two() throws Exception {
        Support.same(Support.mapped(GLUE), 0L);
        TeamsPresenceSync.version();
        Support.same(Support.mapped(GLUE), 1L);
        try (URLClassLoader one = loader(); URLClassLoader two = loader()) {
            Callable<Object> first = probe(one);
            Callable<Object> second = probe(two);
            Support.same(first.call(), one);
            Support.same(second.call(), two);
            Support.same(Support.mapped(GLUE), 3L);
            Support.same(Support.mapped(CORE), 1L);
            Support.same(first.call(), "closed");
            // The other one is not touched by it.
            Support.same(second.call(), "closed");
        }
    }

    private static void again() throws Exception {
        TeamsPresenceSync.version();
        for (int round = 0; round < 3; round++) {
            WeakReference<ClassLoader> gone = lifeInLoader();
            Support.await("the class loader is collected", () -> {
                System.gc();
                return gone.get() == null;
            });
            // The loaders of the case before are gone as well.
            Support.await("the glue is unmapped", () -> {
                System.gc();
                return Support.mapped(GLUE) == 1;
            });
            Support.same(Support.mapped(CORE), 1L);
        }
    }

    private static WeakReference<ClassLoader> lifeInLoader() throws Exception {
        try (URLClassLoader loader = loader()) {
            Callable<Object> probe = probe(loader);
            Support.same(probe.call(), loader);
            Support.same(Support.mapped(GLUE) >= 2, true);
            Support.same(probe.call(), "closed");
            return new WeakReference<>(loader);
        }
    }

    private static void oneFile() throws Exception {
        String property = "teamspresencesync.library.path";
        System.setProperty(property, System.getProperty("tps.test.native") + "/" + GLUE);
        try (URLClassLoader one = loader(); URLClassLoader two = loader()) {
            Callable<Object> first = probe(one);
            Support.same(first.call(), one);
            UnsatisfiedLinkError refused = Support.fails(UnsatisfiedLinkError.class, () -> probe(two).call());
            Support.contains(refused.getMessage(), "already loaded in another classloader");
            Support.contains(refused.getMessage(), "put the jar into a class loader that all share");
            Support.same(first.call(), "closed");
        } finally {
            System.clearProperty(property);
        }
    }
}
