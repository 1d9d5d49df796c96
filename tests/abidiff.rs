//! `make abidiff` lets pass what a minor may bring, and ends with an error for each kind of break: tried with headers that are changed here.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The committed header, and the list of functions beside it.
struct Interface {
    header: String,
    symbols: String,
}

impl Interface {
    fn committed() -> Self {
        Self { header: read("include/teams_presence_sync.h"), symbols: read("packaging/abi/symbols.txt") }
    }

    fn replaced(mut self, from: &str, to: &str) -> Self {
        assert_eq!(self.header.matches(from).count(), 1, "{from} stands once in the header");
        self.header = self.header.replace(from, to);
        self
    }

    /// The text between two marks, changed.
    fn between(mut self, begin: &str, end: &str, change: impl FnOnce(&str) -> String) -> Self {
        let from = self.header.find(begin).unwrap_or_else(|| panic!("no {begin}"));
        let to = from + self.header[from..].find(end).unwrap_or_else(|| panic!("no {end} after {begin}"));
        let changed = change(&self.header[from..to]);
        assert_ne!(changed, self.header[from..to], "nothing was changed after {begin}");
        self.header.replace_range(from..to, &changed);
        self
    }

    fn in_structure(self, name: &str, change: impl FnOnce(&str) -> String) -> Self {
        self.between(&format!("typedef struct {name} {{"), &format!("}} {name};"), change)
    }

    fn in_function(self, name: &str, change: impl FnOnce(&str) -> String) -> Self {
        self.between(&format!("\ntps_status {name}("), ";", change)
    }

    fn grown(self, name: &str, members: &str) -> Self {
        self.in_structure(name, |body| format!("{body}  {members}\n"))
    }

    /// Whether abidiff finds it compatible, and what it says.
    fn compare(&self) -> (bool, String) {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let mut command = Command::new("sh");
        command.arg(root().join("packaging/abi/abidiff.sh")).arg("compare");
        command.env("ABI_HEADER", write("changed.h", &self.header)).env("ABI_SYMBOLS", write("symbols.txt", &self.symbols));
        let output = command.output().expect("a shell");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    }

    #[track_caller]
    fn passes(&self) {
        let (compatible, said) = self.compare();
        assert!(compatible && said.contains("compatible with"), "{said}");
    }

    /// The report names what broke; a script that fails for another reason proves nothing.
    #[track_caller]
    fn breaks(&self, named: &str) {
        let (compatible, said) = self.compare();
        assert!(!compatible && said.contains("not compatible with") && said.contains(named), "{named}: {said}");
    }
}

fn swapped(text: &str, one: &str, other: &str) -> String {
    text.replacen(one, "\0", 1).replacen(other, one, 1).replacen('\0', other, 1)
}

/// Says so, past the test runner's capture, where the tools are missing.
fn tools() -> bool {
    let there = |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    let all = Path::new("/bin/sh").exists() && there("abidiff") && there("cc");
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        return false;
    }
    if !all {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: abidiff against changed headers: abidiff is missing (apt-get install -y abigail-tools)"
        );
    }
    all
}

#[test]
fn the_header_is_compatible_with_the_baseline() {
    if tools() {
        Interface::committed().passes();
    }
}

#[test]
fn what_a_minor_may_bring_passes() {
    if !tools() {
        return;
    }
    Interface::committed().grown("tps_state", "int64_t later;").passes();
    Interface::committed()
        .grown("tps_callbacks", "int32_t (*on_later)(void *user_data, const struct tps_event *event);")
        .passes();
    // Reached through callbacks only.
    Interface::committed().grown("tps_presence", "int32_t later, later_still;").grown("tps_event", "const char *later;").passes();
    let mut function = Interface::committed()
        .replaced("\ntps_status tps_stop(", "\nint32_t tps_later(struct tps_sync *sync);\ntps_status tps_stop(");
    function.symbols.push_str("tps_later 1.1 0.2.0\n");
    function.passes();
    Interface::committed().replaced("#define TPS_CHAT_DND 3\n", "#define TPS_CHAT_DND 3\n#define TPS_CHAT_LATER 99\n").passes();
}

#[test]
fn a_changed_structure_is_a_break() {
    if !tools() {
        return;
    }
    let event = "'struct tps_event' changed";
    let order = |body: &str| swapped(body, "int32_t code;", "int32_t severity;");
    Interface::committed().in_structure("tps_event", order).breaks(event);
    // Nor does growth at the end hide it.
    Interface::committed().in_structure("tps_event", order).grown("tps_event", "int64_t later;").breaks(event);
    Interface::committed()
        .in_structure("tps_event", |body| body.replace("int32_t code;", "int32_t more; int32_t code;"))
        .breaks(event);
    Interface::committed().in_structure("tps_event", |body| body.replace("int32_t code;", "int32_t number;")).breaks(event);
    Interface::committed().in_structure("tps_event", |body| body.replace("  int32_t severity;", "")).breaks(event);
    Interface::committed()
        .in_structure("tps_user", |body| body.replacen("int32_t reserved;", "int64_t reserved;", 1))
        .breaks("tps_user");
    Interface::committed()
        .in_structure("tps_dnd_change", |body| body.replace("uint32_t attempt;", "int32_t attempt;"))
        .breaks("attempt");
    Interface::committed().in_structure("tps_callbacks", |body| body.replace("int32_t level", "int64_t level")).breaks("on_log");
}

#[test]
fn a_changed_function_is_a_break() {
    if !tools() {
        return;
    }
    Interface::committed()
        .in_function("tps_report_call", |text| text.replace("int32_t in_call", "int64_t in_call"))
        .breaks("the_tps_report_call");
    Interface::committed()
        .in_function("tps_stop", |text| format!("{text}\0").replace(")\0", ", int32_t more)"))
        .breaks("the_tps_stop");
    Interface::committed().in_function("tps_stop", |text| text.replace("tps_status", "int64_t")).breaks("the_tps_stop");
    let mut removed = Interface::committed().in_function("tps_remove_user", |_| "\nextern int something_else".to_owned());
    removed.symbols =
        removed.symbols.lines().filter(|line| !line.starts_with("tps_remove_user ")).map(|line| format!("{line}\n")).collect();
    removed.breaks("the_tps_remove_user");
}

#[test]
fn a_changed_number_is_a_break() {
    if !tools() {
        return;
    }
    Interface::committed().replaced("#define TPS_CHAT_DND 3\n", "#define TPS_CHAT_DND 7\n").breaks("TPS_CHAT_DND");
    Interface::committed().replaced("#define TPS_E_ABI (-11)\n", "#define TPS_E_ABI (-12)\n").breaks("TPS_E_ABI");
    Interface::committed().replaced("#define TPS_CHAT_DND 3\n", "").breaks("TPS_CHAT_DND");
    Interface::committed()
        .replaced("#define TPS_DND_OFF 1\n", "#define TPS_DND_OFF 2\n")
        .replaced("#define TPS_DND_ON 2\n", "#define TPS_DND_ON 1\n")
        .breaks("TPS_DND_ON");
}
