//! The configuration: from JSON to types, or to a list of what is wrong.
//!
//! Each object has one table of its keys (see `table.rs`), which stands beside its type. By that table it is read and checked, its part
//! of `docs/config.schema.json` and of `docs/configuration.md` is made. Configuration is a contract like the C interface: within a major
//! version a valid document stays valid and means the same.

mod auth;
mod cloud;
mod diff;
mod dispatch;
mod dnd;
pub mod docs;
mod error;
mod json;
mod network;
mod notifications;
mod publish;
mod reader;
mod rules;
mod rules_read;
pub mod schema;
mod scope;
mod seats;
mod secret;
mod source;
mod stale;
mod table;
mod words;

pub use auth::{Auth, AuthMethod, MethodName, Next};
pub use cloud::{Cloud, Endpoint, Endpoints, METADATA, is_loopback};
pub use dispatch::{Dispatch, DispatchMode, Log, State};
pub use dnd::{DndOptions, OnStop, Ownership};
pub use error::{ConfigError, Note, Warning};
pub use network::{Proxy, ProxyLogin, ProxyMode, Tls};
pub use notifications::{Account, KeyPair, Listener, MissingTokens, NotificationContent, Notifications};
pub use publish::Publish;
pub use rules::{ChatRule, DndRule, DndTable, Pattern, Rule, RuleSet, Rules, When};
pub use scope::OptOut;
pub use seats::{OverLimit, Seats};
pub use secret::{ClientSecret, SecretError, SecretSource, blank_at_end};
pub use source::{Source, SourceMode};
pub use stale::{Stale, StalePolicy};
pub use words::Mode;

use error::Findings;
use json::Json;
use reader::Reader;
use table::{Absent, Key, Reload, Shape, Table};

/// A whole, checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What the library does.
    pub mode: Mode,
    /// The tenant: a GUID or a domain, in small letters.
    pub tenant_id: String,
    /// The app: a GUID in small letters.
    pub client_id: String,
    /// How it signs in.
    pub auth: Auth,
    /// The name of the instance in logs and threads.
    pub name: String,
    /// Whether it serves at all.
    pub enabled: bool,
    /// Microsoft's cloud.
    pub cloud: Cloud,
    /// Other hosts than the cloud's.
    pub endpoints: Endpoints,
    /// Trust in servers.
    pub tls: Tls,
    /// The way out.
    pub proxy: Proxy,
    /// Where presence comes from.
    pub source: Source,
    /// What is made of it.
    pub rules: Rules,
    /// Whose do-not-disturb it is.
    pub dnd: DndOptions,
    /// When presence is too old.
    pub stale: Stale,
    /// What is written to Teams.
    pub publish: Publish,
    /// How many users.
    pub seats: Seats,
    /// Whom nobody follows.
    pub opt_out: OptOut,
    /// Decide and tell, but set nothing.
    pub dry_run: bool,
    /// Memory across restarts.
    pub state: State,
    /// How callbacks come.
    pub dispatch: Dispatch,
    /// The log.
    pub log: Log,
}

/// A configuration that was read, and what looks like a slip in it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The configuration.
    pub config: Config,
    /// To be told as events after start.
    pub warnings: Vec<Warning>,
}

const fn object(name: &'static str, table: &'static Table) -> Key {
    Key {
        name,
        shape: Shape::Object(table),
        absent: Absent::Means("the defaults below"),
        reload: Reload::Inside,
        meaning: table.about,
    }
}

pub(in crate::config) static ROOT: Table = Table {
    name: "",
    about: "The whole document.",
    keys: &[
        Key {
            name: "mode",
            shape: Shape::word::<Mode>(),
            absent: Absent::Refused,
            reload: Reload::Restart,
            meaning: "What the library does. `presence_sync`: follow presence, call back for do-not-disturb and chat state.",
        },
        Key {
            name: "tenant_id",
            shape: Shape::Text("a GUID or a verified domain such as example.onmicrosoft.com"),
            absent: Absent::Refused,
            reload: Reload::Restart,
            meaning: "The directory (tenant) id, or a verified domain of the tenant. Not `common`, `organizations` or `consumers`.",
        },
        Key {
            name: "client_id",
            shape: Shape::Text("a GUID"),
            absent: Absent::Refused,
            reload: Reload::Restart,
            meaning: "The application (client) id of the app registration.",
        },
        Key {
            name: "auth",
            shape: Shape::OneOf("method", auth::METHODS),
            absent: Absent::Refused,
            reload: Reload::Inside,
            meaning: "How the library signs in. After a reload the old token serves until the new credential has signed in once.",
        },
        Key {
            name: "name",
            shape: Shape::Text("a name of 1 to 64 letters, digits, dots, dashes and underscores"),
            absent: Absent::Word("main"),
            reload: Reload::Restart,
            meaning: "The name of this instance in logs and thread names: letters a to z and A to Z, digits, dots, dashes, underscores.",
        },
        Key {
            name: "enabled",
            shape: Shape::Flag,
            absent: Absent::Flag(true),
            reload: Reload::Yes,
            meaning: "Whether users are served. When switched off, everything set from Teams is taken back. `tps_set_enabled` does the same \
                      at run time.",
        },
        Key {
            name: "cloud",
            shape: Shape::word::<Cloud>(),
            absent: Absent::Word("global"),
            reload: Reload::Restart,
            meaning: "The Microsoft cloud that holds the tenant; this is not where the users are. `global` (also GCC), `us_gov` (GCC High), \
                      `us_gov_dod`. The cloud in China offers no presence; the German one was closed in 2021.",
        },
        object("endpoints", &cloud::ENDPOINTS),
        object("tls", &network::TLS),
        object("proxy", &network::PROXY),
        object("source", &source::SOURCE),
        object("rules", &rules_read::RULES),
        object("dnd", &dnd::DND),
        object("stale", &stale::STALE),
        object("publish", &publish::PUBLISH),
        object("seats", &seats::SEATS),
        scope::OPT_OUT,
        scope::DRY_RUN,
        object("state", &dispatch::STATE),
        object("dispatch", &dispatch::DISPATCH),
        object("log", &dispatch::LOG),
    ],
};

impl Config {
    /// The longest document, in bytes.
    pub const LONGEST: usize = 1 << 20;

    /// Reads a document. Touches nothing outside it: files and variables that it names are looked at later.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its path and what is allowed; for what is not JSON, line and column.
    pub fn parse(json: &[u8]) -> Result<Parsed, ConfigError> {
        let document = document(json)?;
        let findings = Findings::default();
        let config = match &document {
            Json::Object(members) => Config::read(&Reader::new(&ROOT, members, String::new(), &findings)),
            other => {
                findings.problem("", format!("the configuration is {}, not an object", other.show(false)));
                None
            }
        };
        let warnings = findings.conclude()?;
        // Nothing is missing without a finding; should that ever fail, the document is refused all the same.
        let config = config.ok_or_else(|| ConfigError::document("the configuration cannot be read".to_owned()))?;
        Ok(Parsed { config, warnings })
    }

    fn read(root: &Reader<'_>) -> Option<Config> {
        let (tenant_id, client_id, auth) =
            (root.text("tenant_id", auth::tenant), root.text("client_id", auth::guid), Auth::read(root));
        let cloud = root.word("cloud");
        let endpoints = Endpoints::read(&root.object("endpoints"));
        let source = Source::read(&root.object("source"), cloud, &endpoints, auth.as_ref());
        // The fields are read in this order. The three that may be missing come last, so that all that is wrong is told at once.
        Some(Config {
            mode: root.word("mode"),
            name: root.text("name", words::name).unwrap_or_else(|| "main".to_owned()),
            enabled: root.flag("enabled"),
            cloud,
            endpoints,
            tls: Tls::read(&root.object("tls")),
            proxy: Proxy::read(&root.object("proxy")),
            rules: Rules::read(&root.object("rules"), cloud),
            dnd: DndOptions::read(&root.object("dnd")),
            stale: Stale::read(&root.object("stale"), &source),
            publish: Publish::read(&root.object("publish"), auth.as_ref()),
            seats: Seats::read(&root.object("seats")),
            opt_out: OptOut::read(root),
            dry_run: root.flag("dry_run"),
            state: State::read(&root.object("state")),
            dispatch: Dispatch::read(&root.object("dispatch")),
            log: Log::read(&root.object("log")),
            source,
            tenant_id: tenant_id?,
            client_id: client_id?,
            auth: auth?,
        })
    }

    /// The same for the sign-in of a further account.
    pub fn of_account(&self, account: &Account) -> Config {
        Config { auth: account.auth.clone(), ..self.clone() }
    }

    /// Where tokens are fetched, without a slash at the end.
    pub fn login(&self) -> &str {
        self.endpoints.login.as_ref().map_or(self.cloud.login(), Endpoint::as_str)
    }

    /// The root of Graph, without version and without a slash at the end.
    pub fn graph(&self) -> &str {
        self.endpoints.graph.as_ref().map_or(self.cloud.graph(), Endpoint::as_str)
    }

    /// The metadata service of an Azure machine, without a slash at the end.
    pub fn metadata(&self) -> &str {
        self.endpoints.metadata.as_ref().map_or(METADATA, Endpoint::as_str)
    }

    /// What a token is asked for: `auth.scope`, or all that was granted at Graph. Signing in as a person adds `offline_access` where a
    /// refresh token is wanted; that is left to the sign-in.
    pub fn scope(&self) -> String {
        let resource = self.endpoints.graph.as_ref().map_or(self.cloud.graph(), Endpoint::origin);
        self.auth.scope.clone().unwrap_or_else(|| format!("{resource}/.default"))
    }
}

/// From bytes to a tree.
fn document(bytes: &[u8]) -> Result<Json, ConfigError> {
    if bytes.len() > Config::LONGEST {
        let message = format!("the configuration has {} bytes; at most {} are allowed", bytes.len(), Config::LONGEST);
        return Err(ConfigError::document(message));
    }
    // Editors on Windows put a byte order mark before the text; RFC 8259 lets a reader ignore it.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let place = place(&bytes[..error.valid_up_to()]);
        ConfigError::document(format!("the configuration is not UTF-8: {place}"))
    })?;
    if text.trim_ascii().is_empty() {
        return Err(ConfigError::document("the configuration is empty".to_owned()));
    }
    // A host that counted the end of a C string in, or a file saved as UTF-16.
    if let Some(nul) = text.find('\0') {
        let place = place(&bytes[..nul]);
        let message = "its length counts the text without the NUL at its end, and the text is UTF-8, not UTF-16";
        return Err(ConfigError::document(format!("the configuration has a NUL byte at {place}; {message}")));
    }
    Json::parse(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let place = format!(" at line {line} column {column}");
        let reason = error.to_string().replace(&place, "");
        ConfigError::document(format!("the configuration is not JSON: line {line}, column {column}: {}", in_words(reason)))
    })
}

/// Where the text goes on that begins with `before`.
fn place(before: &[u8]) -> String {
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    format!("line {line}, column {column}")
}

/// The words of the parser that only a programmer knows, for an administrator.
fn in_words(reason: String) -> String {
    match reason.as_str() {
        "recursion limit exceeded" => "nested deeper than 127 levels".to_owned(),
        "expected ident" => "expected true, false or null".to_owned(),
        _ => reason.replace("EOF while parsing", "the text ends inside"),
    }
}

#[cfg(test)]
mod tests;
