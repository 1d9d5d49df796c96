//! The chat state of one user. It has no owner: Teams leads at each change, what a person sets in between stands until the next one.

use super::offer::{Offer, Outcome};
use super::stamp::Stamp;
use super::{Answer, Reason};
use crate::presence::Chat;

/// What a rule says of the chat state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatSays {
    /// This state; [`Chat::Released`] gives it back.
    Set(Chat),
    /// Leave it as it is.
    Keep,
}

/// The chat state of one user. See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChatLane {
    desired: Option<Chat>,
    decided_at: Stamp,
    acknowledged: Option<Chat>,
    acknowledged_at: Stamp,
    resync: bool,
    /// The host was told a state that it has not been told to forget.
    told: bool,
    released: Option<Reason>,
    offer: Offer<Chat>,
}

impl ChatLane {
    /// The rules' word on the newest presence. No holds: what people read should be what Teams shows.
    pub(super) fn decide(&mut self, says: ChatSays, now: u64) {
        self.released = None;
        if let ChatSays::Set(state) = says
            && self.desired != Some(state)
        {
            self.desired = Some(state);
            self.decided_at = Stamp::at(now);
        }
    }

    /// The presence behind the decision is gone (another address).
    pub(super) fn forget_decision(&mut self) {
        self.desired = None;
    }

    /// The user is no longer served. `with_dnd`: DND that is ours is given back, and then chat is whatever was told before.
    pub(super) fn release(&mut self, reason: Reason, now: u64, with_dnd: bool) {
        if with_dnd {
            self.release_with_dnd();
        }
        if self.released.is_none() {
            self.decided_at = Stamp::at(now);
        }
        self.released = Some(reason);
        self.desired = None;
    }

    /// He is served again, and nothing is known of him yet: what is shown stays.
    pub(super) fn unrelease(&mut self) {
        // What the rules took back stays so: their word is all that is known.
        if self.released != Some(Reason::Rule) {
            self.released = None;
        }
    }

    /// After a start: the first decision is always delivered.
    pub(super) fn start(&mut self) {
        self.resync = true;
        self.released = None;
        self.desired = None;
    }

    /// The host has no such user.
    pub(super) fn forget_host(&mut self) {
        self.acknowledged = None;
        self.told = false;
    }

    /// The host has the user again: whatever it said before is void.
    pub(super) fn revive(&mut self) {
        self.resync = true;
    }

    /// What should be asked of the host, whether or not it may be asked now.
    pub(super) fn wanted(&self) -> Option<(Chat, Reason)> {
        if let Some(reason) = self.released {
            return self.told.then_some((Chat::Released, reason));
        }
        let target = self.desired?;
        let reason = if self.resync { Reason::Resync } else { Reason::Rule };
        (self.resync || self.acknowledged != Some(target)).then_some((target, reason))
    }

    /// The same in a dry run: what was told is taken back, nothing else is asked.
    pub(super) fn withheld(&self) -> Option<(Chat, Reason)> {
        self.told.then_some((Chat::Released, self.released.unwrap_or(Reason::DryRun)))
    }

    /// DND that is ours is given back: whatever was told before, chat is too.
    pub(super) fn release_with_dnd(&mut self) {
        self.told |= self.acknowledged != Some(Chat::Released);
    }

    /// The host's callback is about to run with `value`.
    pub(super) fn begin(&mut self, value: Chat, next_id: impl FnOnce() -> u64) -> (u64, u32) {
        self.told |= value != Chat::Released;
        self.offer.begin(value, next_id)
    }

    /// The callback has returned `answer`.
    pub(super) fn returned(&mut self, answer: Answer, now: u64, ack_timeout_ms: u64, jitter: u64) -> Outcome {
        let value = self.offer.out();
        let outcome = self.offer.returned(answer, now, ack_timeout_ms, jitter);
        self.take_in(value, outcome, now);
        outcome
    }

    /// `tps_acknowledge` for the change last offered. `None`: nobody waits for it any more.
    pub(super) fn acknowledge(&mut self, answer: Answer, now: u64, jitter: u64) -> Option<Outcome> {
        let value = self.offer.last();
        let outcome = self.offer.acknowledged(answer, now, jitter)?;
        self.take_in(value, outcome, now);
        Some(outcome)
    }

    /// Counts an acknowledgement that did not come in time: the state may have been applied, so that what is desired is delivered whatever
    /// was acknowledged before. True if one was due.
    pub(super) fn time_out(&mut self, now: u64, jitter: u64) -> bool {
        let due = self.offer.time_out(now, jitter);
        self.resync |= due;
        due
    }

    fn take_in(&mut self, value: Option<Chat>, outcome: Outcome, now: u64) {
        let Some(value) = value else { return };
        match outcome {
            Outcome::Applied | Outcome::Already => {
                self.acknowledged = Some(value);
                self.acknowledged_at = Stamp::at(now);
                self.resync = false;
                self.told = value != Chat::Released;
            }
            Outcome::Gone => self.forget_host(),
            Outcome::Refused | Outcome::Open => {}
        }
    }

    /// The host still shows what it was told.
    pub(super) fn owes(&self) -> bool {
        self.told
    }

    /// The change on its way.
    pub(super) fn offer(&self) -> &Offer<Chat> {
        &self.offer
    }

    /// The change on its way.
    pub(super) fn offer_mut(&mut self) -> &mut Offer<Chat> {
        &mut self.offer
    }

    /// What the rules want.
    pub(super) fn desired(&self) -> Option<Chat> {
        self.desired
    }

    /// What the host has taken.
    pub(super) fn acknowledged(&self) -> Option<Chat> {
        self.acknowledged
    }

    /// When it took it, on the monotonic clock; 0 for never.
    pub(super) fn acknowledged_at(&self) -> u64 {
        self.acknowledged_at.ms()
    }

    /// Why the user is not served, if so.
    pub(super) fn released(&self) -> Option<Reason> {
        self.released
    }

    /// When the desired state was decided, on the monotonic clock.
    pub(super) fn decided_at(&self) -> u64 {
        self.decided_at.ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(lane: &mut ChatLane, value: Chat) {
        lane.begin(value, || 1);
        assert_eq!(lane.returned(Answer::Applied, 5, 30_000, 0), Outcome::Applied);
    }

    #[test]
    fn each_change_is_asked_once() {
        let mut lane = ChatLane::default();
        lane.start();
        assert_eq!(lane.wanted(), None);
        lane.decide(ChatSays::Set(Chat::Away), 1);
        assert_eq!(lane.wanted(), Some((Chat::Away, Reason::Resync)));
        applied(&mut lane, Chat::Away);
        assert_eq!(lane.wanted(), None);
        lane.decide(ChatSays::Keep, 2);
        assert_eq!(lane.wanted(), None);
        lane.decide(ChatSays::Set(Chat::Dnd), 3);
        assert_eq!(lane.wanted(), Some((Chat::Dnd, Reason::Rule)));
    }

    #[test]
    fn released_only_where_something_was_told() {
        let mut lane = ChatLane::default();
        lane.start();
        lane.release(Reason::Disabled, 1, false);
        assert_eq!(lane.wanted(), None);
        lane.decide(ChatSays::Set(Chat::Away), 2);
        applied(&mut lane, Chat::Away);
        lane.release(Reason::Stale, 3, false);
        assert_eq!(lane.wanted(), Some((Chat::Released, Reason::Stale)));
        applied(&mut lane, Chat::Released);
        assert_eq!(lane.wanted(), None);
        lane.decide(ChatSays::Set(Chat::Away), 4);
        assert_eq!(lane.wanted(), Some((Chat::Away, Reason::Rule)));
    }

    #[test]
    fn a_state_that_timed_out_is_taken_back_too() {
        let mut lane = ChatLane::default();
        lane.decide(ChatSays::Set(Chat::Dnd), 0);
        lane.begin(Chat::Dnd, || 1);
        lane.returned(Answer::Pending, 0, 30_000, 0);
        assert!(lane.time_out(30_000, 0));
        lane.release(Reason::Removed, 30_001, false);
        assert_eq!(lane.wanted(), Some((Chat::Released, Reason::Removed)));
    }
}
