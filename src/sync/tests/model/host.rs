//! The telephone system, with what really is: whose DND is on, whatever anybody believes.

use std::collections::VecDeque;

use super::acts::{Kind, Mood, Trap};
use crate::presence::Dnd;

/// Who switched on the DND that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    /// This library asked for it.
    Us,
    /// A person, and the library was told so.
    Person,
    /// A person, and the library was not told.
    Unseen,
    /// Nobody can know any more: one of the windows that docs/decisions/0011 and docs/dnd.md name. It may be taken back or stay.
    Doubtful,
}

/// A change that was answered PENDING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) change_id: u64,
    pub(super) value: Dnd,
    /// Done: and whether that changed anything.
    pub(super) done: Option<bool>,
    /// A person pressed the key since it was handed out.
    pub(super) crossed: bool,
    /// The host gives up by itself then.
    pub(super) until: u64,
}

/// A change that is to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) value: Dnd,
    pub(super) ours: bool,
    pub(super) at: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) kind: Kind,
    pub(super) on: Option<Setter>,
    pub(super) mood: Mood,
    pub(super) trap: Option<Trap>,
    pub(super) job: Option<Job>,
    pub(super) reports: VecDeque<Report>,
}

/// How late a host that reports everything does so.
pub(super) const REPORT_MS: u64 = 2_000;

impl Host {
    pub(super) fn new(kind: Kind) -> Host {
        Host { kind, on: None, mood: Mood::Does, trap: None, job: None, reports: VecDeque::new() }
    }

    /// Does what it was asked for. False if it stood so.
    pub(super) fn turn(&mut self, value: Dnd, now: u64) -> bool {
        if self.on.is_some() == (value == Dnd::On) {
            return false;
        }
        self.on = (value == Dnd::On).then_some(Setter::Us);
        if self.kind == Kind::Echoes {
            self.reports.push_back(Report { value, ours: true, at: now + REPORT_MS });
        }
        true
    }

    /// A person presses while a change is still to be done. The word of one who switches on is newer than an OFF.
    pub(super) fn crosses(&mut self, on: bool) {
        let Some(job) = &mut self.job else { return };
        job.crossed = true;
        if job.value == Dnd::Off && job.done.is_none() && on {
            self.job = None;
        }
    }

    /// The extension is gone.
    pub(super) fn vanish(&mut self) {
        self.on = None;
        self.job = None;
        self.reports.clear();
    }

    /// When the host does something by itself.
    pub(super) fn deadline(&self) -> Option<u64> {
        let job = self.job.filter(|job| job.done.is_none()).map(|job| job.until);
        job.into_iter().chain(self.reports.front().map(|report| report.at)).min()
    }
}
