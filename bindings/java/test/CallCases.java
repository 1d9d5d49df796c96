import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.teamspresencesync.Answer;
import org.teamspresencesync.ChatState;
import org.teamspresencesync.Dnd;
import org.teamspresencesync.EventCode;
import org.teamspresencesync.HostDnd;
import org.teamspresencesync.LogLevel;
import org.teamspresencesync.ReportOrigin;
import org.teamspresencesync.Status;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.User;
import org.teamspresencesync.UserState;

/** Each call, what it answers and what it refuses. */
final class CallCases {
    private CallCases() {
    }

    static void add(Cases to) {
        to.add("versions and names", CallCases::names);
        to.add("a wrong configuration names the key", CallCases::configuration);
        to.add("states: what is refused before a start and after it", CallCases::states);
        to.add("users: set, put, remove, refuse", CallCases::users);
        to.add("fifty thousand users at once", CallCases::many);
        to.add("questions: state, explain, report, stats", CallCases::questions);
        to.add("reports: DND, queue, call", CallCases::reports);
        to.add("switching off and on", CallCases::enabled);
        to.add("reload takes all or nothing", CallCases::reload);
        to.add("check tells its lines and throws what its reader throws", CallCases::check);
        to.add("every call after close says so", CallCases::afterClose);
    }

    private static TeamsPresenceSync running(Recorder told, User... users) {
        TeamsPresenceSync sync = Support.builder(told).build();
        sync.setUsers(Arrays.asList(users));
        sync.start();
        return sync;
    }

    private static void names() {
        Support.check(TeamsPresenceSync.version().matches("\\d+\\.\\d+\\.\\d+.*"), TeamsPresenceSync.version());
        Support.same(TeamsPresenceSync.abiVersion() >> 16, 1);
        Support.same(TeamsPresenceSync.statusName(Status.STATE), "TPS_E_STATE");
        Support.same(TeamsPresenceSync.statusName(-77), "TPS_E_?");
        Support.same(Status.name(Status.LOCKED), "LOCKED");
        Support.same(EventCode.name(4711), "4711");
    }

    private static void configuration() {
        Support.contains(Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder("{\"mode\":7}").build()).explanation(), "mode");
        Support.contains(Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder("").build()).explanation(), "empty");
        String on = Support.config(",\"rules\":{\"list\":[{\"dnd\":\"onn\"}]}");
        Support.contains(Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder(on).build()).explanation(), "rules.list[0].dnd");
        String thread = Support.config(",\"dispatch\":{\"mode\":\"thread\"}");
        Support.contains(Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder(thread).build()).explanation(), "dispatch.mode");
        TeamsPresenceSync.builder(Support.config(",\"dispatch\":{\"mode\":\"poll\"}")).build().close();
        // A spelling of the name that only a whole JSON reader sees through.
        String hidden = Support.config(",\"dis\\u0070atch\":{\"mode\":\"thread\"}");
        Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder(hidden).build());
        Support.fails(NullPointerException.class, () -> TeamsPresenceSync.builder(null));
        Support.fails(IllegalArgumentException.class, () -> TeamsPresenceSync.builder("{}").closeTimeoutMillis(-1));
    }

    private static void states() {
        try (TeamsPresenceSync sync = Support.builder(new Recorder()).build()) {
            sync.putUser(User.of("101", "ann@contoso.test"));
            Support.refused(Status.STATE, () -> sync.refresh("101"));
            Support.refused(Status.STATE, sync::refreshAll);
            Support.refused(Status.STATE, () -> sync.signIn(null));
            sync.start();
            Support.refused(Status.STATE, sync::start);
            // A person signs in nowhere in this configuration.
            Support.refused(Status.STATE, () -> sync.signIn(null));
            Support.refused(Status.STATE, () -> sync.signOut("main"));
            Support.refused(Status.STATE, () -> sync.deliverNotification("", new byte[0]));
            Support.check(sync.refresh("101"), "known");
            sync.refreshAll();
            Support.fails(IllegalArgumentException.class, () -> sync.stop(-1));
            Support.check(sync.stop(60_000), "stopped");
            Support.check(sync.stop(0), "stopped already");
            Support.refused(Status.STATE, () -> sync.refresh("101"));
        }
    }

    private static void users() throws Exception {
        Recorder told = new Recorder();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = running(told, User.of("101", "ann@contoso.test"), User.of("door", null),
                User.of("103", "not an address"))) {
            told.await("dnd 101 on");
            told.await("event " + EventCode.USER_INVALID);
            Support.fails(IllegalArgumentException.class, () -> sync.setUsers(Arrays.asList(User.of("1", null), null)));
            List<User> second = Arrays.asList(User.of("1", null), User.of("", "a@b.c"));
            Support.contains(Support.refused(Status.INVALID_ARG, () -> sync.setUsers(second)).explanation(), "users[1].user_id");
            Support.refused(Status.INVALID_ARG, () -> sync.putUser(User.of("1", null).withHostDnd(77)));
            String objectId = sync.state("101").entraObjectId();
            sync.putUser(User.of("104", null).withEntraObjectId(objectId));
            told.await("presence 104 ");
            Support.check(sync.removeUser("104") && !sync.removeUser("nobody"), "104 and nobody else");
            // Who is not in the list is removed.
            sync.setUsers(Collections.singletonList(User.of("102", "ben@contoso.test")));
            told.await("dnd 101 off REMOVED");
            told.await("presence 102 ");
            sync.setUsers(Collections.emptyList());
        } finally {
            Support.reachable("ann");
        }
        User user = User.of("1", "a@b.c").withEntraObjectId("x").withRuleSet("y").withHostDnd(HostDnd.ON).withHostQueueDnd(HostDnd.OFF);
        Support.same(user, User.of("1", "a@b.c").withHostQueueDnd(1).withHostDnd(2).withRuleSet("y").withEntraObjectId("x"));
        Support.check(!user.equals(User.of("1", "a@b.c")) && !user.toString().contains("a@b.c"), "another, and no address in a log");
    }

    private static void many() throws Exception {
        List<User> users = IntStream.range(0, 50_000).mapToObj(n -> User.of("u" + n, "nobody" + n + "@contoso.test"))
                .collect(Collectors.toList());
        try (TeamsPresenceSync sync = Support.builder(new Recorder()).build()) {
            sync.setUsers(users);
            Support.same(sync.state("u49999").matched(), false);
            Support.same(sync.state("nobody777@contoso.test").availability(), 0);
            Support.refused(Status.NOT_FOUND, () -> sync.state("u50000"));
        }
    }

    private static void questions() throws Exception {
        Recorder told = new Recorder();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = running(told, User.of("101", "ann@contoso.test"), User.of("102", "ben@contoso.test"),
                User.of("112", "ben@contoso.test"))) {
            told.await("dnd 101 on");
            Support.await("owned", () -> sync.state("ANN@contoso.test").dndOwned());
            told.await("chat 101 DND");
            Support.await("chat taken", () -> sync.state("101").chatAcknowledged() == ChatState.DND);
            UserState state = sync.state("101");
            Support.check(state.matched() && !state.stale() && !state.outOfOffice() && !state.queueOwned(), "as it is");
            Support.same(state.availability() + " " + state.activity(), "4 7");
            Support.same(state.dndDesired() + " " + state.dndAcknowledged(), Dnd.ON + " " + Dnd.ON);
            Support.same(state.chatDesired(), ChatState.DND);
            Support.same(state.queueDesired() + state.queueAcknowledged(), 0);
            Support.check(state.observedAtMillis() > 1_600_000_000_000L && state.acknowledgedAtMillis() > 1_600_000_000_000L, "times");
            Support.same(state.entraObjectId().length(), 36);
            Support.refused(Status.AMBIGUOUS, () -> sync.state("ben@contoso.test"));
            Support.refused(Status.NOT_FOUND, () -> sync.explain("nobody"));
            Support.contains(sync.explain("101"), state.entraObjectId());
            Support.contains(sync.matchingReport(), "\"matched\"");
            Support.check(sync.stats().startsWith("{") && sync.stats().endsWith("}"), "an object");
            Support.refused(Status.INVALID_ARG, () -> sync.setLogLevel(77));
            sync.setLogLevel(LogLevel.TRACE);
            told.await("log " + LogLevel.TRACE);
        } finally {
            Support.reachable("ann");
        }
    }

    private static void reports() throws Exception {
        Recorder told = new Recorder();
        String rules = ",\"rules\":{\"list\":[{\"when\":{\"activity\":[\"InACall\"]},\"dnd\":\"on\",\"queue\":\"on\"}]}";
        Support.inACall("ann");
        try (TeamsPresenceSync sync = Support.builder(told, rules).build()) {
            sync.putUser(User.of("101", "ann@contoso.test"));
            sync.start();
            told.await("dnd 101 on");
            told.await("queue 101 on");
            Support.await("owned", () -> sync.state("101").dndOwned() && sync.state("101").queueOwned());
            Support.check(sync.reportDnd("101", false, ReportOrigin.PERSON), "known");
            Support.check(sync.reportQueue("101", false, ReportOrigin.PERSON), "known");
            Support.await("overridden", () -> !sync.state("101").dndOwned() && !sync.state("101").queueOwned());
            Support.check(!sync.reportDnd("nobody", true, 0) && !sync.reportQueue("nobody", true, 0), "nobody");
            Support.check(!sync.reportCall("nobody", true), "nobody");
            Support.refused(Status.INVALID_ARG, () -> sync.reportDnd("101", true, 9));
            Support.check(sync.reportCall("101", true), "known");
            Support.await("in a call", () -> sync.explain("101").contains("\"in_call\":true"));
            Support.check(!sync.acknowledge(4711, Answer.APPLIED), "nothing waits");
        } finally {
            Support.reachable("ann");
        }
    }

    private static void enabled() throws Exception {
        Recorder told = new Recorder();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = running(told, User.of("101", "ann@contoso.test"))) {
            told.await("dnd 101 on");
            sync.setEnabled(false);
            told.await("dnd 101 off DISABLED");
            told.await("event " + EventCode.ALL_RELEASED);
            sync.setEnabled(true);
            told.await("dnd 101 on", 2);
        } finally {
            Support.reachable("ann");
        }
    }

    private static void reload() throws Exception {
        Recorder told = new Recorder();
        Support.inACall("ann");
        try (TeamsPresenceSync sync = running(told, User.of("101", "ann@contoso.test"))) {
            told.await("dnd 101 on");
            String renamed = Support.config(",\"name\":\"other\"");
            Support.contains(Support.refused(Status.NEEDS_RESTART, () -> sync.reload(renamed)).explanation(), "name");
            Support.refused(Status.CONFIG, () -> sync.reload("{"));
            Support.refused(Status.CONFIG, () -> sync.reload(Support.config(",\"dispatch\":{\"mode\":\"shared\"}")));
            sync.reload(Support.config(",\"enabled\":false"));
            told.await("event " + EventCode.RELOADED);
            told.await("dnd 101 off DISABLED");
        } finally {
            Support.reachable("ann");
        }
    }

    private static void check() {
        List<String> lines = new ArrayList<>();
        List<User> users = Collections.singletonList(User.of("101", "ann@contoso.test"));
        TeamsPresenceSync.check(Support.config(), users, 60_000, lines::add);
        Support.same(lines.size(), 11);
        Support.check(lines.get(0).startsWith("{\"step\":\"configuration\",\"verdict\":\"ok\""), lines.get(0));
        Support.contains(lines.get(10), "\"step\":\"summary\"");
        lines.clear();
        Support.refused(Status.CONFIG, () -> TeamsPresenceSync.check("{}", users, 0, lines::add));
        Support.same(lines.size(), 11);
        Support.contains(lines.get(0), "\"verdict\":\"failed\"");
        int[] told = new int[1];
        RuntimeException thrown = new IllegalArgumentException("enough");
        Support.same(Support.fails(IllegalArgumentException.class, () -> TeamsPresenceSync.check(Support.config(), users, 0, line -> {
            if (++told[0] == 2) {
                throw thrown;
            }
        })), thrown);
        Support.same(told[0], 2);
        Support.fails(StackOverflowError.class, () -> TeamsPresenceSync.check(Support.config(), users, 0, CallCases::endless));
    }

    /** Runs out of stack, in Java, called from native code. */
    static void endless(String line) {
        endless(line + ".");
    }

    private static void afterClose() {
        TeamsPresenceSync sync = running(new Recorder(), User.of("101", "ann@contoso.test"));
        sync.close();
        sync.close();
        List<Support.Body> calls = Arrays.asList(sync::start, () -> sync.stop(0), () -> sync.reload(Support.config()),
                () -> sync.setEnabled(true), () -> sync.setUsers(Collections.emptyList()), () -> sync.putUser(User.of("1", null)),
                () -> sync.removeUser("101"),
                () -> sync.acknowledge(1, Answer.APPLIED), () -> sync.reportDnd("101", true, 0), () -> sync.reportQueue("101", true, 0),
                () -> sync.reportCall("101", true), () -> sync.refresh("101"), sync::refreshAll,
                () -> sync.deliverNotification("", new byte[0]),
                () -> sync.signIn(null), () -> sync.signOut(null), () -> sync.state("101"), () -> sync.explain("101"), sync::matchingReport,
                sync::stats, () -> sync.setLogLevel(LogLevel.ERROR));
        for (Support.Body call : calls) {
            Support.contains(Support.fails(IllegalStateException.class, call).getMessage(), "closed");
        }
        Support.same(sync.failures(), 0L);
    }
}
