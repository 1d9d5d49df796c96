import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import org.teamspresencesync.Answer;
import org.teamspresencesync.ChatChange;
import org.teamspresencesync.ChatState;
import org.teamspresencesync.DndChange;
import org.teamspresencesync.Presence;
import org.teamspresencesync.Reason;
import org.teamspresencesync.TeamsEvent;
import org.teamspresencesync.TeamsPresenceListener;

/** A listener that writes down all it is told, as lines such as {@code dnd 101 on RULE}, and answers as it is told to. */
class Recorder implements TeamsPresenceListener {
    /** How to answer DND changes of both kinds and chat changes; may throw. */
    volatile Function<DndChange, CompletionStage<Answer>> dnd = change -> Answer.APPLIED.now();
    volatile Function<ChatChange, CompletionStage<Answer>> chat = change -> Answer.APPLIED.now();
    /** Run inside each method, with its name. */
    volatile Function<String, Void> inside = method -> null;
    private final List<String> lines = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<Object> values = new ArrayList<>();
    private int running;
    private int mostRunning;

    private void enter(String method, String line, Object value) {
        synchronized (lines) {
            lines.add(line);
            threads.add(Thread.currentThread());
            values.add(value);
            mostRunning = Math.max(mostRunning, ++running);
            lines.notifyAll();
        }
        inside.apply(method);
    }

    private void leave() {
        synchronized (lines) {
            running--;
        }
    }

    @Override
    public CompletionStage<Answer> onDnd(DndChange change) {
        try {
            enter("onDnd", "dnd " + change.userId() + (change.on() ? " on " : " off ") + Reason.name(change.reason()), change);
            return dnd.apply(change);
        } finally {
            leave();
        }
    }

    @Override
    public CompletionStage<Answer> onQueueDnd(DndChange change) {
        try {
            enter("onQueueDnd", "queue " + change.userId() + (change.on() ? " on " : " off ") + Reason.name(change.reason()), change);
            return dnd.apply(change);
        } finally {
            leave();
        }
    }

    @Override
    public CompletionStage<Answer> onChatState(ChatChange change) {
        try {
            enter("onChatState", "chat " + change.userId() + " " + ChatState.name(change.chatState()), change);
            return chat.apply(change);
        } finally {
            leave();
        }
    }

    @Override
    public void onPresence(Presence presence) {
        try {
            String shown = presence.availabilityText() + "/" + presence.activityText();
            enter("onPresence", "presence " + presence.userId() + " " + shown, presence);
        } finally {
            leave();
        }
    }

    @Override
    public void onEvent(TeamsEvent event) {
        try {
            enter("onEvent", "event " + event.code() + (event.userId() == null ? "" : " " + event.userId()), event);
        } finally {
            leave();
        }
    }

    @Override
    public void onLog(int level, String target, String message) {
        try {
            enter("onLog", "log " + level + " " + target + " " + message, message);
        } finally {
            leave();
        }
    }

    @Override
    public void onFailure(String method, Throwable failure) {
        synchronized (lines) {
            lines.add("failure " + method + " " + failure);
            threads.add(Thread.currentThread());
            values.add(failure);
        }
    }

    /** How many lines begin so. */
    int count(String line) {
        synchronized (lines) {
            return (int) lines.stream().filter(at -> at.startsWith(line)).count();
        }
    }

    /** The first value whose line begins so. */
    <T> T value(Class<T> of, String line) {
        return find(of, line, value -> true);
    }

    /** The first such value that fits; null if there is none. */
    <T> T find(Class<T> of, String line, Predicate<? super T> fits) {
        synchronized (lines) {
            for (int at = 0; at < lines.size(); at++) {
                if (lines.get(at).startsWith(line) && fits.test(of.cast(values.get(at)))) {
                    return of.cast(values.get(at));
                }
            }
            return null;
        }
    }

    /** The place of the first line that begins so, -1 if there is none. */
    int place(String line) {
        synchronized (lines) {
            for (int at = 0; at < lines.size(); at++) {
                if (lines.get(at).startsWith(line)) {
                    return at;
                }
            }
            return -1;
        }
    }

    /** The threads that it was called on. */
    List<Thread> threads() {
        synchronized (lines) {
            return new ArrayList<>(threads);
        }
    }

    /** 1, unless methods overlapped. */
    int mostRunning() {
        synchronized (lines) {
            return mostRunning;
        }
    }

    int size() {
        synchronized (lines) {
            return lines.size();
        }
    }

    void await(String line) throws Exception {
        await(line, 1);
    }

    /** Waits until so many lines begin so. */
    void await(String line, int times) throws Exception {
        try {
            Support.await(line + ", " + times + " times", () -> count(line) >= times);
        } catch (AssertionError late) {
            throw new AssertionError(late.getMessage() + "; told so far: " + this, late);
        }
    }

    @Override
    public String toString() {
        synchronized (lines) {
            return String.join("\n  ", lines);
        }
    }
}
