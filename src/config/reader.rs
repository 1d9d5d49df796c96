//! Reads one object of the document by its table. Whatever is wrong goes to the findings, and a stand-in is answered, so that one
//! pass tells everything; the stand-ins are never used, because findings end in an error.

use std::collections::HashSet;
use std::path::PathBuf;

use super::error::Findings;
use super::json::{Json, Members, quote};
use super::table::{Absent, Key, Shape, Table};
use super::words::Word;

pub(super) struct Reader<'a> {
    table: &'static Table,
    members: &'a [(String, Json)],
    path: String,
    findings: &'a Findings,
}

/// A value and where it stands.
pub(super) struct Place<'a> {
    pub(super) path: String,
    pub(super) json: &'a Json,
}

const NO_MEMBERS: &Members = &Members::new();

impl<'a> Reader<'a> {
    /// Begins to read an object: keys that the table does not have, and keys that come twice, are refused here.
    pub(super) fn new(table: &'static Table, members: &'a [(String, Json)], path: String, findings: &'a Findings) -> Reader<'a> {
        let reader = Reader { table, members, path, findings };
        let mut seen = HashSet::new();
        for (name, _) in members {
            let path = reader.path_of(name);
            if !seen.insert(name) {
                findings.problem(&path, "stands here twice");
            } else if !table.keys.iter().any(|key| key.name == name) {
                findings.problem(&path, unknown_key(name, table));
            }
        }
        reader
    }

    /// Reads an object in a list.
    pub(super) fn at(table: &'static Table, place: &Place<'a>, findings: &'a Findings) -> Reader<'a> {
        Reader::new(table, object(place, findings), place.path.clone(), findings)
    }

    pub(super) fn findings(&self) -> &'a Findings {
        self.findings
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        let plain =
            !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let name = if plain { name.to_owned() } else { quote(name) };
        if self.path.is_empty() { name } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(given, _)| given == name)
    }

    pub(super) fn problem(&self, name: &str, message: impl Into<String>) {
        self.findings.problem(&self.path_of(name), message);
    }

    pub(super) fn warning(&self, name: &str, message: impl Into<String>) {
        self.findings.warning(&self.path_of(name), message);
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        match (self.value(name), self.key(name).absent) {
            (Some(Json::Flag(flag)), _) => *flag,
            (Some(other), _) => self.refuse(name, other).unwrap_or(false),
            (None, Absent::Flag(default)) => default,
            (None, _) => false,
        }
    }

    /// A whole number, or the one that holds where the key is left out.
    pub(super) fn whole(&self, name: &str) -> u64 {
        match self.key(name).absent {
            Absent::Whole(default) => self.whole_if(name).unwrap_or(default),
            _ => self.whole_if(name).unwrap_or(0),
        }
    }

    /// A whole number, if there is one.
    pub(super) fn whole_if(&self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        match (value, self.key(name).shape) {
            (Json::Whole(number), Shape::Whole { min, max, .. }) if (min..=max).contains(number) => Some(*number),
            _ => self.refuse(name, value),
        }
    }

    /// A word, or the one that holds where the key is left out.
    pub(super) fn word<T: Word>(&self, name: &str) -> T {
        let default = match self.key(name).absent {
            Absent::Word(word) => T::ALL.iter().copied().find(|known| known.as_str() == word),
            _ => None,
        };
        self.word_if(name).or(default).unwrap_or(T::ALL[0])
    }

    /// A word, if there is one.
    pub(super) fn word_if<T: Word>(&self, name: &str) -> Option<T> {
        let value = self.value(name)?;
        let Json::Text(text) = value else { return self.refuse(name, value) };
        let found = T::ALL.iter().copied().find(|known| known.as_str() == text.as_str());
        if found.is_none() {
            let reason = T::refusal(text).map(|reason| format!(": {reason}")).unwrap_or_default();
            self.problem(name, format!("{} is not {}{reason}", value.show(true), self.key(name).shape.allowed()));
        }
        found
    }

    /// Text, read by `parse`, whose error is what follows the path.
    pub(super) fn text<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.value(name)?;
        let Json::Text(text) = value else { return self.refuse(name, value) };
        parse(text).map_err(|message| self.problem(name, message)).ok()
    }

    /// The name of a file or directory.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name, |text| match text {
            "" => Err("is empty; it names a file or directory".to_owned()),
            _ if text.contains('\0') => Err("holds a NUL character, which no file name may".to_owned()),
            _ if text.len() > 4096 => Err("is longer than 4096 bytes".to_owned()),
            _ => Ok(PathBuf::from(text)),
        })
    }

    /// The object under this key; an empty one where it is left out.
    pub(super) fn object(&self, name: &str) -> Reader<'a> {
        let Shape::Object(table) = self.key(name).shape else { unreachable!("{name} is no object in the table") };
        self.object_as(name, table)
    }

    /// The same, read by one of several tables.
    pub(super) fn object_as(&self, name: &str, table: &'static Table) -> Reader<'a> {
        let members = self.place(name).map_or(NO_MEMBERS.as_slice(), |place| object(&place, self.findings));
        Reader::new(table, members, self.path_of(name), self.findings)
    }

    /// The value under this key, whatever it is.
    pub(super) fn place(&self, name: &str) -> Option<Place<'a>> {
        self.value(name).map(|json| Place { path: self.path_of(name), json })
    }

    /// The elements of a list, if there is one.
    pub(super) fn list(&self, name: &str) -> Option<Vec<Place<'a>>> {
        elements(&self.place(name)?, self.findings)
    }

    /// The members of an object whose keys are free, if there is one.
    pub(super) fn named(&self, name: &str) -> Vec<(&'a str, Place<'a>)> {
        let Some(place) = self.place(name) else { return Vec::new() };
        let inner =
            Reader { table: self.table, members: object(&place, self.findings), path: place.path, findings: self.findings };
        let mut seen = HashSet::new();
        let mut out = Vec::with_capacity(inner.members.len());
        for (name, json) in inner.members {
            let path = inner.path_of(name);
            if seen.insert(name) {
                out.push((name.as_str(), Place { path, json }));
            } else {
                self.findings.problem(&path, "stands here twice");
            }
        }
        out
    }

    /// The entry of the table. A name that is not in it is a fault of the caller, which the first test of the table meets.
    fn key(&self, name: &str) -> &'static Key {
        let key = self.table.keys.iter().find(|key| key.name == name);
        key.unwrap_or_else(|| unreachable!("{name} is not in the table of {}", self.table.name))
    }

    /// The first value under this key. A key that must not be missing is reported.
    fn value(&self, name: &str) -> Option<&'a Json> {
        let key = self.key(name);
        let value = self.members.iter().find(|(given, _)| given == name).map(|(_, json)| json);
        if value.is_none() && matches!(key.absent, Absent::Refused) {
            self.problem(name, format!("is missing; it must be {}", key.shape.allowed()));
        }
        value
    }

    fn refuse<T>(&self, name: &str, value: &Json) -> Option<T> {
        let shape = self.key(name).shape;
        self.problem(name, format!("{} is not {}", value.show(shape.quotable()), shape.allowed()));
        None
    }
}

/// The members of an object; none, and a finding, where it is something else.
fn object<'a>(place: &Place<'a>, findings: &Findings) -> &'a [(String, Json)] {
    match place.json {
        Json::Object(members) => members,
        other => {
            findings.problem(&place.path, format!("{} is not an object", other.show(false)));
            NO_MEMBERS
        }
    }
}

/// The elements of a list; a finding where it is something else.
pub(super) fn elements<'a>(place: &Place<'a>, findings: &Findings) -> Option<Vec<Place<'a>>> {
    let Json::List(list) = place.json else {
        findings.problem(&place.path, format!("{} is not a list", place.json.show(false)));
        return None;
    };
    Some(list.iter().enumerate().map(|(index, json)| Place { path: format!("{}[{index}]", place.path), json }).collect())
}

fn unknown_key(name: &str, table: &Table) -> String {
    let close = table.keys.iter().map(|key| (distance(name, key.name), key.name)).min();
    match close {
        Some((distance, close)) if distance <= 1 + close.len() / 4 => format!("unknown key; did you mean {close}?"),
        _ => {
            let known: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
            format!("unknown key; allowed are {}", known.join(", "))
        }
    }
}

/// How many letters must be put in, taken out or replaced to make one word of the other (Levenshtein), casing apart.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return usize::MAX;
    }
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
