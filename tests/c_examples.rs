//! The hosts of `examples/c`, built and run the way their comments say. What they print is what their readers see.

#[path = "support/c_program.rs"]
mod c_program;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use c_program::{Language, Linkage, Running, compile, config, ended, library_directory, link, root, simulator, wrapped};
use serde_json::json;
use teams_presence_simulator::Simulator;

struct Stage {
    directory: tempfile::TempDir,
    simulator: Simulator,
}

impl Stage {
    /// A simulator in which Ann is in a call.
    fn new() -> Stage {
        let stage = Stage { directory: tempfile::tempdir().expect("a directory"), simulator: simulator() };
        stage.simulator.set_presence("ann@contoso.test", "Busy", "InACall").expect("ann");
        stage
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn config(&self, more: serde_json::Value) -> PathBuf {
        let path = self.path().join("config.json");
        let mut all = json!({"source": {"poll_interval_ms": 250}, "dnd": {"hold_off_ms": 0}});
        if let (Some(all), serde_json::Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        std::fs::write(&path, config(&self.simulator, all)).expect("written");
        path
    }

    fn build(&self, name: &str, linkage: Option<Linkage>) -> PathBuf {
        let binary = self.path().join(name);
        compile(Language::C99, &[root().join(format!("examples/c/{name}.c"))], &binary, |command| match linkage {
            Some(linkage) => link(command, self.path(), linkage),
            None => {
                command.args(["-ldl", "-lpthread"]);
            }
        });
        binary
    }

    fn ann_is_free(&self) {
        self.simulator.set_presence("ann@contoso.test", "Available", "Available").expect("ann");
    }
}

/// Ends its input; it must end with 0. Answers what it printed.
fn finish(mut running: Running) -> String {
    running.close_input();
    let within = Duration::from_secs(60);
    let (status, output) = running.wait(within);
    assert!(status.is_some_and(|status| status.success()), "{}\n{output}", ended(status, within));
    output
}

fn linked_host(linkage: Linkage) {
    let stage = Stage::new();
    let mut command = wrapped(&stage.build("host", Some(linkage)));
    command.arg(stage.config(json!({}))).args(["101=ann@contoso.test", "102=ben@contoso.test", "103="]);
    let mut running = Running::start(command, Stdio::piped());
    running.expect("101: DND on");
    running.expect("101: chat ");
    running.expect("102: chat available");
    stage.ann_is_free();
    running.expect("101: DND off");
    running.expect("101: chat available");
    let output = finish(running);
    assert!(!output.contains("102: DND") && !output.contains("103: "), "{output}");
    assert!(output.contains("what to do: "), "{output}");
}

#[test]
fn host_shared() {
    linked_host(Linkage::Shared);
}

#[test]
fn host_static() {
    linked_host(Linkage::Static);
}

#[test]
fn host_names_what_is_wrong() {
    let stage = Stage::new();
    let mut command = wrapped(&stage.build("host", Some(Linkage::Shared)));
    command.arg(stage.config(json!({"dnd": {"ownership": "mine"}}))).arg("101=ann@contoso.test");
    let (status, output) = Running::start(command, Stdio::null()).wait(Duration::from_secs(60));
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{output}");
    assert!(output.contains("create: dnd.ownership: "), "{output}");
}

#[test]
fn plugin_host() {
    let stage = Stage::new();
    let mut command = wrapped(&stage.build("plugin_host", None));
    command.arg(library_directory().join("libteams_presence_sync.so")).arg(stage.config(json!({})));
    command.args(["101=ann@contoso.test", "102=ben@contoso.test"]);
    let mut running = Running::start(command, Stdio::piped());
    running.expect("teams-presence-sync ");
    running.expect("Busy / InACall");
    running.expect("DND  on");
    stage.ann_is_free();
    running.expect("DND  off");
    let output = finish(running);
    assert!(output.contains("summary: "), "{output}");
    assert!(output.contains("stop: TPS_OK, destroy: TPS_OK"), "{output}");
}

/// `make demo-notify`. How long anything took is for its reader alone.
#[test]
fn notify_host() {
    let stage = Stage { directory: tempfile::tempdir().expect("a directory"), simulator: simulator() };
    let mut command = wrapped(&stage.build("notify_host", Some(Linkage::Shared)));
    let port = stage.simulator.base_url().rsplit(':').next().expect("a port").to_owned();
    command.args([&port, "--poll-interval-ms", "250"]);
    let within = Duration::from_secs(120);
    let (status, output) = Running::start(command, Stdio::null()).wait(within);
    assert!(status.is_some_and(|status| status.success()), "{}\n{output}", ended(status, within));
    for user in 101..=108 {
        let lines = || output.lines().filter(|line| line.starts_with(&user.to_string()));
        assert!(lines().any(|line| line.contains("Busy/InACall") && line.contains(" on ") && line.contains(" dnd ")), "{output}");
        assert!(lines().any(|line| line.contains("Available/Available") && line.contains(" off ")), "{output}");
    }
    assert!(output.contains("subscriptions at Graph while running: 1\n"), "{output}");
    assert!(output.contains("subscriptions at Graph after tps_stop: 0, deleted by the library: 1\n"), "{output}");
    assert!(output.contains("notifications, from the POST to the first callback: median "), "{output}");
    assert!(output.contains("polling, from the change to the first callback: median "), "{output}");
    assert_eq!(output.matches("tps_stop: TPS_OK, tps_destroy: TPS_OK").count(), 2, "{output}");
    let all = stage.simulator.deliveries();
    assert!(all.iter().filter(|delivery| delivery.status == Some(202)).all(|delivery| delivery.sent_us.is_some()), "{all:?}");
    let told = all.iter().filter(|delivery| delivery.kind == "notification").map(|delivery| delivery.items).sum::<usize>();
    assert!(told >= 16, "one for each line: {told}");
}

/// The program and the compiler's line of the README, to the letter but for where the files lie, with every warning an error.
#[test]
fn the_first_callback_of_the_readme() {
    let stage = Stage::new();
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let program = readme.split_once("```c\n").and_then(|(_, rest)| rest.split_once("```")).expect("a program").0;
    std::fs::write(stage.path().join("first.c"), program).expect("written");
    let line = readme.lines().find(|line| line.starts_with("cc ")).expect("how it is compiled");
    let built = library_directory().to_str().expect("UTF-8");
    let include = format!("-I{}", root().join("include").display());
    let line = line.replace("target/debug/", &format!("{built}/")).replace("-Iinclude", &include);
    let (compiler, arguments) = line.split_once(' ').expect("arguments");
    let mut command = Command::new(compiler);
    command.args(arguments.split(' ')).args(["-pedantic", "-Wall", "-Wextra", "-Werror"]).current_dir(stage.path());
    let output = command.output().expect("a compiler");
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));

    let mut command = wrapped(&stage.path().join("first"));
    command.arg(stage.config(json!({})));
    let mut running = Running::start(command, Stdio::piped());
    running.expect("101: DND on");
    stage.ann_is_free();
    running.expect("101: DND off");
    finish(running);

    let mut missing = wrapped(&stage.path().join("first"));
    missing.arg("/nonexistent");
    let (status, output) = Running::start(missing, Stdio::null()).wait(Duration::from_secs(60));
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{output}");
    assert!(output.contains("the configuration is empty"), "{output}");
}

#[test]
fn poll_loop() {
    let stage = Stage::new();
    let mut command = wrapped(&stage.build("poll_loop", Some(Linkage::Shared)));
    command.arg(stage.config(json!({"dispatch": {"mode": "poll"}}))).args(["101=ann@contoso.test", "102=ben@contoso.test"]);
    let mut running = Running::start(command, Stdio::piped());
    running.expect("101: DND on (InACall)");
    stage.ann_is_free();
    running.expect("101: DND off (Available)");
    let output = finish(running);
    assert!(output.contains(" callbacks, stop: TPS_OK"), "{output}");
}

/// A person at the desk, Teams on the other side: what the person switched off stays off, what the person switched on stays on.
#[test]
fn desk() {
    let stage = Stage::new();
    let mut command = wrapped(&stage.build("desk", Some(Linkage::Shared)));
    command.arg(stage.config(json!({}))).args(["100=ann@contoso.test", "101=ben@contoso.test"]);
    let mut running = Running::start(command, Stdio::piped());
    running.expect("100: DND on by Teams (after a start)");
    running.expect("101: Teams says Available/Available");
    running.say("100 dnd off");
    running.expect("100: DND off by a person");
    running.say("100 explain");
    running.expect("\"overridden\":true");
    running.say("101 dnd on");
    running.expect("101: DND on by a person");
    let present = |who: &str, availability: &str, activity: &str| {
        stage.simulator.set_presence(&format!("{who}@contoso.test"), availability, activity).expect("known");
    };
    present("ann", "DoNotDisturb", "Presenting");
    present("ben", "Busy", "InACall");
    running.expect("100: Teams says DoNotDisturb/Presenting");
    running.expect("101: Teams says Busy/InACall");
    present("ben", "Away", "Away");
    running.expect("101: Teams says Away/Away");
    running.say("100 dance");
    running.expect("say: EXTENSION dnd on|off");
    running.say("102 dnd on");
    running.expect("102: TPS_E_NOT_FOUND");
    running.say("101 explain");
    running.expect("\"owner\":\"person\"");
    let output = finish(running);
    assert!(output.matches("100: DND on by Teams").count() == 1 && !output.contains("101: DND off by Teams"), "{output}");
    assert!(output.contains("100      DND off  by a person   Teams DoNotDisturb/Presenting"), "{output}");
    assert!(output.contains("101      DND on   by a person   Teams Away/Away"), "{output}");
}

#[test]
fn poll_loop_needs_its_mode() {
    let stage = Stage::new();
    let mut command: Command = wrapped(&stage.build("poll_loop", Some(Linkage::Shared)));
    command.arg(stage.config(json!({}))).arg("101=ann@contoso.test");
    let (status, output) = Running::start(command, Stdio::null()).wait(Duration::from_secs(60));
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{output}");
    assert!(output.contains("the configuration needs \"dispatch\": {\"mode\": \"poll\"}"), "{output}");
}
