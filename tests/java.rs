//! The Java bindings: built with javac and the C compiler, run against a simulator with every warning of `-Xcheck:jni` an error.
//!
//! The cases themselves stand in `bindings/java/test`; each group of them is a virtual machine of its own, which has to end by itself.
#![allow(clippy::print_stderr, reason = "tests say what they saw")]

#[path = "support/c_header.rs"]
mod c_header;
#[path = "support/c_program.rs"]
mod c_program;
#[path = "java_support/constants.rs"]
mod constants;
#[path = "java_support/machine.rs"]
mod machine;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use c_header::Header;
use c_program::{Running, root, simulator};
use machine::{Java, bindings};

fn sources() -> PathBuf {
    root().join("bindings/java/src/main/java/org/teamspresencesync")
}

fn header_text() -> String {
    std::fs::read_to_string(root().join("include/teams_presence_sync.h")).expect("the header")
}

/// Needs no JDK.
#[test]
fn constants_are_those_of_the_header() {
    let header = header_text();
    for (file, text) in constants::classes(&header) {
        let path = sources().join(&file);
        if std::env::var_os("TPS_UPDATE_DOCS").is_some() {
            std::fs::write(&path, &text).expect("written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{file} is out of date; refresh it by: make docs");
    }
    let answers = std::fs::read_to_string(sources().join("Answer.java")).expect("committed");
    let known = constants::answers(&header);
    assert_eq!(known.len(), 5);
    for (name, number) in known {
        let written = if name == "PENDING" { format!("int PENDING = {number};") } else { format!("    {name}({number})") };
        assert!(answers.contains(&written), "Answer.java: {written}");
    }
}

/// Every number of the header has a place in Java.
#[test]
fn no_constant_is_left_out() {
    let header = header_text();
    let mut told: BTreeSet<String> = BTreeSet::new();
    let read = constants::read(&header);
    for (name, number) in Header::parse(&header).numbers {
        let name = name.trim_start_matches("TPS_").to_owned();
        if name != "ABI_VERSION" {
            assert!(read.iter().any(|one| one.name == name && one.number == number), "{name} is not read");
            told.insert(name);
        }
    }
    let classes: usize =
        constants::classes(&header).iter().map(|(_, text)| text.matches("public static final int").count()).sum();
    assert_eq!(told.len(), classes + constants::answers(&header).len());
}

/// Needs no JDK.
#[test]
fn every_function_of_the_header_is_called() {
    let glue = std::fs::read_to_string(root().join("bindings/java/src/main/c/calls.c")).expect("the glue");
    for (name, _) in Header::parse(&header_text()).functions {
        assert!(glue.contains(&format!("{name}(")), "bindings/java/src/main/c/calls.c does not call {name}");
    }
}

/// What Maven Central asks of a pom, the version, and that nothing is depended upon.
#[test]
fn the_pom_can_be_published() {
    let pom = std::fs::read_to_string(root().join("bindings/java/pom.xml")).expect("the pom");
    for element in ["groupId", "artifactId", "name", "description", "url", "licenses", "developers", "scm"] {
        assert!(pom.contains(&format!("<{element}>")), "no <{element}>");
    }
    assert!(pom.contains(&format!("<version>{}</version>", env!("CARGO_PKG_VERSION"))), "another version than Cargo.toml");
    assert!(!pom.contains("<dependency>") && !pom.contains("<parent>"), "a dependency");
    assert!(pom.contains("<maven.compiler.release>8<"), "not for Java 8");
    // What Maven takes by itself differs by its version, and some of it knows no maven.compiler.release.
    for plugin in ["resources", "compiler", "surefire", "jar"] {
        let named = pom.split_once(&format!("<artifactId>maven-{plugin}-plugin</artifactId>"));
        assert!(named.is_some_and(|(_, rest)| rest.trim_start().starts_with("<version>")), "no version of maven-{plugin}-plugin");
    }
}

/// The recipe of docs/hosting.md, with what its reader has around it.
#[test]
fn the_recipe_compiles() {
    let Some(bindings) = bindings() else { return };
    let page = std::fs::read_to_string(root().join("docs/hosting.md")).expect("the page");
    let recipe = page.split_once("```java\n").and_then(|(_, rest)| rest.split_once("```")).expect("a recipe").0;
    let around = "    interface Phones { boolean setDnd(String user, boolean on); }\n    Phones phones;\n    void log(String line) { }\n}\n";
    let end = recipe.trim_end().strip_suffix('}').expect("the end of the class");
    let imports = "import java.util.Collection;\nimport java.util.concurrent.CompletionStage;\nimport org.teamspresencesync.*;\n";
    let directory = tempfile::tempdir().expect("a directory");
    let sources = directory.path().join("sources");
    std::fs::create_dir(&sources).expect("made");
    std::fs::write(sources.join("TeamsModule.java"), format!("{imports}{end}{around}")).expect("written");
    machine::compile(&directory.path().join("classes"), &[&bindings.jar()], &sources);
}

/// Compiled with a newer JDK, for Java 8 all the same.
#[test]
fn the_classes_are_those_of_java_8() {
    let Some(bindings) = bindings() else { return };
    let class = std::fs::read(bindings.classes().join("org/teamspresencesync/TeamsPresenceSync.class")).expect("built");
    assert_eq!(u16::from_be_bytes([class[6], class[7]]), 52);
}

/// Two builds in two places give the same bytes.
#[test]
fn the_jar_is_reproducible() {
    let Some(bindings) = bindings() else { return };
    let again = tempfile::tempdir().expect("a directory");
    let jar = machine::build(&again.path().join("somewhere/else"));
    let first = std::fs::read(bindings.jar()).expect("the jar");
    assert!(first == std::fs::read(jar).expect("the other jar"), "another jar from the same sources");
}

/// One group of cases in one virtual machine.
fn group(name: &str) {
    let Some(bindings) = bindings() else { return };
    let simulator = simulator();
    let mut java = Java::new(bindings);
    java.simulator(&simulator);
    let output = java.main("Cases", &[name]).run();
    assert!(output.contains("cases passed"), "{output}");
    eprintln!("{output}");
}

#[test]
fn texts() {
    group("texts");
}

#[test]
fn calls() {
    group("calls");
}

#[test]
fn callbacks() {
    group("callbacks");
}

#[test]
fn life() {
    group("life");
}

#[test]
fn class_loaders() {
    group("loaders");
}

/// No memory while a callback is on its way: what JNI throws then is taken away, told, and the change is offered again.
#[test]
fn want_of_memory_is_survived() {
    let Some(bindings) = bindings() else { return };
    let simulator = simulator();
    simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("ann");
    let mut java = Java::new(bindings);
    java.simulator(&simulator);
    let output = java.option("-Xmx32m").main("Memory", &[]).run();
    assert!(output.contains("survived"), "{output}");
    eprintln!("{output}");
}

/// What a security manager forbids is told, and leaves nothing half done. Later versions of Java have none.
#[test]
fn a_security_manager_is_obeyed() {
    let Some(bindings) = bindings() else { return };
    let simulator = simulator();
    let mut java = Java::new(bindings);
    java.simulator(&simulator);
    let output = java.main("Guarded", &[]).run();
    if output.contains("no security manager in this version") {
        machine::skipped("a security manager: this Java has none (make test-java has one that does)");
        return;
    }
    assert!(output.contains("guarded"), "{output}");
}

/// Neither a running instance nor one whose listener hangs keeps a virtual machine.
#[test]
fn the_machine_exits_by_itself() {
    for how in ["closed", "running", "without-hook", "hanging", "exit-in-listener"] {
        let Some(bindings) = bindings() else { return };
        let simulator = simulator();
        simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("ann");
        let mut java = Java::new(bindings);
        java.simulator(&simulator);
        let output = java.main("Ending", &[how]).run();
        // What Teams switched on is switched off again at the end, unless nobody is there to do it.
        let released = output.contains("101 DND off: STOPPING");
        assert_eq!(released, how == "closed" || how == "running", "{how}: {output}");
        eprintln!("{output}");
    }
}

#[test]
fn every_place_that_was_tried_is_told() {
    let Some(bindings) = bindings() else { return };
    let missing = "/nonexistent/libteams_presence_sync_jni.so";
    let mut java = Java::new(bindings);
    java.define("teamspresencesync.library.path", missing);
    let output = java.main("Loading", &[]).run();
    assert!(output.contains(&format!("-Dteamspresencesync.library.path={missing}: ")) && !output.contains("the jar"), "{output}");

    let mut java = Java::new(bindings);
    java.define("teamspresencesync.library.path", "relative.so");
    assert!(java.main("Loading", &[]).run().contains("must be an absolute path"));

    let mut java = Java::new(bindings);
    java.define("java.library.path", "/nonexistent").define("teamspresencesync.tmpdir", "/nonexistent");
    let output = java.main("Loading", &[]).run();
    let places = [
        "java.library.path: ",
        "the jar, META-INF/native/linux-",
        "to be extracted below /nonexistent: ",
        "-Dteamspresencesync.tmpdir",
    ];
    assert!(places.iter().all(|place| output.contains(place)), "{output}");

    let mut java = Java::new(bindings);
    java.define("os.arch", "riscv64").define("java.library.path", "/nonexistent");
    assert!(
        java.main("Loading", &[])
            .run()
            .contains("META-INF/native/linux-riscv64/: not there; this jar has nothing for this platform")
    );

    // No library at all where the explicit path is good, and a directory in java.library.path that is.
    let native = bindings.native();
    let mut java = Java::new(bindings);
    java.define("teamspresencesync.library.path", &native.join("libteams_presence_sync_jni.so").display().to_string());
    java.define("teamspresencesync.tmpdir", "/nonexistent");
    assert!(java.main("Loading", &[]).run().contains("loaded version "));
    let mut java = Java::new(bindings);
    java.define("java.library.path", &native.display().to_string()).define("teamspresencesync.tmpdir", "/nonexistent");
    assert!(java.main("Loading", &[]).run().contains("loaded version "));
}

/// Nothing is left behind in the temporary directory.
#[test]
fn extracted_files_are_gone_once_they_are_loaded() {
    let Some(bindings) = bindings() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let mut java = Java::new(bindings);
    java.define("teamspresencesync.tmpdir", &directory.path().display().to_string());
    assert!(java.main("Loading", &[]).run().contains("loaded version "));
    assert_eq!(std::fs::read_dir(directory.path()).expect("still there").count(), 0);
}

/// A library of another major version that the process has already is not worked with.
#[test]
fn another_major_version_is_refused() {
    let Some(bindings) = bindings() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let glue = directory.path().join("libteams_presence_sync_jni.so");
    std::fs::copy(bindings.native().join("libteams_presence_sync_jni.so"), &glue).expect("copied");
    let source = directory.path().join("other.c");
    std::fs::write(&source, "unsigned tps_abi_version(void) { return 0x00020000u; }\n").expect("written");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wl,-soname,libteams_presence_sync.so.1", "-o"]);
    let built = cc.arg(directory.path().join("libteams_presence_sync.so.1")).arg(&source).status().expect("a compiler");
    assert!(built.success());
    let mut java = Java::new(bindings);
    java.define("teamspresencesync.library.path", &glue.display().to_string());
    let output = java.main("Loading", &[]).run();
    assert!(output.contains("has version 2.0 of the interface, the bindings need 1.0"), "{output}");
}

/// With a directory that is really mounted so, where this user may mount one.
#[test]
fn a_noexec_directory_is_explained() {
    let Some(bindings) = bindings() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let mount = "mount -t tmpfs -o noexec,size=256m tmpfs \"$0\" && exec \"$@\"";
    let inside = |command: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", mount]).arg(directory.path()).args(command);
        unshare
    };
    if !inside(&["true"]).output().is_ok_and(|output| output.status.success()) {
        machine::skipped("a noexec directory for Java: unshare and mount are not allowed here");
        return;
    }
    let mut java = Java::new(bindings);
    java.define("teamspresencesync.tmpdir", &directory.path().display().to_string());
    java.wrap(inside(&[]));
    let output = java.main("Loading", &[]).run();
    assert!(
        output.contains("noexec, or a security policy forbids it: name another one by -Dteamspresencesync.tmpdir"),
        "{output}"
    );
}

/// The host of `examples/java`, built and used as its comment says.
#[test]
fn the_module_runtime() {
    let Some(bindings) = bindings() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let built = bindings.example(directory.path());
    let simulator = simulator();
    simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("ann");
    let mut java = Java::new(bindings);
    let path = java.class_path(&[&built.runtime]).simulator(&simulator);
    let modules = format!("{}:{}", built.module.display(), bindings.jar().display());
    let mut running: Running = java.main("example.ModuleRuntime", &[&modules, &path.display().to_string()]).start(Stdio::piped());
    running.say("map 101 ann@contoso.test");
    running.say("map 102 ben@contoso.test");
    running.say("load");
    machine::awaited(&mut running, "loaded teams-presence-sync ");
    machine::awaited(&mut running, "101: DND on (Busy/InACall)");
    machine::awaited(&mut running, "102: chat AVAILABLE");
    running.say("configure");
    machine::awaited(&mut running, "configured");
    running.say("dnd 101 off");
    machine::awaited(&mut running, "101: DND off by a person");
    running.say("map 103 cleo@contoso.test");
    machine::awaited(&mut running, "103: chat AVAILABLE");
    running.say("unload");
    machine::awaited(&mut running, "unloaded, its class loader is gone");
    simulator.set_presence("ben@contoso.test", "Busy", "InACall").expect("ben");
    running.say("load");
    machine::awaited(&mut running, "102: DND on (Busy/InACall)");
    running.say("quit");
    let output = machine::finished(running);
    assert!(output.contains("102: DND off (STOPPING)"), "{output}");
    assert_eq!(output.matches("loaded teams-presence-sync ").count(), 2, "{output}");
}
