import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.teamspresencesync.Answer;
import org.teamspresencesync.DndChange;
import org.teamspresencesync.EventCode;
import org.teamspresencesync.Presence;
import org.teamspresencesync.TeamsPresenceListener;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.User;

/** Answers now, later, wrong and never; exceptions of listeners. */
final class AnswerCases {
    private AnswerCases() {
    }

    static void add(Cases to) {
        to.add("an answer may come later, from any thread", AnswerCases::later);
        to.add("an answer may come by the number of the change", AnswerCases::byNumber);
        to.add("an answer that never comes counts as a retry", AnswerCases::never);
        to.add("ALREADY and GONE mean what they mean", AnswerCases::others);
        to.add("whatever a listener throws is reported, and offered again", AnswerCases::thrown);
        to.add("exceptions of the methods without an answer are reported", AnswerCases::thrownElsewhere);
        to.add("nobody overrides onFailure: the uncaught-exception handler has it", AnswerCases::uncaught);
        to.add("onFailure fails too: printed, counted, survived", AnswerCases::failureOfFailure);
    }

    private static TeamsPresenceSync start(TeamsPresenceListener listener, String more) {
        TeamsPresenceSync sync = Support.builder(listener, more).build();
        sync.putUser(User.of("101", "ann@contoso.test"));
        sync.start();
        return sync;
    }

    private static void later() throws Exception {
        Recorder told = new Recorder();
        CompletableFuture<Answer> promise = new CompletableFuture<>();
        told.dnd = change -> change.on() ? promise : Answer.APPLIED.now();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told, "")) {
            told.await("dnd 101 on");
            told.await("chat 101 DND");
            // One change of a user is out at a time, so nothing of it is known while the answer is owed.
            Support.check(!sync.state("101").dndOwned(), "not yet");
            Thread other = new Thread(() -> promise.complete(Answer.APPLIED));
            other.start();
            other.join();
            Support.await("owned", () -> sync.state("101").dndOwned());
            Support.same(told.count("dnd 101 on"), 1);
        } finally {
            Support.reachable("ann");
        }
        // An answer after the end finds nobody, and says nothing.
        Recorder late = new Recorder();
        CompletableFuture<Answer> tooLate = new CompletableFuture<>();
        late.dnd = change -> tooLate;
        Support.inACall("ann");
        TeamsPresenceSync sync = TeamsPresenceSync.builder(Support.config()).listener(late).closeTimeoutMillis(500).build();
        sync.putUser(User.of("101", "ann@contoso.test"));
        sync.start();
        late.await("dnd 101 on");
        closeWhole(sync);
        tooLate.complete(Answer.APPLIED);
        Support.same(sync.failures(), 0L);
        Support.reachable("ann");
    }

    /** A short time to close may not be enough on a busy machine. */
    private static void closeWhole(TeamsPresenceSync sync) throws Exception {
        Support.await("closed", () -> {
            try {
                sync.close();
                return true;
            } catch (org.teamspresencesync.TeamsPresenceSyncException timeout) {
                return false;
            }
        });
    }

    private static void byNumber() throws Exception {
        Recorder told = new Recorder();
        told.dnd = change -> change.on() ? new CompletableFuture<>() : Answer.APPLIED.now();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told, "")) {
            told.await("dnd 101 on");
            DndChange change = told.value(DndChange.class, "dnd 101 on");
            Support.check(sync.acknowledge(change.changeId(), Answer.APPLIED), "it waited");
            Support.await("owned", () -> sync.state("101").dndOwned());
            Support.check(!sync.acknowledge(change.changeId(), Answer.APPLIED), "answered already");
        } finally {
            Support.reachable("ann");
        }
    }

    private static void never() throws Exception {
        Recorder told = new Recorder();
        told.dnd = change -> change.attempt() == 1 && change.on() ? new CompletableFuture<>() : Answer.APPLIED.now();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told, ",\"dispatch\":{\"ack_timeout_ms\":1000}")) {
            told.await("event " + EventCode.ACKNOWLEDGE_TIMED_OUT + " 101");
            told.await("dnd 101 on", 2);
            Support.await("owned", () -> sync.state("101").dndOwned());
        } finally {
            Support.reachable("ann");
        }
    }

    private static void others() throws Exception {
        Recorder told = new Recorder();
        told.dnd = change -> Answer.ALREADY.now();
        told.chat = change -> Answer.GONE.now();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told, "")) {
            told.await("event " + EventCode.USER_GONE + " 101");
            told.dnd = change -> Answer.ALREADY.now();
            told.chat = change -> Answer.APPLIED.now();
            sync.putUser(User.of("101", "ann@contoso.test"));
            told.await("chat 101 DND", 2);
            Support.await("known", () -> sync.state("101").dndAcknowledged() == 2);
            Support.check(!sync.state("101").dndOwned(), "it stood so already");
        } finally {
            Support.reachable("ann");
        }
    }

    private static CompletionStage<Answer> failing(Throwable with) {
        CompletableFuture<Answer> stage = new CompletableFuture<>();
        stage.completeExceptionally(with);
        return stage;
    }

    /** A listener that misbehaves in a new way each time it is offered the same change, and then obeys. */
    private static void thrown() throws Exception {
        Recorder told = new Recorder();
        AtomicReference<CompletableFuture<Answer>> owed = new AtomicReference<>();
        java.util.List<Supplier<CompletionStage<Answer>>> ways = java.util.Arrays.asList(
                () -> {
                    throw new IllegalStateException("thrown");
                },
                () -> null,
                () -> failing(new java.io.IOException("the stage failed")),
                () -> failing(new AssertionError("already")).thenApply(answer -> answer),
                () -> CompletableFuture.completedFuture((Answer) null),
                () -> {
                    throw new OutOfMemoryError("pretended");
                },
                () -> {
                    CallCases.endless("");
                    return null;
                },
                () -> AnswerCases.<RuntimeException>sneaky(new Exception("past the compiler")),
                () -> {
                    owed.set(new CompletableFuture<>());
                    return owed.get();
                });
        int[] at = new int[1];
        told.dnd = change -> change.on() && at[0] < ways.size() ? ways.get(at[0]++).get() : Answer.APPLIED.now();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told, "")) {
            for (int way = 1; way <= ways.size(); way++) {
                // What waits for a retry is offered at once then, without its growing delay.
                told.await("dnd 101 on", way);
                if (way < ways.size()) {
                    told.await("failure onDnd", way);
                }
                int next = way + 1;
                if (way == ways.size()) {
                    owed.get().completeExceptionally(new java.util.concurrent.CancellationException("later"));
                    told.await("failure onDnd", way);
                }
                Support.await("offered again: " + told, () -> {
                    sync.putUser(User.of("101", "ann@contoso.test"));
                    return told.count("dnd 101 on") >= next;
                });
            }
            Support.await("owned in the end", () -> sync.state("101").dndOwned());
            Support.same(sync.failures(), (long) ways.size());
            Support.check(told.find(DndChange.class, "dnd 101 on", change -> change.attempt() > 1) != null, "the attempts are counted");
        } finally {
            Support.reachable("ann");
        }
        String[] wanted = {"IllegalStateException: thrown", "NullPointerException: onDnd answered null", "IOException: the stage failed",
            "AssertionError: already", "NullPointerException: onDnd answered with a stage of null", "OutOfMemoryError: pretended",
            "StackOverflowError", "Exception: past the compiler", "CancellationException: later"};
        for (String text : wanted) {
            Support.contains(told.toString(), text);
        }
        Support.check(!told.toString().contains("CompletionException"), "unwrapped: " + told);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> CompletionStage<Answer> sneaky(Exception any) throws T {
        throw (T) any;
    }

    private static void thrownElsewhere() throws Exception {
        Recorder told = new Recorder();
        told.inside = method -> {
            if (!method.equals("onDnd")) {
                throw new IllegalArgumentException("in " + method);
            }
            return null;
        };
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told, ",\"log\":{\"level\":\"trace\"}")) {
            for (String method : new String[] {"onPresence", "onEvent", "onLog", "onChatState"}) {
                told.await("failure " + method + " java.lang.IllegalArgumentException: in " + method);
            }
            Support.await("the DND all the same", () -> sync.state("101").dndOwned());
            told.inside = method -> null;
            told.await("chat 101 DND", 2);
            Support.await("chat taken", () -> sync.state("101").chatAcknowledged() != 0);
        } finally {
            Support.reachable("ann");
        }
    }

    private static void uncaught() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        AtomicReference<Throwable> what = new AtomicReference<>();
        RuntimeException thrown = new IllegalStateException("nobody catches this");
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            what.compareAndSet(null, failure);
            seen.countDown();
        });
        try (TeamsPresenceSync sync = start(new TeamsPresenceListener() {
            @Override
            public void onPresence(Presence presence) {
                throw thrown;
            }
        }, "")) {
            seen.await();
            Support.same(what.get(), thrown);
            // The thread goes on.
            Support.teams("ann", "Away", "Away");
            Support.await("twice", () -> sync.failures() >= 2);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
            Support.reachable("ann");
        }
    }

    private static void failureOfFailure() throws Exception {
        java.io.PrintStream before = System.err;
        java.io.ByteArrayOutputStream printed = new java.io.ByteArrayOutputStream();
        System.setErr(new java.io.PrintStream(printed, true, "UTF-8"));
        try (TeamsPresenceSync sync = start(new TeamsPresenceListener() {
            @Override
            public void onPresence(Presence presence) {
                throw new IllegalStateException("the first");
            }

            @Override
            public void onFailure(String method, Throwable failure) {
                throw new IllegalStateException("the second");
            }
        }, "")) {
            Support.await("counted", () -> sync.failures() >= 1);
            Support.await("printed", () -> printed.toString("UTF-8").contains("the second"));
            Support.contains(printed.toString("UTF-8"), "onPresence failed, and onFailure failed too");
            Support.contains(printed.toString("UTF-8"), "the first");
            Support.teams("ann", "Away", "Away");
            Support.await("and the thread goes on", () -> sync.failures() >= 2);
        } finally {
            System.setErr(before);
            Support.reachable("ann");
        }
    }
}
