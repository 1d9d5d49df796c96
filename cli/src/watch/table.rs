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
