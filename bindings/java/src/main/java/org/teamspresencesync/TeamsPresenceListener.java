package org.teamspresencesync;

import java.util.concurrent.CompletionStage;

/**
 * What an instance tells and asks. Override what you need. What is not overridden is not asked for: such a DND or chat change counts as
 * applied, queue DND is not decided at all, and an event ({@link EventCode#CALLBACK_MISSING}) says so after a start.
 *
 * <p><b>Threads.</b> All methods but {@link #onFailure} are called on the instance's one poll thread, never two at once, never under a lock
 * of the library. They may block, at the price of the later ones of the same instance.
 *
 * <p><b>Inside a method</b> every call of {@link TeamsPresenceSync} is allowed but {@code stop}, {@code close} and {@code check}, of
 * whichever instance: they would wait for themselves, and throw {@link TeamsPresenceSyncException} with {@link Status#REENTRANT}. Let
 * another thread do it.
 *
 * <p><b>Exceptions.</b> Whatever a method throws goes to {@link #onFailure}; the poll thread lives on. A change whose method threw, or
 * answered {@code null}, counts as {@link Answer#RETRY}. {@link TeamsPresenceSync#failures()} counts them.
 *
 * <p><b>Answering later.</b> Return a stage that is not complete yet, and complete it on any thread; one that ends with an exception counts
 * as RETRY and is reported. Without an answer within {@code dispatch.ack_timeout_ms} of the configuration (30 s) the change counts as RETRY
 * and is offered again. A stage that is completed after that, after a stop or after close changes nothing.
 */
public interface TeamsPresenceListener {
    /**
     * Switch the DND of this user. Comes after the {@link #onPresence} of the same observation. One such change of a user is out at a time;
     * states in between may be left out, the newest is never lost.
     *
     * @param change what to switch
     * @return the answer: {@code Answer.APPLIED.now()}, or a stage that is completed later
     */
    default CompletionStage<Answer> onDnd(DndChange change) {
        return Answer.APPLIED.now();
    }

    /**
     * Switch the DND of this user for the calls that queues hand out, apart from the user's own. Asked for only where a rule of the
     * configuration names {@code queue}.
     *
     * @param change what to switch
     * @return the answer, now or later
     */
    default CompletionStage<Answer> onQueueDnd(DndChange change) {
        return Answer.APPLIED.now();
    }

    /**
     * Set the chat state of this user.
     *
     * @param change what to set
     * @return the answer, now or later
     */
    default CompletionStage<Answer> onChatState(ChatChange change) {
        return Answer.APPLIED.now();
    }

    /**
     * A presence has changed. For a display.
     *
     * @param presence what Teams shows
     */
    default void onPresence(Presence presence) {
    }

    /**
     * Something happened that somebody may want to act on.
     *
     * @param event what
     */
    default void onEvent(TeamsEvent event) {
    }

    /**
     * A line for your log.
     *
     * @param level   {@link LogLevel}
     * @param target  the part of the library
     * @param message one line; control characters are escaped
     */
    default void onLog(int level, String target, String message) {
    }

    /**
     * Another method of this listener threw, a stage that it returned ended with an exception, a late answer or the poll thread met an
     * error of the library, or a security manager forbids the shutdown hook. By default it goes to the uncaught-exception handler of the
     * calling thread, which prints it to standard error unless you set another one. What this method throws is printed to standard error.
     *
     * <p>Called on the poll thread, on the thread that completed the stage, or on that of {@link TeamsPresenceSync#start}: possibly while another
     * method runs.
     *
     * @param method  which method it was, for instance {@code onDnd}
     * @param failure what was thrown
     */
    default void onFailure(String method, Throwable failure) {
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
    }
}
