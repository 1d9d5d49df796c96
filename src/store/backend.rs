//! The bytes under the database.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
#[cfg(any(test, feature = "test-hooks"))]
use std::sync::Arc;

use redb::StorageBackend;

/// A file that only the process that opened it touches.
///
/// redb's own backend would also lock the file; the lock here is another file's, because one that is set aside or lost takes its lock along.
#[derive(Debug)]
pub(super) struct Backend {
    file: File,
    pid: u32,
    #[cfg(any(test, feature = "test-hooks"))]
    weather: Arc<Weather>,
}

impl Backend {
    #[cfg(any(test, feature = "test-hooks"))]
    pub(super) fn new(file: File, weather: Arc<Weather>) -> Backend {
        Backend { file, pid: std::process::id(), weather }
    }

    #[cfg(not(any(test, feature = "test-hooks")))]
    pub(super) fn new(file: File) -> Backend {
        Backend { file, pid: std::process::id() }
    }

    /// A forked child has the descriptor too, and shares the file with its parent.
    fn own(&self) -> io::Result<&File> {
        if self.pid == std::process::id() {
            Ok(&self.file)
        } else {
            Err(io::Error::other("opened by the process this one was forked from"))
        }
    }

    fn writable(&self) -> io::Result<&File> {
        #[cfg(any(test, feature = "test-hooks"))]
        self.weather.bear()?;
        self.own()
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.own()?.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.own()?.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.writable()?.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.writable()?.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.writable()?.write_all_at(data, offset)
    }
}

/// What a test makes a disk do.
#[cfg(any(test, feature = "test-hooks"))]
#[derive(Debug, Default)]
pub struct Weather {
    state: std::sync::Mutex<Bad>,
    better: std::sync::Condvar,
}

#[cfg(any(test, feature = "test-hooks"))]
#[derive(Debug, Default)]
struct Bad {
    hangs: bool,
    /// Writes that still succeed; `None` for all.
    full_after: Option<u32>,
}

#[cfg(any(test, feature = "test-hooks"))]
impl Weather {
    /// Writes do not come back until this is called with false.
    pub fn hang(&self, hangs: bool) {
        self.state.lock().expect("whole").hangs = hangs;
        self.better.notify_all();
    }

    /// After so many more writes the disk is full; `None`: there is room again.
    pub fn full_after(&self, writes: Option<u32>) {
        self.state.lock().expect("whole").full_after = writes;
    }

    fn bear(&self) -> io::Result<()> {
        let mut state = self.state.lock().expect("whole");
        while state.hangs {
            state = self.better.wait(state).expect("whole");
        }
        match &mut state.full_after {
            Some(0) => Err(io::Error::from_raw_os_error(libc::ENOSPC)),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
