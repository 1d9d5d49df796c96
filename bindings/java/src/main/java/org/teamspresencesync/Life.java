package org.teamspresencesync;

/** Start, stop and close of one instance: who has the poll thread, and who may still begin one. */
final class Life {
    /** How much longer than its time a stop is waited for: it may take a quarter of a second more by itself. */
    private static final int GRACE_MILLIS = 1000;

    private final long handle;
    private final Upcalls upcalls;
    private final String threadName;
    private final int closeMillis;
    /** 0: no hook. */
    private final int hookMillis;
    /** For the four below. Held while the disk is waited for in a start, and for nothing else. */
    private final Object lock = new Object();
    private PollThread thread;
    private Thread hook;
    private boolean closing;
    private boolean closed;

    Life(long handle, Upcalls upcalls, String threadName, int closeMillis, int hookMillis) {
        this.handle = handle;
        this.upcalls = upcalls;
        this.threadName = threadName;
        this.closeMillis = closeMillis;
        this.hookMillis = hookMillis;
    }

    void start() {
        Throwable withoutHook = null;
        synchronized (lock) {
            if (closing) {
                throw closed ? Outcome.closed() : new IllegalStateException("the instance is being closed");
            }
            PollThread next = new PollThread(threadName, handle, upcalls, closeMillis);
            boolean started = false;
            try {
                next.setContextClassLoader(upcalls.listenerLoader());
                // First the thread, which the system may refuse: an instance without one would be mute.
                next.start();
                byte[] err = Outcome.room();
                Outcome.succeed(Native.start(handle, err), err);
                started = true;
                thread = next;
                withoutHook = addHook();
            } finally {
                next.begin(started);
                if (!next.isAlive()) {
                    next.closeBell();
                }
            }
        }
        if (withoutHook != null) {
            upcalls.failed("shutdown hook", withoutHook);
        }
    }

    boolean stop(int millis) {
        refuseInside("stop");
        PollThread running;
        synchronized (lock) {
            running = thread;
        }
        if (running != null) {
            running.requestStop(millis);
            if (!running.awaitDone((long) millis + GRACE_MILLIS)) {
                return false;
            }
        }
        if (running == null || !running.finished()) {
            // New or stopped already; or the library refused the stop of the thread, and says here why.
            int status = Native.stop(handle, millis);
            if (status == Status.TIMEOUT) {
                return false;
            }
            Outcome.succeed(status, null);
        }
        synchronized (lock) {
            if (running != null && thread == running) {
                thread = null;
                removeHook();
            }
        }
        return true;
    }

    void close() {
        refuseInside("close");
        synchronized (lock) {
            if (closed) {
                return;
            }
            closing = true;
        }
        try {
            if (!stop(closeMillis)) {
                throw new TeamsPresenceSyncException(Status.TIMEOUT, "a method of the listener, or a disk, has not come back within "
                        + closeMillis + " ms; it may still run: close again before the code is unloaded");
            }
        } catch (IllegalStateException closedMeanwhile) {
            // By another thread, which is all that was wanted.
            return;
        }
        int status = Native.destroy(handle);
        synchronized (lock) {
            closed |= status == Status.OK;
        }
        if (status != Status.HANDLE) {
            Outcome.succeed(status, null);
        }
    }

    private static void refuseInside(String call) {
        if (PollThread.inListener()) {
            throw Outcome.reentrant(call);
        }
    }

    /** Answers why there is none: the instance runs all the same, so that is no reason to refuse its start. */
    private Throwable addHook() {
        if (hookMillis == 0 || hook != null) {
            return null;
        }
        try {
            Thread made = new Thread(this::stopAtExit, threadName + "-shutdown");
            Runtime.getRuntime().addShutdownHook(made);
            hook = made;
            return null;
        } catch (IllegalStateException endsAlready) {
            return null;
        } catch (SecurityException | OutOfMemoryError refused) {
            return refused;
        }
    }

    private void stopAtExit() {
        try {
            stop(hookMillis);
        } catch (IllegalStateException closedMeanwhile) {
            // Nothing is left to stop.
            return;
        }
    }

    private void removeHook() {
        if (hook == null) {
            return;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException | SecurityException endsOrForbids) {
            // It is this hook that stops, or that will find nothing to stop.
        }
        hook = null;
    }
}
