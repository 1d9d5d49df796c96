//! Which source file uses which, read from the paths in their text.

use std::collections::{BTreeMap, BTreeSet};

type Path = Vec<String>;

/// The files of one crate by their module paths, and the paths that each of them names.
///
/// A method of a type whose `impl` is spread over several files is no use: nothing names it by a path. Test modules are left out.
pub(crate) struct Crate {
    files: BTreeMap<Path, Vec<Path>>,
    /// What a module hands on under its own name.
    faces: BTreeMap<Path, BTreeMap<String, Path>>,
}

impl Crate {
    /// Of files, each with its path below the source folder, such as `auth/mod.rs`.
    pub(crate) fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Crate {
        let texts: BTreeMap<Path, String> =
            files.into_iter().filter_map(|(file, text)| Some((module(file)?, without_tests(text)))).collect();
        let (mut files, mut faces) = (BTreeMap::new(), BTreeMap::<Path, BTreeMap<String, Path>>::new());
        for (module, text) in &texts {
            let children = texts.keys().filter(|one| one.len() == module.len() + 1 && one.starts_with(module));
            let children: BTreeSet<&str> = children.filter_map(|one| one.last()).map(String::as_str).collect();
            let mut named = Vec::new();
            for at in starts(text, &children) {
                let mut found = Vec::new();
                tree(&text[at..], &Vec::new(), &mut found);
                let line = text[..at].rsplit('\n').next().unwrap_or_default();
                for (path, name) in found.into_iter().filter_map(|(path, name)| Some((absolute(module, &path)?, name))) {
                    if line.starts_with("pub") && line.ends_with("use ") {
                        faces.entry(module.clone()).or_default().insert(name, path.clone());
                    }
                    named.push(path);
                }
            }
            files.insert(module.clone(), named);
        }
        Crate { files, faces }
    }

    /// The file that a path leads to, past those that only hand it on.
    fn home(&self, path: &[String], hops: usize) -> Option<Path> {
        let (module, rest) =
            (0..=path.len()).rev().map(|at| path.split_at(at)).find(|(module, _)| self.files.contains_key(*module))?;
        let on = rest.first().and_then(|name| self.faces.get(module)?.get(name));
        match on.filter(|on| hops < 8 && on.as_slice() != path) {
            Some(on) => self.home(&[on.as_slice(), &rest[1..]].concat(), hops + 1),
            None => Some(module.to_vec()),
        }
    }

    /// Every circle of files, each as the uses that tie it.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let name = |path: &Path| if path.is_empty() { "lib".to_owned() } else { path.join("/") };
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, paths) in &self.files {
            let from = name(file);
            let to = paths.iter().filter_map(|path| self.home(path, 0)).map(|home| name(&home));
            let to = to.filter(|to| *to != from).collect();
            uses.insert(from, to);
        }
        let reach: BTreeMap<&String, BTreeSet<&String>> = uses.keys().map(|file| (file, reached(file, &uses))).collect();
        let mut circles: BTreeMap<Vec<&String>, Vec<String>> = BTreeMap::new();
        for (from, to) in uses.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to))) {
            if reach[to].contains(from) {
                let round = reach[from].iter().copied().filter(|one| reach[one].contains(from)).collect();
                circles.entry(round).or_default().push(format!("{from} uses {to}"));
            }
        }
        circles.into_values().collect()
    }
}

/// Whatever this file uses, directly or round about.
fn reached<'a>(from: &'a String, uses: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a String> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(to) = next.pop().and_then(|one| uses.get(one)) {
        next.extend(to.iter().filter(|one| seen.insert(*one)));
    }
    seen
}

/// `None` for a root that nothing can use, and for tests.
fn module(file: &str) -> Option<Path> {
    let mut path: Path = file.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    if file == "main.rs" || path.iter().any(|part| part == "tests" || part.ends_with("_tests")) {
        return None;
    }
    if matches!(path.last()?.as_str(), "mod" | "lib") {
        path.pop();
    }
    Some(path)
}

/// Without comments, test modules and the borders of `pub(in …)`.
fn without_tests(text: &str) -> String {
    let mut out = String::new();
    let mut test = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let begins = line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'));
        test = (test || begins) && line != "}";
        if !test && !line.trim_start().starts_with("//") {
            out.push_str(&line.replace("pub(in crate", "pub(in "));
            out.push('\n');
        }
    }
    out
}

/// Where a path begins that leads to a file of this crate.
fn starts(text: &str, children: &BTreeSet<&str>) -> Vec<usize> {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut out = Vec::new();
    for (at, _) in text.match_indices("::") {
        let begin = text[..at].rfind(|letter| !part(letter)).map_or(0, |before| before + 1);
        let word = &text[begin..at];
        let first = !text[..begin].ends_with([':', '$']);
        if first && (matches!(word, "crate" | "self" | "super") || children.contains(word)) {
            out.push(begin);
        }
    }
    out
}

/// Reads a path, also one that branches: each leaf with the name under which it is known here. Answers what was not read.
fn tree<'a>(text: &'a str, prefix: &Path, out: &mut Vec<(Path, String)>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut list) = text.strip_prefix('{') {
        while !list.is_empty() && !list.starts_with('}') {
            let rest = tree(list, prefix, out).trim_start();
            let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            // What is no list of paths is not followed.
            list = if rest.len() < list.len() { rest } else { "" };
        }
        return list.get(1..).unwrap_or_default();
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let mut path = prefix.clone();
    path.extend((!word.is_empty()).then(|| word.to_owned()));
    if let Some(rest) = rest.strip_prefix("::") {
        return tree(rest, &path, out);
    }
    let (name, rest) = match rest.strip_prefix(" as ") {
        Some(rest) => rest.split_at(rest.find([',', ';', '}', '\n']).unwrap_or(0)),
        None => (word, rest),
    };
    out.push((path, name.to_owned()));
    rest.strip_prefix('*').unwrap_or(rest)
}

fn absolute(module: &Path, path: &[String]) -> Option<Path> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let (base, rest) = match path.first()?.as_str() {
        "crate" => (&[][..], &path[1..]),
        "self" => (module.as_slice(), &path[1..]),
        "super" => (&module[..module.len().checked_sub(ups)?], &path[ups..]),
        _ => (module.as_slice(), path),
    };
    // `use a::{self, B}` names `a`.
    let rest = rest.strip_suffix(&["self".to_owned()]).unwrap_or(rest);
    Some([base, rest].concat())
}
