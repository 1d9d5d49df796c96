//! The host of `examples/python`: a consumer of the interface that declares it anew, without the header, on the shared library.

#[path = "support/c_program.rs"]
mod c_program;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use c_program::{Running, config, ended, library_directory, root, simulator};
use serde_json::json;
use teams_presence_simulator::Simulator;

struct Stage {
    directory: tempfile::TempDir,
    simulator: Simulator,
}

/// None where there is no Python that is new enough.
fn stage() -> Option<Stage> {
    let new_enough = Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).output();
    if new_enough.is_ok_and(|output| output.status.success()) {
        let stage = Stage { directory: tempfile::tempdir().expect("a directory"), simulator: simulator() };
        stage.simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("ann");
        return Some(stage);
    }
    // Written past the test runner's capture: a skip must be seen.
    let _ = writeln!(std::io::stderr(), "SKIPPED: the host in Python: no python3 of 3.9 or later (apt-get install -y python3)");
    None
}

impl Stage {
    fn config(&self, more: serde_json::Value) -> PathBuf {
        let path = self.directory.path().join("config.json");
        std::fs::write(&path, config(&self.simulator, more)).expect("written");
        path
    }
}

fn python(script: &Path) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONFAULTHANDLER", "1").arg(script);
    command
}

fn library() -> PathBuf {
    library_directory().join("libteams_presence_sync.so")
}

fn fast() -> serde_json::Value {
    json!({"source": {"poll_interval_ms": 250}, "dnd": {"hold_off_ms": 0}})
}

#[test]
fn it_is_called_back_and_acknowledges() {
    let Some(stage) = stage() else { return };
    let mut command = python(&root().join("examples/python/host.py"));
    command.arg("--library").arg(library()).arg(stage.config(fast()));
    command.args(["101=ann@contoso.test", "102=ben@contoso.test", "103="]);
    let mut running = Running::start(command, Stdio::piped());
    running.expect("101: Busy/InACall");
    running.expect("101: chat do not disturb");
    running.expect("101: DND on, acknowledged: TPS_OK");
    running.expect("102: chat available");
    stage.simulator.set_presence("ann@contoso.test", "Available", "Available").expect("ann");
    running.expect("101: DND off, acknowledged: TPS_OK");
    stage.simulator.set_presence("ben@contoso.test", "DoNotDisturb", "Presenting").expect("ben");
    running.expect("102: DND on, acknowledged: TPS_OK");
    running.close_input();
    let within = Duration::from_secs(60);
    let (status, output) = running.wait(within);
    assert!(status.is_some_and(|status| status.success()), "{}\n{output}", ended(status, within));
    // What it switched on it switches off, and that is acknowledged by the worker while the stop waits.
    assert!(output.contains("102: DND off, acknowledged: TPS_OK"), "{output}");
    assert!(output.contains("stop: TPS_OK") && output.contains("event 201: "), "{output}");
    assert!(!output.contains("Traceback") && !output.contains("103: "), "{output}");
}

#[test]
fn it_names_what_is_wrong() {
    let Some(stage) = stage() else { return };
    let mut command = python(&root().join("examples/python/host.py"));
    command.arg("--library").arg(library()).arg(stage.config(json!({"dnd": {"ownership": "mine"}}))).arg("101=");
    let (status, output) = Running::start(command, Stdio::null()).wait(Duration::from_secs(60));
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{output}");
    assert!(output.contains("create: TPS_E_CONFIG: dnd.ownership: "), "{output}");
}

/// What a callback raises is told and answered RETRY; ctypes by itself would answer 0, which is APPLIED.
#[test]
fn a_callback_that_raises_answers_retry() {
    let Some(stage) = stage() else { return };
    let program = "import sys\nsys.path.insert(0, sys.argv[1])\nimport teams_presence_sync as tps\n\
                   def fail(user_data, change): raise ValueError('no line')\n\
                   print('answer', tps.answering(tps.ON_DND, fail)(None, None))\n";
    let path = stage.directory.path().join("raises.py");
    std::fs::write(&path, program).expect("written");
    let mut command = python(&path);
    command.arg(root().join("examples/python"));
    let (status, output) = Running::start(command, Stdio::null()).wait(Duration::from_secs(60));
    assert!(status.is_some_and(|status| status.success()), "{output}");
    assert!(output.contains("ValueError: no line") && output.contains("answer 1"), "{output}");
}

/// Sizes and offsets of its declarations are those of the library, and those of the header (`packaging/abi/layout.txt`).
#[test]
fn its_structures_are_the_librarys() {
    let Some(stage) = stage() else { return };
    let mut command = python(&root().join("tests/python/layout.py"));
    command.arg(library()).arg(stage.config(fast()));
    let output = command.output().expect("python3");
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problems}");
    if cfg!(target_pointer_width = "64") {
        let ledger = std::fs::read_to_string(root().join("packaging/abi/layout.txt")).expect("the ledger");
        let ours: Vec<_> = ledger.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        let theirs: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        assert_eq!(ours, theirs);
    }
}
