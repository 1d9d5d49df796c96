//! The state file of one instance, open.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
#[cfg(any(test, feature = "test-hooks"))]
use std::sync::Arc;

use redb::{Builder, Database};

use super::backend::Backend;
#[cfg(any(test, feature = "test-hooks"))]
use super::backend::Weather;
use super::batch::{Batch, Contents};
use super::format::{self, Step};
use super::place::{Identity, Place};
use super::trouble::Trouble;

/// What redb may hold of the file in memory.
const CACHE_BYTES: usize = 1 << 20;

/// An open state file. Dropping it closes the file and says nothing of failures: what was committed is on disk already.
#[derive(Debug)]
pub(super) struct StateFile {
    db: Option<Database>,
    path: PathBuf,
    identity: Identity,
}

impl StateFile {
    /// Opens or makes the file, checks every page of it, and reads it. Writes a stamp, so a disk that cannot be written shows here.
    pub(super) fn open(
        place: &Place,
        stamp: u64,
        steps: &[Step],
        #[cfg(any(test, feature = "test-hooks"))] weather: Arc<Weather>,
    ) -> Result<(StateFile, Contents), Trouble> {
        let path = place.file();
        let before = match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => return Err(Trouble::Damaged("it is a directory".to_owned())),
            Ok(meta) if !meta.is_file() => return Err(Trouble::Damaged("it is not a file".to_owned())),
            Ok(meta) if meta.len() == 0 => return Err(Trouble::Damaged("it is empty".to_owned())),
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        // A new file gets its name when it is whole.
        let at = if before { path.clone() } else { place.unborn() };
        if !before {
            fs::remove_file(&at).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        }
        let file =
            OpenOptions::new().read(true).write(true).create_new(!before).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(&at)?;
        let meta = file.metadata()?;
        if meta.permissions().mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        let identity = Identity::of(&meta);
        let backend = Backend::new(
            file,
            #[cfg(any(test, feature = "test-hooks"))]
            weather,
        );
        let (db, contents) = guarded(|| {
            let db = Builder::new().set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true).create_with_backend(backend)?;
            let write = db.begin_write()?;
            let contents = format::begin(&write, before, stamp, steps)?;
            write.commit()?;
            Ok((db, contents))
        })?;
        if !before {
            fs::rename(&at, &path)?;
            place.sync_dir()?;
        }
        Ok((StateFile { db: Some(db), path, identity }, contents))
    }

    /// Writes a batch: on disk, whole, when this answers.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<(), Trouble> {
        if !self.identity.is_at(&self.path)? {
            return Err(Trouble::Refused("it was removed or replaced".to_owned()));
        }
        let db = self.db.as_ref();
        guarded(|| {
            let Some(db) = db else { return Err(Trouble::Refused("it is closed".to_owned())) };
            let write = db.begin_write()?;
            format::apply(&write, batch)?;
            Ok(write.commit()?)
        })
    }

    /// How large it is.
    pub(super) fn bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |meta| meta.len())
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        let db = self.db.take();
        // A database that a fault has gone through may fault once more.
        let _ = guarded(|| {
            drop(db);
            Ok(())
        });
    }
}

/// A damaged file may bring redb to a panic where it trusts what it once wrote.
fn guarded<R>(work: impl FnOnce() -> Result<R, Trouble>) -> Result<R, Trouble> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_owned());
        Err(Trouble::Damaged(format!("it contradicts itself ({words})")))
    })
}
