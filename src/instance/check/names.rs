//! Step 2: host names.

use std::collections::BTreeMap;

use super::line::{Line, Step};
use super::target::Target;
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
    /// Whether the name that leads there is known to give no address.
    pub(super) fn lacks(&self, target: &Target) -> bool {
        target.name().is_some_and(|name| self.failed.contains_key(&name))
    }
}

/// The names that this machine has to look up, each once.
fn wanted(targets: &[Target]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in targets.iter().filter_map(Target::name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

pub(super) async fn look_up(targets: &[Target], process: &Process) -> (Names, Line) {
    let wanted = wanted(targets);
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
