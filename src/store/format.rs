//! What stands in the file, and how an older one is brought up to date.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `format` | number of the format |
//! | `meta` | `stamp` | random, anew with each opening: tells whether anybody else has written since |
//! | `meta` | `last_good_ms` | when the source last gave a good answer, in milliseconds since 1970 |
//! | `users` | the host's user id | one byte: 1 owned, 2 intended, 4 overridden; 8, 16, 32 the same of the queue's DND |
//! | `notes` | shelf (1 sign-in, 2 directory, 3 notifications), name | the note |

use redb::{ReadableTable, TableDefinition, TableError, WriteTransaction};

use super::batch::{Batch, Contents};
use super::notes::Shelf;
use super::trouble::Trouble;
use crate::sync::Keeps;

/// The format that this version writes.
pub const FORMAT: u64 = 1;

pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
pub(super) const USERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("users");
pub(super) const NOTES: TableDefinition<'_, (u8, &str), &[u8]> = TableDefinition::new("notes");

const KEY_FORMAT: &str = "format";
const KEY_STAMP: &str = "stamp";
const KEY_LAST_GOOD: &str = "last_good_ms";

/// Brings a file from one format to the next.
pub(super) type Step = fn(&WriteTransaction) -> Result<(), Trouble>;

/// `STEPS[n]` leads from format n + 1 to n + 2. The first release of a new format adds its step here, and never takes one away.
pub(super) const STEPS: &[Step] = &[];
const _: () = assert!(STEPS.len() as u64 + 1 == FORMAT);

fn shelf_number(shelf: Shelf) -> u8 {
    match shelf {
        Shelf::SignIn => 1,
        Shelf::Directory => 2,
        Shelf::Notifications => 3,
    }
}

fn shelf_of(number: u8) -> Option<Shelf> {
    [Shelf::SignIn, Shelf::Directory, Shelf::Notifications].into_iter().find(|shelf| shelf_number(*shelf) == number)
}

/// Makes a new file ready, brings an older one up to date, refuses a newer one; reads it all; and stamps it.
pub(super) fn begin(write: &WriteTransaction, existed: bool, stamp: u64, steps: &[Step]) -> Result<Contents, Trouble> {
    let newest = steps.len() as u64 + 1;
    let known = match write.open_table(META) {
        Ok(meta) => meta.get(KEY_FORMAT)?.map(|number| number.value()),
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    match known {
        None if !existed => {}
        None => return Err(Trouble::Damaged("it has no format number".to_owned())),
        Some(0) => return Err(Trouble::Damaged("its format is 0".to_owned())),
        Some(number) if number > newest => return Err(Trouble::Newer(number)),
        Some(number) => {
            for step in steps.iter().skip(number as usize - 1) {
                step(write)?;
            }
        }
    }
    let contents = read(write)?;
    let mut meta = write.open_table(META)?;
    meta.insert(KEY_FORMAT, newest)?;
    meta.insert(KEY_STAMP, stamp)?;
    Ok(contents)
}

fn read(write: &WriteTransaction) -> Result<Contents, Trouble> {
    let mut contents = Contents::default();
    let meta = write.open_table(META)?;
    contents.stamp = meta.get(KEY_STAMP)?.map_or(0, |stamp| stamp.value());
    contents.last_good_ms = meta.get(KEY_LAST_GOOD)?.map(|at| at.value() as i64);
    for entry in write.open_table(USERS)?.iter()? {
        let (id, value) = entry?;
        let keeps = match value.value() {
            [bits] => Keeps::from_bits(*bits),
            _ => None,
        };
        let keeps = keeps.ok_or_else(|| Trouble::Damaged("a record of a user is not one".to_owned()))?;
        contents.users.push((id.value().into(), keeps));
    }
    for entry in write.open_table(NOTES)?.iter()? {
        let (key, value) = entry?;
        let (number, name) = key.value();
        let shelf = shelf_of(number).ok_or_else(|| Trouble::Damaged(format!("there is no shelf {number}")))?;
        contents.notes.insert((shelf, name.to_owned()), value.value().into());
    }
    Ok(contents)
}

/// Writes a batch, in its order.
pub(super) fn apply(write: &WriteTransaction, batch: &Batch) -> Result<(), Trouble> {
    if !batch.commit.users.is_empty() {
        let mut users = write.open_table(USERS)?;
        for (id, keeps) in &batch.commit.users {
            if *keeps == Keeps::NOTHING {
                users.remove(&**id)?;
            } else {
                users.insert(&**id, [keeps.bits()].as_slice())?;
            }
        }
    }
    if let Some(at) = batch.commit.last_good_ms {
        write.open_table(META)?.insert(KEY_LAST_GOOD, at as u64)?;
    }
    if !batch.notes.is_empty() {
        let mut notes = write.open_table(NOTES)?;
        for ((shelf, name), note) in &batch.notes {
            let key = (shelf_number(*shelf), name.as_str());
            match note {
                Some(note) => drop(notes.insert(key, &**note)?),
                None => drop(notes.remove(key)?),
            }
        }
    }
    Ok(())
}
