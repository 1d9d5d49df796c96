//! One user as the engine keeps him.

use std::sync::Arc;

use super::chat::ChatLane;
use super::dnd::DndLane;
use super::keeps::Keeps;
use super::stamp::Stamp;
use super::terms::{HostDnd, Lane};
use super::{Reason, Source};
use crate::presence::{Guid, Presence};

/// A user as the host hands him over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInput {
    /// The host's id, unique among its users.
    pub user_id: Box<str>,
    /// The address by which Entra knows him; none for a door phone.
    pub email: Option<Box<str>>,
    /// The Entra object id, where the host knows better than the address.
    pub entra_object_id: Option<Box<str>>,
    /// Which rule set of the configuration holds for him; none for the default rules.
    pub rule_set: Option<Box<str>>,
    /// How the host's DND stands.
    pub host_dnd: HostDnd,
    /// How the host's DND for the calls of queues stands.
    pub host_queue_dnd: HostDnd,
}

/// By what a user was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy {
    /// The host named the object id.
    Override,
    /// `mail`
    Mail,
    /// `userPrincipalName`
    Upn,
    /// One of `proxyAddresses`
    ProxyAddress,
}

impl MatchedBy {
    /// The word for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchedBy::Override => "entra_object_id",
            MatchedBy::Mail => "mail",
            MatchedBy::Upn => "userPrincipalName",
            MatchedBy::ProxyAddress => "proxyAddresses",
        }
    }
}

/// Why a user was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// Nobody has the address.
    Unknown,
    /// Several have it.
    Ambiguous,
    /// Only a guest has it: his presence lives in another tenant.
    Guest,
    /// Only a disabled account has it.
    Disabled,
    /// The object id that the host named does not exist.
    Gone,
}

/// What the directory says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// This person.
    Matched {
        /// The object id.
        object: Guid,
        /// By which property.
        by: MatchedBy,
    },
    /// Nobody to follow.
    Unmatched(Unmatched),
}

/// Where the search for a user stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchKind {
    /// There is nothing to search by.
    NoAddress,
    /// What the host gave cannot be an address or an object id.
    Invalid,
    /// Not searched yet.
    Pending,
    /// Found.
    Matched(MatchedBy),
    /// Not found.
    Unmatched(Unmatched),
    /// On the opt-out list: never asked for, nothing kept.
    OptedOut,
}

impl MatchKind {
    /// The word for reports and statistics.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchKind::NoAddress => "no_address",
            MatchKind::Invalid => "invalid",
            MatchKind::Pending => "pending",
            MatchKind::Matched(_) => "matched",
            MatchKind::Unmatched(Unmatched::Unknown) => "unknown",
            MatchKind::Unmatched(Unmatched::Ambiguous) => "ambiguous",
            MatchKind::Unmatched(Unmatched::Guest) => "guest",
            MatchKind::Unmatched(Unmatched::Disabled) => "disabled",
            // The statistics have another "gone".
            MatchKind::Unmatched(Unmatched::Gone) => "no_such_object",
            MatchKind::OptedOut => "opted_out",
        }
    }
}

/// What a user is to the engine just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Followed.
    Served,
    /// Not searched yet: nothing is decided, nothing is taken away.
    Waiting,
    /// Not followed, for this reason; what is ours is given back.
    Unserved(Reason),
}

/// One user. Everything about him in one place, small: there may be 100,000. In this order, so that what a sweep without news touches
/// stands together in front: with many users a sweep costs what it fetches from memory.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
#[repr(C)]
pub(super) struct User {
    pub(super) object: Guid,
    /// The monotonic time of the last information about him; before the first, of the day he was handed over.
    pub(super) seen_at: u64,
    pub(super) presence: Option<Presence>,
    pub(super) source: Source,
    /// A presence was seen since the start, or since he was last not served: old ones decide nothing.
    pub(super) fresh: bool,
    /// His presence is too old to act on.
    pub(super) stale: bool,
    /// `on_presence` is due.
    pub(super) news: bool,
    /// He stands in the queue of those who have something for the host.
    pub(super) queued: bool,
    /// He has a seat.
    pub(super) seated: bool,
    /// The host said it has no such user.
    pub(super) gone: bool,
    /// Counted among those to whom the host still owes something of ours.
    pub(super) owing: bool,
    /// What the disk has of him, or will have when the write under way is done.
    pub(super) kept: Keeps,
    /// That is not what it should have.
    pub(super) dirty: bool,
    /// The host removed him at this time; what is ours is still to be given back.
    pub(super) leaving: Option<Stamp>,
    pub(super) id: Arc<str>,
    pub(super) email: Option<Arc<str>>,
    pub(super) dnd: DndLane,
    pub(super) chat: ChatLane,
    /// DND for the calls of queues, where there is a word on it (`queue.rs`).
    pub(super) queue: Option<Box<DndLane>>,
    /// The earliest timer set for him; `u64::MAX` for none.
    pub(super) timer_at: u64,
    /// His place in the row for seats.
    pub(super) order: u32,
    pub(super) rule_set: u16,
    pub(super) matching: MatchKind,
}

/// A removed user's override is remembered for this long: a host may remove and put him to hand him over anew.
const OVERRIDDEN_LINGERS_MS: u64 = 60_000;

/// 100,000 users take less than 400 bytes each with their texts and their places in the tables (docs/performance.md).
const _: () = assert!(size_of::<User>() <= 224);

impl User {
    pub(super) fn new(id: Arc<str>, order: u32, now: u64) -> User {
        User {
            id,
            email: None,
            object: Guid(0),
            dnd: DndLane::default(),
            chat: ChatLane::default(),
            queue: None,
            seen_at: now,
            timer_at: u64::MAX,
            presence: None,
            order,
            rule_set: 0,
            matching: MatchKind::NoAddress,
            source: Source::Poll,
            fresh: false,
            news: false,
            queued: false,
            seated: true,
            stale: false,
            gone: false,
            owing: false,
            leaving: None,
            kept: Keeps::NOTHING,
            dirty: false,
        }
    }

    /// His one or two DND lanes.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &DndLane> {
        std::iter::once(&self.dnd).chain(self.queue.as_deref())
    }

    /// The same, to change.
    pub(super) fn lanes_mut(&mut self) -> impl Iterator<Item = &mut DndLane> {
        std::iter::once(&mut self.dnd).chain(self.queue.as_deref_mut())
    }

    /// One of them.
    pub(super) fn lane(&self, which: Lane) -> Option<&DndLane> {
        match which {
            Lane::Direct => Some(&self.dnd),
            Lane::Queue => self.queue.as_deref(),
        }
    }

    /// The same, to change.
    pub(super) fn lane_mut(&mut self, which: Lane) -> Option<&mut DndLane> {
        match which {
            Lane::Direct => Some(&mut self.dnd),
            Lane::Queue => self.queue.as_deref_mut(),
        }
    }

    /// A change of his is at the host.
    pub(super) fn is_asked(&self) -> bool {
        self.lanes().any(|lane| lane.offer().is_out()) || self.chat.offer().is_out()
    }

    /// Changes of his that were answered PENDING.
    pub(super) fn awaited(&self) -> usize {
        self.lanes().filter(|lane| lane.offer().is_pending()).count() + usize::from(self.chat.offer().is_pending())
    }

    /// Until when a report of his may be the echo of a change that was acknowledged.
    pub(super) fn echo_until(&self) -> Option<u64> {
        self.lanes().filter_map(DndLane::echo_until).max()
    }

    /// What the host refused may be offered at once.
    pub(super) fn hurry(&mut self, now: u64) {
        self.lanes_mut().for_each(|lane| lane.offer_mut().hurry(now));
        self.chat.offer_mut().hurry(now);
    }

    /// The host has no such user.
    pub(super) fn forget_host(&mut self) {
        self.lanes_mut().for_each(DndLane::forget_host);
        self.chat.forget_host();
    }

    /// Found in the directory.
    pub(super) fn is_matched(&self) -> bool {
        matches!(self.matching, MatchKind::Matched(_))
    }

    /// The host named him by object id. One who was searched by address in vain has none.
    pub(super) fn is_named(&self) -> bool {
        match self.matching {
            MatchKind::Matched(by) => by == MatchedBy::Override,
            MatchKind::Unmatched(_) => self.object != Guid(0),
            MatchKind::NoAddress | MatchKind::Invalid | MatchKind::Pending | MatchKind::OptedOut => false,
        }
    }

    /// Takes a seat, if he is still one of the host's: there is an address or an object id to follow him by, and he may be followed.
    pub(super) fn counts_for_seats(&self) -> bool {
        self.leaving.is_none() && !matches!(self.matching, MatchKind::NoAddress | MatchKind::Invalid | MatchKind::OptedOut)
    }

    /// He is no longer served: what is ours is given back, and wherever that is DND, chat too.
    pub(super) fn release(&mut self, reason: Reason, now: u64) {
        let owned = self.lanes().any(DndLane::owes);
        self.lanes_mut().for_each(|lane| lane.release(reason, now));
        self.chat.release(reason, now, owned);
    }

    /// Until when he must be known although he was removed and owes nothing: who is put again at once must find neither the echoes of our last
    /// changes taken for a person's acts, nor an override of his forgotten.
    pub(super) fn lingers_until(&self) -> Option<u64> {
        let since = self.leaving?.ms();
        let overridden = self.lanes().any(DndLane::overrides).then(|| since.saturating_add(OVERRIDDEN_LINGERS_MS));
        overridden.into_iter().chain(self.echo_until()).max()
    }

    /// Something of ours stands at the host.
    pub(super) fn owes(&self) -> bool {
        !self.gone && (self.lanes().any(DndLane::owes) || self.chat.owes())
    }

    /// Another person stands behind the user: what was known of the old one is dropped at once. DND stays until there is news.
    pub(super) fn forget_person(&mut self, now: u64) {
        self.presence = None;
        self.fresh = false;
        self.news = false;
        self.stale = false;
        self.seen_at = now;
        self.lanes_mut().for_each(DndLane::forget_decision);
        self.chat.forget_decision();
    }

    /// Removed, and all that was ours is given back: he is kept for late echoes only, and to the host there is no such user.
    pub(super) fn only_echoes(&self) -> bool {
        self.leaving.is_some() && !self.owes() && !self.is_asked()
    }
}
