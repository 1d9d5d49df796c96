//! The manual page names every command and option that the program has, and no other.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const COMMANDS: [&str; 5] = ["check", "login", "watch", "explain", "schema"];

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../packaging/man/tps.1")
}

fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tps")).args(words).arg("--help").output().expect("it runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// Every `--option` of a text.
fn options(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("--") {
        let word: String = text[at + 2..].chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '-').collect();
        if !word.is_empty() {
            found.insert(word);
        }
    }
    found
}

#[test]
fn it_names_what_the_program_has() {
    let page = std::fs::read_to_string(path()).expect("the page").replace("\\-", "-");
    let top = help(&[]);
    let listed: Vec<_> =
        top.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty()).collect();
    assert!(listed.len() > COMMANDS.len(), "{top}");
    for line in listed {
        let name = line.split_whitespace().next().expect("a name");
        assert!(page.contains(&format!("\n.TP\n.B {name}\n")), "no word on {name}");
        assert!(name == "help" || COMMANDS.contains(&name), "{name} is not asked here");
    }
    let mut all = options(&top);
    for command in COMMANDS {
        let of_command = options(&help(&[command]));
        // The synopsis of each command names its options.
        let line = page.split_once(&format!("\n.B tps {command}\n")).expect("a synopsis").1.lines().next().unwrap_or_default();
        for option in of_command.iter().filter(|option| !["help", "version", "config"].contains(&&***option)) {
            assert!(line.contains(&format!("--{option}")), "the synopsis of {command} has no --{option}");
        }
        all.extend(of_command);
    }
    assert!(all.contains("config") && all.contains("json"), "{all:?}");
    let body = page.split_once(".SH OPTIONS").expect("its options").1.split_once(".SH EXIT").expect("an end").0;
    assert_eq!(options(body), all);
}

#[test]
fn it_is_laid_out_without_a_warning() {
    let mut groff = Command::new("groff");
    groff.args(["-man", "-Tutf8", "-ww", "-z"]).arg(path()).stdin(Stdio::null());
    let Ok(output) = groff.output() else {
        // Written past the test runner's capture: a skip must be seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: the layout of tps.1: groff is missing (apt-get install -y groff-base)");
        return;
    };
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
