//! Moments, small.

use std::fmt;
use std::num::NonZeroU16;

/// A moment on the monotonic clock, in milliseconds, in six bytes, and so is an `Option` of it: each user keeps a dozen. Enough for 8,900
/// years; later is [`Stamp::NEVER`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp([u16; 2], NonZeroU16);

impl Stamp {
    /// After every moment that can be.
    pub(super) const NEVER: Stamp = Stamp([u16::MAX; 2], NonZeroU16::MAX);

    pub(super) fn at(ms: u64) -> Stamp {
        // The high part is kept one higher, so that it is never 0.
        match u16::try_from((ms >> 32) + 1).ok().and_then(NonZeroU16::new) {
            Some(high) => Stamp([ms as u16, (ms >> 16) as u16], high),
            None => Stamp::NEVER,
        }
    }

    pub(super) fn ms(self) -> u64 {
        let [low, middle] = self.0.map(u64::from);
        low | middle << 16 | u64::from(self.1.get() - 1) << 32
    }
}

impl Default for Stamp {
    fn default() -> Stamp {
        Stamp::at(0)
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ms().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for ms in [0, 1, 0xffff, 0x1_0000, 0x1234_5678_9abc, 0xfffe_ffff_fffe] {
            assert_eq!(Stamp::at(ms).ms(), ms);
        }
        for late in [0xfffe_ffff_ffff, 0xffff_0000_0000, 1 << 48, u64::MAX] {
            assert_eq!(Stamp::at(late), Stamp::NEVER);
        }
        assert_eq!((size_of::<Option<Stamp>>(), size_of::<Option<Option<Stamp>>>()), (6, 8));
    }
}
