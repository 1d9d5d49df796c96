//! Text that may come from outside, made safe for a log file, a terminal and a C string.

use std::fmt::{self, Write};

/// Where a log message or an event's sentence is cut, in bytes.
pub const LONGEST_MESSAGE: usize = 2048;

const MARK: &str = "…";

/// Collects text up to a limit; what could forge a line or hide text is written as an escape.
pub(super) struct SafeText {
    text: String,
    limit: usize,
    cut: bool,
}

impl SafeText {
    pub(super) fn new(limit: usize) -> SafeText {
        SafeText { text: String::new(), limit: limit.saturating_sub(MARK.len()), cut: false }
    }

    /// Formats into safe text. A value whose `Display` fails ends the text where it failed.
    pub(super) fn format(limit: usize, arguments: fmt::Arguments<'_>) -> String {
        let mut safe = SafeText::new(limit);
        // The error is either our own "full", which ends formatting early, or a broken Display: what is there is kept.
        let _ = safe.write_fmt(arguments);
        safe.finish()
    }

    pub(super) fn finish(mut self) -> String {
        if self.cut {
            self.text.push_str(MARK);
        }
        self.text
    }
}

impl Write for SafeText {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for letter in part.chars() {
            let before = self.text.len();
            if forges(letter) {
                self.text.extend(letter.escape_default());
            } else {
                self.text.push(letter);
            }
            if self.text.len() > self.limit {
                self.text.truncate(before);
                self.cut = true;
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

/// Control characters (line ends, NUL, terminal escapes), Unicode line ends, and the marks that turn the direction of writing.
fn forges(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `text` without anything that looks like an e-mail address. For words of a server's that are repeated to an administrator.
pub(super) fn without_addresses(text: &str) -> String {
    let part = |letter: char| letter.is_alphanumeric() || "._%+-".contains(letter);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let name_from = before.char_indices().rev().take_while(|(_, letter)| part(*letter)).last().map_or(at, |(index, _)| index);
        let host_to = after.find(|letter| !part(letter)).unwrap_or(after.len());
        if name_from < at && host_to > 0 {
            out.push_str(&before[..name_from]);
            out.push_str("<address>");
        } else {
            out.push_str(&rest[..at + 1 + host_to]);
        }
        rest = &after[host_to..];
    }
    out.push_str(rest);
    out
}

/// One line of bounded length that is safe to show and to log: no control characters, nothing that looks like an e-mail address.
pub fn safe_line(text: &str) -> String {
    SafeText::format(LONGEST_MESSAGE, format_args!("{}", without_addresses(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_be_forged() {
        let text = SafeText::format(200, format_args!("a\nb\r\0\u{1b}[2J\u{202e}\u{2028}ä"));
        assert_eq!(text, "a\\nb\\r\\u{0}\\u{1b}[2J\\u{202e}\\u{2028}ä");
    }

    #[test]
    fn cut_at_a_character() {
        for limit in 3..40 {
            let text = SafeText::format(limit, format_args!("{}\n{}", "ä".repeat(5), "€".repeat(30)));
            assert!(text.len() <= limit && text.ends_with('…'), "{limit}: {text}");
        }
        assert_eq!(SafeText::format(8, format_args!("12345")), "12345");
    }

    #[test]
    fn addresses_are_taken_out() {
        assert_eq!(without_addresses("user 'a.b+c@x-y.com' is locked"), "user '<address>' is locked");
        assert_eq!(without_addresses("a@b, c@d"), "<address>, <address>");
        assert_eq!(without_addresses("at @ noon, @x, y@"), "at @ noon, @x, y@");
        assert_eq!(without_addresses("jörg@müller.de"), "<address>");
    }
}
