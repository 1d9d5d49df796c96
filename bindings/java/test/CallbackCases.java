import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.teamspresencesync.Activity;
import org.teamspresencesync.Answer;
import org.teamspresencesync.Availability;
import org.teamspresencesync.DndChange;
import org.teamspresencesync.EventCode;
import org.teamspresencesync.LogLevel;
import org.teamspresencesync.Presence;
import org.teamspresencesync.PresenceSource;
import org.teamspresencesync.Status;
import org.teamspresencesync.TeamsEvent;
import org.teamspresencesync.TeamsPresenceListener;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.User;

/** What listeners are told, on which thread, and what they may do there. */
final class CallbackCases {
    private CallbackCases() {
    }

    static void add(Cases to) {
        to.add("values arrive whole, in order, on one Java thread", CallbackCases::values);
        to.add("hundreds of callbacks in one go", CallbackCases::inOneGo);
        to.add("what is not overridden is not asked for", CallbackCases::notOverridden);
        to.add("inside a listener: stop, close and check are refused, the rest is not", CallbackCases::inside);
    }

    private static void values() throws Exception {
        Recorder told = new Recorder();
        Support.inACall("ann");
        ClassLoader[] seen = new ClassLoader[1];
        told.inside = method -> {
            seen[0] = Thread.currentThread().getContextClassLoader();
            return null;
        };
        try (TeamsPresenceSync sync = Support.builder(told).threadName("poll-of-101").build()) {
            sync.setUsers(Arrays.asList(User.of("101", "ann@contoso.test"), User.of("102", "ben@contoso.test")));
            sync.setLogLevel(LogLevel.TRACE);
            sync.start();
            told.await("dnd 101 on RESYNC");
            told.await("chat 102 AVAILABLE");
            told.await("log ");
            told.await("event ");
            DndChange change = told.value(DndChange.class, "dnd 101 on");
            Support.check(change.on() && change.changeId() != 0 && change.attempt() == 1 && change.dnd() == 2, change.toString());
            Support.check(change.toString().contains("ON, RESYNC"), change.toString());
            Support.same(change.email(), "ann@contoso.test");
            Presence presence = change.presence();
            Support.same(presence.availabilityText() + "/" + presence.activityText(), "Busy/InACall");
            Support.check(presence.availability() == Availability.BUSY && presence.activity() == Activity.IN_A_CALL, presence.toString());
            Support.check(presence.source() == PresenceSource.POLL && !presence.outOfOffice(), presence.toString());
            Support.same(presence.entraObjectId(), sync.state("101").entraObjectId());
            Support.check(change.decidedAtMillis() > 1_600_000_000_000L && presence.observedAtMillis() > 1_600_000_000_000L, "times");
            Support.check(told.place("presence 101 Busy") < told.place("dnd 101 on"), "order: " + told);
            TeamsEvent event = told.value(TeamsEvent.class, "event ");
            Support.contains(event.json(), "\"code\":" + event.code());
            Support.check(!event.message().isEmpty() && event.severity() > 0 && event.atMillis() > 1_600_000_000_000L, event.toString());
        } finally {
            Support.reachable("ann");
        }
        // The last ones, inside close, come on the same thread.
        told.await("dnd 101 off STOPPING");
        Set<Thread> threads = new HashSet<>(told.threads());
        Support.same(threads.size(), 1);
        Thread thread = threads.iterator().next();
        Support.check(thread.isDaemon() && thread.getName().equals("poll-of-101") && thread != Thread.currentThread(), thread.toString());
        Support.same(seen[0], CallbackCases.class.getClassLoader());
        Support.same(told.mostRunning(), 1);
        Support.same(told.count("failure"), 0);
        thread.join(60_000);
        Support.check(!thread.isAlive(), "ended");
    }

    /** All of them inside one native call: each one has to give back what it took of the virtual machine. */
    private static void inOneGo() throws Exception {
        Recorder told = new Recorder();
        CountDownLatch ready = new CountDownLatch(1);
        told.inside = method -> {
            try {
                ready.await();
            } catch (InterruptedException unexpected) {
                throw new IllegalStateException(unexpected);
            }
            return null;
        };
        List<User> users = new ArrayList<>();
        for (int at = 0; at < 200; at++) {
            users.add(User.of("user-" + at, "ann@contoso.test"));
        }
        Support.inACall("ann");
        try (TeamsPresenceSync sync = Support.builder(told, "").build()) {
            sync.setUsers(users);
            sync.start();
            // Everything has piled up behind the first one.
            for (User user : users) {
                Support.await(user.toString(), () -> sync.state(user.userId()).dndDesired() == 2);
            }
            ready.countDown();
            for (User user : users) {
                told.await("dnd " + user.userId() + " on");
                told.await("chat " + user.userId() + " DND");
            }
        } finally {
            ready.countDown();
            Support.reachable("ann");
        }
        // The stop hands out all releases in one call.
        Support.same(told.count("dnd ") - told.count("dnd user-0 "), 2 * 199);
        Support.same(told.count("failure"), 0);
    }

    /** Wants events only. */
    private static final class EventsOnly implements TeamsPresenceListener {
        private final Recorder told = new Recorder();

        @Override
        public void onEvent(TeamsEvent event) {
            told.onEvent(event);
        }
    }

    private static void notOverridden() throws Exception {
        String rules = ",\"rules\":{\"list\":[{\"when\":{\"activity\":[\"InACall\"]},\"dnd\":\"on\",\"queue\":\"on\"}]}";
        EventsOnly listener = new EventsOnly();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = Support.builder(listener, rules).build()) {
            sync.putUser(User.of("101", "ann@contoso.test"));
            sync.start();
            for (String callback : new String[] {"on_dnd", "on_queue_dnd", "on_chat_state"}) {
                Support.await(callback, () -> listener.told.find(TeamsEvent.class, "event " + EventCode.CALLBACK_MISSING,
                        event -> event.json().contains("\"" + callback + "\"")) != null);
            }
            // Counted as applied, with nobody asked.
            Support.await("applied", () -> sync.state("101").dndAcknowledged() == 2);
            Support.same(sync.state("101").queueDesired(), 0);
        } finally {
            Support.reachable("ann");
        }
        // Nobody listens at all.
        TeamsPresenceSync deaf = TeamsPresenceSync.builder(Support.config()).build();
        deaf.start();
        deaf.close();
    }

    private static void inside() throws Exception {
        Recorder told = new Recorder();
        TeamsPresenceSync[] one = new TeamsPresenceSync[1];
        TeamsPresenceSync other = Support.builder(new Recorder()).build();
        Set<String> done = Collections.synchronizedSet(new HashSet<>());
        Recorder inner = new Recorder();
        told.inside = method -> {
            if (done.contains(method)) {
                return null;
            }
            everything(one[0], other, inner);
            done.add(method);
            return null;
        };
        String rules = ",\"rules\":{\"list\":[{\"when\":{\"activity\":[\"InACall\"]},\"dnd\":\"on\",\"queue\":\"on\"}]}";
        Support.inACall("ann");
        try (TeamsPresenceSync sync = Support.builder(told, rules).build()) {
            one[0] = sync;
            sync.putUser(User.of("101", "ann@contoso.test"));
            sync.setLogLevel(LogLevel.TRACE);
            sync.start();
            for (String method : new String[] {"onDnd", "onQueueDnd", "onChatState", "onPresence", "onEvent", "onLog"}) {
                Support.await(method + ": " + told, () -> done.contains(method));
            }
            Support.same(told.count("failure"), 0);
            Support.same(sync.failures(), 0L);
        } finally {
            Support.reachable("ann");
        }
        other.close();
    }

    /** All that may be done inside a listener, and the three that may not. */
    private static void everything(TeamsPresenceSync sync, TeamsPresenceSync other, Recorder inner) {
        for (TeamsPresenceSync named : new TeamsPresenceSync[] {sync, other}) {
            Support.contains(Support.refused(Status.REENTRANT, named::close).getMessage(), "close() inside a method of a listener");
            Support.contains(Support.refused(Status.REENTRANT, () -> named.stop(1000)).getMessage(), "let another thread call it");
        }
        Support.refused(Status.REENTRANT, () -> TeamsPresenceSync.check(Support.config(), Collections.emptyList(), 0, line -> { }));
        Support.refused(Status.STATE, sync::start);
        sync.putUser(User.of("102", "ben@contoso.test"));
        sync.reportDnd("102", false, 0);
        sync.reportCall("102", false);
        sync.refresh("102");
        sync.removeUser("102");
        sync.setEnabled(true);
        sync.state("101");
        sync.explain("101");
        sync.stats();
        Support.check(!sync.acknowledge(4711, Answer.APPLIED), "nothing waits");
        // Another one may be begun here; somebody else has to end it.
        TeamsPresenceSync made = Support.builder(inner).build();
        made.start();
        Thread ends = new Thread(made::close);
        ends.start();
    }}
