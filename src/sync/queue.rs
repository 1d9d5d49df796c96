//! Do-not-disturb for the calls that queues hand out, apart from the user's own: a second [`DndLane`] under the same rules.
//!
//! A user has it where a rule of his set names `queue`, and otherwise only while that DND is known to be on: a person's must be known when a
//! reload brings such a rule, and what is ours is to be given back. Everybody else pays a pointer.

use super::Reason;
use super::dnd::DndLane;
use super::engine::Engine;
use super::keeps::Keeps;
use super::roster::Slot;
use super::rules::QueueDecision;
use super::terms::HostDnd;
use super::user::User;

impl User {
    /// The lane, made if there is none: as after a start, for nothing is known of it.
    fn open_queue(&mut self) -> &mut DndLane {
        self.queue.get_or_insert_with(|| {
            let mut lane = Box::<DndLane>::default();
            lane.start();
            lane
        })
    }

    /// The rules' word on the queue. Answers when to look again.
    pub(super) fn decide_queue(&mut self, word: Option<QueueDecision>, stood_until: u64, now: u64, force: bool) -> Option<u64> {
        let (Some(lane), Some(word)) = (&mut self.queue, word) else { return None };
        let held_until = lane.decide(word.says, word.holds, stood_until, now, force);
        [held_until, lane.override_look_at(now)].into_iter().flatten().min()
    }

    /// No rule speaks of the queue, or none any more: nobody would ever say off, so what is ours goes off at once.
    pub(super) fn retire_queue(&mut self, now: u64) {
        if let Some(lane) = &mut self.queue {
            lane.release(Reason::Rule, now);
        }
    }

    /// What a later run must know. A host that cannot be told of the queue does not make us forget what one before it was told.
    pub(super) fn keeps(&self, told_of_queue: bool) -> Keeps {
        let queue =
            if told_of_queue { self.queue.as_ref().map_or(Keeps::NOTHING, |lane| lane.keeps()) } else { self.kept.queue() };
        self.dnd.keeps().with_queue(queue)
    }
}

impl Engine {
    /// A rule of the user's set speaks of the queue, and the host can be told.
    pub(super) fn names_queue(&self, user: &User) -> bool {
        self.settings.outputs.queue && self.settings.queue_sets.get(user.rule_set as usize).copied().unwrap_or(false)
    }

    /// Gives a user the lane that his rules speak of.
    pub(super) fn open_queue(&mut self, slot: Slot) {
        if let Some(user) = self.roster.get(slot)
            && user.queue.is_none()
            && self.names_queue(user)
            && let Some(user) = self.roster.get_mut(slot)
        {
            user.open_queue();
        }
    }

    /// Takes the lane away where no rule speaks of it any more and there is nothing left to remember.
    pub(super) fn close_queue(&mut self, slot: Slot) {
        if let Some(user) = self.roster.get(slot)
            && user.queue.as_ref().is_some_and(|lane| lane.is_idle())
            && !self.names_queue(user)
            && let Some(user) = self.roster.get_mut(slot)
        {
            user.queue = None;
        }
    }

    /// The lane for what the host says of it. `None` where there is nothing to remember: it is off, and no rule speaks of it.
    pub(super) fn queue_said(&mut self, slot: Slot, is_on: bool) -> Option<&mut DndLane> {
        let told = self.settings.outputs.queue;
        let user = self.roster.get_mut(slot)?;
        if is_on && told {
            user.open_queue();
        }
        user.queue.as_deref_mut()
    }

    /// A fact about the host's queue DND, told with the user.
    pub(super) fn queue_fact(&mut self, slot: Slot, fact: HostDnd, now: u64) {
        let force = self.settings.policy.force;
        if let Some(lane) = self.queue_said(slot, matches!(fact, HostDnd::On | HostDnd::OnOurs)) {
            lane.host_fact(fact, now, force);
        }
    }

    /// Takes up what an earlier run knew of the lane. True if the DND may be ours by it.
    pub(super) fn restore_queue(&mut self, slot: Slot, keeps: Keeps) -> bool {
        let told = self.settings.outputs.queue;
        match self.roster.get_mut(slot) {
            Some(user) if told && keeps.queue() != Keeps::NOTHING => user.open_queue().restore(keeps.queue()),
            _ => false,
        }
    }
}
