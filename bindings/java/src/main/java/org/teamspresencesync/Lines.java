package org.teamspresencesync;

import java.util.function.Consumer;

/** Where the lines of a check go. Native code calls {@link #line}; what the consumer throws waits for the end of the check. */
final class Lines {
    private final Consumer<? super String> to;
    private Throwable thrown;

    Lines(Consumer<? super String> to) {
        this.to = to;
    }

    /** Called by native code. */
    void line(byte[] text) {
        if (thrown != null) {
            return;
        }
        try {
            to.accept(Utf8.text(text));
        } catch (Throwable failure) {
            thrown = failure;
        }
    }

    /** Throws what the consumer threw. */
    void rethrow() {
        if (thrown instanceof Error) {
            throw (Error) thrown;
        }
        if (thrown != null) {
            // A Consumer declares none, so anything else was thrown past the compiler; it is not lost either.
            throw thrown instanceof RuntimeException ? (RuntimeException) thrown : new IllegalStateException(thrown);
        }
    }
}
