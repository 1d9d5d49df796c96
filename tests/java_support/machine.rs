//! A Java virtual machine that is run under `-Xcheck:jni`, and what is built for it.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::json;
use teams_presence_simulator::Simulator;

use crate::c_program::{Running, config, ended, library_directory, root};

/// A machine that has not ended by itself after this long never will.
const WITHIN: Duration = Duration::from_secs(240);

/// The jar and the test classes, built once.
#[derive(Debug)]
pub(crate) struct Bindings {
    directory: tempfile::TempDir,
}

/// The two jars of the example.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) runtime: PathBuf,
    pub(crate) module: PathBuf,
}

/// Says so past the test runner's capture.
pub(crate) fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// `None`, told once, where there is no JDK.
pub(crate) fn bindings() -> Option<&'static Bindings> {
    static BINDINGS: OnceLock<Option<Bindings>> = OnceLock::new();
    let built = BINDINGS.get_or_init(|| {
        if Command::new("javac").arg("-version").output().is_err() {
            skipped("the Java bindings: no JDK here (apt-get install -y openjdk-17-jdk-headless)");
            return None;
        }
        let bindings = Bindings { directory: tempfile::tempdir().expect("a directory") };
        build(&bindings.path("out"));
        compile(&bindings.path("test"), &[&bindings.jar()], &root().join("bindings/java/test"));
        Some(bindings)
    });
    built.as_ref()
}

/// Runs the script that `make java` runs, with the library of this test. Answers the jar.
pub(crate) fn build(out: &Path) -> PathBuf {
    let library = library_directory().join("libteams_presence_sync.so");
    run(Command::new("sh").arg(root().join("bindings/java/build.sh")).arg(out).arg(library));
    out.join(format!("teams-presence-sync-{}.jar", env!("CARGO_PKG_VERSION")))
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{}", told());
}

/// All Java files of a folder, for Java 8, with every warning an error but the one that Java 8 is old.
pub(crate) fn compile(into: &Path, class_path: &[&Path], folder: &Path) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "java"))
        .collect();
    files.sort();
    std::fs::create_dir_all(into).expect("made");
    let flags = ["--release", "8", "-encoding", "UTF-8", "-Xlint:all", "-Xlint:-options", "-Werror", "-d"];
    let mut javac = Command::new("javac");
    javac.args(flags).arg(into);
    if !class_path.is_empty() {
        javac.arg("-cp").arg(joined(class_path));
    }
    run(javac.args(files));
}

fn joined(class_path: &[&Path]) -> OsString {
    std::env::join_paths(class_path).expect("no colon inside")
}

impl Bindings {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn jar(&self) -> PathBuf {
        self.path("out").join(format!("teams-presence-sync-{}.jar", env!("CARGO_PKG_VERSION")))
    }

    /// What is in the jar, as files.
    pub(crate) fn classes(&self) -> PathBuf {
        self.path("out/jar")
    }

    /// The folder of the two native files.
    pub(crate) fn native(&self) -> PathBuf {
        let folders = std::fs::read_dir(self.classes().join("META-INF/native")).expect("built");
        folders.map(|folder| folder.expect("an entry").path()).next().expect("one platform")
    }

    fn tests(&self) -> PathBuf {
        self.path("test")
    }

    /// `examples/java`, as its comment says: the runtime without the bindings, the module with them.
    pub(crate) fn example(&self, into: &Path) -> Example {
        let built = Example { runtime: into.join("runtime"), module: into.join("module") };
        compile(&built.runtime, &[], &root().join("examples/java/runtime/example"));
        compile(&built.module, &[&built.runtime, &self.jar()], &root().join("examples/java/module/example"));
        built
    }
}

/// One start of `java`.
#[derive(Debug)]
pub(crate) struct Java {
    directory: tempfile::TempDir,
    wrapper: Option<Command>,
    arguments: Vec<OsString>,
    class_path: OsString,
    main: Vec<String>,
}

impl Java {
    pub(crate) fn new(bindings: &Bindings) -> Java {
        let mut java = Java {
            directory: tempfile::tempdir().expect("a directory"),
            wrapper: None,
            arguments: Vec::new(),
            class_path: joined(&[&bindings.jar(), &bindings.tests()]),
            main: Vec::new(),
        };
        // Quick to start: most of these machines live for a second.
        java.arguments
            .extend(["-Xcheck:jni", "-ea", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"].map(OsString::from));
        java.define("tps.test.jar", &bindings.jar().display().to_string());
        java.define("tps.test.classes", &bindings.tests().display().to_string());
        java.define("tps.test.native", &bindings.native().display().to_string());
        java
    }

    pub(crate) fn define(&mut self, property: &str, value: &str) -> &mut Java {
        self.arguments.push(format!("-D{property}={value}").into());
        self
    }

    /// A later one beats an earlier one.
    pub(crate) fn option(&mut self, option: &str) -> &mut Java {
        self.arguments.push(option.into());
        self
    }

    /// Tells it of a simulator: a configuration that polls four times a second and holds nothing back, whose path is answered.
    pub(crate) fn simulator(&mut self, simulator: &Simulator) -> PathBuf {
        let path = self.directory.path().join("config.json");
        let quick = json!({"source": {"poll_interval_ms": 250}, "dnd": {"hold_off_ms": 0}});
        std::fs::write(&path, config(simulator, quick)).expect("written");
        self.define("tps.test.config", &path.display().to_string()).define("tps.test.control", simulator.base_url());
        path
    }

    pub(crate) fn class_path(&mut self, class_path: &[&Path]) -> &mut Java {
        self.class_path = joined(class_path);
        self
    }

    pub(crate) fn wrap(&mut self, wrapper: Command) -> &mut Java {
        self.wrapper = Some(wrapper);
        self
    }

    pub(crate) fn main(&mut self, class: &str, arguments: &[&str]) -> &mut Java {
        self.main = std::iter::once(class).chain(arguments.iter().copied()).map(str::to_owned).collect();
        self
    }

    pub(crate) fn start(&mut self, stdin: Stdio) -> Running {
        // Another virtual machine than the one that compiles (tests/java_versions).
        let java = std::env::var_os("TPS_JAVA").unwrap_or_else(|| "java".into());
        let mut command = match self.wrapper.take() {
            Some(mut wrapper) => {
                wrapper.arg(java);
                wrapper
            }
            None => Command::new(java),
        };
        command.args(&self.arguments).arg("-cp").arg(&self.class_path).args(&self.main);
        // Standard output in UTF-8, whatever the locale of the test is.
        command.env("LC_ALL", "C.UTF-8").env_remove("JAVA_TOOL_OPTIONS");
        Running::start(command, stdin)
    }

    /// Runs to the end; it has to end by itself, with 0, and without a warning. Answers what it printed.
    pub(crate) fn run(&mut self) -> String {
        finished(self.start(Stdio::null()))
    }
}

/// Waits until it has printed this: longer than a C program is waited for.
pub(crate) fn awaited(running: &mut Running, text: &str) {
    let deadline = Instant::now() + WITHIN;
    while !running.output().contains(text) {
        if Instant::now() > deadline {
            running.close_input();
            panic!("{text:?} was not printed:\n{}", running.output());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The launcher of Java 8 makes this call itself, once for each argument of `main`.
const LAUNCHER: &str =
    "WARNING in native method: JNI call made without checking exceptions when required to from CallStaticObjectMethod\n";

/// Waits for the end of a machine, which has to come by itself, with 0, and without a warning of `-Xcheck:jni`.
pub(crate) fn finished(running: Running) -> String {
    let (status, output) = running.wait(WITHIN);
    assert!(status.is_some_and(|status| status.success()), "{}\n{output}", ended(status, WITHIN));
    // Only there: where `make test` runs, such a call of the bindings would be seen.
    let output = if std::env::var_os("TPS_JAVA").is_some() { output.replace(LAUNCHER, "") } else { output };
    for warning in ["WARNING in native method", "FATAL ERROR in native method", "WARNING: JNI", "Warning: SIG"] {
        assert!(!output.contains(warning), "{warning}:\n{output}");
    }
    output
}
