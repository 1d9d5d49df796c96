//! What one entry of the catalogue says.

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It stays refused until a person changes something. Tried again on the slow schedule.
    Refused,
    /// The account is locked (AADSTS50053): each further try can make it longer. Every 4 hours.
    Locked,
    /// This machine's clock is wrong. As refused, and at once when the clock is set.
    Clock,
    /// Trouble on Entra's side that takes minutes: as refused, but nobody's credential is wrong.
    Slow,
    /// Passes by itself within seconds.
    Transient,
    /// The device-code flow waits for a person.
    Pending,
}

/// One meaning, shared by the numbers that an administrator need not tell apart.
#[derive(Debug)]
pub struct Advice {
    /// AADSTS numbers.
    pub codes: &'static [u32],
    /// What follows.
    pub class: Class,
    /// Plain words, to stand after a colon: no capital, no full stop.
    pub cause: &'static str,
    /// Whole sentences.
    pub remedy: &'static str,
}
