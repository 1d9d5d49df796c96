//! Availability, activity, DND and chat state, and the table that keeps foreign words small.

use std::sync::Arc;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        #[repr(u8)]
        pub enum $name {
            /// Not known, or none.
            #[default]
            Unknown = 0,
            $($(#[$vdoc])* $variant = $number,)+
        }

        impl $name {
            /// Every value but `Unknown`, in the order of the numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word in Graph's classic spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $name::Unknown => "PresenceUnknown",
                    $($name::$variant => $text,)+
                }
            }
        }
    };
}

words! {
    /// The base state. The idle variants arrive as their base. Numbers are `TPS_AVAILABILITY_*`.
    Availability {
        /// Reachable.
        Available = 1 "Available",
        /// Away from the machine.
        Away = 2 "Away",
        /// Away for a moment.
        BeRightBack = 3 "BeRightBack",
        /// Occupied; the activity says with what.
        Busy = 4 "Busy",
        /// Wants no calls.
        DoNotDisturb = 5 "DoNotDisturb",
        /// No session, or hidden.
        Offline = 6 "Offline",
    }
}

words! {
    /// The detail behind an availability. Numbers are `TPS_ACTIVITY_*`.
    Activity {
        /// As the availability.
        Available = 1 "Available",
        /// As the availability.
        Away = 2 "Away",
        /// As the availability.
        BeRightBack = 3 "BeRightBack",
        /// Busy by hand or by the calendar.
        Busy = 4 "Busy",
        /// Set by hand.
        DoNotDisturb = 5 "DoNotDisturb",
        /// Focus time.
        Focusing = 6 "Focusing",
        /// In a call with one other.
        InACall = 7 "InACall",
        /// In a call with several others.
        InAConferenceCall = 8 "InAConferenceCall",
        /// In a meeting of the calendar.
        InAMeeting = 9 "InAMeeting",
        /// Idle; also `AvailableInactive`.
        Inactive = 10 "Inactive",
        /// No session.
        Offline = 11 "Offline",
        /// Appears offline by choice.
        OffWork = 12 "OffWork",
        /// Out of office.
        OutOfOffice = 13 "OutOfOffice",
        /// Shares the screen.
        Presenting = 14 "Presenting",
        /// Only urgent messages come through.
        UrgentInterruptionsOnly = 15 "UrgentInterruptionsOnly",
    }
}

impl Activity {
    /// Reads a word in any casing. `AvailableInactive` is `Inactive`. `None` for a word nobody knows.
    pub fn parse(word: &str) -> Option<Activity> {
        if word.eq_ignore_ascii_case("AvailableInactive") {
            return Some(Activity::Inactive);
        }
        Activity::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(word))
    }
}

impl Availability {
    /// Reads a base word in any casing; the idle variants count as their base. `None` for details and foreign words.
    pub fn parse(word: &str) -> Option<Availability> {
        if word.eq_ignore_ascii_case("AvailableIdle") {
            return Some(Availability::Available);
        }
        if word.eq_ignore_ascii_case("BusyIdle") {
            return Some(Availability::Busy);
        }
        Availability::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(word))
    }
}

/// Do-not-disturb of an extension. Numbers are `TPS_DND_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Dnd {
    /// Calls ring.
    Off = 1,
    /// Calls do not ring.
    On = 2,
}

/// The chat state of a person in the telephone system. Numbers are `TPS_CHAT_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Chat {
    /// Reachable.
    Available = 1,
    /// Not at the desk.
    Away = 2,
    /// Wants no messages.
    Dnd = 3,
    /// Away for long (XMPP `xa`).
    ExtendedAway = 4,
    /// Not there.
    Offline = 5,
    /// The library says nothing any more; the host's own logic applies.
    Released = 6,
}

/// A word of Graph's as it was spelled, by its place in a [`WordTable`]. The empty word is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Word(u16);

/// The spellings seen, each kept once. Graph's fields are plain strings, so a hostile or broken server could send a new word each
/// time: words are cut at 64 bytes, and a full table answers with the empty word.
#[derive(Clone, Debug)]
pub struct WordTable(Vec<Arc<str>>);

impl Default for WordTable {
    fn default() -> Self {
        WordTable(vec![Arc::from("")])
    }
}

impl WordTable {
    /// How many spellings are kept.
    pub const CAPACITY: usize = 256;
    /// How long a kept spelling may be, in bytes.
    pub const LONGEST: usize = 64;

    /// The place of this spelling, kept from now on. Allocates only for a spelling not seen before.
    pub fn intern(&mut self, text: &str) -> Word {
        let text = cut(text, Self::LONGEST);
        if let Some(at) = self.0.iter().position(|known| **known == *text) {
            return Word(at as u16);
        }
        if self.0.len() == Self::CAPACITY {
            return Word(0);
        }
        self.0.push(Arc::from(text));
        Word((self.0.len() - 1) as u16)
    }

    /// The spelling.
    pub fn text(&self, word: Word) -> &Arc<str> {
        &self.0[word.0 as usize]
    }
}

/// The longest prefix of at most `most` bytes that ends at a character.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_casing() {
        assert_eq!(Availability::parse("doNotDisturb"), Some(Availability::DoNotDisturb));
        assert_eq!(Availability::parse("BUSYIDLE"), Some(Availability::Busy));
        assert_eq!(Availability::parse("availableIdle"), Some(Availability::Available));
        assert_eq!(Availability::parse("InACall"), None);
        assert_eq!(Activity::parse("inaconferencecall"), Some(Activity::InAConferenceCall));
        assert_eq!(Activity::parse("availableInactive"), Some(Activity::Inactive));
        assert_eq!(Activity::parse("InHolography"), None);
    }

    #[test]
    fn the_word_table_is_bounded() {
        let mut table = WordTable::default();
        let busy = table.intern("Busy");
        assert_eq!(table.intern("Busy"), busy);
        for n in 0..1_000 {
            table.intern(&format!("word {n}"));
        }
        assert_eq!(table.0.len(), WordTable::CAPACITY);
        assert_eq!(&**table.text(busy), "Busy");
        let long = "ä".repeat(100);
        let mut table = WordTable::default();
        let word = table.intern(&long);
        assert_eq!(table.text(word).len(), 64);
    }
}
