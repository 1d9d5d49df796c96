//! The table in a terminal: drawn over itself, no more than what is there is cleared.

use std::fmt::Write as _;

use super::row::Row;
use crate::screen::{Colour, Screen};

/// Longer lines would wrap and smear the table.
const WIDTH: usize = 118;

pub(super) struct Table {
    screen: Screen,
    rows: usize,
    drawn: bool,
}

impl Table {
    pub(super) fn new(screen: Screen, rows: usize) -> Table {
        Table { screen, rows, drawn: false }
    }

    /// The whole picture, from the upper left corner.
    pub(super) fn draw<'a>(&mut self, rows: &[Row], header: &str, notices: impl Iterator<Item = &'a String>) -> String {
        // The first time the screen is cleared, afterwards each line to its end: nothing flickers.
        let mut out = String::from(if std::mem::replace(&mut self.drawn, true) { "\u{1b}[H" } else { "\u{1b}[2J\u{1b}[H" });
        let mut line = |colour: Option<Colour>, text: &str| {
            let text: String = text.chars().take(WIDTH).collect();
            let text = colour.map_or(text.clone(), |colour| self.screen.paint(colour, &text));
            // Writing to a String does not fail.
            let _ = write!(out, "{text}\u{1b}[K\r\n");
        };
        line(Some(Colour::Bold), header);
        line(Some(Colour::Dim), &Row::heading());
        let mut order: Vec<&Row> = rows.iter().collect();
        if rows.len() > self.rows {
            // Where not all fit, those with the newest change come first.
            order.sort_by_key(|row| std::cmp::Reverse(row.changed()));
        }
        for row in order.iter().take(self.rows) {
            line(None, &row.line());
        }
        if rows.len() > self.rows {
            line(Some(Colour::Dim), &format!("and {} more", rows.len() - self.rows));
        }
        for notice in notices {
            line(Some(Colour::Yellow), &format!("! {notice}"));
        }
        out.push_str("\u{1b}[J");
        out
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    const LINES: usize = 30;

    /// A terminal, as far as the table uses one. Anything else it is sent is a fault of the table.
    struct Terminal {
        lines: Vec<String>,
        at: (usize, usize),
    }

    impl Terminal {
        fn new() -> Terminal {
            Terminal { lines: vec!["what stood there before".to_owned(); LINES], at: (LINES - 1, 0) }
        }

        fn show(&mut self, text: &str) {
            let mut letters = text.chars().peekable();
            while let Some(letter) = letters.next() {
                match letter {
                    '\u{1b}' => {
                        assert_eq!(letters.next(), Some('['));
                        let mut number = String::new();
                        while letters.peek().is_some_and(|letter| letter.is_ascii_digit() || *letter == ';') {
                            number.extend(letters.next());
                        }
                        self.control(&number, letters.next().expect("an end"));
                    }
                    '\r' => self.at.1 = 0,
                    '\n' => self.at.0 += 1,
                    letter => {
                        assert!(!letter.is_control(), "{letter:?}");
                        let line = &mut self.lines[self.at.0];
                        let mut all: Vec<char> = line.chars().collect();
                        all.resize(all.len().max(self.at.1 + 1), ' ');
                        all[self.at.1] = letter;
                        *line = all.into_iter().collect();
                        self.at.1 += 1;
                    }
                }
            }
        }

        fn control(&mut self, number: &str, end: char) {
            match (number, end) {
                ("2", 'J') => self.lines.iter_mut().for_each(String::clear),
                ("", 'H') => self.at = (0, 0),
                ("", 'K') => {
                    let line = &mut self.lines[self.at.0];
                    *line = line.chars().take(self.at.1).collect();
                }
                ("", 'J') => {
                    self.control("", 'K');
                    self.lines.iter_mut().skip(self.at.0 + 1).for_each(String::clear);
                }
                (_, 'm') => {}
                other => panic!("{other:?}"),
            }
        }

        fn shown(&self) -> Vec<&str> {
            let last = self.lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
            self.lines[..last].iter().map(|line| line.trim_end()).collect()
        }
    }

    fn set(row: &mut Row, activity: &str, at: Instant) {
        let all = json!({
            "matching": "matched", "presence": {"availability_text": "Busy", "activity_text": activity, "age_ms": 1_000},
            "rules": {"dnd": {"fired": "table"}}, "dnd": {"desired": "on", "held_back": null}, "chat": {"desired": "dnd"},
        });
        assert!(row.update(&all, at));
    }

    #[test]
    fn a_table_is_drawn_over_itself_and_nothing_of_before_is_left() {
        let (mut terminal, mut table) = (Terminal::new(), Table::new(Screen::of_stdout(), 18));
        let mut rows: Vec<Row> = ["101", "102", "103"].map(Row::new).into();
        let now = Instant::now();
        rows.iter_mut().for_each(|row| set(row, "InAConferenceCall", now));
        let notices = ["a first notice".to_owned(), "a second one, quite long".to_owned()];
        terminal.show(&table.draw(&rows, "a header that is rather long", notices.iter()));
        let shown = terminal.shown();
        assert_eq!(shown.len(), 7, "{shown:?}");
        assert_eq!((shown[0], shown[5]), ("a header that is rather long", "! a first notice"));
        assert!(shown[1].starts_with("user") && shown[1].ends_with("age"), "{shown:?}");
        assert_eq!(
            shown[2].split_whitespace().collect::<Vec<_>>(),
            ["101", "Busy/InAConferenceCall", "table", "on", "dnd", "1", "s"]
        );
        // Columns stand below their names.
        for name in ["Teams", "rule", "DND", "chat", "age"] {
            let at = shown[1].find(name).expect("a column");
            assert!(shown[2].as_bytes()[at - 1] == b' ' && shown[2].as_bytes()[at] != b' ', "{name}: {shown:?}");
        }
        // Shorter in every way: no line, and no end of a line, of the first picture stays.
        rows.truncate(2);
        rows.iter_mut().for_each(|row| set(row, "InACall", now));
        let second = table.draw(&rows, "short", notices.iter().take(1));
        assert!(!second.contains("\u{1b}[2J"), "clearing the screen each time flickers");
        terminal.show(&second);
        let shown = terminal.shown();
        assert_eq!((shown.len(), shown[0], shown[4]), (5, "short", "! a first notice"), "{shown:?}");
        assert!(shown[3].starts_with("102") && !terminal.lines.concat().contains("Conference"), "{shown:?}");
    }

    #[test]
    fn where_not_all_fit_the_newest_changes_are_shown() {
        let (mut terminal, mut table) = (Terminal::new(), Table::new(Screen::of_stdout(), 2));
        let mut rows: Vec<Row> = ["1", "2", "3", "4"].map(Row::new).into();
        let first = Instant::now();
        rows.iter_mut().for_each(|row| set(row, "InACall", first));
        // What was first seen is no change: as handed over.
        terminal.show(&table.draw(&rows, "", std::iter::empty()));
        let ids = |terminal: &Terminal| -> Vec<String> {
            terminal.shown()[2..].iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!((ids(&terminal), terminal.shown()[4]), (vec!["1".into(), "2".into(), "and".into()], "and 2 more"));
        set(&mut rows[1], "InAMeeting", first + Duration::from_secs(1));
        set(&mut rows[3], "InAMeeting", first + Duration::from_secs(2));
        terminal.show(&table.draw(&rows, "", std::iter::empty()));
        assert_eq!(ids(&terminal)[..2], ["4", "2"]);
    }

    #[test]
    fn nothing_that_others_wrote_moves_the_cursor_or_wraps() {
        let (mut terminal, mut table) = (Terminal::new(), Table::new(Screen::of_stdout(), 18));
        let mut row = Row::new("9\u{1b}[2J");
        set(&mut row, "In\r\n\u{1b}[5;5HACall", Instant::now());
        terminal.show(&table.draw(&[row], &"x".repeat(500), std::iter::empty()));
        assert_eq!(terminal.shown().len(), 3);
        assert!(terminal.lines.iter().all(|line| line.chars().count() <= WIDTH));
    }
}
