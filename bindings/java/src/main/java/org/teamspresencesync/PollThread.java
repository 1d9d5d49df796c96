package org.teamspresencesync;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that makes the callbacks of an instance, from its start to its stop. It belongs to Java, so nothing has to be attached to the
 * virtual machine, and a listener sees an ordinary thread. A daemon: it keeps no virtual machine alive.
 *
 * <p>It sleeps in native code without a time limit. A bell wakes it there, since {@link Thread#interrupt} alone does not reach native code.
 * The stop of the library runs here too: what is still to be told comes on this thread as well, and whoever waits for a stop can give up.
 */
final class PollThread extends Thread {
    /** Callbacks in a row before it is looked whether an end is wanted. */
    private static final int MOST = 64;
    /** Between two tries after an error that a later try may not meet. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** The least that a stop is given, so that tries in a row do not burn the processor. */
    private static final int LEAST_STOP_MILLIS = 100;

    private final long handle;
    private final Upcalls upcalls;
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch done = new CountDownLatch(1);
    private final Object bell = new Object();
    private int wake;
    private volatile boolean goes;
    private volatile boolean ending;
    private volatile int stopMillis;
    private volatile boolean finished;
    /** Only this thread looks at it. */
    private boolean inListener;

    PollThread(String name, long handle, Upcalls upcalls, int stopMillis) {
        super(null, null, name);
        this.handle = handle;
        this.upcalls = upcalls;
        this.stopMillis = stopMillis;
        setDaemon(true);
        wake = Native.wakeOpen();
        if (wake < 0) {
            throw new TeamsPresenceSyncException(Status.SYSTEM, "no descriptor for the poll thread: error " + -wake);
        }
    }

    /** Whether the calling thread is inside a method of a listener. */
    static boolean inListener() {
        Thread thread = Thread.currentThread();
        return thread instanceof PollThread && ((PollThread) thread).inListener;
    }

    static void enterListener() {
        set(true);
    }

    static void leaveListener() {
        set(false);
    }

    private static void set(boolean in) {
        Thread thread = Thread.currentThread();
        if (thread instanceof PollThread) {
            ((PollThread) thread).inListener = in;
        }
    }

    /** The instance has started, or it has not, and then there is nothing to do here. */
    void begin(boolean started) {
        goes = started;
        begun.countDown();
    }

    /** Begins the stop, after the callback that runs now. */
    void requestStop(int timeoutMillis) {
        stopMillis = timeoutMillis;
        ending = true;
        ring();
    }

    /** An interrupt is a stop: whoever interrupts threads in order to end them gets what he wants, and the instance does not go mute. */
    @Override
    public void interrupt() {
        ending = true;
        super.interrupt();
        ring();
    }

    /** Waits for the end; an interrupt of the waiting thread is kept for later. */
    boolean awaitDone(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        boolean interrupted = false;
        try {
            for (;;) {
                try {
                    return done.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException again) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether the thread ended as it should, with a stop that was done; once {@link #awaitDone} has said true. */
    boolean finished() {
        return finished;
    }

    @Override
    public void run() {
        try {
            awaitBegin();
            if (goes) {
                poll();
                finish();
            }
        } finally {
            closeBell();
            done.countDown();
        }
    }

    private void awaitBegin() {
        for (;;) {
            try {
                begun.await();
                return;
            } catch (InterruptedException again) {
                // `ending` is set; the start that is under way is waited for.
                continue;
            }
        }
    }

    private void poll() {
        int ran = 0;
        while (!ending && ran != Status.STATE && ran != Status.HANDLE) {
            try {
                ran = Native.dispatch(handle, wake, MOST);
                if (ran < 0 && ran != Status.STATE && ran != Status.HANDLE) {
                    throw new TeamsPresenceSyncException(ran, "handing out callbacks failed; it is tried again");
                }
            } catch (Throwable failure) {
                // Without this thread the instance would be mute: it goes on whatever that was.
                upcalls.failedOutside("poll thread", failure);
                LockSupport.parkNanos(this, PAUSE_NANOS);
            }
        }
    }

    private void finish() {
        // What is told from now on has a right to block.
        Thread.interrupted();
        int status;
        do {
            status = Native.stop(handle, Math.max(stopMillis, LEAST_STOP_MILLIS));
        } while (status == Status.TIMEOUT);
        finished = status == Status.OK;
    }

    /** Also after a failed start of the thread itself. */
    void closeBell() {
        synchronized (bell) {
            if (wake >= 0) {
                Native.wakeClose(wake);
                wake = -1;
            }
        }
    }

    private void ring() {
        synchronized (bell) {
            if (wake >= 0) {
                Native.wakeRing(wake);
            }
        }
    }
}
