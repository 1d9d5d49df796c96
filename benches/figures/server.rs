//! The simulator as a process of its own, so that its CPU time is not ours.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};

pub(crate) struct Server {
    child: Child,
    _stdin: Option<ChildStdin>,
    ready: Value,
    ca: tempfile::TempPath,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only the one that was started here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// With this many people beside the default tenant's, each with some presence, and no limits.
    pub(crate) fn start(people: usize) -> Server {
        let program = program();
        let ca = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
        let mut child = Command::new(&program)
            .args(["--exit-with-stdin", "--ca-out"])
            .arg(&ca)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; build it: cargo build --release -p teams-presence-simulator", program.display())
            });
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).expect("the ready line");
        let server = Server { _stdin: child.stdin.take(), child, ready, ca };
        server.act(&json!([
            { "do": "recorder", "keep": 0 },
            { "do": "oddities", "set": { "presence_limit": 0, "directory_units": 0 } },
        ]));
        if people > 0 {
            server.act(&json!({ "do": "users", "bulk": { "count": people, "pattern": format!("{}@contoso.test", NAME) } }));
            server.act(&json!({ "do": "random_presences", "count": people }));
        }
        server
    }

    pub(crate) fn http(&self) -> &str {
        self.ready["http"].as_str().expect("an address")
    }

    pub(crate) fn https(&self) -> &str {
        self.ready["https"].as_str().expect("an address")
    }

    pub(crate) fn ca(&self) -> &Path {
        &self.ca
    }

    /// Whether new TLS connections may speak HTTP/2.
    pub(crate) fn offer_http2(&self, yes: bool) {
        self.act(&json!({ "do": "oddities", "set": { "http2": yes } }));
    }

    pub(crate) fn everybody(&self, availability: &str, activity: &str) {
        self.act(&json!({ "do": "all_presences", "availability": availability, "activity": activity }));
    }

    /// Requests answered so far, of all classes.
    pub(crate) fn requests(&self) -> u64 {
        let counters = self.ask(|client, base| client.get(format!("{base}/counters")));
        fn sum(value: &Value) -> u64 {
            match value {
                Value::Number(number) => number.as_u64().unwrap_or(0),
                Value::Object(members) => members.values().map(sum).sum(),
                _ => 0,
            }
        }
        sum(&counters["by_endpoint"])
    }

    pub(crate) fn act(&self, action: &Value) {
        let text = action.to_string();
        self.ask(|client, base| client.post(format!("{base}/do")).body(text.clone()));
    }

    /// A view of the control API.
    pub(crate) fn view(&self, name: &str) -> Value {
        self.ask(|client, base| client.get(format!("{base}/{name}")))
    }

    fn ask(&self, request: impl Fn(&reqwest::Client, &str) -> reqwest::RequestBuilder) -> Value {
        let base = self.ready["control"].as_str().expect("an address");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let answer = request(&client, base).send().await.expect("an answer");
            let good = answer.status().is_success();
            let text = answer.text().await.expect("a body");
            assert!(good, "{text}");
            serde_json::from_str(&text).unwrap_or(Value::Null)
        })
    }
}

/// Addresses as long as real ones.
const NAME: &str = "firstname.lastname{n}";

pub(crate) fn address(number: usize) -> String {
    format!("{}@contoso.test", NAME.replace("{n}", &number.to_string()))
}

/// Beside this very program: target/release/deps/figures-... and target/release/teams-presence-simulator.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let folder = own.parent().and_then(Path::parent).expect("a target directory");
    folder.join("teams-presence-simulator")
}
