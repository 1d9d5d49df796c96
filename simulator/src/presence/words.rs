//! The words of availability and activity as small numbers. Any word is allowed: new ones get new numbers.

use std::collections::HashMap;

/// A word of one store; `NULL` is JSON null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(u16);

impl Word {
    pub(crate) const NULL: Word = Word(u16::MAX);
}

/// The table of words.
#[derive(Debug)]
pub(crate) struct Words {
    list: Vec<Box<str>>,
    index: HashMap<Box<str>, Word>,
}

const KNOWN: [&str; 20] = [
    "PresenceUnknown",
    "Offline",
    "Available",
    "AvailableIdle",
    "Away",
    "BeRightBack",
    "Busy",
    "BusyIdle",
    "DoNotDisturb",
    "Focusing",
    "InACall",
    "InAConferenceCall",
    "InAMeeting",
    "Inactive",
    "OffWork",
    "OutOfOffice",
    "Presenting",
    "UrgentInterruptionsOnly",
    "AvailableInactive",
    "",
];

impl Default for Words {
    fn default() -> Self {
        let mut words = Self { list: Vec::new(), index: HashMap::new() };
        for word in KNOWN {
            words.intern(word);
        }
        words
    }
}

impl Words {
    /// The number of a word. With 65,535 words the table is full and further ones become null.
    pub(crate) fn intern(&mut self, text: &str) -> Word {
        if let Some(&word) = self.index.get(text) {
            return word;
        }
        let Ok(next) = u16::try_from(self.list.len()) else { return Word::NULL };
        let word = Word(next);
        if word != Word::NULL {
            self.list.push(text.into());
            self.index.insert(text.into(), word);
        }
        word
    }

    /// The text; `None` for null.
    pub(crate) fn text(&self, word: Word) -> Option<&str> {
        self.list.get(usize::from(word.0)).map(|t| &**t)
    }
}
