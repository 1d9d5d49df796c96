//! One do-not-disturb of one user, the direct one or that of the queues: what the rules want, what the host has, and whose it is.
//!
//! Three things decide what is asked of the host: the *desired* value (rules, after their holds), the *acknowledged* one (what the host
//! is known to have) and the *owner*. In `strict` a DND is switched off only where this library switched it on.

mod asked;

use super::echoes::Echoes;
use super::intent::Intent;
use super::keeps::Keeps;
use super::offer::{Offer, Outcome};
use super::overridden::{Overridden, Override};
use super::stamp::Stamp;
use super::terms::{Holds, HostDnd, Owner, Says};
use super::{Answer, Origin, Reason};
use crate::presence::Dnd;

/// How long the rules must have said off before a person's override ends.
const OVERRIDE_ENDS_MS: u64 = 60_000;

/// What the lane needs to know of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DndPolicy {
    /// Teams leads: off is delivered whoever switched it on.
    pub(super) force: bool,
    /// How long a report may be the echo of an acknowledged change.
    pub(super) echo_ms: u64,
    /// How long PENDING may last.
    pub(super) ack_timeout_ms: u64,
}

impl DndPolicy {
    /// Until when the echo of a change may come that is acknowledged now.
    fn echo_end(&self, now: u64) -> Stamp {
        Stamp::at(now.saturating_add(self.echo_ms))
    }
}

/// The DND of one user. See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DndLane {
    /// What the rules say at the moment, before holds.
    says: Option<Says>,
    desired: Option<Dnd>,
    decided_at: Stamp,
    /// A value that has not stood long enough, and since when it stands.
    candidate: Option<(Dnd, Stamp)>,
    acknowledged: Option<Dnd>,
    acknowledged_at: Stamp,
    owner: Owner,
    /// An ON ended without an answer: the host may have it.
    uncertain: bool,
    intent: Intent,
    overridden: Overridden,
    /// Deliver the decision whatever was acknowledged: first after a start, or the host said otherwise.
    resync: bool,
    /// `force`: what was desired when a person changed it by hand. Theirs stands until something else is.
    manual: Option<Dnd>,
    /// What a person switched to while our change was out.
    meanwhile: Option<Dnd>,
    echoes: Echoes,
    released: Option<Reason>,
    offer: Offer<Dnd>,
}

impl DndLane {
    // ---- what comes from the rules ----

    /// The rules' word on the newest presence. `stood_until`: until when the one before this counts as having stood.
    /// Answers when a value that is held back will have stood long enough.
    pub(super) fn decide(&mut self, says: Says, holds: Holds, stood_until: u64, now: u64, force: bool) -> Option<u64> {
        self.released = None;
        if let Some(Override { off_since }) = self.overridden.get() {
            match says {
                Says::Set(Dnd::Off) if off_since.is_none() => self.overridden.put(Some(Stamp::at(now))),
                _ if off_since.is_some_and(|since| stood_until.saturating_sub(since.ms()) >= OVERRIDE_ENDS_MS) => {
                    self.overridden.end()
                }
                Says::Set(Dnd::Off) => {}
                _ => self.overridden.put(None),
            }
        }
        self.says = Some(says);
        let Says::Set(value) = says else {
            self.candidate = None;
            return None;
        };
        if self.desired == Some(value) {
            self.candidate = None;
            return None;
        }
        let since = match self.candidate {
            Some((candidate, since)) if candidate == value => since.ms(),
            _ => now,
        };
        // A first off that asks for nothing need not stand: there is nothing to flap.
        let idle = value == Dnd::Off && self.desired.is_none() && !self.owes() && !force;
        let hold = if value == Dnd::On {
            holds.on_ms
        } else if idle {
            0
        } else {
            holds.off_ms
        };
        let ends = since.saturating_add(hold);
        if now < ends {
            self.candidate = Some((value, Stamp::at(since)));
            return Some(ends);
        }
        self.candidate = None;
        self.desired = Some(value);
        self.decided_at = Stamp::at(now);
        self.manual = self.manual.filter(|stands| *stands == value);
        if value == Dnd::Off && !force && !self.holds_ours() {
            // The first decision asks for nothing: whatever is on is not ours to take.
            self.resync = false;
        }
        None
    }

    /// The presence behind the decision is gone (another address): decide nothing, leave what is on until there is news.
    pub(super) fn forget_decision(&mut self) {
        self.says = None;
        self.desired = None;
        self.candidate = None;
    }

    /// The user is no longer served: what is ours goes off at once, nothing else is touched.
    pub(super) fn release(&mut self, reason: Reason, now: u64) {
        if self.released.is_none() {
            self.decided_at = Stamp::at(now);
        }
        self.released = Some(reason);
        self.forget_decision();
        if self.overridden.get().is_some() {
            self.overridden.put(None);
        }
    }

    /// He is served again, and nothing is known of him yet: what is on stays on.
    pub(super) fn unrelease(&mut self) {
        // What the rules took back stays so: their word is all that is known.
        if self.released != Some(Reason::Rule) {
            self.released = None;
        }
    }

    /// After a start: the first decision is delivered even if nothing changed.
    pub(super) fn start(&mut self) {
        self.resync = true;
        self.manual = None;
        self.released = None;
        self.forget_decision();
        if self.overridden.get().is_some() {
            self.overridden.put(None);
        }
    }

    // ---- what comes from the host ----

    /// A fact about the host's DND, told with the user.
    pub(super) fn host_fact(&mut self, fact: HostDnd, now: u64, force: bool) {
        let was = self.acknowledged;
        match fact {
            HostDnd::Unknown => return,
            // Our ON is with the host. Its answer says whose this is; without one it may be ours.
            HostDnd::On if self.owner == Owner::Nobody && self.offer.out() == Some(Dnd::On) => return,
            HostDnd::Off => {
                self.owner = Owner::Nobody;
                self.uncertain = false;
                self.acknowledged = Some(Dnd::Off);
                self.resync = true;
                self.manual = None;
            }
            HostDnd::On => {
                self.owner = match self.owner {
                    Owner::Nobody if self.uncertain => Owner::Ours,
                    Owner::Nobody => Owner::Person,
                    known => known,
                };
                self.uncertain = false;
                self.acknowledged = Some(Dnd::On);
            }
            HostDnd::OnOurs => {
                self.owner = Owner::Ours;
                self.uncertain = false;
                self.acknowledged = Some(Dnd::On);
            }
        }
        self.acknowledged_at = Stamp::at(now);
        // It is to be off and turns out to be on: what sets that right is no rule's doing. A person's is not set right.
        let astray = was != Some(Dnd::On) && self.acknowledged == Some(Dnd::On) && self.desired == Some(Dnd::Off);
        self.resync |= astray && (force || self.owner == Owner::Ours);
    }

    /// The host reports that its DND changed. True if this was a person's act, false if the echo of our own change.
    pub(super) fn report(&mut self, on: bool, origin: Origin, now: u64, force: bool) -> bool {
        let value = if on { Dnd::On } else { Dnd::Off };
        if origin == Origin::Seen && self.echoes.take(value, now) {
            return false;
        }
        let wanted_on = self.desired == Some(Dnd::On) || self.says == Some(Says::Set(Dnd::On));
        let ours = self.holds_ours() || self.offer.out() == Some(Dnd::On);
        match value {
            Dnd::On => {
                self.owner = Owner::Person;
                self.overridden.end();
            }
            Dnd::Off => {
                self.owner = Owner::Nobody;
                // In the hold before off the rules have begun to say off already.
                let off_since = (self.says == Some(Says::Set(Dnd::Off))).then_some(Stamp::at(now));
                if !force && (ours || wanted_on && self.acknowledged != Some(Dnd::Off)) {
                    self.overridden.put(off_since);
                }
            }
        }
        self.meanwhile = self.offer.is_out().then_some(value);
        self.uncertain = false;
        self.intent = Intent::None;
        self.acknowledged = Some(value);
        self.acknowledged_at = Stamp::at(now);
        // Silence and switching off make the decision void, not another one.
        self.manual = self.desired.or(self.manual).filter(|_| force);
        self.resync = false;
        true
    }

    /// The host has no such user: nothing of ours can stand there.
    pub(super) fn forget_host(&mut self) {
        self.forget_claims();
        self.acknowledged = None;
        self.echoes = Echoes::default();
    }

    /// Nothing is ours, intended or overridden any more, or not by what is known here.
    pub(super) fn forget_claims(&mut self) {
        if self.owner == Owner::Ours || self.uncertain {
            self.acknowledged = None;
        }
        self.owner = Owner::Nobody;
        self.uncertain = false;
        self.intent = Intent::None;
        self.overridden.end();
    }

    /// The host has the user again: whatever it said before is void.
    pub(super) fn revive(&mut self) {
        self.resync = true;
    }

    // ---- what goes to the host ----

    /// What should be asked of the host, whether or not it may be asked now.
    pub(super) fn wanted(&self, force: bool) -> Option<(Dnd, Reason)> {
        if let Some(reason) = self.released {
            return self.holds_ours().then_some((Dnd::Off, reason));
        }
        let target = self.desired?;
        let settled = self.acknowledged == Some(target) && !self.resync && !self.uncertain;
        let reason = if self.resync { Reason::Resync } else { Reason::Rule };
        // What is held is the way to off. An ON that was not taken yet is not offered any more.
        if target == Dnd::On && self.says != Some(Says::Set(Dnd::On)) {
            return None;
        }
        let ask = match (force, target) {
            (true, _) => self.manual != Some(target) && !settled,
            (false, Dnd::On) => self.overridden.get().is_none() && !settled,
            (false, Dnd::Off) => self.holds_ours(),
        };
        ask.then_some((target, reason))
    }

    /// The same in a dry run: what is ours goes, nothing else is asked.
    pub(super) fn withheld(&self) -> Option<(Dnd, Reason)> {
        self.holds_ours().then_some((Dnd::Off, self.released.unwrap_or(Reason::DryRun)))
    }

    /// The host's callback is about to run with `value`.
    pub(super) fn begin(&mut self, value: Dnd, next_id: impl FnOnce() -> u64) -> (u64, u32) {
        self.meanwhile = None;
        *self.echoes.until(value) = Stamp::NEVER;
        self.offer.begin(value, next_id)
    }

    /// The callback has returned `answer`.
    pub(super) fn returned(&mut self, answer: Answer, now: u64, policy: &DndPolicy, jitter: u64) -> Outcome {
        let value = self.offer.out();
        let outcome = self.offer.returned(answer, now, policy.ack_timeout_ms, jitter);
        self.take_in(value, outcome, now, policy);
        outcome
    }

    /// `tps_acknowledge` for the change last offered. `None`: nobody waits for it any more.
    pub(super) fn acknowledge(&mut self, answer: Answer, now: u64, policy: &DndPolicy, jitter: u64) -> Option<Outcome> {
        let value = self.offer.last();
        let outcome = self.offer.acknowledged(answer, now, jitter)?;
        self.take_in(value, outcome, now, policy);
        Some(outcome)
    }

    /// Counts an acknowledgement that did not come in time: an ON may have been applied, so it counts as intended; an OFF may have been, so
    /// that what is desired is delivered whatever was acknowledged before. True if one was due.
    pub(super) fn time_out(&mut self, now: u64, jitter: u64) -> bool {
        let out = self.offer.out();
        let due = self.offer.time_out(now, jitter);
        self.resync |= due && out == Some(Dnd::Off) && self.owner != Owner::Ours;
        if due {
            self.unanswered(out);
        }
        due
    }

    /// Stop: nobody waits for answers any more.
    pub(super) fn abandon(&mut self, now: u64, policy: &DndPolicy) {
        let out = self.offer.out();
        self.offer.abandon();
        self.unanswered(out);
        self.echoes.close(policy.echo_end(now));
    }

    /// `wanted` is asked of the host now: another change that was refused is over. Where nothing is asked and no answer would count any more,
    /// a change that was never answered may echo only so long as one that was just acknowledged: a person's act must not be taken for it for ever.
    pub(super) fn lapse(&mut self, wanted: Option<Dnd>, now: u64, policy: &DndPolicy) {
        self.offer.lapse(wanted);
        if wanted.is_none() && !self.offer.may_be_acknowledged() {
            self.echoes.close(policy.echo_end(now));
        }
    }

    /// Nobody knows whether the host has done it: an ON may be ours, and after an OFF nothing is known to be on.
    fn unanswered(&mut self, out: Option<Dnd>) {
        self.uncertain |= out == Some(Dnd::On) && self.owner == Owner::Nobody;
        if out == Some(Dnd::Off) && self.owner == Owner::Ours {
            self.acknowledged = None;
        }
        self.intent = Intent::None;
    }

    fn take_in(&mut self, value: Option<Dnd>, outcome: Outcome, now: u64, policy: &DndPolicy) {
        let Some(value) = value else { return };
        if outcome != Outcome::Open {
            // Its ON has been answered; the next one has an intent of its own.
            self.intent = Intent::None;
            if outcome == Outcome::Refused {
                *self.echoes.until(value) = Stamp::default();
            }
            // The host has come so far: what it did of an earlier change that it never answered is done, too.
            self.echoes.close(policy.echo_end(now));
        }
        match outcome {
            Outcome::Open | Outcome::Refused => return,
            Outcome::Gone => return self.forget_host(),
            // It stood so before the person came: their word is the newer one.
            Outcome::Already if self.meanwhile.is_some() => return,
            Outcome::Applied if self.meanwhile == Some(Dnd::On) && value == Dnd::On => {}
            // Whether it is on, and then the person's, depends on which of the two was last. The next ON finds out.
            Outcome::Applied if self.meanwhile == Some(Dnd::On) => {
                self.owner = Owner::Nobody;
                self.acknowledged = None;
                self.resync = false;
                return;
            }
            Outcome::Applied => self.owner = if value == Dnd::On { Owner::Ours } else { Owner::Nobody },
            Outcome::Already if value == Dnd::Off => self.owner = Owner::Nobody,
            Outcome::Already => {
                if self.owner == Owner::Nobody {
                    self.owner = if self.uncertain { Owner::Ours } else { Owner::Person };
                }
            }
        }
        self.uncertain = false;
        self.resync = false;
        self.acknowledged = Some(value);
        self.acknowledged_at = Stamp::at(now);
    }

    // ---- what outlives the process ----

    /// Before an ON goes out, the intent must be on disk. Not where the DND is ours or intended already, and not where a person's is known
    /// to be on: the answer will be ALREADY, and a crash before it must not make theirs ours.
    pub(super) fn needs_intent(&self) -> bool {
        self.owner == Owner::Nobody && !self.uncertain
    }

    pub(super) fn intent(&self) -> Intent {
        self.intent
    }

    pub(super) fn set_intent(&mut self, intent: Intent) {
        self.intent = intent;
    }

    /// What a later run must know.
    pub(super) fn keeps(&self) -> Keeps {
        let out = self.offer.out() == Some(Dnd::On) && self.owner == Owner::Nobody;
        let facts = [
            (self.owner == Owner::Ours, Keeps::OWNED),
            (self.uncertain || self.intent != Intent::None || out, Keeps::INTENDED),
            (self.overridden.get().is_some(), Keeps::OVERRIDDEN),
        ];
        facts.into_iter().filter(|(holds, _)| *holds).fold(Keeps::NOTHING, |all, (_, one)| all.and(one))
    }

    /// Takes up what an earlier run knew, where this one has not learned better. True if the DND may be ours by it.
    pub(super) fn restore(&mut self, keeps: Keeps) -> bool {
        if self.holds_ours() || self.offer.is_out() {
            return false;
        }
        // A host that hands a user over with DND on does not say whose it is: the record does.
        let by_fact = self.owner == Owner::Person && self.resync;
        if keeps.has(Keeps::OVERRIDDEN) && self.overridden.get().is_none() && (self.owner == Owner::Nobody || by_fact) {
            self.overridden.put(None);
        }
        let open = by_fact || self.owner == Owner::Nobody && self.acknowledged.is_none();
        if !keeps.claims() || !open {
            return false;
        }
        if keeps.has(Keeps::OWNED) || by_fact {
            self.owner = Owner::Ours;
        } else {
            self.uncertain = true;
        }
        true
    }

    /// The change on its way.
    pub(super) fn offer_mut(&mut self) -> &mut Offer<Dnd> {
        &mut self.offer
    }
}
