//! One person's presence.

use super::words::{Activity, Availability, Word};

/// A person's presence as the rules see it. Eight bytes, so that a sweep compares it without a look at the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Presence {
    /// The base state, after normalisation.
    pub availability: Availability,
    /// The detail; `Unknown` where Graph named none that is known.
    pub activity: Activity,
    /// Out of office, by `outOfOfficeSettings.isOutOfOffice` or by the word in either field.
    pub out_of_office: bool,
    /// The availability exactly as it came.
    pub availability_word: Word,
    /// The activity exactly as it came; empty where it was null or missing.
    pub activity_word: Word,
}

const _: () = assert!(size_of::<Presence>() <= 8);
