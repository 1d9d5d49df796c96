//! Seats: how many users may be served, and who is left out.

use std::sync::Arc;

use super::engine::{Engine, NAMED};
use super::roster::Slot;
use super::told::Told;
use crate::event::{Event, Kind};
use crate::time::Moment;

impl Engine {
    /// Gives out the seats anew: the first in the order of the last `tps_set_users`, then of the puts; nobody over the limit where the
    /// configuration says so.
    pub(super) fn reseat(&mut self, now: Moment) {
        let mut counted: Vec<(u32, Slot)> =
            self.roster.iter().filter(|(_, user)| user.counts_for_seats()).map(|(slot, user)| (user.order, slot)).collect();
        self.seats_used = counted.len() as u64;
        let Some(limit) = self.settings.seats else {
            counted.iter().for_each(|(_, slot)| self.seat(*slot, true, now));
            self.tell_seats(0, true, now);
            return;
        };
        counted.sort_unstable();
        let served = if self.seats_used > limit && self.settings.nobody_over_limit { 0 } else { limit.min(self.seats_used) };
        // First those who lose their seat, so that never more than the limit are served.
        counted.iter().skip(served as usize).for_each(|(_, slot)| self.seat(*slot, false, now));
        counted.iter().take(served as usize).for_each(|(_, slot)| self.seat(*slot, true, now));
        self.tell_seats(self.seats_used - served, true, now);
    }

    /// One user was added behind all others.
    pub(super) fn seat_last(&mut self, slot: Slot, now: Moment) {
        let Some(limit) = self.settings.seats else {
            self.seats_used += 1;
            // He may have lost it under a limit that is gone.
            return self.seat(slot, true, now);
        };
        if self.settings.nobody_over_limit && self.seats_used == limit {
            return self.reseat(now);
        }
        self.seats_used += 1;
        self.seat(slot, self.seats_used <= limit, now);
        let over = self.seats_used.saturating_sub(limit);
        self.tell_seats(if over > 0 && self.settings.nobody_over_limit { self.seats_used } else { over }, false, now);
    }

    /// One user needs no seat any more; `seated` tells whether he had one.
    pub(super) fn seat_given_up(&mut self, seated: bool, now: Moment) {
        let Some(limit) = self.settings.seats else {
            self.seats_used -= 1;
            return;
        };
        if self.settings.nobody_over_limit && self.seats_used == limit + 1 {
            return self.reseat(now);
        }
        let waiting = self.seats_used > limit && seated;
        self.seats_used -= 1;
        if waiting && !self.settings.nobody_over_limit {
            let unseated = self.roster.iter().filter(|(_, user)| user.counts_for_seats() && !user.seated);
            if let Some(next) = unseated.min_by_key(|(_, user)| user.order).map(|(slot, _)| slot) {
                self.seat(next, true, now);
            }
        }
        let over = self.seats_used.saturating_sub(limit);
        self.tell_seats(if over > 0 && self.settings.nobody_over_limit { self.seats_used } else { over }, false, now);
    }

    fn seat(&mut self, slot: Slot, seated: bool, now: Moment) {
        if let Some(user) = self.roster.get_mut(slot)
            && user.seated != seated
        {
            user.seated = seated;
            let seen_at = user.seen_at;
            self.polled = None;
            self.evaluate(slot, seen_at, now);
        }
    }

    /// `exactly`: tells every change of the number; else only changes that can be named or that double or halve it, so that a thousand puts
    /// over the limit are not a thousand events.
    fn tell_seats(&mut self, left_out: u64, exactly: bool, now: Moment) {
        let limit = self.settings.seats.unwrap_or(0);
        let tell = if left_out > 0 {
            Told::Exceeded { left_out }
        } else if limit > 0 && self.seats_used * 10 >= limit * 9 {
            Told::Near
        } else {
            Told::Enough
        };
        let much = |told: u64| left_out >= 2 * told || told >= 2 * left_out;
        match (self.seats_told, tell) {
            (told, tell) if told == tell => return,
            (Told::Exceeded { left_out: told }, Told::Exceeded { left_out })
                if !exactly && left_out > NAMED as u64 && !much(told) =>
            {
                return;
            }
            _ => {}
        }
        let before = std::mem::replace(&mut self.seats_told, tell);
        let used = self.seats_used;
        match tell {
            Told::Exceeded { left_out } => {
                let names = self.left_out();
                let over = if self.settings.nobody_over_limit { "none" } else { "first" };
                let event = Event::new(Kind::SeatsExceeded).with("used", used).with("limit", limit).with("over_limit", over);
                self.notice(event.with("left_out", left_out).with("left_out_users", names), now);
                return;
            }
            Told::Near => self.notice(Event::new(Kind::SeatsNear).with("used", used).with("limit", limit), now),
            Told::Enough => {}
        }
        if matches!(before, Told::Exceeded { .. }) {
            self.notice(Event::new(Kind::SeatsRestored).with("used", used).with("limit", limit), now);
        }
    }

    fn left_out(&self) -> Vec<String> {
        let mut out: Vec<(u32, &Arc<str>)> = self
            .roster
            .iter()
            .filter(|(_, user)| user.counts_for_seats() && !user.seated)
            .map(|(_, user)| (user.order, &user.id))
            .collect();
        out.sort_unstable();
        out.into_iter().take(NAMED).map(|(_, id)| id.to_string()).collect()
    }
}
