//! Parts that are right as a rule: where each of ten parts were as likely wrong, hardly anything would be right as a whole.

use std::ops::Deref;

use arbitrary::{Arbitrary, Result, Unstructured};

/// The right one (the default) seven times out of eight.
#[derive(Clone, Copy, Debug)]
pub struct Mostly<T>(pub T);

impl<'a, T: Arbitrary<'a> + Default> Arbitrary<'a> for Mostly<T> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Mostly<T>> {
        if is_odd(u)? { T::arbitrary(u).map(Mostly) } else { Ok(Mostly(T::default())) }
    }
}

impl<T> Deref for Mostly<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Once in eight times.
pub fn is_odd(u: &mut Unstructured<'_>) -> Result<bool> {
    Ok(u8::arbitrary(u)? % 8 == 7)
}
