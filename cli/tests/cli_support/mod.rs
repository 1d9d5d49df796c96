//! A configuration, a simulator and the program, and what every run of it must be like.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, CLIENT_SECRET, Options, PUBLIC_CLIENT_ID, SERVICE_PASSWORD, Simulator, TENANT_ID,
};

pub(crate) struct Rig {
    pub(crate) simulator: Simulator,
    pub(crate) directory: tempfile::TempDir,
}

impl Rig {
    pub(crate) fn new() -> Rig {
        let simulator = Simulator::spawn_blocking_thread(Options::default()).expect("a simulator");
        let rig = Rig { simulator, directory: tempfile::tempdir().expect("a directory") };
        rig.config(json!({}));
        rig.write("users.csv", "user_id,email\n101,ann@contoso.test\n102,ben@contoso.test\n");
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    pub(crate) fn config(&self, more: Value) {
        let mut config = json!({
            "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
            "auth": {"method": "client_secret", "secret": CLIENT_SECRET},
            "endpoints": {"login": self.simulator.base_url(), "graph": self.simulator.base_url()},
            "source": {"poll_interval_ms": 250}, "dnd": {"hold_off_ms": 0},
        });
        config.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.write("config.json", &config.to_string());
    }

    /// What is consented to for those who sign in as a person.
    pub(crate) fn scopes(&self, scopes: &[&str]) {
        let scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let app = AppSpec { client_id: Some(PUBLIC_CLIENT_ID.into()), scopes, ..AppSpec::default() };
        self.simulator.default_tenant().put_app(app).expect("granted");
    }

    /// A command with the configuration and the list of users.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tps"));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.arg("--config").arg(self.path("config.json"));
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).arg("--users").arg(self.path("users.csv")).output().expect("it runs");
        Ran::of(output)
    }
}

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        ran.keeps_quiet();
        ran
    }

    /// Neither a secret nor an escape sequence, whatever was asked.
    pub(crate) fn keeps_quiet(&self) {
        for text in [&self.out, &self.err] {
            for secret in [CLIENT_SECRET, SERVICE_PASSWORD, "eyJ", "\u{1b}"] {
                assert!(!text.contains(secret), "{secret:?} in {text}");
            }
        }
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
    }
}

/// A command under way whose output is read line by line.
pub(crate) struct Following {
    pub(crate) child: Child,
    pub(crate) lines: std::sync::mpsc::Receiver<String>,
    pub(crate) seen: String,
}

impl Following {
    pub(crate) fn start(mut command: Command) -> Following {
        let mut child = command.spawn().expect("it runs");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (tell, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Following { child, lines, seen: String::new() }
    }

    /// Waits for a line with these words.
    pub(crate) fn expect(&mut self, words: &[&str]) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.seen.push_str(&line);
            self.seen.push('\n');
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
        }
        let _ = self.child.kill();
        panic!("{words:?} was not printed:\n{}", self.seen);
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(name).arg(self.child.id().to_string()).status().expect("kill");
        assert!(sent.success());
    }

    pub(crate) fn end(mut self) -> Ran {
        let deadline = Instant::now() + Duration::from_secs(60);
        let code = loop {
            match self.child.try_wait().expect("our own child") {
                Some(status) => break status.code(),
                None if Instant::now() > deadline => {
                    let _ = self.child.kill();
                    panic!("it does not end:\n{}", self.seen);
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            self.seen.push_str(&line);
        }
        let mut err = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_string(&mut err).expect("text");
        }
        let ran = Ran { code, out: self.seen, err };
        ran.keeps_quiet();
        ran
    }
}
