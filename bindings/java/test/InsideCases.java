package org.teamspresencesync;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;

/** What can only be seen from inside the package. */
public final class InsideCases {
    private InsideCases() {
    }

    private static void same(String seen, String wanted) {
        if (!seen.equals(wanted)) {
            throw new AssertionError("seen: " + seen + ", wanted: " + wanted);
        }
    }

    /** A configuration says poll, wherever it said nothing; what is no JSON stays as it is. */
    public static void configuration() {
        String poll = "\"dispatch\":{\"mode\":\"poll\"}";
        String[][] pairs = {
            {"{}", "{" + poll + "}"},
            {" {\n \"a\" : 1 }\n", " {\n \"a\" : 1 ," + poll + "}\n"},
            {"{\"a\":[{\"dispatch\":{\"mode\":\"thread\"}},\"}\"],\"b\":\"\\\"dispatch\\\":{\"}",
                "{\"a\":[{\"dispatch\":{\"mode\":\"thread\"}},\"}\"],\"b\":\"\\\"dispatch\\\":{\"," + poll + "}"},
            {"{\"a\":-1.5e3,\"b\":null,\"c\":\"\\\\\"}", "{\"a\":-1.5e3,\"b\":null,\"c\":\"\\\\\"," + poll + "}"},
            {"{\"dispatch\":{ },\"a\":true}", "{\"dispatch\":{ \"mode\":\"poll\"},\"a\":true}"},
            {"{\"dispatch\": {\"ack_timeout_ms\": 9}}", "{\"dispatch\": {\"ack_timeout_ms\": 9,\"mode\":\"poll\"}}"},
        };
        for (String[] pair : pairs) {
            same(Configuration.forPolling(pair[0]), pair[1]);
        }
        String[] stay = {"", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1 \"b\":2}", "{\"a\":\"}", "{\"a\":[}", "{\"a\":{\"b\":1}",
            "{\"a\":1}}", "{\"a\":1} x", "{a:1}", "{\"dispatch\":\"poll\"}", "{\"dispatch\":{\"mode\":7}}",
            "{\"dispatch\": {\"mode\" : \"poll\"}}", "\"\\"};
        for (String text : stay) {
            same(Configuration.forPolling(text), text);
        }
        for (String mode : new String[] {"thread", "shared", "pollx"}) {
            try {
                Configuration.forPolling("{\"dispatch\":{\"mode\":\"" + mode + "\"}}");
                throw new AssertionError(mode);
            } catch (TeamsPresenceSyncException refused) {
                same(String.valueOf(refused.status()), String.valueOf(Status.CONFIG));
            }
        }
    }

    /** Platforms, reasons that are hard to read, and who may enter where the library is extracted. */
    public static void loader() throws IOException {
        Path below = Paths.get(System.getProperty("java.io.tmpdir"));
        Path one = NativeLibrary.freshDirectory(below);
        Path two = NativeLibrary.freshDirectory(below);
        try {
            same(PosixFilePermissions.toString(Files.getPosixFilePermissions(one)), "rwx------");
            if (one.equals(two)) {
                throw new AssertionError("not fresh: " + one);
            }
        } finally {
            Files.delete(one);
            Files.delete(two);
        }
        same(NativeLibrary.platform("Linux", "amd64"), "linux-x86_64");
        same(NativeLibrary.platform("Linux", "aarch64"), "linux-aarch64");
        same(NativeLibrary.platform("Mac OS X", "arm64"), "mac_os_x-aarch64");
        same(NativeLibrary.platform("Linux", "s390x"), "linux-s390x");
        same(NativeLibrary.explained("no such file"), "no such file");
        String noexec = NativeLibrary.explained("/x/y.so: failed to map segment from shared object");
        if (!noexec.contains("noexec") || !noexec.contains("-Dteamspresencesync.tmpdir")) {
            throw new AssertionError(noexec);
        }
    }
}
