//! Entra is not reached, or answers uselessly: when it is tried again, and what is told of it.

use super::Ledger;
use crate::auth::error::SignInError;
use crate::auth::outcome::{Failure, OutcomeHead};
use crate::auth::{schedule, told};
use crate::event::{Draft, Event, Kind};
use crate::time::Moment;

impl Ledger {
    /// Nothing stands in the way of the next try.
    pub(in crate::auth) fn refused_no_more(&mut self) {
        self.refusals.clear();
        self.trouble = None;
        self.told = None;
        self.failures = 0;
    }

    pub(in crate::auth) fn stands_refused(&self) -> bool {
        matches!(self.trouble, Some(SignInError::Refused { .. } | SignInError::BadSecret { .. }))
    }

    /// Entra answered something sensible, though no token.
    pub(in crate::auth) fn answered(&mut self, now: Moment) -> Vec<Draft> {
        if matches!(self.trouble, Some(SignInError::Unreachable { .. } | SignInError::Busy { .. })) {
            self.trouble = None;
            self.told = None;
        }
        self.outage_ended(now)
    }

    /// No sensible answer to a question that will be asked again at `next`.
    pub(in crate::auth) fn unanswered(&mut self, failure: Failure, outcome: &OutcomeHead, now: Moment, next: u64) -> Vec<Draft> {
        self.failures = self.failures.saturating_add(1);
        let status = outcome.status;
        let busy = |detail| SignInError::Busy { status: status.unwrap_or(0), detail, next_try_mono_ms: next };
        let (error, stage) = match failure {
            Failure::Transport(transport) => (SignInError::Unreachable { transport, next_try_mono_ms: next }, ""),
            Failure::Entra(error) | Failure::Told(error, _) => (busy(error.to_string()), "status"),
            Failure::Useless(detail) | Failure::Passing(detail) => (busy(detail), "body"),
        };
        self.outage(error, stage, status, now)
    }

    pub(in crate::auth) fn busy(
        &mut self,
        detail: String,
        stage: &'static str,
        outcome: &OutcomeHead,
        now: Moment,
        chance: f64,
    ) -> Vec<Draft> {
        let next_try_mono_ms = self.next_failure(outcome, now, chance);
        let status = outcome.status;
        let error = SignInError::Busy { status: status.unwrap_or(0), detail, next_try_mono_ms };
        self.outage(error, stage, status, now)
    }

    pub(in crate::auth) fn next_failure(&mut self, outcome: &OutcomeHead, now: Moment, chance: f64) -> u64 {
        self.failures = self.failures.saturating_add(1);
        now.mono_ms + schedule::after_failure(self.failures, outcome.retry_after, chance)
    }

    /// `stage` where the error does not tell it itself.
    pub(in crate::auth) fn outage(
        &mut self,
        error: SignInError,
        stage: &'static str,
        status: Option<u16>,
        now: Moment,
    ) -> Vec<Draft> {
        self.outage_since.get_or_insert(now.mono_ms);
        let serving = self.held.as_ref().is_some_and(|held| now.mono_ms < held.usable_until);
        if serving && self.failures < 2 && self.outage_told.is_empty() {
            // One missed renewal while the old token serves is nothing to wake an administrator for.
            self.trouble = Some(error);
            return Vec::new();
        }
        let (kind, event) = told::outage(&error, stage, self.settings.host(), status);
        let event = event.with("next_try_at_ms", now.wall_at(error.next_try_mono_ms()));
        if !self.outage_told.contains(&kind) {
            self.outage_told.push(kind);
        }
        self.note(error, event)
    }

    pub(in crate::auth) fn outage_ended(&mut self, now: Moment) -> Vec<Draft> {
        self.failures = 0;
        let since = self.outage_since.take();
        let told = std::mem::take(&mut self.outage_told);
        if told.is_empty() {
            return Vec::new();
        }
        let outage = now.mono_ms.saturating_sub(since.unwrap_or(now.mono_ms));
        let ends: Vec<&str> = told.iter().map(|kind| kind.name()).collect();
        vec![Event::new(Kind::EntraRecovered).with("outage_ms", outage).with("ends", ends)]
    }
}
