//! Reports that are the echo of our own changes.

use super::stamp::Stamp;
use crate::presence::Dnd;

/// Until when the first report of each value is the echo of our own change. Both may be out at once: reports come late, and an OFF may
/// follow its ON at once. [`Stamp::NEVER`] while the change is not acknowledged, 0 where no echo is expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Echoes {
    on: Stamp,
    off: Stamp,
}

impl Echoes {
    /// The place of a value.
    pub(super) fn until(&mut self, value: Dnd) -> &mut Stamp {
        match value {
            Dnd::On => &mut self.on,
            Dnd::Off => &mut self.off,
        }
    }

    /// What was never acknowledged has its end too: from then on a report is news.
    pub(super) fn close(&mut self, until: Stamp) {
        for open in [&mut self.on, &mut self.off].into_iter().filter(|echo| **echo == Stamp::NEVER) {
            *open = until;
        }
    }

    /// Takes a report of `value` for an echo, if one is expected.
    pub(super) fn take(&mut self, value: Dnd, now: u64) -> bool {
        let until = std::mem::take(self.until(value));
        until != Stamp::default() && now <= until.ms()
    }

    /// When the last echo of what was acknowledged is over; `None` where none is expected.
    pub(super) fn until_at_most(&self) -> Option<u64> {
        [self.on, self.off].into_iter().filter(|until| *until != Stamp::NEVER).map(Stamp::ms).max().filter(|at| *at > 0)
    }
}
