//! The tree is the architecture: each layer uses only those below it. The order stands in `src/lib.rs`, for people; here it is checked.

mod layering_support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use layering_support::Crate;

/// Upper first. Layers of one line may not use each other, but for the pairs named in `BESIDE`.
const LAYERS: &[&[&str]] = &[
    &["abi"],
    &["instance"],
    &["source"],
    &["directory"],
    &["graph"],
    &["auth"],
    &["process"],
    &["http"],
    &["host"],
    &["store"],
    &["sync"],
    &["config"],
    &["event"],
    &["presence"],
    &["time"],
    &["sys"],
];

/// `unsafe` stands in these only.
const UNSAFE: &[&str] = &["abi", "sys"];

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|line| line.contains(&layer))
}

fn source_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a source folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            source_files(&entry, out);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            out.push(entry);
        }
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Each source file with its layer and its text without comments and test modules in files of their own.
fn files() -> Vec<(String, PathBuf, String)> {
    let mut paths = Vec::new();
    source_files(&src(), &mut paths);
    paths.sort();
    let mut out = Vec::new();
    for path in paths {
        let inside = path.strip_prefix(src()).expect("below src").to_path_buf();
        let layer = inside.components().next().expect("a part").as_os_str().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a text");
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        out.push((layer, inside, code.join("\n")));
    }
    out
}

/// The layers named after `crate::` in a text, also inside `use crate::{a::b, c};`.
fn used(code: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if at > 0 && code.as_bytes()[at - 1] == b'$' {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            // Only the first word of each member names a layer.
            let mut named = false;
            for letter in list.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && letter == ',' {
                    out.insert(std::mem::take(&mut word));
                    named = false;
                } else if !named && (letter.is_alphanumeric() || letter == '_') {
                    word.push(letter);
                } else {
                    named |= !word.is_empty();
                }
            }
            out.insert(word);
        } else {
            out.insert(rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect());
        }
    }
    out
}

#[test]
fn every_folder_has_its_place() {
    for (layer, path, _) in files() {
        assert!(
            layer == "lib.rs" || rank(&layer).is_some(),
            "{}: no such layer; name it in LAYERS and in src/lib.rs",
            path.display()
        );
    }
}

#[test]
fn each_layer_uses_only_those_below() {
    let mut wrong = Vec::new();
    for (layer, path, code) in files() {
        let Some(own) = rank(&layer) else { continue };
        for other in used(&code) {
            if other != layer && rank(&other).is_some_and(|other| other <= own) {
                wrong.push(format!("src/{} uses crate::{other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the order of the layers:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_stands_at_the_borders_only() {
    let mut wrong = Vec::new();
    for (layer, path, code) in files() {
        let words = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"];
        let test = path.components().any(|part| part.as_os_str() == "tests");
        if !UNSAFE.contains(&layer.as_str()) && !test && words.iter().any(|word| code.contains(word)) {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "unsafe outside abi/ and sys/: {wrong:?}");
}

#[test]
fn the_heart_knows_no_world() {
    for (layer, path, code) in files() {
        if layer == "sync" {
            for word in ["tokio", "reqwest", "std::fs", "std::net", "std::thread", "extern \"C\"", "Instant::now", "SystemTime"] {
                assert!(!code.contains(word), "src/{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn a_file_holds_one_noun() {
    let long: Vec<String> = files()
        .iter()
        .map(|(_, path, _)| (path, std::fs::read_to_string(src().join(path)).expect("a text").lines().count()))
        .filter(|(_, lines)| *lines > 520)
        .map(|(path, lines)| format!("{} ({lines} lines)", path.display()))
        .collect();
    assert!(long.is_empty(), "longer than about 500 lines: {long:?}");
}

#[test]
fn the_reader_of_uses_sees_what_it_should() {
    let code = "use crate::host::{Desk, Feed};\nuse crate::{auth, config::Config, sync::{self, Engine}};\nfoo(crate::sys::clock::now()); $crate::event::x";
    let seen: Vec<String> = used(code).into_iter().collect();
    assert_eq!(seen, ["auth", "config", "host", "sync", "sys"]);
}

/// The circles in a source folder of this repository.
fn circles_in(folder: &str) -> Vec<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    source_files(&folder, &mut paths);
    let texts: Vec<(String, String)> = paths
        .iter()
        .map(|path| {
            let inside = path.strip_prefix(&folder).expect("below the folder").to_string_lossy().into_owned();
            (inside, std::fs::read_to_string(path).expect("a text"))
        })
        .collect();
    Crate::of(texts.iter().map(|(file, text)| (file.as_str(), text.as_str()))).circles()
}

#[test]
fn no_file_uses_itself_round_about() {
    for folder in ["src", "simulator/src"] {
        let circles: Vec<String> = circles_in(folder).iter().map(|circle| circle.join("\n")).collect();
        assert!(
            circles.is_empty(),
            "{folder}: files in a circle; move what they share into a file below them:\n{}",
            circles.join("\n\n")
        );
    }
}

#[test]
fn a_circle_of_files_is_seen() {
    let look = |files: &[(&str, &str)]| Crate::of(files.iter().copied()).circles();
    let face = ("a/mod.rs", "mod low;\nmod high;\npub use low::{Low, Deep as Other};\n");
    let low = ("a/low.rs", "pub struct Low;\n// use super::high::High;\n");
    let circle = vec![vec!["a/high uses a/low".to_owned(), "a/low uses a/high".to_owned()]];
    assert_eq!(look(&[face, low, ("a/high.rs", "use super::low::Low;\n")]), [[""; 0]; 0]);
    for back in ["use super::high::{\n    self, High,\n};", "fn f() { crate::a::high::f() }", "use crate::{b::B, a::{high}};"] {
        for to in ["use super::low::Low;", "use super::Low;", "use crate::{a::Low};", "use super::Other;"] {
            assert_eq!(look(&[face, ("a/low.rs", back), ("a/high.rs", to)]), circle, "{back} {to}");
        }
    }
    let child = ("a/low.rs", "use super::own;\n");
    assert_eq!(look(&[("a/mod.rs", "mod low;\nfn own() { low::f() }\n"), child]).len(), 1, "a module and its part");
    let tested = ("a/low.rs", "#[cfg(test)]\nmod tests {\n    use super::super::high::High;\n}\n");
    assert_eq!(look(&[face, tested, ("a/high.rs", "use super::low::Low;\n")]), [[""; 0]; 0]);
}
