package example;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.teamspresencesync.Answer;
import org.teamspresencesync.ChatChange;
import org.teamspresencesync.ChatState;
import org.teamspresencesync.DndChange;
import org.teamspresencesync.HostDnd;
import org.teamspresencesync.Presence;
import org.teamspresencesync.Reason;
import org.teamspresencesync.ReportOrigin;
import org.teamspresencesync.Severity;
import org.teamspresencesync.TeamsEvent;
import org.teamspresencesync.TeamsPresenceListener;
import org.teamspresencesync.TeamsPresenceSync;
import org.teamspresencesync.User;

/** The module: Teams presence to DND and chat state of the extensions in its group. */
public final class TeamsModule implements Module, TeamsPresenceListener {
    private Phones phones;
    private TeamsPresenceSync sync;
    /** Switching an extension takes a round trip to a database in a real system, so it is not done on the poll thread. */
    private ExecutorService work;
    private Map<String, String> extensions;

    /** Made by the runtime. */
    public TeamsModule() {
    }

    @Override
    public void load(String configuration, Phones phones) {
        this.phones = phones;
        work = Executors.newSingleThreadExecutor();
        try {
            sync = TeamsPresenceSync.builder(configuration).listener(this).build();
            sync.setUsers(users());
            sync.start();
        } catch (RuntimeException | Error failure) {
            unload();
            throw failure;
        }
        phones.log("loaded teams-presence-sync " + TeamsPresenceSync.version());
    }

    @Override
    public void configure(String configuration) {
        // A key that an instance keeps for its life is refused, by name: unload and load then.
        sync.reload(configuration);
    }

    @Override
    public void map(Map<String, String> extensions) {
        this.extensions = extensions;
        if (sync != null) {
            sync.setUsers(users());
        }
    }

    private List<User> users() {
        List<User> users = new ArrayList<>();
        extensions.forEach((extension, address) -> users.add(
                User.of(extension, address).withHostDnd(phones.dndIsOn(extension) ? HostDnd.ON : HostDnd.OFF)));
        return users;
    }

    @Override
    public void dndSwitched(String extension, boolean on) {
        sync.reportDnd(extension, on, ReportOrigin.PERSON);
    }

    @Override
    public String status() {
        return sync.matchingReport();
    }

    @Override
    public void unload() {
        if (sync != null) {
            // Throws where a callback hangs: then this code must stay.
            sync.close();
        }
        work.shutdown();
    }

    private static String why(int reason, Presence presence) {
        boolean rule = reason == Reason.RULE || reason == Reason.RESYNC;
        return rule && presence != null ? presence.availabilityText() + "/" + presence.activityText() : Reason.name(reason);
    }

    @Override
    public CompletionStage<Answer> onDnd(DndChange change) {
        return CompletableFuture.supplyAsync(
                () -> phones.setDnd(change.userId(), change.on(), why(change.reason(), change.presence())) ? Answer.APPLIED : Answer.GONE, work);
    }

    @Override
    public CompletionStage<Answer> onChatState(ChatChange change) {
        phones.setChat(change.userId(), ChatState.name(change.chatState()), why(change.reason(), change.presence()));
        return Answer.APPLIED.now();
    }

    @Override
    public void onEvent(TeamsEvent event) {
        if (event.severity() >= Severity.WARNING) {
            phones.log("event " + event.code() + ": " + event.message() + " What to do: " + event.remedy());
        }
    }

    @Override
    public void onLog(int level, String target, String message) {
        phones.log(target + ": " + message);
    }

    @Override
    public void onFailure(String method, Throwable failure) {
        phones.log(method + " failed: " + failure);
    }
}
