//! The host's side: what goes out next, what it answered, what it reports.

use std::sync::Arc;

use super::dnd::DndLane;
use super::engine::{Engine, NAMED, Phase};
use super::offer::{FAILURES_TO_TELL, Outcome};
use super::roster::Slot;
use super::terms::Lane;
use super::user::User;
use super::{Answer, Change, Delivery, Origin, PresenceView, Reason};
use crate::event::{Event, Kind};
use crate::time::Moment;

/// Bits of a change id below the serial number: place of the user ...
const SLOT_BITS: u32 = 24;

/// ... and which output.
const OUTPUT_BITS: u32 = 2;

/// One of the outputs, as a change id names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Dnd,
    Chat,
    Queue,
}

impl Output {
    /// In the order in which they go out.
    const ALL: [Output; 3] = [Output::Dnd, Output::Queue, Output::Chat];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Output::Dnd => "dnd",
            Output::Chat => "chat",
            Output::Queue => "queue",
        }
    }

    /// The DND lane behind it; none behind chat.
    fn lane(self) -> Option<Lane> {
        match self {
            Output::Dnd => Some(Lane::Direct),
            Output::Queue => Some(Lane::Queue),
            Output::Chat => None,
        }
    }
}

fn change_id(serial: u64, slot: Slot, output: Output) -> u64 {
    serial << (SLOT_BITS + OUTPUT_BITS) | u64::from(slot) << OUTPUT_BITS | output as u64
}

impl Engine {
    /// The next thing for the host. Of each user first the presence, then DND, then the queue's DND, then chat; users in turn.
    pub fn next_delivery(&mut self, now: Moment) -> Option<Delivery> {
        while let Some(slot) = self.ready.pop_front() {
            let Some(user) = self.roster.get_mut(slot) else { continue };
            user.queued = false;
            if let Some(delivery) = self.deliver(slot, now) {
                // What else is due of this user takes its turn behind the others.
                self.after(slot, now);
                return Some(delivery);
            }
        }
        self.tell_undelivered(now);
        None
    }

    /// Something can go out now.
    pub fn has_delivery(&mut self) -> bool {
        !self.ready.is_empty()
    }

    fn deliver(&mut self, slot: Slot, now: Moment) -> Option<Delivery> {
        let user = self.roster.get(slot)?;
        if !self.is_due(user, now.mono_ms) {
            return None;
        }
        let view = self.view(user, now).map(Box::new);
        if user.news && self.settings.outputs.presence {
            self.roster.get_mut(slot)?.news = false;
            return view.map(Delivery::Presence);
        }
        let serial = self.next_serial();
        let dry_since = self.rehearsal.since;
        for (output, which) in [(Output::Dnd, Lane::Direct), (Output::Queue, Lane::Queue)] {
            let Some(lane) = self.roster.get(slot)?.lane(which) else { continue };
            let Some((value, reason)) = self.due_dnd(lane, now.mono_ms) else { continue };
            let user = self.roster.get_mut(slot)?;
            let lane = user.lane_mut(which)?;
            let (change_id, attempt) = lane.begin(value, || change_id(serial, slot, output));
            self.aside.goes_out(slot, change_id);
            let decided_at = if reason == Reason::DryRun { dry_since } else { lane.decided_at() };
            let decided_at_ms = now.wall_at(decided_at);
            let (user_id, email) = (user.id.clone(), user.email.clone());
            let change = Box::new(Change { change_id, user_id, email, presence: view, decided_at_ms, value, reason, attempt });
            return Some(match which {
                Lane::Direct => Delivery::Dnd(change),
                Lane::Queue => Delivery::Queue(change),
            });
        }
        let (value, reason) = self.due_chat(self.roster.get(slot)?, now.mono_ms)?;
        let user = self.roster.get_mut(slot)?;
        let (change_id, attempt) = user.chat.begin(value, || change_id(serial, slot, Output::Chat));
        self.aside.goes_out(slot, change_id);
        let decided_at = if reason == Reason::DryRun { dry_since } else { user.chat.decided_at() };
        let decided_at_ms = now.wall_at(decided_at);
        let (user_id, email) = (user.id.clone(), user.email.clone());
        Some(Delivery::Chat(Box::new(Change {
            change_id,
            user_id,
            email,
            presence: view,
            decided_at_ms,
            value,
            reason,
            attempt,
        })))
    }

    /// The newest presence of a user as the host sees it.
    pub(super) fn view(&self, user: &User, now: Moment) -> Option<PresenceView> {
        let presence = user.presence?;
        Some(PresenceView {
            user_id: user.id.clone(),
            email: user.email.clone(),
            object_id: user.object,
            availability: presence.availability,
            activity: presence.activity,
            availability_text: self.words.text(presence.availability_word).clone(),
            activity_text: self.words.text(presence.activity_word).clone(),
            out_of_office: presence.out_of_office,
            source: user.source,
            observed_at_ms: now.wall_at(user.seen_at),
        })
    }

    /// The callback for this change has returned.
    pub fn answered(&mut self, id: u64, answer: Answer, now: Moment) {
        let Some((slot, output)) = self.find_change(id) else { return };
        let jitter = self.jitter();
        let policy = self.settings.policy;
        let Some(user) = self.roster.get_mut(slot) else { return };
        let before = user.standing_of(output);
        let outcome = match output.lane() {
            Some(which) => user.lane_mut(which).map(|lane| lane.returned(answer, now.mono_ms, &policy, jitter)),
            None => Some(user.chat.returned(answer, now.mono_ms, policy.ack_timeout_ms, jitter)),
        };
        let Some(outcome) = outcome else { return };
        self.settle(slot, output, before, outcome, now);
    }

    /// `tps_acknowledge`. False if nobody waits for this id: it was answered, or a newer change took its place.
    pub fn acknowledge(&mut self, id: u64, answer: Answer, now: Moment) -> bool {
        let Some((slot, output)) = self.find_change(id) else { return false };
        let jitter = self.jitter();
        let policy = self.settings.policy;
        let Some(user) = self.roster.get_mut(slot) else { return false };
        let before = user.standing_of(output);
        let outcome = match output.lane() {
            Some(which) => user.lane_mut(which).and_then(|lane| lane.acknowledge(answer, now.mono_ms, &policy, jitter)),
            None => user.chat.acknowledge(answer, now.mono_ms, jitter),
        };
        let Some(outcome) = outcome else { return false };
        self.settle(slot, output, before, outcome, now);
        true
    }

    fn find_change(&self, id: u64) -> Option<(Slot, Output)> {
        let number = id & ((1 << OUTPUT_BITS) - 1);
        let output = Output::ALL.into_iter().find(|output| *output as u64 == number)?;
        let slot = (id >> OUTPUT_BITS) as u32 & ((1 << SLOT_BITS) - 1);
        let user = self.roster.get(slot)?;
        let known = match output.lane() {
            Some(which) => user.lane(which)?.offer().change_id(),
            None => user.chat.offer().change_id(),
        };
        (known == id).then_some((slot, output))
    }

    fn settle(&mut self, slot: Slot, output: Output, before: (bool, u8), outcome: Outcome, now: Moment) {
        let Some(user) = self.roster.get_mut(slot) else { return };
        let (was_pending, failures_before) = before;
        let (pending, failures) = user.standing_of(output);
        let id = user.id.clone();
        let change = match output.lane() {
            Some(which) => user.lane(which).map(|lane| lane.offer().change_id()),
            None => Some(user.chat.offer().change_id()),
        };
        match outcome {
            // The change was on its way when the host put the user (again): the put is newer, so what is wanted is delivered anew.
            Outcome::Gone if !user.gone && self.aside.was_put_over(slot, change) => {
                user.lanes_mut().for_each(DndLane::revive);
                user.chat.revive();
            }
            Outcome::Gone if !user.gone => {
                user.gone = true;
                user.forget_host();
                self.notice(Event::new(Kind::UserGone).with("output", output.as_str()).user(id), now);
            }
            Outcome::Refused => self.tell_failures(slot, output.as_str(), failures, "retry", now),
            Outcome::Applied | Outcome::Already if failures_before >= FAILURES_TO_TELL => {
                let attempts = u64::from(failures_before) + 1;
                self.notice(
                    Event::new(Kind::HostRecovered).with("output", output.as_str()).with("attempts", attempts).user(id),
                    now,
                );
            }
            _ => {}
        }
        match (was_pending, pending) {
            (false, true) => self.pending += 1,
            (true, false) => self.pending -= 1,
            _ => {}
        }
        self.after(slot, now);
    }

    /// One event after the 5th failure in a row.
    pub(super) fn tell_failures(&mut self, slot: Slot, output: &'static str, failures: u8, answer: &'static str, now: Moment) {
        if failures == FAILURES_TO_TELL
            && let Some(user) = self.roster.get(slot)
        {
            let event =
                Event::new(Kind::HostRefuses).with("output", output).with("attempts", u64::from(failures)).with("answer", answer);
            let event = event.user(user.id.clone());
            self.notice(event, now);
        }
    }

    /// A stop waits no longer for answers that are owed: they count as not come. An ON among them may have been applied, so its OFF goes
    /// out, once; who is left with something of ours is named.
    pub fn give_up_answers(&mut self, now: Moment) {
        for slot in self.roster.slots() {
            let jitter = self.jitter();
            let Some(user) = self.roster.get_mut(slot) else { continue };
            user.lanes_mut().for_each(|lane| lane.offer_mut().expire());
            user.chat.offer_mut().expire();
            let ended = user.time_out(now.mono_ms, jitter).into_iter().flatten().count();
            if ended > 0 {
                self.pending -= ended;
                self.after(slot, now);
            }
        }
    }

    /// A change was answered PENDING and is still open.
    pub fn awaits_answers(&self) -> bool {
        self.pending > 0
    }

    /// `tps_report_dnd`. False if there is no such user.
    pub fn report_dnd(&mut self, user_id: &str, on: bool, origin: Origin, now: Moment) -> bool {
        let Some(slot) = self.roster.by_id(user_id) else { return false };
        let force = self.settings.policy.force;
        let Some(user) = self.roster.get_mut(slot) else { return false };
        user.dnd.report(on, origin, now.mono_ms, force);
        // An override ends by itself, also where Teams changes nothing any more.
        let ends = user.dnd.override_look_at(now.mono_ms);
        ends.into_iter().for_each(|at| self.arm(slot, at));
        self.after(slot, now);
        true
    }

    /// `tps_report_queue`. False if there is no such user.
    pub fn report_queue(&mut self, user_id: &str, on: bool, origin: Origin, now: Moment) -> bool {
        let Some(slot) = self.roster.by_id(user_id) else { return false };
        let force = self.settings.policy.force;
        if let Some(lane) = self.queue_said(slot, on) {
            lane.report(on, origin, now.mono_ms, force);
            let ends = lane.override_look_at(now.mono_ms);
            ends.into_iter().for_each(|at| self.arm(slot, at));
            self.after(slot, now);
        }
        true
    }

    /// `tps_refresh`: what the host refused is offered at once. False if there is no such user.
    pub fn hurry(&mut self, user_id: Option<&str>, now: Moment) -> bool {
        let slots: Vec<Slot> = match user_id {
            Some(id) => match self.roster.by_id(id).filter(|slot| self.roster.get(*slot).is_some_and(|user| !user.only_echoes()))
            {
                Some(slot) => vec![slot],
                None => return false,
            },
            None => self.roster.slots().collect(),
        };
        for slot in slots {
            if let Some(user) = self.roster.get_mut(slot) {
                user.hurry(now.mono_ms);
                self.after(slot, now);
            }
        }
        true
    }

    /// At the end of a stop: names those at whom something of ours stays although it was to be released.
    fn tell_undelivered(&mut self, now: Moment) {
        if self.phase != (Phase::Stopping { told: false }) || self.pending > 0 {
            return;
        }
        if self.roster.iter().any(|(_, user)| user.is_asked()) {
            return;
        }
        self.phase = Phase::Stopping { told: true };
        let dry_run = self.settings.dry_run;
        let named = self.roster.iter().filter(|(_, user)| user.owes() && (user.is_released() || dry_run));
        let left: Vec<Arc<str>> = named.map(|(_, user)| user.id.clone()).collect();
        if !left.is_empty() {
            let names: Vec<String> = left.iter().take(NAMED).map(|id| id.to_string()).collect();
            let event = Event::new(Kind::ReleaseUndelivered).with("cause", "stopping").with("count", left.len() as u64);
            self.notice(event.with("users", names), now);
        }
    }
}

impl User {
    /// Whether an acknowledgement is awaited, and failures in a row.
    pub(super) fn standing_of(&self, output: Output) -> (bool, u8) {
        let offer = |lane: &DndLane| (lane.offer().is_pending(), lane.offer().failures());
        match output.lane() {
            Some(which) => self.lane(which).map_or((false, 0), offer),
            None => (self.chat.offer().is_pending(), self.chat.offer().failures()),
        }
    }

    /// Counts acknowledgements that did not come in time; answers which.
    pub(super) fn time_out(&mut self, now: u64, jitter: u64) -> [Option<Output>; 3] {
        Output::ALL.map(|output| {
            let due = match output.lane() {
                Some(which) => self.lane_mut(which).is_some_and(|lane| lane.time_out(now, jitter)),
                None => self.chat.time_out(now, jitter),
            };
            due.then_some(output)
        })
    }

    /// Something of his is to be given back and not to be asked for again.
    fn is_released(&self) -> bool {
        self.dnd.released().is_some() || self.queue.as_ref().is_some_and(|lane| lane.released().is_some() && lane.owes())
    }
}
