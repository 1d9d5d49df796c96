package org.teamspresencesync;

/**
 * Sees to it that a configuration says {@code "dispatch": {"mode": "poll"}}, the mode in which Java works. Reads no more of it than that
 * takes: what is no JSON goes to the library as it is, whose message names the place.
 */
final class Configuration {
    private static final String POLL = "\"mode\":\"poll\"";

    private final String text;
    private int at;
    /** Where the value of the member that was looked for begins; -1 if there is none. */
    private int value;
    /** Where the object that was read closes, and whether it has members. */
    private int close;
    private boolean empty;

    private Configuration(String text) {
        this.text = text;
    }

    /** The configuration for poll mode. Added text stands at the end of its object, so that places in messages stay right. */
    static String forPolling(String json) {
        Configuration reader = new Configuration(json);
        if (!reader.object("dispatch") || !reader.nothingMore()) {
            return json;
        }
        if (reader.value < 0) {
            return reader.inserted("\"dispatch\":{" + POLL + "}");
        }
        reader.at = reader.value;
        if (!reader.object("mode")) {
            return json;
        }
        if (reader.value < 0) {
            return reader.inserted(POLL);
        }
        if (json.charAt(reader.value) == '"' && !json.startsWith("\"poll\"", reader.value)) {
            throw new TeamsPresenceSyncException(Status.CONFIG,
                    "dispatch.mode: from Java it is \"poll\", or left out: callbacks come on a thread of Java's own");
        }
        return json;
    }

    private String inserted(String member) {
        return text.substring(0, close) + (empty ? "" : ",") + member + text.substring(close);
    }

    private boolean nothingMore() {
        at = close + 1;
        blanks();
        return at == text.length();
    }

    private void blanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean is(char wanted) {
        blanks();
        return at < text.length() && text.charAt(at) == wanted;
    }

    private boolean take(char wanted) {
        boolean there = is(wanted);
        at += there ? 1 : 0;
        return there;
    }

    /** Reads an object from here to its end. False: it is none. */
    private boolean object(String member) {
        value = -1;
        if (!take('{')) {
            return false;
        }
        empty = is('}');
        while (!is('}')) {
            int name = at;
            if (!string() || !take(':')) {
                return false;
            }
            blanks();
            if (text.startsWith('"' + member + '"', name)) {
                value = at;
            }
            if (!skip() || !take(',') && !is('}')) {
                return false;
            }
        }
        close = at;
        return true;
    }

    private boolean string() {
        if (!take('"')) {
            return false;
        }
        while (at < text.length() && text.charAt(at) != '"') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        return take('"');
    }

    /** Passes a value, whatever it is. */
    private boolean skip() {
        int depth = 0;
        do {
            blanks();
            if (at >= text.length()) {
                return false;
            }
            char letter = text.charAt(at);
            if (letter == '"') {
                if (!string()) {
                    return false;
                }
                continue;
            }
            if (letter == '{' || letter == '[') {
                depth++;
            } else if (letter == '}' || letter == ']') {
                depth--;
            } else if (depth == 0) {
                return word();
            }
            at++;
        } while (depth > 0);
        return depth == 0;
    }

    /** A number or a literal. */
    private boolean word() {
        int begin = at;
        while (at < text.length() && " \t\r\n,}]".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        return at > begin;
    }
}
