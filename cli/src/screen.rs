//! Text that is safe to show, and colours where they help.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

/// What may be done with standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// A person looks at it: it may be drawn anew.
    pub(crate) terminal: bool,
    colours: bool,
}

/// SGR codes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Colour {
    Green,
    Yellow,
    Red,
    Dim,
    Bold,
}

impl Screen {
    /// Standard output as it is; no colours where `NO_COLOR` is set or the terminal is dumb (no-color.org).
    pub(crate) fn of_stdout() -> Screen {
        let terminal = std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Screen { terminal, colours }
    }

    /// The text in this colour, or as it is.
    pub(crate) fn paint(self, colour: Colour, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Green => "32",
            Colour::Yellow => "33",
            Colour::Red => "1;31",
            Colour::Dim => "2",
            Colour::Bold => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Text of others on one line: what could move the cursor, end the line or turn the writing is escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns = matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if letter.is_control() || turns {
            // Writing to a String does not fail.
            let _ = write!(out, "{}", letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

/// `text` in `width` characters: padded, or cut with a mark.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text}{}", " ".repeat(width - length));
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// To standard error.
#[allow(clippy::print_stderr, reason = "the program's own complaints")]
pub(crate) fn complain(words: &str) {
    for line in words.lines() {
        eprintln!("tps: {}", plain(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{202e}d ä"), "a\\u{1b}[2Jb\\nc\\u{202e}d ä");
    }

    #[test]
    fn columns() {
        assert_eq!((fit("äb", 4), fit("abcdef", 4), fit("abcd", 4)), ("äb  ".into(), "abc…".into(), "abcd".into()));
        assert_eq!(Screen { terminal: true, colours: false }.paint(Colour::Red, "x"), "x");
        assert_eq!(Screen { terminal: true, colours: true }.paint(Colour::Green, "x"), "\u{1b}[32mx\u{1b}[0m");
    }
}
