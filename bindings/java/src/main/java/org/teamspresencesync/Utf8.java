package org.teamspresencesync;

import java.nio.charset.StandardCharsets;

/** Between Java's strings and UTF-8. JNI's own string functions use another encoding for NUL and for characters beyond U+FFFF. */
final class Utf8 {
    private Utf8() {
    }

    /** All of the text, NUL characters included. Half a character is refused: Java would put a question mark in its place. */
    static byte[] bytes(String what, String text) {
        for (int at = 0; at < text.length(); at++) {
            char unit = text.charAt(at);
            if (!Character.isSurrogate(unit)) {
                continue;
            }
            boolean pair = Character.isHighSurrogate(unit) && at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1));
            if (!pair) {
                throw new IllegalArgumentException(what + ": half of a surrogate pair at index " + at);
            }
            at++;
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** For a C string: ended by a NUL byte, and none inside, where the text would end unnoticed. {@code null} stays {@code null}. */
    static byte[] terminated(String what, String text) {
        if (text == null) {
            return null;
        }
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(what + ": a NUL character at index " + text.indexOf('\0'));
        }
        byte[] bytes = bytes(what, text);
        return java.util.Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** {@code null} stays {@code null}. */
    static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    /** Up to the first NUL byte. */
    static String untilNul(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }
}
