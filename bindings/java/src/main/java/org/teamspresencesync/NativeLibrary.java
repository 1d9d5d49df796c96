package org.teamspresencesync;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Finds and loads the native code: two files, the glue {@code libteams_presence_sync_jni.so} and beside it the library itself,
 * {@code libteams_presence_sync.so.1}.
 *
 * <ol>
 * <li>the file that {@code -Dteamspresencesync.library.path=/absolute/libteams_presence_sync_jni.so} names; no other place is tried then
 * <li>the directories of {@code java.library.path}
 * <li>{@code META-INF/native/<os>-<arch>/} of the jar, extracted into a fresh directory that only this user may enter, below
 * {@code -Dteamspresencesync.tmpdir} or else {@code java.io.tmpdir}; the files are deleted again as soon as they are loaded
 * </ol>
 *
 * <p>The virtual machine gives a file to one class loader only. A copy of the glue in a fresh directory is a file of its own, so with the
 * third place each class loader has one. They all share one copy of the library: the system's loader knows it by its name, and it stays
 * in the process once it is there.
 */
final class NativeLibrary {
    static final String PATH_PROPERTY = "teamspresencesync.library.path";
    static final String TMPDIR_PROPERTY = "teamspresencesync.tmpdir";
    static final String GLUE = "libteams_presence_sync_jni.so";
    static final String CORE = "libteams_presence_sync.so.1";

    private static boolean loaded;

    private NativeLibrary() {
    }

    /**
     * Loads, once. A failure is tried anew by the next call: the reason may have gone.
     *
     * @throws UnsatisfiedLinkError names each place that was tried, and why it was not that
     */
    static synchronized void load() {
        if (loaded) {
            return;
        }
        List<String> tried = new ArrayList<>();
        loaded = fromProperty(tried) || tried.isEmpty() && (fromLibraryPath(tried) || fromJar(tried));
        if (!loaded) {
            throw new UnsatisfiedLinkError("the native library of teams-presence-sync cannot be loaded:\n  " + String.join("\n  ", tried));
        }
    }

    private static boolean fromProperty(List<String> tried) {
        String path = System.getProperty(PATH_PROPERTY);
        if (path == null || path.isEmpty()) {
            return false;
        }
        String place = "-D" + PATH_PROPERTY + "=" + path;
        if (!Paths.get(path).isAbsolute()) {
            tried.add(place + ": must be an absolute path");
            return false;
        }
        return tried(place, tried, () -> System.load(path));
    }

    private static boolean fromLibraryPath(List<String> tried) {
        return tried("java.library.path", tried, () -> System.loadLibrary("teams_presence_sync_jni"));
    }

    private static boolean fromJar(List<String> tried) {
        String platform = platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
        String folder = "META-INF/native/" + platform + "/";
        String place = "the jar, " + folder;
        String named = System.getProperty(TMPDIR_PROPERTY);
        Path below = Paths.get(named == null || named.isEmpty() ? System.getProperty("java.io.tmpdir", "/tmp") : named);
        Path directory = null;
        try (InputStream glue = resource(folder + GLUE); InputStream core = resource(folder + CORE)) {
            if (glue == null || core == null) {
                tried.add(place + ": not there; this jar has nothing for this platform");
                return false;
            }
            directory = freshDirectory(below);
            Files.copy(core, directory.resolve(CORE));
            Files.copy(glue, directory.resolve(GLUE));
            String file = directory.resolve(GLUE).toAbsolutePath().toString();
            return tried(place + ", extracted to " + directory, tried, () -> System.load(file));
        } catch (IOException | UnsupportedOperationException | SecurityException error) {
            tried.add(place + ", to be extracted below " + below + ": " + error + "; name another directory by -D" + TMPDIR_PROPERTY);
            return false;
        } finally {
            delete(directory);
        }
    }

    /** Of a name that nobody can know beforehand, for this user only: what is loaded from it cannot be exchanged. */
    static Path freshDirectory(Path below) throws IOException {
        return Files.createTempDirectory(below, "teams-presence-sync-",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private static InputStream resource(String name) {
        return NativeLibrary.class.getResourceAsStream("/" + name);
    }

    /** What is mapped stays mapped without its file. */
    private static void delete(Path directory) {
        if (directory == null) {
            return;
        }
        for (Path path : new Path[] {directory.resolve(GLUE), directory.resolve(CORE), directory}) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException left) {
                // A file that stays in the temporary directory is no reason to fail.
                continue;
            }
        }
    }

    private static boolean tried(String place, List<String> tried, Runnable load) {
        try {
            load.run();
            return true;
        } catch (LinkageError | SecurityException error) {
            tried.add(place + ": " + explained(String.valueOf(error.getMessage())));
            return false;
        }
    }

    /** The words of the system, and what they mean where they are hard to read. */
    static String explained(String words) {
        if (words.contains("failed to map segment")) {
            return words + ". The directory is mounted noexec, or a security policy forbids it: name another one by -D" + TMPDIR_PROPERTY
                    + ", or install the files and name the glue by -D" + PATH_PROPERTY;
        }
        if (words.contains("already loaded in another classloader")) {
            return words + ". A file belongs to one class loader: put the jar into a class loader that all share, or do not name a file,"
                    + " so that each takes its own from the jar";
        }
        return words;
    }

    /** As the folders in the jar are called: {@code linux-x86_64}, {@code linux-aarch64}. */
    static String platform(String os, String arch) {
        String family = os.toLowerCase(Locale.ROOT).replace(' ', '_');
        switch (arch) {
            case "amd64":
            case "x86_64":
                return family + "-x86_64";
            case "arm64":
            case "aarch64":
                return family + "-aarch64";
            default:
                return family + "-" + arch;
        }
    }
}
