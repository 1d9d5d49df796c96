//! Step 2: host names.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::environment;
use super::line::{Line, Step};
use crate::config::{Config, Proxy};
use crate::process::Process;

/// Addresses of one name that are told.
const MOST_ADDRESSES: usize = 8;

/// What became of the names.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Names that gave no address, with the reason.
    failed: BTreeMap<String, String>,
}

impl Names {
    /// Whether this name, or that of the proxy in front of it, is known to give no address.
    pub(super) fn lacks(&self, host: &str, config: &Config) -> bool {
        match &config.proxy {
            Proxy::Url { url, .. } => self.failed.contains_key(url.host_str().unwrap_or_default()),
            _ => self.failed.contains_key(host),
        }
    }
}

/// The names that this machine has to look up: the proxy's where there is one, since the proxy looks up the others.
pub(super) fn wanted(config: &Config) -> Vec<String> {
    let urls: Vec<String> = match &config.proxy {
        Proxy::Url { url, .. } => vec![url.to_string()],
        Proxy::System => match environment::proxy(config.login()) {
            Some(url) => vec![url],
            None => vec![config.login().to_owned(), config.graph().to_owned()],
        },
        Proxy::None => vec![config.login().to_owned(), config.graph().to_owned()],
    };
    let mut names: Vec<String> = Vec::new();
    for url in urls {
        if let Ok(url) = Url::parse(&url)
            && let Some(Host::Domain(name)) = url.host()
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

pub(super) async fn look_up(config: &Config, process: &Process) -> (Names, Line) {
    let wanted = wanted(config);
    if wanted.is_empty() {
        let line = Line::ok(Step::NameResolution, "nothing to look up: the configuration names addresses, not host names");
        return (Names::default(), line);
    }
    // All at once: a name that hangs costs its own time only.
    let answers = futures_util::future::join_all(wanted.iter().map(|name| process.lookup(name))).await;
    let mut names = Names::default();
    let mut found: Vec<String> = Vec::new();
    let mut addresses = serde_json::Map::new();
    for (name, answer) in wanted.iter().zip(answers) {
        match answer {
            Ok(list) => {
                let list: Vec<String> = list.iter().take(MOST_ADDRESSES).map(|address| address.ip().to_string()).collect();
                found.push(format!("{name} is {}", list.first().map_or("", String::as_str)));
                addresses.insert(name.clone(), list.into());
            }
            Err(error) => {
                names.failed.insert(name.clone(), error.to_string());
            }
        }
    }
    let line = if names.failed.is_empty() {
        Line::ok(Step::NameResolution, found.join(", "))
    } else {
        let failed: Vec<String> = names.failed.iter().map(|(name, why)| format!("{name} is not found: {why}")).collect();
        Line::failed(Step::NameResolution, failed.join("; ")).remedy(
            "Check the spelling of `cloud`, `endpoints` and `proxy.url`, and that this machine's name servers (/etc/resolv.conf) answer for \
             these names. Where only a proxy can look them up, set `proxy`.",
        )
    };
    let unresolved: Vec<&str> = names.failed.keys().map(String::as_str).collect();
    let line = line.fact("addresses", addresses).fact("unresolved", unresolved);
    (names, line)
}
