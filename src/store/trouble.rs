//! Why the state cannot be used.

use std::io;

/// A failed access to the state.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What the file holds is not what this library writes.
    Damaged(String),
    /// A later version wrote it.
    Newer(u64),
    /// Somebody else has the lock; says who.
    Locked(String),
    /// The system refuses: no space, no right, no disk.
    Refused(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        match error.kind() {
            // Not from the system: the file ends too early, or does not begin as it should.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Trouble::Damaged(error.to_string()),
            _ => Trouble::Refused(error.to_string()),
        }
    }
}

impl From<redb::Error> for Trouble {
    fn from(error: redb::Error) -> Trouble {
        match error {
            redb::Error::Io(error) => error.into(),
            // After an earlier failure, or in a forked child: nothing is said of the file.
            redb::Error::PreviousIo | redb::Error::DatabaseClosed | redb::Error::LockPoisoned(_) => {
                Trouble::Refused(error.to_string())
            }
            other => Trouble::Damaged(other.to_string()),
        }
    }
}

macro_rules! by_way_of_error {
    ($($kind:ident),+) => {
        $(impl From<redb::$kind> for Trouble {
            fn from(error: redb::$kind) -> Trouble {
                redb::Error::from(error).into()
            }
        })+
    };
}

by_way_of_error!(DatabaseError, StorageError, TableError, TransactionError, CommitError);
