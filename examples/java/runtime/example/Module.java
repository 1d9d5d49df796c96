package example;

import java.io.IOException;
import java.util.Map;

/** What the runtime wants of a module. The one thing that both sides see: it lives in the runtime's class loader. */
public interface Module {
    /** What a module may use of the telephone system. */
    interface Phones {
        /** Switches DND of an extension. Answers false if there is no such extension. */
        boolean setDnd(String extension, boolean on, String why);

        /** Sets the chat state of an extension. */
        boolean setChat(String extension, String state, String why);

        /** Whether it is on now. */
        boolean dndIsOn(String extension);

        /** A line for the log. */
        void log(String line);
    }

    /** Activates it. */
    void load(String configuration, Phones phones) throws IOException;

    /** "Save" was pressed. */
    void configure(String configuration);

    /** The extensions of the module's group and their addresses, whenever that has changed. */
    void map(Map<String, String> extensions);

    /** A person has switched DND at the telephone. */
    void dndSwitched(String extension, boolean on);

    /** A line for "status". */
    String status();

    /** Deactivates it; throws if it cannot be unloaded yet. */
    void unload();
}
