//! Where an instance's state lies.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// So many damaged files are left for people to look at; older ones are deleted, so that a bad disk is not filled as well.
const SET_ASIDE_KEPT: usize = 3;

/// `state.dir` and the instance's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    dir: PathBuf,
    name: String,
}

impl Place {
    /// The file of the instance `name` in this directory. Several instances may share a directory under different names.
    pub fn new(dir: &Path, name: &str) -> Place {
        // The host may change its working directory later.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Place { dir, name: name.to_owned() }
    }

    /// The state file.
    pub fn file(&self) -> PathBuf {
        self.dir.join(format!("{}.redb", self.name))
    }

    /// The state file while it is being made.
    pub(super) fn unborn(&self) -> PathBuf {
        self.dir.join(format!("{}.redb.new", self.name))
    }

    /// The lock, which also tells who has it.
    pub fn lock(&self) -> PathBuf {
        self.dir.join(format!("{}.lock", self.name))
    }

    /// Makes the directory where it is missing, for its owner only.
    pub(super) fn make_dir(&self) -> io::Result<()> {
        if self.dir.is_dir() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)
    }

    /// What is wrong with the rights of a directory that was there before: others may look into it. The files are closed to them all the
    /// same, but names, and with a right to write the files themselves, are not.
    pub(super) fn too_open(&self) -> Option<String> {
        let mode = fs::metadata(&self.dir).ok()?.permissions().mode() & 0o777;
        let dir = self.dir.display();
        (mode & 0o077 != 0).then(|| format!("{dir} is open to other accounts (mode {mode:03o}); chmod 0700 {dir}"))
    }

    /// Moves what lies at the state file's place out of the way. Answers where it lies now.
    pub(super) fn set_aside(&self, word: &str, at_s: i64) -> io::Result<PathBuf> {
        let file = self.file();
        let begin = format!("{}.redb.{word}-", self.name);
        let mut to = self.dir.join(format!("{begin}{at_s}"));
        let mut more = 1;
        while fs::symlink_metadata(&to).is_ok() {
            to = self.dir.join(format!("{begin}{at_s}-{more}"));
            more += 1;
        }
        fs::rename(&file, &to)?;
        self.forget_older(&begin);
        Ok(to)
    }

    fn forget_older(&self, begin: &str) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let mut aside: Vec<(i64, i64, PathBuf)> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(begin))
            .filter_map(|entry| {
                let meta = entry.metadata().ok().filter(|meta| meta.is_file())?;
                Some((meta.ctime(), meta.ctime_nsec(), entry.path()))
            })
            .collect();
        aside.sort_unstable();
        let many = aside.len().saturating_sub(SET_ASIDE_KEPT);
        for (_, _, path) in aside.into_iter().take(many) {
            // What cannot be deleted stays; nothing hangs on it.
            let _ = fs::remove_file(path);
        }
    }

    /// Brings names, new or moved, to the disk.
    pub(super) fn sync_dir(&self) -> io::Result<()> {
        fs::File::open(&self.dir)?.sync_all()
    }
}

/// Which file it is, whatever its name: device and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Identity {
    pub(super) fn of(meta: &fs::Metadata) -> Identity {
        Identity(meta.dev(), meta.ino())
    }

    /// The path leads to this file still.
    pub(super) fn is_at(self, path: &Path) -> io::Result<bool> {
        match fs::symlink_metadata(path) {
            Ok(meta) => Ok(Identity::of(&meta) == self),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
