package example;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Map;
import java.util.TreeMap;

/**
 * A telephone system with a module runtime, as STARFACE has one: each module is loaded with a class loader of its own, configured, told of
 * its users, unloaded, and loaded again, all while the virtual machine goes on.
 *
 * <pre>
 *   make java
 *   javac -d runtime examples/java/runtime/example/*.java
 *   javac -d module -cp runtime:target/java/teams-presence-sync-0.1.0.jar examples/java/module/example/*.java
 *   java -cp runtime example.ModuleRuntime module:target/java/teams-presence-sync-0.1.0.jar config.json
 * </pre>
 *
 * <p>Type: {@code map EXTENSION ADDRESS}, {@code unmap EXTENSION}, {@code load}, {@code configure}, {@code dnd EXTENSION on|off} (a person at
 * the telephone), {@code status}, {@code unload}, {@code quit}.
 */
public final class ModuleRuntime implements Module.Phones {
    private final String[] modulePath;
    private final String configuration;
    /** The group of the module: extensions and their addresses. */
    private final Map<String, String> mapping = new TreeMap<>();
    private final Map<String, Boolean> dnd = new TreeMap<>();
    private URLClassLoader loader;
    private Module module;

    private ModuleRuntime(String modulePath, String configuration) {
        this.modulePath = modulePath.split(File.pathSeparator);
        this.configuration = configuration;
    }

    /**
     * Runs until its input ends.
     *
     * @param arguments class path of the module, configuration
     * @throws Exception a module cannot be loaded
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: ModuleRuntime MODULE_CLASS_PATH CONFIG.json");
            System.exit(2);
        }
        ModuleRuntime runtime = new ModuleRuntime(arguments[0], arguments[1]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line = lines.readLine();
        while (line != null && !line.equals("quit")) {
            runtime.command(line.trim().split(" +"));
            line = lines.readLine();
        }
        runtime.unload();
    }

    private void command(String[] words) throws Exception {
        switch (words[0]) {
            case "map":
                mapping.put(words[1], words[2]);
                tellMapping();
                break;
            case "unmap":
                mapping.remove(words[1]);
                tellMapping();
                break;
            case "load":
                load();
                break;
            case "configure":
                module.configure(text());
                log("configured");
                break;
            case "dnd":
                set(words[1], words[2].equals("on"), "by a person");
                module.dndSwitched(words[1], words[2].equals("on"));
                break;
            case "status":
                log(module == null ? "not loaded" : module.status());
                break;
            case "unload":
                unload();
                break;
            default:
                log("say: map EXTENSION ADDRESS, unmap EXTENSION, load, configure, dnd EXTENSION on|off, status, unload, quit");
        }
    }

    private String text() throws IOException {
        return new String(Files.readAllBytes(Paths.get(configuration)), StandardCharsets.UTF_8);
    }

    private void tellMapping() {
        if (module != null) {
            module.map(new TreeMap<>(mapping));
        }
    }

    private void load() throws Exception {
        URL[] urls = new URL[modulePath.length];
        for (int at = 0; at < urls.length; at++) {
            urls[at] = new File(modulePath[at]).toURI().toURL();
        }
        loader = new URLClassLoader(urls, ModuleRuntime.class.getClassLoader());
        module = (Module) loader.loadClass("example.TeamsModule").getConstructor().newInstance();
        module.map(new TreeMap<>(mapping));
        module.load(text(), this);
    }

    private void unload() throws Exception {
        if (module == null) {
            return;
        }
        // An exception here leaves the module loaded: its code may still be called.
        module.unload();
        module = null;
        loader.close();
        WeakReference<ClassLoader> gone = new WeakReference<>(loader);
        loader = null;
        for (int at = 0; at < 600 && gone.get() != null; at++) {
            System.gc();
            Thread.sleep(100);
        }
        log(gone.get() == null ? "unloaded, its class loader is gone" : "unloaded, but something holds its class loader");
    }

    private boolean set(String extension, boolean on, String why) {
        synchronized (dnd) {
            dnd.put(extension, on);
        }
        log(extension + ": DND " + (on ? "on" : "off") + " " + why);
        return true;
    }

    @Override
    public boolean setDnd(String extension, boolean on, String why) {
        return set(extension, on, "(" + why + ")");
    }

    @Override
    public boolean setChat(String extension, String state, String why) {
        log(extension + ": chat " + state + " (" + why + ")");
        return true;
    }

    @Override
    public boolean dndIsOn(String extension) {
        synchronized (dnd) {
            return dnd.getOrDefault(extension, false);
        }
    }

    @Override
    public void log(String line) {
        System.out.println(line);
    }
}
