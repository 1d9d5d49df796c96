//! What is wrong with a configuration, and what only looks wrong.

use std::cell::RefCell;
use std::fmt;

/// Why a configuration is refused: every problem found (at most [`ConfigError::MOST`]), one to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Note>,
    more: usize,
}

/// Something about one key. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The key, from the root, such as `rules.list[2].dnd`. Empty for the document as a whole.
    pub path: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// Something accepted that is likely to be a slip.
pub type Warning = Note;

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

impl ConfigError {
    /// How many problems are told; of the rest only the number.
    pub const MOST: usize = 20;

    pub(super) fn document(message: String) -> ConfigError {
        ConfigError::at("", message)
    }

    /// One problem of one key.
    pub(super) fn at(path: &str, message: String) -> ConfigError {
        ConfigError { problems: vec![Note { path: path.to_owned(), message }], more: 0 }
    }

    /// The problems, in the order in which they were found.
    pub fn problems(&self) -> &[Note] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for ConfigError {}

/// What is found on the way through the document.
#[derive(Default)]
pub(super) struct Findings {
    problems: RefCell<Vec<Note>>,
    warnings: RefCell<Vec<Note>>,
    more: RefCell<usize>,
}

impl Findings {
    const MOST_WARNINGS: usize = 50;

    pub(super) fn problem(&self, path: &str, message: impl Into<String>) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < ConfigError::MOST {
            problems.push(Note { path: path.to_owned(), message: message.into() });
        } else {
            *self.more.borrow_mut() += 1;
        }
    }

    pub(super) fn warning(&self, path: &str, message: impl Into<String>) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < Self::MOST_WARNINGS {
            warnings.push(Note { path: path.to_owned(), message: message.into() });
        }
    }

    /// The warnings, unless there are problems.
    pub(super) fn conclude(self) -> Result<Vec<Warning>, ConfigError> {
        let problems = self.problems.into_inner();
        if problems.is_empty() {
            Ok(self.warnings.into_inner())
        } else {
            Err(ConfigError { problems, more: self.more.into_inner() })
        }
    }
}
