//! The users, and the three ways to find one: by the host's id, by object id, by address.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::user::User;
use crate::presence::Guid;

/// A user's place. Reused after he is gone; nothing outside the engine keeps one.
pub(super) type Slot = u32;

/// The users. The tables hold places only, so that no key is kept twice.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Roster {
    users: Vec<Option<User>>,
    free: Vec<Slot>,
    by_id: HashTable<Slot>,
    by_object: HashTable<Slot>,
    by_address: HashTable<Slot>,
    hasher: DefaultHashBuilder,
}

const PRESENT: &str = "a slot in a table belongs to a user";

impl Roster {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&User> {
        self.users.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut User> {
        self.users.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn slots(&self) -> std::ops::Range<Slot> {
        0..self.users.len() as Slot
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &User)> {
        self.users.iter().enumerate().filter_map(|(slot, user)| Some((slot as Slot, user.as_ref()?)))
    }

    pub(super) fn by_id(&self, id: &str) -> Option<Slot> {
        self.by_id.find(hash_text(&self.hasher, id), |slot| self.user(*slot).id.as_ref() == id).copied()
    }

    /// All users behind one object id: twins share an address.
    pub(super) fn by_object(&self, object: Guid) -> impl Iterator<Item = Slot> {
        let hash = hash_guid(&self.hasher, object);
        self.by_object.iter_hash(hash).copied().filter(move |slot| self.user(*slot).object == object)
    }

    /// The first user behind one object id, and whether there are more.
    pub(super) fn first_by_object(&self, object: Guid) -> Option<(Slot, bool)> {
        let mut slots = self.by_object(object);
        Some((slots.next()?, slots.next().is_some()))
    }

    /// All users with this address, in any casing.
    pub(super) fn by_address(&self, address: &str) -> impl Iterator<Item = Slot> {
        let hash = hash_address(&self.hasher, address);
        self.by_address
            .iter_hash(hash)
            .copied()
            .filter(move |slot| self.user(*slot).email.as_deref().is_some_and(|e| same_address(e, address)))
    }

    /// Makes room for as many more, and not for more than that.
    pub(super) fn reserve(&mut self, more: usize) {
        let Roster { users, free, by_id, by_object, by_address, hasher } = self;
        users.reserve_exact(more.saturating_sub(free.len()));
        by_id.reserve(more, |slot| hash_text(hasher, &at(users, *slot).id));
        by_object.reserve(more, |slot| hash_guid(hasher, at(users, *slot).object));
        by_address.reserve(more, |slot| hash_address(hasher, at(users, *slot).email.as_deref().unwrap_or_default()));
    }

    pub(super) fn insert(&mut self, user: User) -> Slot {
        let slot = self.free.pop().unwrap_or(self.users.len() as Slot);
        let (hash, object, email) = (hash_text(&self.hasher, &user.id), user.object, user.email.clone());
        if slot as usize == self.users.len() {
            self.users.push(Some(user));
        } else {
            self.users[slot as usize] = Some(user);
        }
        let Roster { users, by_id, hasher, .. } = self;
        by_id.insert_unique(hash, slot, |slot| hash_text(hasher, &at(users, *slot).id));
        self.index_object(slot, object);
        self.index_address(slot, email.as_deref());
        slot
    }

    /// The addresses of the users wanted, each once in the spelling of the first.
    pub(super) fn addresses(&self, wanted: impl Fn(&User) -> bool) -> Vec<Arc<str>> {
        let mut known: HashTable<u32> = HashTable::new();
        let mut out: Vec<Arc<str>> = Vec::new();
        let emails = self.users.iter().flatten().filter(|user| wanted(user)).filter_map(|user| user.email.as_ref());
        for email in emails {
            let hash = hash_address(&self.hasher, email);
            if known.find(hash, |at| same_address(&out[*at as usize], email)).is_none() {
                known.insert_unique(hash, out.len() as u32, |at| hash_address(&self.hasher, &out[*at as usize]));
                out.push(email.clone());
            }
        }
        out
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(user) = self.get(slot) else { return };
        let (id, object, email) = (hash_text(&self.hasher, &user.id), user.object, user.email.clone());
        remove_from(&mut self.by_id, id, slot);
        self.unindex_object(slot, object);
        self.unindex_address(slot, email.as_deref());
        self.users[slot as usize] = None;
        self.free.push(slot);
    }

    pub(super) fn set_object(&mut self, slot: Slot, object: Guid) {
        let old = self.user(slot).object;
        if old != object {
            self.unindex_object(slot, old);
            if let Some(user) = self.get_mut(slot) {
                user.object = object;
            }
            self.index_object(slot, object);
        }
    }

    pub(super) fn set_email(&mut self, slot: Slot, email: Option<&str>) {
        let old = self.user(slot).email.clone();
        self.unindex_address(slot, old.as_deref());
        if let Some(user) = self.get_mut(slot) {
            user.email = email.map(Into::into);
        }
        self.index_address(slot, email);
    }

    /// Gives memory back after a great leave.
    pub(super) fn shrink(&mut self) {
        while matches!(self.users.last(), Some(None)) {
            self.users.pop();
        }
        let len = self.users.len() as Slot;
        self.free.retain(|slot| *slot < len);
        if self.users.capacity() > 2 * self.users.len() + 64 {
            self.users.shrink_to_fit();
            self.free.shrink_to_fit();
            let Roster { users, by_id, by_object, by_address, hasher, .. } = self;
            by_id.shrink_to_fit(|slot| hash_text(hasher, &at(users, *slot).id));
            by_object.shrink_to_fit(|slot| hash_guid(hasher, at(users, *slot).object));
            by_address.shrink_to_fit(|slot| hash_address(hasher, at(users, *slot).email.as_deref().unwrap_or_default()));
        }
    }

    fn user(&self, slot: Slot) -> &User {
        at(&self.users, slot)
    }

    fn index_object(&mut self, slot: Slot, object: Guid) {
        if object != Guid(0) {
            let Roster { users, by_object, hasher, .. } = self;
            by_object.insert_unique(hash_guid(hasher, object), slot, |slot| hash_guid(hasher, at(users, *slot).object));
        }
    }

    fn unindex_object(&mut self, slot: Slot, object: Guid) {
        let hash = hash_guid(&self.hasher, object);
        remove_from(&mut self.by_object, hash, slot);
    }

    fn index_address(&mut self, slot: Slot, email: Option<&str>) {
        if let Some(email) = email {
            let Roster { users, by_address, hasher, .. } = self;
            let rehash = |slot: &Slot| hash_address(hasher, at(users, *slot).email.as_deref().unwrap_or_default());
            by_address.insert_unique(hash_address(hasher, email), slot, rehash);
        }
    }

    fn unindex_address(&mut self, slot: Slot, email: Option<&str>) {
        if let Some(email) = email {
            let hash = hash_address(&self.hasher, email);
            remove_from(&mut self.by_address, hash, slot);
        }
    }
}

fn at(users: &[Option<User>], slot: Slot) -> &User {
    users[slot as usize].as_ref().expect(PRESENT)
}

fn remove_from(table: &mut HashTable<Slot>, hash: u64, slot: Slot) {
    if let Ok(entry) = table.find_entry(hash, |other| *other == slot) {
        entry.remove();
    }
}

fn hash_text(hasher: &DefaultHashBuilder, text: &str) -> u64 {
    hasher.hash_one(text)
}

fn hash_guid(hasher: &DefaultHashBuilder, object: Guid) -> u64 {
    hasher.hash_one(object)
}

/// Addresses are compared without regard to case, as the directory does.
pub fn hash_address(hasher: &impl BuildHasher, address: &str) -> u64 {
    if !address.is_ascii() {
        // Rare. A letter may fold into an ASCII one, so both ways hash the folded bytes.
        let folded: String = fold(address).collect();
        return hash_small(hasher, folded.as_bytes());
    }
    hash_small(hasher, address.as_bytes())
}

/// Hashes the bytes with small ASCII letters.
fn hash_small(hasher: &impl BuildHasher, text: &[u8]) -> u64 {
    let mut state = hasher.build_hasher();
    for portion in text.chunks(64) {
        let mut small = [0; 64];
        let small = &mut small[..portion.len()];
        small.copy_from_slice(portion);
        small.make_ascii_lowercase();
        state.write(small);
    }
    state.finish()
}

/// Two spellings of one address.
pub fn same_address(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() { a.eq_ignore_ascii_case(b) } else { fold(a).eq(fold(b)) }
}

fn fold(address: &str) -> impl Iterator<Item = char> + '_ {
    address.chars().flat_map(char::to_lowercase)
}
