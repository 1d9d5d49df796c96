//! The mapping: the host's users, and whom of Entra they stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dnd::DndLane;
use super::engine::{Engine, NAMED};
use super::roster::{Slot, same_address};
use super::stamp::Stamp;
use super::terms::Lane;
use super::user::{MatchKind, MatchedBy, Resolution, User, UserInput};
use crate::event::{Event, Kind};
use crate::presence::Guid;
use crate::time::Moment;

/// Longest address that is taken (RFC 5321, 4.5.3.1: 64 + 1 + 255).
const LONGEST_ADDRESS: usize = 320;

/// Which addresses the directory asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Never searched.
    Pending,
    /// Never searched, or searched in vain.
    Unmatched,
    /// All that are to be searched by address.
    All,
}

/// A user whose match changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The host's id.
    pub user_id: Arc<str>,
    /// How he stood.
    pub before: MatchKind,
    /// How he stands.
    pub after: MatchKind,
    /// Whom he stands for now.
    pub object: Guid,
    /// How many accounts have the address, where that is the trouble. The directory's to fill in.
    pub hits: Option<u64>,
}

/// Faults in users handed over, by cause: one event for each cause, however many there are.
#[derive(Default)]
struct Faults(BTreeMap<&'static str, (u64, Vec<String>)>);

impl Faults {
    fn add(&mut self, cause: &'static str, user_id: &str) {
        let (count, users) = self.0.entry(cause).or_default();
        *count += 1;
        if users.len() < NAMED {
            users.push(user_id.to_owned());
        }
    }
}

impl Engine {
    /// The whole mapping anew, in the order that counts for seats. Users not named are removed.
    pub fn set_users(&mut self, users: Vec<UserInput>, now: Moment) {
        let mut named = vec![false; users.len() + self.roster.slots().len()];
        let mut faults = Faults::default();
        self.next_order = 0;
        self.roster.reserve(users.len().saturating_sub(self.roster.len()));
        for input in users {
            if self.roster.by_id(&input.user_id).is_some_and(|slot| named[slot as usize]) {
                faults.add("duplicate_user_id", &input.user_id);
                continue;
            }
            let order = self.take_order();
            let (slot, _) = self.put(&input, Some(order), &mut faults, now);
            named[slot as usize] = true;
        }
        let unnamed: Vec<Slot> = self.roster.iter().map(|(slot, _)| slot).filter(|slot| !named[*slot as usize]).collect();
        unnamed.into_iter().for_each(|slot| self.leave(slot, now));
        self.named(true, now);
        self.handed_over |= self.has_pending() || !self.unchecked.is_empty();
        self.roster.shrink();
        self.reseat(now);
        self.tell_faults(faults, now);
        self.tell_opted_out(now);
    }

    /// One user added or changed.
    pub fn put_user(&mut self, input: &UserInput, now: Moment) {
        let mut faults = Faults::default();
        let known = self.roster.by_id(&input.user_id).and_then(|slot| self.roster.get(slot));
        let held = known.filter(|user| user.counts_for_seats()).map(|user| user.seated);
        let (slot, _) = self.put(input, None, &mut faults, now);
        self.named(false, now);
        let counts = self.roster.get(slot).is_some_and(User::counts_for_seats);
        match (held, counts) {
            (None, true) => self.seat_last(slot, now),
            (Some(seated), false) => self.seat_given_up(seated, now),
            _ => {}
        }
        self.tell_faults(faults, now);
    }

    /// One user removed. False if there is none of that id.
    pub fn remove_user(&mut self, user_id: &str, now: Moment) -> bool {
        let Some(slot) =
            self.roster.by_id(user_id).filter(|slot| self.roster.get(*slot).is_some_and(|user| user.leaving.is_none()))
        else {
            return self.expel_one(user_id, now);
        };
        let held = self.roster.get(slot).filter(|user| user.counts_for_seats()).map(|user| user.seated);
        self.leave(slot, now);
        if let Some(seated) = held {
            self.seat_given_up(seated, now);
        }
        true
    }

    pub(super) fn take_order(&mut self) -> u32 {
        self.next_order += 1;
        self.next_order - 1
    }

    fn leave(&mut self, slot: Slot, now: Moment) {
        if let Some(user) = self.roster.get_mut(slot)
            && user.leaving.is_none()
        {
            user.leaving = Some(Stamp::at(now.mono_ms));
            user.news = false;
            let seen_at = user.seen_at;
            self.polled = None;
            self.forget_call(slot, now);
            self.evaluate(slot, seen_at, now);
            // A stopped instance has nobody to offer a release to; what is ours stays recorded until the next start.
        }
    }

    fn put(&mut self, input: &UserInput, order: Option<u32>, faults: &mut Faults, now: Moment) -> (Slot, bool) {
        let (slot, new) = match self.roster.by_id(&input.user_id) {
            Some(slot) => (slot, false),
            None => {
                let place = order.unwrap_or_else(|| self.take_order());
                (self.roster.insert(User::new((&*input.user_id).into(), place, now.mono_ms)), true)
            }
        };
        let back = self.roster.get(slot).is_some_and(|user| user.leaving.is_some());
        let order = if back && order.is_none() { Some(self.take_order()) } else { order };
        self.set_person(slot, input, faults, now);
        let rule_set = self.rule_set(slot, input.rule_set.as_deref(), now);
        let Some(user) = self.roster.get_mut(slot) else { return (slot, new) };
        user.rule_set = rule_set;
        if let Some(order) = order {
            user.order = order;
        }
        user.leaving = None;
        if new {
            user.dnd.start();
            user.chat.start();
            self.recall(slot);
        }
        self.open_queue(slot);
        let Some(user) = self.roster.get_mut(slot) else { return (slot, new) };
        if user.gone {
            user.gone = false;
            user.lanes_mut().for_each(DndLane::revive);
            user.chat.revive();
        }
        let dnd = [Lane::Direct, Lane::Queue].map(|which| user.lane(which).and_then(|lane| lane.offer().out_id()));
        let out = [dnd[0], dnd[1], user.chat.offer().out_id()];
        self.aside.put_over(slot, out);
        let force = self.settings.policy.force;
        let Some(user) = self.roster.get_mut(slot) else { return (slot, new) };
        user.dnd.host_fact(input.host_dnd, now.mono_ms, force);
        self.queue_fact(slot, input.host_queue_dnd, now.mono_ms);
        let Some(user) = self.roster.get_mut(slot) else { return (slot, new) };
        // The host shows that it is there: what it refused may be offered at once.
        user.hurry(now.mono_ms);
        let seen_at = user.seen_at;
        self.evaluate(slot, seen_at, now);
        if self.roster.get(slot).is_some_and(|user| !user.stale) {
            self.stale_scan_at = self.stale_scan_at.min(now.mono_ms + self.settings.stale_after_ms);
        }
        (slot, new)
    }

    /// Takes over address and object id, and forgets the old person where there is another one behind the user now.
    fn set_person(&mut self, slot: Slot, input: &UserInput, faults: &mut Faults, now: Moment) {
        let email = input.email.as_deref().map(str::trim).filter(|email| !email.is_empty());
        let object_text = input.entra_object_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let object = object_text.map(str::parse::<Guid>);
        let wanted = match (object, email) {
            (Some(Err(_)), _) => {
                faults.add("malformed_object_id", &input.user_id);
                MatchKind::Invalid
            }
            (Some(Ok(_)), _) => MatchKind::Matched(MatchedBy::Override),
            (None, None) => {
                faults.add("no_email", &input.user_id);
                MatchKind::NoAddress
            }
            (None, Some(email)) if !is_address(email) => {
                faults.add("malformed_email", &input.user_id);
                MatchKind::Invalid
            }
            (None, Some(_)) => MatchKind::Pending,
        };
        let listed = self.settings.opt_out.has(&input.user_id, email);
        let wanted = match wanted {
            MatchKind::Matched(_) | MatchKind::Pending if listed => MatchKind::OptedOut,
            wanted => wanted,
        };
        let Some(user) = self.roster.get(slot) else { return };
        let same_email = match (user.email.as_deref(), email) {
            (Some(old), Some(new)) => same_address(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        // What was searched already need not be searched again.
        let searched = !user.is_named() && matches!(user.matching, MatchKind::Matched(_) | MatchKind::Unmatched(_));
        let named_before = user.is_named() && object == Some(Ok(user.object));
        let matching = match wanted {
            MatchKind::Pending if same_email && searched => user.matching,
            MatchKind::Matched(_) if named_before => user.matching,
            wanted => wanted,
        };
        let target = match object {
            Some(Ok(object)) => object,
            _ if matching == user.matching && user.is_matched() => user.object,
            _ => Guid(0),
        };
        if user.email.as_deref() != email {
            self.roster.set_email(slot, email);
        }
        let Some(user) = self.roster.get_mut(slot) else { return };
        let dropped = matching == MatchKind::OptedOut && user.matching != matching;
        let another = dropped || user.object != target || !same_email && target == Guid(0);
        // Who is not found yet is not polled: a thousand puts do not make the list of the polled anew a thousand times.
        let polled = user.is_matched() || matches!(matching, MatchKind::Matched(_));
        let polled_anew = polled && (another || user.matching != matching || user.leaving.is_some());
        user.matching = matching;
        if another {
            self.forget_person(slot, now);
        }
        if polled_anew {
            self.polled = None;
        }
        self.set_object(slot, target, now);
        if matches!(object, Some(Ok(_))) && !named_before && !listed {
            self.unchecked.insert(target);
        }
    }

    /// The place of the rule set of this name; the default one, and an event, where there is none. A name that was told is not told again.
    pub(super) fn rule_set(&mut self, slot: Slot, name: Option<&str>, now: Moment) -> u16 {
        let name = name.filter(|name| !name.is_empty());
        let number = name.and_then(|name| self.settings.rule_set_names.get(name)).copied();
        let (Some(name), None) = (name, number) else {
            self.unknown_rule_sets.remove(&slot);
            return number.unwrap_or(0);
        };
        if self.unknown_rule_sets.insert(slot, name.into()).as_deref() != Some(name)
            && let Some(id) = self.roster.get(slot).map(|user| user.id.clone())
        {
            let known: Vec<String> = self.settings.rule_set_names.keys().take(NAMED).cloned().collect();
            self.notice(Event::new(Kind::RuleSetUnknown).with("rule_set", name).with("known", known).user(id), now);
        }
        0
    }

    fn tell_faults(&mut self, faults: Faults, now: Moment) {
        for (cause, (count, users)) in faults.0 {
            self.notice(Event::new(Kind::UserInvalid).with("cause", cause).with("count", count).with("users", users), now);
        }
    }

    // ---- the directory's side ----

    /// The addresses to search, as the host gave them, each once: of users with one address the first that is to be searched speaks.
    pub fn addresses(&self, which: Which) -> Vec<Arc<str>> {
        let wanted = |user: &User| match user.matching {
            _ if user.leaving.is_some() || user.is_named() => false,
            MatchKind::Pending => true,
            MatchKind::Unmatched(_) => which != Which::Pending,
            MatchKind::Matched(_) => which == Which::All,
            MatchKind::NoAddress | MatchKind::Invalid | MatchKind::OptedOut => false,
        };
        self.roster.addresses(wanted)
    }

    /// Is anybody never searched?
    pub fn has_pending(&self) -> bool {
        self.roster.iter().any(|(_, user)| user.matching == MatchKind::Pending && user.leaving.is_none())
    }

    /// A whole mapping brought somebody to search since this was last asked.
    pub fn take_handed_over(&mut self) -> bool {
        std::mem::take(&mut self.handed_over)
    }

    fn searches(&self, slot: Slot) -> bool {
        self.roster.get(slot).is_some_and(|user| {
            let searched = matches!(user.matching, MatchKind::Pending | MatchKind::Matched(_) | MatchKind::Unmatched(_));
            user.leaving.is_none() && searched && !user.is_named()
        })
    }

    /// Is anybody mapped by this address?
    pub fn has_address(&self, address: &str) -> bool {
        self.roster.by_address(address).any(|slot| self.searches(slot))
    }

    /// The mapped addresses that stand for this person.
    pub fn addresses_of(&self, object: Guid) -> Vec<Arc<str>> {
        let mut out: Vec<Arc<str>> = Vec::new();
        for email in self
            .roster
            .by_object(object)
            .filter(|slot| self.searches(*slot))
            .filter_map(|slot| self.roster.get(slot)?.email.clone())
        {
            if !out.iter().any(|known| same_address(known, &email)) {
                out.push(email);
            }
        }
        out
    }

    /// The host's ids of those who stand for this person.
    pub fn users_of(&self, object: Guid) -> Vec<Arc<str>> {
        self.roster.by_object(object).filter_map(|slot| self.roster.get(slot)).map(|user| user.id.clone()).collect()
    }

    /// What the directory found for an address, for all users who have it. Answers whose match changed.
    pub fn resolve(&mut self, address: &str, resolution: &Resolution, now: Moment) -> Vec<Turn> {
        let slots: Vec<Slot> = self.roster.by_address(address).filter(|slot| self.searches(*slot)).collect();
        let (after, object) = match *resolution {
            Resolution::Matched { object, by } => (MatchKind::Matched(by), object),
            Resolution::Unmatched(why) => (MatchKind::Unmatched(why), Guid(0)),
        };
        let mut turns = Vec::new();
        for slot in slots {
            let Some(user) = self.roster.get_mut(slot) else { continue };
            let before = user.matching;
            if before == after && user.object == object {
                continue;
            }
            user.matching = after;
            turns.push(Turn { user_id: user.id.clone(), before, after, object, hits: None });
            if user.object != object && user.object != Guid(0) {
                self.forget_person(slot, now);
            }
            let Some(seen_at) = self.roster.get(slot).map(|user| user.seen_at) else { continue };
            self.polled = None;
            self.set_object(slot, object, now);
            self.evaluate(slot, seen_at, now);
        }
        turns
    }
}

/// Could be an address: something on both sides of an @, no blanks or control characters. What it really is, the directory says.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && !domain.is_empty()
        && text.len() <= LONGEST_ADDRESS
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}
