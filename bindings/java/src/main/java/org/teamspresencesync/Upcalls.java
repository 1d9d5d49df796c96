package org.teamspresencesync;

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What native code calls, always on a {@link PollThread}: makes values of bytes and numbers, calls the listener, and lets nothing through
 * that the listener throws.
 */
final class Upcalls {
    /** As in upcalls.c. */
    private static final int DND = 1;
    private static final int QUEUE = 2;

    private final TeamsPresenceListener listener;
    private final AtomicLong failures = new AtomicLong();
    private volatile long handle;

    Upcalls(TeamsPresenceListener listener) {
        this.listener = listener;
    }

    /** Once known: late answers go there. */
    void setHandle(long handle) {
        this.handle = handle;
    }

    long failures() {
        return failures.get();
    }

    /** For code of the listener that looks things up by the thread. */
    ClassLoader listenerLoader() {
        return listener.getClass().getClassLoader();
    }

    /** The callbacks that the listener wants, a bit for each in the order of upcalls.c. */
    int wanted() {
        int bits = 0;
        bits |= overrides("onDnd", DndChange.class) ? 1 : 0;
        bits |= overrides("onChatState", ChatChange.class) ? 2 : 0;
        bits |= overrides("onPresence", Presence.class) ? 4 : 0;
        bits |= overrides("onEvent", TeamsEvent.class) ? 8 : 0;
        bits |= overrides("onLog", int.class, String.class, String.class) ? 16 : 0;
        bits |= overrides("onQueueDnd", DndChange.class) ? 32 : 0;
        return bits;
    }

    private boolean overrides(String method, Class<?>... parameters) {
        try {
            return listener.getClass().getMethod(method, parameters).getDeclaringClass() != TeamsPresenceListener.class;
        } catch (NoSuchMethodException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Called by native code. */
    Presence makePresence(byte[] userId, byte[] email, byte[] objectId, byte[] availabilityText, byte[] activityText, int availability,
            int activity, boolean outOfOffice, int source, long observedAt) {
        return new Presence(Utf8.text(userId), Utf8.text(email), Utf8.text(objectId), Utf8.text(availabilityText),
                Utf8.text(activityText), availability, activity, outOfOffice, source, observedAt);
    }

    /** Called by native code. */
    void presence(Presence presence) {
        guarded("onPresence", () -> listener.onPresence(presence));
    }

    /** Called by native code. */
    void event(byte[] userId, byte[] message, byte[] remedy, byte[] json, long at, int code, int severity) {
        guarded("onEvent", () -> listener.onEvent(
                new TeamsEvent(Utf8.text(userId), Utf8.text(message), Utf8.text(remedy), Utf8.text(json), at, code, severity)));
    }

    /** Called by native code. */
    void log(int level, byte[] target, byte[] message) {
        guarded("onLog", () -> listener.onLog(level, Utf8.text(target), Utf8.text(message)));
    }

    private void guarded(String method, Runnable call) {
        PollThread.enterListener();
        try {
            call.run();
        } catch (Throwable failure) {
            failed(method, failure);
        } finally {
            PollThread.leaveListener();
        }
    }

    /** Called by native code; answers a number of TPS_ACK. */
    int change(int kind, long changeId, byte[] userId, byte[] email, Presence presence, long decidedAt, int value, int reason,
            int attempt) {
        String method = kind == DND ? "onDnd" : kind == QUEUE ? "onQueueDnd" : "onChatState";
        PollThread.enterListener();
        try {
            CompletionStage<Answer> stage = ask(kind, changeId, Utf8.text(userId), Utf8.text(email), presence, decidedAt, value, reason,
                    attempt);
            if (stage == null) {
                throw new NullPointerException(method + " answered null");
            }
            return answerOf(method, changeId, stage);
        } catch (Throwable failure) {
            failed(method, failure);
            return Answer.RETRY.number();
        } finally {
            PollThread.leaveListener();
        }
    }

    private CompletionStage<Answer> ask(int kind, long changeId, String userId, String email, Presence presence, long decidedAt, int value,
            int reason, int attempt) {
        if (kind == DND) {
            return listener.onDnd(new DndChange(changeId, userId, email, presence, decidedAt, value, reason, attempt));
        }
        if (kind == QUEUE) {
            return listener.onQueueDnd(new DndChange(changeId, userId, email, presence, decidedAt, value, reason, attempt));
        }
        return listener.onChatState(new ChatChange(changeId, userId, email, presence, decidedAt, value, reason, attempt));
    }

    /** Whoever comes second acts: this thread takes an answer that is there, the stage acknowledges one that was not waited for. */
    private int answerOf(String method, long changeId, CompletionStage<Answer> stage) {
        AtomicReference<Integer> cell = new AtomicReference<>();
        stage.whenComplete((answer, failure) -> {
            Answer given = answer;
            if (failure != null || answer == null) {
                given = Answer.RETRY;
                boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
                Throwable cause = wrapped ? failure.getCause() : failure;
                failed(method, cause != null ? cause : new NullPointerException(method + " answered with a stage of null"));
            }
            if (!cell.compareAndSet(null, given.number())) {
                acknowledgeLate(method, changeId, given);
            }
        });
        return cell.compareAndSet(null, Answer.PENDING) ? Answer.PENDING : cell.get();
    }

    private void acknowledgeLate(String method, long changeId, Answer answer) {
        int status = Native.acknowledge(handle, changeId, answer.number());
        // Too late for this change, or the instance is closed: the library has long gone on, and the answer means nothing any more.
        if (status != Status.OK && status != Status.NOT_FOUND && status != Status.HANDLE) {
            failed(method, new TeamsPresenceSyncException(status, "the late answer was not taken"));
        }
    }

    /** Called by native code where even making the values for a callback failed. */
    void failed(Throwable failure) {
        failedOutside("callback", failure);
    }

    /** Reports on the poll thread what no method of the listener threw: onFailure is then the one that it is inside of. */
    void failedOutside(String method, Throwable failure) {
        PollThread.enterListener();
        try {
            failed(method, failure);
        } finally {
            PollThread.leaveListener();
        }
    }

    /** Reports, and comes back whatever happens: the caller stands in native code, or has more to do. */
    void failed(String method, Throwable failure) {
        failures.incrementAndGet();
        try {
            listener.onFailure(method, failure);
        } catch (Throwable second) {
            printed(method, failure, second);
        }
    }

    private static void printed(String method, Throwable failure, Throwable second) {
        try {
            if (second != failure) {
                failure.addSuppressed(second);
            }
            System.err.println("teams-presence-sync: " + method + " failed, and onFailure failed too:");
            failure.printStackTrace();
        } catch (Throwable third) {
            // No memory to print: the counter has it.
        }
    }
}
