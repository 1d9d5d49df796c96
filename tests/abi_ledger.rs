//! The ledger in `packaging/abi`: which function came with which release, and where each field lies. What was released stays as it is.

#[path = "support/c_header.rs"]
mod c_header;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use c_header::{Header, root};
use teams_presence_sync::abi::versions::TPS_ABI_VERSION;

fn ledger(name: &str) -> PathBuf {
    root().join("packaging/abi").join(name)
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}

fn header() -> Header {
    Header::read(&root().join("include/teams_presence_sync.h"))
}

/// A C program that prints one line for each structure and field, as its compiler lays them out.
fn program(header: &Header) -> String {
    let mut body = String::new();
    for (name, fields) in &header.structs {
        body.push_str(&format!("  printf(\"{name} size %lu\\n\", (unsigned long)sizeof({name}));\n"));
        for (field, _) in fields {
            body.push_str(&format!(
                "  printf(\"{name}.{field} offset %lu size %lu\\n\", (unsigned long)offsetof({name}, {field}), \
                 (unsigned long)sizeof((({name} *)0)->{field}));\n"
            ));
        }
    }
    format!("#include <stdio.h>\n#include <teams_presence_sync.h>\nint main(void) {{\n{body}  return 0;\n}}\n")
}

fn layout(header: &Header) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let (source, binary) = (directory.path().join("layout.c"), directory.path().join("layout"));
    std::fs::write(&source, program(header)).expect("written");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-I"]).arg(root().join("include"));
    let output = compiler.arg(&source).arg("-o").arg(&binary).output().expect("a compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = Command::new(&binary).output().expect("it runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// A new field is a new line at the end of its structure; nothing else may change.
#[test]
fn every_field_lies_where_the_ledger_says() {
    if cfg!(not(target_pointer_width = "64")) {
        return;
    }
    let (path, now) = (ledger("layout.txt"), layout(&header()));
    if std::env::var_os("TPS_UPDATE_LEDGER").is_some() {
        let head = "# Size and place of each structure and field on a 64-bit system, by the C compiler. TPS_UPDATE_LEDGER=1 cargo test\n\
                    # --test abi_ledger writes it anew. Lines are added; a line of a release is never changed (docs/abi.md).\n";
        std::fs::write(&path, format!("{head}{}\n", now.join("\n"))).expect("written");
    }
    assert_eq!(lines(&path), now, "see the head of {}", path.display());
}

/// No padding, inside or at the end: each field begins where the one before it ended.
#[test]
fn nothing_lies_between_the_fields() {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for line in layout(&header()) {
        let words: Vec<_> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<usize>().expect("a number");
        match words[0].split_once('.') {
            None => drop(sizes.insert(words[0].to_owned(), number(2))),
            Some((structure, _)) => {
                let end = ends.entry(structure.to_owned()).or_default();
                assert_eq!(number(2), *end, "{line}");
                *end += number(4);
            }
        }
    }
    assert!(sizes.len() >= 7, "{sizes:?}");
    assert_eq!(ends, sizes);
}

/// `name interface release`. The interface is that of `tests/abi/symbols.txt`, where the whole declaration stands.
#[test]
fn every_function_has_its_version() {
    let listed: Vec<(String, String, String)> = lines(&ledger("symbols.txt"))
        .iter()
        .map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [name, interface, release] => (name.to_owned(), interface.to_owned(), release.to_owned()),
            _ => panic!("{line}: not NAME INTERFACE RELEASE"),
        })
        .collect();
    let names: Vec<_> = listed.iter().map(|(name, _, _)| name.clone()).collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(names, sorted, "sorted, as a Debian symbols file is");
    let mut declared: Vec<_> = header().functions.into_iter().map(|(name, _)| name).collect();
    declared.sort();
    assert_eq!(names, declared, "add a function with the release that brings it; never take one away");

    let declarations = lines(&root().join("tests/abi/symbols.txt"));
    let numbers = |text: &str| text.split('.').map(|part| part.parse::<u32>().expect("a number")).collect::<Vec<_>>();
    let now = (vec![TPS_ABI_VERSION >> 16, TPS_ABI_VERSION & 0xffff], numbers(env!("CARGO_PKG_VERSION")));
    for (name, interface, release) in &listed {
        let declaration = declarations.iter().find(|line| line.contains(&format!(" {name} ( "))).expect("declared");
        assert!(declaration.ends_with(&format!("  since {interface}")), "{name}: {interface} here, there: {declaration}");
        assert!(numbers(interface) <= now.0 && numbers(release) <= now.1, "{name} is from the future");
    }
}

/// What cargo-c reads names the same interface as the SONAME.
#[test]
fn the_metadata_for_cargo_c_has_the_version_of_the_interface() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let section = manifest.split_once("[package.metadata.capi.library]").expect("its section").1;
    let section = section.split("\n[").next().unwrap_or_default();
    let expected = format!("version = \"{}.{}.0\"", TPS_ABI_VERSION >> 16, TPS_ABI_VERSION & 0xffff);
    assert!(section.contains(&expected), "not {expected}: {section}");
    assert!(section.contains("version_suffix_components = 1"), "{section}");
    // Without the feature cargo-c refuses; a section of another name it does not read.
    assert!(manifest.contains("\ncapi = []\n") && manifest.contains("\n[package.metadata.capi.pkg_config]\n"), "{manifest}");
}
