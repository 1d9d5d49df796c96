//! Step 10: the directory that remembers. Looked at, never changed: one file is made and taken away again to see that it can be.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::line::{Line, Step};
use crate::store::Place;
use crate::sys::lock;

/// `name` is the instance's: several may share a directory.
pub(super) fn look_at(dir: Option<&Path>, name: &str) -> Line {
    let Some(dir) = dir else {
        return Line::ok(Step::StateDirectory, "none is configured: whose do-not-disturb is whose is forgotten at a restart");
    };
    let line = match fs::metadata(dir) {
        Ok(metadata) if !metadata.is_dir() => Line::failed(Step::StateDirectory, format!("{}: not a directory", dir.display()))
            .remedy("Set state.dir to a directory."),
        Ok(metadata) => existing(dir, name, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => missing(dir),
        Err(error) => Line::failed(Step::StateDirectory, format!("{}: {error}", dir.display())).remedy(MAKE),
    };
    line.fact("dir", dir.display().to_string())
}

/// Files whose modes are looked at.
const MOST_FILES: usize = 1_000;
const MAKE: &str =
    "Make the directory for the account that the telephone system runs under: install -d -m 700 -o ACCOUNT DIRECTORY.";

/// Not there yet: the first start would make it. Seen by making a directory beside it and taking it away.
fn missing(dir: &Path) -> Line {
    // Such a link cannot be made a directory: a start would fail.
    if let Some(link) = dir.ancestors().take_while(|above| !above.is_dir()).find(|above| fs::symlink_metadata(above).is_ok()) {
        let message = format!("{}: {} is a link to a place that is not there", dir.display(), link.display());
        return Line::failed(Step::StateDirectory, message)
            .remedy("Mount the disk to which the link leads, or make the directory there; or set state.dir to another one.");
    }
    let above = dir.ancestors().skip(1).find(|above| above.is_dir() || above.as_os_str().is_empty());
    let above = match above {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => Path::new("/"),
    };
    let trial = above.join(trial_name());
    match fs::DirBuilder::new().mode(0o700).create(&trial).and_then(|()| fs::remove_dir(&trial)) {
        Ok(()) => Line::ok(Step::StateDirectory, format!("{}: not there yet; the first start makes it", dir.display())),
        Err(error) => {
            let message = format!("{}: not there, and it cannot be made in {}: {error}", dir.display(), above.display());
            Line::failed(Step::StateDirectory, message).remedy(MAKE)
        }
    }
}

fn existing(dir: &Path, name: &str, metadata: &Metadata) -> Line {
    if let Err(error) = write_trial(dir) {
        return Line::failed(Step::StateDirectory, format!("{}: cannot be written: {error}", dir.display())).remedy(
            "Give the directory to the account that the telephone system runs under, and see that the disk is neither full nor read-only (df, \
             mount).",
        );
    }
    let files = match contents(dir) {
        Ok(found) => found,
        Err(error) => {
            return Line::failed(Step::StateDirectory, format!("{}: cannot be read: {error}", dir.display())).remedy(MAKE);
        }
    };
    let owner = owner(dir, name);
    let mode = metadata.mode() & 0o777;
    let loose: Vec<String> = files.iter().filter(|(_, mode)| mode & 0o077 != 0).map(|(name, _)| name.clone()).collect();
    let line = if mode & 0o077 != 0 || !loose.is_empty() {
        let what = if mode & 0o077 != 0 {
            format!("{}: others may look into it (mode {mode:03o})", dir.display())
        } else {
            format!("{}: others may read {}", dir.display(), loose.join(", "))
        };
        Line::warning(Step::StateDirectory, what)
            .remedy("It may hold refresh tokens: chmod 700 for the directory, chmod 600 for the files in it.")
    } else {
        let used = match &owner {
            None => "not in use".to_owned(),
            Some(pid) if *pid == std::process::id().to_string() => "in use by an instance of this process".to_owned(),
            Some(pid) if pid.is_empty() => "in use by a running instance".to_owned(),
            Some(pid) => format!("in use by process {pid}"),
        };
        Line::ok(Step::StateDirectory, format!("{}: usable, and {used}", dir.display()))
    };
    line.fact("mode", format!("{mode:04o}")).fact("in_use", owner.is_some())
}

fn trial_name() -> String {
    format!(".tps-check-{}", uuid::Uuid::new_v4())
}

fn write_trial(dir: &Path) -> io::Result<()> {
    let path = dir.join(trial_name());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    // More than a block, so that a full disk shows.
    let written = file.write_all(&[0; 16 * 1024]).and_then(|()| file.sync_all());
    drop(file);
    fs::remove_file(&path)?;
    written
}

/// Names and modes of the files.
fn contents(dir: &Path) -> io::Result<Vec<(String, u32)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)?.take(MOST_FILES) {
        let entry = entry?;
        if let Ok(metadata) = entry.metadata()
            && metadata.is_file()
        {
            files.push((entry.file_name().to_string_lossy().into_owned(), metadata.mode() & 0o777));
        }
    }
    Ok(files)
}

/// Who works with the state of the instance of this name, as its lock file says: a number of a process, or an empty text where that cannot be
/// read. An owner's name is taken out at its end, so the lock itself is looked at only where a name stands: an instance that starts just now
/// is not disturbed.
fn owner(dir: &Path, name: &str) -> Option<String> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let mut file =
        options.open(Place::new(dir, name).lock()).ok().filter(|file| file.metadata().is_ok_and(|its| its.is_file()))?;
    let mut text = String::new();
    let readable = Read::by_ref(&mut file).take(64).read_to_string(&mut text).is_ok();
    // One who only looks for a moment, as this check's own sign-in does, is no owner.
    let looks = text.split_ascii_whitespace().nth(2).is_some();
    if (readable && text.is_empty()) || looks || !lock::is_held(&file) {
        return None;
    }
    let pid = text.split_ascii_whitespace().next().unwrap_or_default();
    Some(pid.chars().filter(char::is_ascii_digit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::check::Verdict;
    use std::os::unix::fs::PermissionsExt;

    fn private() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).expect("its mode");
        dir
    }

    fn names(dir: &Path) -> Vec<String> {
        fs::read_dir(dir)
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn usable_and_left_as_it_was() {
        assert_eq!(look_at(None, "main").verdict, Verdict::Ok);
        let dir = private();
        assert_eq!(look_at(Some(dir.path()), "main").verdict, Verdict::Ok);
        assert_eq!(names(dir.path()), Vec::<String>::new());
        let later = dir.path().join("a/b");
        let line = look_at(Some(&later), "main");
        assert_eq!(line.verdict, Verdict::Ok, "{line:?}");
        assert!(line.message.contains("not there yet"));
        assert_eq!(names(dir.path()), Vec::<String>::new());
    }

    #[test]
    fn what_others_may_read_is_told() {
        let dir = private();
        fs::write(dir.path().join("state"), "x").expect("written");
        fs::set_permissions(dir.path().join("state"), fs::Permissions::from_mode(0o644)).expect("its mode");
        let line = look_at(Some(dir.path()), "main");
        assert_eq!(line.verdict, Verdict::Warning, "{line:?}");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
        assert!(look_at(Some(dir.path()), "main").message.contains("mode 755"));
    }

    #[test]
    fn an_owner_is_seen_and_not_disturbed() {
        let dir = private();
        let mut options = OpenOptions::new();
        let path = dir.path().join("main.lock");
        let mut owner = options.write(true).create(true).truncate(false).mode(0o600).open(path).expect("made");
        lock::hold(&owner).expect("locked");
        let look = |name: &str| look_at(Some(dir.path()), name);
        assert_eq!(look("main").facts["in_use"], false, "it has just begun: its lock is not even tried");
        writeln!(owner, "4242 77").expect("written");
        let line = look("main");
        assert_eq!((line.verdict, line.facts["in_use"].clone()), (Verdict::Ok, true.into()), "{line:?}");
        assert!(line.message.contains("process 4242"), "{line:?}");
        assert_eq!(look("other").facts["in_use"], false, "another instance's");
        drop(owner);
        assert_eq!(look("main").facts["in_use"], false, "a name that a crash left");
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let dir = private();
        let file = dir.path().join("file");
        fs::write(&file, "x").expect("written");
        assert!(look_at(Some(&file), "main").message.contains("not a directory"));
        assert_eq!(look_at(Some(&file.join("below")), "main").verdict, Verdict::Failed);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("unmounted"), &link).expect("a link");
        for path in [link.join("below"), link] {
            let line = look_at(Some(&path), "main");
            assert!(line.verdict == Verdict::Failed && line.message.contains("link to a place"), "{line:?}");
        }
        // Nobody can make anything in /proc, root included.
        let line = look_at(Some(Path::new("/proc/tps-check")), "main");
        assert_eq!(line.verdict, Verdict::Failed, "{line:?}");
    }
}
