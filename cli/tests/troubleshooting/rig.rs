//! A set-up that works, to be broken: a simulator, a configuration, users, and what is set in the environment.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, CLIENT_SECRET, Fault, Options, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, TENANT_ID,
    UserSpec,
};

use crate::gateway;
use crate::printed::Printed;

pub(crate) struct Rig {
    pub(crate) simulator: Simulator,
    directory: tempfile::TempDir,
    pub(crate) config: Value,
    /// The file of the configuration, where it is not `config`.
    pub(crate) document: Option<String>,
    pub(crate) users: String,
    environment: Vec<(&'static str, String)>,
    /// What differs from run to run, and the word that stands for it on the page.
    words: Vec<(String, &'static str)>,
}

impl Rig {
    pub(crate) fn new() -> Rig {
        let simulator = Simulator::spawn_blocking_thread(Options::default()).expect("a simulator");
        let config = json!({
            "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
            "auth": {"method": "client_secret", "secret": CLIENT_SECRET},
            "endpoints": {"login": simulator.base_url(), "graph": simulator.base_url()},
        });
        let mut rig = Rig {
            simulator,
            directory: tempfile::tempdir().expect("a directory"),
            config,
            document: None,
            users: "101,ann@contoso.test\n102,ben@contoso.test\n103,cleo@contoso.test\n".to_owned(),
            environment: Vec::new(),
            words: vec![
                (TENANT_ID.to_owned(), "TENANT-ID"),
                (CLIENT_ID.to_owned(), "CLIENT-ID"),
                (PUBLIC_CLIENT_ID.to_owned(), "CLIENT-ID"),
            ],
        };
        for url in [rig.simulator.base_url().to_owned(), rig.simulator.https_url().to_owned()] {
            rig.names_address(&url, "SERVER");
        }
        rig.names("that 127.0.0.1 showed".to_owned(), "that SERVER showed");
        // The authorities that this machine trusts are not those of the machine that runs the test.
        let trusted = rig.file("trusted.pem", &gateway::authority("A public authority").pem);
        rig.environment("SSL_CERT_FILE", trusted.display().to_string());
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    pub(crate) fn environment(&mut self, name: &'static str, value: String) {
        self.environment.push((name, value));
    }

    /// On the page this address is a word.
    pub(crate) fn names_address(&mut self, url: &str, word: &'static str) {
        let address = url.split_once("://").map_or(url, |(_, address)| address).to_owned();
        self.names(address, word);
    }

    pub(crate) fn names(&mut self, text: String, word: &'static str) {
        self.words.push((text, word));
    }

    /// Both hosts at this address.
    pub(crate) fn hosts(&mut self, url: &str) {
        self.config["endpoints"] = json!({"login": url, "graph": url});
    }

    /// Over TLS, with the simulator's authority.
    pub(crate) fn over_tls(&mut self) {
        let url = self.simulator.https_url().to_owned();
        self.hosts(&url);
        let ca = self.file("ca.pem", self.simulator.ca_pem());
        self.config["tls"] = json!({ "ca_file": ca });
    }

    /// A person's sign-in, with the service account.
    pub(crate) fn person(&mut self) {
        self.config["client_id"] = PUBLIC_CLIENT_ID.into();
        self.config["auth"] = json!({"method": "password", "username": SERVICE_ACCOUNT, "password": SERVICE_PASSWORD});
    }

    pub(crate) fn service_account(&self, set: UserSpec) {
        self.simulator.default_tenant().update_user(SERVICE_ACCOUNT, set).expect("the service account");
    }

    pub(crate) fn app(&self, app: AppSpec) {
        let app = AppSpec { client_id: Some(CLIENT_ID.into()), ..app };
        self.simulator.default_tenant().put_app(app).expect("the application");
    }

    /// What the application is granted.
    pub(crate) fn roles(&self, roles: &[&str]) {
        self.app(AppSpec { roles: Some(roles.iter().map(|role| (*role).to_owned()).collect()), ..AppSpec::default() });
    }

    /// A certificate and its key as files; `registered`: Entra has the certificate.
    pub(crate) fn certificate(&mut self, registered: bool) {
        let (certificate, key) = gateway::client_certificate();
        if registered {
            self.app(AppSpec { certificates: Some(vec![certificate.clone()]), ..AppSpec::default() });
        }
        let (certificate, key) = (self.file("client.pem", &certificate), self.file("client.key", &key));
        self.config["auth"] = json!({"method": "certificate", "certificate": {"file": certificate}, "key": {"file": key}});
    }

    pub(crate) fn entra_says(&self, code: u32) {
        self.simulator.inject(Fault::aadsts(code));
    }

    /// Runs the check. Answers its exit code and what it printed, in words that stay the same.
    pub(crate) fn check(&self) -> (Option<i32>, Printed) {
        let document = self.document.clone().unwrap_or_else(|| self.config.to_string());
        let config = self.file("teams.json", &document);
        let users = self.file("users.csv", &self.users);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tps"));
        command.args(["check", "--timeout", "120", "--config"]).arg(config).arg("--users").arg(users).stdin(Stdio::null());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_DIR"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let output = command.output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        for secret in [CLIENT_SECRET, SERVICE_PASSWORD, "eyJ", "\u{1b}", "@contoso.test"] {
            assert!(!text.contains(secret), "{secret:?} in {text}");
        }
        assert!(!text.is_empty(), "nothing was printed: {}", String::from_utf8_lossy(&output.stderr));
        (output.status.code(), Printed::read(&self.steady(text)))
    }

    fn steady(&self, mut text: String) -> String {
        // The addresses without their port last, the directory before the names in it.
        text = text.replace(&self.directory.path().display().to_string(), "/etc/pbx");
        for (from, to) in &self.words {
            text = text.replace(from, to);
        }
        // The id of a request is another each time.
        let mut pieces = text.split("[request ");
        let mut steady = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            steady.push_str("[request REQUEST-ID");
            steady.push_str(piece.get(36..).expect("an id"));
        }
        steady
    }
}
