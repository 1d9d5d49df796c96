//! The directory that remembers.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::Case;
use crate::printed::{fails, warns};
use crate::rig::Rig;

fn made(rig: &mut Rig, mode: u32) {
    let path = rig.path("state");
    std::fs::create_dir(&path).expect("made");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its mode");
    rig.config["state"] = json!({ "dir": path });
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            symptom: "The state directory cannot be made",
            broken: "`state.dir` is on a file system that takes no directories; here `/proc`.",
            break_it: |rig| {
                rig.config["state"] = json!({"dir": "/proc/teams"});
                // Root hears one, everybody else the other.
                rig.names("No such file or directory (os error 2)".to_owned(), "REASON");
                rig.names("Permission denied (os error 13)".to_owned(), "REASON");
            },
            expected: vec![fails(
                "state_directory",
                &["/proc/teams", "cannot be made in /proc: REASON"],
                &["install -d -m 700", "ACCOUNT"],
            )],
            repair: "Make it with the line above, on a local disk. On a disk mounted read-only, or as another account's, the same step fails.",
            changes: &[],
        },
        Case {
            symptom: "The state directory is a file",
            broken: "`state.dir` names a file.",
            break_it: |rig| {
                let path = rig.file("state", "x");
                rig.config["state"] = json!({ "dir": path });
            },
            expected: vec![fails("state_directory", &["/etc/pbx/state: not a directory"], &["Set state.dir to a directory"])],
            repair: "Name the directory; the file in it has a name of its own.",
            changes: &["state.dir"],
        },
        Case {
            symptom: "The disk with the state directory is not mounted",
            broken: "`state.dir` is a link to a directory that is not there.",
            break_it: |rig| {
                let path = rig.path("state");
                std::os::unix::fs::symlink(rig.path("unmounted"), &path).expect("a link");
                rig.config["state"] = json!({ "dir": path });
            },
            expected: vec![fails("state_directory", &["/etc/pbx/state is a link", "not there"], &["Mount the disk"])],
            repair: "Mount it before the telephone system starts (systemd: `RequiresMountsFor=`): otherwise it is forgotten whose do-not-disturb is whose at each \
                     restart.",
            changes: &[],
        },
        Case {
            symptom: "Others may read what is remembered",
            broken: "`state.dir` has mode 755.",
            break_it: |rig| made(rig, 0o755),
            expected: vec![warns("state_directory", &["/etc/pbx/state", "mode 755"], &["chmod 700", "refresh tokens"])],
            repair: "`chmod 700` and `chmod 600` as it says; the library itself makes them so.",
            changes: &[],
        },
    ]
}
