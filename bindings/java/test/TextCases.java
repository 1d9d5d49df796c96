import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.teamspresencesync.EventCode;
import org.teamspresencesync.InsideCases;
import org.teamspresencesync.NotificationReply;
import org.teamspresencesync.Status;
import org.teamspresencesync.TeamsEvent;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.TeamsPresenceSyncException;
import org.teamspresencesync.User;

/** Texts are UTF-8 both ways: characters beyond U+FFFF are four bytes and not two times three, NUL is one byte and not two. */
final class TextCases {
    /** One, two, three and four bytes a character. */
    private static final String WIDE = "a-\u00e9-\u20ac-\ud834\udd1e-\ud83d\udcde";

    private TextCases() {
    }

    static void add(Cases to) {
        to.add("every character of an id goes both ways", TextCases::ids);
        to.add("every character of an event, an explanation and a check comes out", TextCases::answers);
        to.add("NUL and wide characters of a reply come out", TextCases::reply);
        to.add("a NUL in a configuration does not end it", TextCases::nulInConfiguration);
        to.add("a NUL or half a character in an id is refused", TextCases::refused);
        to.add("errors of the library with wide characters", TextCases::errors);
        to.add("bytes that are no UTF-8", InsideCases::decoding);
        to.add("the configuration is led to poll mode", InsideCases::configuration);
        to.add("words of the loader", InsideCases::loader);
    }

    private static void ids() throws Exception {
        Recorder told = new Recorder();
        try (TeamsPresenceSync sync = Support.builder(told).build()) {
            Support.inACall("ann");
            sync.setUsers(Arrays.asList(User.of(WIDE, "ann@contoso.test"), User.of("102", "ben@contoso.test")));
            sync.start();
            told.await("dnd " + WIDE + " on");
            told.await("chat " + WIDE + " ");
            told.await("presence " + WIDE + " Busy/InACall");
            Support.check(sync.state(WIDE).matched(), "found");
            Support.contains(sync.explain(WIDE), WIDE);
            Support.check(sync.refresh(WIDE) && sync.reportCall(WIDE, false), "known");
            Support.check(sync.removeUser(WIDE), "known");
            told.await("dnd " + WIDE + " off REMOVED");
        } finally {
            Support.reachable("ann");
        }
    }

    private static void answers() throws Exception {
        Recorder told = new Recorder();
        try (TeamsPresenceSync sync = Support.builder(told).build()) {
            sync.putUser(User.of(WIDE, "ann@contoso.test").withRuleSet(WIDE + " rules"));
            sync.start();
            told.await("event " + EventCode.RULE_SET_UNKNOWN + " " + WIDE);
            TeamsEvent event = told.value(TeamsEvent.class, "event " + EventCode.RULE_SET_UNKNOWN);
            Support.contains(event.json(), WIDE + " rules");
            Support.contains(event.message(), WIDE + " rules");
            Support.check(event.json().startsWith("{") && event.json().endsWith("}"), event.json());
        }
        List<String> lines = new ArrayList<>();
        TeamsPresenceSync.check(Support.config(), Collections.singletonList(User.of(WIDE, "nobody@contoso.test")), 60_000, lines::add);
        Support.contains(String.join("\n", lines), WIDE);
    }

    private static void reply() throws Exception {
        String accounts = ",\"source\":{\"mode\":\"notifications\",\"notifications\":{\"url\":\"https://pbx.example.com/graph\"}}";
        String password = "p[a]s<s>w?o#r&d%+ \\\"quo'te~\u00fc\u20ac.Q";
        String config = "{\"mode\":\"presence_sync\",\"tenant_id\":\"7c9e6679-7425-40de-944b-e07fc1f90ae7\","
                + "\"client_id\":\"16fd2706-8baf-433b-82eb-8c7fada847da\",\"auth\":{\"method\":\"password\","
                + "\"username\":\"presence-service@contoso.test\",\"password\":\"" + password + "\"},\"endpoints\":{\"login\":\""
                + System.getProperty("tps.test.control") + "\",\"graph\":\"" + System.getProperty("tps.test.control") + "\"}"
                + accounts + "}";
        try (TeamsPresenceSync sync = TeamsPresenceSync.builder(config).listener(new Recorder()).build()) {
            Support.refused(Status.STATE, () -> sync.deliverNotification(null, new byte[0]));
            sync.start();
            NotificationReply reply = sync.deliverNotification("validationToken=a%00b%C3%A9%F0%9D%84%9E+c", new byte[0]);
            Support.same(reply.httpStatus(), 200);
            Support.same(new String(reply.body(), StandardCharsets.UTF_8), "a\0b\u00e9\ud834\udd1e c");
            // Longer than the room that is tried first.
            char[] many = new char[4096];
            Arrays.fill(many, 'x');
            Support.same(sync.deliverNotification("validationToken=" + new String(many), new byte[0]).httpStatus() == 200, true);
            byte[] body = "{\"value\":[\"\u20ac\0\"]}".getBytes(StandardCharsets.UTF_8);
            Support.same(sync.deliverNotification("", body).httpStatus(), 400);
            Support.same(sync.deliverNotification(null, new byte[5 << 20]).httpStatus(), 413);
            Support.fails(NullPointerException.class, () -> sync.deliverNotification("", null));
        }
    }

    private static void nulInConfiguration() {
        // A C string would end before it, and the rest would be a good configuration.
        Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder(Support.config() + "\0 and more").build());
        Support.refused(Status.CONFIG, () -> TeamsPresenceSync.check(Support.config() + "\0", Collections.emptyList(), 0, line -> { }));
    }

    private static void refused() {
        try (TeamsPresenceSync sync = Support.builder(new Recorder()).build()) {
            String nul = Support.fails(IllegalArgumentException.class, () -> sync.putUser(User.of("10\0001", "a@b.c"))).getMessage();
            Support.same(nul, "userId: a NUL character at index 2");
            User bad = User.of("103", "half-\ud834@contoso.test");
            List<User> both = Arrays.asList(User.of("1", null), bad);
            String half = Support.fails(IllegalArgumentException.class, () -> sync.setUsers(both)).getMessage();
            Support.same(half, "users[1].email: half of a surrogate pair at index 5");
            Support.fails(IllegalArgumentException.class, () -> sync.refresh("\udd1e\ud834"));
            Support.fails(IllegalArgumentException.class, () -> sync.reload("{\"\ud834\":1}"));
            Support.fails(IllegalArgumentException.class, () -> sync.signIn("a\0"));
            Support.fails(NullPointerException.class, () -> sync.refresh(null));
            Support.fails(NullPointerException.class, () -> User.of(null, "a@b.c"));
        }
    }

    private static void errors() {
        TeamsPresenceSyncException thrown =
                Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder(Support.config(",\"" + WIDE + "\":1")).build());
        Support.contains(thrown.explanation(), WIDE);
        // NUL ends the texts of C, so the library writes another character.
        thrown = Support.refused(Status.CONFIG, () -> TeamsPresenceSync.builder(Support.config(",\"x\\u0000y\":1")).build());
        Support.contains(thrown.explanation(), "y");
    }
}
