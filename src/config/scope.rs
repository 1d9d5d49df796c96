//! For whom the library acts, and whether it acts at all.

use std::collections::HashSet;
use std::fmt;

use super::json::Json;
use super::reader::{Place, Reader};
use super::table::{Absent, Key, Reload, Shape};

/// Most entries of `opt_out`.
pub(super) const MOST: usize = 20_000;
/// Longest entry, in bytes. No address is longer than 320 (RFC 5321, 4.5.3.1), and ids are short.
const LONGEST: usize = 1024;

pub(super) const OPT_OUT: Key = Key {
    name: "opt_out",
    shape: Shape::List(&Shape::Text("a user_id or an e-mail address")),
    absent: Absent::Means("nobody"),
    reload: Reload::Yes,
    meaning: "People who are not followed although the telephone system hands them over, by `user_id` (exactly so) or e-mail address (in any \
              casing), at most 20000 within the 1 MiB of the document. Microsoft 365 is never asked for them, no presence of theirs is kept, what was set for them is taken \
              back, and they need no seat. An address is compared with the one handed over: name a person with several of them by \
              `user_id`, or by all.",
};

pub(super) const DRY_RUN: Key = Key {
    name: "dry_run",
    shape: Shape::Flag,
    absent: Absent::Flag(false),
    reload: Reload::Yes,
    meaning: "Decide and tell, but set nothing: events and `tps_explain` say what would be set. What is set when it is switched on is taken \
              back; when it is switched off, everything is set as after a start.",
};

/// Users whom nobody follows. Compares by itself; Microsoft 365 is not asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OptOut {
    /// As they were written: user ids are compared to the letter.
    exact: HashSet<Box<str>>,
    /// Those that may be addresses, in small letters.
    addresses: HashSet<Box<str>>,
}

// Addresses are not for logs.
impl fmt::Debug for OptOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OptOut({})", self.len())
    }
}

impl OptOut {
    pub(super) fn read(root: &Reader<'_>) -> OptOut {
        let mut out = OptOut::default();
        let Some(list) = root.list(OPT_OUT.name) else { return out };
        if list.len() > MOST {
            root.problem(OPT_OUT.name, format!("has {} entries; at most {MOST} are allowed", list.len()));
            return out;
        }
        for place in list {
            out.take(&place, root);
        }
        out
    }

    fn take(&mut self, place: &Place<'_>, root: &Reader<'_>) {
        let findings = root.findings();
        let Json::Text(text) = place.json else {
            return findings.problem(&place.path, format!("{} is not a user_id or an e-mail address", place.json.show(false)));
        };
        let trimmed = text.trim();
        let ignored = if trimmed.is_empty() {
            "is empty"
        } else if trimmed.len() > LONGEST {
            "is longer than 1024 bytes, more than a user_id or an e-mail address has"
        } else if trimmed.chars().any(char::is_control) {
            "holds a control character, which no user_id or e-mail address does"
        } else {
            if trimmed.len() != text.len() {
                findings.warning(&place.path, "has blanks at its ends; it is taken without them");
            }
            let new = self.exact.insert(trimmed.into());
            let new = if trimmed.contains('@') { self.addresses.insert(fold(trimmed)) } else { new };
            if !new {
                findings.warning(&place.path, "stands in the list twice");
            }
            return;
        };
        findings.warning(&place.path, format!("{ignored}; it is ignored, and whoever it was to mean is followed"));
    }

    /// Nobody is on the list.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }

    /// How many entries there are, spellings of one address counted once.
    pub fn len(&self) -> usize {
        self.ids().count() + self.addresses.len()
    }

    /// The entries that can only be user ids. Unlike addresses they may be told.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().map(|entry| &**entry).filter(|entry| !entry.contains('@'))
    }

    /// A user of this id and address is on the list.
    pub fn has(&self, user_id: &str, email: Option<&str>) -> bool {
        !self.is_empty() && self.entries(user_id, email).next().is_some()
    }

    /// The entries that name this user, in the spelling in which they are counted: by address, by id.
    pub fn entries(&self, user_id: &str, email: Option<&str>) -> impl Iterator<Item = &str> {
        let address = |text: &str| self.addresses.get(&*fold(text));
        let by_address = email.map(str::trim).filter(|_| !self.addresses.is_empty()).and_then(address);
        let by_id = self.exact.get(user_id).map(|entry| address(entry).unwrap_or(entry));
        by_address.into_iter().chain(by_id).map(|entry| &**entry)
    }
}

/// As the directory compares: without regard to case.
fn fold(address: &str) -> Box<str> {
    address.chars().flat_map(char::to_lowercase).collect()
}
