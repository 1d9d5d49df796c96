//! `make install`, and projects outside the tree that build against what it has put there: by pkg-config and by CMake, with the shared and
//! with the static library. What is installed here is the debug library of this test, below a folder of its own.

#[path = "support/c_program.rs"]
mod c_program;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use c_program::{library_directory, root};

const PREFIX: &str = "/opt/tps";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Written past the test runner's capture: a skip must be seen.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

fn is_there(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn out(command: &mut Command) -> String {
    String::from_utf8(run(command).stdout).expect("text").trim().to_owned()
}

fn make(destination: &Path, target: &str) -> Command {
    let mut command = Command::new("make");
    command.current_dir(root()).arg("--no-print-directory").arg(target).arg(format!("PREFIX={PREFIX}"));
    command.arg(format!("DESTDIR={}", destination.display()));
    command.arg(format!("INSTALL_FROM={}", library_directory().display()));
    // Any file will do: what is installed is not run here.
    command.arg("INSTALL_TPS=Makefile");
    // This program's own cargo has told its children what to do; that is not for make.
    command.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
    command
}

/// Installed once for all tests of this program; None, and said, where a tool is missing.
fn installed() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let directory = INSTALLED.get_or_init(|| {
        for tool in ["make", "python3"] {
            if !is_there(tool) {
                skipped(&format!("the installed package: {tool} is missing"));
                return None;
            }
        }
        let directory = tempfile::tempdir().expect("a directory");
        run(&mut make(directory.path(), "install"));
        Some(directory)
    });
    directory.as_ref().map(tempfile::TempDir::path)
}

fn files(folder: &Path, below: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.is_symlink() {
            files(&path, below, into);
        } else {
            into.insert(path.strip_prefix(below).expect("below").to_str().expect("UTF-8").to_owned());
        }
    }
}

fn soname() -> String {
    format!("libteams_presence_sync.so.{}", teams_presence_sync::abi::versions::TPS_ABI_VERSION >> 16)
}

#[test]
fn everything_is_in_its_place() {
    let Some(at) = installed() else { return };
    let mut found = BTreeSet::new();
    files(at, at, &mut found);
    let minor = teams_presence_sync::abi::versions::TPS_ABI_VERSION & 0xffff;
    let expected = [
        "bin/tps".to_owned(),
        "include/teams_presence_sync.h".to_owned(),
        "include/teams_presence_sync.hpp".to_owned(),
        "lib/cmake/TeamsPresenceSync/TeamsPresenceSyncConfig.cmake".to_owned(),
        "lib/cmake/TeamsPresenceSync/TeamsPresenceSyncConfigVersion.cmake".to_owned(),
        "lib/libteams_presence_sync.a".to_owned(),
        "lib/libteams_presence_sync.so".to_owned(),
        format!("lib/{}", soname()),
        format!("lib/{}.{minor}", soname()),
        "lib/pkgconfig/teams_presence_sync-static.pc".to_owned(),
        "lib/pkgconfig/teams_presence_sync.pc".to_owned(),
        "share/doc/teams-presence-sync/CHANGELOG.md".to_owned(),
        "share/doc/teams-presence-sync/LICENSE-APACHE".to_owned(),
        "share/doc/teams-presence-sync/LICENSE-MIT".to_owned(),
        "share/doc/teams-presence-sync/README.md".to_owned(),
        "share/doc/teams-presence-sync/THIRD-PARTY.txt".to_owned(),
        "share/man/man1/tps.1".to_owned(),
    ];
    let expected: BTreeSet<_> = expected.iter().map(|file| format!("{}/{file}", &PREFIX[1..])).collect();
    assert_eq!(found, expected);

    let lib = at.join("opt/tps/lib");
    assert_eq!(std::fs::read_link(lib.join("libteams_presence_sync.so")).expect("a link"), PathBuf::from(soname()));
    assert!(lib.join(soname()).metadata().expect("it leads somewhere").len() > 100_000);
    // Nothing that was put down names the folder it was put in, or has a place left to fill.
    for file in found.iter().filter(|file| file.ends_with(".pc") || file.ends_with(".cmake")) {
        let text = std::fs::read_to_string(at.join(file)).expect("text");
        assert!(!text.contains(at.to_str().expect("UTF-8")) && !text.contains('@'), "{file}:\n{text}");
    }
    let licences = std::fs::read_to_string(at.join("opt/tps/share/doc/teams-presence-sync/THIRD-PARTY.txt")).expect("text");
    for name in ["aws-lc-sys ", "rustls ", "tokio ", "clap "] {
        assert!(licences.lines().any(|line| line.starts_with(name)), "{name} is not named");
    }
}

/// An installation without the command says so, and is whole otherwise; and what was installed goes again.
#[test]
fn without_the_command_and_gone_again() {
    if installed().is_none() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let said = out(make(directory.path(), "install").arg("INSTALL_TPS=/nonexistent/tps"));
    assert!(said.contains("left out: the command tps"), "{said}");
    let at = directory.path().join("opt/tps");
    assert!(at.join("lib").join(soname()).exists() && !at.join("bin").exists() && !at.join("share/man").exists());
    run(&mut make(directory.path(), "uninstall"));
    let mut left = BTreeSet::new();
    files(directory.path(), directory.path(), &mut left);
    assert!(left.is_empty(), "{left:?}");
    let refused = make(directory.path(), "install").arg("INSTALL_FROM=/nonexistent").output().expect("make");
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stdout).contains("make lib"));
}

fn pkg_config(at: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_LIBDIR", at.join("opt/tps/lib/pkgconfig")).env("PKG_CONFIG_SYSROOT_DIR", at);
    command.env_remove("PKG_CONFIG_PATH").args(arguments);
    out(&mut command)
}

/// Runs a program that was linked; it finds the shared library where it was installed.
fn runs(program: &Path, at: &Path) {
    let said = out(Command::new(program).env("LD_LIBRARY_PATH", at.join("opt/tps/lib")));
    assert!(said.starts_with(&format!("version {VERSION}")), "{said}");
}

fn needs_the_library(program: &Path) -> bool {
    out(Command::new("readelf").arg("-dW").arg(program)).contains(&format!("[{}]", soname()))
}

/// It carries the library, stays mapped, and exports nothing of what it has swallowed.
fn is_a_good_module(module: &Path) {
    let dynamic = out(Command::new("readelf").arg("-dW").arg(module));
    assert!(dynamic.contains("NODELETE") && !dynamic.contains("libteams_presence_sync"), "{dynamic}");
    let exported = out(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(module));
    let names: Vec<_> = exported.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["module_interface"]);
}

#[test]
fn a_project_by_pkg_config() {
    let Some(at) = installed() else { return };
    if !is_there("pkg-config") {
        return skipped("a project by pkg-config: it is missing (apt-get install -y pkgconf)");
    }
    let (shared, own) = ("teams_presence_sync", "teams_presence_sync-static");
    assert_eq!(pkg_config(at, &["--modversion", shared]), VERSION);
    let version = teams_presence_sync::abi::versions::TPS_ABI_VERSION;
    assert_eq!(pkg_config(at, &["--variable=abi_version", shared]), format!("{}.{}", version >> 16, version & 0xffff));

    let directory = tempfile::tempdir().expect("a directory");
    let build = |compiler: &str, standard: &str, source: &str, package: &str, more: &[&str]| {
        let program = directory.path().join(format!("{source}-{package}"));
        let mut command = Command::new(compiler);
        command.args([standard, "-Wall", "-Wextra", "-pedantic", "-Werror"]).args(more);
        command.args(pkg_config(at, &["--cflags", package]).split_whitespace());
        command.arg(root().join("tests/install").join(source)).arg("-o").arg(&program);
        run(command.args(pkg_config(at, &["--libs", package]).split_whitespace()));
        program
    };
    // C++ with the static library: by CMake below.
    for (compiler, standard, source, package) in
        [("cc", "-std=c99", "host.c", shared), ("cc", "-std=c99", "host.c", own), ("c++", "-std=c++17", "host.cpp", shared)]
    {
        let program = build(compiler, standard, source, package, &[]);
        assert_eq!(needs_the_library(&program), package == shared, "{source} by {package}");
        runs(&program, at);
    }
    is_a_good_module(&build("cc", "-std=c99", "module.c", own, &["-shared", "-fPIC"]));
}

#[test]
fn a_project_by_cmake() {
    let Some(at) = installed() else { return };
    if !is_there("cmake") {
        return skipped("a project by CMake: it is missing (apt-get install -y cmake)");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let configure = |folder: &Path, wanted: &str| {
        let mut command = Command::new("cmake");
        command.arg("-S").arg(root().join("tests/install")).arg("-B").arg(folder).arg(format!("-DWANTED={wanted}"));
        command.arg(format!("-DCMAKE_PREFIX_PATH={}", at.join("opt/tps").display())).env_remove("MAKEFLAGS");
        command
    };
    let built = directory.path().join("built");
    let version = teams_presence_sync::abi::versions::TPS_ABI_VERSION;
    let said = out(&mut configure(&built, VERSION));
    assert!(said.contains(&format!("interface {}.{}", version >> 16, version & 0xffff)), "{said}");
    run(Command::new("cmake").arg("--build").arg(&built).env_remove("MAKEFLAGS"));
    for name in ["host_shared", "hostpp_shared", "hostpp_static"] {
        let program = built.join(name);
        assert_eq!(needs_the_library(&program), name.ends_with("shared"), "{name}");
        runs(&program, at);
    }
    is_a_good_module(&built.join("module.so"));

    // A release that is not there yet is not found.
    let refused = configure(&directory.path().join("newer"), "999.0").output().expect("cmake");
    assert!(!refused.status.success(), "{}", String::from_utf8_lossy(&refused.stdout));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("TeamsPresenceSync"));
}
