//! Whether a running instance takes a corrected key over. The page says it in one sentence made here, from the tables of the configuration
//! themselves; no case says it in words of its own, which would be true until a key changes its class.

use std::collections::BTreeMap;

use crate::cases::Case;

const METHODS: [&str; 6] = ["client_secret", "certificate", "password", "device_code", "workload_identity", "managed_identity"];

/// Key, as an administrator writes it, and whether a reload takes it over.
pub(crate) struct Keys(BTreeMap<String, bool>);

impl Keys {
    /// Read from the page that the library makes of its tables.
    pub(crate) fn read() -> Keys {
        let mut keys = BTreeMap::new();
        let mut table = String::new();
        for line in teams_presence_sync::config::docs::markdown().lines() {
            if let Some(title) = line.strip_prefix("### ") {
                table = match title {
                    "The root" => String::new(),
                    // Each method has a table of its own.
                    method if METHODS.contains(&method) => "auth.".to_owned(),
                    name => format!("{name}."),
                };
            }
            let cells: Vec<&str> = line.split(" | ").collect();
            let Some(key) = cells[0].strip_prefix("| `").and_then(|key| key.strip_suffix('`')) else { continue };
            match cells.get(3) {
                Some(&"yes") => keys.insert(format!("{table}{key}"), true),
                Some(&"restart") => keys.insert(format!("{table}{key}"), false),
                _ => None,
            };
        }
        assert!(keys.len() > 40, "the tables of the configuration are not read any more: {keys:?}");
        Keys(keys)
    }

    /// `None` for what is no key. Of an object whose keys all agree, what they say.
    fn reloads(&self, key: &str) -> Option<bool> {
        let key = key.strip_suffix(".file").or_else(|| key.strip_suffix(".env")).unwrap_or(key);
        if let Some(reloads) = self.0.get(key) {
            return Some(*reloads);
        }
        let below: Vec<bool> =
            self.0.iter().filter(|(name, _)| name.starts_with(&format!("{key}."))).map(|(_, reloads)| *reloads).collect();
        below.first().copied().filter(|first| below.iter().all(|reloads| reloads == first))
    }

    /// What becomes of the keys that the repair changes.
    pub(crate) fn sentence(&self, case: &Case) -> Option<String> {
        let list = |wanted: bool| {
            let named = case.changes.iter().filter(|key| self.reloads(key) == Some(wanted));
            named.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ")
        };
        match (list(true), list(false)) {
            (live, fixed) if live.is_empty() && fixed.is_empty() => None,
            (live, fixed) if fixed.is_empty() => Some(format!("A reload takes {live} over.")),
            (live, fixed) if live.is_empty() => Some(format!("A change of {fixed} needs a restart of the instance.")),
            (live, fixed) => Some(format!("A reload takes {live} over; a change of {fixed} needs a restart of the instance.")),
        }
    }

    /// What is wrong with how the case speaks of keys.
    pub(crate) fn fault(&self, case: &Case) -> Option<String> {
        if let Some(key) = case.changes.iter().find(|key| self.reloads(key).is_none()) {
            return Some(format!("{}: {key} is no key", case.symptom));
        }
        // Words in backticks that are keys: what somebody is told to set is a change.
        let words = case.repair.split('`').skip(1).step_by(2);
        let key = words.map(|word| word.trim_end_matches(".file").trim_end_matches(".env"));
        if let Some(key) = key.into_iter().find(|key| self.reloads(key).is_some() && !case.changes.contains(key)) {
            return Some(format!("{}: what to do names {key}, which is not among the keys that it changes", case.symptom));
        }
        let own_words = ["reload", "without a restart", "has to be restarted"];
        let word = own_words.iter().find(|word| case.repair.contains(**word))?;
        Some(format!("{}: \"{word}\" is for the page to say, from the tables", case.symptom))
    }
}
