//! The C++ wrapper: it has every function of the C header, compiles without a warning, and the programs of `tests/cpp` hold it to its word.

#[path = "support/c_header.rs"]
mod c_header;
#[path = "support/c_program.rs"]
mod c_program;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use c_header::Header;
use c_program::{Language, Linkage, Program, root};

const WRAPPER: &str = "include/teams_presence_sync.hpp";

fn run(name: &str, linkage: Linkage) {
    Program::new(name).wrapper().simulator().seconds(180).run(Language::Cpp17, linkage);
}

#[test]
fn calls_shared() {
    run("calls", Linkage::Shared);
}

#[test]
fn office_shared() {
    run("office", Linkage::Shared);
}

#[test]
fn office_static() {
    run("office", Linkage::Static);
}

#[test]
fn throwing_shared() {
    run("throwing", Linkage::Shared);
}

/// Exceptions are what the static library could break: one unwinder for both languages.
#[test]
fn throwing_static() {
    run("throwing", Linkage::Static);
}

#[test]
fn ending_shared() {
    run("ending", Linkage::Shared);
}

#[test]
fn it_has_every_function_of_the_header() {
    let text = std::fs::read_to_string(root().join(WRAPPER)).expect("the wrapper");
    let functions = Header::read(&root().join("include/teams_presence_sync.h")).functions;
    assert!(functions.len() > 25, "{functions:?}");
    let missing: Vec<_> = functions.iter().map(|(name, _)| name).filter(|name| !text.contains(&format!("{name}("))).collect();
    assert!(missing.is_empty(), "not in {WRAPPER}: {missing:?}");
}

/// Every callback of the C structure is set from one of the wrapper's.
#[test]
fn it_has_every_callback_of_the_header() {
    let text = std::fs::read_to_string(root().join(WRAPPER)).expect("the wrapper");
    let structs = Header::read(&root().join("include/teams_presence_sync.h")).structs;
    let (_, fields) = structs.iter().find(|(name, _)| name == "tps_callbacks").expect("the callbacks");
    let callbacks: Vec<_> = fields.iter().map(|(name, _)| name).filter(|name| name.starts_with("on_")).collect();
    assert!(callbacks.len() >= 9, "{callbacks:?}");
    for callback in callbacks {
        assert!(text.contains(&format!("table.{callback} = ")), "{callback} is not set");
        assert!(text.contains(&format!("callbacks_.{callback}(")), "{callback} is not called");
    }
}

/// With both compilers where they are there, with exceptions and without.
#[test]
fn it_compiles_without_a_warning() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("host.cpp");
    // The example of its first page, in a function.
    let page = std::fs::read_to_string(root().join(WRAPPER)).expect("the wrapper");
    let lines = page.lines().map_while(|line| line.strip_prefix('/').map_or(line.strip_prefix(" *"), |_| Some("")));
    let example: Vec<_> = lines.filter_map(|line| line.strip_prefix("   ")).collect();
    assert_eq!(example.first(), Some(&"#include <teams_presence_sync.hpp>"), "{example:?}");
    let body: Vec<_> = example[1..].iter().map(|line| if line.trim() == "..." { "" } else { line }).collect();
    let text = format!(
        "#include <teams_presence_sync.hpp>\n#include <teams_presence_sync.hpp>\n\
         struct Phones {{ bool switch_dnd(std::string_view, bool) {{ return true; }} }};\n\
         static void complain(const std::string &) {{}}\n\
         void host(Phones &phones, std::string_view config, const std::vector<tps::User> &users) {{\n{}\n}}\n",
        body.join("\n").replace("...  //", "return;  //")
    );
    std::fs::write(&program, text).expect("written");
    for compiler in ["g++", "clang++"] {
        if Command::new(compiler).arg("--version").output().is_err() {
            // Written past the test runner's capture: a skip must be seen.
            let _ = writeln!(std::io::stderr(), "SKIPPED: the C++ wrapper under {compiler}, which is missing");
            continue;
        }
        for flag in ["-fexceptions", "-fno-exceptions"] {
            accepts(compiler, &program, flag);
        }
    }
}

fn accepts(compiler: &str, source: &Path, flag: &str) {
    let mut command = Command::new(compiler);
    command.args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", flag]);
    command.arg("-I").arg(root().join("include")).arg(source);
    let output = command.output().expect("a compiler");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
