//! What the shared library shows to the linker: its name, that it stays, what it exports and what it needs.

#[path = "support/c_header.rs"]
mod c_header;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use c_header::{Header, root};
use teams_presence_sync::abi::versions::TPS_ABI_VERSION;

/// The oldest C library that a host may have: Debian 12's toolchain needs no newer one.
const NEWEST_GLIBC: (u32, u32) = (2, 34);

/// The library that cargo built for this test, or the one that `TPS_LIBRARY` names.
fn library() -> PathBuf {
    if let Some(named) = std::env::var_os("TPS_LIBRARY") {
        return named.into();
    }
    let test = std::env::current_exe().expect("this program");
    let path = test.parent().expect("deps").join("libteams_presence_sync.so");
    assert!(path.exists(), "{} is missing", path.display());
    path
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program).args(arguments).arg(library()).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn dynamic(tag: &str) -> Vec<String> {
    let section = run("readelf", &["-dW"]);
    let lines = section.lines().filter(|line| line.contains(&format!("({tag})")));
    lines.map(|line| line.split_once(')').expect("a value").1.trim().to_owned()).collect()
}

fn in_brackets(values: Vec<String>) -> Vec<String> {
    values.iter().map(|value| value.split(['[', ']']).nth(1).unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_name_ends_in_the_major_version() {
    assert_eq!(in_brackets(dynamic("SONAME")), [format!("libteams_presence_sync.so.{}", TPS_ABI_VERSION >> 16)]);
}

#[test]
fn it_stays_mapped() {
    let flags = dynamic("FLAGS_1");
    assert!(flags.iter().any(|flags| flags.contains("NODELETE")), "{flags:?}");
}

#[test]
fn it_exports_the_header_and_nothing_else() {
    let exported: BTreeSet<String> = run("nm", &["-D", "--defined-only", "--format=posix"])
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect();
    let mut declared: BTreeSet<String> =
        Header::read(&root().join("include/teams_presence_sync.h")).functions.into_iter().map(|(name, _)| name).collect();
    if cfg!(feature = "test-hooks") {
        declared.extend(Header::read(&root().join("tests/c/tps_test_hooks.h")).functions.into_iter().map(|(name, _)| name));
    }
    assert_eq!(exported, declared);
}

#[test]
fn it_needs_the_c_library_only() {
    const ALLOWED: [&str; 6] = ["libgcc_s.so", "libc.so", "libm.so", "libpthread.so", "libdl.so", "ld-linux"];
    for needed in in_brackets(dynamic("NEEDED")) {
        assert!(ALLOWED.iter().any(|allowed| needed.starts_with(allowed)), "{needed}");
    }
}

#[test]
fn it_needs_no_newer_c_library() {
    let symbols = run("readelf", &["-VW"]);
    let versions: BTreeSet<(u32, u32)> = symbols
        .split("GLIBC_")
        .skip(1)
        .filter_map(|rest| {
            let version = rest.split(|letter: char| !letter.is_ascii_digit() && letter != '.').next()?;
            let mut parts = version.split('.').map(|part| part.parse().ok());
            Some((parts.next()??, parts.next()??))
        })
        .collect();
    let newest = versions.last().expect("versions");
    assert!(*newest <= NEWEST_GLIBC, "needs GLIBC_{}.{}", newest.0, newest.1);
}

#[test]
fn a_release_has_no_test_hooks_unless_asked() {
    let hooks = run("nm", &["-D", "--defined-only"]).lines().filter(|line| line.contains("tps_test_")).count();
    assert_eq!(hooks > 0, cfg!(feature = "test-hooks"));
}
