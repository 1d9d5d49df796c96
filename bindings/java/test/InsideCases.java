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

    /** Bytes that are no UTF-8 become U+FFFD: also those that JNI's own encoding has for NUL and for half of a surrogate pair. */
    public static void decoding() {
        byte[] nul = {'a', (byte) 0xc0, (byte) 0x80, 'b'};
        byte[] half = {'a', (byte) 0xed, (byte) 0xa0, (byte) 0xb4, 'b'};
        byte[] cut = {'a', (byte) 0xf0, (byte) 0x9d, (byte) 0x84};
        for (byte[] bytes : new byte[][] {nul, half, cut}) {
            String text = Utf8.text(bytes);
            if (!text.matches("a\ufffd+b?")) {
                throw new AssertionError(text);
            }
        }
        same(Utf8.text(new byte[] {(byte) 0xf0, (byte) 0x9d, (byte) 0x84, (byte) 0x9e, 0, 'b'}), "\ud834\udd1e\0b");
        same(Utf8.untilNul(new byte[] {(byte) 0xc3, (byte) 0xa9, 0, 'b'}), "\u00e9");
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
