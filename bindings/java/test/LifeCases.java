import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.teamspresencesync.Answer;
import org.teamspresencesync.Status;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.TeamsPresenceSyncException;
import org.teamspresencesync.User;

/** Start, stop, interrupt, close; many instances; nothing is left. */
final class LifeCases {
    private LifeCases() {
    }

    static void add(Cases to) {
        to.add("stop is the last of it, start begins anew", LifeCases::stopAndStart);
        to.add("an interrupt of the poll thread is a stop", LifeCases::interrupt);
        to.add("an interrupt reaches a listener that blocks", LifeCases::interruptBlocked);
        to.add("a listener that hangs: stop and close give up in time", LifeCases::hanging);
        to.add("close keeps the interrupt of its caller", LifeCases::interruptedCaller);
        to.add("many threads close, others call", LifeCases::racing);
        to.add("close without a start", LifeCases::neverStarted);
        to.add("forty instances at once", LifeCases::many);
        to.add("nothing is left after many lives", LifeCases::nothingLeft);
        to.add("a start that is refused leaves nothing", LifeCases::refusedStart);
    }

    private static TeamsPresenceSync start(Recorder told) {
        TeamsPresenceSync sync = Support.builder(told).build();
        sync.putUser(User.of("101", "ann@contoso.test"));
        sync.start();
        return sync;
    }

    private static Thread pollThread(Recorder told) {
        return told.threads().get(0);
    }

    private static void ended(Thread thread) throws InterruptedException {
        thread.join(60_000);
        Support.check(!thread.isAlive(), thread + " has ended");
    }

    private static void stopAndStart() throws Exception {
        Recorder told = new Recorder();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told)) {
            for (int life = 1; life <= 3; life++) {
                told.await("dnd 101 on", life);
                Support.await("owned", () -> sync.state("101").dndOwned());
                Support.check(sync.stop(60_000), "stopped");
                int size = told.size();
                Support.same(told.count("dnd 101 off STOPPING"), life);
                Support.reachable("ann");
                Support.inACall("ann");
                Support.check(sync.stop(0), "stopped already");
                Support.same(told.size(), size);
                sync.start();
            }
            told.await("dnd 101 on", 4);
        } finally {
            Support.reachable("ann");
        }
        Set<Thread> threads = new HashSet<>(told.threads());
        Support.same(threads.size(), 4);
        for (Thread thread : threads) {
            ended(thread);
        }
    }

    private static void interrupt() throws Exception {
        Recorder told = new Recorder();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told)) {
            told.await("dnd 101 on");
            told.await("chat 101 ");
            Support.await("owned", () -> sync.state("101").dndOwned());
            pollThread(told).interrupt();
            // In order: what was switched on is switched off.
            told.await("dnd 101 off STOPPING");
            ended(pollThread(told));
            Support.refused(Status.STATE, () -> sync.refresh("101"));
            Support.same(told.count("failure"), 0);
            sync.start();
            told.await("dnd 101 on", 2);
            Support.check(sync.stop(60_000), "stopped");
        } finally {
            Support.reachable("ann");
        }
    }

    private static void interruptBlocked() throws Exception {
        Recorder told = new Recorder();
        CountDownLatch never = new CountDownLatch(1);
        told.dnd = change -> {
            if (change.on()) {
                try {
                    never.await();
                } catch (InterruptedException wanted) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("woken", wanted);
                }
            }
            return Answer.APPLIED.now();
        };
        Support.inACall("ann");
        try (TeamsPresenceSync sync = start(told)) {
            told.await("dnd 101 on");
            pollThread(told).interrupt();
            told.await("failure onDnd java.lang.IllegalStateException: woken");
            ended(pollThread(told));
            Support.check(sync.stop(60_000), "stopped already");
        } finally {
            Support.reachable("ann");
        }
    }

    private static void hanging() throws Exception {
        Recorder told = new Recorder();
        CountDownLatch hangs = new CountDownLatch(1);
        told.inside = method -> {
            if (method.equals("onDnd")) {
                try {
                    hangs.await();
                } catch (InterruptedException unexpected) {
                    throw new IllegalStateException(unexpected);
                }
            }
            return null;
        };
        Support.inACall("ann");
        TeamsPresenceSync sync = TeamsPresenceSync.builder(Support.config()).listener(told).closeTimeoutMillis(200).build();
        sync.putUser(User.of("101", "ann@contoso.test"));
        sync.start();
        told.await("dnd 101 on");
        Support.check(!sync.stop(100), "it hangs");
        String words = Support.refused(Status.TIMEOUT, sync::close).getMessage();
        Support.contains(words, "a method of the listener, or a disk, has not come back within 200 ms");
        Support.contains(Support.fails(IllegalStateException.class, sync::start).getMessage(), "being closed");
        // It still is an instance: questions are answered.
        Support.contains(sync.stats(), "{");
        Support.check(pollThread(told).isAlive(), "in the listener");
        hangs.countDown();
        Support.await("closed", () -> {
            try {
                sync.close();
                return true;
            } catch (TeamsPresenceSyncException late) {
                Support.same(late.status(), Status.TIMEOUT);
                return false;
            }
        });
        ended(pollThread(told));
        Support.fails(IllegalStateException.class, sync::stats);
        Support.reachable("ann");
    }

    private static void interruptedCaller() throws Exception {
        Recorder told = new Recorder();
        TeamsPresenceSync sync = start(told);
        told.await("presence 101 ");
        Thread.currentThread().interrupt();
        sync.close();
        Support.check(Thread.interrupted(), "kept");
        Support.fails(IllegalStateException.class, sync::stats);
    }

    private static void racing() throws Exception {
        for (int round = 0; round < 5; round++) {
            Recorder told = new Recorder();
            TeamsPresenceSync sync = start(told);
            AtomicInteger wrong = new AtomicInteger();
            CountDownLatch closed = new CountDownLatch(1);
            List<Thread> threads = new ArrayList<>();
            for (int at = 0; at < 4; at++) {
                threads.add(new Thread(() -> {
                    try {
                        sync.close();
                        closed.countDown();
                    } catch (RuntimeException | Error failure) {
                        failure.printStackTrace(System.out);
                        wrong.incrementAndGet();
                        closed.countDown();
                    }
                }));
                threads.add(new Thread(() -> call(sync, closed, wrong)));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                ended(thread);
            }
            Support.same(wrong.get(), 0);
            Support.fails(IllegalStateException.class, sync::stats);
        }
    }

    /** Calls until the instance is closed; only what the states say may be thrown. */
    private static void call(TeamsPresenceSync sync, CountDownLatch closed, AtomicInteger wrong) {
        for (int at = 0; closed.getCount() > 0 || at < 50; at++) {
            try {
                sync.putUser(User.of("u" + at, "ben@contoso.test"));
                sync.stats();
                sync.explain("101");
                sync.refreshAll();
                sync.reportDnd("101", false, 0);
            } catch (TeamsPresenceSyncException refused) {
                if (refused.status() != Status.STATE) {
                    refused.printStackTrace(System.out);
                    wrong.incrementAndGet();
                }
            } catch (IllegalStateException gone) {
                continue;
            } catch (RuntimeException | Error failure) {
                failure.printStackTrace(System.out);
                wrong.incrementAndGet();
            }
        }
    }

    private static void neverStarted() {
        TeamsPresenceSync sync = Support.builder(new Recorder()).build();
        sync.close();
        TeamsPresenceSync stopped = Support.builder(new Recorder()).build();
        Support.check(stopped.stop(0), "New becomes Stopped");
        stopped.close();
    }

    private static void many() throws Exception {
        int count = 40;
        List<Recorder> told = new ArrayList<>();
        List<TeamsPresenceSync> all = new ArrayList<>();
        Support.inACall("ann");
        try {
            for (int at = 0; at < count; at++) {
                Recorder one = new Recorder();
                TeamsPresenceSync sync = Support.builder(one).threadName("poll-" + at).build();
                sync.putUser(User.of("user-" + at, "ann@contoso.test"));
                sync.start();
                told.add(one);
                all.add(sync);
            }
            Set<Thread> threads = new HashSet<>();
            for (int at = 0; at < count; at++) {
                told.get(at).await("dnd user-" + at + " on");
                threads.add(pollThread(told.get(at)));
            }
            Support.same(threads.size(), count);
            for (TeamsPresenceSync sync : all) {
                sync.close();
            }
            for (int at = 0; at < count; at++) {
                Support.same(told.get(at).count("failure"), 0);
                Support.same(new HashSet<>(told.get(at).threads()).size(), 1);
                // Nobody was told of another one's user.
                int own = told.get(at).count("dnd user-" + at + " ");
                Support.same(told.get(at).count("dnd "), own);
            }
            for (Thread thread : threads) {
                ended(thread);
            }
        } finally {
            Support.reachable("ann");
        }
    }

    private static void nothingLeft() throws Exception {
        long before = Support.descriptors("eventfd");
        for (int life = 0; life < 25; life++) {
            Recorder told = new Recorder();
            try (TeamsPresenceSync sync = start(told)) {
                told.await("presence 101 ");
                Support.check(sync.state("101").matched(), "found");
            }
        }
        Support.await("descriptors back at " + before, () -> Support.descriptors("eventfd") <= before);
        Support.await("no poll thread", () -> Thread.getAllStackTraces().keySet().stream().noneMatch(
                thread -> thread.getName().equals("teams-presence-sync") && thread.isAlive()));
    }

    private static void refusedStart() throws Exception {
        Path directory = Files.createTempDirectory("tps-java-test-");
        String config = Support.config(",\"state\":{\"dir\":\"" + directory + "\"}");
        long before;
        try (TeamsPresenceSync first = TeamsPresenceSync.builder(config).listener(new Recorder()).closeTimeoutMillis(60_000).build();
                TeamsPresenceSync second = TeamsPresenceSync.builder(config).listener(new Recorder()).threadName("refused").build()) {
            first.start();
            before = Support.descriptors("eventfd");
            for (int time = 0; time < 5; time++) {
                Support.contains(Support.refused(Status.LOCKED, second::start).explanation(), "process");
            }
            Support.await("no thread", () -> Thread.getAllStackTraces().keySet().stream().noneMatch(
                    thread -> thread.getName().equals("refused") && thread.isAlive()));
            // Fewer than one for each time: others may come and go.
            Support.await("no descriptor", () -> Support.descriptors("eventfd") < before + 4);
            Support.check(first.stop(60_000), "stopped");
            second.start();
            Support.check(second.stop(60_000), "stopped");
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
