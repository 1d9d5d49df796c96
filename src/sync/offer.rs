//! One change on its way to the host: offered, answered, acknowledged, tried again.
//!
//! At most one change per user and output is out. A newer value waits for the answer, an unanswered one is offered again, and what
//! comes back is matched by the change id, so a late, double or outdated `tps_acknowledge` can do no harm.

use super::Answer;
use super::stamp::Stamp;

/// First wait after a refused change.
const RETRY_FIRST_MS: u64 = 1_000;
/// Longest wait between two offers of a refused change.
const RETRY_LONGEST_MS: u64 = 60_000;
/// The failure after which one event names the user.
pub(super) const FAILURES_TO_TELL: u8 = 5;

/// Where the change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Phase {
    /// Nothing is out.
    #[default]
    Idle,
    /// The callback runs; an acknowledgement may come in before it has returned.
    Calling { early: Option<Answer> },
    /// Answered PENDING; counts as refused at this time.
    Pending { until: Stamp },
    /// Refused, or `owed`: the acknowledgement did not come in time. Offered again at this time, or sooner with another value.
    Waiting { until: Stamp, owed: bool },
}

/// What an answer meant for the change that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(unreachable_pub, reason = "the model checks in tests/loom export it")]
pub enum Outcome {
    /// The host has done it.
    Applied,
    /// It stood so already.
    Already,
    /// The host has no such user.
    Gone,
    /// Refused; the host is unchanged.
    Refused,
    /// Still open.
    Open,
}

/// One output's change of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer<T> {
    change_id: u64,
    value: Option<T>,
    phase: Phase,
    attempt: u32,
    /// Failures in a row, whatever the value.
    failures: u8,
    last_call: bool,
    /// What the host answered last.
    answer: Option<Answer>,
}

impl<T> Default for Offer<T> {
    fn default() -> Self {
        Offer { change_id: 0, value: None, phase: Phase::Idle, attempt: 0, failures: 0, last_call: false, answer: None }
    }
}

impl<T: Copy + PartialEq> Offer<T> {
    /// The callback runs or an acknowledgement is awaited: nothing else may be offered.
    pub(super) fn is_out(&self) -> bool {
        matches!(self.phase, Phase::Calling { .. } | Phase::Pending { .. })
    }

    /// An acknowledgement is awaited.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Pending { .. })
    }

    /// An acknowledgement of what was offered last would count, though its time may be over.
    pub(super) fn may_be_acknowledged(&self) -> bool {
        self.is_out() || matches!(self.phase, Phase::Waiting { owed: true, .. })
    }

    /// The value that is out, if one is.
    pub(super) fn out(&self) -> Option<T> {
        self.value.filter(|_| self.is_out())
    }

    /// The value last offered.
    pub(super) fn last(&self) -> Option<T> {
        self.value
    }

    /// The id of the change last offered; 0 before the first.
    pub(super) fn change_id(&self) -> u64 {
        self.change_id
    }

    /// The change that is out.
    pub(super) fn out_id(&self) -> Option<u64> {
        self.is_out().then_some(self.change_id)
    }

    /// How often the value last offered was offered; 0 before the first.
    pub(super) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What the host answered last, in a word; `None` before its first answer.
    pub(super) fn answer_word(&self) -> Option<&'static str> {
        match (self.phase, self.answer?) {
            (Phase::Waiting { owed: true, .. }, _) => Some("timed_out"),
            (_, Answer::Applied) => Some("applied"),
            (_, Answer::Already) => Some("already"),
            (_, Answer::Retry) => Some("retry"),
            (_, Answer::Pending) => Some("pending"),
            (_, Answer::Gone) => Some("gone"),
        }
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u8 {
        self.failures
    }

    /// Whether `wanted` may be offered now. A value that was just refused waits for its time.
    pub(super) fn may(&self, wanted: T, now: u64) -> bool {
        match self.phase {
            Phase::Idle => true,
            Phase::Waiting { .. } if self.last_call => self.value != Some(wanted),
            Phase::Waiting { until, .. } => until.ms() <= now || self.value != Some(wanted),
            Phase::Calling { .. } | Phase::Pending { .. } => false,
        }
    }

    /// When this asks for another look; `None` when only an outside event can move it.
    pub(super) fn deadline(&self) -> Option<u64> {
        match self.phase {
            Phase::Waiting { .. } if self.last_call => None,
            Phase::Pending { until } | Phase::Waiting { until, .. } => Some(until.ms()),
            Phase::Idle | Phase::Calling { .. } => None,
        }
    }

    /// The callback is about to run. The same value keeps its id while it is tried again; another value gets `next_id`.
    pub(super) fn begin(&mut self, value: T, next_id: impl FnOnce() -> u64) -> (u64, u32) {
        if self.value == Some(value) && matches!(self.phase, Phase::Waiting { .. }) {
            self.attempt = self.attempt.saturating_add(1);
        } else {
            self.change_id = next_id();
            self.value = Some(value);
            self.attempt = 1;
        }
        self.phase = Phase::Calling { early: None };
        (self.change_id, self.attempt)
    }

    /// The callback has returned.
    pub(super) fn returned(&mut self, answer: Answer, now: u64, ack_timeout_ms: u64, jitter: u64) -> Outcome {
        let Phase::Calling { early } = self.phase else { return Outcome::Open };
        match (answer, early) {
            (Answer::Pending, None) => {
                self.answer = Some(Answer::Pending);
                self.phase = Phase::Pending { until: Stamp::at(now + ack_timeout_ms) };
                Outcome::Open
            }
            (Answer::Pending, Some(answer)) | (answer, _) => self.close(answer, now, jitter),
        }
    }

    /// `tps_acknowledge` with this change's id. `None`: nothing is awaited any more.
    ///
    /// An acknowledgement that comes after its time, but before the change was offered anew, still counts: it is the newest truth.
    pub(super) fn acknowledged(&mut self, answer: Answer, now: u64, jitter: u64) -> Option<Outcome> {
        match self.phase {
            Phase::Calling { early: None } => {
                self.phase = Phase::Calling { early: Some(answer) };
                Some(Outcome::Open)
            }
            Phase::Pending { .. } => Some(self.close(answer, now, jitter)),
            Phase::Waiting { owed: true, .. } if matches!(answer, Answer::Applied | Answer::Already | Answer::Gone) => {
                Some(self.close(answer, now, jitter))
            }
            Phase::Calling { early: Some(_) } | Phase::Waiting { .. } | Phase::Idle => None,
        }
    }

    /// Counts an acknowledgement that did not come in time as refused. True if one was due.
    pub(super) fn time_out(&mut self, now: u64, jitter: u64) -> bool {
        let due = matches!(self.phase, Phase::Pending { until } if until.ms() <= now);
        if due {
            self.close(Answer::Retry, now, jitter);
            if let Phase::Waiting { owed, .. } = &mut self.phase {
                *owed = true;
            }
        }
        due
    }

    /// Nobody waits any longer for an acknowledgement that is owed: its time is over.
    pub(super) fn expire(&mut self) {
        if let Phase::Pending { until } = &mut self.phase {
            *until = Stamp::default();
        }
    }

    /// What is wanted now is not what was refused: that refusal is over, and the same value, when it is wanted again, is a new change.
    pub(super) fn lapse(&mut self, wanted: Option<T>) {
        if matches!(self.phase, Phase::Waiting { .. }) && self.value != wanted && !self.last_call {
            self.phase = Phase::Idle;
        }
    }

    /// Something changed at the host: a refused change may be offered at once.
    pub(super) fn hurry(&mut self, now: u64) {
        if let Phase::Waiting { until, .. } = &mut self.phase {
            *until = Stamp::at(now.min(until.ms()));
        }
    }

    /// The instance stops: what comes now is offered once, at once, and not again.
    pub(super) fn last_call(&mut self) {
        if let Phase::Waiting { .. } = self.phase {
            self.phase = Phase::Idle;
        }
        self.last_call = true;
    }

    /// Nobody waits for an answer any more. True if one was out.
    pub(super) fn abandon(&mut self) -> bool {
        let was_out = self.is_out();
        self.phase = Phase::Idle;
        self.last_call = false;
        was_out
    }

    fn close(&mut self, answer: Answer, now: u64, jitter: u64) -> Outcome {
        self.answer = Some(answer);
        let outcome = match answer {
            Answer::Applied => Outcome::Applied,
            Answer::Already => Outcome::Already,
            Answer::Gone => Outcome::Gone,
            Answer::Retry | Answer::Pending => Outcome::Refused,
        };
        if outcome == Outcome::Refused {
            self.failures = self.failures.saturating_add(1);
            self.phase = Phase::Waiting { until: Stamp::at(now + retry_delay_ms(self.attempt, jitter)), owed: false };
        } else {
            self.failures = 0;
            self.phase = Phase::Idle;
        }
        outcome
    }
}

/// 1 s, doubling to 60 s, less up to a quarter of itself, so that a thousand users refused together do not come back together.
fn retry_delay_ms(attempt: u32, jitter: u64) -> u64 {
    let full = RETRY_FIRST_MS.checked_shl(attempt.saturating_sub(1).min(16)).unwrap_or(RETRY_LONGEST_MS).min(RETRY_LONGEST_MS);
    if attempt <= 1 { full } else { full - jitter % (full / 4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(value: u8, id: u64) -> Offer<u8> {
        let mut offer = Offer::default();
        assert!(offer.may(value, 0));
        assert_eq!(offer.begin(value, || id), (id, 1));
        offer
    }

    #[test]
    fn refused_values_wait_and_double() {
        let mut offer = offer(1, 7);
        let mut now = 0;
        let mut waits = vec![];
        for attempt in 2..10 {
            assert_eq!(offer.returned(Answer::Retry, now, 30_000, 0), Outcome::Refused);
            let until = offer.deadline().expect("waits");
            waits.push(until - now);
            assert!(!offer.may(1, until - 1) && offer.may(2, until - 1) && offer.may(1, until));
            now = until;
            assert_eq!(offer.begin(1, || 99), (7, attempt));
        }
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(offer.failures(), 8);
    }

    #[test]
    fn jitter_only_shortens() {
        for jitter in [0, 1, 500, u64::MAX] {
            for attempt in 1..40 {
                let delay = retry_delay_ms(attempt, jitter);
                assert!((750..=60_000).contains(&delay), "{attempt} {jitter} {delay}");
            }
        }
    }

    #[test]
    fn an_acknowledgement_before_the_callback_returned_is_kept() {
        let mut offer = offer(1, 7);
        assert_eq!(offer.acknowledged(Answer::Applied, 0, 0), Some(Outcome::Open));
        assert_eq!(offer.acknowledged(Answer::Applied, 0, 0), None, "a second one is refused");
        assert_eq!(offer.returned(Answer::Pending, 0, 30_000, 0), Outcome::Applied);
        assert!(!offer.is_out());
    }

    #[test]
    fn pending_times_out_and_a_late_acknowledgement_still_counts() {
        let mut offer = offer(1, 7);
        assert_eq!(offer.returned(Answer::Pending, 0, 30_000, 0), Outcome::Open);
        assert!(!offer.time_out(29_999, 0) && offer.is_pending());
        assert!(offer.time_out(30_000, 0) && !offer.is_out());
        assert_eq!(offer.acknowledged(Answer::Retry, 30_100, 0), None);
        assert_eq!(offer.acknowledged(Answer::Applied, 30_200, 0), Some(Outcome::Applied));
        assert_eq!(offer.acknowledged(Answer::Applied, 30_300, 0), None, "double");
    }

    #[test]
    fn a_change_that_was_refused_is_answered() {
        let mut offer = offer(1, 7);
        assert_eq!(offer.returned(Answer::Retry, 0, 30_000, 0), Outcome::Refused);
        assert_eq!(offer.acknowledged(Answer::Applied, 1, 0), None);
        offer.begin(1, || 8);
        offer.returned(Answer::Pending, 1_000, 30_000, 0);
        assert_eq!(offer.acknowledged(Answer::Retry, 1_001, 0), Some(Outcome::Refused));
        assert_eq!(offer.acknowledged(Answer::Applied, 1_002, 0), None);
    }

    #[test]
    fn the_return_value_beats_an_early_acknowledgement() {
        let mut offer = offer(1, 7);
        offer.acknowledged(Answer::Retry, 0, 0);
        assert_eq!(offer.returned(Answer::Applied, 0, 30_000, 0), Outcome::Applied);
    }
}
