//! What can be asked of one DND. Nothing here changes it.

use super::{DndLane, OVERRIDE_ENDS_MS};
use crate::presence::Dnd;
use crate::sync::Reason;
use crate::sync::intent::Intent;
use crate::sync::offer::Offer;
use crate::sync::terms::{Owner, Says};

impl DndLane {
    /// This library switched it on, or may have.
    pub(in crate::sync) fn holds_ours(&self) -> bool {
        self.owner == Owner::Ours || self.uncertain
    }

    /// What is ours must be given back before this user may be forgotten.
    pub(in crate::sync) fn owes(&self) -> bool {
        self.holds_ours() || self.offer.out() == Some(Dnd::On)
    }

    /// There is nothing to give back, to wait for, or to remember.
    pub(in crate::sync) fn is_idle(&self) -> bool {
        let known_on = self.owner != Owner::Nobody || self.uncertain;
        !known_on && !self.offer.is_out() && self.intent == Intent::None && self.overridden.get().is_none()
    }

    /// Until when a report may be the echo of a change that was acknowledged.
    pub(in crate::sync) fn echo_until(&self) -> Option<u64> {
        self.echoes.until_at_most()
    }

    /// A person switched ours off, and it is left alone.
    pub(in crate::sync) fn is_overridden(&self, stood_until: u64) -> bool {
        self.overridden
            .get()
            .is_some_and(|o| o.off_since.is_none_or(|since| stood_until.saturating_sub(since.ms()) < OVERRIDE_ENDS_MS))
    }

    /// When to look whether an override has ended; `None` while the rules do not say off.
    pub(in crate::sync) fn override_look_at(&self, now: u64) -> Option<u64> {
        let since = self.overridden.get()?.off_since?.ms();
        let ends = since.saturating_add(OVERRIDE_ENDS_MS);
        // From then on it hangs on the next confirmation by the source, which is seldom late.
        Some(if ends > now { ends } else { now + OVERRIDE_ENDS_MS })
    }

    /// When an override ends if the rules go on saying off; `None` while they do not.
    pub(in crate::sync) fn override_ends(&self) -> Option<u64> {
        Some(self.overridden.get()?.off_since?.ms().saturating_add(OVERRIDE_ENDS_MS))
    }

    /// The change on its way.
    pub(in crate::sync) fn offer(&self) -> &Offer<Dnd> {
        &self.offer
    }

    /// There is an override, whether or not it is about to end.
    pub(in crate::sync) fn overrides(&self) -> bool {
        self.overridden.get().is_some()
    }

    /// What the rules say of the newest presence, before holds.
    pub(in crate::sync) fn said(&self) -> Option<Says> {
        self.says
    }

    /// After holds.
    pub(in crate::sync) fn desired(&self) -> Option<Dnd> {
        self.desired
    }

    /// What the host is known to have.
    pub(in crate::sync) fn acknowledged(&self) -> Option<Dnd> {
        self.acknowledged
    }

    /// When that became known, on the monotonic clock; 0 for never.
    pub(in crate::sync) fn acknowledged_at(&self) -> u64 {
        self.acknowledged_at.ms()
    }

    /// When the desired value was decided, on the monotonic clock.
    pub(in crate::sync) fn decided_at(&self) -> u64 {
        self.decided_at.ms()
    }

    /// Whose it is.
    pub(in crate::sync) fn owner(&self) -> Owner {
        self.owner
    }

    /// Why the user is not served, if so.
    pub(in crate::sync) fn released(&self) -> Option<Reason> {
        self.released
    }

    /// A value that has not stood long enough, and since when.
    pub(in crate::sync) fn candidate(&self) -> Option<(Dnd, u64)> {
        self.candidate.map(|(value, since)| (value, since.ms()))
    }
}
