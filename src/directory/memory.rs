//! What is known of the directory across restarts: for whom an address stands, and the place in the directory's list of changes.
//!
//! Addresses are not stored, only digests of them; a digest is bound to tenant, application and Graph, so that nothing of another tenant's
//! directory is ever found. The ids lie on up to 256 notes, so that a change rewrites little. They hold as of the bookmark beside them: they
//! are written before it, and what the changes put in doubt is struck out.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use url::Url;

use super::address::key;
use crate::graph::Link;
use crate::presence::Guid;
use crate::store::{Notes, Shelf};
use crate::sync::{MatchedBy, Resolution};

const BOOKMARK: &str = "delta";
const VERSION: u32 = 1;
/// A record: digest, object id, by what it was found.
const RECORD: usize = DIGEST + 16 + 1;
const DIGEST: usize = 16;
/// The version, before the records.
const HEAD: &[u8] = &[1];

type Digest = [u8; DIGEST];

/// A match as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) object: Guid,
    pub(super) by: MatchedBy,
}

/// What was learned of an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lesson {
    address: Digest,
    found: Option<Match>,
}

/// A place in the list of changes.
#[derive(Clone, Debug)]
pub(super) struct Bookmark {
    pub(super) link: Link,
    /// When everything was last read, milliseconds since 1970.
    pub(super) listed_at_ms: i64,
}

#[derive(Deserialize, Serialize)]
struct Note {
    version: u32,
    /// For whom it is, as in a digest.
    of: String,
    link: String,
    listed_at_ms: i64,
}

/// The memory of one instance's directory. Without a disk behind the notes it keeps nothing: the users themselves last as long as the process.
#[derive(Clone, Debug)]
pub struct Memory {
    notes: Notes,
    of: [u8; 32],
    root: Url,
}

impl Memory {
    /// That of this tenant and application at this Graph.
    pub fn new(notes: Notes, tenant_id: &str, client_id: &str, root: &Url) -> Memory {
        let mut context = Context::new(&SHA256);
        for part in [tenant_id, client_id, root.as_str()] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part.to_ascii_lowercase().as_bytes());
        }
        let mut of = [0; 32];
        of.copy_from_slice(context.finish().as_ref());
        Memory { notes, of, root: root.clone() }
    }

    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        self.notes.outlive()
    }

    /// Whether what was kept can be read.
    pub(super) fn is_read(&self) -> bool {
        self.keeps() && self.notes.are_read()
    }

    /// Changes when a late disk has come.
    pub(super) fn files(&self) -> watch::Receiver<u64> {
        self.notes.files()
    }

    /// Where the list of changes was read to.
    pub(super) fn bookmark(&self) -> Option<Bookmark> {
        let note: Note = serde_json::from_slice(&self.notes.get(Shelf::Directory, BOOKMARK)?).ok()?;
        if note.version != VERSION || note.of != URL_SAFE_NO_PAD.encode(self.of) {
            return None;
        }
        // Whatever stands in the file, the token goes to Graph and nowhere else.
        let link = Link::stored(&self.root, &note.link).ok()?;
        Some(Bookmark { link, listed_at_ms: note.listed_at_ms })
    }

    /// Keeps this place in the list of changes, or none. After what was learned up to there.
    pub(super) fn keep(&self, bookmark: Option<&Bookmark>) {
        let note = bookmark.map(|Bookmark { link, listed_at_ms }| Note {
            version: VERSION,
            of: URL_SAFE_NO_PAD.encode(self.of),
            link: link.url().to_string(),
            listed_at_ms: *listed_at_ms,
        });
        self.put(BOOKMARK, note.and_then(|note| serde_json::to_vec(&note).ok()).as_deref());
    }

    /// For whom these addresses stand, as far as that is known.
    pub(super) fn recall(&self, addresses: &[Arc<str>]) -> Vec<(Arc<str>, Match)> {
        let mut shards: BTreeMap<u8, BTreeMap<Digest, Match>> = BTreeMap::new();
        let known = |address: &Arc<str>| {
            let digest = self.digest(address);
            let shard = shards.entry(digest[0]).or_insert_with(|| self.shard(digest[0]));
            shard.get(&digest).map(|found| (address.clone(), *found))
        };
        addresses.iter().filter_map(known).collect()
    }

    /// What the directory said of an address.
    pub(super) fn lesson(&self, address: &str, resolution: &Resolution) -> Lesson {
        let found = match *resolution {
            Resolution::Matched { object, by } => Some(Match { object, by }),
            Resolution::Unmatched(_) => None,
        };
        Lesson { address: self.digest(address), found }
    }

    /// Nothing is certain of this address any more.
    pub(super) fn doubt(&self, address: &str) -> Lesson {
        Lesson { address: self.digest(address), found: None }
    }

    /// Writes down what was learned, in its order. `all`: nothing else is known.
    pub(super) fn learn(&self, lessons: &[Lesson], all: bool) {
        let mut shards: BTreeMap<u8, Vec<Lesson>> = BTreeMap::new();
        for lesson in lessons {
            shards.entry(lesson.address[0]).or_default().push(*lesson);
        }
        if all {
            for number in 0..=u8::MAX {
                shards.entry(number).or_default();
            }
        }
        for (number, lessons) in shards {
            let mut shard = if all { BTreeMap::new() } else { self.shard(number) };
            for Lesson { address, found } in lessons {
                match found {
                    Some(found) => shard.insert(address, found),
                    None => shard.remove(&address),
                };
            }
            self.write(number, &shard);
        }
    }

    /// Strikes out all that stands for one of these accounts.
    pub(super) fn strike(&self, objects: &[&HashSet<Guid>]) {
        if objects.iter().all(|set| set.is_empty()) {
            return;
        }
        for number in 0..=u8::MAX {
            let mut shard = self.shard(number);
            let before = shard.len();
            shard.retain(|_, found| !objects.iter().any(|set| set.contains(&found.object)));
            if shard.len() != before {
                self.write(number, &shard);
            }
        }
    }

    fn digest(&self, address: &str) -> Digest {
        let mut context = Context::new(&SHA256);
        context.update(&self.of);
        context.update(key(address).as_bytes());
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&context.finish().as_ref()[..DIGEST]);
        digest
    }

    fn shard(&self, number: u8) -> BTreeMap<Digest, Match> {
        let Some(note) = self.notes.get(Shelf::Directory, &name(number)) else { return BTreeMap::new() };
        let Some(records) = note.strip_prefix(HEAD) else { return BTreeMap::new() };
        records.chunks_exact(RECORD).filter_map(read).collect()
    }

    fn write(&self, number: u8, shard: &BTreeMap<Digest, Match>) {
        let mut note = HEAD.to_vec();
        note.reserve(shard.len() * RECORD);
        for (digest, found) in shard {
            note.extend_from_slice(digest);
            note.extend_from_slice(&found.object.0.to_be_bytes());
            note.push(byte(found.by));
        }
        self.put(&name(number), (!shard.is_empty()).then_some(&note[..]));
    }

    /// Nobody waits for the disk; the store tells where it fails.
    fn put(&self, name: &str, note: Option<&[u8]>) {
        // While the file is late, it is not known what it holds: what is not to be there must be said.
        if !self.notes.are_read() || self.notes.get(Shelf::Directory, name).as_deref() != note {
            drop(self.notes.put(Shelf::Directory, name, note));
        }
    }
}

fn name(number: u8) -> String {
    format!("ids-{number:02x}")
}

fn byte(by: MatchedBy) -> u8 {
    match by {
        // The host's own word is not stored.
        MatchedBy::Override => 0,
        MatchedBy::Mail => 1,
        MatchedBy::Upn => 2,
        MatchedBy::ProxyAddress => 3,
    }
}

fn found_by(byte: u8) -> Option<MatchedBy> {
    [MatchedBy::Mail, MatchedBy::Upn, MatchedBy::ProxyAddress].into_iter().find(|by| self::byte(*by) == byte)
}

fn read(record: &[u8]) -> Option<(Digest, Match)> {
    let (digest, rest) = record.split_first_chunk::<DIGEST>()?;
    let (object, by) = rest.split_first_chunk::<16>()?;
    let by = found_by(*by.first()?)?;
    Some((*digest, Match { object: Guid(u128::from_be_bytes(*object)), by }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Unmatched;

    fn memory(notes: &Notes, tenant: &str) -> Memory {
        Memory::new(notes.clone(), tenant, "app", &"https://graph.example/".parse().expect("an address"))
    }

    fn matched(object: u128) -> Resolution {
        Resolution::Matched { object: Guid(object), by: MatchedBy::Upn }
    }

    fn known(memory: &Memory, address: &str) -> Option<Match> {
        memory.recall(&[address.into()]).first().map(|(_, found)| *found)
    }

    #[test]
    fn what_was_learned_is_known_without_its_address() {
        let notes = Notes::in_memory();
        let one = memory(&notes, "one");
        one.learn(&[one.lesson("Ann@X.example", &matched(7)), one.lesson("bob@x.example", &matched(8))], true);
        assert_eq!(known(&one, " ann@x.EXAMPLE"), Some(Match { object: Guid(7), by: MatchedBy::Upn }));
        for name in notes.names(Shelf::Directory) {
            let note = notes.get(Shelf::Directory, &name).expect("a note");
            assert!(!note.windows(3).any(|part| part.eq_ignore_ascii_case(b"ann") || part == b"exa"), "{name}");
        }
        assert_eq!(known(&memory(&notes, "another"), "ann@x.example"), None, "each tenant for itself");
        one.learn(&[one.lesson("ann@x.example", &Resolution::Unmatched(Unmatched::Unknown))], false);
        assert_eq!((known(&one, "ann@x.example"), known(&one, "bob@x.example").map(|found| found.object)), (None, Some(Guid(8))));
        one.learn(&[one.doubt("bob@x.example"), one.lesson("bob@x.example", &matched(9))], false);
        assert_eq!(known(&one, "bob@x.example").map(|found| found.object), Some(Guid(9)), "in their order");
        one.strike(&[&HashSet::new(), &HashSet::from([Guid(9)])]);
        assert_eq!((known(&one, "bob@x.example"), notes.names(Shelf::Directory)), (None, vec![]));
        // All anew: what is not named is forgotten.
        one.learn(&[one.lesson("ann@x.example", &matched(7))], true);
        one.learn(&[one.lesson("eve@x.example", &matched(5))], true);
        assert_eq!((known(&one, "ann@x.example"), known(&one, "eve@x.example").is_some()), (None, true));
    }

    #[test]
    fn a_bookmark_is_for_its_own_tenant_and_leads_to_graph_alone() {
        let notes = Notes::in_memory();
        let one = memory(&notes, "one");
        let link = Link::stored(&one.root, "https://graph.example/v1.0/users/delta?$deltatoken=x").expect("ours");
        one.keep(Some(&Bookmark { link: link.clone(), listed_at_ms: 7 }));
        let kept = one.bookmark().expect("kept");
        assert_eq!((kept.link, kept.listed_at_ms), (link, 7));
        assert!(memory(&notes, "another").bookmark().is_none());
        let note = String::from_utf8(notes.get(Shelf::Directory, BOOKMARK).expect("a note").to_vec()).expect("text");
        let elsewhere = note.replace("https://graph.example", "https://evil.example");
        for bad in [elsewhere.as_bytes(), b"", b"{}", b"\xff", note.replace(r#""version":1"#, r#""version":2"#).as_bytes()] {
            drop(notes.put(Shelf::Directory, BOOKMARK, Some(bad)));
            assert!(one.bookmark().is_none(), "{bad:?}");
        }
        one.keep(None);
        assert!(notes.names(Shelf::Directory).is_empty());
    }

    #[test]
    fn a_note_that_somebody_else_wrote_is_borne() {
        let notes = Notes::in_memory();
        let one = memory(&notes, "one");
        for bad in [&b""[..], b"\x01short", b"\x02", &[1; 1 + RECORD], &[0xff; 200]] {
            (0..=u8::MAX).for_each(|number| drop(notes.put(Shelf::Directory, &name(number), Some(bad))));
            assert_eq!(known(&one, "ann@x.example"), None);
        }
        one.learn(&[one.lesson("ann@x.example", &matched(7))], false);
        assert!(known(&one, "ann@x.example").is_some());
    }
}
