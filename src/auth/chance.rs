//! Chance, where no secret hangs on it.

/// A number between 0 and 1. Jitter only: without randomness it is simply none.
pub(super) fn chance() -> f64 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.0,
    }
}
