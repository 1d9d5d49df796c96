//! People who are not to be followed: handed over by the host, and left alone.
//!
//! Who is on the list is known here only, by his id and the address the host gave: he is never searched or asked for, so Microsoft 365 does
//! not learn of him. What is ours is given back, what was seen is forgotten, and his seat is another's.

use std::collections::HashSet;

use super::engine::{Engine, NAMED};
use super::roster::Slot;
use super::user::{MatchKind, MatchedBy};
use crate::event::{Event, Kind};
use crate::presence::Guid;
use crate::time::Moment;

impl Engine {
    /// A new list: who is on it is dropped, who is not any more is followed again. Seats and decisions are looked at afterwards.
    pub(super) fn opt_out_and_in(&mut self, now: Moment) {
        for slot in self.roster.slots() {
            let Some(user) = self.roster.get(slot) else { continue };
            let listed = self.settings.opt_out.has(&user.id, user.email.as_deref());
            match user.matching {
                MatchKind::Matched(_) | MatchKind::Unmatched(_) | MatchKind::Pending if listed => self.opt_out(slot, now),
                // Who is leaving is looked at anew if the host puts him.
                MatchKind::OptedOut if !listed && user.leaving.is_none() => self.opt_in(slot, now),
                _ => {}
            }
        }
    }

    /// Whoever stands for this person by the host's own word is on the list: not to be looked up either.
    pub fn leaves_alone(&self, object: Guid) -> bool {
        let mut users = self.roster.by_object(object).filter_map(|slot| self.roster.get(slot)).peekable();
        users.peek().is_some() && users.all(|user| user.matching == MatchKind::OptedOut)
    }

    fn opt_out(&mut self, slot: Slot, now: Moment) {
        let Some(user) = self.roster.get_mut(slot) else { return };
        let named = user.is_named();
        if user.is_matched() {
            self.polled = None;
        }
        user.forget_person(now.mono_ms);
        user.matching = MatchKind::OptedOut;
        self.aside.forget(slot);
        // What the host said stays; what the directory said of him goes.
        if !named {
            self.roster.set_object(slot, Guid(0));
        }
    }

    fn opt_in(&mut self, slot: Slot, now: Moment) {
        let Some(user) = self.roster.get_mut(slot) else { return };
        user.seen_at = now.mono_ms;
        user.matching = MatchKind::Pending;
        if user.object != Guid(0) {
            user.matching = MatchKind::Matched(MatchedBy::Override);
            self.unchecked.insert(user.object);
            self.polled = None;
        }
    }

    /// Tells how many are on the list and whether entries of it name nobody: a slip there would be a person followed against his will.
    pub(super) fn tell_opted_out(&mut self, now: Moment) {
        let list = &self.settings.opt_out;
        let mut used: HashSet<&str> = HashSet::new();
        let mut users: Vec<(u32, &str)> = Vec::new();
        if !list.is_empty() {
            for (_, user) in self.roster.iter().filter(|(_, user)| user.leaving.is_none()) {
                let mut entries = list.entries(&user.id, user.email.as_deref()).peekable();
                if entries.peek().is_some() {
                    users.push((user.order, &user.id));
                    used.extend(entries);
                }
            }
        }
        let (count, idle) = (users.len() as u64, (list.len() - used.len()) as u64);
        // Before the host has handed anybody over, every entry would be idle.
        if self.opted_out_told == (count, idle) || self.roster.len() == 0 {
            return;
        }
        users.sort_unstable();
        let names: Vec<String> = users.into_iter().take(NAMED).map(|(_, id)| id.to_owned()).collect();
        let unknown: Vec<String> = list.ids().filter(|entry| !used.contains(entry)).take(NAMED).map(str::to_owned).collect();
        self.opted_out_told = (count, idle);
        let event = Event::new(Kind::OptedOut).with("users", count).with("opted_out_users", names);
        self.notice(event.with("entries_without_user", idle).with("unknown_user_ids", unknown), now);
    }
}
