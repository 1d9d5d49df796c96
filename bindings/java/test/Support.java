import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.teamspresencesync.TeamsPresenceListener;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.TeamsPresenceSyncException;

/** What the cases share: checks, waiting, the simulator. */
final class Support {
    /** For what comes for certain, only perhaps late on a busy machine. */
    private static final long PATIENCE_MILLIS = 60_000;

    private Support() {
    }

    /** One case. */
    interface Body {
        void run() throws Exception;
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void same(Object seen, Object wanted) {
        check(Objects.equals(seen, wanted), "seen: " + seen + ", wanted: " + wanted);
    }

    static void contains(String text, String part) {
        check(text.contains(part), "no \"" + part + "\" in: " + text);
    }

    /** Waits until it holds. */
    static void await(String what, Callable<Boolean> holds) throws Exception {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (!holds.call()) {
            check(System.nanoTime() < end, "still waiting: " + what);
            Thread.sleep(5);
        }
    }

    /** What it throws, which must be of this class. */
    static <T extends Throwable> T fails(Class<T> with, Body body) {
        try {
            body.run();
        } catch (Throwable thrown) {
            if (with.isInstance(thrown)) {
                return with.cast(thrown);
            }
            throw new AssertionError("threw something else than " + with, thrown);
        }
        throw new AssertionError("did not throw " + with);
    }

    /** A refusal by the library. */
    static TeamsPresenceSyncException refused(int status, Body body) {
        TeamsPresenceSyncException thrown = fails(TeamsPresenceSyncException.class, body);
        same(thrown.status(), status);
        contains(thrown.getMessage(), thrown.statusName() + " (" + status + ")");
        return thrown;
    }

    /** The configuration for the simulator, four polls a second. */
    static String config() {
        try {
            return new String(Files.readAllBytes(Paths.get(System.getProperty("tps.test.config"))), StandardCharsets.UTF_8);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** With more members, which begin with a comma. */
    static String config(String more) {
        return config().substring(0, config().lastIndexOf('}')) + more + "}";
    }

    /** An instance whose listener is this recorder. */
    static TeamsPresenceSync.Builder builder(Recorder recorder) {
        return builder(recorder, "");
    }

    static TeamsPresenceSync.Builder builder(TeamsPresenceListener listener, String more) {
        return TeamsPresenceSync.builder(config(more)).listener(listener).closeTimeoutMillis(PATIENCE_MILLIS);
    }

    /** What the Teams client of somebody at contoso.test reports. */
    static void teams(String name, String availability, String activity) {
        control("presence", "{\"user\":\"" + name + "@contoso.test\",\"availability\":\"" + availability + "\",\"activity\":\"" + activity
                + "\"}");
    }

    static void inACall(String name) {
        teams(name, "Busy", "InACall");
    }

    static void reachable(String name) {
        teams(name, "Available", "Available");
    }

    static void control(String action, String json) {
        try {
            URL url = new URL(System.getProperty("tps.test.control") + "/_control/" + action);
            HttpURLConnection connection = (HttpURLConnection) url.openConnection();
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            connection.getOutputStream().write(json.getBytes(StandardCharsets.UTF_8));
            int status = connection.getResponseCode();
            check(status == 200, action + ": " + status + " " + read(connection.getErrorStream()));
            read(connection.getInputStream());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static String read(InputStream from) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] part = new byte[4096];
        int got;
        while (from != null && (got = from.read(part)) > 0) {
            bytes.write(part, 0, got);
        }
        return new String(bytes.toByteArray(), StandardCharsets.UTF_8);
    }

    /** Open descriptors of this kind, for instance eventfd. */
    static long descriptors(String kind) throws Exception {
        try (Stream<Path> all = Files.list(Paths.get("/proc/self/fd"))) {
            return all.filter(path -> {
                try {
                    return Files.readSymbolicLink(path).toString().contains(kind);
                } catch (IOException closedMeanwhile) {
                    return false;
                }
            }).count();
        }
    }

    /** Lines of /proc/self/maps that name this file: the mapped parts of a library. */
    static long mapped(String file) throws IOException {
        return Files.readAllLines(Paths.get("/proc/self/maps"), StandardCharsets.UTF_8).stream()
                .filter(line -> line.contains("/" + file)).map(line -> line.substring(line.indexOf('/'))).distinct().count();
    }
}
