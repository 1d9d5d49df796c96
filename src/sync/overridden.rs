//! A person switched our DND off: it is left alone until the rules have said off for a while.

use super::stamp::Stamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Override {
    /// Since when the rules say off without a break.
    pub(super) off_since: Option<Stamp>,
}

/// An [`Override`] or none, in the six bytes of a moment: no moment is [`Stamp::NEVER`], and none that matters is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overridden(Stamp);

impl Default for Overridden {
    fn default() -> Overridden {
        Overridden(Stamp::NEVER)
    }
}

impl Overridden {
    pub(super) fn get(self) -> Option<Override> {
        (self.0 != Stamp::NEVER).then(|| Override { off_since: (self.0 != Stamp::default()).then_some(self.0) })
    }

    pub(super) fn put(&mut self, off_since: Option<Stamp>) {
        self.0 = off_since.map_or(Stamp::default(), |since| Stamp::at(since.ms().max(1)));
    }

    pub(super) fn end(&mut self) {
        *self = Overridden::default();
    }
}
