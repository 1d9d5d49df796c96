//! Which account an address stands for. Pure: users go in, one verdict for each address comes out.
//!
//! By main address, then by sign-in name, then by any other address. Guests and disabled accounts are struck out before the hits of a step
//! are counted; more than one is ambiguous. Addresses are compared here, whatever the directory's own filter thought equal.

use std::collections::HashSet;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::address::askable;
use crate::graph::users::{By, User};
use crate::presence::Guid;
use crate::sync::{MatchedBy, Resolution, Unmatched, hash_address, same_address};

/// Hits of one address that are kept: enough to tell one from several and to hear of changes.
const MOST_HITS: usize = 32;

/// Collects users and says who is who. There may be 100,000 addresses at once: what is kept of each stands in one list, so that the
/// memory goes back as a whole.
#[derive(Debug, Default)]
pub struct Matcher {
    /// Places in the list, by address.
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    wanted: Vec<Wanted>,
    removed: HashSet<Guid>,
}

#[derive(Debug)]
struct Wanted {
    /// As the host spelled it.
    address: Arc<str>,
    /// Other spellings, where only rarer letters differ in case.
    others: Vec<Arc<str>>,
    /// Each account once.
    hit: Option<Hit>,
    /// Those after the first.
    more: Vec<Hit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hit {
    id: Guid,
    /// The first step that finds it: later ones find nothing that this one would not have settled.
    by: By,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Active,
    Guest,
    Disabled,
}

/// What was found for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The address, as the host spelled it.
    pub address: Arc<str>,
    /// Whom it stands for.
    pub resolution: Resolution,
    /// How many active accounts have it, where that is one too many.
    pub hits: Option<u64>,
    /// Everybody who has it in any place, struck out or not: a change of one of them may change the verdict.
    pub holders: Vec<Guid>,
}

impl Matcher {
    /// Looks for these addresses.
    pub fn new<A: Into<Arc<str>>>(addresses: impl IntoIterator<Item = A>) -> Matcher {
        let addresses = addresses.into_iter();
        let mut matcher = Matcher { wanted: Vec::with_capacity(addresses.size_hint().0), ..Matcher::default() };
        for address in addresses {
            let address: Arc<str> = address.into();
            match matcher.place(&address) {
                Some(place) => matcher.wanted[place].others.push(address),
                None => matcher.want(address),
            }
        }
        matcher
    }

    fn want(&mut self, address: Arc<str>) {
        let Matcher { places, hasher, wanted, .. } = self;
        let hash = hash_address(hasher, address.trim());
        let place = wanted.len() as u32;
        wanted.push(Wanted { address, others: Vec::new(), hit: None, more: Vec::new() });
        places.insert_unique(hash, place, |place| hash_address(hasher, wanted[*place as usize].address.trim()));
    }

    fn place(&self, address: &str) -> Option<usize> {
        let address = address.trim();
        let same = |place: &u32| same_address(self.wanted[*place as usize].address.trim(), address);
        self.places.find(hash_address(&self.hasher, address), same).map(|place| *place as usize)
    }

    /// These accounts are known to be gone, even if a list that lags behind still names them.
    pub fn strike(&mut self, removed: impl IntoIterator<Item = Guid>) {
        self.removed.extend(removed);
    }

    /// Looks at one user. The same user may come several times.
    pub fn offer(&mut self, user: &User) {
        if self.removed.contains(&user.id) {
            return;
        }
        let standing = match (user.guest, user.enabled) {
            (true, _) => Standing::Guest,
            (false, Some(false)) => Standing::Disabled,
            (false, _) => Standing::Active,
        };
        let named = user.mail.iter().map(|address| (By::Mail, address));
        let named = named.chain(user.upn.iter().map(|address| (By::Upn, address)));
        let named = named.chain(user.proxies.iter().map(|address| (By::Proxy, address)));
        for (by, address) in named {
            let Some(place) = self.place(address) else { continue };
            let Wanted { hit, more, .. } = &mut self.wanted[place];
            if let Some(known) = hit.iter_mut().chain(&mut *more).find(|hit| hit.id == user.id) {
                (known.by, known.standing) = (known.by.min(by), standing);
            } else if hit.is_none() {
                *hit = Some(Hit { id: user.id, by, standing });
            } else if more.len() < MOST_HITS {
                more.push(Hit { id: user.id, by, standing });
            }
        }
    }

    /// The addresses that main address and sign-in name have not settled, in the form to ask with.
    pub fn open(&self) -> Vec<Arc<str>> {
        let settled = |wanted: &&Wanted| wanted.hits().any(|hit| hit.by != By::Proxy && hit.standing == Standing::Active);
        self.wanted
            .iter()
            .filter(|wanted| !settled(wanted))
            .map(|wanted| &wanted.address)
            .filter(|address| askable(address))
            .cloned()
            .collect()
    }

    /// The verdicts, one for each address given.
    pub fn verdicts(self) -> impl Iterator<Item = Verdict> {
        self.wanted.into_iter().flat_map(|wanted| {
            let resolution = wanted.resolution();
            let hits = (resolution == Resolution::Unmatched(Unmatched::Ambiguous)).then(|| wanted.rivals());
            let mut holders: Vec<Guid> = wanted.hits().map(|hit| hit.id).collect();
            holders.sort_unstable();
            std::iter::once(wanted.address).chain(wanted.others).map(move |address| Verdict {
                address,
                resolution,
                hits,
                holders: holders.clone(),
            })
        })
    }
}

impl Wanted {
    fn hits(&self) -> impl Iterator<Item = &Hit> {
        self.hit.iter().chain(&self.more)
    }

    /// How many active accounts the first step that finds any finds.
    fn rivals(&self) -> u64 {
        let active = || self.hits().filter(|hit| hit.standing == Standing::Active).map(|hit| hit.by);
        active().min().map_or(0, |step| active().filter(|by| *by == step).count() as u64)
    }

    fn resolution(&self) -> Resolution {
        for (step, by) in [(By::Mail, MatchedBy::Mail), (By::Upn, MatchedBy::Upn), (By::Proxy, MatchedBy::ProxyAddress)] {
            let mut active = self.hits().filter(|hit| hit.by == step && hit.standing == Standing::Active);
            match (active.next(), active.next()) {
                (Some(only), None) => return Resolution::Matched { object: only.id, by },
                (Some(_), Some(_)) => return Resolution::Unmatched(Unmatched::Ambiguous),
                (None, _) => {}
            }
        }
        let any = |standing| self.hits().any(|hit| hit.standing == standing);
        // A disabled account is the nearer miss: an administrator can enable it.
        Resolution::Unmatched(if any(Standing::Disabled) {
            Unmatched::Disabled
        } else if any(Standing::Guest) {
            Unmatched::Guest
        } else {
            Unmatched::Unknown
        })
    }
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
