//! Compiles a C program of `tests/c` or `examples/c`, or a C++ program of `tests/cpp`, runs it, and watches it.
//!
//! | variable | meaning |
//! |---|---|
//! | `TPS_C_WRAPPER` | a tool and its options, in front of every program: `valgrind ...` |
//! | `TPS_C_PATIENCE` | how many times longer everything may take under it |
//! | `TPS_C_SHARE` | percent of the rounds that programs with many rounds do |
//! | `TPS_CC`, `TPS_CXX`, `TPS_CFLAGS` | other compilers and more flags: sanitizers |
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]
#![allow(clippy::print_stderr, reason = "tests say what they skip")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use teams_presence_simulator::{CLIENT_ID, CLIENT_SECRET, Options, Simulator, TENANT_ID};

/// The compiler's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    C99,
    Cpp17,
}

/// How the library is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    Shared,
    Static,
}

/// One program and how it is run.
#[derive(Debug)]
pub struct Program {
    name: String,
    simulator: bool,
    hooks: bool,
    module: bool,
    bare: bool,
    wrapper: bool,
    within: Duration,
}

/// What `rustc --print native-static-libs` names for this target.
const NATIVE_LIBRARIES: [&str; 5] = ["-lgcc_s", "-lpthread", "-ldl", "-lm", "-lc"];

const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Werror", "-g", "-D_POSIX_C_SOURCE=200809L"];

/// Where the sources are.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo put the libraries for this test. They lie there under one name whatever features they were built with, so that is checked.
pub fn library_directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        // A library built in another way, for the sanitizers; usually the one that was built with this program.
        let elsewhere = std::env::var_os("TPS_LIBRARY_DIR").map(PathBuf::from);
        let directory = elsewhere.unwrap_or_else(|| {
            let test = std::env::current_exe().expect("this program");
            test.parent().expect("deps").to_owned()
        });
        let library = directory.join("libteams_presence_sync.so");
        let bytes = std::fs::read(&library).unwrap_or_else(|error| panic!("{}: {error}", library.display()));
        let hooks = bytes.windows(15).any(|window| window == b"\0tps_test_panic");
        let wanted = cfg!(feature = "test-hooks");
        assert_eq!(
            hooks, wanted,
            "the library was last built with other features than this test: touch src/lib.rs and build again"
        );
        directory
    })
}

fn patience() -> u32 {
    std::env::var("TPS_C_PATIENCE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn words(variable: &str) -> Vec<String> {
    std::env::var(variable).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// A simulator for one program: the default tenant.
pub fn simulator() -> Simulator {
    Simulator::spawn_blocking_thread(Options::default()).expect("a simulator")
}

/// The configuration for a simulator; `more` is merged into it.
pub fn config(simulator: &Simulator, more: serde_json::Value) -> String {
    let mut config = serde_json::json!({
        "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
        "auth": {"method": "client_secret", "secret": CLIENT_SECRET},
        "endpoints": {"login": simulator.base_url(), "graph": simulator.base_url()},
    });
    if let (Some(all), serde_json::Value::Object(more)) = (config.as_object_mut(), more) {
        all.extend(more);
    }
    config.to_string()
}

impl Program {
    /// The program `tests/c/<name>.c`; a minute to run.
    pub fn new(name: &str) -> Program {
        Program {
            name: name.to_owned(),
            simulator: false,
            hooks: false,
            module: false,
            bare: false,
            wrapper: false,
            within: Duration::from_secs(60),
        }
    }

    /// It talks to a simulator of its own.
    pub fn simulator(mut self) -> Program {
        self.simulator = true;
        self
    }

    /// It needs `tps_test_*`.
    pub fn hooks(mut self) -> Program {
        self.hooks = true;
        self
    }

    /// It is not linked with the library but loads `tests/c/module.c`, which is.
    pub fn module(mut self) -> Program {
        self.module = true;
        self
    }

    /// It is `tests/cpp/<name>.cpp`, on the C++ wrapper.
    pub fn wrapper(mut self) -> Program {
        self.wrapper = true;
        self
    }

    /// It measures the process, or ends it in a way that a tool does not follow: not under `TPS_C_WRAPPER`.
    pub fn bare(mut self) -> Program {
        self.bare = true;
        self
    }

    /// Another time limit.
    pub fn seconds(mut self, seconds: u64) -> Program {
        self.within = Duration::from_secs(seconds);
        self
    }

    /// Compiles, runs, and fails unless it ends with 0 in time.
    pub fn run(&self, language: Language, linkage: Linkage) {
        if self.hooks && !cfg!(feature = "test-hooks") {
            eprintln!("SKIPPED {}: needs --features test-hooks", self.name);
            return;
        }
        if self.bare && std::env::var_os("TPS_C_WRAPPER").is_some() {
            eprintln!("SKIPPED {}: not under a tool", self.name);
            return;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let binary = self.build(directory.path(), language, linkage);
        let mut command = wrapped(&binary);
        command.env("TPS_TEST_PATIENCE", patience().to_string());
        // All its rounds in one build; in the others what differs is the compiler and the linker, which fewer rounds show as well.
        let whole = language == Language::C99 && linkage == Linkage::Shared;
        let share = std::env::var("TPS_C_SHARE").unwrap_or_else(|_| if whole { "100" } else { "20" }.to_owned());
        command.env("TPS_TEST_SHARE", share);
        command.env("TPS_TEST_MODULE", directory.path().join("module.so"));
        command.env("TPS_TEST_LIBRARY", library_directory().join("libteams_presence_sync.so"));
        let simulator = self.simulator.then(simulator);
        if let Some(simulator) = &simulator {
            let path = directory.path().join("config.json");
            std::fs::write(&path, config(simulator, serde_json::Value::Null)).expect("written");
            let port = simulator.base_url().rsplit(':').next().unwrap_or_default();
            command.env("TPS_TEST_CONFIG", path).env("TPS_TEST_CONTROL", port);
        }
        let running = Running::start(command, Stdio::null());
        let within = self.within * patience();
        let (status, output) = running.wait(within);
        assert!(status.is_some_and(|status| status.success()), "{}: {}\n{output}", self.name, ended(status, within));
        // What it measured: shown with --nocapture.
        eprintln!("{output}");
    }

    fn build(&self, into: &Path, language: Language, linkage: Linkage) -> PathBuf {
        let tests = root().join("tests/c");
        let binary = into.join(&self.name);
        let mut sources = vec![tests.join(format!("{}.c", self.name)), tests.join("support.c"), tests.join("process.c")];
        if self.wrapper {
            let sources = [root().join(format!("tests/cpp/{}.cpp", self.name)), tests.join("support.c"), tests.join("process.c")];
            compile(language, &sources, &binary, |command| link(command.arg("-I").arg(&tests), into, linkage));
        } else if self.module {
            let object = into.join("module.so");
            compile(language, &[tests.join("module.c")], &object, |command| {
                link(command.args(["-shared", "-fPIC"]), into, linkage);
            });
            compile(language, &sources, &binary, |command| {
                command.args(["-ldl", "-lpthread"]);
            });
        } else {
            sources.push(tests.join("sink.c"));
            compile(language, &sources, &binary, |command| link(command, into, linkage));
        }
        binary
    }
}

/// One compiler call; `finish` adds what comes after the sources.
pub fn compile(language: Language, sources: &[PathBuf], output: &Path, finish: impl FnOnce(&mut Command)) {
    let (variable, usual, flags) = match language {
        Language::C99 => ("TPS_CC", "cc", ["-x", "c", "-std=c99", "-pedantic"]),
        Language::Cpp17 => ("TPS_CXX", "c++", ["-x", "c++", "-std=c++17", "-pedantic"]),
    };
    let compiler = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let mut command = Command::new(&compiler);
    command.args(flags).args(WARNINGS).args(words("TPS_CFLAGS"));
    command.arg("-I").arg(root().join("include")).args(sources).args(["-x", "none", "-o"]).arg(output);
    finish(&mut command);
    let result = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(result.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&result.stderr));
}

/// With the library, as an installed one would be linked.
pub fn link(command: &mut Command, into: &Path, linkage: Linkage) {
    let libraries = library_directory();
    match linkage {
        Linkage::Shared => {
            // The program asks for the library by its SONAME.
            let soname = into.join("libteams_presence_sync.so.1");
            if !soname.exists() {
                std::os::unix::fs::symlink(libraries.join("libteams_presence_sync.so"), &soname).expect("linked");
            }
            command.arg(&soname).arg(format!("-Wl,-rpath,{}", into.display()));
        }
        Linkage::Static => {
            // As docs/hosting.md says.
            command.arg(libraries.join("libteams_presence_sync.a")).args(["-Wl,-z,nodelete", "-Wl,--exclude-libs,ALL"]);
        }
    }
    command.args(NATIVE_LIBRARIES);
}

/// The program itself, or under the tool that `TPS_C_WRAPPER` names.
pub fn wrapped(binary: &Path) -> Command {
    let mut tool = words("TPS_C_WRAPPER").into_iter();
    match tool.next() {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(tool).arg(binary);
            command
        }
        None => Command::new(binary),
    }
}

/// A program under way. Both outputs are read all the time, so that a full pipe holds nobody up.
#[derive(Debug)]
pub struct Running {
    child: Child,
    output: std::sync::Arc<std::sync::Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Running {
    pub fn start(mut command: Command, stdin: Stdio) -> Running {
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let pipes = [
            child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
            child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        ];
        let readers = pipes
            .into_iter()
            .flatten()
            .map(|mut pipe| {
                let output = output.clone();
                std::thread::spawn(move || {
                    let mut bytes = [0u8; 4096];
                    // What was read before a failure is what there is to show.
                    while let Ok(got @ 1..) = pipe.read(&mut bytes) {
                        output.lock().expect("no panic").push_str(&String::from_utf8_lossy(&bytes[..got]));
                    }
                })
            })
            .collect();
        Running { child, output, readers }
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        self.output.lock().expect("no panic").clone()
    }

    /// Waits until it has printed this; fails if that takes too long.
    pub fn expect(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20) * patience();
        while !self.output().contains(text) {
            let over = self.child.try_wait().expect("our own child").is_some();
            if over || Instant::now() > deadline {
                let _ = self.child.kill();
                panic!("{text:?} was not printed:\n{}", self.output());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("its standard input is a pipe");
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).expect("it reads");
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for the end, and no longer than allowed.
    pub fn wait(mut self, within: Duration) -> (Option<ExitStatus>, String) {
        let deadline = Instant::now() + within;
        let status = loop {
            match self.child.try_wait().expect("our own child") {
                Some(status) => break Some(status),
                None if Instant::now() >= deadline => {
                    self.child.kill().expect("our own child");
                    self.child.wait().expect("our own child");
                    break None;
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        (status, self.output())
    }
}

/// How it ended, in words.
pub fn ended(status: Option<ExitStatus>, within: Duration) -> String {
    match status {
        Some(status) => format!("ended with {status}"),
        None => format!("did not end within {within:?}"),
    }
}
