//! The configuration file.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use teams_presence_sync::config::Config;

use crate::end::Failure;

/// Reads the file whole. Not looked into.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::Words(format!("{}: {error}", path.display()));
    let most = Config::LONGEST as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(path).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

/// A configuration for an instance of this program.
#[derive(Debug)]
pub(crate) struct Own {
    /// What the file says.
    pub(crate) config: Config,
    /// What the instance gets.
    pub(crate) json: String,
}

/// What an instance of this program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// It polls: notifications are sent to the telephone system.
    Poll,
    /// The further accounts sign in; nobody listens for notifications.
    Accounts,
}

/// Whether the state directory is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// As configured: a sign-in is kept there.
    Configured,
    /// None: it belongs to the telephone system.
    None,
}

/// Reads the file for an instance of this program: callbacks on a thread, served at once, by polling, and without the telephone system's memory unless
/// asked for.
pub(crate) fn own(path: &Path, memory: Memory) -> Result<Own, Failure> {
    read_for(path, memory, Work::Poll)
}

/// The same for an instance whose further accounts sign in, with the telephone system's memory.
pub(crate) fn own_with_accounts(path: &Path) -> Result<Own, Failure> {
    read_for(path, Memory::Configured, Work::Accounts)
}

fn read_for(path: &Path, memory: Memory, work: Work) -> Result<Own, Failure> {
    let bytes = read(path)?;
    // In the document's own words first: what is left out below is checked as well.
    let parsed = Config::parse(&bytes).map_err(|error| Failure::Words(format!("{}:\n{error}", path.display())))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut document: Value =
        serde_json::from_slice(text).map_err(|error| Failure::Words(format!("{}: {error}", path.display())))?;
    if let Value::Object(members) = &mut document {
        members.remove("dispatch");
        members.insert("enabled".to_owned(), true.into());
        if memory == Memory::None {
            members.remove("state");
        }
        if let Some(Value::Object(source)) = members.get_mut("source") {
            match (work, source.get_mut("notifications")) {
                (Work::Poll, _) => {
                    for key in ["mode", "notifications", "watchdog_interval_ms"] {
                        source.remove(key);
                    }
                }
                (Work::Accounts, Some(Value::Object(notifications))) => {
                    notifications.remove("listener");
                }
                (Work::Accounts, _) => {}
            }
        }
    }
    Ok(Own { config: parsed.config, json: document.to_string() })
}
